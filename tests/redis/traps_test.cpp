// What survives a "disabled" user on Redis, and what this connector does about it (systems.md).
#include <doctest/doctest.h>

#include "redis/server.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::look;
using test::own;

namespace {
/// Lock, then end sessions: the two steps of a plan.
void cut(connect::Connector& connector, const std::string& name) {
  REQUIRE(act(connector, Action::lock_and_replace, account(name)));
  REQUIRE(act(connector, Action::end_sessions, account(name), look(connector, {name}).all(NodeKind::session)));
}
}  // namespace

TEST_CASE("redis: sessions, subscribers and blocked pops outlive a disabled user and end with the step") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("held");
  test::Client session = server.log_in(name, "pw"), in_multi = server.log_in(name, "pw");
  test::Client subscriber = server.log_in(name, "pw"), blocked = server.log_in(name, "pw");
  subscriber.send({"SUBSCRIBE", "news"});
  REQUIRE(subscriber.answer() == "[subscribe, news, 1]");
  blocked.send({"BLPOP", "queue-of-" + name, "0"});
  REQUIRE(in_multi.ask({"MULTI"}) == "OK");
  REQUIRE(in_multi.ask({"SET", "x", "1"}) == "QUEUED");

  // The usual way: off and a new password. All four are still inside; a blocked pop is served even without the right to it.
  server.admin().ask({"ACL", "SETUSER", name, "off", "resetpass", ">another", "-blpop"});
  CHECK(session.ask({"SET", "y", "1"}) == "OK");
  server.admin().ask({"RPUSH", "queue-of-" + name, "loot"});
  CHECK(blocked.answer().find("loot") != std::string::npos);
  server.admin().ask({"PUBLISH", "news", "loot"});
  CHECK(subscriber.answer().find("loot") != std::string::npos);
  server.admin().ask({"ACL", "SETUSER", name, "on", ">pw", "+blpop"});
  blocked.send({"BLPOP", "queue-of-" + name, "0"});

  const test::Seen seen = look(*connector, {name});
  CHECK(seen.all(NodeKind::session).size() == 4);
  REQUIRE(seen.listing(NodeKind::session, name) != nullptr);
  CHECK(seen.listing(NodeKind::session, name)->completeness == Completeness::full);
  std::string words;
  for (const model::Node& node : seen.all(NodeKind::session)) words += node.label + "; ";
  for (const char* what : {"subscriber", "blocked", "in MULTI"}) CHECK_MESSAGE(words.find(what) != std::string::npos, what);

  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  const auto ended = act(*connector, Action::end_sessions, account(name), seen.all(NodeKind::session));
  REQUIRE(ended);
  CHECK(session.closed());
  CHECK(in_multi.closed());
  CHECK(subscriber.closed());
  CHECK(blocked.closed());
  for (const model::Node& node : seen.all(NodeKind::session)) {
    CHECK(connector->observe(node, {})->presence == connect::Presence::absent);
    CHECK(std::find(ended->acknowledged.begin(), ended->acknowledged.end(), node.id()) != ended->acknowledged.end());
  }
  CHECK(look(*connector, {name}).all(NodeKind::session).empty());
}

TEST_CASE("redis: the lock takes rights from sessions at once, and EXEC of what was queued before fails") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("queued", {"~*", "&*", "+@all"});
  test::Client session = server.log_in(name, "pw"), in_multi = server.log_in(name, "pw");
  REQUIRE(in_multi.ask({"MULTI"}) == "OK");
  REQUIRE(in_multi.ask({"SET", "queued-key", "1"}) == "QUEUED");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  // With ACL rights left she would set herself on again over the session that is still open.
  CHECK(session.ask({"ACL", "SETUSER", name, "on", ">mine"}).find("NOPERM") != std::string::npos);
  CHECK(in_multi.ask({"EXEC"}).find("OK") == std::string::npos);
  CHECK(server.admin().ask({"EXISTS", "queued-key"}) == "0");
}

TEST_CASE("redis: passwords are destroyed, so a later `on` revives nothing") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("revived");
  server.admin().ask({"ACL", "SETUSER", name, ">second", ">third"});
  CHECK(look(*connector, {name}).all(NodeKind::account).front().facts.at("passwords") == "3");
  cut(*connector, name);
  server.admin().ask({"ACL", "SETUSER", name, "on"});
  for (const char* password : {"pw", "second", "third", ""}) CHECK_FALSE(server.lets_in(name, password));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::admitted);
}

TEST_CASE("redis: a user without a password is locked with one") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("open", {"nopass", "~*", "+@all", "-@admin"});
  CHECK(server.lets_in(name, "anything"));
  cut(*connector, name);
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  server.admin().ask({"ACL", "SETUSER", name, "on"});
  CHECK_FALSE(server.lets_in(name, "anything"));
}

TEST_CASE("redis: a user that was off before is never set on, not for a try either") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("off_before");
  server.admin().ask({"ACL", "SETUSER", name, "off"});
  cut(*connector, name);
  CHECK(server.admin().ask({"ACL", "GETUSER", name}).find("[off") != std::string::npos);
  // Nothing was let in before, so nothing is claimed but what the ACL says.
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::absent);
}

