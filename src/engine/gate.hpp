// The last gate before every outside change. It trusts neither planner nor policy nor the engine above it (law 9): it looks again.
#pragma once

#include <mutex>
#include <set>

#include "base/clock.hpp"
#include "engine/interrupts.hpp"
#include "engine/systems.hpp"
#include "evidence/fold.hpp"
#include "plan/plan.hpp"
#include "plan/policy.hpp"
#include "store/store.hpp"

namespace exeunt::engine {

enum class Guard { none, halted, not_approved, out_of_plan, protected_identity, last_administrator, blast_radius, exception };
[[nodiscard]] std::string_view name(Guard guard);

/// Whether the case's journal holds an approval of that plan. Its expiry bounds when a run may begin, not how long it takes (docs/adr).
[[nodiscard]] bool has_approval(const evidence::CaseFold& state, const std::string& plan_digest);

struct GateRefusal {
  Guard guard = Guard::none;
  base::Error error;
};

class LastGate {
 public:
  LastGate(store::Store& store, Systems& systems, const plan::Policy& policy, const Interrupts& interrupts, const base::Clock& clock)
      : store_(store), systems_(systems), policy_(policy), interrupts_(interrupts), clock_(clock) {}

  /// nullopt: the change may go out. `approved`, `waived`: what the journal says just now (has_approval; of
  /// what the step names or covers, what an exception keeps).
  [[nodiscard]] std::optional<GateRefusal> refuses(bool approved, const plan::Plan& plan, const std::string& plan_digest,
                                                   const plan::Step& step, const std::vector<model::Node>& covered,
                                                   const std::set<model::NodeId>& waived);
  /// The only way from the engine to Connector::apply.
  [[nodiscard]] base::Result<connect::ApplyOutcome> apply(const plan::Step& step, const connect::ApplyRequest& request);
  /// The only way to Connector::open_witness; for a step that may go out and names the kind, on its own target.
  [[nodiscard]] base::Result<std::unique_ptr<connect::Witness>> open_witness(const plan::Step& step,
                                                                             const connect::WitnessRequest& request);

 private:
  [[nodiscard]] std::optional<GateRefusal> protected_identity(const plan::Plan& plan, const plan::Step& step,
                                                              const std::vector<model::Node>& covered);
  [[nodiscard]] std::optional<GateRefusal> exception(const plan::Step& planned, const std::vector<model::Node>& covered,
                                                     const std::set<model::NodeId>& waived);
  [[nodiscard]] std::optional<GateRefusal> last_administrator(const plan::Step& step);
  [[nodiscard]] std::optional<GateRefusal> blast_radius(const plan::Plan& plan, std::size_t calls);
  [[nodiscard]] const plan::Step* planned_step(const plan::Plan& plan, const std::string& plan_digest, const model::StepId& step);
  [[nodiscard]] base::Result<std::set<model::NodeId>> own_accounts(const model::SystemId& system);

  store::Store& store_;
  Systems& systems_;
  const plan::Policy& policy_;
  const Interrupts& interrupts_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<model::SystemId, std::set<model::NodeId>> own_accounts_;
  std::map<std::string, std::map<model::StepId, std::size_t>> planned_;  // by plan digest: which step stands where
};

}  // namespace exeunt::engine
