// Stages and order: which step must wait for which, and why.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "plan/draft.hpp"

namespace exeunt::plan {

using model::Action;
using model::NodeKind;
using model::OrderLaw;
using model::Stage;

namespace {

/// Order inside a stage where no law decides: logins are shut, then what opens them again, then what is open, then what it leads to.
int rank(Action action) {
  switch (action) {
    case Action::replace_password: return 0;
    case Action::disable_account:
    case Action::lock_and_replace: return 1;
    case Action::rotate_secret: return 2;
    case Action::revoke_certificates:
    case Action::revoke_keys: return 3;
    case Action::revoke_tokens: return 4;
    case Action::end_sessions: return 5;
    case Action::revoke_grants:
    case Action::revoke_delegations: return 6;
    case Action::remove_memberships: return 7;
    case Action::attest:
    case Action::review: return 8;
    case Action::transfer_ownership: return 9;
    case Action::wipe_device:
    case Action::release_licence: return 10;
    case Action::delete_account: return 11;
    case Action::restore_account:  // in no plan that ends something
    case Action::restore_memberships:
    case Action::restore_grants: return 12;
  }
  return 12;
}

struct Law {
  OrderLaw law;
  bool raises = true;  // the later action waits for a later stage; otherwise it holds only where the stages allow it
};

/// Laws of every system (systems.md, "Rules that follow"); a catalogue adds its own.
std::vector<Law> general_laws() {
  std::vector<Law> out;
  constexpr auto k_block_first = "block new logins before ending sessions: a client comes back at once";
  constexpr auto k_shut_first = "while the account can still log in it could take its place back";
  for (const Action shut : {Action::replace_password, Action::disable_account, Action::lock_and_replace}) {
    out.push_back({{shut, Action::end_sessions, k_block_first}});
    out.push_back({{shut, Action::revoke_tokens, k_block_first}});
    out.push_back({{shut, Action::remove_memberships, k_shut_first}});
    out.push_back({{shut, Action::revoke_grants, k_shut_first}});
    out.push_back({{shut, Action::transfer_ownership, k_shut_first}});
  }
  for (const Action opens : {Action::revoke_keys, Action::revoke_certificates})
    out.push_back({{opens, Action::end_sessions, k_block_first}, false});
  constexpr auto k_ids_first = "sessions are ended by the immutable id before its name is deleted";
  out.push_back({{Action::end_sessions, Action::delete_account, k_ids_first}});
  out.push_back({{Action::disable_account, Action::delete_account, k_ids_first}});
  out.push_back({{Action::lock_and_replace, Action::delete_account, k_ids_first}});
  out.push_back({{Action::transfer_ownership, Action::delete_account, "deleting would destroy what the company needs"}});
  return out;
}

/// The identity provider's own cut belongs to stage 1, and nobody else's does.
Stage stage_of(const Draft& draft, const Policy& policy) {
  const bool identity = policy.identity_systems.contains(draft.step.target.key.system);
  const Stage stage = draft.step.stage;
  if (!identity) return stage == Stage::identity ? Stage::downstream : stage;
  switch (draft.step.action) {
    case Action::disable_account:
    case Action::replace_password:
    case Action::lock_and_replace:
    case Action::end_sessions:
    case Action::revoke_tokens: return stage > Stage::identity ? Stage::identity : stage;
    default: return stage;
  }
}

struct Wait {
  std::size_t first, then;
  std::string why;
  bool raises;
};

class Orderer {
 public:
  Orderer(const Ground& ground, std::vector<Draft> drafts) : ground_(ground), drafts_(std::move(drafts)) {}

  base::Result<std::vector<Draft>> run() {
    for (auto& draft : drafts_) draft.step.stage = stage_of(draft, ground_.input.policy);
    find_waits();
    raise_stages();
    std::erase_if(waits_, [&](const Wait& wait) { return drafts_[wait.first].step.stage > drafts_[wait.then].step.stage; });
    EXEUNT_TRY_ASSIGN(const auto order, sequence());
    return numbered(order);
  }

