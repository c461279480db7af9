#include "engine/recovery.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "base/json.hpp"

namespace exeunt::engine {

using base::Code;
using base::Result;
using evidence::LeafKind;

namespace {

constexpr std::size_t k_page = 1000;

base::Status catalogue_is_the_same(const plan::Plan& plan, const Systems& systems) {
  for (const auto& [id, digest] : plan.catalogue_digests) {
    const auto system = systems.find(id);
    if (system == systems.end())
      return base::fail(Code::failed_precondition, id.text() + " is in the approved plan but no longer configured",
                        "configure it again, or make a new plan");
    if (system->second.connector->catalogue().digest() != digest)
      return base::fail(Code::failed_precondition, "the catalogue of " + id.text() + " changed since the plan was approved",
                        "make a new plan and have it approved, or run this case with the binary that made it");
  }
  return {};
}

model::Node node_of(const base::JsonObject& payload) {
  model::Node node;
  const auto id = base::json_string(payload, "node");
  if (!id) return node;
  if (const auto key = model::parse_node_id(model::NodeId(*id))) node.key = *key;
  if (const auto label = base::json_string(payload, "label")) node.label = *label;
  if (const auto facts = base::json_object(payload, "facts"))
    for (const auto& [key, value] : **facts)
      if (value.is_string()) node.facts[std::string(key)] = std::string(value.as_string());
  return node;
}

/// Reads the case once and replays what it says about paths.
class PathReplay {
 public:
  PathReplay(PathBook& book, CaseJournal& journal) : book_(book), journal_(journal) {}

  base::Status apply(const evidence::Leaf& leaf, const std::optional<std::string>& payload) {
    if (leaf.kind == LeafKind::path_found && payload) EXEUNT_TRY(found(leaf, *payload));
    if (leaf.kind == LeafKind::step_intended) cut_.insert(leaf.system);
    if (leaf.kind == LeafKind::probed) probed(leaf);
    const bool may_change = leaf.kind == LeafKind::probed || leaf.kind == LeafKind::path_changed || leaf.kind == LeafKind::used;
    if (may_change && !leaf.state.empty()) changed(leaf);
    return {};
  }

 private:
  base::Status found(const evidence::Leaf& leaf, const std::string& payload) {
    EXEUNT_TRY_ASSIGN(const base::Json parsed, base::parse_json(payload));
    PathRecord record;
    if (parsed.is_object()) record.node = node_of(parsed.as_object());
    if (record.node.key.native_id.empty()) return {};
    record.required = leaf.outcome == "required";
    record.ours = leaf.means == model::name(model::ProbeMeans::witness);  // the session itself went with the process that held it
    record.grade_required = model::parse<model::Grade>(leaf.grade).value_or(model::Grade::read_back);
    journal_.know(ids_.insert_or_assign(leaf.target, record.node.id()).first->second, leaf.target);
    book_.add(std::move(record));
    return {};
  }
  void probed(const evidence::Leaf& leaf) {
    const auto answer = model::parse<model::ProbeAnswer>(leaf.answer);
    const auto moment = model::parse<model::ProbeMoment>(leaf.moment);
    if (!answer || !moment) return;
    // Only tries on the control identity from before the first change on that system say what the gate did before the cut.
    if (*moment == model::ProbeMoment::control && !cut_.contains(leaf.system)) {
      for (const auto& path : book_.all())
        if (path.node.key.system.text() == leaf.system && name(path.node.key.kind) == leaf.node)
          book_.note_before(path.node.id(), std::nullopt, answer);
    }
    const auto id = ids_.find(leaf.target);
    if (id == ids_.end()) return;
    if (*moment == model::ProbeMoment::before) book_.note_before(id->second, answer, std::nullopt);
  }
  void changed(const evidence::Leaf& leaf) {
    const auto id = ids_.find(leaf.target);
    const auto state = model::parse<model::PathState>(leaf.state);
    const auto grade = model::parse<model::Grade>(leaf.grade);
    if (id == ids_.end() || !state || !grade) return;
    book_.note_verdict(id->second, *state, *grade, leaf.t, std::nullopt, leaf.until);
  }

