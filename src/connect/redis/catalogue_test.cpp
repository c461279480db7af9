#include "connect/redis/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace exeunt::connect {
namespace {

using model::Action;

TEST_CASE("redis catalogue: every kind of path has an action that ends it, a refusal in words and a settle window with its source") {
  const model::Catalogue catalogue = redis_catalogue();
  for (const model::PathSpec& path : catalogue.paths) {
    CAPTURE(std::string(model::name(path.kind)));
    CHECK(std::any_of(catalogue.actions.begin(), catalogue.actions.end(), [&](const model::ActionSpec& action) {
      return std::find(action.covers.begin(), action.covers.end(), path.kind) != action.covers.end();
    }));
    CHECK_FALSE(path.refusal.empty());
    CHECK_FALSE(path.settle_source.empty());
  }
}

TEST_CASE("redis catalogue: `off` by itself is no action: it only shadows the passwords") {
  CHECK(redis_catalogue().find(Action::disable_account) == nullptr);
  CHECK(redis_catalogue().find(Action::lock_and_replace)->needs_secret);
}

TEST_CASE("redis catalogue: logins are shut before sessions are ended") {
  const model::Catalogue catalogue = redis_catalogue();
  CHECK(std::any_of(catalogue.laws.begin(), catalogue.laws.end(),
                    [](const model::OrderLaw& law) { return law.first == Action::lock_and_replace && law.then == Action::end_sessions; }));
}

}  // namespace
}  // namespace exeunt::connect
