// When the host, the key or the answer is not what it should be: clear words, nothing claimed, nothing half done.
#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "connect/registry.hpp"
#include "openssh/sshd.hpp"
#include "testing/loopback.hpp"

using namespace exeunt;
using base::Code;
using connect::Presence;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;

namespace {

/// A relay on loopback that breaks the link as soon as a watched effect is there: the server did it, its answer is lost.
class LosingRelay {
 public:
  explicit LosingRelay(int server_port) : server_port_(server_port), door_([this](int client, int stop) { serve(client, stop); }) {}
  [[nodiscard]] int port() const { return door_.port(); }
  void lose_answer_once(std::function<bool()> effect) {
    effect_ = std::move(effect);
    armed_ = true;
  }
  [[nodiscard]] bool lost() const { return !armed_; }

 private:
  void serve(int client, int stop) {
    const base::Descriptor server(testing::connect_to(server_port_));
    std::array<char, 16384> buffer;
    while (server.valid()) {
      std::array<pollfd, 3> watched{{{client, POLLIN, 0}, {server.get(), POLLIN, 0}, {stop, POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), -1) < 0 || watched[2].revents != 0) return;
      for (std::size_t i = 0; i < 2; ++i) {
        if (watched[i].revents == 0) continue;
        const auto got = ::read(watched[i].fd, buffer.data(), buffer.size());
        if (got <= 0) return;
        if (i == 1 && armed_ && effect_()) {
          armed_ = false;
          return;
        }
        if (::write(watched[1 - i].fd, buffer.data(), static_cast<std::size_t>(got)) != got) return;
      }
    }
  }
  const int server_port_;
  std::function<bool()> effect_;
  std::atomic<bool> armed_{false};
  testing::Door door_;  // goes first
};

void done(const base::Result<connect::ApplyOutcome>& outcome) { REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().text())); }
}  // namespace

TEST_CASE("openssh: a host that is down is unavailable, and its probe says unknown") {
  EXEUNT_SSHD(server);
  const auto own = server.make_key("own");
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto alice = server.account("alice");
  const auto node = test::all(test::look(*server.connector(), {alice}), NodeKind::key).at(0);
  server.stop();
  auto connector = server.connector();
  CHECK(connector->check({}).error().code == Code::unavailable);
  CHECK(connector->inventory({{alice}, {}, {}, {}}).error().code == Code::unavailable);
  connect::ApplyRequest request;
  request.action = Action::revoke_keys;
  request.target = alice;
  request.covered = {node};
  CHECK(connector->apply(request).error().code == Code::unavailable);
  CHECK(connector->observe(node, {}).error().code == Code::unavailable);
  CHECK(test::probe(*connector, node) == ProbeAnswer::unknown);
  CHECK(test::control(*connector, node) == ProbeAnswer::unknown);
  server.listen_again();
  CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);
  done(connector->apply(request));
}

TEST_CASE("openssh: a listener that was restarted is logged in to again by itself") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  REQUIRE(connector->accounts({}));
  server.run({"/bin/sh", "-c",
              "for p in $(ps -o pid= -u 0); do [ \"$(tr '\\0' ' ' < /proc/$p/cmdline | grep -c 'sshd: root@notty')\" = 1 ] && "
              "tr '\\0' '\\n' < /proc/$p/environ | grep -q '" +
                  server.folder().string() + "' && kill -9 $p; done; true"});
  CHECK(connector->accounts({}));
}

