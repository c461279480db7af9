#include "connect/rabbitmq/catalogue.hpp"

#include <doctest/doctest.h>

#include "testing/catalogue_checks.hpp"

namespace exeunt::connect {
namespace {

using model::Action;

TEST_CASE("rabbitmq catalogue: every kind of path has an action that ends it, a refusal in words and a settle window with its source") {
  testing::check_says_all(rabbitmq_catalogue());
}

TEST_CASE("rabbitmq catalogue: logins are shut before connections are closed, and the settle window is past handshake and statistics") {
  const model::Catalogue catalogue = rabbitmq_catalogue();
  CHECK(testing::has_law(catalogue, Action::lock_and_replace, Action::end_sessions));
  for (const model::PathSpec& path : catalogue.paths) CHECK(path.settle > base::Duration{10'000});
}

}  // namespace
}  // namespace exeunt::connect
