// The answer of a directory server, in BER: an error outside the standard's nine is never named.
#include "connect/openldap/password_policy.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = connect::openldap::parse_password_policy({data, size});
  if (answer && answer->error) fuzz::require(*answer->error <= 8);
  return 0;
}
