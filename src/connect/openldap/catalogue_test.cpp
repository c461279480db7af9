#include "connect/openldap/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "testing/catalogue_checks.hpp"

namespace exeunt::connect {
namespace {

using model::Action;
using model::NodeKind;

}  // namespace

TEST_CASE("openldap: the catalogue's reset re-asserts the lock that it undoes, and the composed action holds both") {
  const auto catalogue = openldap_catalogue();
  const auto* reset = catalogue.find(Action::replace_password);
  REQUIRE(reset != nullptr);
  CHECK(std::count(reset->undoes.begin(), reset->undoes.end(), Action::disable_account) == 1);
  CHECK(reset->reasserts);
  const auto* composed = catalogue.find(Action::lock_and_replace);
  REQUIRE(composed != nullptr);
  CHECK(composed->composed_of.size() == 2);
  CHECK(composed->needs_secret);
}

TEST_CASE("openldap: every kind of path has an action that ends it, a refusal in words and a source for its settle window") {
  const auto catalogue = openldap_catalogue();
  testing::check_says_all(catalogue);
  for (const auto& path : catalogue.paths) CHECK_FALSE(path.gaps.empty());
  CHECK(catalogue.find(NodeKind::account)->trying_counts_as_failure);
  // A held connection cannot be shown refused: nothing of the catalogue may promise it.
  CHECK(catalogue.find(NodeKind::session)->best == model::Grade::read_back);
  CHECK(catalogue.find(NodeKind::membership)->best == model::Grade::read_back);
}

TEST_CASE("openldap: the catalogue's digest is stable") { CHECK(openldap_catalogue().digest() == openldap_catalogue().digest()); }

}  // namespace exeunt::connect
