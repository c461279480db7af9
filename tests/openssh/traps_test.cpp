// What OpenSSH leaves alive (each measured): every trap shows first that it is real, then that the connector does not fall into it.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "connect/openssh/public_key.hpp"
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
void done(const base::Result<connect::ApplyOutcome>& outcome) { REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().text())); }
bool has_gap(const model::Inventory& inventory, NodeKind kind, const std::string& words) {
  for (const auto& gap : inventory.gaps) {
    if (gap.kind == kind && gap.words.find(words) != std::string::npos) return true;
  }
  return false;
}
std::vector<std::string> with_certificate(const std::filesystem::path& certificate) {
  return {"-o", "CertificateFile=" + certificate.string()};
}
}  // namespace

TEST_CASE("openssh: a ControlMaster without a shell is a session; it runs commands after the key is gone and ends with the sessions") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto socket = (server.folder() / "client/master").string();
  REQUIRE(server.ssh("alice", own, "true", nullptr, {"-M", "-S", socket, "-f", "-N", "-o", "ControlPersist=yes"}));
  const auto alice = server.account("alice");
  const auto sessions = test::all(test::look(*connector, {alice}), NodeKind::session);
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].facts.at("told_by") == "log");
  CHECK(sessions[0].facts.at("key") == server.fingerprint_of(own));
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK(server.ssh("alice", own, "true", nullptr, {"-S", socket}));  // the trap
  CHECK(connector->observe(sessions[0], {})->presence == Presence::present);
  done(test::act(*connector, Action::end_sessions, alice));
  CHECK_FALSE(server.ssh("alice", own, "true", nullptr, {"-S", socket}));
  CHECK(connector->observe(sessions[0], {})->presence == Presence::absent);
}

TEST_CASE("openssh: a certificate still logs in when every authorized_keys line is gone") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  const auto certified = server.make_key("certified");
  const auto certificate = server.certify(certified, "alice", "alice@corp", 7);
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto alice = server.account("alice");
  const auto node = need(test::look(*connector, {alice}), NodeKind::certificate, server.fingerprint_of(certified) + ":7");
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK(server.ssh("alice", certified, "true", nullptr, with_certificate(certificate)));  // the trap
  CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);
  CHECK(connector->observe(alice, {})->presence == Presence::present);
  done(test::act(*connector, Action::revoke_certificates, alice));
  CHECK_FALSE(server.ssh("alice", certified, "true", nullptr, with_certificate(certificate)));
  CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
}

TEST_CASE("openssh: a re-issued certificate, which a serial in the KRL misses, is refused by key and by key id") {
  EXEUNT_SSHD(server);
  const auto certified = server.make_key("certified");
  const auto first = server.certify(certified, "alice", "alice@corp", 7);
  REQUIRE(base::write_file_atomically(server.folder() / "serial", "serial: 7\n"));
  server.run({"ssh-keygen", "-k", "-u", "-q", "-f", server.krl().string(), "-s", (server.folder() / "keys/ca.pub").string(),
              (server.folder() / "serial").string()});
  const auto again = server.certify(certified, "alice", "alice@corp", 8, false);
  CHECK_FALSE(server.ssh("alice", certified, "true", nullptr, with_certificate(first)));
  CHECK(server.ssh("alice", certified, "true", nullptr, with_certificate(again)));  // the trap: issued behind the ledger's back
  auto connector = server.connector();
  const auto alice = server.account("alice");
  done(test::act(*connector, Action::revoke_certificates, alice));
  CHECK_FALSE(server.ssh("alice", certified, "true", nullptr, with_certificate(again)));
  const auto renamed = server.certify(certified, "alice", "another id", 10, false);
  CHECK_FALSE(server.ssh("alice", certified, "true", nullptr, with_certificate(renamed)));  // the same key
  const auto other = server.make_key("other");
  const auto for_another_key = server.certify(other, "alice", "alice@corp", 9, false);
  CHECK_FALSE(server.ssh("alice", other, "true", nullptr, with_certificate(for_another_key)));  // the same key id
}

