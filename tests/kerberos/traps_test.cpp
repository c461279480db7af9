// What survives a locked principal in MIT Kerberos, and what this connector says and does about it (systems.md).
#include <doctest/doctest.h>

#include "connect/registry.hpp"
#include "kerberos/server.hpp"
#include "testing/connector_checks.hpp"
#include "testing/fake_clock.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using model::ProbeMeans;
using test::account;
using test::act;
using test::gate;
using test::look;

TEST_CASE("kerberos: a lock, an expiry, a new key and a deletion leave a held ticket getting tickets for services not yet cached") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  for (const char* how : {"disable", "lock", "expire", "randkey", "delete"}) {
    CAPTURE(how);
    const std::string name = server.make_person("held"), cache = name + ".cc";
    REQUIRE(server.lets_in(name, "pw", cache, "-r 1d"));
    const model::Node node = account(*connector, name);
    const std::string what = how;
    if (what == "disable") REQUIRE(act(*connector, Action::disable_account, node));
    if (what == "lock") REQUIRE(act(*connector, Action::lock_and_replace, node));
    if (what == "expire") static_cast<void>(server.admin("modprinc -expire yesterday " + name));
    if (what == "randkey") REQUIRE(act(*connector, Action::replace_password, node));
    if (what == "delete") REQUIRE(act(*connector, Action::delete_account, node));
    CHECK_FALSE(server.lets_in(name, "pw"));
    CHECK(server.gets_ticket(cache, "svc/b"));
    CHECK(server.renews(cache));
    // A new key is not seen at the gate: the principal is alive there.
    CHECK(gate(*connector, node).answer == (what == "randkey" ? ProbeAnswer::admitted : ProbeAnswer::refused));
  }
}

TEST_CASE("kerberos: the gate tells alive, locked, expired, deleted and never there apart, and moves no counter") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string alive = server.make_person("alive"), locked = server.make_person("locked"), expired = server.make_person("expired");
  const std::string gone = server.make_person("gone"), open = server.make_person("open", "-requires_preauth");
  const model::Node was = account(*connector, gone);
  static_cast<void>(server.admin("modprinc -allow_tix " + locked));
  static_cast<void>(server.admin("modprinc -expire yesterday " + expired));
  static_cast<void>(server.admin("delprinc -force " + gone));
  const std::string before = server.row(alive, "Failed password attempts") + server.row(alive, "Last failed authentication");
  struct Row {
    model::Node node;
    ProbeAnswer answer;
    const char* reason;
  };
  const Row rows[] = {{account(*connector, alive), ProbeAnswer::admitted, "PREAUTH_REQUIRED"},
                      {account(*connector, open), ProbeAnswer::admitted, "AS-REP"},
                      {account(*connector, locked), ProbeAnswer::refused, "CLIENT_REVOKED"},
                      {account(*connector, expired), ProbeAnswer::refused, "NAME_EXP"},
                      {was, ProbeAnswer::refused, "C_PRINCIPAL_UNKNOWN"},
                      {test::bare("never-was"), ProbeAnswer::unknown, "never listed"}};
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    const auto said = gate(*connector, row.node);
    CHECK(said.answer == row.answer);
    CHECK(said.reason == row.reason);
  }
  CHECK(server.row(alive, "Failed password attempts") + server.row(alive, "Last failed authentication") == before);
  CHECK(testing::control(*connector, was, ProbeMeans::gate).answer == ProbeAnswer::admitted);
  CHECK(connector->observe(account(*connector, alive), {})->presence == Presence::present);
  for (const std::string& name : {locked, expired, gone}) {
    CHECK(connector->observe(account(*connector, name), {})->presence == Presence::absent);
  }
}

