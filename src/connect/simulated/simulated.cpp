#include "connect/simulated/simulated.hpp"

#include <algorithm>
#include <set>

#include "base/bytes.hpp"
#include "connect/registry.hpp"
#include "connect/sign_ins.hpp"
#include "connect/simulated/catalogue.hpp"

namespace exeunt::connect::simulated {
namespace {

using base::Code;
using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using base::Status;
using model::NodeKind;

Json text(std::string_view value) { return Json(boost::json::string_view(value.data(), value.size())); }

JsonObject named(const model::Node& node) { return {{"kind", text(name(node.key.kind))}, {"id", text(node.key.native_id)}}; }

// The simulated system compares digests: a value never enters its state or its log.
Json digest_of(const base::Secret* secret) {
  return secret == nullptr ? Json(nullptr) : text(base::to_hex(base::sha256(secret->reveal())));
}

std::string word(const JsonObject& object, std::string_view key) { return base::json_string(object, key).value_or(""); }

std::vector<std::string> words(const JsonObject& object, std::string_view key) {
  std::vector<std::string> out;
  const auto array = base::json_array(object, key);
  if (!array) return out;
  for (const Json& element : **array) {
    if (const auto* value = element.if_string()) out.emplace_back(value->data(), value->size());
  }
  return out;
}

/// A session in the simulated system's state. One whose process ended stays there until somebody ends it: the sweep has to find it.
class SimulatedWitness final : public Witness {
 public:
  SimulatedWitness(model::Node node, Wire wire) : node_(std::move(node)), wire_(std::move(wire)) {}
  ~SimulatedWitness() override { (void)ask("witness_close"); }
  SimulatedWitness(const SimulatedWitness&) = delete;
  SimulatedWitness& operator=(const SimulatedWitness&) = delete;
  const model::Node& node() const override { return node_; }
  ProbeResult use(const Deadline&) override {
    ProbeResult out;
    out.means = model::ProbeMeans::witness;
    const auto answer = ask("witness_use");
    if (!answer) {
      out.reason = base::code_name(answer.error().code);
      out.words = answer.error().what;
      return out;
    }
    out.answer = model::parse<model::ProbeAnswer>(word(*answer, "answer")).value_or(model::ProbeAnswer::unknown);
    out.reason = word(*answer, "reason");
    return out;
  }

 private:
  Result<JsonObject> ask(const char* operation) const {
    JsonObject question = named(node_);
    question["op"] = operation;
    return wire_.ask(question, Purpose::question, {});
  }
  const model::Node node_;
  const Wire wire_;
};

/// "2001:SHA256:abc" -> "SHA256:abc"
std::string fingerprint_of(const std::string& key_id) { return key_id.substr(key_id.find(':') + 1); }

JsonObject question_of(const char* operation, const ApplyRequest& request) {
  JsonArray covered;
  for (const model::Node& node : request.covered) {
    JsonObject one = named(node);
    if (is_restoring(request.action)) {
      JsonObject facts;
      for (const auto& [key, value] : node.facts) facts[key] = text(value);
      one["label"] = text(node.label);
      one["facts"] = std::move(facts);
    }
    covered.push_back(std::move(one));
  }
  return {{"op", operation},
          {"action", text(name(request.action))},
          {"target", named(request.target)},
          {"covered", std::move(covered)},
          {"new_secret", digest_of(request.new_secret)}};
}

}  // namespace

Simulated::Simulated(model::SystemId id, std::string system_model, model::Catalogue catalogue, Wire wire, const base::Clock& clock)
    : id_(std::move(id)), system_model_(std::move(system_model)), catalogue_(std::move(catalogue)), wire_(std::move(wire)), clock_(clock) {}

Result<CheckReport> Simulated::check(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask({{"op", "check"}}, Purpose::question, deadline));
  CheckReport report;
  report.version = word(answer, "version");
  report.rights = words(answer, "rights");
  report.missing = words(answer, "missing");
  return report;
}

Result<Simulated::Rows> Simulated::all_pages(JsonObject question, const Deadline& deadline) const {
  Rows out;
  std::int64_t total = 0;
  question["cursor"] = 0;
  while (true) {
    EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask(question, Purpose::question, deadline));
    EXEUNT_TRY_ASSIGN(const JsonArray* rows, base::json_array(answer, "rows"));
    EXEUNT_TRY_ASSIGN(total, base::json_int(answer, "total"));
    out.rows.insert(out.rows.end(), rows->begin(), rows->end());
    out.reason = word(answer, "cut");
    const auto next = base::json_int(answer, "next");
    if (!next || rows->empty()) break;
    question["cursor"] = *next;
  }
  // A server that cuts a listing off without a word is found out by its own count.
  if (out.reason.empty() && static_cast<std::int64_t>(out.rows.size()) != total) {
    out.reason = "the listing has " + std::to_string(out.rows.size()) + " of " + std::to_string(total) + " entries";
  }
  out.completeness = out.reason.empty() ? model::Completeness::full : model::Completeness::partial;
  return out;
}