TEST_CASE("redis: a session that logs in as somebody else is still hers, is seen and is ended") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("hers"), other = server.make_user("colleague");
  test::Client session = server.log_in(name, "pw"), of_other = server.log_in(other, "pw");
  const test::Seen seen = look(*connector, {name});
  REQUIRE(seen.all(NodeKind::session).size() == 1);
  REQUIRE(session.ask({"AUTH", other, "pw"}) == "OK");
  CHECK(connector->observe(seen.all(NodeKind::session).front(), {})->presence == connect::Presence::present);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  REQUIRE(act(*connector, Action::end_sessions, account(name), seen.all(NodeKind::session)));
  CHECK(session.closed());
  CHECK(of_other.open());
  CHECK(connector->observe(seen.all(NodeKind::session).front(), {})->presence == connect::Presence::absent);
}

TEST_CASE("redis: a monitor, a tracking client and a replica of her own are sessions like others") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("watcher", {"~*", "&*", "+@all"});
  test::Client monitor = server.log_in(name, "pw"), tracking = server.log_in(name, "pw"), replica = server.log_in(name, "pw");
  monitor.send({"MONITOR"});
  REQUIRE(monitor.answer() == "OK");
  REQUIRE(tracking.ask({"CLIENT", "TRACKING", "ON", "REDIRECT", tracking.ask({"CLIENT", "ID"})}) == "OK");
  replica.send({"SYNC"});
  static_cast<void>(replica.answer(50));
  const test::Seen seen = look(*connector, {name});
  CHECK(seen.all(NodeKind::session).size() == 3);
  CHECK(seen.listing(NodeKind::session, name)->completeness == Completeness::full);
  cut(*connector, name);
  CHECK(look(*connector, {name}).all(NodeKind::session).empty());
  CHECK(tracking.closed());
}

TEST_CASE("redis: a rotated shared user refuses the old value, ends what was opened with it, and spares what came after") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string shared = server.make_user("shared");
  const model::Node secret = test::node(NodeKind::secret, shared);
  server.admin().ask({"ACL", "SETUSER", shared, ">forgotten second password"});
  test::Client before = server.log_in(shared, "pw");
  const base::Secret old_value("pw"), new_value{std::string(test::k_case_value)};
  CHECK(own(*connector, secret, &old_value).answer == ProbeAnswer::admitted);
  REQUIRE(act(*connector, Action::rotate_secret, secret, look(*connector, {}, {secret}).all(NodeKind::session)));
  CHECK(before.closed());
  CHECK_FALSE(server.lets_in(shared, "forgotten second password"));
  CHECK(own(*connector, secret, &old_value, &new_value).answer == ProbeAnswer::refused);
  test::Client after = server.log_in(shared, test::k_case_value);
  REQUIRE(after.open());
  CHECK(look(*connector, {}, {secret}).all(NodeKind::session).empty());
  REQUIRE(act(*connector, Action::rotate_secret, secret));
  CHECK(after.open());
}

TEST_CASE("redis: a user that may make users is root-equivalent, and what it may have made is a gap") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string chief = server.make_user("chief", {"~*", "&*", "+@all"});
  const std::string maker = server.make_user("maker", {"-@all", "+acl|setuser"});
  const std::string plain = server.make_user("plain");
  const auto accounts = connector->accounts({});
  REQUIRE(accounts);
  CHECK(accounts->completeness == Completeness::full);
  for (const connect::AccountRecord& record : accounts->accounts) {
    CAPTURE(record.login);
    if (record.login == chief || record.login == maker) CHECK(record.administrator);
    if (record.login == plain) CHECK_FALSE(record.administrator);
  }
  for (const std::string& name : {chief, maker}) {
    const test::Seen seen = look(*connector, {name});
    CHECK(seen.all(NodeKind::account).front().privileged);
    CHECK(seen.gap_names("does not remember who made one"));
    REQUIRE(seen.listing(NodeKind::account, name) != nullptr);
    CHECK(seen.listing(NodeKind::account, name)->completeness == Completeness::lower_bound);
  }
  CHECK_FALSE(look(*connector, {plain}).gap_names("does not remember who made one"));
}

TEST_CASE("redis: a default user without a password is said in map and check") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("somebody");
  CHECK_FALSE(look(*connector, {name}).gap_names("default asks for no password"));
  server.admin().ask({"ACL", "SETUSER", "default", "on", "nopass", "~*", "+@all"});
  const bool in_map = look(*connector, {name}).gap_names("default asks for no password");
  const auto report = connector->check({});
  server.admin().ask({"ACL", "SETUSER", "default", "reset"});
  CHECK(in_map);
  REQUIRE(report);
  bool in_check = false;
  for (const std::string& words : report->missing) in_check = in_check || words.starts_with("DANGER");
  CHECK(in_check);
}

TEST_CASE("redis: a deleted user's sessions end with it, and a user made again under her name is a way in") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("deleted");
  test::Client session = server.log_in(name, "pw");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  REQUIRE(act(*connector, Action::delete_account, account(name)));
  CHECK(session.closed());
  CHECK(server.saved_text().find("user " + name + " ") == std::string::npos);
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::absent);
  REQUIRE(act(*connector, Action::delete_account, account(name)));
  server.admin().ask({"ACL", "SETUSER", name, "on", ">hers again"});
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}
