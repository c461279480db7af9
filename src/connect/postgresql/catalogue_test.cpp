#include "connect/postgresql/catalogue.hpp"

#include <doctest/doctest.h>

#include "testing/catalogue_checks.hpp"

namespace exeunt::connect {
namespace {

using model::Action;
using model::NodeKind;

TEST_CASE("postgresql catalogue: every kind of path has an action that ends it, a refusal in words and a settle window with its source") {
  for (const model::Catalogue& catalogue : {postgresql_catalogue(), postgresql_catalogue_without_gate()})
    testing::check_says_all(catalogue);
}

TEST_CASE("postgresql catalogue: logins are shut before sessions are ended, and code is read before its owner is deleted") {
  const model::Catalogue catalogue = postgresql_catalogue();
  CHECK(testing::has_law(catalogue, Action::lock_and_replace, Action::end_sessions));
  CHECK(testing::has_law(catalogue, Action::disable_account, Action::end_sessions));
  CHECK(testing::has_law(catalogue, Action::review, Action::delete_account));
  CHECK(testing::has_law(catalogue, Action::transfer_ownership, Action::delete_account));
}

TEST_CASE("postgresql catalogue: without a gate nothing about an account is promised refused") {
  CHECK(postgresql_catalogue().find(NodeKind::account)->best == model::Grade::refused);
  CHECK(postgresql_catalogue_without_gate().find(NodeKind::account)->best == model::Grade::read_back);
}

}  // namespace
}  // namespace exeunt::connect
