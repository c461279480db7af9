#include "engine/witness_book.hpp"

#include <algorithm>

namespace exeunt::engine {

using connect::ProbeResult;
using model::ProbeAnswer;

namespace {

std::optional<ProbeAnswer> answer_of(const std::optional<ProbeResult>& result) {
  if (!result) return std::nullopt;
  return result->answer;
}

std::optional<ProbeResult> use(const std::unique_ptr<connect::Witness>& witness) {
  if (witness == nullptr) return std::nullopt;
  ProbeResult result = witness->use({});
  result.means = model::ProbeMeans::witness;
  return result;
}

}  // namespace

ListedNow listed_now(const connect::Observation& look) {
  const Listed listed = look.presence == connect::Presence::present  ? Listed::present
                        : look.presence == connect::Presence::absent ? Listed::gone
                                                                     : Listed::unknown;
  return {listed, look.listing};
}

WitnessEvidence evidence_of(const WitnessSight& sight, const model::Node& path) {
  WitnessEvidence evidence;
  evidence.ours = sight.node.key == path.key;
  const auto beside = sight.beside.find(path.id());
  evidence.beside = beside != sight.beside.end() && beside->second == path.facts;
  evidence.before = answer_of(sight.before);
  evidence.control_before = answer_of(sight.control_before);
  evidence.after = answer_of(sight.after);
  evidence.control = answer_of(sight.control);
  if (sight.listed) evidence.witness = listed_now(*sight.listed);
  return evidence;
}

WitnessBook::~WitnessBook() = default;

WitnessBook::Held* WitnessBook::find(const model::NodeId& account, model::NodeKind kind) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find({account, kind});
  return found == held_.end() ? nullptr : found->second.get();
}

void WitnessBook::keep(const model::NodeId& account, std::unique_ptr<connect::Witness> witness, std::unique_ptr<connect::Witness> control) {
  auto held = std::make_unique<Held>();
  held->sight.node = witness->node();
  held->witness = std::move(witness);
  held->control = std::move(control);
  const std::lock_guard lock(mutex_);
  held_.try_emplace({account, held->sight.node.key.kind}, std::move(held));
}

bool WitnessBook::holds(const model::NodeId& account, model::NodeKind kind) const { return find(account, kind) != nullptr; }

std::optional<WitnessSight> WitnessBook::use_before(const model::NodeId& account, model::NodeKind kind,
                                                    const std::vector<model::Node>& listed) {
  Held* const held = find(account, kind);
  if (held == nullptr) return std::nullopt;
  const std::lock_guard lock(held->mutex);
  WitnessSight& sight = held->sight;
  const auto refused = [](const std::optional<ProbeResult>& result) { return result && result->answer == ProbeAnswer::refused; };
  if (refused(sight.after) || refused(sight.before)) return std::nullopt;
  sight.after.reset();
  sight.control.reset();
  sight.beside.clear();
  sight.control_before = use(held->control);
  sight.before = use(held->witness);
  const model::NodeId ours = sight.node.id();
  // Beside hers: the same listing shows it, so that the call meets both alike.
  const bool shown = std::any_of(listed.begin(), listed.end(), [&](const model::Node& node) { return node.id() == ours; });
  if (shown && sight.before->answer == ProbeAnswer::admitted)
    for (const model::Node& node : listed) sight.beside.emplace(node.id(), node.facts);
  return sight;
}

std::optional<WitnessSight> WitnessBook::look(const model::NodeId& account, model::NodeKind kind, connect::Connector& connector) {
  Held* const held = find(account, kind);
  if (held == nullptr) return std::nullopt;
  const std::lock_guard lock(held->mutex);
  WitnessSight& sight = held->sight;
  const bool over = held->witness == nullptr;
  if (!over) {
    sight.after = use(held->witness);
    if (sight.after->answer == ProbeAnswer::refused) {
      sight.control = use(held->control);
      held->witness.reset();
      held->control.reset();
    }
  }
  const bool gone = sight.listed && sight.listed->presence == connect::Presence::absent;
  if (held->witness == nullptr && !gone) {
    if (auto seen = connector.observe(sight.node, {})) sight.listed = std::move(*seen);
  }
  return sight;
}

bool WitnessBook::first_time(const std::string& words) {
  const std::lock_guard lock(mutex_);
  return said_.insert(words).second;
}

}  // namespace exeunt::engine
