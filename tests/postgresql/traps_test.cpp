// What survives a "disabled" role, each reproduced on a real server: a connector that forgets it fails here.
#include <doctest/doctest.h>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::gate;
using test::look;

TEST_CASE("postgresql: a session goes on writing after NOLOGIN until it is ended by the role's OID") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("survivor");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
  CHECK(hers.ask("CREATE TABLE survivor_" + oid + " (line text)") == "");
  const test::Seen seen = look(*connector, {oid});
  const model::Node* session = seen.node(NodeKind::session, hers.endpoint());
  REQUIRE(session != nullptr);
  CHECK(connector->observe(*session, {})->presence == connect::Presence::present);
  REQUIRE(act(*connector, Action::end_sessions, account(oid), {*session}));
  CHECK(hers.ask("SELECT 1") == "!lost");
  CHECK(connector->observe(*session, {})->presence == connect::Presence::absent);
  const auto again = act(*connector, Action::end_sessions, account(oid));
  REQUIRE(again);
  CHECK(again->words == "0 sessions ended");
}

TEST_CASE("postgresql: a session of a dropped role is listed and ended by OID, though it has no name any more") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("dropped");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  server.admin().ask("DROP ROLE " + name);
  CHECK(server.admin().ask("SELECT count(*) FROM pg_stat_activity WHERE usename = '" + name + "'") == "0");
  CHECK(hers.ask("SELECT 1") == "1");
  const test::Seen seen = look(*connector, {oid});
  CHECK(seen.node(NodeKind::account, oid) == nullptr);
  CHECK(seen.node(NodeKind::session, hers.endpoint()) != nullptr);
  REQUIRE(act(*connector, Action::end_sessions, account(oid)));
  CHECK(hers.ask("SELECT 1") == "!lost");
}

TEST_CASE("postgresql: a role that was renamed is still found, and who took its old name is left alone") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("renamed");
  const std::string oid = server.oid_of(name);
  server.admin().ask("ALTER ROLE " + name + " RENAME TO " + name + "_new");
  server.admin().ask("CREATE ROLE " + name + " LOGIN PASSWORD 'bystander'");
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid, name)));
  CHECK(server.admin().ask("SELECT rolcanlogin FROM pg_roles WHERE oid = " + oid) == "f");
  CHECK(server.log_in(name, "bystander").open());
  CHECK(gate(*connector, oid, name).answer == ProbeAnswer::refused);
}

TEST_CASE("postgresql: a held session with CREATEROLE cannot give LOGIN back to its own role") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("fighter", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  SUBCASE("only disabled she can, and the gate says so") {
    REQUIRE(act(*connector, Action::disable_account, account(oid)));
    CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
    CHECK(hers.ask("ALTER ROLE " + name + " LOGIN") == "");
    CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
  }
  SUBCASE("locked and replaced she cannot") {
    REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
    CHECK(hers.ask("ALTER ROLE " + name + " LOGIN") == "!42501");
    CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
  }
}

TEST_CASE("postgresql: her uncommitted ALTER ROLE does not hold the lock up") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("blocker");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.ask("BEGIN") == "");
  REQUIRE(hers.ask("ALTER ROLE " + name + " PASSWORD 'hers'") == "");
  const auto locked = act(*connector, Action::lock_and_replace, account(oid));
  REQUIRE(locked);
  CHECK(locked->words.find("held the role's row") != std::string::npos);
  CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
}

TEST_CASE("postgresql: LOGIN given back revives no password") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("revived");
  const std::string oid = server.oid_of(name);
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
  CHECK(server.admin().ask("SELECT rolpassword IS NULL FROM pg_authid WHERE oid = " + oid) == "t");
  server.admin().ask("ALTER ROLE " + name + " LOGIN");
  CHECK(server.log_in(name, "pw").refusal().find("password authentication failed") != std::string::npos);
  CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
}

