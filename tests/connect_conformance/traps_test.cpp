// The simulated systems keep the traps of the real ones: what a cut leaves standing must be standing here too, or tests of the engine show nothing.
#include <doctest/doctest.h>

#include "connect_conformance/simulated_bench.hpp"

namespace exeunt::testing {
namespace {

using connect::Presence;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;

class Scene {
 public:
  explicit Scene(const char* system_model) : bench(system_model), connector(*bench.fresh().value()) {}

  std::vector<model::Node> paths(NodeKind kind) {
    std::vector<model::Node> out;
    const auto inventory = connector.inventory(bench.subject());
    if (!inventory) return out;
    for (const auto& node : inventory->nodes) {
      if (node.key.kind == kind && node.key != bench.account().key) out.push_back(node);
    }
    return out;
  }
  base::Status apply(Action action, std::vector<model::Node> covered = {}) {
    connect::ApplyRequest request;
    request.action = action;
    request.target = bench.account();
    request.covered = std::move(covered);
    const base::Secret secret("value");
    request.new_secret = &secret;
    EXEUNT_TRY(connector.apply(request));
    return {};
  }
  ProbeAnswer probe(const model::Node& node) {
    connect::ProbeRequest request;
    request.target = node;
    return connector.probe(request).value().answer;
  }
  bool present(const model::Node& node) { return connector.observe(node, {}).value().presence == Presence::present; }
  base::Status person(base::JsonObject act) {
    act["op"] = "person";
    act["account"] = bench.account().key.native_id;
    EXEUNT_TRY(bench.server().ask("system", act));
    return {};
  }

  SimulatedBench bench;
  connect::Connector& connector;
};

TEST_CASE("simulated openldap: a reset after the lock clears the lock, both in one call keep it") {
  Scene scene("openldap");
  REQUIRE(scene.apply(Action::disable_account));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::refused);
  REQUIRE(scene.apply(Action::replace_password));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::admitted);
  REQUIRE(scene.apply(Action::lock_and_replace));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::refused);
}

TEST_CASE("simulated openldap: held connections survive the lock, and while one is open she can undo it") {
  Scene scene("openldap");
  REQUIRE(scene.apply(Action::lock_and_replace));
  const auto sessions = scene.paths(NodeKind::session);
  CHECK(sessions.size() == 3);
  REQUIRE(scene.person({{"act", "change_password"}}));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::admitted);
  REQUIRE(scene.apply(Action::lock_and_replace));
  REQUIRE(scene.apply(Action::end_sessions, sessions));
  CHECK(scene.paths(NodeKind::session).empty());
  CHECK_FALSE(scene.person({{"act", "change_password"}}));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::refused);
  // Taking a twin's password value away after the lock clears the lock.
  REQUIRE(scene.person({{"act", "delete_password_value"}}));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::admitted);
}

TEST_CASE("simulated postgresql: NOLOGIN leaves sessions, her created role and her function") {
  Scene scene("postgresql");
  REQUIRE(scene.apply(Action::lock_and_replace));
  CHECK(scene.probe(scene.bench.account()) == ProbeAnswer::refused);
  CHECK(scene.paths(NodeKind::session).size() == 4);  // three of hers, one under the shared secret
  CHECK(scene.paths(NodeKind::automation).size() == 1);
  bool created_role = false;
  for (const auto& node : scene.paths(NodeKind::account)) {
    if (node.key.native_id == "16700") created_role = scene.probe(node) == ProbeAnswer::admitted;
  }
  CHECK(created_role);
}

TEST_CASE("simulated postgresql: an old value that is refused says nothing unless the new one is admitted") {
  Scene scene("postgresql");
  const auto secrets = scene.paths(NodeKind::secret);
  REQUIRE(secrets.size() == 1);
  const base::Secret old_value = std::move(scene.bench.present_value(secrets[0]).value());
  const base::Secret wrong("wrong");
  connect::ProbeRequest request;
  request.target = secrets[0];
  CHECK(scene.connector.probe(request).value().answer == ProbeAnswer::unknown);
  request.old_secret = &wrong;
  CHECK(scene.connector.probe(request).value().answer == ProbeAnswer::unknown);
  request.old_secret = &old_value;
  CHECK(scene.connector.probe(request).value().answer == ProbeAnswer::admitted);
}

TEST_CASE("simulated openssh: without her line the certificate still logs in, and sessions survive the revoked key") {
  Scene scene("openssh");
  const auto keys = scene.paths(NodeKind::key);
  const auto certificates = scene.paths(NodeKind::certificate);
  const auto sessions = scene.paths(NodeKind::session);
  REQUIRE(keys.size() == 2);  // her own line and the one in the shared account
  REQUIRE(certificates.size() == 1);
  CHECK(sessions.size() == 3);
  for (const auto& key : keys) REQUIRE(scene.person({{"act", "remove_line"}, {"id", boost::json::string(key.key.native_id)}}));
  for (const auto& key : keys) CHECK(scene.probe(key) == ProbeAnswer::refused);
  CHECK(scene.probe(certificates[0]) == ProbeAnswer::admitted);
  REQUIRE(scene.apply(Action::revoke_certificates, certificates));
  CHECK(scene.probe(certificates[0]) == ProbeAnswer::refused);
  for (const auto& session : sessions) CHECK(scene.present(session));
}

TEST_CASE("simulated openssh: a revoked key's hash ends its certificates too, re-issued ones included") {
  Scene scene("openssh");
  const auto keys = scene.paths(NodeKind::key);
  REQUIRE(scene.apply(Action::revoke_keys, keys));
  const std::string fingerprint = keys[0].key.native_id.substr(keys[0].key.native_id.find(':') + 1);
  REQUIRE(scene.person({{"act", "issue_certificate"}, {"fingerprint", boost::json::string(fingerprint)}, {"serial", "777"}}));
  model::Node reissued;
  reissued.key = {keys[0].key.system, NodeKind::certificate, fingerprint + ":777"};
  CHECK(scene.probe(reissued) == ProbeAnswer::refused);
}

TEST_CASE("simulated: what appears after a look is in the next listing") {
  Scene scene("openssh");
  const auto before = scene.paths(NodeKind::session).size();
  REQUIRE(scene.person({{"act", "open_session"}, {"id", "127.0.0.1:49999"}, {"facts", base::JsonObject{{"fingerprint", "SHA256:other"}}}}));
  REQUIRE(scene.person({{"act", "add_key"}, {"fingerprint", "SHA256:added"}}));
  CHECK(scene.paths(NodeKind::session).size() == before + 1);
  CHECK(scene.paths(NodeKind::key).size() == 3);
}

TEST_CASE("simulated: a slow system is a lost answer to a change and unavailable to a question") {
  Scene scene("openldap");
  REQUIRE(scene.bench.server().ask("system", {{"op", "control"}, {"set", base::JsonObject{{"slow_ms", 400}}}}));
  connect::ApplyRequest request;
  request.action = Action::disable_account;
  request.target = scene.bench.account();
  request.deadline = {base::Duration(50)};
  CHECK(scene.connector.apply(request).error().code == base::Code::outcome_unknown);
  CHECK(scene.connector.observe(scene.bench.account(), {base::Duration(50)}).error().code == base::Code::unavailable);
}

}  // namespace
}  // namespace exeunt::testing
