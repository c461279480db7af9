#include "evidence/leaf.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/json.hpp"

using namespace exeunt;
using evidence::Leaf;
using evidence::LeafKind;

namespace {

Leaf full_leaf() {
  Leaf leaf;
  leaf.tenant = "default";
  leaf.case_id = "c_1";
  leaf.case_seq = 7;
  leaf.prev.fill(0xAB);
  leaf.kind = LeafKind::path_changed;
  leaf.t = base::Time(base::Duration(1'795'000'000'123));
  leaf.actor = "p_a";
  leaf.approver = "p_b";
  leaf.subject = "p_c";
  leaf.system = "directory";
  leaf.target = "n_1";
  leaf.step = "d1.s01";
  leaf.attempt = 2;
  leaf.outcome = "required";
  leaf.answer = "refused";
  leaf.grade = "refused";
  leaf.node = "account";
  leaf.means = "gate";
  leaf.moment = "after";
  leaf.control = "held";
  leaf.state = "ended";
  leaf.digest = "00ff";
  leaf.completeness = "full";
  leaf.until = base::Time(base::Duration(-1));
  leaf.count = -5;
  leaf.commit.fill(0x01);
  return leaf;
}

std::string text_of(const Leaf& leaf) { return evidence::encode(leaf).value(); }

}  // namespace

TEST_CASE("leaf: the bytes are these, for ever") {
  Leaf leaf = full_leaf();
  leaf.system = "say \"hi\"\n\x01 caf\xC3\xA9";
  const std::string ab = [] {
    std::string s;
    for (int i = 0; i < 32; ++i) s += "ab";
    return s;
  }();
  const std::string one = [] {
    std::string s;
    for (int i = 0; i < 32; ++i) s += "01";
    return s;
  }();
  CHECK_EQ(
      text_of(leaf),
      "{\"actor\":\"p_a\",\"answer\":\"refused\",\"approver\":\"p_b\",\"attempt\":2,\"case\":\"c_1\",\"case_seq\":7,\"commit\":\"" + one +
          "\",\"completeness\":\"full\",\"control\":\"held\",\"count\":-5,\"digest\":\"00ff\",\"grade\":\"refused\",\"kind\":\"path_"
          "changed\","
          "\"means\":\"gate\",\"moment\":\"after\",\"node\":\"account\",\"outcome\":\"required\",\"prev\":\"" +
          ab +
          "\",\"state\":\"ended\",\"step\":\"d1.s01\",\"subject\":\"p_c\",\"system\":\"say \\\"hi\\\"\\n\\u0001 caf\xC3\xA9\","
          "\"t\":\"2026-11-18T11:06:40.123Z\",\"target\":\"n_1\",\"tenant\":\"default\",\"until\":\"1969-12-31T23:59:59.999Z\",\"v\":1}");
}

TEST_CASE("leaf: what is written is canonical JSON as base writes it") {
  for (const Leaf& leaf : {full_leaf(), Leaf{}}) {
    const std::string text = text_of(leaf);
    const auto json = base::parse_json(text);
    REQUIRE(json.has_value());
    CHECK_EQ(base::canonical_json(*json), text);
  }
}

TEST_CASE("leaf: decode gives back what encode was given, whatever text is in it") {
  CHECK_EQ(evidence::decode(text_of(full_leaf())).value(), full_leaf());
  CHECK(rc::check("round trip", [](const std::vector<std::string>& texts, std::uint32_t seq, std::int32_t count, std::int64_t time) {
    Leaf leaf = full_leaf();
    std::string* const fields[] = {&leaf.tenant, &leaf.actor, &leaf.system, &leaf.target, &leaf.outcome, &leaf.digest, &leaf.completeness};
    for (std::size_t i = 0; i < texts.size() && i < std::size(fields); ++i) *fields[i] = texts[i];
    leaf.case_seq = seq;
    leaf.count = count;
    leaf.t = base::Time(base::Duration(time % 200'000'000'000'000));
    const auto bytes = evidence::encode(leaf);
    if (!bytes) return;  // not UTF-8, or a year out of range: refused, never altered
    const auto again = evidence::decode(*bytes);
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == leaf);
  }));
}

