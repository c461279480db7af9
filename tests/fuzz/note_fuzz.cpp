// Signed notes and checkpoints come from outside (a copy, a witness). No input opens without a signature of the known key.
#include "evidence/note.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  static const evidence::VerifierKey known{"example.org/log", 0x01020304, base::Bytes(32, 7)};
  static const evidence::VerifierKey witness{"example.org/witness", 0x01020304, base::Bytes(32, 7), evidence::KeyType::cosignature_v1};
  fuzz::require(!evidence::open_note(text, {known, witness}).has_value());
  fuzz::require(!evidence::open_checkpoint(text, known, {witness}).has_value());
  if (const auto note = evidence::read_note(text)) {
    fuzz::require(text.starts_with(note->text) && note->text.ends_with('\n'));
    fuzz::require(!note->signatures.empty() && note->signatures.size() <= 16);
  }
  if (const auto key = evidence::parse_verifier_key(text)) {
    const auto again = evidence::parse_verifier_key(key->text());
    fuzz::require(again.has_value() && again->name == key->name && again->id == key->id && again->public_key == key->public_key &&
                  again->type == key->type);
  }
  if (const auto checkpoint = evidence::parse_checkpoint_text(text)) {
    const auto again = evidence::parse_checkpoint_text(evidence::checkpoint_text(*checkpoint));
    fuzz::require(again.has_value() && *again == *checkpoint);
  }
  return 0;
}
