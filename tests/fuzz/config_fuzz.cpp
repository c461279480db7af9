// exeunt.yaml is written by people: any bytes give a configuration or an error that names the file.
#include "fuzz/fuzz_input.hpp"
#include "service/config.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = service::parse_config(fuzz::text_of(data, size), "exeunt.yaml", "/srv/exeunt");
  if (config) {
    for (const auto& system : config->systems) fuzz::require(!system.config.id.empty() && !system.config.kind.empty());
    return 0;
  }
  fuzz::require(config.error().code == base::Code::invalid_argument && config.error().what.find("exeunt.yaml") == 0);
  return 0;
}
