#include "connect/kerberos/kerberos.hpp"

#include "connect/answers.hpp"
#include "connect/kerberos/operations.hpp"

namespace exeunt::connect {

using base::fail;
using base::Result;
using model::NodeKind;
using model::ProbeMeans;

namespace kerberos {
namespace {

/// Each call has a context and a conversation of its own, so calls of several threads never wait for each other.
class KerberosConnector final : public Connector {
 public:
  KerberosConnector(Settings settings, const base::Clock& clock)
      : settings_(std::move(settings)), clock_(clock), catalogue_(kerberos_catalogue()) {}

  const model::Catalogue& catalogue() const override { return catalogue_; }
  Result<CheckReport> check(const Deadline& deadline) override { return check_realm(settings_, clock_, until(deadline)); }
  Result<AccountListing> accounts(const Deadline& deadline) override { return list_accounts(settings_, clock_, until(deadline)); }
  Result<model::Inventory> inventory(const InventoryRequest& request) override {
    return list_paths(settings_, clock_, request, until(request.deadline));
  }
  Result<ApplyOutcome> apply(const ApplyRequest& request) override { return apply_action(settings_, request, until(request.deadline)); }
  Result<BeforeImage> before(const ApplyRequest& request) override {
    return image_before(settings_, clock_, request, until(request.deadline));
  }
  Result<RestoreLook> look_restored(const ApplyRequest& request) override {
    return kerberos::look_restored(settings_, request, until(request.deadline));
  }
  Result<Observation> observe(const model::Node& target, const Deadline& deadline) override {
    return observe_node(settings_, clock_, gone_, target, until(deadline));
  }
  Result<ProbeResult> probe(const ProbeRequest& request) override {
    if (request.means != ProbeMeans::gate || request.target.key.kind != NodeKind::account) return fail(no_probe(settings_.system, request));
    return probe_gate(settings_, request.target.key.native_id, fact(request.target, "listed") == "yes", until(request.deadline));
  }
  Result<ProbeResult> probe_control(const ProbeRequest& request) override {
    if (request.means != ProbeMeans::gate) return fail(no_control(settings_.system));
    return probe_gate(settings_, settings_.control_principal + "@" + settings_.realm, false, until(request.deadline));
  }
  Result<SignInListing> sign_ins(const SignInRequest& request) override {
    return list_sign_ins(settings_, clock_, request, until(request.deadline));
  }
  Result<std::vector<model::NodeKey>> own_accounts(const Deadline&) override {
    std::vector<model::NodeKey> own;
    for (const std::string& login : {settings_.principal, settings_.control_principal, "krbtgt/" + settings_.realm, std::string("K/M"),
                                     std::string("kadmin/admin"), std::string("kadmin/changepw")}) {
      own.push_back({settings_.system, NodeKind::account, native_id_of(login + "@" + settings_.realm)});
    }
    return own;
  }

 private:
  Until until(const Deadline& deadline) const { return {clock_, deadline.timeout}; }

  const Settings settings_;
  const base::Clock& clock_;
  const model::Catalogue catalogue_;
  IssuingEnds gone_;
};

}  // namespace
}  // namespace kerberos

Result<std::unique_ptr<Connector>> make_kerberos(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(kerberos::Settings settings, kerberos::read_settings(config));
  return std::unique_ptr<Connector>(std::make_unique<kerberos::KerberosConnector>(std::move(settings), clock));
}

}  // namespace exeunt::connect
