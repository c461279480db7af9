// Who signed in and whose refresh tokens were used, as a real provider keeps it; what it refuses leaves no trace there.
#include <doctest/doctest.h>

#include <algorithm>

#include "glewlwyd/company.hpp"
#include "testing/connector_calls.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using test::act;
using testing::sign_ins_since;

namespace {

std::size_t of(const connect::SignInListing& listing, NodeKind kind) {
  return static_cast<std::size_t>(
      std::count_if(listing.sign_ins.begin(), listing.sign_ins.end(), [&](const auto& one) { return one.used.kind == kind; }));
}

}  // namespace

TEST_CASE("glewlwyd: her sign-ins and the use of her refresh tokens are told; after the cut her tries are no use") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const base::Time since = base::SystemClock().now();
  const std::string login = company.make_person("used", 2);
  const model::Node account = test::account_of(*connector, login);
  const auto told = sign_ins_since(*connector, account, since);
  CHECK_MESSAGE(told.completeness == Completeness::lower_bound, told.reason);
  CHECK(of(told, NodeKind::account) == 2);
  REQUIRE(of(told, NodeKind::token) == 1);
  for (const auto& one : told.sign_ins) {
    CHECK(one.account == account.id());
    CHECK(std::abs((one.at - told.clock_offset - since).count()) < 60'000);
  }
  for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::revoke_tokens, Action::revoke_grants})
    REQUIRE(act(*connector, action, account));
  const auto cut = sign_ins_since(*connector, account, since);
  CHECK(cut.sign_ins.size() == told.sign_ins.size());  // ended ones are kept
  company.ask("try", login);
  const auto tried = sign_ins_since(*connector, account, since);
  REQUIRE(tried.sign_ins.size() == cut.sign_ins.size());
  for (std::size_t i = 0; i < cut.sign_ins.size(); ++i) CHECK(tried.sign_ins[i].at == cut.sign_ins[i].at);
}
