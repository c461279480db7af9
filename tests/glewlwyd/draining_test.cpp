// Access tokens that were issued end by waiting: never earlier than the last one can have expired, by the provider's clock.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>

#include "glewlwyd/company.hpp"
#include "testing/fake_clock.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using model::NodeKind;

namespace {

const base::SystemClock k_machine;

/// Ours and the provider's clock both go on: what counts is the provider's, by the Date of its answers.
void pass(test::Company& company, testing::FakeClock& clock, int seconds, int& passed) {
  passed += seconds;
  clock.advance(std::chrono::seconds(seconds));
  company.fault("date:" + std::to_string(passed));
}

model::Node drain_of(const model::Inventory& inventory) {
  for (const auto& node : inventory.nodes) {
    if (test::is_drain(node)) return node;
  }
  FAIL("access tokens have no node");
  return {};
}
std::int64_t until_ms(const model::Node& node) { return std::strtoll(node.facts.at("until_ms").c_str(), nullptr, 10); }
std::int64_t ms(base::Time time) { return time.time_since_epoch().count(); }

void cut(connect::Connector& connector, const model::Node& account) {
  for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::revoke_tokens}) {
    REQUIRE(test::act(connector, action, account));
  }
}

}  // namespace

TEST_CASE("glewlwyd: access tokens drain: present while one can be had, then for their lifetime, and only then over") {
  EXEUNT_COMPANY(company);
  testing::FakeClock clock(k_machine.now());
  int passed = 0;
  auto connector = company.connector(clock);
  const std::string login = company.make_person("drains");
  const model::Node account = test::account_of(*connector, login);
  const model::Node drain = drain_of(test::look(*connector, account));
  CHECK(until_ms(drain) >= ms(clock.now()) + 90'000);
  CHECK(until_ms(drain) <= ms(clock.now()) + 95'000);

  CHECK(test::presence(*connector, drain) == Presence::present);
  REQUIRE(test::act(*connector, Action::lock_and_replace, account));
  // A way that can still mint one is no draining: only what goes on by itself has an instant.
  CHECK(!connector->observe(drain, {})->until);
  cut(*connector, account);
  CHECK(company.ask("try", login).at("userinfo").as_int64() == 200);  // hers is alive, whatever was revoked
  const auto draining = connector->observe(drain, {});
  REQUIRE(draining);
  CHECK(draining->presence == Presence::present);
  REQUIRE(draining->until);
  CHECK(ms(*draining->until) >= ms(clock.now()) + 90'000);
  CHECK(ms(*draining->until) <= ms(clock.now()) + 95'000);
  // An instant that is handed back is never taken for earlier than the last refresh allows.
  model::Node remembered = drain;
  remembered.facts["drains_until_ms"] = "1";
  CHECK(test::presence(*connector, remembered) == Presence::present);
  remembered.facts["drains_until_ms"] = std::to_string(ms(*draining->until));
  pass(company, clock, 80, passed);
  CHECK(test::presence(*connector, drain) == Presence::present);
  pass(company, clock, 20, passed);
  CHECK(test::presence(*connector, drain) == Presence::absent);
  // A process that knows nothing of the past begins to wait anew: later than the truth, never earlier.
  auto restarted = company.connector(clock);
  CHECK(test::presence(*restarted, drain) == Presence::present);
  // Unless it is told what the case was told before.
  CHECK(test::presence(*restarted, remembered) == Presence::absent);
}

TEST_CASE("glewlwyd: a way in that is back forgets the waiting") {
  EXEUNT_COMPANY(company);
  testing::FakeClock clock(k_machine.now());
  int passed = 0;
  auto connector = company.connector(clock);
  const std::string login = company.make_person("back");
  const model::Node account = test::account_of(*connector, login);
  const model::Node drain = drain_of(test::look(*connector, account));
  cut(*connector, account);
  CHECK(test::presence(*connector, drain) == Presence::present);
  pass(company, clock, 80, passed);
  company.ask({{"do", "restore"}, {"login", login}, {"sessions", 1}});
  CHECK(test::presence(*connector, drain) == Presence::present);
  cut(*connector, account);
  pass(company, clock, 20, passed);
  CHECK(test::presence(*connector, drain) == Presence::present);
}

TEST_CASE("glewlwyd: a provider whose clock is 90 s off is measured, and what it says is told in our time") {
  EXEUNT_COMPANY(company);
  const std::string login = company.make_person("offset");
  for (const int seconds : {90, -90}) {
    CAPTURE(seconds);
    // Our clock is off by as much the other way; the provider's answers stay as they are.
    testing::FakeClock clock(k_machine.now() - std::chrono::seconds(seconds));
    auto connector = company.connector(clock);
    const auto report = connector->check({});
    REQUIRE(report);
    CHECK(report->clock_offset >= std::chrono::seconds(seconds - 3));
    CHECK(report->clock_offset <= std::chrono::seconds(seconds + 3));
    const model::Node account = test::account_of(*connector, login);
    const model::Inventory inventory = test::look(*connector, account);
    const std::int64_t ours = ms(clock.now());
    for (const model::Node& token : test::of_kind(inventory, NodeKind::token)) {
      CHECK(until_ms(token) > ours + 3'500'000);  // an hour by its clock is an hour by ours
      CHECK(until_ms(token) < ours + 3'610'000);
    }
    CHECK(until_ms(drain_of(inventory)) >= ours + 88'000);
    CHECK(until_ms(drain_of(inventory)) <= ours + 97'000);
  }
}
