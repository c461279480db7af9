// Use case: give back what a case took by mistake. Its plan, its run, and the handing over of the new passwords.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/restore_plan.hpp"
#include "service/running.hpp"

namespace exeunt::service {

struct RestoreRequest {
  model::CaseId case_id;
  std::string reason;
  std::optional<model::PersonId> hand_to;  // default: the subject's manager
};
/// Makes the plan that an approver signs, or gives the one that is there (engine/restore_plan.hpp); asks no system. permission_denied: the operator
/// is the subject. failed_precondition: the case is not over, another case of the same person is open, nothing can be given back.
[[nodiscard]] base::Result<engine::RestorePlan> plan_restore(Home& home, const Operator& who, const RestoreRequest& request,
                                                             const base::Clock& clock, base::Random& random);

/// Runs the approved plan (engine::Engine::restore); signs a checkpoint when it came to a standstill.
[[nodiscard]] base::Result<engine::RunResult> run_restore(Home& home, const Operator& who, const RunRequest& request,
                                                          const base::Clock& clock, base::Random& random);

struct HandOver {
  model::PersonId to;  // as it was approved
  std::size_t passwords = 0;
};
/// Writes the new passwords (a line each: system, account, name, password, separated by tabs) to a new file that only its owner can read, journals that, and forgets them: once. failed_precondition: the case is not
/// restored, there are none (or they were handed over), the file exists. Nothing of them is printed.
[[nodiscard]] base::Result<HandOver> hand_over(Home& home, const Operator& who, const model::CaseId& case_id,
                                               const std::filesystem::path& file, const base::Clock& clock, base::Random& random);

}  // namespace exeunt::service