TEST_CASE("openssh: a changed or unknown host key is never accepted") {
  EXEUNT_SSHD(server);
  const auto other = server.make_key("other-host");
  const auto line = "[127.0.0.1]:" + std::to_string(server.port()) + " ";
  const auto pinned = server.folder() / "pinned";
  const auto refused = [&](const std::string& content) {
    REQUIRE(base::write_file_atomically(pinned, content));
    auto connector = server.connector({{"known_hosts", pinned.string()}});
    const auto answer = connector->check({});
    REQUIRE_FALSE(answer);
    model::Node node;
    node.key = {model::SystemId("bastion"), NodeKind::key, server.uid("alice") + ":" + server.fingerprint_of(other)};
    node.facts = {{"login", "alice"}, {"public", server.public_of(other)}};
    CHECK(test::probe(*connector, node) == ProbeAnswer::unknown);
    CHECK(base::read_file(pinned).value() == content);  // nothing was learned
    return answer.error();
  };
  const auto changed = refused(line + server.public_of(other) + "\n");
  CHECK(changed.code == Code::permission_denied);
  CHECK(changed.what.find("host key") != std::string::npos);
  CHECK(refused("").code == Code::failed_precondition);
  CHECK(refused("[127.0.0.1]:1 " + server.public_of(server.folder() / "keys/host") + "\n").code == Code::failed_precondition);
  CHECK(server.connector({{"known_hosts", (server.folder() / "absent").string()}})->check({}).error().code == Code::failed_precondition);
}

TEST_CASE("openssh: with wrong credentials of our own nothing is read as refused") {
  EXEUNT_SSHD(server);
  const auto own = server.make_key("own");
  const auto wrong = server.make_key("wrong");
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto alice = server.account("alice");
  const auto node = test::all(test::look(*server.connector(), {alice}), NodeKind::key).at(0);
  auto connector = server.connector({{"key_file", wrong.string()}, {"control_key", wrong.string() + ".pub"}});
  const auto listed = connector->inventory({{alice}, {}, {}, {}});
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code == Code::permission_denied);
  CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);  // it needs no credentials of ours
  server.write_keys("alice", "");
  CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
  CHECK(test::control(*connector, node) == ProbeAnswer::refused);  // so that refusal counts for nothing
  CHECK(connector->observe(node, {}).error().code == Code::permission_denied);
  auto none = server.connector({{"control_key", ""}});
  connect::ProbeRequest request;
  request.target = node;
  request.means = model::ProbeMeans::own;
  CHECK(none->probe_control(request).error().code == Code::unimplemented);
}

TEST_CASE("openssh: a lost answer is outcome_unknown; the effect is there, and the repeat is ok") {
  EXEUNT_SSHD(server);
  LosingRelay relay(server.port());
  const auto own = server.make_key("own");
  const auto certified = server.make_key("certified");
  server.certify(certified, "alice", "alice", 3);
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto known = server.folder() / "known_relay";
  REQUIRE(base::write_file_atomically(
      known, "[127.0.0.1]:" + std::to_string(relay.port()) + " " + server.public_of(server.folder() / "keys/host") + "\n"));
  auto connector = server.connector({{"port", std::to_string(relay.port())}, {"known_hosts", known.string()}});
  const auto alice = server.account("alice");
  const auto inventory = test::look(*connector, {alice});
  const auto session = server.hold("alice", own);
  REQUIRE(session);
  const auto list = base::read_file(server.krl()).value();
  struct Row {
    Action action;
    std::vector<model::Node> covered;
    std::function<bool()> effect;
  };
  const std::vector<Row> rows{{Action::revoke_certificates, test::all(inventory, NodeKind::certificate),
                               [&] { return base::read_file(server.krl()).value_or("") != list; }},
                              {Action::revoke_keys, test::all(inventory, NodeKind::key), [&] { return server.read_keys("alice").empty(); }},
                              {Action::end_sessions, {}, [&] { return !session->running(); }}};
  for (const auto& row : rows) {
    CAPTURE(model::name(row.action));
    connect::ApplyRequest request;
    request.action = row.action;
    request.target = alice;
    request.covered = row.covered;
    relay.lose_answer_once(row.effect);
    const auto lost = connector->apply(request);
    REQUIRE_FALSE(lost);
    CHECK_MESSAGE(lost.error().code == Code::outcome_unknown, lost.error().text());
    CHECK(relay.lost());
    CHECK(row.effect());
    for (const auto& node : row.covered) CHECK(connector->observe(node, {})->presence == Presence::absent);
    done(connector->apply(request));
    for (const auto& node : row.covered) CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
  }
}

