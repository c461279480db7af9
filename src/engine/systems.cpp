#include "engine/systems.hpp"

namespace exeunt::engine {

std::map<model::SystemId, model::Catalogue> catalogues_of(const Systems& systems) {
  std::map<model::SystemId, model::Catalogue> out;
  for (const auto& [id, system] : systems) out.emplace(id, system.connector->catalogue());
  return out;
}

}  // namespace exeunt::engine
