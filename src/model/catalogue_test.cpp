#include "model/catalogue.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>

namespace exeunt::model {
namespace {

Catalogue sample() {
  Catalogue catalogue;
  catalogue.kind = "openldap";
  ActionSpec lock;
  lock.action = Action::lock_and_replace;
  lock.covers = {NodeKind::account};
  lock.composed_of = {Action::replace_password, Action::disable_account};
  lock.why = "slapd forgets a lock at a later reset";
  catalogue.actions = {lock};
  PathSpec account;
  account.means = {ProbeMeans::gate};
  account.best = Grade::refused;
  catalogue.paths = {account};
  catalogue.laws = {{Action::lock_and_replace, Action::end_sessions, "no new login before sessions end"}};
  catalogue.gaps = {"TCP sockets of other servers"};
  return catalogue;
}

TEST_CASE("catalogue: an action or a kind of path is found, or is not there") {
  const Catalogue catalogue = sample();
  REQUIRE(catalogue.find(Action::lock_and_replace) != nullptr);
  CHECK(catalogue.find(Action::lock_and_replace)->composed_of.size() == 2);
  CHECK(catalogue.find(Action::wipe_device) == nullptr);
  REQUIRE(catalogue.find(NodeKind::account) != nullptr);
  CHECK(catalogue.find(NodeKind::token) == nullptr);
}

TEST_CASE("catalogue: the digest is the same for the same content and another for any change") {
  CHECK(sample().digest() == sample().digest());
  CHECK(sample().digest().size() == 64);
  const std::function<void(Catalogue&)> changes[] = {
      [](Catalogue& c) { c.kind = "postgresql"; },
      [](Catalogue& c) { c.version = 2; },
      [](Catalogue& c) { c.simulated = true; },
      [](Catalogue& c) { c.actions[0].action = Action::disable_account; },
      [](Catalogue& c) { c.actions[0].target = NodeKind::secret; },
      [](Catalogue& c) { c.actions[0].covers.push_back(NodeKind::session); },
      [](Catalogue& c) { c.actions[0].stage = Stage::identity; },
      [](Catalogue& c) { c.actions[0].by_rule = true; },
      [](Catalogue& c) { c.actions[0].needs_secret = true; },
      [](Catalogue& c) { c.actions[0].needs_heir = true; },
      [](Catalogue& c) { c.actions[0].destructive = true; },
      [](Catalogue& c) { c.actions[0].reversible = false; },
      [](Catalogue& c) { c.actions[0].expected_calls = 2; },
      [](Catalogue& c) { c.actions[0].composed_of.pop_back(); },
      [](Catalogue& c) { c.actions[0].undoes = {Action::disable_account}; },
      [](Catalogue& c) { c.actions[0].reasserts = true; },
      [](Catalogue& c) { c.actions[0].undone_over = {NodeKind::session}; },
      [](Catalogue& c) { c.actions[0].also_shuts = {NodeKind::session}; },
      [](Catalogue& c) { c.actions[0].why += "."; },
      [](Catalogue& c) { c.actions.clear(); },
      [](Catalogue& c) { c.paths[0].kind = NodeKind::session; },
      [](Catalogue& c) { c.paths[0].means.push_back(ProbeMeans::observe); },
      [](Catalogue& c) { c.paths[0].refusal = "49"; },
      [](Catalogue& c) { c.paths[0].best = Grade::observed; },
      [](Catalogue& c) { c.paths[0].trying_counts_as_failure = true; },
      [](Catalogue& c) { c.paths[0].settle = base::Duration(1); },
      [](Catalogue& c) { c.paths[0].settle_source = "measured"; },
      [](Catalogue& c) { c.paths[0].gaps = {"x"}; },
      [](Catalogue& c) { c.laws[0].first = Action::attest; },
      [](Catalogue& c) { c.laws[0].then = Action::attest; },
      [](Catalogue& c) { c.laws[0].why = ""; },
      [](Catalogue& c) { c.budget.calls_per_second = 51; },
      [](Catalogue& c) { c.budget.burst = 51; },
      [](Catalogue& c) { c.budget.concurrency = 5; },
      [](Catalogue& c) { c.gaps.clear(); },
  };
  std::set<std::string> digests{sample().digest()};
  for (const auto& change : changes) {
    Catalogue catalogue = sample();
    change(catalogue);
    digests.insert(catalogue.digest());
  }
  CHECK(digests.size() == std::size(changes) + 1);
}

}  // namespace
}  // namespace exeunt::model