TEST_CASE("openssh: check says what the host is, what we may do there and what is missing") {
  EXEUNT_SSHD(server);
  const auto full = server.connector()->check({});
  REQUIRE(full);
  CHECK(full->version.find("OpenSSH_") != std::string::npos);
  CHECK(full->missing.empty());
  REQUIRE(full->rights.size() == 1);
  CHECK(full->rights[0].find("root-equivalent") != std::string::npos);
  CHECK(std::abs(full->clock_offset.count()) < 60'000);
  const auto bare =
      server.connector({{"krl", ""}, {"ca_ledger", ""}, {"control_certificate", ""}, {"session_log", (server.folder() / "none").string()}})
          ->check({});
  REQUIRE(bare);
  CHECK(bare->missing.size() == 4);
  CHECK(bare->gaps.size() == 4);
  auto connector = server.connector({{"ca_ledger", ""}});
  const auto inventory = test::look(*connector, {server.account("alice")});
  CHECK(test::listing(inventory, NodeKind::certificate, server.uid("alice"))->completeness == model::Completeness::none);
  CHECK(connector->observe(server.account("alice"), {})->presence == Presence::unknown);
}

TEST_CASE("openssh: Exeunt's own accounts are named, all accounts are listed, a wrong setting is refused") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = connector->own_accounts({});
  REQUIRE(own);
  REQUIRE(own->size() == 2);
  CHECK((*own)[0].native_id == "0");
  CHECK((*own)[1].native_id == server.uid("exeunt-control"));
  const auto listed = connector->accounts({});
  REQUIRE(listed);
  CHECK(listed->accounts.size() == 6);
  CHECK(listed->completeness == model::Completeness::full);
  CHECK(listed->accounts[0].administrator);
  base::SystemClock clock;
  base::SystemRandom random;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"prot", "22"},
                                                                                   {"port", "0"},
                                                                                   {"authorized_keys", "/x/%z"},
                                                                                   {"control_key", (server.folder() / "passwd").string()},
                                                                                   {"control_account", ""}}) {
    CAPTURE(key);
    const auto made = connect::make_openssh(server.config({{key, value}}), clock, random);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Code::invalid_argument);
  }
}

TEST_CASE("openssh: a local account is locked and expired in shadow(5), and its password counts as a way in until then") {
  const auto owner = test::Sshd::start_with_own_etc();
  if (!owner) return;
  auto& server = *owner;
  auto connector = server.connector();
  const auto own = server.make_key("own");
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto alice = server.account("alice");
  const auto key = test::all(test::look(*connector, {alice}), NodeKind::key).at(0);
  REQUIRE(server.ssh("alice", own, "true"));
  connect::ApplyRequest request;
  request.target = alice;
  request.action = Action::revoke_keys;
  request.covered = {key};
  done(connector->apply(request));
  const auto with_password = connector->observe(alice, {});
  CHECK(with_password->presence == Presence::present);
  CHECK(with_password->words.find("password") != std::string::npos);
  request.action = Action::disable_account;
  request.covered = {};
  for (int time = 1; time <= 2; ++time) done(connector->apply(request));
  CHECK(connector->observe(alice, {})->words.find("expired") != std::string::npos);
  server.write_keys("alice", server.public_of(server.make_key("new")) + "\n");
  CHECK_FALSE(server.ssh("alice", server.folder() / "keys/new", "true"));  // expired: no key opens it
  CHECK(base::read_file(server.folder() / "etc/shadow")->find("alice:!$6$x$y:") != std::string::npos);
  CHECK(base::read_file(server.folder() / "etc/shadow")->find("bob:*:19000:0:99999:7:::") != std::string::npos);
}
