// Roles that she made are ways in of hers: told from the server's log, never from a guess, and never by her own forgery.
#include <doctest/doctest.h>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Completeness;
using model::NodeKind;
using test::look;

namespace {
bool found(const test::Seen& seen, const std::string& oid) { return seen.node(NodeKind::account, oid) != nullptr; }
}  // namespace

TEST_CASE("postgresql: roles that she created are hers, by SET ROLE, in any spelling, after a rename, two levels down") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("maker", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  server.admin().ask("CREATE ROLE " + name + "_makers CREATEROLE");
  server.admin().ask("GRANT " + name + "_makers TO " + name);
  test::Client hers = server.log_in(name, "pw");
  const std::string stem = "m" + oid;
  REQUIRE(hers.ask("create   /* a /* nested */ comment */ role\n\"" + stem + " \"\"one\" login createrole password 'p'") == "");
  REQUIRE(hers.ask("SET ROLE " + name + "_makers; CREATE USER " + stem + "_TWO PASSWORD 'p;'; RESET ROLE") == "");
  REQUIRE(hers.ask("CREATE ROLE U&\"" + stem + "_thr\\0065e\" LOGIN") == "");
  server.admin().ask("ALTER ROLE " + stem + "_two RENAME TO " + stem + "_zwei");
  server.admin().ask("ALTER ROLE " + name + " RENAME TO " + name + "_renamed");
  REQUIRE(hers.ask("CREATE ROLE " + stem + "_after LOGIN") == "");
  REQUIRE(server.log_in(stem + " \"one", "p").ask("CREATE ROLE " + stem + "_grandchild LOGIN") == "");
  server.wait_for_log(stem + "_grandchild");
  const test::Seen seen = look(*connector, {oid});
  for (const std::string& role : {stem + " \"one", stem + "_zwei", stem + "_three", stem + "_after", stem + "_grandchild"}) {
    CAPTURE(role);
    CHECK(found(seen, server.oid_of(role)));
  }
  CHECK(seen.all(NodeKind::account).size() == 6);
}

TEST_CASE("postgresql: what others created is not hers, and what failed nobody created") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("claimer", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  const std::string colleague = server.make_role("colleague");
  test::Client hers = server.log_in(name, "pw");
  CHECK(hers.ask("CREATE ROLE " + colleague + " LOGIN") == "!42710");
  CHECK(hers.ask("SELECT 1; CREATE ROLE " + colleague) == "!42710");
  server.admin().ask("SELECT 'CREATE ROLE quoted_by_admin'");
  server.wait_for_log("already exists", hers.endpoint());
  const test::Seen seen = look(*connector, {oid});
  CHECK_FALSE(found(seen, server.oid_of(colleague)));
  CHECK(seen.all(NodeKind::account).size() == 1);
}

TEST_CASE("postgresql: a rolled-back DROP and CREATE does not make a colleague's role hers, and the doubt is said") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("forger", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  const std::string colleague = server.make_role("colleague");
  test::Client hers = server.log_in(name, "pw");
  for (const std::string& sql :
       {std::string("BEGIN"), "DROP ROLE " + colleague, "CREATE ROLE " + colleague + " LOGIN", std::string("ROLLBACK")}) {
    REQUIRE(hers.ask(sql) == "");
  }
  server.wait_for_log("CREATE ROLE " + colleague, hers.endpoint());
  const test::Seen seen = look(*connector, {oid});
  CHECK_FALSE(found(seen, server.oid_of(colleague)));
  CHECK(seen.listing(NodeKind::account, oid)->completeness == Completeness::lower_bound);
  CHECK(seen.gap_names(colleague));
  server.admin().ask("DROP ROLE " + colleague);
}

TEST_CASE("postgresql: a role made inside a DO block leaves no statement: the listing is a lower bound that names it") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("sneaky", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  CHECK(look(*connector, {oid}).listing(NodeKind::account, oid)->completeness == Completeness::full);
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.ask("DO $$BEGIN EXECUTE 'CREATE ROLE unseen_" + oid + " LOGIN'; END$$") == "");
  const test::Seen seen = look(*connector, {oid});
  const model::Listing* listing = seen.listing(NodeKind::account, oid);
  REQUIRE(listing != nullptr);
  CHECK(listing->completeness == Completeness::lower_bound);
  CHECK(listing->reason.find("unseen_" + oid) != std::string::npos);
  CHECK(seen.gap_names("unseen_" + oid));
  server.admin().ask("DROP ROLE unseen_" + oid);
}