TEST_CASE(
    "openssh: a key id that somebody else's certificate carries too, or that would not fit ssh-keygen's lines, is not revoked by id") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto certified = server.make_key("certified");
  const auto bobs = server.make_key("bobs");
  const auto odd = server.make_key("odd");
  server.certify(certified, "alice", "staff", 7);
  const auto of_bob = server.certify(bobs, "bob", "staff", 8);
  const auto other_bob = server.make_key("bobs2");
  const auto second_of_bob = server.certify(other_bob, "bob", "serial", 1000);
  server.certify(odd, "alice", "x\nserial: 1000\n# ' $(id) \"", 9);
  done(test::act(*connector, Action::revoke_certificates, server.account("alice")));
  CHECK(server.ssh("bob", bobs, "true", nullptr, with_certificate(of_bob)));
  CHECK(server.ssh("bob", other_bob, "true", nullptr, with_certificate(second_of_bob)));
  for (const auto& node : test::all(test::look(*connector, {server.account("alice")}), NodeKind::certificate))
    CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
}

TEST_CASE("openssh: a missing or corrupt KRL refuses everybody: nothing is then read as refused, and a broken one is never replaced") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto alice = server.account("alice");
  const auto node = need(test::look(*connector, {alice}), NodeKind::key, key_id(server, "alice", own));
  const auto good = base::read_file(server.krl()).value();
  for (const std::string& content : {std::string("SSHKRL\n\0rubbish", 15), std::string("not a list")}) {
    CAPTURE(content);
    REQUIRE(base::write_file_atomically(server.krl(), content));
    // The connection that is open already serves the calls; a new one would be refused.
    const auto report = connector->check({});
    REQUIRE(report);
    CHECK(std::any_of(report->missing.begin(), report->missing.end(),
                      [](const std::string& words) { return words.find("corrupt") != std::string::npos; }));
    CHECK(test::probe(*connector, node) == ProbeAnswer::refused);    // as everybody …
    CHECK(test::control(*connector, node) == ProbeAnswer::refused);  // … so the control says that it means nothing
    connect::ApplyRequest request;
    request.action = Action::revoke_keys;
    request.target = alice;
    request.covered = {node};
    const auto applied = connector->apply(request);
    REQUIRE_FALSE(applied);
    CHECK(applied.error().code == base::Code::failed_precondition);
    CHECK(base::read_file(server.krl()).value() == content);
    const auto listed = connector->inventory({{alice}, {node.key}, {}, {}});
    server.write_keys("alice", server.public_of(own) + "\n");
    const auto again = connector->inventory({{alice}, {}, {}, {}});
    REQUIRE_FALSE(again);  // ssh-keygen -Q said 255: never read as fine
    CHECK(again.error().code == base::Code::failed_precondition);
    CHECK(server.connector()->inventory({{alice}, {}, {}, {}}).error().code == base::Code::permission_denied);
  }
  std::filesystem::remove(server.krl());
  CHECK(test::control(*connector, node) == ProbeAnswer::refused);
  REQUIRE(base::write_file_atomically(server.krl(), good));
  CHECK(test::control(*connector, node) == ProbeAnswer::admitted);
}

TEST_CASE("openssh: the probe tells alive, cut and nonexistent apart from each other's meaning") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  server.write_keys("alice", server.public_of(own) + "\n");
  const auto alice = server.account("alice");
  auto node = need(test::look(*connector, {alice}), NodeKind::key, key_id(server, "alice", own));
  CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);
  auto nobody = node;
  nobody.facts["login"] = "nobody-of-that-name";
  CHECK(test::probe(*connector, nobody) == ProbeAnswer::refused);
  auto other = node;
  other.facts["public"] = server.public_of(server.make_key("other"));  // not the key that the path names
  CHECK(test::probe(*connector, other) == ProbeAnswer::unknown);
  auto bare = node;
  bare.facts.clear();
  CHECK(test::probe(*connector, bare) == ProbeAnswer::unknown);
  server.write_keys("alice", "");
  CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
  for (const auto* type : {"rsa", "ecdsa"}) {
    CAPTURE(type);
    const auto key = server.make_key(std::string("of-") + type, type);
    server.write_keys("alice", server.public_of(key) + "\n");
    const auto found = need(test::look(*connector, {alice}), NodeKind::key, key_id(server, "alice", key));
    CHECK(test::probe(*connector, found) == ProbeAnswer::admitted);
    server.write_keys("alice", "");
    CHECK(test::probe(*connector, found) == ProbeAnswer::refused);
  }
}

