// The systems of a tenant as the engine sees them: a connector, its budget, and whether it is an identity provider.
#pragma once

#include <map>
#include <memory>

#include "connect/connector.hpp"
#include "model/catalogue.hpp"
#include "model/ids.hpp"

namespace exeunt::engine {

struct System {
  model::SystemId id;
  bool identity = false;
  std::unique_ptr<connect::Connector> connector;
  model::Budget budget;  // the catalogue's, or the policy's override
};

using Systems = std::map<model::SystemId, System>;

[[nodiscard]] std::map<model::SystemId, model::Catalogue> catalogues_of(const Systems& systems);

}  // namespace exeunt::engine
