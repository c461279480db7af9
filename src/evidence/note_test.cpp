#include "evidence/note.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "evidence/merkle.hpp"
#include "testing/vectors.hpp"

using namespace exeunt;

namespace {

constexpr std::string_view k_neumann = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view k_fixed_log = "example.com/behind-the-sofa+6ded73a9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
constexpr std::string_view k_fixed_witness = "witness.example.com/w1+745fb5e8+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
constexpr std::string_view k_fixed_checkpoint =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa be1zqQx8hYrJJIfiWfY39ShElJ74dPrOjXSgJJ2qG3vny2U7JyHN2kKCWb5H5e2MfxP7My2OyDRrDvCH/RbVubiZ8AE=\n"
    "— witness.example.com/w1 dF+16AAAAABkGFDLUwBLV8e4tjvb6qEHiNTQjDZIX+7tvd038taw9A7W/cQ7ZhSah0uJMOI6CTPez5qwHtE49MrkWhU349mtYmi3Dw==\n";

evidence::SigningKey key_named(const std::string& name, evidence::KeyType type = evidence::KeyType::ed25519) {
  base::SystemRandom random;
  return evidence::SigningKey::generate(name, random, type);
}

const evidence::Checkpoint k_checkpoint{"exeunt.test/log", 12, evidence::empty_root()};

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

TEST_CASE("note: the text ends at the last empty line, and what is no note is refused by its shape") {
  const auto key = key_named("a");
  const std::string text = "one\n\ntwo\n\n";
  const auto note = evidence::read_note(text + "\n" + key.sign(text));
  REQUIRE(note.has_value());
  CHECK_EQ(note->text, text);
  REQUIRE_EQ(note->signatures.size(), 1);
  CHECK_EQ(note->signatures[0].name, "a");
  CHECK_EQ(note->signatures[0].id, key.verifier().id);
  CHECK_EQ(note->signatures[0].bytes.size(), 64);
  const std::string line = key.sign("x\n");
  const std::vector<std::string> bad_notes{"",
                                           "x\n",
                                           "x\n\n",
                                           line,
                                           "\n" + line,
                                           "x\n" + line,
                                           "x\n\n" + line.substr(0, line.size() - 1),
                                           "x\n\n" + line + "\n",
                                           "x\n\n- a AAAAAAA=\n",
                                           "x\n\n— a AAAAAA==\n",
                                           "x\n\n— a AAAAAAAA \n",
                                           "x\n\n—  AAAAAAAA\n",
                                           "x\n\n— a+b AAAAAAAA\n",
                                           "x\r\n\n" + line,
                                           "x\xff\n\n" + line,
                                           std::string(1'000'000, 'x') + "\n\n" + line};
  for (const std::string& bad : bad_notes) {
    CAPTURE(bad.substr(0, 80));
    CHECK_FALSE(evidence::read_note(bad).has_value());
  }
}

TEST_CASE("note: a key of the same name, or of the same id, is another key") {
  const auto known = key_named("a");
  const auto other = key_named("a");
  const std::string text = "x\n";
  CHECK_EQ(evidence::open_note(text + "\n" + other.sign(text) + known.sign(text), {known.verifier()}).value_or(""), text);
  auto renamed = known.verifier();
  renamed.name = "b";
  CHECK_FALSE(evidence::open_note(text + "\n" + known.sign(text), {renamed}).has_value());
}

TEST_CASE("note: a witness's cosignature made by another program holds, with its time, and no altered one") {
  // Made with Python's cryptography over the text of c2sp.org/tlog-cosignature; seeds 32 bytes of 1 (log) and of 2 (witness).
  const auto log = evidence::parse_verifier_key(k_fixed_log);
  const auto witness = evidence::parse_verifier_key(k_fixed_witness);
  REQUIRE(log.has_value());
  REQUIRE(witness.has_value());
  CHECK_EQ(witness->type, evidence::KeyType::cosignature_v1);
  CHECK_EQ(witness->text(), k_fixed_witness);
  const auto opened = evidence::open_checkpoint(k_fixed_checkpoint, *log, {*witness});
  REQUIRE(opened.has_value());
  CHECK_EQ(opened->checkpoint.size, 20852163);
  REQUIRE_EQ(opened->witnesses.size(), 1);
  CHECK_EQ(opened->witnesses[0].key.name, "witness.example.com/w1");
  CHECK_EQ(opened->witnesses[0].time_s, 1679315147);
  // Without the witness's key the line is one of an unknown key.
  CHECK(evidence::open_checkpoint(k_fixed_checkpoint, *log, {}).value().witnesses.empty());
  for (std::size_t i = k_fixed_checkpoint.rfind(' ') + 1; i + 2 < k_fixed_checkpoint.size(); ++i) {
    CAPTURE(i);
    std::string altered(k_fixed_checkpoint);
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    if (altered == k_fixed_checkpoint) continue;
    const auto seen = evidence::open_checkpoint(altered, *log, {*witness});
    // The first four bytes are the key's id: another one is an unknown key.
    CHECK((!seen.has_value() || seen->witnesses.empty()));
  }
}

TEST_CASE("note: a published witness key is read") {
  const std::string text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
  const auto key = evidence::parse_verifier_key(text);
  REQUIRE(key.has_value());
  CHECK_EQ(key->type, evidence::KeyType::cosignature_v1);
  CHECK_EQ(key->text(), text);
  CHECK_EQ(evidence::parse_verifier_key("rekor.sigstore.dev+12345678+AwEB").error().code, base::Code::unimplemented);
}

TEST_CASE("note: a checkpoint is the log's only when the log's own key signed it, under its own name") {
  const auto log = key_named("exeunt.test/log");
  const auto witness = key_named("witness.test", evidence::KeyType::cosignature_v1);
  const auto other = key_named("witness.other", evidence::KeyType::cosignature_v1);
  const std::string text = evidence::checkpoint_text(k_checkpoint);
  const std::string by_log = text + "\n" + log.sign(text);
  const std::vector<evidence::VerifierKey> known{witness.verifier()};
  const auto opened =
      evidence::open_checkpoint(by_log + other.cosign(text, 5) + witness.cosign(text, 7) + witness.cosign(text, 6), log.verifier(), known);
  REQUIRE(opened.has_value());
  CHECK_EQ(opened->checkpoint, k_checkpoint);
  REQUIRE_EQ(opened->witnesses.size(), 1);
  CHECK_EQ(opened->witnesses[0].time_s, 7);
  CHECK_FALSE(evidence::open_checkpoint(text + "\n" + witness.cosign(text, 7), log.verifier(), known).has_value());
  CHECK_FALSE(evidence::open_checkpoint(by_log + witness.cosign("other\n", 7), log.verifier(), known).has_value());
  CHECK(evidence::open_checkpoint(by_log + other.cosign("other\n", 7), log.verifier(), known).has_value());
  CHECK_FALSE(evidence::open_checkpoint(by_log, log.verifier(), known, "another origin").has_value());
  CHECK_FALSE(evidence::open_checkpoint(by_log, witness.verifier(), {}).has_value());
  const auto elsewhere = key_named("exeunt.test/key");
  const std::string renamed = text + "\n" + elsewhere.sign(text);
  CHECK_FALSE(evidence::open_checkpoint(renamed, elsewhere.verifier(), {}).has_value());
  CHECK(evidence::open_checkpoint(renamed, elsewhere.verifier(), {}, "exeunt.test/log").has_value());
}

TEST_CASE("note: one seed has another id for each type, and a witness's private key is read back as one") {
  const auto witness = key_named("w", evidence::KeyType::cosignature_v1);
  const auto again = evidence::SigningKey::parse(witness.text());
  REQUIRE(again.has_value());
  CHECK_EQ(again->verifier().type, evidence::KeyType::cosignature_v1);
  CHECK_EQ(again->cosign("x\n", 3), witness.cosign("x\n", 3));
  auto as_log = witness.verifier();
  as_log.type = evidence::KeyType::ed25519;
  CHECK_FALSE(evidence::parse_verifier_key(as_log.text()).has_value());
}

TEST_CASE("note: vectors: Go's own note and the specification's own note open, and altered ones do not") {
  const auto folder = testing::vectors("note: Go's own note and the specification's own note", "");
  if (!folder) return;
  const auto neumann = evidence::parse_verifier_key(k_neumann);
  REQUIRE(neumann.has_value());
  CHECK_EQ(neumann->text(), k_neumann);
  const std::string note = base::read_file(*folder / "PeterNeumann.note").value();
  CHECK(evidence::open_note(note, {*neumann}).value_or("").starts_with("If you think cryptography"));
  const auto example = evidence::parse_verifier_key(base::read_file(*folder / "c2sp" / "signed-note-example.vkey").value());
  REQUIRE(example.has_value());
  const std::string own = base::read_file(*folder / "c2sp" / "signed-note-example.txt").value();
  CHECK_EQ(evidence::open_note(own, {*example}).value_or(""), "This is an example message.\n");
  for (const auto& [whole, key] : {std::pair(note, *neumann), std::pair(own, *example)}) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CAPTURE(i);
      std::string altered = whole;
      altered[i] = static_cast<char>(altered[i] ^ 1);
      CHECK_FALSE(evidence::open_note(altered, {key}).has_value());
    }
  }
}
