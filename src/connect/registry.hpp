// Kinds of system that this binary knows; one line each.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect {

/// Reads settings and credentials (by reference); does not connect. invalid_argument for an unknown kind or setting.
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_connector(const SystemConfig& config, const base::Clock& clock,
                                                                      base::Random& random);
[[nodiscard]] std::vector<std::string_view> connector_kinds();

// One factory a kind, in connect/<kind>/.
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_openldap(const SystemConfig& config, const base::Clock& clock,
                                                                     base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_postgresql(const SystemConfig& config, const base::Clock& clock,
                                                                       base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_openssh(const SystemConfig& config, const base::Clock& clock,
                                                                    base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_redis(const SystemConfig& config, const base::Clock& clock,
                                                                  base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_rabbitmq(const SystemConfig& config, const base::Clock& clock,
                                                                     base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_glewlwyd(const SystemConfig& config, const base::Clock& clock,
                                                                     base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_kerberos(const SystemConfig& config, const base::Clock& clock,
                                                                     base::Random& random);
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_attest(const SystemConfig& config, const base::Clock& clock,
                                                                   base::Random& random);
/// A stand-in whose effects live in another process; says "simulated" wherever it is named.
[[nodiscard]] base::Result<std::unique_ptr<Connector>> make_simulated(const SystemConfig& config, const base::Clock& clock,
                                                                      base::Random& random);

}  // namespace exeunt::connect
