// A shared account: hers ends, the others' does not; who is who where sources are missing or lie.
#include <doctest/doctest.h>

#include <algorithm>

#include "openssh/sshd.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;

namespace {
void done(const base::Result<connect::ApplyOutcome>& outcome) { REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().text())); }
std::string processes_of(test::Sshd& server, const std::string& login) {
  return server.run({"/bin/sh", "-c", "ps -o stat= -u " + server.uid(login) + " | grep -vc '^Z'; true"})[0];
}

struct Shared {
  std::filesystem::path own, bobs;
  explicit Shared(test::Sshd& server) : own(server.make_key("own")), bobs(server.make_key("bobs")) {
    server.write_keys("alice", server.public_of(own) + "\n");
    server.write_keys("bob", server.public_of(bobs) + "\n");
    server.write_keys("deploy", server.public_of(bobs) + " \x1b]0;bob\x07\n" + server.public_of(own) + "\n");
  }
};
}  // namespace

TEST_CASE("openssh: in a shared account her connections, master and background jobs end, a colleague's go on") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const Shared keys(server);
  std::string hers, bobs;
  const auto session = server.hold("deploy", keys.own, &hers);
  const auto of_bob = server.hold("deploy", keys.bobs, &bobs);
  const auto socket = (server.folder() / "client/master").string();
  REQUIRE(server.ssh("deploy", keys.own, "true", nullptr, {"-M", "-S", socket, "-f", "-N"}));
  REQUIRE(server.ssh("deploy", keys.own, "setsid sleep 601 >/dev/null 2>&1 </dev/null &"));
  REQUIRE(server.ssh("deploy", keys.bobs, "setsid sleep 602 >/dev/null 2>&1 </dev/null &"));
  const auto alice = server.account("alice");
  const auto found = test::all(test::look(*connector, {alice}), NodeKind::session);
  CHECK(found.size() == 3);  // held, master, what the third left running
  for (const auto& node : found) {
    CHECK(node.key.native_id != bobs);
    CHECK(node.facts.at("told_by") == "log");
  }
  done(test::act(*connector, Action::revoke_keys, alice));
  // The line is gone: the log still says with which key, the plan whose key that is. Without the plan they are said to be nobody's.
  const model::NodeKey known{model::SystemId("bastion"), NodeKind::key, server.uid("deploy") + ":" + server.fingerprint_of(keys.own)};
  CHECK(test::all(test::look(*server.connector(), {alice}, {known}), NodeKind::session).size() == 3);
  const auto forgotten = test::look(*server.connector(), {alice});
  CHECK(test::listing(forgotten, NodeKind::session, server.uid("deploy"))->completeness == model::Completeness::lower_bound);
  CHECK(server.ssh("deploy", keys.own, "true", nullptr, {"-S", socket}));  // the trap
  done(test::act(*connector, Action::end_sessions, alice));
  for (const auto& node : found) CHECK(connector->observe(node, {})->presence == Presence::absent);
  CHECK(session->ended_by_itself());
  CHECK(of_bob->running());
  CHECK(processes_of(server, "deploy") == "3\n");  // bob's sshd, his command, his background job
  CHECK(test::all(test::look(*connector, {alice}), NodeKind::session).empty());
}

TEST_CASE("openssh: nothing is ended by uid where the uid is shared, root's, the system's or Exeunt's own") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const Shared keys(server);
  const auto of_bob = server.hold("deploy", keys.bobs);
  REQUIRE(of_bob);
  for (const auto* login : {"deploy", "root", "exeunt-control"}) {
    CAPTURE(login);
    connect::ApplyRequest request;
    request.action = Action::end_sessions;
    request.target = server.account(login);
    const auto applied = connector->apply(request);
    REQUIRE(applied);
    CHECK(applied->words.find("nothing was ended by uid") != std::string::npos);
    model::Node process;
    process.key = {model::SystemId("bastion"), NodeKind::session, "process:1:1"};
    request.covered = {process};
    CHECK_FALSE(connector->apply(request));
    request.action = Action::disable_account;
    request.covered = {};
    CHECK(connector->apply(request).error().code == base::Code::failed_precondition);
  }
  CHECK(of_bob->running());
  CHECK(connector->check({}));
}

