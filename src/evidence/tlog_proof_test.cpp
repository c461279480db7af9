#include "evidence/tlog_proof.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "evidence/merkle.hpp"
#include "evidence/tlog_tiles.hpp"
#include "testing/vectors.hpp"

using namespace exeunt;

namespace {

std::vector<base::Hash32> leaves_of(std::size_t count) {
  std::vector<base::Hash32> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(evidence::leaf_hash(std::to_string(i)));
  return out;
}

struct Log {
  evidence::SigningKey key;
  std::vector<base::Hash32> leaves;

  explicit Log(std::size_t size) : key(make_key()), leaves(leaves_of(size)) {}
  static evidence::SigningKey make_key() {
    base::SystemRandom random;
    return evidence::SigningKey::generate("exeunt.test/log", random);
  }
  [[nodiscard]] evidence::TlogProof proof(std::uint64_t index) const {
    const evidence::Checkpoint checkpoint{"exeunt.test/log", leaves.size(), evidence::root_of(leaves)};
    return {index, evidence::inclusion_path(leaves, index), evidence::sign_checkpoint(checkpoint, key)};
  }
};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  REQUIRE_NE(at, std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("tlog_proof: the text is the one of c2sp.org/tlog-proof@v1, line by line") {
  const Log log(3);
  const std::string checkpoint = log.proof(0).checkpoint;
  CHECK_EQ(evidence::to_text(log.proof(0)), "c2sp.org/tlog-proof@v1\nindex 0\n" + base::to_base64(log.leaves[1]) + "\n" +
                                                base::to_base64(log.leaves[2]) + "\n\n" + checkpoint);
  auto with_extra = log.proof(2);
  with_extra.extra = {'h', 'i'};
  CHECK_EQ(evidence::to_text(with_extra), "c2sp.org/tlog-proof@v1\nextra aGk=\nindex 2\n" +
                                              base::to_base64(evidence::node_hash(log.leaves[0], log.leaves[1])) + "\n\n" + checkpoint);
  const Log one(1);
  CHECK_EQ(evidence::to_text(one.proof(0)), "c2sp.org/tlog-proof@v1\nindex 0\n\n" + one.proof(0).checkpoint);
}

TEST_CASE("tlog_proof: every entry of every tree up to 40 is read back and proven, and in no other place") {
  for (std::size_t size = 1; size <= 40; ++size) {
    const Log log(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      CAPTURE(size);
      CAPTURE(index);
      const std::string text = evidence::to_text(log.proof(index));
      const auto proof = evidence::read_tlog_proof(text);
      REQUIRE(proof.has_value());
      CHECK_EQ(evidence::to_text(*proof), text);
      const auto verified = evidence::verify_tlog_proof(*proof, log.leaves[index], log.key.verifier(), {});
      REQUIRE(verified.has_value());
      CHECK_EQ(verified->checkpoint.size, size);
      CHECK_FALSE(evidence::verify_tlog_proof(*proof, evidence::leaf_hash("x"), log.key.verifier(), {}).has_value());
      auto elsewhere = *proof;
      elsewhere.index = (index + 1) % size;
      CHECK_EQ(evidence::verify_tlog_proof(elsewhere, log.leaves[index], log.key.verifier(), {}).has_value(), size == 1);
    }
  }
}

TEST_CASE("tlog_proof: another log's key, another origin and an altered byte are refused") {
  const Log log(7);
  const Log other(7);
  const auto proof = log.proof(5);
  CHECK_FALSE(evidence::verify_tlog_proof(proof, log.leaves[5], other.key.verifier(), {}).has_value());
  CHECK_FALSE(evidence::verify_tlog_proof(proof, log.leaves[5], log.key.verifier(), {}, "exeunt.test/other").has_value());
  const std::string text = evidence::to_text(proof);
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    std::string altered = text;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto read = evidence::read_tlog_proof(altered);
    CHECK_FALSE((read.has_value() && evidence::verify_tlog_proof(*read, log.leaves[5], log.key.verifier(), {}).has_value()));
  }
}

TEST_CASE("tlog_proof: what is not exactly such a text is refused") {
  const Log log(7);
  const std::string good = evidence::to_text(log.proof(5));
  const std::string hash = base::to_base64(log.leaves[0]) + "\n";
  REQUIRE(evidence::read_tlog_proof(good).has_value());
  const std::vector<std::string> bad{
      "",
      "c2sp.org/tlog-proof@v1\n",
      "\n" + good,
      replaced(good, "@v1", "@v2"),
      replaced(good, "@v1\n", "@v1\r\n"),
      replaced(good, "@v1\n", "@v1\n\n"),
      replaced(good, "index 5\n", ""),
      replaced(good, "index 5", "index 05"),
      replaced(good, "index 5", "index +5"),
      replaced(good, "index 5", "index 5 "),
      replaced(good, "index 5", "Index 5"),
      replaced(good, "index 5", "index 18446744073709551616"),
      replaced(good, "index 5", "index 7"),
      replaced(good, "index 5\n", "index 5\nextra aGk=\n"),
      replaced(good, "index 5\n", "extra \nindex 5\n"),
      replaced(good, "index 5\n", "extra aGk\nindex 5\n"),
      replaced(good, "index 5\n", "extra aGk=\nextra aGk=\nindex 5\n"),
      replaced(good, "index 5\n", "index 5\n" + hash),
      replaced(good, "index 5\n", "index 5\nAAAA\n"),
      replaced(good, "\n\nexeunt.test/log\n", "\nexeunt.test/log\n"),
      replaced(good, "\n\nexeunt.test/log\n", "\n\n\nexeunt.test/log\n"),
      replaced(good, "\n7\n", "\n6\n"),
      good.substr(0, good.find("\n\n") + 2),
      good.substr(0, good.size() - 1),
      good + "\n",
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    const auto read = evidence::read_tlog_proof(text);
    REQUIRE_FALSE(read.has_value());
    CHECK_EQ(read.error().code, base::Code::data_loss);
    CHECK_FALSE(read.error().next.empty());
  }
  std::string many = "c2sp.org/tlog-proof@v1\nindex 5\n";
  for (int i = 0; i < 65; ++i) many += hash;
  CHECK_EQ(evidence::read_tlog_proof(many + "\n" + log.proof(5).checkpoint).error().what, "tlog-proof: its path has more than 64 hashes");
}

TEST_CASE("tlog_proof: vectors: every entry of a real tlog-tiles log has a proof under each of its checkpoints") {
  const auto folder = testing::vectors("tlog_proof: proofs from a real tlog-tiles log", "tessera-log");
  if (!folder) return;
  const auto key = evidence::parse_verifier_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx").value();
  for (std::uint64_t size = 1; size <= 15; ++size) {
    evidence::TileHashes tiles(size,
                               [&](const evidence::TilePlace& place) { return base::read_file(*folder / evidence::tile_path(place)); });
    const std::string bundle = base::read_file(*folder / evidence::bundle_path({0, static_cast<int>(size)})).value();
    const auto entries = evidence::read_bundle(bundle, static_cast<int>(size)).value();
    const std::string checkpoint = base::read_file(*folder / ("checkpoint." + std::to_string(size))).value();
    for (std::uint64_t index = 0; index < size; ++index) {
      CAPTURE(size);
      CAPTURE(index);
      const evidence::TlogProof proof{index, evidence::inclusion_path(index, size, tiles.source()).value(), checkpoint};
      const auto read = evidence::read_tlog_proof(evidence::to_text(proof));
      REQUIRE(read.has_value());
      CHECK(evidence::verify_tlog_proof(*read, evidence::leaf_hash(entries[index]), key, {}).has_value());
    }
  }
}