 private:
  std::vector<Law> laws_of(const Draft& draft) const {
    std::vector<Law> laws;
    const auto key = model::parse_node_id(draft.group);
    if (const model::Catalogue* catalogue = key ? ground_.catalogue(key->system) : nullptr)
      for (const auto& law : catalogue->laws) laws.push_back({law});
    for (auto& law : general_laws()) {
      // The system's own word about the same pair, in either direction, goes before the general one.
      const bool told = std::any_of(laws.begin(), laws.end(), [&](const Law& own) {
        return (own.law.first == law.law.first && own.law.then == law.law.then) ||
               (own.law.first == law.law.then && own.law.then == law.law.first);
      });
      if (!told) laws.push_back(std::move(law));
    }
    return laws;
  }

  void find_waits() {
    std::map<model::NodeId, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < drafts_.size(); ++i) groups[drafts_[i].group].push_back(i);
    for (const auto& [group, members] : groups) {
      const auto laws = laws_of(drafts_[members.front()]);
      for (const std::size_t then : members)
        for (const std::size_t first : members)
          for (const auto& law : laws)
            if (first != then && drafts_[first].step.action == law.law.first && drafts_[then].step.action == law.law.then)
              waits_.push_back({first, then, law.law.why, law.raises});
    }
  }

  void raise_stages() {
    // At most one raise a stage and draft: ends also where laws contradict each other (found by sequence()).
    for (bool raised = true; raised;) {
      raised = false;
      for (const auto& wait : waits_) {
        Stage& then = drafts_[wait.then].step.stage;
        const Stage first = drafts_[wait.first].step.stage;
        if (!wait.raises || then >= first) continue;
        then = first;
        raised = true;
      }
    }
  }

  base::Result<std::vector<std::size_t>> sequence() const {
    std::vector<std::size_t> open(drafts_.size(), 0);
    for (const auto& wait : waits_) ++open[wait.then];
    const auto key = [&](std::size_t i) {
      const Draft& d = drafts_[i];
      return std::tuple(d.step.stage, rank(d.step.action), d.depth, d.step.target.key, d.step.action, i);
    };
    std::set<decltype(key(0))> ready;
    for (std::size_t i = 0; i < drafts_.size(); ++i)
      if (open[i] == 0) ready.insert(key(i));
    std::vector<std::size_t> out;
    while (!ready.empty()) {
      const std::size_t next = std::get<5>(*ready.begin());
      ready.erase(ready.begin());
      out.push_back(next);
      for (const auto& wait : waits_)
        if (wait.first == next && --open[wait.then] == 0) ready.insert(key(wait.then));
    }
    if (out.size() == drafts_.size()) return out;
    for (std::size_t i = 0; i < drafts_.size(); ++i)
      if (open[i] > 0)
        return base::fail(base::Code::failed_precondition,
                          fmt::format("{}: the order laws of its catalogue contradict each other at {}",
                                      drafts_[i].step.target.key.system.text(), name(drafts_[i].step.action)),
                          "mend the connector's catalogue");
    return out;
  }

  std::vector<Draft> numbered(const std::vector<std::size_t>& order) {
    const std::string prefix = ground_.input.name.empty() ? "" : ground_.input.name + ".";
    std::vector<model::StepId> ids(drafts_.size());
    for (std::size_t place = 0; place < order.size(); ++place)
      ids[order[place]] = model::StepId(fmt::format("{}s{:02}", prefix, place + 1));
    std::vector<Draft> out;
    for (const std::size_t i : order) {
      Draft draft = std::move(drafts_[i]);
      draft.step.id = ids[i];
      std::set<model::StepId> after;
      for (const auto& wait : waits_) {
        if (wait.then != i || !after.insert(ids[wait.first]).second) continue;
        draft.step.why += fmt::format("{}after {}: {}", draft.step.why.empty() ? "" : "; ", ids[wait.first].text(), wait.why);
      }
      draft.step.after.assign(after.begin(), after.end());
      out.push_back(std::move(draft));
    }
    return out;
  }

  const Ground& ground_;
  std::vector<Draft> drafts_;
  std::vector<Wait> waits_;
};

}  // namespace

base::Result<std::vector<Draft>> put_in_order(const Ground& ground, std::vector<Draft> drafts) {
  return Orderer(ground, std::move(drafts)).run();
}

}  // namespace exeunt::plan
