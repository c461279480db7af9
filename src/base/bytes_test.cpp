#include "base/bytes.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace exeunt::base {
namespace {

TEST_CASE("bytes: hex goes both ways and refuses what is no hex") {
  const Bytes bytes{0x00, 0x7F, 0x80, 0xFF};
  CHECK(to_hex(bytes) == "007f80ff");
  CHECK(from_hex("007f80FF").value() == bytes);
  CHECK(from_hex("").value().empty());
  for (const char* bad : {"0", "0g", "0x00", " 00", "00 "}) {
    CAPTURE(bad);
    CHECK_FALSE(from_hex(bad));
  }
  CHECK_FALSE(hash32_from_hex("00"));
}

TEST_CASE("bytes: base64 answers the vectors of RFC 4648 section 10") {
  struct Row {
    const char* plain;
    const char* padded;
    const char* unpadded;
  };
  for (const Row row : {Row{"", "", ""}, Row{"f", "Zg==", "Zg"}, Row{"fo", "Zm8=", "Zm8"}, Row{"foo", "Zm9v", "Zm9v"},
                        Row{"foob", "Zm9vYg==", "Zm9vYg"}, Row{"fooba", "Zm9vYmE=", "Zm9vYmE"}, Row{"foobar", "Zm9vYmFy", "Zm9vYmFy"}}) {
    CAPTURE(row.plain);
    CHECK(to_base64(as_bytes(row.plain)) == row.padded);
    CHECK(to_base64_unpadded(as_bytes(row.plain)) == row.unpadded);
    const auto back = from_base64(row.padded);
    REQUIRE(back);
    CHECK(std::string(back->begin(), back->end()) == row.plain);
  }
}

TEST_CASE("bytes: base64 that is unpadded, spaced, foreign or ambiguous is refused") {
  for (const char* bad : {"Zg", "Zg=", "Zg=a", "Z===", "====", "Zm9v\n", " Zm9", "Zm-_", "Zh==", "Zm9="}) {
    CAPTURE(bad);
    CHECK_FALSE(from_base64(bad));
  }
}

TEST_CASE("bytes: every byte string of up to 70 bytes survives base64 and hex") {
  Bytes bytes;
  for (int i = 0; i < 70; ++i) {
    CHECK(from_base64(to_base64(bytes)).value() == bytes);
    CHECK(from_hex(to_hex(bytes)).value() == bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 37 + 200));
  }
}

TEST_CASE("bytes: SHA-256 answers the vectors of FIPS 180-4, whole, in parts and from several threads") {
  const char* const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(to_hex(sha256("abc")) == abc);
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(to_hex(sha256_parts({as_bytes("a"), {}, as_bytes("bc")})) == abc);
  CHECK(hash32_from_hex(abc).value() == sha256("abc"));
  std::vector<std::string> answers(4);
  {
    std::vector<std::jthread> threads;
    for (auto& answer : answers) {
      threads.emplace_back([&answer] {
        for (int i = 0; i < 1000; ++i) answer = to_hex(sha256("abc"));
      });
    }
  }
  for (const auto& answer : answers) CHECK(answer == abc);
}

}  // namespace
}  // namespace exeunt::base