TEST_CASE("leaf: what has no canonical form is refused, never altered") {
  Leaf leaf = full_leaf();
  leaf.system = "\xFF";
  CHECK_FALSE(evidence::encode(leaf).has_value());
  leaf = full_leaf();
  leaf.count = std::int64_t{1} << 60;
  CHECK_FALSE(evidence::encode(leaf).has_value());
  leaf = full_leaf();
  leaf.until = base::Time(base::Duration(std::int64_t{1} << 60));
  CHECK_FALSE(evidence::encode(leaf).has_value());
  leaf = full_leaf();
  leaf.outcome = std::string(66'000, 'x');
  CHECK_EQ(evidence::encode(leaf).error().code, base::Code::resource_exhausted);
}

TEST_CASE("leaf: anything but the exact bytes is data loss") {
  const std::string text = text_of(full_leaf());
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string out = text;
    out.replace(out.find(from), from.size(), to);
    return out;
  };
  const std::vector<std::string> wrong = {"",
                                          "{}",
                                          "[]",
                                          text + " ",
                                          " " + text,
                                          text.substr(0, text.size() - 1),
                                          replaced("\"v\":1", "\"v\":2"),
                                          replaced("\"v\":1", "\"v\":1.0"),
                                          replaced(",\"v\":1", ""),
                                          replaced("\"v\":1", "\"v\":1,\"x\":1"),
                                          replaced("\"case_seq\":7,", ""),
                                          replaced("\"case_seq\":7", "\"case_seq\":07"),
                                          replaced("\"case_seq\":7", "\"case_seq\":-7"),
                                          replaced("\"case_seq\":7", "\"case_seq\":\"7\""),
                                          replaced("\"actor\":\"p_a\"", "\"actor\":\"\""),
                                          replaced("\"actor\":\"p_a\"", "\"actor\":\"\\u0070_a\""),
                                          replaced("\"actor\":\"p_a\"", "\"actor\":7"),
                                          replaced("\"actor\":\"p_a\"", "\"actor\":null"),
                                          replaced("\"actor\":\"p_a\",\"answer\":\"refused\"", "\"answer\":\"refused\",\"actor\":\"p_a\""),
                                          replaced("\"actor\":\"p_a\"", "\"actor\":\"p_a\",\"actor\":\"p_a\""),
                                          replaced("abab", "ABAB"),
                                          replaced("abab", "ab"),
                                          replaced("path_changed", "path_nudged"),
                                          replaced(".123Z", ".123+00:00"),
                                          replaced("2026-11-18", "2026-13-18"),
                                          replaced("2026-11-18", "2026-02-30"),
                                          replaced("\"attempt\":2", "\"attempt\":0")};
  for (const std::string& bytes : wrong) {
    CAPTURE(bytes);
    const auto leaf = evidence::decode(bytes);
    REQUIRE_FALSE(leaf.has_value());
    CHECK_EQ(leaf.error().code, base::Code::data_loss);
  }
}

TEST_CASE("leaf: a digest has sixteen digits and no others, wherever they stand") {
  const std::string text = text_of(full_leaf());
  const std::size_t begin = text.find("\"commit\":\"") + 10;
  constexpr std::string_view k_digits = "0123456789abcdef";
  for (std::size_t at = 0; at < 64; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string altered = text;
      altered[begin + at] = static_cast<char>(byte);
      const auto leaf = evidence::decode(altered);
      const std::size_t digit = k_digits.find(static_cast<char>(byte));
      CAPTURE(at);
      CAPTURE(byte);
      REQUIRE_EQ(leaf.has_value(), digit != std::string_view::npos);
      if (!leaf) continue;
      const unsigned both = leaf->commit.at(at / 2);
      REQUIRE_EQ(at % 2 == 0 ? both >> 4U : both & 15U, digit);
    }
  }
}

TEST_CASE("leaf: a time has digits where digits belong") {
  const std::string text = text_of(full_leaf());
  const std::size_t begin = text.find("\"t\":\"") + 5;
  for (std::size_t at = 0; at < 24; ++at) {
    for (const char byte : {'/', ':', 'a', ' ', '\0', '\xB0'}) {
      std::string altered = text;
      altered[begin + at] = byte;
      CAPTURE(altered);
      REQUIRE_EQ(evidence::decode(altered).has_value(), altered == text);
    }
  }
}

TEST_CASE("leaf: one that is read into again keeps nothing of the one before") {
  Leaf again;
  REQUIRE(evidence::decode(text_of(full_leaf()), again).has_value());
  CHECK_EQ(again, full_leaf());
  Leaf bare;
  bare.tenant = "default";
  bare.case_id = "c_1";
  REQUIRE(evidence::decode(text_of(bare), again).has_value());
  CHECK_EQ(again, bare);
}

TEST_CASE("leaf: every kind has a name of its own") {
  for (int value = 1; value <= 22; ++value) {
    const auto kind = static_cast<LeafKind>(value);
    CHECK_EQ(evidence::parse_leaf_kind(evidence::name(kind)), kind);
  }
  CHECK_FALSE(evidence::parse_leaf_kind("").has_value());
}
