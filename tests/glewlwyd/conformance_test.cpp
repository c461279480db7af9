// The conformance suite on a real provider, through a relay that loses, forges and cuts.
#include "connect/conformance.hpp"

#include <doctest/doctest.h>

#include "glewlwyd/company.hpp"

using namespace exeunt;
using connect::Fault;
using model::Action;
using model::NodeKind;

namespace {

/// Access tokens already issued end by waiting only; the suite asks for an ending at once. They have a test of their own (draining_test.cpp).
class WithoutDraining final : public connect::Connector {
 public:
  explicit WithoutDraining(std::unique_ptr<connect::Connector> inside) : inside_(std::move(inside)) {}
  const model::Catalogue& catalogue() const override { return inside_->catalogue(); }
  base::Result<connect::CheckReport> check(const connect::Deadline& deadline) override { return inside_->check(deadline); }
  base::Result<connect::AccountListing> accounts(const connect::Deadline& deadline) override { return inside_->accounts(deadline); }
  base::Result<model::Inventory> inventory(const connect::InventoryRequest& request) override {
    auto inventory = inside_->inventory(request);
    if (inventory) std::erase_if(inventory->nodes, test::is_drain);
    return inventory;
  }
  base::Result<connect::ApplyOutcome> apply(const connect::ApplyRequest& request) override { return inside_->apply(request); }
  base::Result<connect::Observation> observe(const model::Node& target, const connect::Deadline& deadline) override {
    return inside_->observe(target, deadline);
  }
  base::Result<connect::ProbeResult> probe(const connect::ProbeRequest& request) override { return inside_->probe(request); }
  base::Result<connect::ProbeResult> probe_control(const connect::ProbeRequest& request) override {
    return inside_->probe_control(request);
  }
  base::Result<std::vector<model::NodeKey>> own_accounts(const connect::Deadline& deadline) override {
    return inside_->own_accounts(deadline);
  }

 private:
  std::unique_ptr<connect::Connector> inside_;
};

class Bench final : public connect::ConformanceBench {
 public:
  explicit Bench(test::Company& company) : company_(company) {}
  base::Result<connect::Connector*> fresh() override {
    company_.fault("none");
    // One login for all scenes: the suite asks for the cuts once. As founded: enabled, two browsers, one refresh token, one consent.
    if (login_.empty()) {
      login_ = company_.make_person("bench", 2);
    } else {
      company_.ask({{"do", "restore"}, {"login", login_}, {"sessions", 2}});
    }
    company_.ask("watch", login_);
    connector_ = std::make_unique<WithoutDraining>(company_.connector({{"page_size", "1"}}));
    account_ = test::account_of(*connector_, login_);
    return connector_.get();
  }
  base::Status set(Fault fault) override {
    switch (fault) {
      case Fault::none: company_.fault("none"); break;
      case Fault::answer_lost_after: company_.fault("lost_after"); break;
      case Fault::answer_lost_before: company_.fault("lost_before"); break;
      case Fault::silent_no_op: company_.fault("no_op"); break;
      case Fault::down: company_.fault("down"); break;
      case Fault::listing_cut_said: company_.fault("cut_said"); break;
      case Fault::listing_cut_unsaid: company_.fault("cut_unsaid"); break;
      case Fault::prober_broken: return base::fail(base::Code::unimplemented, "no probe here stands on our own credentials");
    }
    return {};
  }
  base::Result<std::string> outside() override {
    EXEUNT_TRY_ASSIGN(const std::string text, base::json_string(company_.ask({{"do", "outside"}}), "text"));
    return text;
  }
  std::vector<connect::ConformanceCut> cuts() override {
    return {{Action::lock_and_replace, account_, NodeKind::account},
            {Action::disable_account, account_, NodeKind::account},
            {Action::end_sessions, account_, NodeKind::session},
            {Action::revoke_tokens, account_, NodeKind::token},
            {Action::revoke_grants, account_, NodeKind::grant}};
  }
  connect::InventoryRequest subject() override {
    connect::InventoryRequest request;
    request.accounts = {account_};
    return request;
  }
  base::Result<base::Secret> present_value(const model::Node&) override {
    return base::fail(base::Code::not_found, "no shared secrets here");
  }
  std::optional<model::Node> nonexistent(NodeKind) override { return std::nullopt; }

 private:
  test::Company& company_;
  std::unique_ptr<connect::Connector> connector_;
  std::string login_;
  model::Node account_;
};

}  // namespace

TEST_CASE("glewlwyd: the connector conforms on a real provider, whatever the way to it loses, and nothing is skipped") {
  EXEUNT_COMPANY(company);
  Bench bench(company);
  const connect::ConformanceReport report = connect::run_conformance(bench);
  company.fault("none");
  for (const std::string& finding : report.findings) CHECK_MESSAGE(false, finding);
  for (const std::string& words : report.skipped) CHECK_MESSAGE(false, words);
  CHECK(report.checks > 80);
}
