// policy.yaml: any bytes give a policy or an error that names the file.
#include "fuzz/fuzz_input.hpp"
#include "plan/policy.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = plan::parse_policy(fuzz::text_of(data, size), "policy.yaml");
  fuzz::require(policy.has_value() || policy.error().text().find("policy.yaml") != std::string::npos);
  return 0;
}
