#include "engine/delta.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace exeunt::engine {

using base::Result;
using model::NodeKind;

namespace {

bool is_named_one_by_one(NodeKind kind) { return kind == NodeKind::account || kind == NodeKind::secret || kind == NodeKind::workload; }

std::set<model::NodeId> confirmed_links(const std::vector<ApprovedPlan>& plans) {
  std::set<model::NodeId> out;
  for (const auto& plan : plans)
    for (const auto& link : plan.plan.links)
      if (link.strength == model::LinkStrength::confirmed) out.insert(link.account);
  return out;
}

/// Paths that no plan of the case knows and that hang on an account or secret that none names.
std::vector<model::NodeId> beyond(const graph::AccessMap& map, const PathBook& book) {
  std::set<model::NodeId> fresh;
  const auto paths = map.paths();
  for (const auto& path : paths)
    if (is_named_one_by_one(path.node.key.kind) && !book.find(path.node.id())) fresh.insert(path.node.id());
  std::vector<model::NodeId> out;
  for (const auto& path : paths) {
    const bool through_fresh =
        std::any_of(path.witness.begin(), path.witness.end(), [&](const model::NodeId& id) { return fresh.contains(id); });
    if (!book.find(path.node.id()) && through_fresh) out.push_back(path.node.id());
  }
  return out;
}

std::size_t plans_known(CaseJournal& journal) {
  std::size_t count = 0;
  journal.stream().inspect([&](const evidence::CaseFold& state) { count = state.plans.size(); });
  return count;
}

/// The newest plan of the case when it is a delta plan that nobody approved yet.
std::optional<std::string> waiting_delta(CaseJournal& journal) {
  std::optional<std::string> out;
  journal.stream().inspect([&](const evidence::CaseFold& state) {
    // Also after a restore plan that nobody ran.
    for (const auto& plan : state.plans)
      if (plan.name != evidence::k_restore_plan) out = !plan.name.empty() && !plan.approved_at ? std::optional(plan.digest) : std::nullopt;
  });
  return out;
}

}  // namespace

Result<std::string> record_plan(store::Store& store, CaseJournal& journal, const plan::Plan& plan) {
  const std::string bytes = plan::to_bytes(plan);
  const std::string digest = plan::digest_of(bytes).text();
  EXEUNT_TRY(store.put_document("plan", digest, bytes));
  // Paths first: a listing names its account by id alone, and a reference keeps the label that it was made with.
  for (const auto& path : plan.paths)
    EXEUNT_TRY(journal.path_found(path.node, !path.watched_only, path.required,
                                  path.step.empty() ? "no step ends it" : "ended by " + path.step.text()));
  for (const auto& listing : plan.listings) EXEUNT_TRY(journal.listed(listing));
  for (const auto& gap : plan.gaps) EXEUNT_TRY(journal.gap_declared(gap));
  EXEUNT_TRY(journal.plan_compiled(plan.name, digest, fmt::format("{} paths, {} steps", plan.paths.size(), plan.steps.size())));
  return digest;
}

Result<DeltaResult> find_delta(const EngineNeeds& needs, RunContext& context) {
  DeltaResult out;
  const plan::Plan& first = context.plans.front().plan;
  const auto confirmed = confirmed_links(context.plans);
  EXEUNT_TRY_ASSIGN(Survey found, survey(needs.systems, {first.subject.id, needs.people, needs.imported, confirmed, needs.policy}));
  out.failures = std::move(found.failures);
  const auto only = beyond(found.map, context.book);
  if (only.empty()) {
    out.digest = waiting_delta(context.journal);
    return out;
  }
  const auto catalogues = catalogues_of(needs.systems);
  plan::PlanInput input{found.map,     needs.policy,
                        catalogues,    needs.tenant,
                        first.case_id, first.reason,
                        first.urgency, "d" + std::to_string(plans_known(context.journal)),
                        only,          {}};
  input.heirs = found.accounts_of(needs.policy.heir.empty() ? first.subject.manager : needs.policy.heir);
  auto plan = plan::compile(input);
  if (!plan) {
    if (context.progress) context.progress({"a delta plan could not be made: " + plan.error().text(), 0, 0});
    return out;
  }
  EXEUNT_TRY_ASSIGN(out.digest, record_plan(needs.store, context.journal, *plan));
  for (const auto& path : plan->paths) {
    PathRecord record;
    record.node = path.node;
    record.required = !path.watched_only;
    record.grade_required = path.required;
    context.book.add(std::move(record));
  }
  return out;
}

}  // namespace exeunt::engine
