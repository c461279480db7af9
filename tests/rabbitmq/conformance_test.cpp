// The connector contract's own suite against a real broker behind a relay that loses, forges and cuts answers.
#include "connect/conformance.hpp"

#include <doctest/doctest.h>

#include "rabbitmq/relay.hpp"
#include "rabbitmq/server.hpp"
#include "testing/connector_checks.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using net::Method;

namespace {

class Bench final : public connect::ConformanceBench {
 public:
  explicit Bench(test::Server& server) : server_(server), relay_(server.port()) {}

  base::Result<connect::Connector*> fresh() override {
    relay_.set(connect::Fault::none);
    relay_.cut_at(0, false);
    for (const std::string& name : {name_, shared_}) {
      server_.ask(Method::remove, {"users", name});
      server_.set_password(name, "pw");
      server_.ask(Method::put, {"permissions", "/", name}, R"({"configure":".*","write":".*","read":".*"})");
    }
    hers_ = server_.log_in(name_, "pw");
    in_shared_ = server_.log_in(shared_, "pw");
    server_.wait_for_statistics(name_, 1);
    server_.wait_for_statistics(shared_, 1);
    connector_ = server_.connector({{"url", "http://127.0.0.1:" + std::to_string(relay_.port())}});
    if (!hers_.open() || !in_shared_.open() || !connector_) return base::fail(base::Code::internal, "the company did not start");
    return connector_.get();
  }
  base::Status set(connect::Fault fault) override {
    relay_.set(fault);
    return {};
  }
  base::Result<std::string> outside() override {
    std::string limits;
    server_.ask(Method::get, {"user-limits"}, "", &limits);
    std::string out = limits;
    for (const std::string& name : {name_, shared_}) {
      // Hashes are salted anew at each change; what they let in is the same.
      out += name + (server_.takes(name, "pw") ? ": old value taken, " : ": old value refused, ");
    }
    return out + (hers_.closed(100) ? "her session ended, " : "her session open, ") +
           (in_shared_.closed(100) ? "session of the shared user ended" : "session of the shared user open");
  }
  std::vector<connect::ConformanceCut> cuts() override {
    const model::Node hers = test::account(name_), secret = test::node(NodeKind::secret, shared_);
    return {{Action::lock_and_replace, hers, NodeKind::account},
            {Action::end_sessions, hers, NodeKind::session},
            {Action::rotate_secret, secret, NodeKind::secret},
            {Action::rotate_secret, secret, NodeKind::session}};
  }
  connect::InventoryRequest subject() override {
    connect::InventoryRequest request;
    request.accounts = {test::account(name_)};
    request.secrets = {test::node(NodeKind::secret, shared_)};
    return request;
  }
  base::Result<base::Secret> present_value(const model::Node&) override { return base::Secret("pw"); }
  std::optional<model::Node> nonexistent(NodeKind kind) override {
    if (kind != NodeKind::account) return std::nullopt;
    return test::account("never was");
  }
  test::Relay& relay() { return relay_; }

 private:
  test::Server& server_;
  test::Relay relay_;
  std::unique_ptr<connect::Connector> connector_;
  test::AmqpClient hers_, in_shared_;
  const std::string name_ = "conform", shared_ = "conform_shared";
};

}  // namespace

TEST_CASE("rabbitmq: the connector conforms on a real broker, whatever the way to it loses, and nothing is skipped") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  testing::check_conforms(bench, 80);
}

TEST_CASE("rabbitmq: a connection lost at any request of a lock leaves an open question, never a claim") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  testing::check_lost_anywhere(bench, bench.cuts().front(), testing::Loss::may_be_made_up_for,
                               [&] { CHECK_FALSE(server.takes("conform", "pw")); });
}
