#include "evidence/note.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.hpp"
#include "evidence/merkle.hpp"

using namespace exeunt;
namespace fs = std::filesystem;

namespace {

const fs::path k_vectors = fs::path(EXEUNT_PROJECT_ROOT) / ".." / "shared" / "vectors";
constexpr std::string_view k_neumann = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view k_tessera = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

bool skipped(const fs::path& path) {
  if (fs::exists(path)) return false;
  MESSAGE("SKIPPED: ", path.string(), " is not there");
  return true;
}

evidence::SigningKey key_named(const std::string& name) {
  base::SystemRandom random;
  return evidence::SigningKey::generate(name, random);
}

}  // namespace

TEST_CASE("note: a checkpoint that was signed is opened, and read back as it was") {
  const auto key = key_named("exeunt.test/log");
  const evidence::Checkpoint checkpoint{"exeunt.test/log", 12, evidence::empty_root()};
  const std::string note = evidence::sign_checkpoint(checkpoint, key);
  const auto text = evidence::open_note(note, {key.verifier()});
  REQUIRE(text.has_value());
  CHECK_EQ(*text, "exeunt.test/log\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  CHECK_EQ(evidence::parse_checkpoint_text(*text).value(), checkpoint);
}

TEST_CASE("note: keys are read back from their texts, and altered ones are refused") {
  const auto key = key_named("exeunt.test/log");
  const auto verifier = evidence::parse_verifier_key(key.verifier().text());
  REQUIRE(verifier.has_value());
  CHECK_EQ(verifier->public_key, key.verifier().public_key);
  const auto again = evidence::SigningKey::parse(key.text());
  REQUIRE(again.has_value());
  CHECK_EQ(again->sign("x\n"), key.sign("x\n"));
  std::string altered = key.verifier().text();
  altered.replace(altered.find('+') + 1, 8, "00000000");
  for (const std::string& text :
       {altered, std::string("name"), std::string("name+0123abcd"), std::string("+0123abcd+AQ=="), std::string("a b+0123abcd+AQ==")}) {
    CAPTURE(text);
    CHECK_FALSE(evidence::parse_verifier_key(text).has_value());
  }
  CHECK_FALSE(evidence::SigningKey::parse(base::Secret(key.verifier().text())).has_value());
}

TEST_CASE("note: every altered byte of a note is refused") {
  const auto key = key_named("exeunt.test/log");
  const std::string note = evidence::sign_checkpoint({"exeunt.test/log", 12, evidence::empty_root()}, key);
  for (std::size_t i = 0; i < note.size(); ++i) {
    CAPTURE(i);
    std::string altered = note;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    CHECK_FALSE(evidence::open_note(altered, {key.verifier()}).has_value());
  }
}

TEST_CASE("note: signatures by unknown keys are ignored, a bad one by a known key rejects, none by a known key rejects") {
  const auto known = key_named("a");
  const auto unknown = key_named("b");
  const std::string text = "some text\n\nwith an empty line\n";
  CHECK_EQ(evidence::open_note(text + "\n" + unknown.sign(text) + known.sign(text), {known.verifier()}).value_or(""), text);
  CHECK_FALSE(evidence::open_note(text + "\n" + unknown.sign(text), {known.verifier()}).has_value());
  CHECK_FALSE(evidence::open_note(text + "\n" + known.sign("other text\n") + known.sign(text), {known.verifier()}).has_value());
  CHECK_FALSE(evidence::open_note(text + "\n", {known.verifier()}).has_value());
  CHECK_FALSE(evidence::open_note(text, {known.verifier()}).has_value());
  std::string many = text + "\n";
  for (int i = 0; i < 15; ++i) many += unknown.sign(text);
  CHECK(evidence::open_note(many + known.sign(text), {known.verifier()}).has_value());
  CHECK_FALSE(evidence::open_note(many + unknown.sign(text) + known.sign(text), {known.verifier()}).has_value());
  CHECK_FALSE(evidence::open_note("tab\there\n\n" + known.sign("tab\there\n"), {known.verifier()}).has_value());
}

TEST_CASE("note: checkpoint texts that are not exact are refused") {
  const std::string root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
  CHECK(evidence::parse_checkpoint_text("o\n0\n" + root).has_value());
  CHECK(evidence::parse_checkpoint_text("o\n18446744073709551615\n" + root + "an extension\n").has_value());
  for (const std::string& text : {std::string(), "o\n01\n" + root, "o\n-1\n" + root, "o\n+1\n" + root, "o\n1 \n" + root, "\n1\n" + root,
                                  "o\n1\nAAAA\n" + std::string(), "o\n1\n" + root.substr(0, root.size() - 1),
                                  "o\n18446744073709551616\n" + root, "o\n1\n" + root + "\n"}) {
    CAPTURE(text);
    CHECK_FALSE(evidence::parse_checkpoint_text(text).has_value());
  }
}

TEST_CASE("note: Go's own note and the specification's own note open") {
  if (skipped(k_vectors)) return;
  const auto neumann = evidence::parse_verifier_key(k_neumann);
  REQUIRE(neumann.has_value());
  CHECK_EQ(neumann->text(), k_neumann);
  const auto words = evidence::open_note(base::read_file(k_vectors / "PeterNeumann.note").value(), {*neumann});
  CHECK(words.value_or("").starts_with("If you think cryptography"));
  const auto example = evidence::parse_verifier_key(base::read_file(k_vectors / "c2sp" / "signed-note-example.vkey").value());
  REQUIRE(example.has_value());
  CHECK_EQ(evidence::open_note(base::read_file(k_vectors / "c2sp" / "signed-note-example.txt").value(), {*example}).value_or(""),
           "This is an example message.\n");
}

TEST_CASE("note: the checkpoints of a real tlog-tiles log verify, and are of its entries") {
  const fs::path log = k_vectors / "tessera-log";
  if (skipped(log)) return;
  const auto key = evidence::parse_verifier_key(k_tessera);
  REQUIRE(key.has_value());
  const std::string bundle = base::read_file(log / "tile" / "entries" / "000.p" / "15").value();
  std::vector<base::Hash32> leaves;
  for (std::size_t at = 0; at + 2 <= bundle.size();) {
    const std::size_t length =
        static_cast<std::size_t>(static_cast<unsigned char>(bundle[at])) * 256 + static_cast<unsigned char>(bundle[at + 1]);
    leaves.push_back(evidence::leaf_hash(bundle.substr(at + 2, length)));
    at += 2 + length;
  }
  REQUIRE_EQ(leaves.size(), 15);
  for (std::size_t size = 0; size <= 15; ++size) {
    CAPTURE(size);
    const auto text = evidence::open_note(base::read_file(log / ("checkpoint." + std::to_string(size))).value(), {*key});
    REQUIRE(text.has_value());
    const auto checkpoint = evidence::parse_checkpoint_text(*text);
    REQUIRE(checkpoint.has_value());
    CHECK_EQ(checkpoint->size, size);
    CHECK_EQ(checkpoint->root, evidence::root_of(std::span(leaves).first(size)));
  }
}
