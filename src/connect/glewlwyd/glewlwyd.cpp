#include "connect/glewlwyd/glewlwyd.hpp"

#include <algorithm>

#include "connect/answers.hpp"
#include "connect/glewlwyd/operations.hpp"

namespace exeunt::connect {

using base::Code;
using base::fail;
using base::Result;

namespace glewlwyd {
namespace {

class GlewlwydConnector final : public Connector {
 public:
  GlewlwydConnector(Settings settings, const base::Clock& clock)
      : settings_(std::move(settings)), clock_(clock), catalogue_(glewlwyd_catalogue()), api_(settings_, clock) {}

  const model::Catalogue& catalogue() const override { return catalogue_; }
  Result<CheckReport> check(const Deadline& deadline) override { return check_provider(api_, until(deadline)); }
  Result<AccountListing> accounts(const Deadline& deadline) override { return list_accounts(api_, until(deadline)); }
  Result<model::Inventory> inventory(const InventoryRequest& request) override {
    return list_paths(api_, request, until(request.deadline));
  }
  Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  Result<Observation> observe(const model::Node& target, const Deadline& deadline) override {
    return observe_node(api_, minting_ends_, target, until(deadline));
  }
  Result<ProbeResult> probe(const ProbeRequest&) override { return no_probe(); }
  Result<ProbeResult> probe_control(const ProbeRequest&) override { return no_probe(); }
  Result<SignInListing> sign_ins(const SignInRequest& request) override { return list_sign_ins(api_, request, until(request.deadline)); }
  Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) override;

 private:
  Until until(const Deadline& deadline) const { return {clock_, deadline.timeout}; }
  Result<ProbeResult> no_probe() const {
    return fail(Code::unimplemented, settings_.system.text() + ": no try without her secrets tells a live way in from an ended one here");
  }

  const Settings settings_;
  const base::Clock& clock_;
  const model::Catalogue catalogue_;
  Api api_;
  IssuingEnds minting_ends_;
};

Result<ApplyOutcome> GlewlwydConnector::apply(const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(const std::vector<model::NodeKey> own, own_accounts(request.deadline));
  const auto hit =
      std::find_if(own.begin(), own.end(), [&](const model::NodeKey& key) { return key.native_id == request.target.key.native_id; });
  if (hit != own.end()) {
    return fail(stands_on_it(settings_.system));
  }
  return apply_action(api_, request, until(request.deadline));
}

Result<std::vector<model::NodeKey>> GlewlwydConnector::own_accounts(const Deadline& deadline) {
  const Until end = until(deadline);
  EXEUNT_TRY_ASSIGN(const std::string scope, admin_scope(api_, end));
  EXEUNT_TRY_ASSIGN(const base::Json row, api_.read(api_.api().path("user").segment(settings_.login), end));
  const auto account = read_account(row, settings_, scope);
  if (!account) return fail(Code::unavailable, settings_.system.text() + ": our own account is not understood", "see the provider's log");
  return std::vector<model::NodeKey>{account_node(*account, settings_).key};
}

}  // namespace
}  // namespace glewlwyd

Result<std::unique_ptr<Connector>> make_glewlwyd(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(glewlwyd::Settings settings, glewlwyd::read_settings(config));
  return std::make_unique<glewlwyd::GlewlwydConnector>(std::move(settings), clock);
}

}  // namespace exeunt::connect
