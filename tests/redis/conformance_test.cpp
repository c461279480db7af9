// The connector contract's own suite against a real server behind a relay that loses, forges and cuts answers.
#include "connect/conformance.hpp"

#include <doctest/doctest.h>

#include "redis/relay.hpp"
#include "redis/server.hpp"
#include "testing/connector_checks.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;

namespace {

class Bench final : public connect::ConformanceBench {
 public:
  explicit Bench(test::Server& server) : server_(server), relay_(server.port()) {
    name_ = server_.make_user("conform");
    shared_ = server_.make_user("conform_shared");
  }

  base::Result<connect::Connector*> fresh() override {
    relay_.set(connect::Fault::none);
    relay_.cut_at(0, false);
    for (const std::string& name : {name_, shared_}) {
      server_.admin().ask({"ACL", "SETUSER", name, "reset", "on", ">pw", "~*", "&*", "+@all", "-@admin", "-@dangerous"});
      server_.admin().ask({"CLIENT", "KILL", "USER", name});
    }
    server_.admin().ask({"ACL", "SAVE"});
    hers_ = server_.log_in(name_, "pw");
    in_shared_ = server_.log_in(shared_, "pw");
    connector_ = server_.connector({{"port", std::to_string(relay_.port())}});
    if (!hers_.open() || !in_shared_.open() || !connector_) return base::fail(base::Code::internal, "the company did not start");
    return connector_.get();
  }
  base::Status set(connect::Fault fault) override {
    relay_.set(fault);
    return {};
  }
  base::Result<std::string> outside() override {
    return server_.admin().ask({"ACL", "LIST"}) + server_.saved_text() + (hers_.open() ? "her session open, " : "her session ended, ") +
           (in_shared_.open() ? "session of the shared user open" : "session of the shared user ended");
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
    return test::account("never-was");
  }
  std::optional<model::Node> another() override { return test::account(shared_); }
  test::Relay& relay() { return relay_; }

 private:
  test::Server& server_;
  test::Relay relay_;
  std::unique_ptr<connect::Connector> connector_;
  test::Client hers_, in_shared_;
  std::string name_, shared_;
};

}  // namespace

TEST_CASE("redis: the connector conforms on a real server, whatever the way to it loses, and nothing is skipped") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  testing::check_conforms(bench, 80);
}

TEST_CASE("redis: a connection lost at any point of a change leaves an open question, never a claim") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  for (const connect::ConformanceCut& cut : bench.cuts()) {
    if (cut.path == NodeKind::secret) continue;
    testing::check_lost_anywhere(bench, cut, testing::Loss::may_be_made_up_for);
  }
}

TEST_CASE("redis: a listing cut at any point is an error, never a shorter list") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  const auto connector = bench.fresh();
  REQUIRE(connector);
  REQUIRE((*connector)->inventory(bench.subject()));
  int errors = 0;
  for (int command = 1;; ++command) {
    CAPTURE(command);
    bench.relay().cut_at(command, true);
    const auto cut = (*connector)->inventory(bench.subject());
    if (bench.relay().passed() < command) break;
    REQUIRE(!cut);
    CHECK(cut.error().code == base::Code::unavailable);
    ++errors;
  }
  CHECK(errors > 5);
}