TEST_CASE("postgresql: a session that did SET ROLE keeps its rights after the membership is removed, until it is ended") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("member");
  const std::string oid = server.oid_of(name);
  const std::string group = name + "_group";
  server.admin().ask("CREATE ROLE " + group);
  server.admin().ask("GRANT " + group + " TO " + name + " WITH ADMIN OPTION");
  server.admin().ask("CREATE TABLE of_" + group + " (line text)");
  server.admin().ask("ALTER TABLE of_" + group + " OWNER TO " + group);
  test::Client hers = server.log_in(name, "pw");
  test::Client later = server.log_in(name, "pw");
  REQUIRE(hers.ask("SET ROLE " + group) == "");
  const std::string membership = oid + ":" + server.oid_of(group);
  const test::Seen seen = look(*connector, {oid});
  REQUIRE(seen.node(NodeKind::membership, membership) != nullptr);
  CHECK(seen.node(NodeKind::membership, membership)->privileged);
  REQUIRE(act(*connector, Action::remove_memberships, account(oid), seen.all(NodeKind::membership)));
  CHECK(connector->observe(*seen.node(NodeKind::membership, membership), {})->presence == connect::Presence::absent);
  CHECK(later.ask("SET ROLE " + group) == "!42501");
  CHECK(hers.ask("INSERT INTO of_" + group + " VALUES ('still here')") == "");
  REQUIRE(act(*connector, Action::end_sessions, account(oid)));
  CHECK(hers.ask("INSERT INTO of_" + group + " VALUES ('gone')") == "!lost");
}

TEST_CASE("postgresql: ownership changes hands in every database, SECURITY DEFINER code does not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("owner");
  const std::string heir = server.make_role("heir");
  const std::string oid = server.oid_of(name);
  test::Client sales = server.log_in(name, "pw", "sales");
  REQUIRE(sales.ask("CREATE TABLE t_" + name + " (line text)") == "");
  REQUIRE(sales.ask("CREATE FUNCTION f_" + name + "() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'") == "");
  REQUIRE(sales.ask("CREATE FUNCTION plain_" + name + "() RETURNS text LANGUAGE sql AS 'SELECT current_user::text'") == "");
  REQUIRE(server.log_in(name, "pw").ask("CREATE TABLE t_" + name + " (line text)") == "");
  const test::Seen seen = look(*connector, {oid});
  REQUIRE(seen.all(NodeKind::automation).size() == 1);
  const model::Node function = seen.all(NodeKind::automation).front();
  CHECK(seen.listing(NodeKind::resource, oid)->count >= 4);
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
  REQUIRE(act(*connector, Action::end_sessions, account(oid)));

  connect::ApplyRequest request;
  request.action = Action::transfer_ownership;
  request.target = account(oid);
  CHECK(connector->apply(request).error().code == base::Code::invalid_argument);
  request.heir = account(server.oid_of(heir));
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    const auto done = connector->apply(request);
    REQUIRE_MESSAGE(done, done.error().text());
    CHECK(done->words.find("1 SECURITY DEFINER function left") != std::string::npos);
    test::Client look_in = server.log_in("postgres", "root", "sales");
    CHECK(look_in.ask("SELECT tableowner FROM pg_tables WHERE tablename = 't_" + name + "'") == heir);
    CHECK(look_in.ask("SELECT proowner::regrole FROM pg_proc WHERE proname = 'plain_" + name + "'") == heir);
    CHECK(look_in.ask("SELECT proowner::regrole FROM pg_proc WHERE proname = 'f_" + name + "'") == name);
    CHECK(look_in.ask("SELECT f_" + name + "()") == name);
    CHECK(server.admin().ask("SELECT tableowner FROM pg_tables WHERE tablename = 't_" + name + "'") == heir);
  }
  CHECK(server.admin().ask("SELECT count(*) FROM pg_auth_members WHERE member = 'exeunt'::regrole AND roleid IN (" + oid + ", " +
                           server.oid_of(heir) + ")") == "0");
  CHECK(connector->observe(function, {})->presence == connect::Presence::present);

  CHECK(act(*connector, Action::delete_account, account(oid)).error().code == base::Code::failed_precondition);
  server.log_in("postgres", "root", "sales").ask("DROP FUNCTION f_" + name + "()");
  CHECK(connector->observe(function, {})->presence == connect::Presence::absent);
  server.log_in("postgres", "root", "sales").ask("GRANT SELECT ON t_" + name + " TO " + name);
  REQUIRE(act(*connector, Action::delete_account, account(oid)));
  CHECK(act(*connector, Action::delete_account, account(oid))->words == "the role was dropped already");
  CHECK(server.oid_of(name).empty());
  CHECK(gate(*connector, oid, name).reason == "28000+dropped");
}