TEST_CASE("kerberos: a lockout after wrong passwords is no refusal, for it passes by itself; a lock behind it is one") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("typo", "-policy lockout");
  for (int i = 0; i < 3; ++i) CHECK_FALSE(server.lets_in(name, "wrong"));
  const auto said = gate(*connector, account(*connector, name));
  CHECK(said.answer == ProbeAnswer::unknown);
  CHECK(said.reason == "CLIENT_REVOKED+LOCKED_OUT");
  REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
  CHECK(gate(*connector, account(*connector, name)).answer == ProbeAnswer::refused);
}

TEST_CASE(
    "kerberos: a keytab copy made without a new key is worthless after the lock, also when somebody unlocks; a lock alone revives it") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("copy"), keytab = (server.folder() / (name + ".keytab")).string();
  static_cast<void>(server.admin("ktadd -norandkey -k " + keytab + " " + name));
  const auto by_keytab = [&] { return server.lets_in(name, "", "", "-k -t " + keytab); };
  CHECK(by_keytab());
  const auto keys = look(*connector, name).all(NodeKind::key);
  REQUIRE(keys.size() == 1);
  CHECK(keys.front().key.native_id == name + "@" + test::k_realm + ":1");
  REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
  CHECK_FALSE(by_keytab());
  static_cast<void>(server.admin("modprinc +allow_tix " + name));
  CHECK(by_keytab());
  CHECK(connector->observe(keys.front(), {})->presence == Presence::present);
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  CHECK(connector->observe(keys.front(), {})->presence == Presence::absent);
  CHECK(server.row(name, "Attributes").find("DISALLOW_ALL_TIX") != std::string::npos);
  CHECK(server.row(name, "Attributes").find("REQUIRES_PRE_AUTH") != std::string::npos);
  static_cast<void>(server.admin("modprinc +allow_tix " + name));
  CHECK_FALSE(by_keytab());
  CHECK_FALSE(server.lets_in(name, "pw"));
}

TEST_CASE("kerberos: a lock is written again where keys were not replaced, or were set by somebody else since") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("again");
  const auto kvno = [&] { return server.row(name, "Key"); };
  REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
  CHECK(kvno().find("vno 1,") != std::string::npos);
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  CHECK(kvno().find("vno 2,") != std::string::npos);
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  CHECK(kvno().find("vno 2,") != std::string::npos);
  static_cast<void>(server.admin("cpw -pw behind " + name));
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  CHECK(kvno().find("vno 4,") != std::string::npos);
  static_cast<void>(server.admin("modprinc +allow_tix " + name));
  CHECK_FALSE(server.lets_in(name, "behind"));
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  CHECK(gate(*connector, account(*connector, name)).answer == ProbeAnswer::refused);
}

TEST_CASE("kerberos: a key that somebody set in the second of a lock is not taken for ours, whatever ended the run in between") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const auto version = [&](const std::string& name) { return server.row(name, "Key"); };
  // As after a run that died between the lock and the new key: by the times alone the key could be of our making.
  const std::string died = server.make_person("died");
  static_cast<void>(server.admin("cpw -pw hers " + died));
  REQUIRE(act(*connector, Action::disable_account, account(*connector, died)));
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, died)));
  CHECK(version(died).find("vno 3,") != std::string::npos);
  // As after one that died before the mark, or whose mark is of an earlier key.
  for (const char* mark : {"1", "99999999999", "nonsense"}) {
    CAPTURE(mark);
    const std::string before = version(died);
    static_cast<void>(server.admin("setstr " + died + " exeunt_key " + mark));
    REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, died)));
    CHECK(version(died) != before);
  }
  // The mark of a deleted principal goes with it.
  static_cast<void>(server.admin("delprinc -force " + died));
  static_cast<void>(server.admin("addprinc -pw hers -allow_tix " + died));
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, died)));
  static_cast<void>(server.admin("modprinc +allow_tix " + died));
  CHECK_FALSE(server.lets_in(died, "hers"));
}

TEST_CASE("kerberos: old key versions kept with -keepold are listed and end with the lock") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("kept");
  static_cast<void>(server.admin("cpw -keepold -pw other " + name));
  const auto keys = look(*connector, name).all(NodeKind::key);
  CHECK(keys.size() == 2);
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  for (const model::Node& key : keys) CHECK(connector->observe(key, {})->presence == Presence::absent);
}

