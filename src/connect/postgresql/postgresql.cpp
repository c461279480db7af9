#include "connect/postgresql/postgresql.hpp"

#include <algorithm>
#include <mutex>

#include "connect/answers.hpp"
#include "connect/postgresql/actions.hpp"
#include "connect/postgresql/check.hpp"
#include "connect/postgresql/gate.hpp"
#include "connect/postgresql/inventory.hpp"
#include "connect/postgresql/observe.hpp"
#include "connect/postgresql/restore.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/sign_ins.hpp"
#include "connect/postgresql/witness.hpp"

namespace exeunt::connect {

using base::fail;
using base::Result;
using model::Action;
using model::NodeKind;
using model::ProbeMeans;

namespace postgresql {
namespace {

/// Each call opens connections of its own, so calls of several threads never wait for each other.
class PostgresqlConnector final : public Connector {
 public:
  PostgresqlConnector(Settings settings, const base::Clock& clock)
      : settings_(std::move(settings)),
        clock_(clock),
        catalogue_(settings_.login_gate_database.empty() ? postgresql_catalogue_without_gate() : postgresql_catalogue()) {}

  const model::Catalogue& catalogue() const override { return catalogue_; }
  Result<CheckReport> check(const Deadline& deadline) override { return check_server(settings_, clock_, until(deadline)); }
  Result<AccountListing> accounts(const Deadline& deadline) override { return list_accounts(settings_, until(deadline)); }
  Result<model::Inventory> inventory(const InventoryRequest& request) override {
    return list_paths(settings_, request, rotations(), until(request.deadline));
  }
  Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  Result<BeforeImage> before(const ApplyRequest& request) override { return image_before(settings_, request, until(request.deadline)); }
  Result<RestoreLook> look_restored(const ApplyRequest& request) override {
    return postgresql::look_restored(settings_, request, until(request.deadline));
  }
  Result<Observation> observe(const model::Node& target, const Deadline& deadline) override {
    return observe_node(settings_, target, until(deadline));
  }
  Result<ProbeResult> probe(const ProbeRequest& request) override;
  Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  Result<std::unique_ptr<Witness>> open_witness(const WitnessRequest& request) override;
  Result<std::unique_ptr<Witness>> open_control_witness(NodeKind kind, const Deadline& deadline) override;
  Result<SignInListing> sign_ins(const SignInRequest& request) override {
    return list_sign_ins(settings_, request, clock_, until(request.deadline));
  }
  Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) override;

 private:
  Result<bool> is_own(const model::NodeKey& key, const Deadline& deadline);
  Until until(const Deadline& deadline) const { return {clock_, deadline.timeout}; }
  Rotations rotations() {
    const std::lock_guard guard(mutex_);
    return rotations_;
  }
  Result<ApplyOutcome> rotate(const ApplyRequest& request, const Until& until);

  const Settings settings_;
  const base::Clock& clock_;
  const model::Catalogue catalogue_;
  std::mutex mutex_;
  Rotations rotations_;
};

Result<ApplyOutcome> PostgresqlConnector::rotate(const ApplyRequest& request, const Until& until) {
  const std::string& oid = request.target.key.native_id;
  std::int64_t rotated_us = 0;
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = rotations_.find(oid); known != rotations_.end()) rotated_us = known->second;
  }
  auto outcome = rotate_secret(settings_, request, rotated_us, until);
  if (rotated_us != 0) {
    const std::lock_guard guard(mutex_);
    rotations_[oid] = rotated_us;
  }
  return outcome;
}

Result<ApplyOutcome> PostgresqlConnector::apply(const ApplyRequest& request) {
  const Until end = until(request.deadline);
  EXEUNT_TRY_ASSIGN(const bool own, is_own(request.target.key, request.deadline));
  if (own) return fail(stands_on_it(settings_.system));
  switch (request.action) {
    case Action::disable_account: return lock_account(settings_, request, false, end);
    case Action::lock_and_replace: return lock_account(settings_, request, true, end);
    case Action::end_sessions: return end_sessions(settings_, request, end);
    case Action::remove_memberships: return remove_memberships(settings_, request, end);
    case Action::rotate_secret: return rotate(request, end);
    case Action::transfer_ownership: return transfer_ownership(settings_, request, end);
    case Action::delete_account: return delete_account(settings_, request, end);
    case Action::restore_account: return restore_account(settings_, request, end);
    case Action::restore_memberships: return restore_memberships(settings_, request, end);
    case Action::replace_password:
    case Action::revoke_tokens:
    case Action::revoke_keys:
    case Action::revoke_certificates:
    case Action::revoke_grants:
    case Action::revoke_delegations:
    case Action::wipe_device:
    case Action::release_licence:
    case Action::attest:
    case Action::review:
    case Action::restore_grants: break;
  }
  return fail(cannot(settings_.system, "PostgreSQL", request.action));
}