TEST_CASE("openssh: a key that from= keeps from us is refused before any cut, and that is said") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  server.write_keys("alice", "no-pty,from=\"192.0.2.7\",command=\"echo \\\"hi\\\"\" " + server.public_of(own) + " phone\n");
  const auto inventory = test::look(*connector, {server.account("alice")});
  const auto node = need(inventory, NodeKind::key, key_id(server, "alice", own));
  CHECK(node.facts.at("from") == "192.0.2.7");
  CHECK(has_gap(inventory, NodeKind::key, "192.0.2.7"));
  CHECK(test::probe(*connector, node) == ProbeAnswer::refused);  // so `before` is refused, and no verdict is built on it
  CHECK(connector->observe(node, {})->presence == Presence::present);
  done(test::act(*connector, Action::revoke_keys, server.account("alice")));
  CHECK(connector->observe(node, {})->presence == Presence::absent);
}

TEST_CASE("openssh: a comment with a newline and a second key is two keys, and both go") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  const auto second = server.make_key("second");
  const auto third = server.make_key("third");
  server.write_keys("alice", server.public_of(own) + " laptop of K\n" + server.public_of(second) + " not a comment \x1b[2J\u202e\n# " +
                                 server.public_of(third) + "\n");
  CHECK(server.ssh("alice", second, "true"));
  const auto alice = server.account("alice");
  const auto keys = test::all(test::look(*connector, {alice}), NodeKind::key);
  CHECK(keys.size() == 2);
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK_FALSE(server.ssh("alice", own, "true"));
  CHECK_FALSE(server.ssh("alice", second, "true"));
  CHECK(server.read_keys("alice") == "# " + server.public_of(third) + "\n");
  struct stat status{};
  REQUIRE(::stat(server.keys_of("alice").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  CHECK(std::to_string(status.st_uid) == server.uid("alice"));
}

TEST_CASE("openssh: a colleague's key, and ours, planted in her file only lose that line") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  const auto bobs = server.make_key("bobs");
  server.write_keys("bob", server.public_of(bobs) + " bob\n");
  server.write_keys("alice", server.public_of(own) + "\n" + server.public_of(bobs) + "\n" +
                                 server.public_of(server.folder() / "keys/engine") + "\n" +
                                 server.public_of(server.folder() / "keys/control") + "\n");
  const auto alice = server.account("alice");
  const auto inventory = test::look(*connector, {alice});
  CHECK(test::all(inventory, NodeKind::key).size() == 4);
  CHECK(has_gap(inventory, NodeKind::key, "another person's"));
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK(server.read_keys("alice").empty());
  CHECK(server.ssh("bob", bobs, "true"));
  CHECK(server.connector()->check({}));  // we still get in
  CHECK(test::control(*connector, need(inventory, NodeKind::key, key_id(server, "alice", own))) == ProbeAnswer::admitted);
}

TEST_CASE("openssh: links that she plants lead neither to root's file nor to a write outside her own") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  const auto alice = server.account("alice");
  const auto folder = server.keys_of("alice").parent_path();
  const auto roots = server.read_keys("root");
  std::filesystem::permissions(server.folder() / "homes/root/.ssh", std::filesystem::perms::owner_all);
  std::filesystem::remove_all(folder);
  std::filesystem::create_symlink(server.folder() / "homes/root/.ssh", folder);
  CHECK(test::all(test::look(*connector, {alice}), NodeKind::key).empty());  // sshd, too, reads it with her rights
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK(server.read_keys("root") == roots);
  std::filesystem::remove(folder);
  std::filesystem::create_directory(folder);
  const auto uid = static_cast<unsigned>(std::stoul(server.uid("alice")));
  REQUIRE(::chown(folder.c_str(), uid, uid) == 0);
  const auto real = server.folder() / "homes/alice/elsewhere";
  std::ofstream(real) << server.public_of(own) << "\n";
  REQUIRE(::chown(real.c_str(), uid, uid) == 0);
  std::filesystem::permissions(real, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::create_symlink(real, server.keys_of("alice"));
  CHECK(server.ssh("alice", own, "true"));
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK_FALSE(server.ssh("alice", own, "true"));
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  std::filesystem::remove(server.keys_of("alice"));
  std::filesystem::rename(folder / "fifo", server.keys_of("alice"));
  const auto listed = test::look(*connector, {alice});  // must not wait for a writer
  CHECK(test::listing(listed, NodeKind::key, server.uid("alice"))->completeness == model::Completeness::partial);
}

