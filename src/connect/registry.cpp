#include "connect/registry.hpp"

#include <algorithm>
#include <iterator>

namespace exeunt::connect {
namespace {

using Factory = base::Result<std::unique_ptr<Connector>> (*)(const SystemConfig&, const base::Clock&, base::Random&);

struct Line {
  std::string_view kind;
  Factory make;
};

constexpr Line k_lines[] = {
    {"openldap", make_openldap}, {"postgresql", make_postgresql}, {"openssh", make_openssh},
    {"redis", make_redis},       {"rabbitmq", make_rabbitmq},     {"glewlwyd", make_glewlwyd},
    {"kerberos", make_kerberos}, {"attest", make_attest},         {"simulated", make_simulated},
};

}  // namespace

base::Result<std::unique_ptr<Connector>> make_connector(const SystemConfig& config, const base::Clock& clock, base::Random& random) {
  const auto* line = std::find_if(std::begin(k_lines), std::end(k_lines), [&](const Line& l) { return l.kind == config.kind; });
  if (line != std::end(k_lines)) return line->make(config, clock, random);
  std::string known;
  for (const auto kind : connector_kinds()) known += (known.empty() ? "" : ", ") + std::string(kind);
  return base::fail(base::Code::invalid_argument, config.where + ": system " + config.id.text() + ": unknown kind `" + config.kind + "`",
                    "known kinds are: " + known);
}

std::vector<std::string_view> connector_kinds() {
  std::vector<std::string_view> kinds;
  for (const Line& line : k_lines) kinds.push_back(line.kind);
  return kinds;
}

}  // namespace exeunt::connect