TEST_CASE("postgresql: log files are followed over rotation, and junk in them costs nothing") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("rotated", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.ask("CREATE ROLE early_" + oid + " LOGIN") == "");
  server.rotate_log();
  // A login of that name writes these bytes into a record of the log.
  CHECK_FALSE(server.log_in("\xFF\",\n2026-01-01 00:00:00.000 UTC,\"x", "pw").open());
  CHECK(hers.ask("SELECT 'a\n2026-01-01 00:00:00.000 UTC,\"postgres\",,,,,,,,,,,,\"statement: CREATE ROLE never\"'").size() > 10);
  REQUIRE(hers.ask("CREATE ROLE late_" + oid + " LOGIN") == "");
  server.wait_for_log("CREATE ROLE late_" + oid);
  const test::Seen seen = look(*connector, {oid});
  CHECK(found(seen, server.oid_of("early_" + oid)));
  CHECK(found(seen, server.oid_of("late_" + oid)));
}

TEST_CASE("postgresql: a password that she set on somebody's role is a gap with words") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("setter", "CREATEROLE");
  const std::string colleague = server.make_role("colleague");
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.ask("ALTER ROLE " + colleague + " PASSWORD 'known to her'") == "");
  server.wait_for_log("ALTER ROLE " + colleague);
  const test::Seen seen = look(*connector, {server.oid_of(name)});
  CHECK(seen.gap_names("she set the password of role \"" + colleague));
  for (const model::Gap& gap : seen.inventory.gaps) CHECK(gap.words.find("known to her") == std::string::npos);
}

TEST_CASE("postgresql: without the log a younger unclaimed role keeps the listing below full") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"ddl_log", ""}});
  const std::string oid = server.oid_of(server.make_role("logless", "CREATEROLE"));
  const std::string younger = server.make_role("younger");
  const test::Seen seen = look(*connector, {oid});
  CHECK(seen.listing(NodeKind::account, oid)->completeness == Completeness::lower_bound);
  CHECK(seen.gap_names(younger));
}

TEST_CASE("postgresql: roles made under a shared role are named, and nobody is cut for them") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string shared = server.make_role("shared", "CREATEROLE");
  model::Node secret;
  secret.key = {model::SystemId("warehouse"), NodeKind::secret, server.oid_of(shared)};
  REQUIRE(server.log_in(shared, "pw").ask("CREATE ROLE under_" + secret.key.native_id + " LOGIN") == "");
  server.wait_for_log("CREATE ROLE under_" + secret.key.native_id);
  const test::Seen seen = look(*connector, {}, {secret});
  CHECK(seen.gap_names("under_" + secret.key.native_id));
  CHECK_FALSE(found(seen, server.oid_of("under_" + secret.key.native_id)));
}

TEST_CASE("postgresql: accounts are what can log in or could; a comment never makes a strong link") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("listed");
  const std::string oid = server.oid_of(name);
  server.admin().ask("CREATE ROLE " + name + "_group");
  server.admin().ask("COMMENT ON ROLE " + name + " IS 'payroll hr_id=E1007; since 2020'");
  REQUIRE(test::act(*connector, model::Action::lock_and_replace, test::account(oid)));
  const auto listing = connector->accounts({});
  REQUIRE(listing);
  CHECK(listing->completeness == Completeness::full);
  int seen = 0;
  for (const connect::AccountRecord& record : listing->accounts) {
    CHECK(record.hr_id.empty());
    CHECK(record.login != name + "_group");
    if (record.login == "postgres") CHECK(record.administrator);
    if (record.login != name) continue;
    ++seen;
    CHECK_FALSE(record.enabled);
    CHECK(record.node.key.native_id == oid);
    CHECK(record.node.facts.at("hr_id_in_comment") == "E1007");
  }
  CHECK(seen == 1);
}