TEST_CASE("kerberos: tickets in hand drain from the lock's own time, in any process, and are over when none can last") {
  EXEUNT_SERVER(server);
  const base::Clock& clock = server.clock();
  const base::Time began = clock.now();
  auto connector = server.connector({{"clock_skew_seconds", "40"}}, &clock);
  const std::string name = server.make_person("drains", "-maxlife 90s -maxrenewlife 0s -allow_postdated");
  const auto tokens = look(*connector, name).all(NodeKind::token);
  REQUIRE(tokens.size() == 1);
  const model::Node& tickets = tokens.front();
  CHECK(tickets.facts.at("life_ms") == "90000");
  CHECK(connector->observe(tickets, {})->presence == Presence::present);
  CHECK_FALSE(connector->observe(tickets, {})->until);
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  const auto draining = connector->observe(tickets, {});
  REQUIRE(draining);
  CHECK(draining->presence == Presence::present);
  REQUIRE(draining->until);
  CHECK(*draining->until >= began + base::Duration(125'000));  // life and skew
  CHECK(*draining->until <= clock.now() + base::Duration(150'000));
  // Another process says the same; applying again, in another second, does not push it further.
  const std::string modified = server.row(name, "Last modified");
  const base::Time later = server.clock().now() + base::Duration(1'100);
  while (server.clock().now() < later) CHECK(server.row(name, "Last modified") == modified);
  REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
  REQUIRE(act(*connector, Action::lock_and_replace, account(*connector, name)));
  CHECK(server.row(name, "Last modified") == modified);
  auto restarted = server.connector({{"clock_skew_seconds", "40"}}, &clock);
  const auto again = restarted->observe(tickets, {});
  REQUIRE(again);
  REQUIRE(again->until);
  CHECK(*again->until - *draining->until < base::Duration(2'000));
  CHECK(*draining->until - *again->until < base::Duration(2'000));
}

TEST_CASE("kerberos: the KDC's clock is measured, and an end is told in our time") {
  EXEUNT_SERVER(server);
  const std::string name = server.make_person("offset", "-maxlife 90s -maxrenewlife 0s -allow_postdated");
  REQUIRE(act(*server.connector(), Action::disable_account, test::bare(name)));
  for (const int seconds : {100, -100, 400}) {
    CAPTURE(seconds);
    testing::FakeClock clock(server.clock().now() - base::Duration(seconds * 1000));
    auto connector = server.connector({{"clock_skew_seconds", "5"}}, &clock);
    const auto report = connector->check({});
    REQUIRE(report);
    CHECK(report->clock_offset >= base::Duration((seconds - 10) * 1000));
    CHECK(report->clock_offset <= base::Duration((seconds + 10) * 1000));
    const auto seen = connector->observe(look(*connector, name).all(NodeKind::token).front(), {});
    REQUIRE(seen);
    REQUIRE(seen->until);
    CHECK(*seen->until > clock.now() + base::Duration(60'000));
    CHECK(*seen->until < clock.now() + base::Duration(110'000));
  }
}

TEST_CASE("kerberos: a postdated ticket begins when others have ended, so an ending is claimed only where none can be had") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"clock_skew_seconds", "0"}});
  const std::string may = server.make_person("postdates", "-maxlife 1s -maxrenewlife 0s"),
                    may_not = server.make_person("not", "-allow_postdated -maxlife 1s -maxrenewlife 0s");
  CHECK(server.lets_in(may, "pw", "later.cc", "-s 1000h"));
  CHECK_FALSE(server.lets_in(may_not, "pw", "never.cc", "-s 1000h"));
  CHECK(look(*connector, may).gap_names("postdated"));
  CHECK_FALSE(look(*connector, may_not).gap_names("postdated"));
  for (const std::string& name : {may, may_not}) {
    const auto tickets = look(*connector, name).all(NodeKind::token).front();
    CHECK(tickets.facts.contains(model::facts::k_until_ms) == (name == may_not));
    REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
    const auto seen = connector->observe(tickets, {});
    REQUIRE(seen);
    REQUIRE(seen->until);
    // A machine clock cannot be pushed on: another connector whose clock is, and whose offset is measured, would say the same. Wait it out.
    while (server.clock().now() < *seen->until) CHECK(server.row(name, "Principal") != "none");
    CHECK(connector->observe(tickets, {})->presence == (name == may ? Presence::unknown : Presence::absent));
  }
}

TEST_CASE("kerberos: krbtgt's limits do not hold for a service's ticket asked for directly, so the principal's own are counted") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("directly", "-maxlife 90s -maxrenewlife 0s");
  static_cast<void>(server.admin("modprinc -maxlife 1s -maxrenewlife 0s -allow_postdated krbtgt/" + test::k_realm));
  CHECK(server.lets_in(name, "pw", "granting.cc"));
  CHECK(server.lets_in(name, "pw", "service.cc", "-S svc/b"));
  CHECK_FALSE(server.lets_in(name, "pw", "later-granting.cc", "-s 1000h"));
  CHECK(server.lets_in(name, "pw", "later-service.cc", "-s 1000h -S svc/b"));
  const testing::Seen seen = look(*connector, name);
  const model::Node tickets = seen.all(NodeKind::token).front();
  CHECK(tickets.facts.at("life_ms") == "90000");
  CHECK(seen.gap_names("postdated"));
  const base::Time over = server.clock().now() + base::Duration(2'000);
  while (server.clock().now() < over) CHECK(server.row(name, "Principal") != "none");
  CHECK_FALSE(server.gets_ticket("granting.cc", "svc/a"));
  CHECK(server.gets_ticket("service.cc", "svc/b"));
  static_cast<void>(server.admin("modprinc -maxlife 12h -maxrenewlife 1d +allow_postdated krbtgt/" + test::k_realm));
  // Without a life of its own the principal's tickets last as long as whatever service lets them.
  static_cast<void>(server.admin("modprinc -maxlife 0 " + name));
  CHECK(look(*connector, name).gap_names("longest ticket life"));
  REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
  CHECK(connector->observe(tickets, {})->presence == Presence::unknown);
}

TEST_CASE("kerberos: a new krbtgt key ends ticket-granting tickets in hand, everybody's, which is why no action of ours makes one") {
  EXEUNT_SERVER(server);
  const std::string hers = server.make_person("hers"), his = server.make_person("his");
  for (const std::string& name : {hers, his}) REQUIRE(server.lets_in(name, "pw", name + ".cc"));
  CHECK(server.gets_ticket(hers + ".cc", "svc/a"));
  static_cast<void>(server.admin("cpw -randkey krbtgt/" + test::k_realm));
  for (const std::string& name : {hers, his}) CHECK_FALSE(server.gets_ticket(name + ".cc", "svc/b"));
  CHECK(server.gets_ticket(hers + ".cc", "svc/a"));  // found in her own cache: no try at all
  CHECK(server.lets_in(his, "pw"));
  CHECK(gate(*server.connector(), test::bare(his)).answer == ProbeAnswer::admitted);
}

TEST_CASE("kerberos: of a deleted principal the limits count as they were listed, and as the wider ones where they were narrowed since") {
  EXEUNT_SERVER(server);
  const base::Clock& clock = server.clock();
  const base::Time began = clock.now();
  auto connector = server.connector({{"clock_skew_seconds", "40"}}, &clock);
  const std::string narrowed = server.make_person("narrowed", "-maxlife 90s -maxrenewlife 0s -allow_postdated");
  const std::string deleted = server.make_person("deleted", "-maxlife 90s -maxrenewlife 0s -allow_postdated");
  const model::Node hers = look(*connector, narrowed).all(NodeKind::token).front(),
                    gone = look(*connector, deleted).all(NodeKind::token).front();
  static_cast<void>(server.admin("modprinc -maxlife 1s -allow_tix " + narrowed));
  static_cast<void>(server.admin("delprinc -force " + deleted));
  for (const model::Node& tickets : {hers, gone}) {
    const auto seen = connector->observe(tickets, {});
    REQUIRE(seen);
    REQUIRE(seen->until);
    CHECK(*seen->until >= began + base::Duration(125'000));
    CHECK(*seen->until <= clock.now() + base::Duration(150'000));
  }
  model::Node bare = gone;
  bare.facts.erase("life_ms");
  CHECK(connector->observe(bare, {})->presence == Presence::unknown);
  CHECK(look(*connector, deleted).gap_names("longest ticket life"));
}

TEST_CASE("kerberos: what the realm and Exeunt stand on is not touched") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  for (const std::string& name :
       {"krbtgt/" + test::k_realm, std::string("K/M"), std::string("kadmin/admin"), std::string("exeunt/admin"), std::string("control")}) {
    CAPTURE(name);
    for (const Action action : {Action::disable_account, Action::lock_and_replace, Action::delete_account, Action::replace_password}) {
      CHECK_FALSE(act(*connector, action, test::bare(name)));
    }
  }
  CHECK(connector->accounts({})->completeness == Completeness::full);
}

TEST_CASE("kerberos: hostile names are listed, locked and probed as they are") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  for (const std::string name : {R"(o'brien)", R"(a\/b)", R"(eve\nx)", R"(smith, j+x=\\\\y)", R"($(id))", "m\x1b[31m"}) {
    CAPTURE(name);
    static_cast<void>(server.admin("addprinc -pw pw \"" + name + "\""));
  }
  const auto listing = connector->accounts({});
  REQUIRE(listing);
  int seen = 0;
  for (const connect::AccountRecord& record : listing->accounts) {
    if (record.login.find_first_of("'\\$,\x1b") == std::string::npos) continue;
    ++seen;
    CAPTURE(record.node.key.native_id);
    CHECK(gate(*connector, record.node).answer == ProbeAnswer::admitted);
    REQUIRE(act(*connector, Action::lock_and_replace, record.node));
    CHECK(gate(*connector, record.node).answer == ProbeAnswer::refused);
  }
  CHECK(seen == 6);
}

TEST_CASE("kerberos: with the KDC or kadmind down, silent or without our key nothing reads refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("down");
  REQUIRE(act(*connector, Action::disable_account, account(*connector, name)));
  const model::Node cut = account(*connector, name);
  CHECK(gate(*connector, cut).answer == ProbeAnswer::refused);
  server.stop_kdc();
  CHECK(gate(*connector, cut).answer == ProbeAnswer::unknown);
  CHECK(testing::control(*connector, cut, ProbeMeans::gate).answer == ProbeAnswer::unknown);
  CHECK(act(*connector, Action::lock_and_replace, cut).error().code == base::Code::unavailable);
  server.start_kdc();
  // No kadmind, but something that listens: the gate needs none, a change is not made, and the deadline holds.
  server.relay().set_silent(true);
  connect::ApplyRequest request;
  request.action = Action::disable_account;
  request.target = cut;
  request.deadline = {base::Duration(1'500)};
  const base::Duration began = server.clock().steady();
  const auto silent = connector->apply(request);
  CHECK(server.clock().steady() - began < base::Duration(12'000));
  server.relay().set_silent(false);
  REQUIRE_FALSE(silent);
  CHECK(silent.error().code == base::Code::unavailable);
  // A KDC's port that is something else's.
  auto wrong = server.connector({{"kdc_port", std::to_string(server.relay().port())}});
  connect::ProbeRequest probe;
  probe.target = cut;
  probe.means = ProbeMeans::gate;
  probe.deadline = {base::Duration(1'000)};
  CHECK(wrong->probe(probe)->answer == ProbeAnswer::unknown);
}

TEST_CASE("kerberos: a wrong keytab is said, and with too few rights check names each and changes are refused") {
  EXEUNT_SERVER(server);
  const std::string name = server.make_person("strong");
  auto other = server.connector({{"keytab", (server.folder() / "weak.keytab").string()}});
  const auto listing = other->accounts({});
  REQUIRE_FALSE(listing);
  CHECK(listing.error().code == base::Code::permission_denied);
  CHECK(listing.error().text().find("keytab") != std::string::npos);
  auto weak = server.connector({{"principal", "weak/admin"}, {"keytab", (server.folder() / "weak.keytab").string()}});
  for (const Action action : {Action::disable_account, Action::lock_and_replace, Action::delete_account}) {
    CHECK(act(*weak, action, test::bare(name)).error().code == base::Code::permission_denied);
  }
  CHECK(server.lets_in(name, "pw"));
  const auto report = weak->check({});
  REQUIRE(report);
  std::string all;
  for (const std::string& words : report->missing) all += words + "\n";
  for (const char* right : {"l (list)", "m (modify)", "c (changepw)", "d (delete)", "postdated"}) {
    CHECK_MESSAGE(all.find(right) != std::string::npos, right);
  }
  CHECK(all.find("i (inquire)") == std::string::npos);
  const auto whole = server.connector()->check({});
  REQUIRE(whole);
  CHECK(whole->missing.size() == 1);  // postdated tickets, as a realm comes
  CHECK(server.row("exeunt-checks-its-rights-on-nobody", "Principal") == "none");
}

TEST_CASE("kerberos: a change that is acknowledged and comes to nothing reads as still there, with our keytab right and wrong") {
  EXEUNT_SERVER(server);
  auto right = server.connector();
  auto wrong = server.connector({{"keytab", (server.folder() / "weak.keytab").string()}});
  for (const Action action : {Action::disable_account, Action::lock_and_replace, Action::replace_password, Action::delete_account}) {
    CAPTURE(std::string(model::name(action)));
    const std::string name = server.make_person("untouched");
    const testing::Seen before = look(*right, name);
    const model::Node node = account(*right, name), key = before.all(NodeKind::key).front(), tickets = before.all(NodeKind::token).front();
    server.relay().set(connect::Fault::silent_no_op);
    CHECK(act(*right, action, node));
    CHECK_FALSE(act(*wrong, action, node));
    for (connect::Connector* connector : {right.get(), wrong.get()}) {
      CHECK(gate(*connector, node).answer == ProbeAnswer::admitted);
      CHECK(testing::control(*connector, node, ProbeMeans::gate).answer == ProbeAnswer::admitted);
      for (const model::Node& path : {node, key, tickets}) {
        const auto seen = connector->observe(path, {});
        CHECK((!seen || seen->presence == Presence::present));
        CHECK((!seen || !seen->until));
      }
    }
    server.relay().set(connect::Fault::none);
    CHECK(right->observe(node, {})->presence == Presence::present);
    CHECK(server.lets_in(name, "pw"));
  }
}

TEST_CASE("kerberos: settings are read strictly") {
  EXEUNT_SERVER(server);
  testing::write_file(server.folder() / "open.keytab", "x", 0644);
  testing::check_settings_refused(connect::make_kerberos, server.config(),
                                  {{{{"relm", "x"}}, "relm"},
                                   {{{"realm", ""}}, "realm"},
                                   {{{"kdc_port", "0"}}, "kdc_port"},
                                   {{{"principal", ""}}, "principal"},
                                   {{{"control_principal", "exeunt/admin"}}, "control_principal"},
                                   {{{"keytab", "/nowhere"}}, "keytab"},
                                   {{{"keytab", (server.folder() / "open.keytab").string()}}, "readable by others"},
                                   {{{"clock_skew_seconds", "-1"}}, "clock_skew_seconds"}});
}
