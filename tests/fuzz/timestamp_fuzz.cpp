// Answers of a time-stamp authority, or of whoever sits between. The authority's key below is gone: nothing verifies.
#include "evidence/timestamp.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

namespace {
constexpr std::string_view k_authority =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfTCCASSgAwIBAgIUUElF62rw6U0lApransC9Lz6dNTgwCgYIKoZIzj0EAwIw\n"
    "HDEaMBgGA1UEAwwRQW5vdGhlciB0ZXN0IHJvb3QwIBcNMjYwMTAxMDAwMDAwWhgP\n"
    "MjEyNjAxMDEwMDAwMDBaMBwxGjAYBgNVBAMMEUFub3RoZXIgdGVzdCByb290MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEazv8bCU03MQ+uooak43xPsaiFOvOFi+K\n"
    "+RAXHJSbax6viWyfhqN4R1UhE+49PanNI0P2BrK5E7kLFJ3ut+U8u6NCMEAwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFIM/YLbQnrfp\n"
    "TwaFyQ+YoyMlvrTpMAoGCCqGSM49BAMCA0cAMEQCIHZ7Bh341USDzRXEHbPtvdwS\n"
    "IPcxkMsotzdtTiRdfK/LAiB6v2LkEyl3SEW2b/JsRUT3iUFuDKY5veNEDDsHv5Ms\n"
    "TQ==\n"
    "-----END CERTIFICATE-----\n";
}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = evidence::read_timestamp({data, size});
  if (!read) {
    fuzz::require(!read.error().what.empty() && !read.error().next.empty());
    return 0;
  }
  fuzz::require(read->imprint.size() >= 32 && !read->token.empty());
  const auto again = evidence::read_timestamp(read->token);
  fuzz::require(again.has_value() && again->time == read->time && again->imprint == read->imprint && again->serial == read->serial);
  fuzz::require(!evidence::verify_timestamp(*read, fuzz::text_of(data, size), k_authority).has_value());
  return 0;
}
