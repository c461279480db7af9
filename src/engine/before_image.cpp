#include "engine/before_image.hpp"

#include "plan/plan_json.hpp"

namespace exeunt::engine {

using base::Json;
using base::JsonObject;
using base::Result;

namespace {

constexpr base::Duration k_look_max{5'000};
constexpr std::size_t k_page = 1000;

/// Of plan::json_of(node); one that is not understood is left out: what it was cannot come back.
std::optional<model::Node> node_of(const Json& value) {
  if (!value.is_object()) return std::nullopt;
  const JsonObject& object = value.as_object();
  const auto kind = model::parse<model::NodeKind>(base::json_string(object, "kind").value_or(""));
  const auto facts = base::json_object(object, "facts");
  model::Node node;
  node.key.system = model::SystemId(base::json_string(object, "system").value_or(""));
  node.key.native_id = base::json_string(object, "native_id").value_or("");
  if (!kind || !facts || node.key.system.empty() || node.key.native_id.empty()) return std::nullopt;
  node.key.kind = *kind;
  node.label = base::json_string(object, "label").value_or("");
  node.privileged = base::json_bool(object, "privileged").value_or(false);
  for (const auto& [key, text] : **facts)
    if (text.is_string()) node.facts[std::string(key)] = std::string(text.as_string());
  return node;
}

std::optional<std::vector<model::Node>> image_in(const std::optional<std::string>& payload) {
  const auto parsed = payload ? base::parse_json(*payload) : base::Result<Json>(Json(nullptr));
  if (!parsed || !parsed->is_object()) return std::nullopt;
  const auto details = base::json_object(parsed->as_object(), "details");
  if (!details) return std::nullopt;
  const auto before = base::json_array(**details, "before");
  if (!before) return std::nullopt;
  std::vector<model::Node> out;
  for (const Json& each : **before)
    if (auto node = node_of(each)) out.push_back(std::move(*node));
  return out;
}

/// Reads intents and outcomes in their order.
class ImageReplay {
 public:
  void apply(const evidence::Leaf& leaf, const std::optional<std::string>& payload) {
    const model::StepId step(leaf.step);
    if (leaf.kind == evidence::LeafKind::step_intended && !settled_.contains(step)) {
      found_[step] = image_in(payload);
      open_.insert(step);
    }
    if (leaf.kind != evidence::LeafKind::step_outcome || open_.erase(step) == 0) return;
    if (leaf.outcome == name(model::StepState::failed))
      found_.erase(step);  // certainly not applied
    else
      settled_.insert(step);
  }
  BeforeImages release() && { return std::move(found_); }  // an intent without an outcome may have had its effect

 private:
  BeforeImages found_;
  std::set<model::StepId> open_, settled_;
};

}  // namespace

void add_before_image(const RunContext& context, connect::ApplyRequest& request, JsonObject& details) {
  auto& connector = *context.systems.at(request.target.key.system).connector;
  const model::RestoreSpec* spec = connector.catalogue().restore_of(request.action);
  if (spec == nullptr || !spec->by) return;
  const connect::Deadline whole = request.deadline;
  request.deadline.timeout = std::min(whole.timeout, k_look_max);
  const auto image = connector.before(request);
  request.deadline = whole;
  if (!image) {
    details["no_before"] = plan::json_text(image.error().text());
    return;
  }
  base::JsonArray nodes;
  for (const auto& node : image->taken) nodes.push_back(plan::json_of(node));
  details["before"] = std::move(nodes);
}

Result<BeforeImages> before_images(store::Store& store, const model::CaseId& case_id) {
  ImageReplay replay;
  evidence::Leaf leaf;
  for (std::uint64_t from = 0;;) {
    EXEUNT_TRY_ASSIGN(const auto entries, store.read_case(case_id, from, k_page));
    for (const auto& entry : entries) {
      EXEUNT_TRY(evidence::decode(entry.leaf, leaf));
      replay.apply(leaf, entry.payload);
    }
    from += entries.size();
    if (entries.size() < k_page) return std::move(replay).release();
  }
}

}  // namespace exeunt::engine
