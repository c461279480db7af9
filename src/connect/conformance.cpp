#include "connect/conformance.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace exeunt::connect {
namespace {

using base::Code;
using base::Result;
using model::ProbeAnswer;
using model::ProbeMeans;
using model::ProbeMoment;

constexpr std::string_view k_new_value = "conformance-value-that-must-never-be-repeated";

bool by_probe(const model::PathSpec& spec) { return !spec.means.empty() && spec.means.front() <= ProbeMeans::twin; }

/// The account's own password once this case has set it: before that there is nothing to try, and a listing is no try.
bool by_a_password_to_come(const model::PathSpec& spec) {
  return spec.kind == model::NodeKind::account && spec.means.front() == ProbeMeans::own && spec.trying_counts_as_failure;
}

/// The target and what hangs below it; what another account holds is another step's.
std::set<model::NodeId> below(const model::Inventory& inventory, const model::NodeId& target) {
  std::set<model::NodeId> other_accounts;
  for (const model::Node& node : inventory.nodes) {
    if (node.key.kind == model::NodeKind::account && node.id() != target) other_accounts.insert(node.id());
  }
  std::set<model::NodeId> reached{target};
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const model::Edge& edge : inventory.edges) {
      if (reached.contains(edge.from) && !other_accounts.contains(edge.to)) reached.insert(edge.to);
    }
  }
  return reached;
}

/// One cut, run under one fault.
class CutRun {
 public:
  CutRun(ConformanceBench& bench, ConformanceReport& report, ConformanceCut cut) : bench_(bench), report_(report), cut_(std::move(cut)) {}

  void ends_and_shows_it();
  void answer_lost_after();
  void answer_lost_before();
  void silent_no_op();
  void down();
  void prober_broken();
  void witness_discriminates();

 private:
  void witness_of(model::NodeKind kind);
  [[nodiscard]] std::vector<model::Node> listed_below(const model::Node& account, model::NodeKind kind);
  [[nodiscard]] base::Status end_all(model::Action action, const model::Node& account, model::NodeKind kind);
  bool begin(std::string_view scene);
  bool with(Fault fault);
  void expect(bool holds, const std::string& words);
  [[nodiscard]] std::string outside() { return bench_.outside().value_or("the outside cannot be read"); }
  [[nodiscard]] Result<ApplyOutcome> apply();
  [[nodiscard]] ProbeResult probe(const model::Node& node, ProbeMoment moment);
  [[nodiscard]] bool control_admitted();
  void expect_alive(std::string_view when);
  void expect_over(std::string_view when);
  void expect_not_over(std::string_view when);

  ConformanceBench& bench_;
  ConformanceReport& report_;
  ConformanceCut cut_;
  std::string scene_;
  Connector* connector_ = nullptr;
  const model::ActionSpec* action_ = nullptr;
  const model::PathSpec* path_ = nullptr;
  std::vector<model::Node> covered_, looked_at_;
  base::Secret old_value_, new_value_{std::string(k_new_value)};
  std::string founded_;     // the outside before
  std::string ended_once_;  // and after one good apply
  std::string refusal_;     // (answer, reason) of an ended path
};

void CutRun::expect(bool holds, const std::string& words) {
  ++report_.checks;
  if (holds) return;
  report_.findings.push_back(std::string(name(cut_.action)) + " on " + std::string(name(cut_.path)) + ", " + scene_ + ": " + words);
}

bool CutRun::begin(std::string_view scene) {
  scene_ = scene;
  const auto connector = bench_.fresh();
  expect(connector.has_value(), "the bench does not start" + (connector ? "" : ": " + connector.error().text()));
  if (!connector) return false;
  connector_ = *connector;
  action_ = connector_->catalogue().find(cut_.action);
  path_ = connector_->catalogue().find(cut_.path);
  expect(action_ != nullptr && path_ != nullptr, "the catalogue lacks the action or the kind of path");
  if (action_ == nullptr || path_ == nullptr) return false;
  const auto inventory = connector_->inventory(bench_.subject());
  expect(inventory.has_value(), "inventory of a healthy system fails" + (inventory ? "" : ": " + inventory.error().text()));
  if (!inventory) return false;
  covered_.clear();
  looked_at_.clear();
  const std::set<model::NodeId> reach = below(*inventory, cut_.target.id());
  for (const model::Node& node : inventory->nodes) {
    const bool covers = std::find(action_->covers.begin(), action_->covers.end(), node.key.kind) != action_->covers.end();
    if (!covers || !reach.contains(node.id())) continue;
    covered_.push_back(node);
    if (node.key.kind == cut_.path) looked_at_.push_back(node);
  }
  expect(!looked_at_.empty(), "the inventory shows no path of this kind to end");
  if (cut_.path == model::NodeKind::secret) {
    auto value = bench_.present_value(cut_.target);
    expect(value.has_value(), "the bench does not know the secret's present value");
    if (value) old_value_ = std::move(*value);
  }
  founded_ = outside();
  return !looked_at_.empty();
}

