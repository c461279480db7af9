#include "bench/noop_system.hpp"

namespace exeunt::bench {

using connect::ProbeResult;
using model::ProbeAnswer;

NoopSystem::NoopSystem() {
  catalogue_.kind = "noop";
  catalogue_.simulated = true;
  model::ActionSpec end;
  end.action = model::Action::revoke_keys;
  end.target = model::NodeKind::key;
  end.covers = {model::NodeKind::key};
  end.why = "bench";
  catalogue_.actions.push_back(end);
  model::PathSpec path;
  path.kind = model::NodeKind::key;
  path.means = {model::ProbeMeans::gate};
  path.refusal = "refused";
  path.best = model::Grade::refused;
  path.settle = base::Duration{0};
  path.settle_source = "bench";
  catalogue_.paths.push_back(path);
}

base::Result<connect::CheckReport> NoopSystem::check(const connect::Deadline&) { return connect::CheckReport{}; }

base::Result<connect::AccountListing> NoopSystem::accounts(const connect::Deadline&) {
  return connect::AccountListing{{}, model::Completeness::full, ""};
}

base::Result<model::Inventory> NoopSystem::inventory(const connect::InventoryRequest&) { return model::Inventory{}; }

base::Result<connect::ApplyOutcome> NoopSystem::apply(const connect::ApplyRequest&) { return connect::ApplyOutcome{"done", {}, 1}; }

base::Result<connect::Observation> NoopSystem::observe(const model::Node&, const connect::Deadline&) {
  return base::fail(base::Code::unimplemented, "noop: there is nothing to look at");
}

base::Result<ProbeResult> NoopSystem::probe(const connect::ProbeRequest& request) {
  const bool before = request.moment == model::ProbeMoment::before;
  return ProbeResult{before ? ProbeAnswer::admitted : ProbeAnswer::refused, request.means, before ? "200" : "403", ""};
}

base::Result<ProbeResult> NoopSystem::probe_control(const connect::ProbeRequest& request) {
  return ProbeResult{ProbeAnswer::admitted, request.means, "200", ""};
}

base::Result<std::vector<model::NodeKey>> NoopSystem::own_accounts(const connect::Deadline&) { return std::vector<model::NodeKey>{}; }

}  // namespace exeunt::bench
