// Proofs come from outside. What is read is written again byte for byte, and nothing is proven without the known key.
#include "evidence/tlog_proof.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  static const evidence::VerifierKey known{"exeunt.test/log", 0x01020304, base::Bytes(32, 7)};
  const auto proof = evidence::read_tlog_proof(text);
  if (!proof) {
    fuzz::require(!proof.error().what.empty() && !proof.error().next.empty());
    return 0;
  }
  fuzz::require(evidence::to_text(*proof) == text);
  fuzz::require(proof->hashes.size() <= 64);
  fuzz::require(!evidence::verify_tlog_proof(*proof, base::Hash32{}, known, {}).has_value());
  return 0;
}
