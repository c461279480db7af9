// One person on a real sshd: what is found, what each cut leaves alive, what the probes say of it.
#include <doctest/doctest.h>

#include "openssh/sshd.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;

namespace {
std::string key_id(const test::Sshd& server, const std::string& login, const std::filesystem::path& key) {
  return server.uid(login) + ":" + server.fingerprint_of(key);
}
model::Node need(const model::Inventory& inventory, NodeKind kind, const std::string& id) {
  const auto* node = test::find(inventory, kind, id);
  REQUIRE_MESSAGE(node != nullptr, id);
  return *node;
}
}  // namespace

TEST_CASE("openssh: a person with everything is listed, cut in order, and every way is shown shut") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  const auto bobs = server.make_key("bobs");
  const auto certified = server.make_key("certified");
  const auto certificate = server.certify(certified, "alice", "alice@corp", 41);
  server.write_keys("alice", server.public_of(own) + " laptop\n");
  server.write_keys("deploy", "# shared\n" + server.public_of(bobs) + " bob\n" + server.public_of(own) + " alice\n");
  std::string mine, shared, bystander;
  const auto session = server.hold("alice", own, &mine);
  const auto in_deploy = server.hold("deploy", own, &shared);
  const auto of_bob = server.hold("deploy", bobs, &bystander);
  REQUIRE(session);
  REQUIRE(in_deploy);
  REQUIRE(of_bob);

  const auto alice = server.account("alice");
  const auto before = test::look(*connector, {alice});
  const auto key = need(before, NodeKind::key, key_id(server, "alice", own));
  const auto key_there = need(before, NodeKind::key, key_id(server, "deploy", own));
  const auto cert = need(before, NodeKind::certificate, server.fingerprint_of(certified) + ":41");
  const auto live = need(before, NodeKind::session, mine);
  const auto live_there = need(before, NodeKind::session, shared);
  CHECK(test::find(before, NodeKind::session, bystander) == nullptr);
  CHECK(test::find(before, NodeKind::key, key_id(server, "deploy", bobs)) == nullptr);
  for (const auto kind : {NodeKind::key, NodeKind::certificate, NodeKind::session}) {
    const auto* listed = test::listing(before, kind, server.uid("alice"));
    REQUIRE(listed != nullptr);
    CHECK(listed->completeness == model::Completeness::full);
  }
  for (const auto& node : {key, key_there, cert}) {
    CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);
    CHECK(test::control(*connector, node) == ProbeAnswer::admitted);
  }
  CHECK(connector->observe(alice, {})->presence == Presence::present);

  for (int time = 1; time <= 2; ++time) {  // every action can run twice
    for (const auto action : {Action::revoke_keys, Action::revoke_certificates, Action::disable_account, Action::end_sessions}) {
      CAPTURE(time);
      CAPTURE(model::name(action));
      const auto done = test::act(*connector, action, alice);
      REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    }
  }
  for (const auto& node : {key, key_there, cert}) {
    CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
    CHECK(test::control(*connector, node) == ProbeAnswer::admitted);
    CHECK(connector->observe(node, {})->presence == Presence::absent);
  }
  for (const auto& node : {live, live_there}) {
    const auto seen = connector->observe(node, {});
    CHECK(seen->presence == Presence::absent);
    CHECK(seen->grade == model::Grade::observed);
  }
  CHECK(connector->observe(alice, {})->presence == Presence::absent);
  CHECK(session->ended_by_itself());
  CHECK(in_deploy->ended_by_itself());
  CHECK(of_bob->running());
  CHECK(server.read_keys("deploy") == "# shared\n" + server.public_of(bobs) + " bob\n");
  CHECK_FALSE(server.ssh("alice", certified, "true", nullptr, {"-o", "CertificateFile=" + certificate.string()}));
  CHECK_FALSE(server.ssh("deploy", own, "true"));
  CHECK(server.ssh("deploy", bobs, "true"));
  CHECK(test::all(test::look(*connector, {alice}), NodeKind::session).empty());
}
