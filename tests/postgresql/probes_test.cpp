// A probe tells alive, cut and nonexistent apart, and says unknown for everything that it does not understand.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::gate;

namespace {
connect::ProbeResult control(connect::Connector& connector) { return testing::control(connector, account("1"), model::ProbeMeans::gate); }
connect::ProbeRequest own_request(const model::Node& secret, const base::Secret* old_value, const base::Secret* new_value = nullptr) {
  connect::ProbeRequest request;
  request.target = secret;
  request.means = model::ProbeMeans::own;
  request.old_secret = old_value;
  request.new_secret = new_value;
  return request;
}
}  // namespace

TEST_CASE("postgresql: the login gate tells alive, cut and nonexistent apart") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("probed");
  const std::string oid = server.oid_of(name);
  const connect::ProbeResult alive = gate(*connector, oid, name);
  server.admin().ask("ALTER ROLE " + name + " NOLOGIN");
  const connect::ProbeResult cut = gate(*connector, oid, name);
  server.admin().ask("DROP ROLE " + name);
  const connect::ProbeResult nonexistent = gate(*connector, oid, name);
  const connect::ProbeResult never = gate(*connector, oid);
  server.admin().ask("CREATE ROLE " + name + " LOGIN");
  const connect::ProbeResult back = gate(*connector, oid, name);
  CHECK(alive.answer == ProbeAnswer::admitted);
  CHECK(alive.reason == "3D000");
  CHECK(cut.answer == ProbeAnswer::refused);
  CHECK(cut.reason == "28000");
  CHECK(nonexistent.reason == "28000+dropped");
  CHECK(never.answer == ProbeAnswer::unknown);
  CHECK(back.answer == ProbeAnswer::admitted);
  CHECK(control(*connector).answer == ProbeAnswer::admitted);
}

TEST_CASE("postgresql: the gate does not read a missing password or its expiry as a refusal") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("expired", "VALID UNTIL '2001-01-01'");
  server.admin().ask("ALTER ROLE " + name + " PASSWORD NULL");
  CHECK(gate(*connector, server.oid_of(name)).answer == ProbeAnswer::admitted);
}

TEST_CASE("postgresql: a role at its connection limit is unknown, not refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("limited", "CONNECTION LIMIT 0");
  const connect::ProbeResult result = gate(*connector, server.oid_of(name));
  CHECK(result.answer == ProbeAnswer::unknown);
  CHECK(result.reason == "53300");
}

TEST_CASE("postgresql: a gate that pg_hba shuts says unknown for the living and the cut alike, and its control too") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string alive = server.oid_of(server.make_role("alive"));
  const std::string cut = server.oid_of(server.make_role("cut"));
  REQUIRE(act(*connector, Action::lock_and_replace, account(cut)));
  server.set_gate(false);
  CHECK(gate(*connector, alive).answer == ProbeAnswer::unknown);
  CHECK(gate(*connector, cut).answer == ProbeAnswer::unknown);
  CHECK(control(*connector).answer == ProbeAnswer::unknown);
  const auto report = connector->check({});
  server.set_gate(true);
  REQUIRE(report);
  bool said = false;
  for (const std::string& words : report->missing) said = said || words.find("login gate does not answer") != std::string::npos;
  CHECK(said);
  CHECK(gate(*connector, cut).answer == ProbeAnswer::refused);
}

TEST_CASE("postgresql: a gate database that exists is called a danger and never a refusal") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string oid = server.oid_of(server.make_role("open_gate"));
  server.admin().ask("CREATE DATABASE exeunt_login_gate");
  CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
  CHECK(control(*connector).answer == ProbeAnswer::unknown);
  const auto report = connector->check({});
  server.admin().ask("DROP DATABASE exeunt_login_gate");
  REQUIRE(report);
  bool said = false;
  for (const std::string& words : report->missing) said = said || words.starts_with("DANGER");
  CHECK(said);
}

TEST_CASE("postgresql: an answer of success without an effect is seen through") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("untouched");
  // Nothing was done to the role; whatever somebody claims, both gate and listing say that it is usable.
  CHECK(gate(*connector, server.oid_of(name)).answer == ProbeAnswer::admitted);
  CHECK(connector->observe(account(server.oid_of(name)), {})->presence == connect::Presence::present);
}

