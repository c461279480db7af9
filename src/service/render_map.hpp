// An access map for programs (schemas/map.schema.json) and for people: grouped by system, surprises first, witness in words.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/survey.hpp"
#include "service/exception_marks.hpp"

namespace exeunt::service {

/// What survives if only `only` is done; empty: everything that there is.
struct MapView {
  const engine::Survey& survey;
  std::vector<model::Action> only;
  std::map<model::SystemId, model::Catalogue> catalogues;
  ExceptionMarks exceptions = {};
};

/// Members subject, paths (system, kind, id, label, witness, surprise, survives, exception), proposed links, orphans, gaps, listings, failures.
[[nodiscard]] base::Json map_json(const MapView& view);
/// Plain text without colours; all outside text escaped.
[[nodiscard]] std::string map_table(const MapView& view);

}  // namespace exeunt::service