bool CutRun::with(Fault fault) {
  const auto set = bench_.set(fault);
  if (!set) report_.skipped.push_back(std::string(name(cut_.action)) + ", " + scene_ + ": " + set.error().text());
  return set.has_value();
}

Result<ApplyOutcome> CutRun::apply() {
  ApplyRequest request;
  request.action = cut_.action;
  request.target = cut_.target;
  if (action_->by_rule) request.covered = covered_;
  if (action_->needs_secret) request.new_secret = &new_value_;
  auto outcome = connector_->apply(request);
  const std::string said = outcome ? outcome->words : outcome.error().text();
  expect(said.find(k_new_value) == std::string::npos, "the new secret stands in a message");
  return outcome;
}

ProbeResult CutRun::probe(const model::Node& node, ProbeMoment moment) {
  ProbeRequest request;
  request.target = node;
  request.means = path_->means.front();
  request.moment = moment;
  if (cut_.path == model::NodeKind::secret) {
    request.old_secret = &old_value_;
    if (moment != ProbeMoment::before) request.new_secret = &new_value_;
  }
  // What is not understood is an answer (unknown), not an error; an error is taken the same way here.
  return connector_->probe(request).value_or(ProbeResult{});
}

bool CutRun::control_admitted() {
  ProbeRequest request;
  request.target = looked_at_.front();
  request.means = path_->means.front();
  request.moment = ProbeMoment::control;
  return connector_->probe_control(request).value_or(ProbeResult{}).answer == ProbeAnswer::admitted;
}

void CutRun::expect_alive(std::string_view when) {
  const std::string suffix = " " + std::string(when);
  for (const model::Node& node : looked_at_) {
    const bool untried = by_probe(*path_) && by_a_password_to_come(*path_);
    if (untried) {
      expect(
          probe(node, ProbeMoment::before).answer == ProbeAnswer::unknown && probe(node, ProbeMoment::after).answer == ProbeAnswer::unknown,
          "an answer is claimed without a try" + suffix + ": " + node.key.native_id);
    }
    if (by_probe(*path_) && !untried) {
      // Where trying counts as a failure, "before" is a look at the control identity and no try; the suite may try all the same.
      const ProbeMoment moment = path_->trying_counts_as_failure ? ProbeMoment::after : ProbeMoment::before;
      expect(probe(node, moment).answer == ProbeAnswer::admitted, "a live path is not admitted" + suffix + ": " + node.key.native_id);
    } else {
      const auto seen = connector_->observe(node, {});
      expect(seen && seen->presence == Presence::present, "a live path is not present" + suffix + ": " + node.key.native_id);
    }
  }
  if (by_probe(*path_)) expect(control_admitted(), "the control identity is not admitted" + suffix);
}

void CutRun::expect_over(std::string_view when) {
  const std::string suffix = " " + std::string(when);
  for (const model::Node& node : looked_at_) {
    if (!by_probe(*path_)) {
      const auto seen = connector_->observe(node, {});
      expect(seen && seen->presence == Presence::absent, "a path is not absent" + suffix + ": " + node.key.native_id);
      continue;
    }
    const ProbeResult tried = probe(node, ProbeMoment::after);
    expect(tried.answer == ProbeAnswer::refused, "a path is not refused" + suffix + ": " + node.key.native_id + " (" + tried.reason + ")");
    expect(!tried.reason.empty(), "a refusal gives no reason" + suffix);
    refusal_ = tried.reason;
  }
  if (by_probe(*path_)) expect(control_admitted(), "the control identity is not admitted" + suffix);
}

void CutRun::expect_not_over(std::string_view when) {
  const std::string suffix = " " + std::string(when);
  for (const model::Node& node : looked_at_) {
    if (by_probe(*path_)) {
      expect(probe(node, ProbeMoment::after).answer != ProbeAnswer::refused,
             "a live path reads refused" + suffix + ": " + node.key.native_id);
    } else {
      const auto seen = connector_->observe(node, {});
      expect(!seen || seen->presence != Presence::absent, "a live path reads absent" + suffix + ": " + node.key.native_id);
    }
  }
}

