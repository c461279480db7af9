// Signatures that approvers send. What is read has one meaning, and none is over what nobody signed.
#include "evidence/sshsig.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto signature = evidence::read_sshsig(fuzz::text_of(data, size));
  if (!signature) {
    fuzz::require(!signature.error().what.empty() && !signature.error().next.empty());
    return 0;
  }
  const std::string written = evidence::to_text(*signature);
  const auto again = evidence::read_sshsig(written);
  fuzz::require(again.has_value() && evidence::to_text(*again) == written && again->key == signature->key);
  fuzz::require(!evidence::verify_sshsig(*signature, "nobody signed this", signature->name_space).has_value());
  return 0;
}
