#include "connect/registry.hpp"

namespace exeunt::connect {

base::Result<std::unique_ptr<Connector>> make_simulated(const SystemConfig& config, const base::Clock&, base::Random&) {
  return base::fail(base::Code::unimplemented, config.where + ": system " + config.id.text() + ": kind simulated is not built yet");
}

}  // namespace exeunt::connect