void CutRun::ends_and_shows_it() {
  if (!begin("healthy")) return;
  expect_alive("before the cut");
  expect(outside() == founded_, "looking and trying change something");
  const auto first = apply();
  expect(first.has_value(), "apply fails" + (first ? "" : ": " + first.error().text()));
  ended_once_ = outside();
  expect(ended_once_ != founded_, "apply changes nothing");
  expect_over("after the cut");
  const auto nobody = by_probe(*path_) ? bench_.nonexistent(cut_.path) : std::nullopt;
  if (nobody) {
    const ProbeResult tried = probe(*nobody, ProbeMoment::after);
    expect(tried.answer != ProbeAnswer::admitted, "what never existed is admitted");
    expect(tried.answer != ProbeAnswer::refused || tried.reason != refusal_, "what never existed answers as what was cut");
  }
  const auto second = apply();
  expect(second.has_value(), "a second apply fails" + (second ? "" : ": " + second.error().text()));
  expect(outside() == ended_once_, "a second apply changes something");
}

void CutRun::answer_lost_after() {
  if (!begin("answer lost after the effect") || !with(Fault::answer_lost_after)) return;
  const auto lost = apply();
  expect(!lost && lost.error().code == Code::outcome_unknown, "a lost answer is not outcome_unknown");
  expect(outside() == ended_once_, "the bench did not have the effect of one apply");
  (void)bench_.set(Fault::none);
  expect_over("seen after the lost answer");
  expect(apply().has_value(), "the repeat fails");
  expect(outside() == ended_once_, "the repeat changes something");
}

void CutRun::answer_lost_before() {
  if (!begin("request lost before the effect") || !with(Fault::answer_lost_before)) return;
  const auto lost = apply();
  expect(!lost && (lost.error().code == Code::outcome_unknown || lost.error().code == Code::unavailable),
         "a lost request is not an open question");
  expect(outside() == founded_, "the bench had an effect");
  (void)bench_.set(Fault::none);
  expect_not_over("seen after the lost request");
  expect(apply().has_value(), "the repeat fails");
  expect(outside() == ended_once_, "the repeat does not end as one apply does");
}

void CutRun::silent_no_op() {
  if (!begin("silent no-op") || !with(Fault::silent_no_op)) return;
  expect(apply().has_value(), "the bench does not acknowledge");
  expect(outside() == founded_, "the bench had an effect");
  expect_not_over("after a no-op");
}

void CutRun::down() {
  if (!begin("down") || !with(Fault::down)) return;
  const auto refused = apply();
  expect(!refused && refused.error().code == Code::unavailable, "a system that is down is not unavailable");
  expect_not_over("while it is down");
  expect(by_probe(*path_) ? !control_admitted() : true, "the control identity is admitted by a system that is down");
  expect(!connector_->inventory(bench_.subject()).has_value(), "a system that is down is listed");
  expect(!connector_->check({}).has_value(), "a system that is down passes its check");
  (void)bench_.set(Fault::none);
  expect(outside() == founded_, "the bench had an effect");
}

void CutRun::prober_broken() {
  if (!begin("prober broken") || !by_probe(*path_) || !with(Fault::prober_broken)) return;
  expect(!control_admitted(), "the control does not notice before the cut");
  (void)apply();
  expect(!control_admitted(), "the control does not notice after the cut");
}

std::vector<model::Node> CutRun::listed_below(const model::Node& account, model::NodeKind kind) {
  InventoryRequest request;
  request.accounts = {account};
  std::vector<model::Node> out;
  const auto inventory = connector_->inventory(request);
  if (!inventory) return out;
  const std::set<model::NodeId> reach = below(*inventory, account.id());
  for (const model::Node& node : inventory->nodes)
    if (node.key.kind == kind && reach.contains(node.id())) out.push_back(node);
  return out;
}

base::Status CutRun::end_all(model::Action action, const model::Node& account, model::NodeKind kind) {
  ApplyRequest request;
  request.action = action;
  request.target = account;
  request.covered = listed_below(account, kind);
  return connector_->apply(request).map([](const ApplyOutcome&) {});
}

