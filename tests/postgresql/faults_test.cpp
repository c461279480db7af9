// The server away, another server, too few rights: clear words, the right code, nothing claimed.
#include <doctest/doctest.h>

#include "connect/registry.hpp"
#include "postgresql/server.hpp"
#include "testing/connector_checks.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::gate;
using test::look;

TEST_CASE("postgresql: a server that is down is unavailable, its probes unknown, and it works again afterwards") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string oid = server.oid_of(server.make_role("down"));
  server.stop();
  const auto listing = connector->accounts({});
  const auto outcome = act(*connector, Action::lock_and_replace, account(oid));
  const connect::ProbeResult probe = gate(*connector, oid);
  server.start();
  REQUIRE(!listing);
  CHECK(listing.error().code == base::Code::unavailable);
  REQUIRE(!outcome);
  CHECK(outcome.error().code == base::Code::unavailable);
  CHECK(probe.answer == ProbeAnswer::unknown);
  CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
  CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
}

TEST_CASE("postgresql: a certificate for another name is said in clear words, and no credential is sent") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"host", "127.0.0.1"}});
  const auto report = connector->check({});
  REQUIRE(!report);
  CHECK(report.error().code == base::Code::unavailable);
  CHECK(report.error().what.find("TLS name mismatch") != std::string::npos);
  CHECK(gate(*connector, "16384").answer == ProbeAnswer::unknown);
}

TEST_CASE("postgresql: a server that another authority vouches for is not trusted") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"ca_file", (server.folder() / "tls/other.pem").string()}});
  const auto report = connector->check({});
  REQUIRE(!report);
  CHECK(report.error().code == base::Code::unavailable);
  CHECK(report.error().what.find("TLS") != std::string::npos);
}

TEST_CASE("postgresql: check says what our role may do and what is missing") {
  EXEUNT_SERVER(server);
  const auto report = server.connector()->check({});
  REQUIRE(report);
  CHECK(report->version.starts_with("PostgreSQL 15"));
  CHECK(report->clock_offset < base::Duration(60'000));
  bool root = false;
  for (const std::string& words : report->rights) root = root || words.find("root-equivalent") != std::string::npos;
  CHECK(root);
  for (const std::string& words : report->missing) {
    CAPTURE(words);
    CHECK(words.find("superuser") != std::string::npos);
  }
}

TEST_CASE("postgresql: with too few rights listings are partial and changes are refused") {
  EXEUNT_SERVER(server);
  const std::string weak = server.make_role("weak");
  const std::string name = server.make_role("strong");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  server.write_secret("weak.secret", "pw");
  auto connector = server.connector({{"role", weak}, {"credential", "file:" + (server.folder() / "weak.secret").string()}});
  const test::Seen seen = look(*connector, {oid});
  REQUIRE(seen.listing(NodeKind::session, oid) != nullptr);
  CHECK(seen.listing(NodeKind::session, oid)->completeness == Completeness::partial);
  CHECK(seen.all(NodeKind::session).size() == 1);
  CHECK(connector->observe(seen.all(NodeKind::session).front(), {})->presence == connect::Presence::unknown);
  CHECK(act(*connector, Action::lock_and_replace, account(oid)).error().code == base::Code::permission_denied);
  CHECK(act(*connector, Action::end_sessions, account(oid)).error().code == base::Code::permission_denied);
  const auto report = connector->check({});
  REQUIRE(report);
  CHECK(report->missing.size() >= 4);
}

TEST_CASE("postgresql: a superuser who leaves cannot be locked by a role that is none, and that is said") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string oid = server.oid_of(server.make_role("root", "SUPERUSER"));
  const auto outcome = act(*connector, Action::lock_and_replace, account(oid));
  REQUIRE(!outcome);
  CHECK(outcome.error().code == base::Code::permission_denied);
  CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
  CHECK(look(*connector, {oid}).gap_names("is a superuser and ours is none"));
}

TEST_CASE("postgresql: a transaction that she prepared outlives her sessions and is a gap with words") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("preparer");
  const std::string oid = server.oid_of(name);
  test::Client hers = server.log_in(name, "pw");
  for (const std::string& sql : {std::string("BEGIN"), "CREATE TABLE p" + oid + " (line text)", "PREPARE TRANSACTION 'p" + oid + "'"}) {
    REQUIRE(hers.ask(sql) == "");
  }
  REQUIRE(act(*connector, Action::end_sessions, account(oid)));
  CHECK(look(*connector, {oid}).gap_names("outlive its sessions: 1"));
  server.admin().ask("ROLLBACK PREPARED 'p" + oid + "'");
}

TEST_CASE("postgresql: settings are read strictly") {
  EXEUNT_SERVER(server);
  testing::check_settings_refused(connect::make_postgresql, server.config(),
                                  {
                                      {{{"hosst", "x"}}, "hosst"},
                                      {{{"host", ""}}, "host"},
                                      {{{"port", "0"}}, "port"},
                                      {{{"port", "http"}}, "port"},
                                      {{{"credential", ""}}, "credential"},
                                      {{{"credential", "env:PGPASSWORD"}}, "credential"},
                                      {{{"ddl_log", "stderr"}}, "ddl_log"},
                                      {{{"login_gate_database", "postgres"}}, "login_gate_database"},
                                  });
}