TEST_CASE("openssh: a login of shell and format characters is listed, tried and cut like any other") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const std::string login = "o%b $x+(y)";
  const auto own = server.make_key("own");
  const auto certified = server.make_key("certified");
  server.certify(certified, login, login, 3);
  server.write_keys(login, server.public_of(own) + " $(touch /tmp/x)\n");
  const auto account = server.account(login);
  const auto inventory = test::look(*connector, {account});
  const auto key = need(inventory, NodeKind::key, key_id(server, login, own));
  const auto certificate = need(inventory, NodeKind::certificate, server.fingerprint_of(certified) + ":3");
  for (const auto& node : {key, certificate}) CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);
  for (const auto action : {Action::revoke_keys, Action::revoke_certificates, Action::disable_account, Action::end_sessions})
    done(test::act(*connector, action, account));
  for (const auto& node : {key, certificate}) CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
  CHECK(server.read_keys(login).empty());
}

TEST_CASE("openssh: an RSA key whose numbers begin with zeros is the key that it is") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own", "rsa");
  const auto line = server.public_of(own);
  auto blob = connect::decode_base64_leniently(line.substr(line.find(' ') + 1)).value();
  const auto exponent = std::string("\0\0\0\3\1\0\1", 7);
  blob.replace(blob.find(exponent), exponent.size(), std::string("\0\0\0\5\0\0\1\0\1", 9));
  server.write_keys("alice", "ssh-rsa " + base::to_base64(base::as_bytes(blob)) + "\n");
  CHECK(server.ssh("alice", own, "true"));  // the trap: the raw bytes hash to another fingerprint
  const auto alice = server.account("alice");
  const auto node = need(test::look(*connector, {alice}), NodeKind::key, key_id(server, "alice", own));
  CHECK(test::probe(*connector, node) == ProbeAnswer::admitted);
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK_FALSE(server.ssh("alice", own, "true"));
  server.write_keys("bob", line + "\n");
  CHECK_FALSE(server.ssh("bob", own, "true"));  // the KRL knows it too
}

TEST_CASE("openssh: a cert-authority line lets in whom nobody knows: said, removed, revoked") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto authority = server.make_key("her-ca");
  const auto friend_key = server.make_key("friend");
  server.run({"ssh-keygen", "-q", "-s", authority.string(), "-I", "x", "-n", "alice", friend_key.string() + ".pub"});
  server.write_keys("alice", "cert-authority " + server.public_of(authority) + "\n");
  const auto certificate = with_certificate(friend_key.string() + "-cert.pub");
  CHECK(server.ssh("alice", friend_key, "true", nullptr, certificate));  // the trap
  const auto alice = server.account("alice");
  const auto inventory = test::look(*connector, {alice});
  CHECK(has_gap(inventory, NodeKind::key, "cert-authority"));
  CHECK(test::probe(*connector, need(inventory, NodeKind::key, key_id(server, "alice", authority))) == ProbeAnswer::unknown);
  done(test::act(*connector, Action::revoke_keys, alice));
  CHECK_FALSE(server.ssh("alice", friend_key, "true", nullptr, certificate));
  server.write_keys("bob", "cert-authority " + server.public_of(authority) + "\n");
  CHECK_FALSE(server.ssh("bob", friend_key, "true", nullptr, certificate));
}

TEST_CASE("openssh: a file too long to be read whole is said to be partial; the keys that were seen are refused all the same") {
  EXEUNT_SSHD(server);
  auto connector = server.connector();
  const auto own = server.make_key("own");
  const auto hidden = server.make_key("hidden");
  server.write_keys("deploy", server.public_of(own) + "\n");
  server.write_keys("alice", server.public_of(own) + "\n" + std::string(1'100'000, '#') + "\n" + server.public_of(hidden) + "\n");
  CHECK(server.ssh("alice", hidden, "true"));  // the trap: sshd reads on
  const auto alice = server.account("alice");
  const auto inventory = test::look(*connector, {alice});
  const auto* listed = test::listing(inventory, NodeKind::key, server.uid("alice"));
  CHECK(listed->completeness == model::Completeness::partial);
  CHECK(listed->reason.find("1 MiB") != std::string::npos);
  const auto node = need(inventory, NodeKind::key, key_id(server, "alice", own));
  const auto applied = test::act(*connector, Action::revoke_keys, alice);
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == base::Code::failed_precondition);
  CHECK(test::probe(*connector, node) == ProbeAnswer::refused);
  CHECK(server.read_keys("deploy").empty());
  CHECK_FALSE(connector->observe(alice, {})->presence == Presence::absent);
}