/// Alive while only others' sessions end and while an ending has no effect; refused once hers end; not to be had once the account is shut.
void CutRun::witness_of(model::NodeKind kind) {
  const auto& actions = connector_->catalogue().actions;
  const auto ending = std::find_if(actions.begin(), actions.end(), [&](const model::ActionSpec& action) {
    return action.by_rule && action.target == action_->target &&
           std::find(action.covers.begin(), action.covers.end(), kind) != action.covers.end();
  });
  expect(ending != actions.end(), "nothing ends a witness of this kind");
  WitnessRequest request;
  request.account = cut_.target;
  request.kind = kind;
  request.password = &new_value_;
  const auto control = connector_->open_control_witness(kind, {});
  expect(control.has_value(), "no witness of the control identity" + (control ? "" : ": " + control.error().text()));
  const auto witness = connector_->open_witness(request);
  expect(witness.has_value(), "no witness" + (witness ? "" : ": " + witness.error().text()));
  if (!control || !witness || ending == actions.end()) return;
  const auto answer = [](const std::unique_ptr<Witness>& held) { return held->use({}).answer; };
  const model::Node& node = (*witness)->node();
  const auto is_listed = [&] {
    const auto listed = listed_below(cut_.target, kind);
    return std::any_of(listed.begin(), listed.end(),
                       [&](const model::Node& one) { return one.key == node.key && one.facts == node.facts; });
  };
  const auto presence = [&] { return connector_->observe(node, {}).value_or(Observation{}); };
  expect(answer(*witness) == ProbeAnswer::admitted && answer(*control) == ProbeAnswer::admitted, "a witness is not admitted while alive");
  expect(is_listed() && presence().presence == Presence::present, "a witness is not listed beside hers");
  const auto another = bench_.another();
  expect(another.has_value(), "the bench has no other account");
  if (another) {
    expect(end_all(ending->action, *another, kind).has_value(), "the sessions of another account do not end");
    expect(answer(*witness) == ProbeAnswer::admitted, "a witness ends with another account's");
  }
  if (with(Fault::silent_no_op)) {
    (void)end_all(ending->action, cut_.target, kind);
    (void)bench_.set(Fault::none);
    expect(answer(*witness) == ProbeAnswer::admitted, "a witness is refused after an ending without effect");
  }
  expect(apply().has_value(), "the account is not shut");
  expect(end_all(ending->action, cut_.target, kind).has_value(), "her sessions do not end");
  expect(answer(*witness) == ProbeAnswer::refused && answer(*witness) == ProbeAnswer::refused, "a witness is not refused after the cut");
  expect(answer(*control) == ProbeAnswer::admitted, "the control's witness ends with hers");
  const Observation gone = presence();
  expect(!is_listed() && gone.presence == Presence::absent && gone.listing == model::Completeness::full,
         "a full listing does not show that a witness is gone");
  const std::string shut = outside();
  const auto late = connector_->open_witness(request);
  expect(!late && late.error().code == Code::failed_precondition, "a witness is opened on an account that is shut");
  expect(outside() == shut, "the attempt changes something");
}

void CutRun::witness_discriminates() {
  const auto connector = bench_.fresh();
  const model::ActionSpec* const action = connector ? (*connector)->catalogue().find(cut_.action) : nullptr;
  if (action == nullptr) return;
  const std::vector<model::NodeKind> kinds = action->witnesses;
  for (const model::NodeKind kind : kinds)
    if (begin("witness")) witness_of(kind);
}

void check_catalogue(const model::Catalogue& catalogue, ConformanceReport& report) {
  const auto expect = [&](bool holds, const std::string& words) {
    ++report.checks;
    if (!holds) report.findings.push_back("catalogue: " + words);
  };
  for (const model::ActionSpec& action : catalogue.actions) {
    const std::string subject(name(action.action));
    for (const model::NodeKind kind : action.covers) {
      expect(catalogue.find(kind) != nullptr, subject + " covers " + std::string(name(kind)) + ", of which no path is described");
    }
    expect(!action.why.empty(), subject + " does not say why");
    expect(action.witnesses.empty() || action.needs_secret, subject + " opens witnesses without a secret of the case");
    for (const model::NodeKind kind : action.witnesses) {
      const model::PathSpec* path = catalogue.find(kind);
      expect(path != nullptr && !path->means.empty() && path->means.front() == ProbeMeans::witness && path->best == model::Grade::witnessed,
             subject + " opens a witness of a kind that promises none");
    }
    const bool undone = !action.undoes.empty() && !action.reasserts;
    const auto orders_it = [&](model::Action other) {
      return std::any_of(catalogue.laws.begin(), catalogue.laws.end(),
                         [&](const model::OrderLaw& law) { return law.first == action.action && law.then == other; });
    };
    expect(!undone || std::all_of(action.undoes.begin(), action.undoes.end(), orders_it),
           subject + " undoes what no order law puts after it");
  }
  for (const model::PathSpec& path : catalogue.paths) {
    const std::string subject(name(path.kind));
    expect(!path.refusal.empty() && !path.settle_source.empty(),
           subject + " does not say what a refusal looks like or where its settle window comes from");
    expect((path.best == model::Grade::refused) == by_probe(path),
           subject + " promises refused without a probe, or has a probe and promises less");
  }
  for (const model::OrderLaw& law : catalogue.laws) {
    expect(catalogue.find(law.first) != nullptr && catalogue.find(law.then) != nullptr, "an order law names an action that is not there");
  }
}

