// Folder::snapshot and restore of evidence/fold.hpp: the fold as canonical JSON and back.
#include "base/json.hpp"
#include "evidence/fold.hpp"

namespace exeunt::evidence {
namespace {

using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Status;

base::Error damaged(std::string what) {
  return {base::Code::data_loss, "snapshot: " + std::move(what), "drop the snapshot; the case is folded from its first entry"};
}

void put_time(JsonObject& object, std::string_view key, const std::optional<base::Time>& time) {
  if (time) object[key] = base::to_rfc3339(*time);
}

JsonObject plan_json(const PlanFold& plan) {
  JsonObject out{{"name", plan.name}, {"digest", plan.digest}, {"approver", plan.approver}};
  put_time(out, "approved_at", plan.approved_at);
  put_time(out, "compiled_at", plan.compiled_at);
  put_time(out, "expires", plan.expires);
  return out;
}

JsonObject step_json(const StepFold& step) {
  return {{"state", model::name(step.state)}, {"system", step.system}, {"target", step.target}, {"attempt", step.attempt}};
}

JsonObject path_json(const PathFold& path) {
  JsonObject out{{"system", path.system},
                 {"node", model::name(path.node)},
                 {"required", path.required},
                 {"grade_required", model::name(path.grade_required)},
                 {"state", model::name(path.state)},
                 {"grade", model::name(path.grade)},
                 {"means", path.means},
                 {"control", path.control},
                 {"step", path.step}};
  put_time(out, "until", path.until);
  put_time(out, "last_admitted", path.last_admitted);
  put_time(out, "first_refused", path.first_refused);
  return out;
}

JsonObject listing_json(const ListingFold& listing) {
  return {{"system", listing.system},
          {"account", listing.account},
          {"node", model::name(listing.node)},
          {"completeness", model::name(listing.completeness)},
          {"count", listing.count}};
}

template <class Map, class Write>
JsonObject map_json(const Map& map, Write write) {
  JsonObject out;
  for (const auto& [key, value] : map) out[key] = write(value);
  return out;
}

// Reads members of one object; the first that is missing or wrong is kept and shows in `status`.
class Reader {
 public:
  explicit Reader(const Json& value) : object_(value.if_object()) {
    if (object_ == nullptr) wrong_ = "an object is missing";
  }
  void text(std::string_view key, std::string& out) {
    take(key, [&] { return base::json_string(*object_, key); }, out);
  }
  void flag(std::string_view key, bool& out) {
    take(key, [&] { return base::json_bool(*object_, key); }, out);
  }
  template <class Integer>
  void integer(std::string_view key, Integer& out) {
    std::int64_t value = 0;
    take(key, [&] { return base::json_int(*object_, key); }, value);
    out = static_cast<Integer>(value);
  }
  template <class E>
  void word(std::string_view key, E& out) {
    std::string value;
    text(key, value);
    const auto parsed = model::parse<E>(value);
    if (!parsed) return refuse(key);
    out = *parsed;
  }
  void time(std::string_view key, std::optional<base::Time>& out) {
    if (object_ == nullptr || object_->if_contains(key) == nullptr) return;
    std::string value;
    text(key, value);
    const auto parsed = base::from_rfc3339(value);
    if (!parsed) return refuse(key);
    out = *parsed;
  }
  template <class Each>
  void members(std::string_view key, Each each) {
    const Json* found = object_ == nullptr ? nullptr : object_->if_contains(key);
    if (found == nullptr || !found->is_object()) return refuse(key);
    for (const auto& member : found->get_object()) {
      Reader inner(member.value());
      each(std::string(member.key()), inner);
      if (!inner.wrong_.empty()) return refuse(std::string(key) + "." + inner.wrong_);
    }
  }
  template <class Each>
  void elements(std::string_view key, Each each) {
    const Json* found = object_ == nullptr ? nullptr : object_->if_contains(key);
    if (found == nullptr || !found->is_array()) return refuse(key);
    for (const Json& element : found->get_array()) {
      Reader inner(element);
      each(inner);
      if (!inner.wrong_.empty()) return refuse(std::string(key) + "." + inner.wrong_);
    }
  }
  [[nodiscard]] Status status() const {
    if (wrong_.empty()) return {};
    return base::fail(damaged(wrong_ + " is missing or wrong"));
  }

