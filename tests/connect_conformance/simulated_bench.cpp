#include "connect_conformance/simulated_bench.hpp"

#include "connect/registry.hpp"

namespace exeunt::testing {

using base::JsonObject;
using connect::Fault;
using model::Action;
using model::NodeKind;

namespace {

const std::string k_system = "system";

}  // namespace

SimulatedBench::SimulatedBench(std::string system_model) : system_model_(std::move(system_model)) {
  auto server = SimulatedServer::start(folder_.path(), {k_system + "=" + system_model_});
  if (server) server_ = std::move(*server);
}

base::Result<connect::Connector*> SimulatedBench::fresh() {
  if (server_ == nullptr) return base::fail(base::Code::unavailable, "lab/simulated_systems.py does not start");
  EXEUNT_TRY(server_->ask(k_system, {{"op", "control"}, {"reset", true}}));
  connect::SystemConfig config;
  config.id = model::SystemId(k_system);
  config.kind = "simulated";
  config.where = "bench:1";
  config.values = {{"model", system_model_}, {"socket", server_->socket(k_system)}};
  EXEUNT_TRY_ASSIGN(connector_, connect::make_connector(config, clock_, random_));
  // While nothing is wrong: later a fault may hide her. OpenSSH accounts carry no HR id, her login is as good here.
  EXEUNT_TRY_ASSIGN(const auto listing, connector_->accounts({}));
  for (const auto& record : listing.accounts) {
    if (record.login == "person0") account_ = record.node;
    if (record.login == "person1") another_ = record.node;
  }
  return connector_.get();
}

base::Status SimulatedBench::set(Fault fault) {
  JsonObject faults{{"answer_lost_after", 0}, {"answer_lost_before", 0}, {"silent_noop", false},
                    {"down", false},          {"cut_listing", ""},       {"prober_broken", false}};
  switch (fault) {
    case Fault::none: break;
    case Fault::answer_lost_after: faults["answer_lost_after"] = 1; break;
    case Fault::answer_lost_before: faults["answer_lost_before"] = 1; break;
    case Fault::silent_no_op: faults["silent_noop"] = true; break;
    case Fault::down: faults["down"] = true; break;
    case Fault::listing_cut_said: faults["cut_listing"] = "said"; break;
    case Fault::listing_cut_unsaid: faults["cut_listing"] = "unsaid"; break;
    case Fault::prober_broken: faults["prober_broken"] = true; break;
  }
  EXEUNT_TRY(server_->ask(k_system, {{"op", "control"}, {"set", faults}}));
  return {};
}

base::Status SimulatedBench::sign_in() {
  EXEUNT_TRY(server_->ask(k_system, {{"op", "person"}, {"act", "sign_in"}, {"account", account_.key.native_id}}));
  return {};
}

base::Status SimulatedBench::let_sign_ins_be_read(bool readable) {
  EXEUNT_TRY(server_->ask(k_system, {{"op", "control"}, {"set", JsonObject{{"sign_ins", readable ? "" : "unreadable"}}}}));
  return {};
}

base::Result<std::string> SimulatedBench::outside() {
  EXEUNT_TRY_ASSIGN(const JsonObject answer, server_->ask(k_system, {{"op", "control"}}));
  EXEUNT_TRY_ASSIGN(const JsonObject* state, base::json_object(answer, "state"));
  JsonObject seen = *state;
  seen.erase("sign_ins");  // a log is no change
  seen.erase("past");      // what the simulation remembers to tell "was here" from "was never here"
  seen.erase("effects");   // how often something changed
  return base::canonical_json(seen);
}

model::Node SimulatedBench::node(NodeKind kind, std::string native_id) const {
  model::Node out;
  out.key = {model::SystemId(k_system), kind, std::move(native_id)};
  return out;
}

model::Node SimulatedBench::secret() const {
  model::Node out = node(NodeKind::secret, "16500");
  out.facts = {{"account", "report_rw"}, {"vault_file", "file:" + (folder_.path() / "system.report_rw.secret").string()}};
  return out;
}

connect::InventoryRequest SimulatedBench::subject() {
  connect::InventoryRequest request;
  request.accounts = {account_};
  if (system_model_ == "postgresql") request.secrets = {secret()};
  return request;
}

std::vector<connect::ConformanceCut> SimulatedBench::cuts() {
  const model::Node target = account_;
  if (system_model_ == "openldap") {
    return {{Action::lock_and_replace, target, NodeKind::account},
            {Action::disable_account, target, NodeKind::account},
            {Action::end_sessions, target, NodeKind::session},
            {Action::remove_memberships, target, NodeKind::membership}};
  }
  if (system_model_ == "postgresql") {
    return {{Action::lock_and_replace, target, NodeKind::account}, {Action::disable_account, target, NodeKind::account},
            {Action::end_sessions, target, NodeKind::session},     {Action::remove_memberships, target, NodeKind::membership},
            {Action::rotate_secret, secret(), NodeKind::secret},   {Action::rotate_secret, secret(), NodeKind::session}};
  }
  return {{Action::revoke_keys, target, NodeKind::key},
          {Action::revoke_certificates, target, NodeKind::certificate},
          {Action::end_sessions, target, NodeKind::session},
          {Action::disable_account, target, NodeKind::account}};
}

base::Result<base::Secret> SimulatedBench::present_value(const model::Node& node) { return base::read_secret(node.facts.at("vault_file")); }

std::optional<model::Node> SimulatedBench::nonexistent(NodeKind kind) {
  switch (kind) {
    case NodeKind::account: return node(kind, "99999");
    case NodeKind::secret: return node(kind, "99999");
    case NodeKind::key: return node(kind, "99999:SHA256:never");
    case NodeKind::certificate: return node(kind, "SHA256:never:1");
    default: return std::nullopt;
  }
}

}  // namespace exeunt::testing
