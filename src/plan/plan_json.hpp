// The members of a plan's JSON that other readers of the same things use too (schemas/plan.schema.json describes all of it).
#pragma once

#include "base/json.hpp"
#include "graph/access_map.hpp"
#include "model/node.hpp"

namespace exeunt::plan {

[[nodiscard]] base::Json json_of(const model::Node& node);
[[nodiscard]] base::Json json_of(const model::Gap& gap);
[[nodiscard]] base::Json json_of(const model::Listing& listing);
[[nodiscard]] base::Json json_of(const graph::Link& link);
[[nodiscard]] base::Json json_of(const model::Person& person);
[[nodiscard]] base::Json json_text(std::string_view text);

}  // namespace exeunt::plan
