// The server away, another server, too few rights, answers of no Redis: clear words, the right code, nothing claimed.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "connect/registry.hpp"
#include "redis/server.hpp"
#include "testing/connector_checks.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::look;
using test::own;

namespace {

/// Takes one connection after the other, answers each with the same bytes, and keeps it open.
class Impostor {
 public:
  explicit Impostor(std::string bytes) : bytes_(std::move(bytes)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
        clients_.push_back(client);
        static_cast<void>(::send(client, bytes_.data(), bytes_.size(), MSG_NOSIGNAL));
      }
    });
  }
  ~Impostor() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (const int client : clients_) ::close(client);
    ::close(listener_);
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  std::string bytes_;
  int listener_ = -1, port_ = 0;
  std::vector<int> clients_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("redis: a server that is down is unavailable, its probes unknown, and it works again afterwards") {
  auto server = test::Server::make({});
  if (!server) return;
  auto connector = server->connector();
  const std::string name = server->make_user("down");
  server->admin().ask({"ACL", "SAVE"});
  server->stop();
  const auto listing = connector->accounts({});
  const auto outcome = act(*connector, Action::lock_and_replace, account(name));
  const connect::ProbeResult probe = own(*connector, account(name));
  server->start();
  REQUIRE(!listing);
  CHECK(listing.error().code == base::Code::unavailable);
  REQUIRE(!outcome);
  CHECK(outcome.error().code == base::Code::unavailable);
  CHECK(probe.answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("redis: TLS is verified: another name or another authority is refused before anything is sent") {
  auto server = test::Server::make({.tls = true});
  if (!server) return;
  auto right = server->connector();
  const std::string name = server->make_user("over_tls");
  REQUIRE(act(*right, Action::lock_and_replace, account(name)));
  CHECK(own(*right, account(name)).answer == ProbeAnswer::refused);

  auto other_name = server->connector({{"host", "127.0.0.1"}});
  const auto mismatch = other_name->check({});
  REQUIRE(!mismatch);
  CHECK(mismatch.error().code == base::Code::unavailable);
  CHECK(mismatch.error().what.find("TLS name mismatch") != std::string::npos);
  CHECK(own(*other_name, account(name)).answer == ProbeAnswer::unknown);

  auto elsewhere = test::Server::make({.tls = true, .tls_name = "elsewhere.example.org"});
  REQUIRE(elsewhere);
  const auto not_named = elsewhere->connector()->check({});
  REQUIRE(!not_named);
  CHECK(not_named.error().what.find("TLS name mismatch") != std::string::npos);

  auto other_authority = server->connector({{"ca_file", (server->folder() / "other.pem").string()}});
  const auto untrusted = other_authority->check({});
  REQUIRE(!untrusted);
  CHECK(untrusted.error().code == base::Code::unavailable);
  CHECK(untrusted.error().what.find("TLS") != std::string::npos);

  auto no_tls_there = server->connector({{"port", std::to_string(server->port())}});
  CHECK(no_tls_there->check({base::Duration(500)}).error().code == base::Code::unavailable);
}

TEST_CASE("redis: answers that are none, that never end or that are too large cost an error and no more") {
  EXEUNT_SERVER(server);
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\n\r\n", "*2147483647\r\n", "$2147483647\r\n", ":1\r\n", "+OK\r\n*-7\r\n", "+OK\r\n+OK\r\n+OK\r\n", "", "-\r\n",
      "+OK\r\n*4\r\n$-1\r\n"};
  for (const std::string& bytes : answers) {
    CAPTURE(bytes);
    Impostor impostor(bytes);
    auto connector = server.connector({{"port", std::to_string(impostor.port())}});
    const connect::Deadline soon{base::Duration(300)};
    CHECK_FALSE(connector->accounts(soon));
    CHECK_FALSE(connector->check(soon));
    connect::ApplyRequest request;
    const base::Secret value("new");
    request.action = Action::lock_and_replace;
    request.target = account("anybody");
    request.new_secret = &value;
    request.deadline = soon;
    CHECK_FALSE(connector->apply(request));
    connect::ProbeRequest probe;
    probe.target = account("anybody");
    probe.means = model::ProbeMeans::own;
    probe.deadline = soon;
    CHECK(connector->probe(probe)->answer == ProbeAnswer::unknown);
  }
}

TEST_CASE("redis: check says what our user may do and what is missing") {
  EXEUNT_SERVER(server);
  server.admin().ask({"ACL", "SAVE"});
  const auto report = server.connector()->check({});
  REQUIRE(report);
  CHECK(report->version.starts_with("Redis 7"));
  CHECK(report->clock_offset < base::Duration(60'000));
  bool root = false;
  for (const std::string& words : report->rights) root = root || words.find("root-equivalent") != std::string::npos;
  CHECK(root);
  for (const std::string& words : report->missing) CHECK_MESSAGE(false, words);
}

TEST_CASE("redis: with too few rights check names each, and changes are refused") {
  EXEUNT_SERVER(server);
  const std::string weak = server.make_user("weak", {"-@all", "+acl|dryrun", "+acl|getuser", "+info"});
  const std::string name = server.make_user("strong");
  server.write_secret("weak.secret", "pw");
  auto connector = server.connector({{"user", weak}, {"credential", "file:" + (server.folder() / "weak.secret").string()}});
  CHECK(act(*connector, Action::lock_and_replace, account(name)).error().code == base::Code::permission_denied);
  CHECK(act(*connector, Action::end_sessions, account(name)).error().code == base::Code::permission_denied);
  CHECK(connector->accounts({}).error().code == base::Code::permission_denied);
  CHECK(server.lets_in(name, "pw"));
  const auto report = connector->check({});
  REQUIRE(report);
  std::string all;
  for (const std::string& words : report->missing) all += words + "\n";
  for (const char* right : {"ACL SETUSER", "ACL LIST", "CLIENT KILL", "CLIENT LIST", "ACL SAVE"}) {
    CHECK_MESSAGE(all.find(right) != std::string::npos, right);
  }
}

TEST_CASE("redis: settings are read strictly") {
  EXEUNT_SERVER(server);
  testing::check_settings_refused(connect::make_redis, server.config(),
                                  {
                                      {{{"hosst", "x"}}, "hosst"},
                                      {{{"host", ""}}, "host"},
                                      {{{"host", "cache.example.org"}}, "ca_file"},
                                      {{{"port", "0"}}, "port"},
                                      {{{"credential", ""}}, "credential"},
                                      {{{"credential", "env:REDISCLI_AUTH"}}, "credential"},
                                      {{{"persist", ""}}, "persist"},
                                      {{{"persist", "rdb"}}, "persist"},
                                      {{{"persist", "none"}}, "persisted_file"},
                                  });
}