TEST_CASE("postgresql: a database that refuses connections makes the listing of her functions partial, never full") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("hidden");
  const std::string oid = server.oid_of(name);
  server.admin().ask("CREATE DATABASE shut_" + name);
  test::Client shut = server.log_in("postgres", "root", "shut_" + name);
  shut.ask("CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'");
  shut.ask("ALTER FUNCTION f() OWNER TO " + name);
  shut = {};
  server.admin().ask("ALTER DATABASE shut_" + name + " ALLOW_CONNECTIONS false");
  const test::Seen seen = look(*connector, {oid});
  REQUIRE(seen.listing(NodeKind::automation, oid) != nullptr);
  CHECK(seen.listing(NodeKind::automation, oid)->completeness == Completeness::partial);
  CHECK(seen.listing(NodeKind::automation, oid)->reason.find("shut_" + name) != std::string::npos);
  server.admin().ask("ALTER DATABASE shut_" + name + " ALLOW_CONNECTIONS true");
}

TEST_CASE("postgresql: a shared role's sessions end with its rotation, the new value's sessions do not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string shared = server.make_role("shared");
  const std::string oid = server.oid_of(shared);
  model::Node secret;
  secret.key = {model::SystemId("warehouse"), NodeKind::secret, oid};
  secret.facts = {{"account", shared}};
  test::Client old_session = server.log_in(shared, "pw");
  const test::Seen seen = look(*connector, {}, {secret});
  CHECK(seen.node(NodeKind::secret, oid) != nullptr);
  CHECK(seen.node(NodeKind::session, old_session.endpoint()) != nullptr);

  const base::Secret old_value("pw");
  const base::Secret new_value("a new value that nobody knows");
  connect::ProbeRequest probe;
  probe.target = secret;
  probe.means = model::ProbeMeans::own;
  probe.old_secret = &old_value;
  probe.new_secret = &new_value;
  probe.moment = model::ProbeMoment::before;
  CHECK(connector->probe(probe)->answer == ProbeAnswer::admitted);
  CHECK(connector->probe_control(probe)->answer == ProbeAnswer::admitted);

  CHECK(act(*connector, Action::rotate_secret, secret).error().code == base::Code::invalid_argument);
  const auto rotated = act(*connector, Action::rotate_secret, secret, seen.all(NodeKind::session), &new_value);
  REQUIRE(rotated);
  CHECK(rotated->acknowledged.size() == 2);
  CHECK(old_session.ask("SELECT 1") == "!lost");
  probe.moment = model::ProbeMoment::after;
  CHECK(connector->probe(probe)->answer == ProbeAnswer::refused);
  CHECK(connector->probe(probe)->reason == "28P01");

  test::Client application = server.log_in(shared, new_value.reveal());
  REQUIRE(application.open());
  CHECK(look(*connector, {}, {secret}).all(NodeKind::session).empty());
  REQUIRE(act(*connector, Action::rotate_secret, secret, {}, &new_value));
  CHECK(application.ask("SELECT 1") == "1");
  // A process that was started again knows nothing of the rotation: it ends them once more rather than leave one open.
  auto restarted = server.connector();
  CHECK(look(*restarted, {}, {secret}).all(NodeKind::session).size() == 1);
  REQUIRE(act(*restarted, Action::rotate_secret, secret, {}, &new_value));
  CHECK(application.ask("SELECT 1") == "!lost");
  CHECK(connector->probe(probe)->answer == ProbeAnswer::refused);
}

TEST_CASE("postgresql: the new value of a shared secret is in no statement that the server logs") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string shared = server.make_role("quiet");
  model::Node secret;
  secret.key = {model::SystemId("warehouse"), NodeKind::secret, server.oid_of(shared)};
  server.admin().ask("ALTER ROLE exeunt SET log_statement = 'all'");
  const base::Secret value("clear-value-to-look-for");
  REQUIRE(act(*connector, Action::rotate_secret, secret, {}, &value));
  server.admin().ask("ALTER ROLE exeunt RESET log_statement");
  CHECK(server.log_in(shared, value.reveal()).open());
  server.wait_for_log("ALTER ROLE \"\"" + shared + "\"\" PASSWORD");
  CHECK(server.log_text().find("ALTER ROLE \"\"" + shared + "\"\" PASSWORD 'SCRAM-SHA-256$") != std::string::npos);
  CHECK(server.log_text().find(value.reveal()) == std::string::npos);
}

TEST_CASE("postgresql: the log is a second witness that a session ended") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("witnessed");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  const test::Seen seen = look(*connector, {oid});
  const model::Node session = *seen.node(NodeKind::session, hers.endpoint());
  REQUIRE(act(*connector, Action::end_sessions, account(oid), {session}));
  server.wait_for_log("disconnection: ", hers.endpoint());
  CHECK(connector->observe(session, {})->grade == model::Grade::observed);
  auto without_log = server.connector({{"ddl_log", ""}});
  CHECK(without_log->observe(session, {})->grade == model::Grade::read_back);
}
