#include "connect/redis/catalogue.hpp"

#include <doctest/doctest.h>

#include "testing/catalogue_checks.hpp"

namespace exeunt::connect {
namespace {

using model::Action;

TEST_CASE("redis catalogue: every kind of path has an action that ends it, a refusal in words and a settle window with its source") {
  testing::check_says_all(redis_catalogue());
}

TEST_CASE("redis catalogue: `off` by itself is no action: it only shadows the passwords") {
  CHECK(redis_catalogue().find(Action::disable_account) == nullptr);
  CHECK(redis_catalogue().find(Action::lock_and_replace)->needs_secret);
}

TEST_CASE("redis catalogue: logins are shut before sessions are ended") {
  CHECK(testing::has_law(redis_catalogue(), Action::lock_and_replace, Action::end_sessions));
}

}  // namespace
}  // namespace exeunt::connect
