#include "plan/exception.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/bytes.hpp"
#include "base/escape.hpp"
#include "base/json.hpp"

namespace exeunt::plan {

using base::Code;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using base::Status;
using model::NodeId;
using model::NodeKind;

namespace {

constexpr int k_version = 1;

tl::unexpected<base::Error> altered(std::string_view what) {
  return base::fail(Code::data_loss, "the document of an exception: " + std::string(what), "run `exeunt doctor`; ask for it again");
}

/// Everything about a path that decides whether a step would end it.
struct Waived {
  NodeId id;
  model::NodeKey key;
  const Step* step = nullptr;  // ends it; nullptr: none does
};

std::string words_of(const NodeId& id) { return base::escape_terminal(id.text(), 120); }
std::string words_of(const Step& step) {
  return fmt::format("{} {} on {}", step.id.text(), name(step.action), step.target.key.system.text());
}

bool covers(const Step& step, NodeKind kind) { return std::find(step.covers.begin(), step.covers.end(), kind) != step.covers.end(); }

/// "2001:SHA256:abc" with the mark "SHA256:" has the part "abc"; empty where there is none.
std::string part_after(const std::string& native_id, const std::string& mark) {
  const std::size_t at = mark.empty() ? std::string::npos : native_id.find(mark);
  if (at == std::string::npos) return {};
  const std::size_t from = at + mark.size();
  return native_id.substr(from, native_id.find(':', from) - from);
}

class Check {
 public:
  Check(const std::vector<Plan>& plans, const std::map<model::SystemId, model::Catalogue>& catalogues,
        const std::map<NodeId, model::StepId>& waived)
      : plans_(plans), catalogues_(catalogues), waived_(waived) {}

  Status run() const {
    for (const auto& [id, step_id] : waived_) {
      const auto key = model::parse_node_id(id);
      if (!key) return base::fail(Code::invalid_argument, words_of(id) + " is no node id");
      const Waived path{id, *key, step_of(step_id)};
      for (const auto& plan : plans_)
        for (const auto& step : plan.steps) EXEUNT_TRY(lets_go(step, path));
    }
    return {};
  }

 private:
  const model::Catalogue* catalogue(const Step& step) const {
    const auto found = catalogues_.find(step.target.key.system);
    return found == catalogues_.end() ? nullptr : &found->second;
  }
  const Step* step_of(const model::StepId& id) const {
    for (const auto& plan : plans_)
      for (const auto& step : plan.steps)
        if (step.id == id) return &step;
    return nullptr;
  }
  bool is_held_back(const Step& step) const { return waived_.contains(step.target.id()) && shuts_its_target(step, catalogue(step)); }

  Status lets_go(const Step& step, const Waived& path) const {
    if (step.target.key.system != path.key.system) return {};
    if (is_held_back(step)) return step.target.key == path.key ? spares_nothing_else(step) : Status{};
    const bool on_its_account = path.step != nullptr && path.step->target.key == step.target.key;
    if (on_its_account && path.key != step.target.key && shuts_its_target(step, catalogue(step)))
      return base::fail(
          Code::failed_precondition,
          fmt::format("{} stays only if {} stays too: {} cuts the account, and a cut of an account cannot spare one of its {}s",
                      words_of(path.id), words_of(step.target.id()), words_of(step), name(path.key.kind)),
          "name the account in the same exception, or do without it");
    const bool in_reach = on_its_account || path.step == &step || path.step == nullptr;
    if (!in_reach || path.key == step.target.key || !covers(step, path.key.kind)) return {};
    if (!can_leave_out(step, catalogue(step), path.key.kind))
      return base::fail(Code::failed_precondition,
                        fmt::format("{} cannot stay: {} ends every {} there is at once and cannot leave one out", words_of(path.id),
                                    words_of(step), name(path.key.kind)),
                        "end it with the others; an exception can be had for what is ended one by one");
    return ends_nothing_alike(step, path);
  }