  PathBook& book_;
  CaseJournal& journal_;
  std::unordered_map<std::string, model::NodeId> ids_;  // reference -> node
  std::set<std::string> cut_;                           // systems on which something was changed already
};

}  // namespace

namespace {

base::Status not_expired(const evidence::PlanFold& approved, base::Time now) {
  if (!approved.expires || *approved.expires >= now) return {};
  return base::fail(
      Code::failed_precondition,
      fmt::format("the approval of plan {} expired at {}", approved.digest.substr(0, 12), base::to_rfc3339(*approved.expires)),
      "make a new plan and have it approved");
}

Result<ApprovedPlan> load(store::Store& store, const Systems& systems, const evidence::PlanFold& approved, Catalogues catalogues) {
  EXEUNT_TRY_ASSIGN(const std::string bytes, store.document("plan", approved.digest));
  if (plan::digest_of(bytes).text() != approved.digest)
    return base::fail(Code::data_loss, "the stored plan " + approved.digest.substr(0, 12) + " is not the one that was approved",
                      "run `exeunt doctor`; make a new plan");
  EXEUNT_TRY_ASSIGN(plan::Plan plan, plan::from_bytes(bytes));
  if (catalogues == Catalogues::as_approved) EXEUNT_TRY(catalogue_is_the_same(plan, systems));
  return ApprovedPlan{std::move(plan), approved.digest};
}

bool is_approved(const evidence::PlanFold& plan) { return plan.approved_at && !plan.approver.empty(); }

}  // namespace

Result<ApprovedPlan> approved_restore(store::Store& store, const Systems& systems, const evidence::CaseFold& state, base::Time now) {
  for (const auto& plan : state.plans) {
    if (plan.name != evidence::k_restore_plan || !is_approved(plan)) continue;
    if (state.state != model::CaseState::restoring) EXEUNT_TRY(not_expired(plan, now));
    return load(store, systems, plan, Catalogues::as_approved);
  }
  return base::fail(Code::failed_precondition, "no restore of this case is approved",
                    "`exeunt restore CASE` makes the plan; have it approved: `exeunt approval show DIGEST`");
}

Result<std::vector<ApprovedPlan>> approved_plans(store::Store& store, const Systems& systems, const evidence::CaseFold& state,
                                                 base::Time now, Catalogues catalogues) {
  std::vector<ApprovedPlan> out;
  // It was closed once, or is given back: every step may have been held back.
  const bool began = !state.steps.empty() || state.state == model::CaseState::reopened;
  for (const auto& approved : state.plans) {
    if (approved.name == evidence::k_restore_plan || !is_approved(approved)) continue;
    if (!began) EXEUNT_TRY(not_expired(approved, now));
    EXEUNT_TRY_ASSIGN(ApprovedPlan plan, load(store, systems, approved, catalogues));
    out.push_back(std::move(plan));
  }
  if (out.empty())
    return base::fail(Code::failed_precondition, "no plan of this case is approved", "have it approved: `exeunt approval show DIGEST`");
  return out;
}

namespace {

/// What exceptions did to paths stands in their own entries, without a node: the fold says what came of it.
base::Status take_exceptions(PathBook& book, CaseJournal& journal) {
  const evidence::CaseFold state = journal.stream().state();
  if (state.exceptions.empty()) return {};
  for (const auto& known : book.all()) {
    EXEUNT_TRY_ASSIGN(const std::string reference, journal.reference(known.node));
    const auto path = state.paths.find(reference);
    if (path == state.paths.end() || path->second.state == known.state) continue;
    book.note_verdict(known.node.id(), path->second.state, path->second.grade, base::Time{}, std::nullopt, path->second.until);
  }
  return {};
}

}  // namespace

base::Status rebuild(PathBook& book, store::Store& store, const std::vector<ApprovedPlan>& plans, CaseJournal& journal) {
  for (const auto& approved : plans)
    for (const auto& path : approved.plan.paths) {
      PathRecord record;
      record.node = path.node;
      record.required = !path.watched_only;
      record.grade_required = path.required;
      record.step = path.step;
      book.add(std::move(record));
    }
  PathReplay replay(book, journal);
  evidence::Leaf leaf;
  for (std::uint64_t from = 0;;) {
    EXEUNT_TRY_ASSIGN(const auto entries, store.read_case(journal.stream().case_id(), from, k_page));
    for (const auto& entry : entries) {
      EXEUNT_TRY(evidence::decode(entry.leaf, leaf));
      EXEUNT_TRY(replay.apply(leaf, entry.payload));  // one that was erased left only its leaf
    }
    from += entries.size();
    if (entries.size() < k_page) return take_exceptions(book, journal);
  }
}

base::Status settle_lost_answers(CaseJournal& journal) {
  for (const auto& [id, step] : journal.stream().state().steps)
    if (step.state == model::StepState::intended)
      EXEUNT_TRY(journal.step_outcome(model::StepId(id), step.attempt, model::StepState::outcome_unknown,
                                      "the process ended between the intent and the answer"));
  return {};
}

}  // namespace exeunt::engine
