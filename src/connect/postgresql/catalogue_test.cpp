#include "connect/postgresql/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace exeunt::connect {
namespace {

using model::Action;
using model::NodeKind;

TEST_CASE("postgresql catalogue: every kind of path has an action that ends it, a refusal in words and a settle window with its source") {
  for (const model::Catalogue& catalogue : {postgresql_catalogue(), postgresql_catalogue_without_gate()}) {
    for (const model::PathSpec& path : catalogue.paths) {
      CAPTURE(std::string(model::name(path.kind)));
      CHECK(std::any_of(catalogue.actions.begin(), catalogue.actions.end(), [&](const model::ActionSpec& action) {
        return std::find(action.covers.begin(), action.covers.end(), path.kind) != action.covers.end();
      }));
      CHECK_FALSE(path.refusal.empty());
      CHECK_FALSE(path.settle_source.empty());
      CHECK(path.settle > base::Duration{0});
    }
    for (const model::ActionSpec& action : catalogue.actions) CHECK_FALSE(action.why.empty());
  }
}

TEST_CASE("postgresql catalogue: logins are shut before sessions are ended, and code is read before its owner is deleted") {
  const model::Catalogue catalogue = postgresql_catalogue();
  const auto ordered = [&](Action first, Action then) {
    return std::any_of(catalogue.laws.begin(), catalogue.laws.end(),
                       [&](const model::OrderLaw& law) { return law.first == first && law.then == then; });
  };
  CHECK(ordered(Action::lock_and_replace, Action::end_sessions));
  CHECK(ordered(Action::disable_account, Action::end_sessions));
  CHECK(ordered(Action::review, Action::delete_account));
  CHECK(ordered(Action::transfer_ownership, Action::delete_account));
}

TEST_CASE("postgresql catalogue: without a gate nothing about an account is promised refused") {
  CHECK(postgresql_catalogue().find(NodeKind::account)->best == model::Grade::refused);
  CHECK(postgresql_catalogue_without_gate().find(NodeKind::account)->best == model::Grade::read_back);
}

}  // namespace
}  // namespace exeunt::connect
