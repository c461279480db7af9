// Checks that every connector's tests make alike on its real server.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "connect/conformance.hpp"
#include "testing/connector_calls.hpp"

namespace exeunt::testing {

inline void check_conforms(connect::ConformanceBench& bench, int checks_min) {
  const connect::ConformanceReport report = connect::run_conformance(bench);
  for (const std::string& finding : report.findings) CHECK_MESSAGE(false, finding);
  for (const std::string& words : report.skipped) CHECK_MESSAGE(false, words);
  CHECK(report.checks > checks_min);
}

enum class Loss { fails_the_action, may_be_made_up_for };

/// Loses the connection at each request of an action in turn, before its effect and after it: that leaves an open question, never a claim,
/// and a repeat makes it whole. The bench's relay counts what it `passed`.
template <class Bench>
void check_lost_anywhere(Bench& bench, const connect::ConformanceCut& cut, Loss loss, const std::function<void()>& then = {}) {
  auto connector = bench.fresh();
  REQUIRE(connector);
  const auto inventory = (*connector)->inventory(bench.subject());
  REQUIRE(inventory);
  std::vector<model::Node> covered;
  for (const model::Node& node : inventory->nodes) {
    if (node.key.kind == cut.path) covered.push_back(node);
  }
  const base::Secret value{std::string(k_case_value)};
  const base::Secret* needed = (*connector)->catalogue().find(cut.action)->needs_secret ? &value : nullptr;
  bool reached = true;
  for (int round = 2; reached; ++round) {
    const bool after_effect = round % 2 != 0;
    CAPTURE(round / 2);
    CAPTURE(after_effect);
    CAPTURE(std::string(model::name(cut.action)));
    connector = bench.fresh();
    REQUIRE(connector);
    const std::string before = bench.outside().value();
    bench.relay().cut_at(round / 2, after_effect);
    const auto lost = act_with(**connector, cut.action, cut.target, covered, needed);
    reached = bench.relay().passed() >= round / 2;
    bench.relay().cut_at(0, false);
    const std::string after = bench.outside().value();
    if (loss == Loss::fails_the_action) CHECK(lost.has_value() == !reached);
    if (!lost) {
      const bool open = lost.error().code == base::Code::outcome_unknown;
      CHECK((open || lost.error().code == base::Code::unavailable));
      // "Certainly no effect" is said only where there was none.
      if (!open) CHECK(before == after);
    }
    REQUIRE(act_with(**connector, cut.action, cut.target, covered, needed));
    CHECK(bench.outside().value() != before);
    if (then) then();
  }
}

/// Changes to the settings that make them wrong, and the word that the refusal names.
struct WrongSettings {
  Changes changes;
  std::string said;
};
using Maker = base::Result<std::unique_ptr<connect::Connector>> (*)(const connect::SystemConfig&, const base::Clock&, base::Random&);
inline void check_settings_refused(Maker make, const connect::SystemConfig& good, const std::vector<WrongSettings>& rows) {
  base::SystemClock clock;
  base::SystemRandom random;
  for (const WrongSettings& row : rows) {
    CAPTURE(row.said);
    const auto made = make(changed(good, row.changes), clock, random);
    REQUIRE(!made);
    CHECK(made.error().code == base::Code::invalid_argument);
    CHECK(made.error().text().find(row.said) != std::string::npos);
    CHECK(made.error().text().find("exeunt.yaml:1") != std::string::npos);
  }
}

/// A shared secret whose present value is "pw": a refused value shows something only beside one that is let in.
inline void check_wrong_password_is_no_probe(connect::Connector& connector, const model::Node& secret) {
  const base::Secret right("pw"), wrong("never was"), also_wrong("nor this");
  struct Row {
    const base::Secret* old_value;
    const base::Secret* new_value;
    model::ProbeAnswer answer;
  };
  using model::ProbeAnswer;
  const Row rows[] = {
      {&wrong, nullptr, ProbeAnswer::unknown},  {&wrong, &also_wrong, ProbeAnswer::unknown}, {nullptr, &right, ProbeAnswer::unknown},
      {&right, nullptr, ProbeAnswer::admitted}, {&right, &wrong, ProbeAnswer::admitted},     {&wrong, &right, ProbeAnswer::refused},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.answer));
    CHECK(own(connector, secret, row.old_value, row.new_value).answer == row.answer);
  }
}

/// An account that is listed as alive, and a password of the case's that there is not yet: what was not tried is neither admitted nor refused.
inline void check_listing_is_no_try(connect::Connector& connector, const model::Node& account, const std::string& reason) {
  for (const model::ProbeMoment moment : {model::ProbeMoment::before, model::ProbeMoment::after}) {
    CAPTURE(std::string(model::name(moment)));
    connect::ProbeRequest request;
    request.target = account;
    request.means = model::ProbeMeans::own;
    request.moment = moment;
    const auto listed = connector.probe(request);
    REQUIRE(listed);
    CHECK(listed->answer == model::ProbeAnswer::unknown);
    CHECK(listed->reason == reason);
  }
  CHECK(connector.observe(account, {})->presence == connect::Presence::present);
}

/// A login that was let in before an earlier cut does not vouch for a later one whose own login got no answer. `reopen`: lets her in again.
template <class Relay>
void check_each_cut_has_its_own_login(connect::Connector& connector, Relay& relay, const model::Node& account,
                                      const std::function<void()>& reopen) {
  int not_let_in = 0;
  for (int request = 1;; ++request) {
    CAPTURE(request);
    relay.cut_at(0, false);
    reopen();
    REQUIRE(act(connector, model::Action::lock_and_replace, account));
    REQUIRE(own(connector, account).answer == model::ProbeAnswer::refused);
    reopen();
    relay.cut_at(request, false);
    const auto again = act(connector, model::Action::lock_and_replace, account);
    const bool reached = relay.passed() >= request;
    relay.cut_at(0, false);
    if (!reached) break;
    if (!again || again->words.find("not let in before") == std::string::npos) continue;
    ++not_let_in;
    CHECK(own(connector, account).answer == model::ProbeAnswer::unknown);
    CHECK(connector.observe(account, {})->presence == connect::Presence::absent);
  }
  CHECK(not_let_in == 1);
}

/// With our own credential wrong nothing is refused, also what was cut, and the words name the credential and not its value.
inline void check_wrong_credential(connect::Connector& connector, const model::Node& cut, const std::string& wrong_value) {
  CHECK(own(connector, cut).answer == model::ProbeAnswer::unknown);
  CHECK(control(connector, cut, model::ProbeMeans::own).answer == model::ProbeAnswer::unknown);
  const auto listing = connector.accounts({});
  REQUIRE(!listing);
  CHECK(listing.error().code == base::Code::permission_denied);
  CHECK(listing.error().next.find("credential") != std::string::npos);
  CHECK(listing.error().text().find(wrong_value) == std::string::npos);
}

}  // namespace exeunt::testing
