// A probe tells alive, cut and nonexistent apart, and says unknown for everything that it does not understand.
#include <doctest/doctest.h>

#include "connect/registry.hpp"
#include "rabbitmq/relay.hpp"
#include "rabbitmq/server.hpp"
#include "testing/connector_checks.hpp"
#include "testing/small_http_server.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::own;
using testing::SmallReply;

namespace {
connect::ProbeResult control(connect::Connector& connector) { return testing::control(connector, account("x"), model::ProbeMeans::own); }
}  // namespace

TEST_CASE("rabbitmq: alive, cut and nonexistent answer differently, though \"Login failed\" is said of all three") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("probed");
  CHECK(own(*connector, account("never was")).answer == ProbeAnswer::unknown);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  const connect::ProbeResult cut = own(*connector, account(name));
  CHECK(cut.answer == ProbeAnswer::refused);
  CHECK(cut.reason == "Login failed+shut");
  CHECK(control(*connector).answer == ProbeAnswer::admitted);
  // Another process: the same state, the same refusal, and no memory of an admission.
  auto other = server.connector();
  CHECK(own(*other, account(name)).answer == ProbeAnswer::unknown);
  CHECK(other->observe(account(name), {})->presence == connect::Presence::absent);
  // The same password on the same user, alive again: it is the login that answers.
  server.set_password(name, test::k_case_value);
  const connect::ProbeResult alive = own(*connector, account(name));
  CHECK(alive.answer == ProbeAnswer::admitted);
  CHECK(alive.reason == "logged in");
}

TEST_CASE("rabbitmq: a row of the broker's users is no try: what was not tried is neither admitted nor refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("listed");
  testing::check_listing_is_no_try(*connector, account(name), "not shut");
}

TEST_CASE("rabbitmq: a login that was let in before an earlier cut does not vouch for a later one") {
  EXEUNT_SERVER(server);
  test::Relay relay(server.port());
  auto connector = server.connector({{"url", "http://127.0.0.1:" + std::to_string(relay.port())}});
  const std::string name = server.make_user("twice");
  testing::check_each_cut_has_its_own_login(*connector, relay, account(name), [&] { server.set_password(name, "hers"); });
}

TEST_CASE("rabbitmq: somebody who undoes a part of the lock is seen") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("undone");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  server.ask(net::Method::remove, {"user-limits", name, "max-connections"});
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  server.set_password(name, "hers");
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("rabbitmq: a wrong password is never a probe") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const model::Node secret = test::node(NodeKind::secret, server.make_user("shared"));
  testing::check_wrong_password_is_no_probe(*connector, secret);
}

TEST_CASE("rabbitmq: with our own credential wrong nothing is refused, and the words name the credential") {
  EXEUNT_SERVER(server);
  server.write_secret("wrong.secret", "not ours");
  auto right = server.connector();
  auto connector = server.connector({{"credential", "file:" + (server.folder() / "wrong.secret").string()}});
  const std::string cut = server.make_user("cut");
  REQUIRE(act(*right, Action::lock_and_replace, account(cut)));
  testing::check_wrong_credential(*connector, account(cut), "not ours");
}

TEST_CASE("rabbitmq: an acknowledged lock without effect reads as still there, and its password as never let in") {
  EXEUNT_SERVER(server);
  test::Relay relay(server.port());
  auto connector = server.connector({{"url", "http://127.0.0.1:" + std::to_string(relay.port())}});
  const std::string name = server.make_user("untouched");
  relay.set(connect::Fault::silent_no_op);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("rabbitmq: answers that are none cost an error and no more, and never read refused") {
  EXEUNT_SERVER(server);
  const SmallReply answers[] = {SmallReply::answer(200, "<html>log in</html>"),
                                SmallReply::answer(302, "", "Location: https://login.example.org/\r\n"),
                                SmallReply::answer(500, "{}"),
                                SmallReply::answer(404, ""),
                                SmallReply::answer(200, "[{\"name\":7}]"),
                                SmallReply::answer(200, "null"),
                                SmallReply::answer(401, "{\"reason\":\"Login failed\"}"),
                                SmallReply::answer(200, "[[[[[[")};
  for (const SmallReply& answer : answers) {
    CAPTURE(answer.bytes);
    testing::SmallHttpServer impostor([&](const std::string&) { return answer; });
    auto connector = server.connector({{"url", "http://127.0.0.1:" + std::to_string(impostor.port())}});
    CHECK_FALSE(connector->accounts({}));
    CHECK_FALSE(connector->check({}));
    CHECK(own(*connector, account("anybody")).answer == ProbeAnswer::unknown);
    CHECK(control(*connector).answer != ProbeAnswer::admitted);
    CHECK_FALSE(connector->observe(account("anybody"), {}));
  }
}

TEST_CASE("rabbitmq: hostile user names are found, cut and deleted like any other; two cannot be named and are refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string bystander = server.make_user("bystander");
  const std::string stems[] = {"a/b",
                               "a b",
                               "../../etc",
                               "%2F",
                               "%00",
                               "x?y=z#f",
                               "quote\"'`",
                               "line\nbreak",
                               "\xE2\x80\xAEright to left",
                               "=cmd|'/C calc'!A0",
                               "{\"a\":1}",
                               "colon:name"};
  for (const std::string& stem : stems) {
    CAPTURE(stem);
    const std::string name = server.make_user(stem);
    CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
    REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
    REQUIRE(act(*connector, Action::end_sessions, account(name)));
    // A colon ends the name in Basic authentication: then it is read back only.
    CHECK(own(*connector, account(name)).answer == (stem.find(':') != std::string::npos ? ProbeAnswer::unknown : ProbeAnswer::refused));
    CHECK(connector->observe(account(name), {})->presence == connect::Presence::absent);
    REQUIRE(act(*connector, Action::delete_account, account(name)));
  }
  for (const char* name : {"", ".", ".."}) {
    const auto outcome = act(*connector, Action::lock_and_replace, account(name));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == base::Code::invalid_argument);
    CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  }
  CHECK(server.takes(bystander, "pw"));
}

TEST_CASE("rabbitmq: check, own account and settings") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const auto report = connector->check({});
  REQUIRE(report);
  CHECK(report->version.starts_with("RabbitMQ 3."));
  for (const std::string& words : report->missing) CHECK_MESSAGE(false, words);
  const auto accounts = connector->accounts({});
  REQUIRE(accounts);
  CHECK(accounts->completeness == model::Completeness::full);
  for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::delete_account, Action::rotate_secret}) {
    CHECK(act(*connector, action, account("exeunt")).error().code == base::Code::failed_precondition);
  }
  const std::string weak = server.make_user("weak", "monitoring");
  server.write_secret("weak.secret", "pw");
  auto few = server.connector({{"user", weak}, {"credential", "file:" + (server.folder() / "weak.secret").string()}});
  const auto missing = few->check({});
  REQUIRE(missing);
  CHECK(missing->missing.size() == 1);
  CHECK(act(*few, Action::lock_and_replace, account("conform")).error().code == base::Code::permission_denied);

  testing::check_settings_refused(connect::make_rabbitmq, server.config(),
                                  {{{{"urll", "x"}}, "urll"},
                                   {{{"url", ""}}, "url"},
                                   {{{"url", "http://broker.example.org:15672"}}, "url"},
                                   {{{"url", "ftp://127.0.0.1"}}, "url"},
                                   {{{"user", ""}}, "user"},
                                   {{{"credential", "env:X"}}, "credential"}});
}
