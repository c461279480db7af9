// Who logged in, as a real sshd writes it: hers and nobody else's, never a try of ours, and never an empty listing where the log was not read.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "openssh/sshd.hpp"
#include "testing/connector_calls.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;

namespace {

constexpr base::Duration k_clock_known_within{4'000};

base::Time now() { return base::SystemClock().now(); }

connect::SignInListing read(connect::Connector& connector, const model::Inventory& inventory, const model::Node& account,
                            base::Time since) {
  std::vector<model::Node> paths;
  for (const auto& node : inventory.nodes)
    if (node.key.kind != NodeKind::account) paths.push_back(node);
  return testing::sign_ins_since(connector, account, since, std::move(paths));
}

}  // namespace

TEST_CASE("openssh: her logins are told by what let her in, on her account and on a shared one, and nobody else's are") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own"), bobs = server.make_key("bobs"), certified = server.make_key("certified");
  server.certify(certified, "alice", "alice (serial 9) CA x", 41);
  server.write_keys("alice", server.public_of(own) + " laptop\n");
  server.write_keys("bob", server.public_of(bobs) + "\n");
  server.write_keys("deploy", server.public_of(bobs) + " bob\n" + server.public_of(own) + " alice\n");
  const auto alice = server.account("alice");
  base::Time since{};
  // The log has to begin before the departure does.
  REQUIRE(test::soon(
      [&] { return since = now(), read(*connector, {}, alice, since - k_clock_known_within).completeness == Completeness::full; }));
  const auto inventory = test::look(*connector, {alice});  // its tries and our own logins are in the log from here on
  for (const auto& node : test::all(inventory, NodeKind::key)) CHECK(test::probe(*connector, node) == model::ProbeAnswer::admitted);
  CHECK(test::control(*connector, test::all(inventory, NodeKind::key).front()) == model::ProbeAnswer::admitted);
  CHECK(read(*connector, inventory, alice, since).sign_ins.empty());
  REQUIRE(server.ssh("alice", own, "true"));
  REQUIRE(server.ssh("deploy", own, "true"));
  REQUIRE(server.ssh("deploy", bobs, "true"));
  REQUIRE(server.ssh("bob", bobs, "true"));
  REQUIRE(server.ssh("alice", certified, "true", nullptr,
                     {"-o", "CertificateFile=" + (server.folder() / "keys/certified.41-cert.pub").string()}));
  CHECK_FALSE(server.ssh("alice", bobs, "true"));
  connect::SignInListing told;
  REQUIRE(test::soon([&] { return (told = read(*connector, inventory, alice, since)).sign_ins.size() >= 3; }));
  CHECK(told.completeness == Completeness::full);
  CHECK_MESSAGE(told.reason.empty(), told.reason);
  REQUIRE(told.sign_ins.size() == 3);
  const std::string uid = server.uid("alice"), print = server.fingerprint_of(own);
  CHECK(told.sign_ins[0].used.native_id == uid + ":" + print);
  CHECK(told.sign_ins[1].used.native_id == server.uid("deploy") + ":" + print);
  CHECK(told.sign_ins[2].used == model::NodeKey{alice.key.system, NodeKind::certificate, server.fingerprint_of(certified) + ":41"});
  CHECK(told.sign_ins[0].account == alice.id());
  CHECK(told.sign_ins[0].from.starts_with("127.0.0.1:"));
  CHECK(std::abs((told.sign_ins[2].at - now()).count()) < 60'000);
  CHECK(std::abs(told.clock_offset.count()) <= told.clock_error.count());
  const auto again = read(*connector, inventory, alice, since).sign_ins;
  CHECK(std::equal(again.begin(), again.end(), told.sign_ins.begin(), told.sign_ins.end(),
                   [](const auto& a, const auto& b) { return a.used == b.used && a.at == b.at; }));
  // A key that nobody knew, on her account.
  const auto added = server.make_key("added");
  server.write_keys("alice", server.public_of(added) + "\n");
  REQUIRE(server.ssh("alice", added, "true"));
  REQUIRE(test::soon([&] { return (told = read(*connector, inventory, alice, since)).sign_ins.size() >= 4; }));
  CHECK(told.sign_ins.back().used.native_id == uid + ":" + server.fingerprint_of(added));
}

TEST_CASE("openssh: a log that is not there, is empty, carries no time, or begins too late is never a full listing") {
  EXEUNT_SSHD(server);
  const auto alice = server.account("alice");
  const std::string log = (server.folder() / "other.log").string();
  struct Row {
    std::string setting, content;
    Completeness completeness;
    std::string words;
  };
  const std::string login = "Accepted password for alice from 127.0.0.1 port 1 ssh2\n";
  const std::string old = "2020-01-01T00:00:00Z ", recent = base::to_rfc3339(now()) + " ";
  for (const Row& row :
       {Row{"", "", Completeness::none, "session_log is not set"}, Row{"/nowhere/sshd.log", "", Completeness::none, "not there"},
        Row{log, "", Completeness::none, "empty"}, Row{log, login, Completeness::none, "no time"},
        Row{log, "Nov 27 16:00:00 host sshd[1]: " + login, Completeness::none, "no time"},
        Row{log, recent + login, Completeness::partial, "reaches back to"},
        Row{log, old + "Server listening\n" + login + recent + login, Completeness::partial, "1 logins in sshd's log carry no time"},
        Row{log, old + "Server listening\n" + recent + login, Completeness::full, ""}}) {
    CAPTURE(row.content);
    std::ofstream(log, std::ios::trunc) << row.content;
    auto connector = server.connector({{"session_log", row.setting}});
    const auto told = read(*connector, {}, alice, now() - base::Duration{3'600'000});
    CHECK(told.completeness == row.completeness);
    CHECK(told.reason.find(row.words) != std::string::npos);
    CHECK(told.sign_ins.size() == (row.completeness == Completeness::none ? 0 : 1));
  }
}
