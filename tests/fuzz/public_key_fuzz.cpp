// Keys and certificates as a server lists them: one key has one canonical encoding and one fingerprint.
#include "connect/openssh/public_key.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  for (const auto& key : {connect::parse_key_blob(text), connect::parse_public_line(text)}) {
    if (!key) continue;
    fuzz::require(connect::is_fingerprint(key->fingerprint));
    const auto again = connect::parse_key_blob(key->blob);
    fuzz::require(again.has_value() && again->blob == key->blob && again->fingerprint == key->fingerprint);
  }
  static_cast<void>(connect::parse_certificate_blob(text));
  if (const auto certificate = connect::parse_certificate_line(text)) fuzz::require(connect::is_fingerprint(certificate->key.fingerprint));
  return 0;
}
