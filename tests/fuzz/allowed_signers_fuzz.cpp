// allowed_signers is edited by hand, and its text decides who may approve.
#include "evidence/allowed_signers.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  (void)evidence::matches_pattern_list(text.substr(0, line), text.substr(line));
  const auto signers = evidence::read_allowed_signers(text);
  if (!signers) {
    fuzz::require(signers.error().what.starts_with("line ") || signers.error().what.find("10,000 keys") != std::string::npos);
    fuzz::require(!signers.error().next.empty());
    return 0;
  }
  for (const auto& signer : *signers) {
    fuzz::require(!signer.principals.empty());
    fuzz::require(!signer.valid_after || !signer.valid_before || *signer.valid_after < *signer.valid_before);
    fuzz::require(evidence::read_ssh_key(signer.key.type, base::to_base64(signer.key.blob)).value() == signer.key);
    const evidence::SshSignature nobodys{signer.key, "file", "sha512", {}};
    fuzz::require(!evidence::verify_signed_by(*signers, signer.principals, "file", {}, "nobody signed this", nobodys).has_value());
  }
  return 0;
}
