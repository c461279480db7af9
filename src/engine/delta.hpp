// What a run finds beyond the approved plan (an account that appeared, a secret learnt since) becomes a delta plan with an approval of its own.
#pragma once

#include <optional>

#include "engine/engine.hpp"

namespace exeunt::engine {

struct DeltaResult {
  std::optional<std::string> digest;    // a delta plan that waits for an approval
  std::vector<SystemFailure> failures;  // systems that could not be asked
};

/// Surveys everything anew. Accounts and secrets in the subject's reach that no approved plan names are compiled into one delta plan, journalled
/// with their paths, and left alone until it is approved. Idempotent: the same finding again makes no second plan.
[[nodiscard]] base::Result<DeltaResult> find_delta(const EngineNeeds& needs, RunContext& context);

/// Journals a compiled plan: its bytes, its digest, each path with its required grade, gaps and listings. Used for first plans and delta plans.
[[nodiscard]] base::Result<std::string> record_plan(store::Store& store, CaseJournal& journal, const plan::Plan& plan);

}  // namespace exeunt::engine