Result<AccountListing> Simulated::accounts(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const Rows all, all_pages({{"op", "accounts"}}, deadline));
  AccountListing out;
  out.completeness = all.completeness;
  out.reason = all.reason;
  for (const Json& row : all.rows) {
    const JsonObject& object = row.as_object();
    AccountRecord record;
    record.login = word(object, "login");
    record.hr_id = word(object, "hr_id");
    record.email = word(object, "email");
    record.display_name = word(object, "name");
    EXEUNT_TRY_ASSIGN(record.administrator, base::json_bool(object, "administrator"));
    EXEUNT_TRY_ASSIGN(record.enabled, base::json_bool(object, "enabled"));
    record.node.key = {id_, NodeKind::account, word(object, "id")};
    record.node.label = record.login;
    record.node.facts = {{"login", record.login}};
    record.node.privileged = record.administrator;
    record.node.live = record.enabled;
    out.accounts.push_back(std::move(record));
  }
  return out;
}

Status Simulated::add_row(const Json& row, model::Inventory& out) const {
  const JsonObject& object = row.as_object();
  EXEUNT_TRY_ASSIGN(const std::string kind_name, base::json_string(object, "kind"));
  EXEUNT_TRY_ASSIGN(const std::string edge_name, base::json_string(object, "edge"));
  EXEUNT_TRY_ASSIGN(const JsonObject* facts, base::json_object(object, "facts"));
  const auto kind = model::parse<NodeKind>(kind_name);
  const auto edge = model::parse<model::EdgeKind>(edge_name);
  const std::vector<std::string> below = words(object, "below");
  const auto below_kind = below.size() == 2 ? model::parse<NodeKind>(below[0]) : std::nullopt;
  if (!kind || !edge || !below_kind) return base::fail(Code::internal, id_.text() + ": a row of the simulated system is not understood");
  model::Node node;
  node.key = {id_, *kind, word(object, "id")};
  node.label = word(object, "label");
  for (const auto& fact : *facts) {
    if (const auto* value = fact.value().if_string()) node.facts[std::string(fact.key())] = std::string(value->data(), value->size());
  }
  node.facts["account"] = word(object, "account");
  out.edges.push_back({model::node_id({id_, *below_kind, below[1]}), node.id(), *edge, "simulated " + system_model_, std::nullopt});
  out.nodes.push_back(std::move(node));
  return {};
}

Status Simulated::add_listing(NodeKind kind, const std::string& account, const InventoryRequest& request, model::Inventory& out) const {
  JsonArray fingerprints;
  for (const model::NodeKey& key : request.known) {
    if (key.kind == NodeKind::key) fingerprints.push_back(text(fingerprint_of(key.native_id)));
  }
  EXEUNT_TRY_ASSIGN(const Rows all,
                    all_pages({{"op", "list"}, {"kind", text(name(kind))}, {"account", text(account)}, {"fingerprints", fingerprints}},
                              request.deadline));
  for (const Json& row : all.rows) EXEUNT_TRY(add_row(row, out));
  out.listings.push_back({id_, kind, account, all.completeness, all.reason, all.rows.size()});
  return {};
}

Status Simulated::add_secret(const model::Node& secret, const InventoryRequest& request, model::Inventory& out) const {
  const model::NodeKey account{id_, NodeKind::account, secret.key.native_id};
  model::Node shared;
  shared.key = account;
  const auto login = secret.facts.find("account");
  shared.label = login == secret.facts.end() ? secret.label : login->second;
  out.nodes.push_back(secret);
  out.nodes.push_back(std::move(shared));
  out.edges.push_back({secret.id(), model::node_id(account), model::EdgeKind::unlocks, "simulated " + system_model_, std::nullopt});
  return add_listing(NodeKind::session, secret.key.native_id, request, out);
}

Result<model::Inventory> Simulated::inventory(const InventoryRequest& request) {
  model::Inventory out;
  out.system = id_;
  for (const model::Node& account : request.accounts) {
    out.nodes.push_back(account);
    for (const NodeKind kind : listed_kinds(system_model_)) EXEUNT_TRY(add_listing(kind, account.key.native_id, request, out));
  }
  if (system_model_ == "postgresql") {
    for (const model::Node& secret : request.secrets) EXEUNT_TRY(add_secret(secret, request, out));
  }
  // Two of her accounts may reach one shared key: each node once.
  std::set<model::NodeKey> seen;
  std::erase_if(out.nodes, [&](const model::Node& node) { return !seen.insert(node.key).second; });
  return out;
}