void check_listings(ConformanceBench& bench, ConformanceReport& report) {
  for (const Fault fault : {Fault::none, Fault::listing_cut_said, Fault::listing_cut_unsaid}) {
    const auto connector = bench.fresh();
    if (!connector) continue;
    if (const auto set = bench.set(fault); !set) {
      report.skipped.push_back("listings: " + set.error().text());
      continue;
    }
    const bool whole = fault == Fault::none;
    const std::string scene = whole ? "healthy" : fault == Fault::listing_cut_said ? "cut and said so" : "cut without a word";
    const auto accounts = (*connector)->accounts({});
    const auto inventory = (*connector)->inventory(bench.subject());
    const auto is_full = [](const auto& listing) { return listing.completeness == model::Completeness::full; };
    const bool accounts_full = accounts && is_full(*accounts);
    const bool inventory_full =
        inventory && !inventory->listings.empty() && std::all_of(inventory->listings.begin(), inventory->listings.end(), is_full);
    report.checks += 2;
    if (accounts_full != whole)
      report.findings.push_back("listing of accounts, " + scene + ": " + (whole ? "is not full" : "says that it is full"));
    if (inventory_full != whole) report.findings.push_back("inventory, " + scene + ": " + (whole ? "is not full" : "says that it is full"));
  }
}

void check_own_accounts(ConformanceBench& bench, ConformanceReport& report) {
  const auto connector = bench.fresh();
  if (!connector) return;
  const auto own = (*connector)->own_accounts({});
  report.checks += 1;
  if (!own || own->empty()) report.findings.push_back("own accounts: the accounts that Exeunt stands on are not named");
}

/// A sign-in is told once, with the same instant at every reading; what cannot be read is never an empty listing that says it is full.
void check_sign_ins(ConformanceBench& bench, ConformanceReport& report) {
  const auto connector = bench.fresh();
  if (!connector) return;
  SignInRequest request;
  request.accounts = bench.subject().accounts;
  const auto expect = [&](bool holds, const std::string& words) {
    ++report.checks;
    if (!holds) report.findings.push_back("sign-ins: " + words);
  };
  const auto read = [&] { return (*connector)->sign_ins(request); };
  const auto before = read();
  const auto signed_in = bench.sign_in();
  if (!signed_in && signed_in.error().code == Code::unimplemented) return;
  const auto after = read();
  const auto again = read();
  expect(before && after && again && signed_in, "they are not read from a healthy system");
  if (!before || !after || !again) return;
  expect(after->sign_ins.size() == before->sign_ins.size() + 1, "one that was a success is not told once");
  expect(!after->sign_ins.empty() && !again->sign_ins.empty() && after->sign_ins.back().at == again->sign_ins.back().at,
         "one that is read twice has two instants");
  expect((after->completeness == model::Completeness::full) == after->reason.empty(),
         "less than full comes without a reason, or full with one");
  expect(bench.let_sign_ins_be_read(false).has_value(), "the bench has no fault for it");
  const auto unread = read();
  expect(!unread || (unread->completeness != model::Completeness::full && !unread->reason.empty()),
         "what could not be read is listed as if there were none");
}

}  // namespace

ConformanceReport run_conformance(ConformanceBench& bench) {
  ConformanceReport report;
  const auto connector = bench.fresh();
  if (!connector) {
    report.findings.push_back("the bench does not start: " + connector.error().text());
    return report;
  }
  check_catalogue((*connector)->catalogue(), report);
  check_own_accounts(bench, report);
  check_listings(bench, report);
  check_sign_ins(bench, report);
  for (const ConformanceCut& cut : bench.cuts()) {
    CutRun run(bench, report, cut);
    run.ends_and_shows_it();
    run.answer_lost_after();
    run.answer_lost_before();
    run.silent_no_op();
    run.down();
    run.prober_broken();
    run.witness_discriminates();
  }
  return report;
}

}  // namespace exeunt::connect
