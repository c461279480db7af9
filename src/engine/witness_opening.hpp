// Opens witnesses before an account is shut and uses them before sessions are ended, each written before it is done (probes.md, rule 1).
#pragma once

#include "engine/run_context.hpp"

namespace exeunt::engine {

/// For each kind that the step names and that is not held yet: intent, session, path of the case. Never once the account or its sessions were
/// acted upon: it would show nothing. Where there is none, the reason is journalled as a gap and the run goes on; an error is the journal's.
[[nodiscard]] base::Status open_witnesses(RunContext& context, const plan::Plan& plan, const plan::Step& step, int attempt,
                                          const base::Secret& password);
/// Just before a step's call that ends what is `covered` on an account: what is held there is used once more, and its answer journalled.
[[nodiscard]] base::Status use_witnesses(RunContext& context, const plan::Step& step, const std::vector<model::Node>& covered);

}  // namespace exeunt::engine