Result<ApplyOutcome> Simulated::apply(const ApplyRequest& request) {
  const JsonObject question = question_of("apply", request);
  const model::ActionSpec* spec = catalogue_.find(request.action);
  if (spec == nullptr && !is_restoring(request.action)) {
    return base::fail(Code::unimplemented, id_.text() + ": a simulated " + system_model_ + " has no " + std::string(name(request.action)));
  }
  if (spec != nullptr && spec->needs_secret && request.new_secret == nullptr) {
    return base::fail(Code::invalid_argument, id_.text() + ": " + std::string(name(request.action)) + " needs a new secret");
  }
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask(question, Purpose::change, request.deadline));
  ApplyOutcome outcome;
  outcome.words = word(answer, "words");
  outcome.calls = static_cast<int>(base::json_int(answer, "calls").value_or(1));
  for (std::string& id : words(answer, "acknowledged")) outcome.acknowledged.emplace_back(std::move(id));
  return outcome;
}

Result<BeforeImage> Simulated::before(const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask(question_of("before", request), Purpose::question, request.deadline));
  EXEUNT_TRY_ASSIGN(const JsonArray* rows, base::json_array(answer, "taken"));
  BeforeImage out;
  for (const Json& row : *rows) {
    const JsonObject& object = row.as_object();
    const auto kind = model::parse<NodeKind>(word(object, "kind"));
    EXEUNT_TRY_ASSIGN(const JsonObject* facts, base::json_object(object, "facts"));
    if (!kind) return base::fail(Code::internal, id_.text() + ": a row of the simulated system is not understood");
    model::Node node;
    node.key = {id_, *kind, word(object, "id")};
    node.label = word(object, "label");
    for (const auto& fact : *facts)
      if (const auto* value = fact.value().if_string()) node.facts[std::string(fact.key())] = std::string(value->data(), value->size());
    out.taken.push_back(std::move(node));
  }
  return out;
}

Result<RestoreLook> Simulated::look_restored(const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask(question_of("look_restored", request), Purpose::question, request.deadline));
  RestoreLook out;
  for (std::string& id : words(answer, "there")) out.there.emplace_back(std::move(id));
  for (std::string& id : words(answer, "gone")) out.gone.emplace_back(std::move(id));
  const std::string old_way = word(answer, "old_way");
  if (old_way == "present") out.old_way = Presence::present;
  if (old_way == "absent") out.old_way = Presence::absent;
  out.words = word(answer, "words");
  return out;
}

Result<Observation> Simulated::observe(const model::Node& target, const Deadline& deadline) {
  JsonObject question = named(target);
  question["op"] = "observe";
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask(question, Purpose::question, deadline));
  Observation out;
  const std::string presence = word(answer, "presence");
  out.listing = model::parse<model::Completeness>(word(answer, "listing")).value_or(model::Completeness::none);
  if (presence == "present") out.presence = Presence::present;
  if (presence == "absent") out.presence = Presence::absent;
  out.grade = model::parse<model::Grade>(word(answer, "grade")).value_or(model::Grade::read_back);
  if (const auto until = base::json_int(answer, "until_ms")) out.until = base::Time(base::Duration(*until));
  out.words = "simulated " + system_model_ + " says " + presence;
  return out;
}

Result<ProbeResult> Simulated::ask_probe(const char* operation, const ProbeRequest& request) const {
  JsonObject question = named(request.target);
  question["op"] = operation;
  question["old_secret"] = digest_of(request.old_secret);
  question["new_secret"] = digest_of(request.new_secret);
  ProbeResult out;
  out.means = request.means;
  const auto answer = wire_.ask(question, Purpose::question, request.deadline);
  if (!answer) {
    out.reason = base::code_name(answer.error().code);
    out.words = answer.error().what;
    return out;
  }
  out.answer = model::parse<model::ProbeAnswer>(word(*answer, "answer")).value_or(model::ProbeAnswer::unknown);
  out.reason = word(*answer, "reason");
  out.words = word(*answer, "words");
  return out;
}

Result<ProbeResult> Simulated::probe(const ProbeRequest& request) { return ask_probe("probe", request); }