TEST_CASE("postgresql: with our own credential wrong nothing is refused, and the words name the credential") {
  EXEUNT_SERVER(server);
  const std::string path = (server.folder() / "wrong.secret").string();
  std::ofstream(path) << "not ours";
  ::chmod(path.c_str(), 0600);
  auto right = server.connector();
  auto connector = server.connector({{"credential", "file:" + path}});
  const std::string alive = server.oid_of(server.make_role("alive"));
  const std::string cut = server.oid_of(server.make_role("cut"));
  REQUIRE(act(*right, Action::lock_and_replace, account(cut)));
  CHECK(gate(*connector, alive).answer == ProbeAnswer::unknown);
  CHECK(gate(*connector, cut).answer == ProbeAnswer::unknown);
  const auto listing = connector->accounts({});
  REQUIRE(!listing);
  CHECK(listing.error().code == base::Code::permission_denied);
  CHECK(listing.error().next.find("credential") != std::string::npos);
  CHECK(listing.error().text().find("not ours") == std::string::npos);

  model::Node secret;
  secret.key = {model::SystemId("warehouse"), NodeKind::secret, cut};
  const base::Secret old_value("pw");
  const base::Secret new_value("new");
  const connect::ProbeRequest own = own_request(secret, &old_value, &new_value);
  CHECK(connector->probe(own)->answer == ProbeAnswer::unknown);
  CHECK(connector->probe_control(own)->answer == ProbeAnswer::unknown);
}

TEST_CASE("postgresql: a wrong password is never a probe") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  model::Node secret;
  secret.key = {model::SystemId("warehouse"), NodeKind::secret, server.oid_of(server.make_role("shared"))};
  const base::Secret right("pw");
  const base::Secret wrong("never was");
  const base::Secret also_wrong("nor this");
  struct Row {
    const base::Secret* old_value;
    const base::Secret* new_value;
    ProbeAnswer answer;
  };
  const Row rows[] = {
      {&wrong, nullptr, ProbeAnswer::unknown},  {&wrong, &also_wrong, ProbeAnswer::unknown}, {nullptr, &right, ProbeAnswer::unknown},
      {&right, nullptr, ProbeAnswer::admitted}, {&right, &wrong, ProbeAnswer::admitted},     {&wrong, &right, ProbeAnswer::refused},
  };
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.answer));
    const connect::ProbeRequest own = own_request(secret, row.old_value, row.new_value);
    CHECK(connector->probe(own)->answer == row.answer);
  }
}

TEST_CASE("postgresql: a shared role that may not connect to the database still answers for its password") {
  EXEUNT_SERVER(server);
  server.admin().ask("CREATE DATABASE closed");
  server.admin().ask("REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
  server.admin().ask("GRANT CONNECT ON DATABASE closed TO exeunt");
  auto connector = server.connector({{"maintenance_database", "closed"}});
  model::Node secret;
  secret.key = {model::SystemId("warehouse"), NodeKind::secret, server.oid_of(server.make_role("nowhere"))};
  const base::Secret right("pw");
  const connect::ProbeRequest own = own_request(secret, &right);
  CHECK(connector->probe(own)->answer == ProbeAnswer::admitted);
}

TEST_CASE("postgresql: without a login gate the catalogue promises read_back only, and the map says so") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"login_gate_database", ""}});
  CHECK(connector->catalogue().find(NodeKind::account)->best == model::Grade::read_back);
  CHECK(connector->catalogue().digest() != server.connector()->catalogue().digest());
  const std::string oid = server.oid_of(server.make_role("ungated"));
  bool said = false;
  for (const model::Gap& gap : test::look(*connector, {oid}).inventory.gaps)
    said = said || gap.words.find("no login gate") != std::string::npos;
  CHECK(said);
  CHECK(gate(*connector, oid).answer == ProbeAnswer::unknown);
  connect::ProbeRequest request;
  request.target = account(oid);
  request.means = model::ProbeMeans::gate;
  CHECK(connector->probe_control(request).error().code == base::Code::unimplemented);
}