 private:
  void refuse(std::string_view key) {
    if (wrong_.empty()) wrong_ = key;
  }
  template <class Get, class Value>
  void take(std::string_view key, Get get, Value& out) {
    if (object_ == nullptr) return refuse(key);
    auto value = get();
    if (!value) return refuse(key);
    out = std::move(*value);
  }
  const JsonObject* object_;
  std::string wrong_;
};

void read_path(Reader& in, PathFold& path) {
  in.text("system", path.system);
  in.word("node", path.node);
  in.flag("required", path.required);
  in.word("grade_required", path.grade_required);
  in.word("state", path.state);
  in.word("grade", path.grade);
  in.text("means", path.means);
  in.text("control", path.control);
  in.text("step", path.step);
  in.time("until", path.until);
  in.time("last_admitted", path.last_admitted);
  in.time("first_refused", path.first_refused);
}

void read_collections(Reader& in, CaseFold& fold) {
  in.elements("plans", [&](Reader& each) {
    PlanFold& plan = fold.plans.emplace_back();
    each.text("name", plan.name);
    each.text("digest", plan.digest);
    each.text("approver", plan.approver);
    each.time("approved_at", plan.approved_at);
    each.time("compiled_at", plan.compiled_at);
    each.time("expires", plan.expires);
  });
  in.members("steps", [&](const std::string& key, Reader& each) {
    StepFold& step = fold.steps[key];
    each.word("state", step.state);
    each.text("system", step.system);
    each.text("target", step.target);
    each.integer("attempt", step.attempt);
  });
  in.members("paths", [&](const std::string& key, Reader& each) { read_path(each, fold.paths[key]); });
  in.members("listings", [&](const std::string& key, Reader& each) {
    ListingFold& listing = fold.listings[key];
    each.text("system", listing.system);
    each.text("account", listing.account);
    each.word("node", listing.node);
    each.word("completeness", listing.completeness);
    each.integer("count", listing.count);
  });
  in.elements("gaps", [&](Reader& each) {
    std::pair<std::string, std::string> gap;
    each.text("system", gap.first);
    each.text("node", gap.second);
    fold.gaps.insert(std::move(gap));
  });
  in.members("tasks", [&](const std::string& key, Reader& each) { each.text("outcome", fold.tasks[key]); });
}

}  // namespace

std::string Folder::snapshot() const {
  JsonObject out{{"fold_version", k_fold_version},
                 {"tenant", state_.tenant},
                 {"case", state_.case_id},
                 {"subject", state_.subject},
                 {"entries", static_cast<std::int64_t>(state_.entries)},
                 {"head", base::to_hex(state_.head)},
                 {"state", model::name(state_.state)},
                 {"halted", state_.halted}};
  put_time(out, "detected", state_.detected);
  put_time(out, "approved", state_.approved);
  put_time(out, "identity_cut", state_.identity_cut);
  put_time(out, "zero", state_.zero);
  put_time(out, "scheduled_at", state_.scheduled_at);
  JsonArray plans;
  for (const PlanFold& plan : state_.plans) plans.emplace_back(plan_json(plan));
  out["plans"] = std::move(plans);
  out["steps"] = map_json(state_.steps, step_json);
  out["paths"] = map_json(state_.paths, path_json);
  out["listings"] = map_json(state_.listings, listing_json);
  JsonArray gaps;
  for (const auto& [system, node] : state_.gaps) gaps.emplace_back(JsonObject{{"system", system}, {"node", node}});
  out["gaps"] = std::move(gaps);
  out["tasks"] = map_json(state_.tasks, [](const std::string& outcome) { return JsonObject{{"outcome", outcome}}; });
  return base::canonical_json(out);
}

base::Result<Folder> Folder::restore(std::string_view snapshot) {
  const auto json = base::parse_json(snapshot);
  if (!json) return base::fail(damaged(json.error().what));
  Reader in(*json);
  int version = 0;
  in.integer("fold_version", version);
  EXEUNT_TRY(in.status());
  if (version != k_fold_version) return base::fail(damaged("it is of fold version " + std::to_string(version)));
  Folder folder;
  CaseFold& fold = folder.state_;
  std::string head;
  in.text("tenant", fold.tenant);
  in.text("case", fold.case_id);
  in.text("subject", fold.subject);
  in.integer("entries", fold.entries);
  in.text("head", head);
  in.word("state", fold.state);
  in.flag("halted", fold.halted);
  in.time("detected", fold.detected);
  in.time("approved", fold.approved);
  in.time("identity_cut", fold.identity_cut);
  in.time("zero", fold.zero);
  in.time("scheduled_at", fold.scheduled_at);
  read_collections(in, fold);
  EXEUNT_TRY(in.status());
  const auto hash = base::hash32_from_hex(head);
  if (!hash) return base::fail(damaged("head is no digest"));
  fold.head = *hash;
  return folder;
}

}  // namespace exeunt::evidence