Result<ProbeResult> PostgresqlConnector::probe(const ProbeRequest& request) {
  const Until end = until(request.deadline);
  if (request.means == ProbeMeans::gate && request.target.key.kind == NodeKind::account) {
    return probe_gate(settings_, request.target.key.native_id, fact(request.target, "role"), end);
  }
  if (request.means == ProbeMeans::own && request.target.key.kind == NodeKind::secret) {
    return probe_shared_password(settings_, request.target.key.native_id, request.old_secret, request.new_secret, end);
  }
  return fail(no_probe(settings_.system, request));
}

Result<ProbeResult> PostgresqlConnector::probe_control(const ProbeRequest& request) {
  const Until end = until(request.deadline);
  if (request.means == ProbeMeans::own && request.target.key.kind == NodeKind::secret) return probe_password_control(settings_, end);
  if (request.means == ProbeMeans::gate && !settings_.control_role.empty() && !settings_.login_gate_database.empty()) {
    return probe_gate_control(settings_, end);
  }
  return fail(no_control(settings_.system, "set control_role and login_gate_database"));
}

Result<bool> PostgresqlConnector::is_own(const model::NodeKey& key, const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const std::vector<model::NodeKey> own, own_accounts(deadline));
  return std::any_of(own.begin(), own.end(), [&](const model::NodeKey& one) { return one.native_id == key.native_id; });
}

Result<std::unique_ptr<Witness>> PostgresqlConnector::open_witness(const WitnessRequest& request) {
  const Until end = until(request.deadline);
  const std::string& oid = request.account.key.native_id;
  EXEUNT_TRY_ASSIGN(const bool own, is_own(request.account.key, request.deadline));
  if (own) return fail(stands_on_it(settings_.system));
  if (request.password == nullptr || request.password->empty() || request.kind != NodeKind::session)
    return fail(base::Code::invalid_argument, settings_.system.text() + ": a witness here is a session, opened with the case's password");
  EXEUNT_TRY_ASSIGN(const std::string role, replace_password(settings_, oid, *request.password, end));
  auto held = hold_session(settings_, clock_, {request.kind, oid, role, request.password}, end);
  if (!held) return fail(after_an_effect(held.error()));
  return held;
}

Result<std::unique_ptr<Witness>> PostgresqlConnector::open_control_witness(NodeKind kind, const Deadline& deadline) {
  const Until end = until(deadline);
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings_, settings_.maintenance_database, end));
  EXEUNT_TRY_ASSIGN(const auto role, role_by_name(*connection, settings_.role, end));
  if (!role) return fail(base::Code::not_found, settings_.system.text() + ": our own role is not listed");
  return hold_session(settings_, clock_, {kind, role->oid, role->name, &settings_.password}, end);
}

Result<std::vector<model::NodeKey>> PostgresqlConnector::own_accounts(const Deadline& deadline) {
  const Until end = until(deadline);
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings_, settings_.maintenance_database, end));
  std::vector<model::NodeKey> keys;
  for (const std::string& name : {settings_.role, settings_.control_role}) {
    if (name.empty()) continue;
    EXEUNT_TRY_ASSIGN(const auto role, role_by_name(*connection, name, end));
    if (role) keys.push_back({settings_.system, NodeKind::account, role->oid});
  }
  return keys;
}

}  // namespace
}  // namespace postgresql

Result<std::unique_ptr<Connector>> make_postgresql(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(postgresql::Settings settings, postgresql::read_settings(config));
  return std::unique_ptr<Connector>(std::make_unique<postgresql::PostgresqlConnector>(std::move(settings), clock));
}

}  // namespace exeunt::connect
