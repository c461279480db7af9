#include "connect/redis/redis.hpp"

#include <mutex>

#include "connect/answers.hpp"
#include "connect/redis/acl.hpp"
#include "connect/redis/actions.hpp"
#include "connect/redis/check.hpp"
#include "connect/redis/inventory.hpp"
#include "connect/redis/observe.hpp"
#include "connect/redis/restore.hpp"
#include "connect/redis/sign_ins.hpp"
#include "connect/redis/witness.hpp"

namespace exeunt::connect {

using base::fail;
using base::Result;
using model::Action;
using model::NodeKind;
using model::ProbeMeans;

namespace redis {
namespace {

/// Each call opens connections of its own, so calls of several threads never wait for each other.
class RedisConnector final : public Connector {
 public:
  RedisConnector(Settings settings, const base::Clock& clock)
      : settings_(std::move(settings)), clock_(clock), catalogue_(redis_catalogue()) {}

  const model::Catalogue& catalogue() const override { return catalogue_; }
  Result<CheckReport> check(const Deadline& deadline) override { return check_server(settings_, clock_, until(deadline)); }
  Result<AccountListing> accounts(const Deadline& deadline) override { return list_accounts(settings_, until(deadline)); }
  Result<model::Inventory> inventory(const InventoryRequest& request) override {
    return list_paths(settings_, request, rotations(), until(request.deadline));
  }
  Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  Result<BeforeImage> before(const ApplyRequest& request) override { return image_before(settings_, request, until(request.deadline)); }
  Result<RestoreLook> look_restored(const ApplyRequest& request) override {
    return redis::look_restored(settings_, request, until(request.deadline));
  }
  Result<Observation> observe(const model::Node& target, const Deadline& deadline) override {
    return observe_node(settings_, target, until(deadline));
  }
  Result<ProbeResult> probe(const ProbeRequest& request) override;
  Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  Result<std::unique_ptr<Witness>> open_witness(const WitnessRequest& request) override;
  Result<std::unique_ptr<Witness>> open_control_witness(NodeKind, const Deadline& deadline) override {
    return hold_session(settings_, clock_, settings_.user, settings_.password, until(deadline));
  }
  Result<SignInListing> sign_ins(const SignInRequest& request) override {
    return list_sign_ins(settings_, request, clock_, until(request.deadline));
  }
  Result<std::vector<model::NodeKey>> own_accounts(const Deadline&) override {
    return std::vector<model::NodeKey>{{settings_.system, NodeKind::account, native_id_of(settings_.user)}};
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
  SeenLogins seen_;
  std::mutex mutex_;
  Rotations rotations_;
};

Result<ApplyOutcome> RedisConnector::rotate(const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  std::optional<Watermark> rotated;
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = rotations_.find(name); known != rotations_.end()) rotated = known->second;
  }
  auto outcome = rotate_secret(settings_, request, rotated, until);
  if (rotated) {
    const std::lock_guard guard(mutex_);
    rotations_[name] = *rotated;
  }
  return outcome;
}

Result<ApplyOutcome> RedisConnector::apply(const ApplyRequest& request) {
  const Until end = until(request.deadline);
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  if (name == settings_.user) {
    return fail(stands_on_it(settings_.system));
  }
  switch (request.action) {
    case Action::lock_and_replace: return lock_account(settings_, request, seen_, end);
    case Action::end_sessions: return end_sessions(settings_, request, end);
    case Action::rotate_secret: return rotate(request, end);
    case Action::restore_account: return restore_account(settings_, request, end);
    case Action::delete_account: return delete_account(settings_, request, end);
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
  return fail(cannot(settings_.system, "Redis", request.action));
}

Result<ProbeResult> RedisConnector::probe(const ProbeRequest& request) {
  const Until end = until(request.deadline);
  const NodeKind kind = request.target.key.kind;
  if (request.means == ProbeMeans::own && (kind == NodeKind::account || kind == NodeKind::secret)) {
    const auto name = name_of(request.target.key.native_id);
    if (!name) return ProbeResult{model::ProbeAnswer::unknown, ProbeMeans::own, "no name", name.error().text()};
    if (kind == NodeKind::account) return probe_account(settings_, *name, seen_, end);
    return probe_shared_password(settings_, *name, request.old_secret, request.new_secret, end);
  }
  return fail(no_probe(settings_.system, request));
}

Result<std::unique_ptr<Witness>> RedisConnector::open_witness(const WitnessRequest& request) {
  const Until end = until(request.deadline);
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.account.key.native_id));
  if (name == settings_.user) return fail(stands_on_it(settings_.system));
  if (request.password == nullptr || request.password->empty() || request.kind != NodeKind::session)
    return fail(base::Code::invalid_argument, settings_.system.text() + ": a witness here is a session, opened with the case's password");
  EXEUNT_TRY(replace_password(settings_, name, *request.password, end));
  auto held = hold_session(settings_, clock_, name, *request.password, end);
  if (!held) return fail(after_an_effect(held.error()));
  return held;
}

Result<ProbeResult> RedisConnector::probe_control(const ProbeRequest& request) {
  if (request.means == ProbeMeans::own) return probe_control_login(settings_, until(request.deadline));
  return fail(no_control(settings_.system));
}

}  // namespace
}  // namespace redis

Result<std::unique_ptr<Connector>> make_redis(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(redis::Settings settings, redis::read_settings(config));
  return std::unique_ptr<Connector>(std::make_unique<redis::RedisConnector>(std::move(settings), clock));
}

}  // namespace exeunt::connect
