// From a case's journal to its restore plan: what it took and found, and every way in that it ended.
#pragma once

#include "engine/engine.hpp"

namespace exeunt::engine {

struct RestoreWish {
  std::string reason;
  model::PersonId hand_to;  // who gets new passwords, where there are any
};
struct RestorePlan {
  plan::Plan plan;
  std::string digest;
  bool approved = false;
  base::Time expires{};  // of an approval: counted from when it was first made
};

/// Asks no system. The plan that is there already is given again while it can still be approved or was, and would be made alike now; else one is
/// made, kept and journalled, and takes the place of an earlier one with its approval. While the case is being restored: the one that is.
/// failed_precondition: may_be_restored says no, or nothing can be given back.
[[nodiscard]] base::Result<RestorePlan> make_restore_plan(const EngineNeeds& needs, CaseJournal& journal, const RestoreWish& wish);

}  // namespace exeunt::engine