  Status spares_nothing_else(const Step& step) const {
    for (const auto& plan : plans_)
      for (const auto& path : plan.paths)
        if (path.step == step.id && !waived_.contains(path.node.id()))
          return base::fail(Code::failed_precondition,
                            fmt::format("{} would be held back and spare {} too", words_of(step), words_of(path.node.id())),
                            "name it in the same exception, or do without it");
    return {};
  }

  /// What cannot be told from it where it is shut (a key by its hash, on whatever account) has to stay with it.
  Status ends_nothing_alike(const Step& step, const Waived& path) const {
    const auto* spec = catalogue(step)->find(step.action);
    const std::string part = part_after(path.key.native_id, spec->alike_after);
    if (part.empty()) return {};
    for (const auto& plan : plans_)
      for (const auto& other : plan.paths)
        if (other.node.key.system == path.key.system && !waived_.contains(other.node.id()) &&
            part_after(other.node.key.native_id, spec->alike_after) == part)
          return base::fail(
              Code::failed_precondition,
              fmt::format("{} stays only if {} stays too: both are shut by the same entry", words_of(path.id), words_of(other.node.id())),
              "name both in the same exception, or do without it");
    return {};
  }

  const std::vector<Plan>& plans_;
  const std::map<model::SystemId, model::Catalogue>& catalogues_;
  const std::map<NodeId, model::StepId>& waived_;
};

}  // namespace

std::string exception_document(const ExceptionRequest& request) {
  JsonArray paths;
  for (const auto& path : request.paths) paths.emplace_back(path.text());
  return base::canonical_json(JsonObject{{"v", k_version},
                                         {"tenant", request.tenant.text()},
                                         {"case", request.case_id.text()},
                                         {"paths", std::move(paths)},
                                         {"until", base::to_rfc3339(request.until)},
                                         {"reason_sha256", request.reason_digest},
                                         {"nonce", request.nonce}}) +
         "\n";
}

Result<ExceptionRequest> read_exception(std::string_view document) {
  const auto parsed = base::parse_json(document);
  if (!parsed || !parsed->is_object()) return altered("it is no JSON object");
  const auto& fields = parsed->as_object();
  ExceptionRequest out;
  const auto text = [&](std::string_view key) { return base::json_string(fields, key).value_or(""); };
  out.tenant = model::TenantId(text("tenant"));
  out.case_id = model::CaseId(text("case"));
  out.reason_digest = text("reason_sha256");
  out.nonce = text("nonce");
  const auto until = base::from_rfc3339(text("until"));
  const auto* const paths = fields.if_contains("paths");
  if (!until || paths == nullptr || !paths->is_array()) return altered("until or paths is missing");
  out.until = *until;
  for (const auto& path : paths->get_array()) {
    if (!path.is_string()) return altered("a path is no text");
    out.paths.emplace_back(std::string(path.get_string()));
  }
  if (exception_document(out) != document) return altered("it is not what was written");
  return out;
}

bool shuts_its_target(const Step& step, const model::Catalogue* catalogue) {
  if (covers(step, step.target.key.kind)) return true;
  const auto* spec = catalogue == nullptr ? nullptr : catalogue->find(step.action);
  return spec != nullptr && spec->shuts_target;
}

bool can_leave_out(const Step& step, const model::Catalogue* catalogue, NodeKind kind) {
  const auto* spec = catalogue == nullptr ? nullptr : catalogue->find(step.action);
  return step.by_rule && spec != nullptr && std::find(spec->leaves_out.begin(), spec->leaves_out.end(), kind) != spec->leaves_out.end();
}

Status check_exception(const std::vector<Plan>& plans, const std::map<model::SystemId, model::Catalogue>& catalogues,
                       const std::map<NodeId, model::StepId>& waived) {
  return Check(plans, catalogues, waived).run();
}

}  // namespace exeunt::plan
