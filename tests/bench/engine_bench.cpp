// engine.steps_per_s{1,32,1024}: the product's own engine and store against a system that costs nothing. From Engine::run to a closed case:
// lease, try before the cut, gate, budget, intent, call, outcome, answer with its control, leaf, settle. Planning and approving come before
// the clock starts; afterwards every case is folded and the whole store verified, or there is no figure. In flight: cases x concurrency.
#include <fmt/format.h>

#include <thread>

#include "base/clock.hpp"
#include "bench/bench.hpp"
#include "bench/noop_system.hpp"
#include "engine/delta.hpp"
#include "engine/engine.hpp"

namespace exeunt::bench {
namespace {

constexpr int k_references_at_once = 64;

struct Load {
  std::size_t cases;
  std::size_t concurrency;  // in each
  std::size_t steps;        // in each, for a second: so that a measurement lasts about as long as the reference's
  [[nodiscard]] std::size_t in_flight() const { return cases * concurrency; }
};
constexpr Load k_loads[] = {{1, 1, 400}, {2, 16, 3'000}, {16, 64, 800}};

class NoInterrupts final : public engine::Interrupts {
 public:
  std::optional<std::string> halted() const override { return std::nullopt; }
  bool cancel_requested(const model::CaseId&) const override { return false; }
};

struct Company {
  base::SystemClock clock;
  base::SystemRandom random;
  BenchStore bench;
  base::Sealer sealer;
  engine::Systems systems;
  plan::Policy policy;
  NoInterrupts interrupts;
  std::vector<model::Person> people;
  std::map<model::NodeId, model::PersonId> imported;
  model::TenantId tenant{std::string("default")};
  std::string operator_reference, subject_reference;
  std::vector<model::CaseId> cases;
};

model::SystemId system_id() { return model::SystemId("noop"); }

model::Node key_node(std::size_t number) {
  model::Node node;
  node.key = {system_id(), model::NodeKind::key, fmt::format("k{:06}", number)};
  node.label = fmt::format("key {}", number);
  return node;
}

plan::Plan plan_of(const Company& company, const model::CaseId& case_id, std::size_t steps) {
  plan::Plan plan;
  plan.tenant = company.tenant;
  plan.case_id = case_id;
  plan.subject = company.people.front();
  plan.reason = "bench";
  plan.approval_valid = std::chrono::hours(24);
  plan.catalogue_digests[system_id()] = company.systems.at(system_id()).connector->catalogue().digest();
  for (std::size_t i = 0; i < steps; ++i) {
    plan::Step step;
    step.id = model::StepId(fmt::format("s{:06}", i));
    step.stage = model::Stage::credentials;
    step.action = model::Action::revoke_keys;
    step.target = key_node(i);
    step.covers = {model::NodeKind::key};
    plan.paths.push_back({step.target, model::Grade::refused, false, step.id});
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

base::Status approve(Company& company, const model::CaseId& case_id, std::size_t steps) {
  auto& store = *company.bench.store;
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(store, company.clock, company.random, company.tenant, case_id, "bench"));
  evidence::Leaf opened;
  opened.kind = evidence::LeafKind::case_opened;
  opened.subject = company.subject_reference;
  opened.actor = company.operator_reference;
  EXEUNT_TRY(stream->append(std::move(opened), base::JsonObject{{"reason", "bench"}}));
  engine::CaseJournal journal(store, *stream, company.operator_reference);
  EXEUNT_TRY_ASSIGN(const std::string digest, engine::record_plan(store, journal, plan_of(company, case_id, steps)));
  EXEUNT_TRY(journal.state_changed(model::CaseState::waiting_approval, "a plan waits for its approval"));
  evidence::Leaf approved;
  approved.kind = evidence::LeafKind::approved;
  approved.digest = digest;
  approved.until = company.clock.now() + std::chrono::hours(24);
  approved.actor = approved.approver = company.operator_reference;
  return stream->append(std::move(approved), base::JsonObject{{"approver", "bench"}});
}

/// Does `work(i)` for i below `count` on `threads` threads; the first error.
base::Status at_once(std::size_t count, std::size_t threads, const std::function<base::Status(std::size_t)>& work) {
  std::mutex mutex;
  base::Status first;
  {
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < threads; ++t)
      workers.emplace_back([&, t] {
        for (std::size_t i = t; i < count; i += threads) {
          auto done = work(i);
          const std::lock_guard lock(mutex);
          if (!done && first) first = std::move(done);
        }
      });
  }
  return first;
}

base::Status prepare(Company& company, const Settings& settings, const Load& load, std::size_t steps) {
  auto& store = *company.bench.store;
  static_cast<void>(settings);
  company.people.push_back({model::PersonId("E1"), "Bench", "", model::PersonId("E2"), "bench", "leaving"});
  engine::System system;
  system.id = system_id();
  system.connector = std::make_unique<NoopSystem>();
  system.budget = {1e7, 1e7, static_cast<int>(load.concurrency)};
  company.systems.emplace(system_id(), std::move(system));
  EXEUNT_TRY_ASSIGN(const auto subject, store.reference("p", "E1", "Bench"));
  EXEUNT_TRY_ASSIGN(const auto operated_by, store.reference("p", "E9", "Operator"));
  company.subject_reference = subject.text();
  company.operator_reference = operated_by.text();
  EXEUNT_TRY(at_once(steps, k_references_at_once, [&](std::size_t i) {
    const model::Node node = key_node(i);
    return store.reference("n", node.id().text(), node.label).map([](const model::Reference&) {});
  }));
  for (std::size_t i = 0; i < load.cases; ++i) company.cases.emplace_back(base::random_reference(company.random, "c_"));
  return at_once(load.cases, load.cases, [&](std::size_t i) { return approve(company, company.cases[i], steps); });
}

base::Status run_case(Company& company, const model::CaseId& case_id) {
  engine::Engine engine({*company.bench.store, company.clock, company.random, company.sealer, company.systems, company.policy,
                         company.interrupts, company.people, company.imported, company.tenant});
  engine::RunOptions options;
  options.operator_reference = company.operator_reference;
  options.owner = "bench";
  EXEUNT_TRY_ASSIGN(const auto result, engine.run(case_id, options));
  if (result.exit == 0 && result.state.state == model::CaseState::closed) return {};
  return base::fail(base::Code::internal, fmt::format("a case ended {} with exit {}", name(result.state.state), result.exit));
}

/// Nothing may be faster than it is true: every step ended, every path refused, every entry in its chain and in the tree.
base::Status check(Company& company, std::size_t steps) {
  auto& store = *company.bench.store;
  for (const auto& case_id : company.cases) {
    EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(store, case_id));
    const auto& state = folder.state();
    std::size_t ended = 0;
    std::size_t refused = 0;
    for (const auto& [id, step] : state.steps) ended += step.state == model::StepState::ended ? 1 : 0;
    for (const auto& [id, path] : state.paths)
      refused += path.state == model::PathState::ended && path.grade == model::Grade::refused && path.control == "held" ? 1 : 0;
    if (ended != steps || refused != steps || !state.zero)
      return base::fail(base::Code::data_loss,
                        fmt::format("of {} steps {} ended and {} paths are refused in the journal", steps, ended, refused));
  }
  EXEUNT_TRY_ASSIGN(const auto findings, store.verify({}));
  if (!findings.empty()) return base::fail(base::Code::data_loss, "the journal does not verify: " + findings.front());
  return {};
}

base::Result<double> steps_per_second(const Settings& settings, const Load& load) {
  const std::size_t steps =
      std::max<std::size_t>(load.concurrency, static_cast<std::size_t>(static_cast<double>(load.steps) * settings.seconds));
  const std::string name = fmt::format("engine-{}", load.in_flight());
  base::SystemClock clock;
  base::SystemRandom random;
  EXEUNT_TRY_ASSIGN(BenchStore bench, make_store(settings, name, clock, random));
  EXEUNT_TRY(base::Sealer::make_key(settings.folder / (name + ".seal"), random));
  EXEUNT_TRY_ASSIGN(base::Sealer sealer, base::Sealer::open(settings.folder / (name + ".seal")));
  Company company{{}, {}, std::move(bench), std::move(sealer), {}, {}, {}, {}, {}, model::TenantId("default"), {}, {}, {}};
  EXEUNT_TRY(prepare(company, settings, load, steps));
  const Stopwatch watch;
  EXEUNT_TRY(at_once(load.cases, load.cases, [&](std::size_t i) { return run_case(company, company.cases[i]); }));
  const double seconds = watch.seconds();
  EXEUNT_TRY(check(company, steps));
  return static_cast<double>(load.cases * steps) / seconds;
}

base::Status run_engine(const Settings& settings, base::JsonObject& figures) {
  base::JsonObject per_second;
  for (const Load& load : k_loads) {
    EXEUNT_TRY_ASSIGN(const double rate, steps_per_second(settings, load));
    per_second[std::to_string(load.in_flight())] = rate;
  }
  figures["engine.steps_per_s"] = std::move(per_second);
  return {};
}

const bool registered = register_part("engine", run_engine);

}  // namespace
}  // namespace exeunt::bench
