// The connector contract's own suite against a real server behind a relay that loses, forges and cuts answers.
#include "connect/conformance.hpp"

#include <doctest/doctest.h>

#include <csignal>

#include "postgresql/relay.hpp"
#include "postgresql/server.hpp"
#include "testing/connector_checks.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;

namespace {

class Bench final : public connect::ConformanceBench {
 public:
  explicit Bench(test::Server& server) : server_(server), relay_(server.port(), (server.folder() / "tls").string()) {
    name_ = server_.make_role("conform", "CREATEROLE");
    shared_ = server_.make_role("conform_shared");
    server_.admin().ask("CREATE ROLE " + name_ + "_group");
    oid_ = server_.oid_of(name_);
    shared_oid_ = server_.oid_of(shared_);
    server_.wait_for_log("CREATE ROLE " + name_ + "_group");
  }

  base::Result<connect::Connector*> fresh() override {
    relay_.set(connect::Fault::none);
    relay_.cut_at(0, false);
    hers_ = {};
    in_shared_ = {};
    server_.admin().ask("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usesysid IN (" + oid_ + ", " + shared_oid_ +
                        ")");
    server_.admin().ask("ALTER ROLE " + name_ + " LOGIN CREATEROLE PASSWORD 'pw' VALID UNTIL 'infinity'");
    server_.admin().ask("ALTER ROLE " + shared_ + " LOGIN PASSWORD 'pw'");
    server_.admin().ask("REVOKE " + name_ + "_group FROM " + name_);
    server_.admin().ask("GRANT " + name_ + "_group TO " + name_);
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
    const std::string in = " IN (" + oid_ + ", " + shared_oid_ + ")";
    return server_.admin().ask(
               "SELECT json_agg(row(oid, rolcanlogin, rolcreaterole, rolvaliduntil, rolpassword IS NULL) ORDER BY oid) FROM pg_authid "
               "WHERE oid" +
               in) +
           server_.admin().ask("SELECT json_agg(row(member, roleid)) FROM pg_auth_members WHERE member" + in) +
           (hers_.ask("SELECT 1") == "1" ? "her session open, " : "her session ended, ") +
           (in_shared_.ask("SELECT 1") == "1" ? "session of the shared role open, " : "session of the shared role ended, ") +
           (server_.log_in(shared_, "pw").open() ? "old value taken" : "old value refused");
  }
  std::vector<connect::ConformanceCut> cuts() override {
    return {{Action::lock_and_replace, target(NodeKind::account), NodeKind::account},
            {Action::disable_account, target(NodeKind::account), NodeKind::account},
            {Action::end_sessions, target(NodeKind::account), NodeKind::session},
            {Action::remove_memberships, target(NodeKind::account), NodeKind::membership},
            {Action::rotate_secret, target(NodeKind::secret), NodeKind::secret},
            {Action::rotate_secret, target(NodeKind::secret), NodeKind::session}};
  }
  connect::InventoryRequest subject() override {
    connect::InventoryRequest request;
    request.accounts = {target(NodeKind::account)};
    request.secrets = {target(NodeKind::secret)};
    return request;
  }
  base::Result<base::Secret> present_value(const model::Node&) override { return base::Secret("pw"); }
  std::optional<model::Node> nonexistent(NodeKind kind) override {
    if (kind != NodeKind::account) return std::nullopt;
    return test::account("4294967294", "never was");
  }
  std::optional<model::Node> another() override { return test::account(shared_oid_, shared_); }
  test::Relay& relay() { return relay_; }

 private:
  model::Node target(NodeKind kind) const {
    model::Node node;
    node.key = {model::SystemId("warehouse"), kind, kind == NodeKind::secret ? shared_oid_ : oid_};
    node.facts = {{kind == NodeKind::secret ? "account" : "role", kind == NodeKind::secret ? shared_ : name_}};
    return node;
  }
  test::Server& server_;
  test::Relay relay_;
  std::unique_ptr<connect::Connector> connector_;
  test::Client hers_, in_shared_;
  std::string name_, shared_, oid_, shared_oid_;
};

}  // namespace

TEST_CASE("postgresql: the connector conforms on a real server, whatever the way to it loses, and nothing is skipped") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  testing::check_conforms(bench, 100);
}

TEST_CASE("postgresql: a connection lost at any point of a change leaves an open question, never a claim") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  std::vector<connect::ConformanceCut> cuts = bench.cuts();
  std::erase_if(cuts,
                [](const connect::ConformanceCut& cut) { return cut.action == Action::disable_account || cut.path == NodeKind::secret; });
  for (const connect::ConformanceCut& cut : cuts) testing::check_lost_anywhere(bench, cut, testing::Loss::fails_the_action);
}

TEST_CASE("postgresql: a listing cut at any point is an error, never a shorter list") {
  EXEUNT_SERVER(server);
  Bench bench(server);
  const auto connector = bench.fresh();
  REQUIRE(connector);
  const auto whole = (*connector)->inventory(bench.subject());
  REQUIRE(whole);
  int errors = 0;
  for (int batch = 1;; ++batch) {
    CAPTURE(batch);
    bench.relay().cut_at(batch, true);
    const auto cut = (*connector)->inventory(bench.subject());
    const bool reached = bench.relay().passed() >= batch;
    if (!reached) break;
    if (cut) {
      bool below_full = false;
      for (const model::Listing& listing : cut->listings) below_full = below_full || listing.completeness != model::Completeness::full;
      CHECK((below_full || cut->nodes.size() == whole->nodes.size()));
    } else {
      ++errors;
      CHECK(cut.error().code == base::Code::unavailable);
    }
  }
  CHECK(errors > 3);
}
