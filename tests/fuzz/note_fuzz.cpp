// Signed notes and checkpoints come from outside (a copy, a witness). No input opens without a signature of the known key.
#include "evidence/note.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  static const evidence::VerifierKey known = [] {
    evidence::VerifierKey key;
    key.name = "example.org/log";
    key.id = 0x01020304;
    key.public_key = base::Bytes(32, 7);
    return key;
  }();
  fuzz::require(!evidence::open_note(text, {known}).has_value());
  if (const auto key = evidence::parse_verifier_key(text)) {
    const auto again = evidence::parse_verifier_key(key->text());
    fuzz::require(again.has_value() && again->name == key->name && again->id == key->id && again->public_key == key->public_key);
  }
  if (const auto checkpoint = evidence::parse_checkpoint_text(text)) {
    const auto again = evidence::parse_checkpoint_text(evidence::checkpoint_text(*checkpoint));
    fuzz::require(again.has_value() && *again == *checkpoint);
  }
  return 0;
}
