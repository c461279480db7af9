// A plan for programs (schemas/plan.schema.json) and for people.
#pragma once

#include <string>

#include "base/json.hpp"
#include "plan/plan.hpp"

namespace exeunt::service {

/// Members case, digest, subject, paths, steps, gaps, bystanders, irreversible, proposed, …
[[nodiscard]] base::Json plan_json(const plan::Plan& plan, const std::string& digest);
/// Plain text without colours; all outside text escaped.
[[nodiscard]] std::string plan_table(const plan::Plan& plan, const std::string& digest, const plan::Kept& kept = {});

}  // namespace exeunt::service
