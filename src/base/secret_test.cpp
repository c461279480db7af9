#include "base/secret.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <new>
#include <type_traits>

#include "base/file.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::base {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

std::string reference(const fs::path& path) { return "file:" + path.string(); }

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Comparable = requires(const T& value) { value == value; };

static_assert(!Printable<Secret> && !Comparable<Secret> && !std::is_copy_constructible_v<Secret>);

TEST_CASE("secret: a value moves, and is gone from where it was, short or long") {
  for (const std::size_t length : {std::size_t{5}, std::size_t{500}}) {
    CAPTURE(length);
    Secret first{std::string(length, 's')};
    const Secret second = std::move(first);
    CHECK(first.empty());  // NOLINT: this is what is tested
    CHECK(second.reveal() == std::string(length, 's'));
    CHECK(second.copy().reveal() == second.reveal());
    // A short value lives inside the object: its old characters must not stay behind.
    const auto* raw = reinterpret_cast<const char*>(&first);
    CHECK(std::string_view(raw, sizeof first).find("sss") == std::string_view::npos);
  }
}

TEST_CASE("secret: a value is wiped where it lay when its object goes") {
  alignas(Secret) unsigned char place[sizeof(Secret)];
  auto* secret = new (place) Secret("sssssss");
  CHECK(secret->reveal().size() == 7);
  secret->~Secret();
  CHECK(std::string_view(reinterpret_cast<const char*>(place), sizeof place).find("sss") == std::string_view::npos);
}

TEST_CASE("secret: a file is read without its last newline, when nobody else may read it") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "s";
  struct Row {
    const char* content;
    unsigned mode;
    SecretReaders readers;
    const char* value;  // nullptr: refused
  };
  const Row rows[] = {{"pass word\n", 0600, SecretReaders::owner, "pass word"},
                      {"two\n\n", 0400, SecretReaders::owner, "two\n"},
                      {"none", 0600, SecretReaders::owner, "none"},
                      {"x", 0640, SecretReaders::owner, nullptr},
                      {"x", 0604, SecretReaders::owner, nullptr},
                      {"x", 0640, SecretReaders::owner_and_group, "x"},
                      {"x", 0660, SecretReaders::owner_and_group, nullptr},
                      {"x", 0644, SecretReaders::owner_and_group, nullptr},
                      {"", 0600, SecretReaders::owner, nullptr},
                      {"\n", 0600, SecretReaders::owner, nullptr}};
  for (const Row& row : rows) {
    CAPTURE(row.content);
    CAPTURE(row.mode);
    fs::remove(path);
    REQUIRE(write_file_atomically(path, row.content, row.mode));
    const auto secret = read_secret(reference(path), row.readers);
    CHECK(secret.has_value() == (row.value != nullptr));
    if (secret && row.value != nullptr) CHECK(secret->reveal() == row.value);
  }
}

TEST_CASE("secret: only file: references are taken, and an error never repeats a value") {
  for (const char* bad : {"env:PASSWORD", "hunter2-value", "file:", "", "FILE:/etc/x"}) {
    CAPTURE(bad);
    const auto secret = read_secret(bad);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == Code::invalid_argument);
    CHECK(secret.error().text().find("hunter2") == std::string::npos);
  }
  CHECK(read_secret("file:/no/such/file").error().code == Code::not_found);
}

TEST_CASE("secret: writing keeps the mode of the file that was there, and a new one is the owner's alone") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "vault";
  REQUIRE(write_secret(reference(path), Secret("first")));
  CHECK(read_secret(reference(path)).value().reveal() == "first");
  fs::permissions(path, fs::perms(0640));
  REQUIRE(write_secret(reference(path), Secret("second")));
  CHECK_FALSE(read_secret(reference(path)));
  CHECK(read_secret(reference(path), SecretReaders::owner_and_group).value().reveal() == "second");
}

TEST_CASE("sealer: what is sealed opens under the same key and context only, and no two are alike") {
  const TemporaryFolder folder;
  SystemRandom random;
  const fs::path path = folder.path() / "key";
  REQUIRE(Sealer::make_key(path, random));
  CHECK(Sealer::make_key(path, random).error().code == Code::already_exists);
  const Sealer sealer = std::move(Sealer::open(path).value());
  const Bytes sealed = sealer.seal(Secret("correct horse"), "case c_1 step s03", random);
  CHECK(sealer.unseal(sealed, "case c_1 step s03").value().reveal() == "correct horse");
  CHECK(sealer.unseal(sealed, "case c_2 step s03").error().code == Code::data_loss);
  CHECK(sealer.seal(Secret("correct horse"), "case c_1 step s03", random) != sealed);
  CHECK(sealer.unseal(sealer.seal(Secret(), "", random), "").value().empty());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes altered = sealed;
    altered[i] ^= 1U;
    CHECK_FALSE(sealer.unseal(altered, "case c_1 step s03"));
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    CHECK_FALSE(sealer.unseal(std::span(sealed).first(length), "case c_1 step s03"));
  }
  REQUIRE(Sealer::make_key(folder.path() / "other", random));
  CHECK_FALSE(Sealer::open(folder.path() / "other").value().unseal(sealed, "case c_1 step s03"));
}

TEST_CASE("sealer: a key file that others may read, or of another length, is refused") {
  const TemporaryFolder folder;
  REQUIRE(write_file_atomically(folder.path() / "open", std::string(32, 'k'), 0644));
  REQUIRE(write_file_atomically(folder.path() / "short", std::string(31, 'k'), 0600));
  REQUIRE(write_file_atomically(folder.path() / "long", std::string(33, 'k'), 0600));
  CHECK(Sealer::open(folder.path() / "open").error().code == Code::failed_precondition);
  CHECK_FALSE(Sealer::open(folder.path() / "short"));
  CHECK_FALSE(Sealer::open(folder.path() / "long"));
  CHECK(Sealer::open(folder.path() / "absent").error().code == Code::not_found);
}

}  // namespace
}  // namespace exeunt::base
