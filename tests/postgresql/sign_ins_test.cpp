// Who got in, as a real PostgreSQL logs it: an authorized connection that is refused is none, and what is ours is none of hers.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using test::account;
using test::act;

namespace {

connect::SignInListing read(connect::Connector& connector, const model::Node& role, base::Time since, std::vector<model::Node> ours = {}) {
  return testing::sign_ins_since(connector, role, since, {}, std::move(ours));
}

/// The log is written a little later (on a busy machine much), and a login is told when a second has passed.
void settle(test::Server& server, const std::string& words, const std::string& and_also = "") {
  server.wait_for_log(words, and_also);
  server.admin().ask("SELECT pg_sleep(1.3)");
}

}  // namespace

TEST_CASE("postgresql: her logins are told with instant and address; tries at the gate, refused logins, our witness and others are not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("Her, \"Name\" for x"), other = server.make_role("other");
  const model::Node role = account(server.oid_of(name), name);
  const base::Time since = server.clock().now();
  test::Client first = server.log_in(name, "pw"), second = server.log_in(name, "pw", "sales"), others = server.log_in(other, "pw");
  REQUIRE(first.open());
  REQUIRE(second.open());
  REQUIRE(others.open());
  CHECK_FALSE(server.log_in(name, "wrong").open());
  CHECK_FALSE(server.log_in(name, "pw", "no_such_database").open());
  CHECK(test::gate(*connector, role.key.native_id, name).answer == model::ProbeAnswer::admitted);
  const base::Secret value{std::string(testing::k_case_value)};
  const auto witness = connector->open_witness({role, NodeKind::session, &value, {}});
  REQUIRE(witness);
  settle(server, "connection authorized", (*witness)->node().key.native_id);
  const auto told = read(*connector, role, since, {(*witness)->node()});
  CHECK_MESSAGE(told.completeness == Completeness::full, told.reason);
  REQUIRE(told.sign_ins.size() == 2);
  CHECK(told.sign_ins[0].used == role.key);
  CHECK(told.sign_ins[0].from == first.endpoint());
  CHECK(told.sign_ins[1].words.find("sales") != std::string::npos);
  CHECK(std::abs((told.sign_ins[0].at - since).count()) < 60'000);
  CHECK(read(*connector, role, since).sign_ins.size() == 3);  // without its node the witness would be one
  // Shut: authorized by the password that is known, and refused because of NOLOGIN.
  server.admin().ask("ALTER ROLE " + server.admin().ask("SELECT quote_ident(rolname) FROM pg_roles WHERE oid = " + role.key.native_id) +
                     " NOLOGIN PASSWORD 'pw'");
  const base::Time shut = server.clock().now();
  CHECK_FALSE(server.log_in(name, "pw").open());
  CHECK(test::gate(*connector, role.key.native_id, name).answer == model::ProbeAnswer::refused);
  settle(server, "is not permitted to log in");
  CHECK(read(*connector, role, shut).sign_ins.empty());
  CHECK(read(*connector, role, since, {(*witness)->node()}).sign_ins.size() == 2);
}

TEST_CASE("postgresql: trap: a log file's last writing is told in whole seconds; a login in the second of the departure is told") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("early");
  const model::Node role = account(server.oid_of(name), name);
  const auto second_of = [](base::Time time) { return std::chrono::floor<std::chrono::seconds>(time); };
  base::Time since;
  for (int round = 0; round < 20; ++round) {  // on a busy machine it takes some until a login lies within one second
    server.admin().ask("SELECT pg_sleep(1.2 - extract(epoch FROM clock_timestamp())::numeric % 1)");
    since = server.clock().now();
    REQUIRE(server.log_in(name, "pw").open());
    if (second_of(since) == second_of(server.clock().now())) break;
  }
  const std::filesystem::path log = server.admin().ask("SELECT current_setting('data_directory') || '/' || pg_current_logfile('csvlog')");
  server.rotate_log();
  const auto end_of_second = second_of(since) + std::chrono::milliseconds(999);
  std::filesystem::last_write_time(log, std::chrono::file_clock::from_sys(end_of_second));
  const auto told = read(*connector, role, since);
  CHECK_MESSAGE(told.completeness == Completeness::full, told.reason);
  CHECK(told.sign_ins.size() == 1);
}

TEST_CASE("postgresql: where the log does not tell, the sessions that are open do, and the listing says what it is worth") {
  EXEUNT_SERVER(server);
  const std::string name = server.make_role("unlogged");
  const model::Node role = account(server.oid_of(name), name);
  auto connector = server.connector();
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.open());
  const auto set = [&](const std::string& sql) {
    server.admin().ask(sql);
    server.admin().ask("SELECT pg_reload_conf()");
    server.admin().ask("SELECT pg_sleep(0.3)");
  };
  set("ALTER SYSTEM SET log_connections = off");
  auto told = read(*connector, role, server.clock().now() - base::Duration{600'000});
  set("ALTER SYSTEM RESET log_connections");
  CHECK(told.completeness == Completeness::lower_bound);
  CHECK(told.reason.find("log_connections") != std::string::npos);
  REQUIRE(told.sign_ins.size() == 1);
  CHECK(told.sign_ins[0].from == hers.endpoint());
  // The right to read the log is not there: planted, this must not read as "nobody".
  server.admin().ask("REVOKE EXECUTE ON FUNCTION pg_read_binary_file(text,bigint,bigint) FROM exeunt");
  const auto unread = connector->sign_ins({{role}, {}, {}, server.clock().now() - base::Duration{600'000}, 500, {}});
  server.admin().ask("GRANT EXECUTE ON FUNCTION pg_read_binary_file(text,bigint,bigint) TO exeunt");
  CHECK((!unread || (unread->completeness != Completeness::full && !unread->reason.empty())));
  // A departure that was seen before the log began.
  const auto early = read(*connector, role, server.clock().now() - base::Duration{86'400'000});
  CHECK(early.completeness == Completeness::partial);
}
