// The suite that every connector passes, with a real slapd behind a relay that loses and forges answers.
#include "connect/conformance.hpp"

#include <doctest/doctest.h>
#include <ldap.h>

#include <set>

#include "openldap/actions.hpp"
#include "openldap/relay.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using connect::Fault;
using model::Action;
using model::NodeKind;

class SlapdBench final : public connect::ConformanceBench {
 public:
  base::Result<connect::Connector*> fresh() override {
    connector_.reset();
    held_.reset();
    relay_.reset();
    if (!slapd_) {
      slapd_ = std::make_unique<Slapd>();
      dn_ = slapd_->add_person("alice", "E0007");
      group_ = slapd_->add_group("writers", {dn_, k_engine});
      account_ = slapd_->account(dn_);
    }
    if (down_) slapd_->start();
    down_ = false;
    // As founded, with the same entryUUIDs: the cuts name them.
    Client& root = slapd_->root();
    root.replace(dn_, {{"userPassword", {k_password}}});
    root.replace(dn_, {{"pwdAccountLockedTime", {}}, {"pwdEndTime", {}}});
    root.replace(group_, {{"member", {dn_, k_engine}}});
    root.replace(k_switch, {{"member", {"cn=nobody," + k_base}}});
    root.replace(k_engine, {{"userPassword", {"engine-secret-1"}}});
    root.replace(k_control, {{"userPassword", {"control-secret-1"}}});
    held_ = slapd_->bound(dn_);
    relay_ = std::make_unique<Relay>(slapd_->plain_port());
    auto config = slapd_->config();
    config.values.erase("ca_file");
    config.values["url"] = "ldap://127.0.0.1:" + std::to_string(relay_->port());
    config.values["insecure_loopback"] = "true";
    connector_ = slapd_->connector(config);
    relay_->set(Relay::Fault::none);
    return connector_.get();
  }

  base::Status set(Fault fault) override {
    switch (fault) {
      case Fault::none:
        if (down_) slapd_->start();
        down_ = false;
        relay_->set(Relay::Fault::none);
        return {};
      // An action of two modifies has its whole effect with the last one.
      case Fault::answer_lost_after: relay_->set(Relay::Fault::lose_modify_answer, modifies_of_one_apply_); return {};
      case Fault::answer_lost_before: relay_->set(Relay::Fault::lose_modify_request, 1); return {};
      case Fault::silent_no_op: relay_->set(Relay::Fault::forge_modify_answers); return {};
      case Fault::down:
        down_ = true;
        held_.reset();
        slapd_->stop();
        return {};
      case Fault::prober_broken:
        for (const auto& dn : {k_engine, k_control}) slapd_->root().replace(dn, {{"userPassword", {"changed-behind-our-back"}}});
        return {};
      case Fault::listing_cut_said:
      case Fault::listing_cut_unsaid: break;
    }
    return base::fail(base::Code::unimplemented, "a listing that is cut is shown in listing_test.cpp, with slapd's own limits");
  }

  base::Result<std::string> outside() override {
    // What a repeat may change: salts and times.
    static const std::set<std::string> volatile_ones{"userPassword",   "entryCSN",       "modifyTimestamp", "modifiersName",
                                                     "pwdChangedTime", "pwdFailureTime", "pwdLastSuccess"};
    // Asked for the first time after a change: that change was the first good apply.
    if (modifies_of_one_apply_ == 0) modifies_of_one_apply_ = relay_->modifies();
    std::string text;
    for (const std::string& dn : {dn_, group_, k_switch, k_engine}) {
      const auto entry = slapd_->root().read(dn);
      if (!entry) return base::fail(base::Code::not_found, dn);
      for (const auto& [name, values] : *entry) {
        if (volatile_ones.contains(name)) continue;
        for (const std::string& value : values) text += dn + " " + name + "=" + value + "\n";
      }
    }
    return text;
  }

  std::vector<connect::ConformanceCut> cuts() override {
    std::vector<connect::ConformanceCut> all;
    for (const auto& [action, path] :
         {std::pair(Action::lock_and_replace, NodeKind::account), std::pair(Action::disable_account, NodeKind::account),
          std::pair(Action::end_sessions, NodeKind::session), std::pair(Action::remove_memberships, NodeKind::membership)}) {
      if (action == only_) all.push_back({action, account_, path});
    }
    return all;
  }
  connect::InventoryRequest subject() override {
    connect::InventoryRequest request;
    request.accounts = {account_};
    return request;
  }
  base::Result<base::Secret> present_value(const model::Node&) override {
    return base::fail(base::Code::unimplemented, "a directory has no shared secrets");
  }
  std::optional<model::Node> nonexistent(NodeKind kind) override {
    if (kind != NodeKind::account) return std::nullopt;
    model::Node nobody = account_;
    nobody.key.native_id = "00000000-0000-4000-8000-000000000000";
    return nobody;
  }
  explicit SlapdBench(Action only) : only_(only) {}

 private:
  Action only_;
  std::unique_ptr<Slapd> slapd_;
  std::unique_ptr<Client> held_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<connect::Connector> connector_;
  std::string dn_, group_;
  model::Node account_;
  int modifies_of_one_apply_ = 0;
  bool down_ = false;
};

}  // namespace

TEST_CASE("openldap: the conformance suite finds nothing on a real slapd") {
  for (const Action action : {Action::lock_and_replace, Action::disable_account, Action::end_sessions, Action::remove_memberships}) {
    CAPTURE(std::string(model::name(action)));
    SlapdBench bench(action);
    const auto report = connect::run_conformance(bench);
    CHECK(report.checks > 20);
    for (const std::string& finding : report.findings) FAIL_CHECK(finding);
    for (const std::string& skipped : report.skipped) MESSAGE("skipped: " << skipped);
  }
}

}  // namespace exeunt::tests::openldap
