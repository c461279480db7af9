// A restore plan for programs (schemas/restore.schema.json) and for people.
#pragma once

#include <string>

#include "base/json.hpp"
#include "engine/restore_plan.hpp"

namespace exeunt::service {

[[nodiscard]] base::Json restore_json(const engine::RestorePlan& restore);
/// Plain text without colours; all outside text escaped.
[[nodiscard]] std::string restore_table(const plan::Plan& plan, const std::string& digest);

}  // namespace exeunt::service
