#include "connect/kerberos/catalogue.hpp"

#include <doctest/doctest.h>

#include "testing/catalogue_checks.hpp"

namespace exeunt::connect {
namespace {

using model::Action;
using model::Grade;
using model::NodeKind;

TEST_CASE("kerberos catalogue: every kind of path has an action that ends it, a refusal in words and a settle window with its source") {
  testing::check_says_all(kerberos_catalogue());
}

TEST_CASE("kerberos catalogue: only the account is tried at the gate; a new key and tickets in hand are not seen there") {
  CHECK(kerberos_catalogue().find(NodeKind::account)->best == Grade::refused);
  CHECK(kerberos_catalogue().find(NodeKind::key)->best == Grade::read_back);
  CHECK(kerberos_catalogue().find(NodeKind::token)->best == Grade::read_back);
}

TEST_CASE("kerberos catalogue: a principal is locked before it is deleted, so that its last ticket has a time") {
  CHECK(testing::has_law(kerberos_catalogue(), Action::lock_and_replace, Action::delete_account));
  CHECK_FALSE(kerberos_catalogue().find(Action::lock_and_replace)->needs_secret);
}

}  // namespace
}  // namespace exeunt::connect