TEST_CASE("openssh: where neither log nor sshd's note tells whose a session in a shared account is, the listing says so") {
  EXEUNT_SSHD(server, "ExposeAuthInfo no\n");
  auto connector = server.connector({{"session_log", ""}});
  const Shared keys(server);
  const auto session = server.hold("deploy", keys.own);
  REQUIRE(session);
  const auto inventory = test::look(*connector, {server.account("alice")});
  CHECK(test::all(inventory, NodeKind::session).empty());
  const auto* listed = test::listing(inventory, NodeKind::session, server.uid("deploy"));
  REQUIRE(listed != nullptr);
  CHECK(listed->completeness == model::Completeness::lower_bound);
  CHECK(std::any_of(inventory.gaps.begin(), inventory.gaps.end(), [](const model::Gap& gap) { return gap.kind == NodeKind::session; }));
  const auto report = connector->check({});
  REQUIRE(report);
  const auto says = [&](const std::string& words) {
    return std::any_of(report->missing.begin(), report->missing.end(),
                       [&](const std::string& line) { return line.find(words) != std::string::npos; });
  };
  CHECK(says("ExposeAuthInfo"));
  CHECK(says("session_log"));
}

TEST_CASE("openssh: sshd's note alone tells whose a session is, and a note that names both keys tells nothing") {
  EXEUNT_SSHD(server);
  auto connector = server.connector({{"session_log", ""}});
  const Shared keys(server);
  std::string hers;
  const auto session = server.hold("deploy", keys.own, &hers);
  const auto of_bob = server.hold("deploy", keys.bobs);
  const auto found = test::all(test::look(*connector, {server.account("alice")}), NodeKind::session);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key.native_id == hers);
  CHECK(found[0].facts.at("told_by") == "sshd's note to the session");
}

TEST_CASE("openssh: a key that she adds over a session between the steps goes with the sessions") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const Shared keys(server);
  const auto late = server.make_key("late");
  const auto socket = (server.folder() / "client/master").string();
  REQUIRE(server.ssh("alice", keys.own, "true", nullptr, {"-M", "-S", socket, "-f", "-N"}));
  const auto alice = server.account("alice");
  done(test::act(*connector, Action::revoke_keys, alice));
  REQUIRE(server.ssh("alice", keys.own, "echo '" + server.public_of(late) + "' >> " + server.keys_of("alice").string(), nullptr,
                     {"-S", socket}));
  CHECK(server.ssh("alice", late, "true"));  // the trap
  done(test::act(*connector, Action::end_sessions, alice));
  CHECK_FALSE(server.ssh("alice", late, "true"));
  CHECK(test::all(test::look(*connector, {alice}), NodeKind::session).empty());
}

TEST_CASE("openssh: every process of a personal account ends, also one that names no connection and one that multiplies") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const Shared keys(server);
  REQUIRE(server.ssh("alice", keys.own, "env -i setsid /bin/sh -c 'while :; do /bin/sleep 0.01; done' >/dev/null 2>&1 </dev/null &"));
  REQUIRE(server.ssh("alice", keys.own, "env -i setsid /bin/sleep 600 >/dev/null 2>&1 </dev/null &"));
  const auto alice = server.account("alice");
  const auto found = test::all(test::look(*connector, {alice}), NodeKind::session);
  CHECK(std::any_of(found.begin(), found.end(), [](const model::Node& node) { return node.key.native_id.starts_with("process:"); }));
  done(test::act(*connector, Action::end_sessions, alice));
  CHECK(processes_of(server, "alice") == "0\n");
  for (const auto& node : found) CHECK(connector->observe(node, {})->presence == Presence::absent);
}

TEST_CASE("openssh: a key known by a link only is hers wherever it is accepted, without an account of her own") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const Shared keys(server);
  const model::NodeKey known{model::SystemId("bastion"), NodeKind::key, server.uid("deploy") + ":" + server.fingerprint_of(keys.bobs)};
  const auto inventory = test::look(*connector, {}, {known});
  CHECK(test::find(inventory, NodeKind::key, known.native_id) != nullptr);
  connect::ApplyRequest request;
  request.action = Action::revoke_keys;
  request.target = *test::find(inventory, NodeKind::key, known.native_id);
  request.covered = test::all(inventory, NodeKind::key);
  done(connector->apply(request));
  CHECK_FALSE(server.ssh("deploy", keys.bobs, "true"));
  CHECK(server.ssh("deploy", keys.own, "true"));
  CHECK(server.read_keys("deploy") == server.public_of(keys.own) + "\n");
}