Result<ProbeResult> Simulated::probe_control(const ProbeRequest& request) {
  const model::PathSpec* spec = catalogue_.find(request.target.key.kind);
  const bool tries = spec != nullptr && !spec->means.empty() && spec->means.front() <= model::ProbeMeans::twin;
  if (!tries)
    return base::fail(Code::unimplemented, id_.text() + ": no control identity for " + std::string(name(request.target.key.kind)));
  return ask_probe("probe_control", request);
}

Result<std::unique_ptr<Witness>> Simulated::open_witness(const WitnessRequest& request) {
  JsonObject question{{"op", "open_witness"}, {"kind", text(name(request.kind))}, {"new_secret", digest_of(request.password)}};
  question["target"] = named(request.account);
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask(question, Purpose::change, request.deadline));
  model::Node node;
  node.key = {id_, request.kind, word(answer, "id")};
  node.label = word(answer, "label");
  node.facts["account"] = request.account.key.native_id;
  return std::unique_ptr<Witness>(std::make_unique<SimulatedWitness>(std::move(node), wire_));
}

Result<std::unique_ptr<Witness>> Simulated::open_control_witness(NodeKind kind, const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask({{"op", "open_control_witness"}}, Purpose::question, deadline));
  model::Node node;
  node.key = {id_, kind, word(answer, "id")};
  return std::unique_ptr<Witness>(std::make_unique<SimulatedWitness>(std::move(node), wire_));
}

Result<SignInListing> Simulated::sign_ins(const SignInRequest& request) {
  const base::Time asked = clock_.now();
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask({{"op", "sign_ins"}}, Purpose::question, request.deadline));
  EXEUNT_TRY_ASSIGN(const JsonArray* rows, base::json_array(answer, "rows"));
  EXEUNT_TRY_ASSIGN(const std::int64_t theirs, base::json_int(answer, "now"));
  const auto holds = [](const std::vector<model::Node>& nodes, const model::NodeKey& key) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const model::Node& node) { return node.key == key; });
  };
  SignInListing out;
  out.completeness = model::Completeness::full;
  set_clock(out, asked, clock_.now(), base::Time(base::Duration(theirs)), base::Duration{1});
  if (const std::string cut = word(answer, "cut"); !cut.empty()) limit_to(out, model::Completeness::partial, cut);
  if (const std::string unreadable = word(answer, "unreadable"); !unreadable.empty()) limit_to(out, model::Completeness::none, unreadable);
  for (const Json& row : *rows) {
    const JsonObject& object = row.as_object();
    const auto kind = model::parse<NodeKind>(word(object, "kind"));
    const auto at = base::json_int(object, "at");
    if (!kind || !at) return base::fail(Code::internal, id_.text() + ": a sign-in of the simulated system is not understood");
    const model::NodeKey account{id_, NodeKind::account, word(object, "account")};
    const model::NodeKey used{id_, *kind, word(object, "id")};
    const bool ours = holds(request.ours, {id_, NodeKind::session, word(object, "session")});
    if (ours || !(holds(request.accounts, account) || holds(request.paths, used))) continue;
    out.sign_ins.push_back({used, model::node_id(account), base::Time(base::Duration(*at)), word(object, "from"), word(object, "words")});
  }
  trim(out, request);
  return out;
}

Result<std::vector<model::NodeKey>> Simulated::own_accounts(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const JsonObject answer, wire_.ask({{"op", "own_accounts"}}, Purpose::question, deadline));
  std::vector<model::NodeKey> out;
  for (std::string& id : words(answer, "accounts")) out.push_back({id_, NodeKind::account, std::move(id)});
  return out;
}

}  // namespace exeunt::connect::simulated

namespace exeunt::connect {

base::Result<std::unique_ptr<Connector>> make_simulated(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY(config.only({"model", "socket", "settle_ms"}));
  EXEUNT_TRY_ASSIGN(const std::string system_model, config.require("model"));
  EXEUNT_TRY_ASSIGN(const std::string socket, config.require("socket"));
  auto catalogue = simulated::catalogue_of(system_model);
  if (!catalogue) return base::fail(catalogue.error().about(config.where + ": system " + config.id.text()));
  if (!config.get("settle_ms").empty()) {
    EXEUNT_TRY_ASSIGN(const int settle, config.require_int("settle_ms", 0, 3'600'000));
    for (model::PathSpec& path : catalogue->paths) {
      path.settle = base::Duration(settle);
      path.settle_source = "set for this simulated system";
    }
  }
  simulated::Wire wire(socket, config.id.text(), clock);
  return std::unique_ptr<Connector>(
      std::make_unique<simulated::Simulated>(config.id, system_model, std::move(*catalogue), std::move(wire), clock));
}

}  // namespace exeunt::connect
