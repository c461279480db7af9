#include "connect/rabbitmq/rabbitmq.hpp"

#include <mutex>

#include "connect/answers.hpp"
#include "connect/rabbitmq/actions.hpp"
#include "connect/rabbitmq/inventory.hpp"
#include "connect/rabbitmq/look.hpp"
#include "connect/rabbitmq/restore.hpp"
#include "connect/rabbitmq/sign_ins.hpp"

namespace exeunt::connect {

using base::fail;
using base::Result;
using model::Action;
using model::NodeKind;
using model::ProbeMeans;

namespace rabbitmq {
namespace {

class RabbitmqConnector final : public Connector {
 public:
  RabbitmqConnector(Settings settings, const base::Clock& clock)
      : settings_(std::move(settings)), clock_(clock), catalogue_(rabbitmq_catalogue()), api_(settings_) {}

  const model::Catalogue& catalogue() const override { return catalogue_; }
  Result<CheckReport> check(const Deadline& deadline) override { return check_broker(api_, clock_, until(deadline)); }
  Result<AccountListing> accounts(const Deadline& deadline) override { return list_accounts(api_, until(deadline)); }
  Result<model::Inventory> inventory(const InventoryRequest& request) override {
    return list_paths(api_, request, rotations(), until(request.deadline));
  }
  Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  Result<BeforeImage> before(const ApplyRequest& request) override { return image_before(api_, request, until(request.deadline)); }
  Result<RestoreLook> look_restored(const ApplyRequest& request) override {
    return rabbitmq::look_restored(api_, request, until(request.deadline));
  }
  Result<Observation> observe(const model::Node& target, const Deadline& deadline) override {
    return observe_node(api_, target, until(deadline));
  }
  Result<ProbeResult> probe(const ProbeRequest& request) override;
  Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  Result<SignInListing> sign_ins(const SignInRequest& request) override {
    return list_sign_ins(api_, request, clock_, until(request.deadline));
  }
  Result<std::vector<model::NodeKey>> own_accounts(const Deadline&) override {
    return std::vector<model::NodeKey>{{settings_.system, NodeKind::account, settings_.user}};
  }

 private:
  Until until(const Deadline& deadline) const { return {clock_, deadline.timeout}; }
  Rotations rotations() {
    const std::lock_guard guard(mutex_);
    return rotations_;
  }
  Result<ApplyOutcome> rotate(const ApplyRequest& request, const Until& until);

  const Settings settings_;
  const base::Clock& clock_;
  const model::Catalogue catalogue_;
  const Api api_;
  SeenLogins seen_;
  std::mutex mutex_;
  Rotations rotations_;
};

Result<ApplyOutcome> RabbitmqConnector::rotate(const ApplyRequest& request, const Until& until) {
  const std::string& name = request.target.key.native_id;
  std::optional<std::int64_t> rotated_ms;
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = rotations_.find(name); known != rotations_.end()) rotated_ms = known->second;
  }
  auto outcome = rotate_secret(api_, request, rotated_ms, until);
  if (rotated_ms) {
    const std::lock_guard guard(mutex_);
    rotations_[name] = *rotated_ms;
  }
  return outcome;
}

Result<ApplyOutcome> RabbitmqConnector::apply(const ApplyRequest& request) {
  const Until end = until(request.deadline);
  if (request.target.key.native_id == settings_.user) {
    return fail(stands_on_it(settings_.system));
  }
  switch (request.action) {
    case Action::lock_and_replace: return lock_account(api_, request, seen_, end);
    case Action::end_sessions: return end_sessions(api_, request, end);
    case Action::rotate_secret: return rotate(request, end);
    case Action::restore_account: return restore_account(api_, request, end);
    case Action::delete_account: return delete_account(api_, request, end);
    case Action::disable_account:
    case Action::replace_password:
    case Action::remove_memberships:
    case Action::transfer_ownership:
    case Action::revoke_tokens:
    case Action::revoke_keys:
    case Action::revoke_certificates:
    case Action::revoke_grants:
    case Action::revoke_delegations:
    case Action::wipe_device:
    case Action::release_licence:
    case Action::attest:
    case Action::review:
    case Action::restore_memberships:
    case Action::restore_grants: break;
  }
  return fail(cannot(settings_.system, "RabbitMQ", request.action));
}

Result<ProbeResult> RabbitmqConnector::probe(const ProbeRequest& request) {
  const Until end = until(request.deadline);
  const NodeKind kind = request.target.key.kind;
  const std::string& name = request.target.key.native_id;
  if (request.means == ProbeMeans::own && kind == NodeKind::account) return probe_account(api_, name, seen_, end);
  if (request.means == ProbeMeans::own && kind == NodeKind::secret) {
    return probe_shared_password(api_, name, request.old_secret, request.new_secret, end);
  }
  return fail(no_probe(settings_.system, request));
}

Result<ProbeResult> RabbitmqConnector::probe_control(const ProbeRequest& request) {
  if (request.means == ProbeMeans::own) return probe_control_login(api_, until(request.deadline));
  return fail(no_control(settings_.system));
}

}  // namespace
}  // namespace rabbitmq

Result<std::unique_ptr<Connector>> make_rabbitmq(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(rabbitmq::Settings settings, rabbitmq::read_settings(config));
  return std::unique_ptr<Connector>(std::make_unique<rabbitmq::RabbitmqConnector>(std::move(settings), clock));
}

}  // namespace exeunt::connect
