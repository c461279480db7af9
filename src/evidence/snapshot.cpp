// Folder::snapshot and restore of evidence/fold.hpp: the fold as canonical JSON and back.
#include <boost/json/monotonic_resource.hpp>

#include "base/json.hpp"
#include "evidence/canonical.hpp"
#include "evidence/fold.hpp"

namespace exeunt::evidence {
namespace {

using base::Json;
using base::JsonObject;
using base::Status;

base::Error damaged(std::string what) {
  return {base::Code::data_loss, "snapshot: " + std::move(what), "drop the snapshot; the case is folded from its first entry"};
}

// Refused only for text that is no UTF-8, which no leaf has.
std::string done(CanonicalWriter& writer) {
  auto bytes = writer.finish();
  return bytes ? std::move(*bytes) : std::string("{}");
}

void put_time(CanonicalWriter& out, std::string_view key, const std::optional<base::Time>& time) {
  if (time) out.time(key, *time);
}

// Members in the order of their names, as in each of the next.
std::string plan_json(const PlanFold& plan) {
  CanonicalWriter out;
  put_time(out, "approved_at", plan.approved_at);
  out.text("approver", plan.approver);
  put_time(out, "compiled_at", plan.compiled_at);
  out.text("digest", plan.digest);
  put_time(out, "expires", plan.expires);
  out.text("name", plan.name);
  return done(out);
}

std::string step_json(const StepFold& step) {
  CanonicalWriter out;
  out.integer("attempt", step.attempt);
  out.text("state", model::name(step.state));
  out.text("system", step.system);
  out.text("target", step.target);
  return done(out);
}

std::string path_json(const PathFold& path) {
  CanonicalWriter out;
  out.text("control", path.control);
  put_time(out, "first_refused", path.first_refused);
  out.text("grade", model::name(path.grade));
  out.text("grade_required", model::name(path.grade_required));
  put_time(out, "last_admitted", path.last_admitted);
  out.text("means", path.means);
  out.text("node", model::name(path.node));
  if (path.ours) out.flag("ours", true);  // snapshots from before there were witnesses lack it
  out.flag("required", path.required);
  out.text("state", model::name(path.state));
  out.text("step", path.step);
  out.text("system", path.system);
  put_time(out, "until", path.until);
  return done(out);
}

std::string listing_json(const ListingFold& listing) {
  CanonicalWriter out;
  out.text("account", listing.account);
  out.text("completeness", model::name(listing.completeness));
  out.integer("count", listing.count);
  out.text("node", model::name(listing.node));
  out.text("system", listing.system);
  return done(out);
}

std::string exception_json(const ExceptionFold& exception) {
  std::string paths;
  for (const auto& path : exception.paths) {
    paths.push_back(paths.empty() ? '[' : ',');
    base::append_json_string(paths, path);
  }
  CanonicalWriter out;
  put_time(out, "approved_at", exception.approved_at);
  out.text("approver", exception.approver);
  put_time(out, "asked_at", exception.asked_at);
  out.text("asker", exception.asker);
  put_time(out, "expired_at", exception.expired_at);
  out.json("paths", paths.empty() ? "[]" : paths + "]");
  out.integer("paths_expected", exception.paths_expected);
  out.time("until", exception.until);
  return done(out);
}

std::string sign_ins_json(const SignInsFold& listing) {
  CanonicalWriter out;
  out.integer("clock_offset", listing.clock_offset.count());
  out.text("completeness", model::name(listing.completeness));
  return done(out);
}

std::string task_json(const std::string& outcome) {
  CanonicalWriter out;
  out.text("outcome", outcome);
  return done(out);
}

// Keys are references, ids and names of systems; they sort as their bytes do.
template <class Map, class Write>
std::string map_json(const Map& map, Write write) {
  std::string out;
  for (const auto& [key, value] : map) {
    out.push_back(out.empty() ? '{' : ',');
    base::append_json_string(out, key);
    out.push_back(':');
    out += write(value);
  }
  return out.empty() ? "{}" : out + "}";
}

template <class List, class Write>
std::string list_json(const List& list, Write write) {
  std::string out;
  for (const auto& value : list) {
    out.push_back(out.empty() ? '[' : ',');
    out += write(value);
  }
  return out.empty() ? "[]" : out + "]";
}

std::string gap_json(const std::pair<std::string, std::string>& gap) {
  CanonicalWriter out;
  out.text("node", gap.second);
  out.text("system", gap.first);
  return done(out);
}

std::string use_json(const std::pair<const std::int64_t, int>& use) {
  CanonicalWriter out;
  out.integer("at", use.first);
  out.integer("times", use.second);
  return done(out);
}

std::string uses_json(const std::map<std::int64_t, int>& uses) {
  CanonicalWriter out;
  out.json("instants", list_json(uses, use_json));
  return done(out);
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
  [[nodiscard]] bool has(std::string_view key) const { return object_ != nullptr && object_->if_contains(key) != nullptr; }
  void time(std::string_view key, std::optional<base::Time>& out) {
    if (object_ == nullptr || object_->if_contains(key) == nullptr) return;
    std::string value;
    text(key, value);
    const auto parsed = base::from_rfc3339(value);
    if (!parsed) return refuse(key);
    out = *parsed;
  }
  void texts(std::string_view key, std::vector<std::string>& out) {
    const Json* found = object_ == nullptr ? nullptr : object_->if_contains(key);
    if (found == nullptr || !found->is_array()) return refuse(key);
    for (const Json& element : found->get_array()) {
      if (!element.is_string()) return refuse(key);
      out.emplace_back(element.get_string());
    }
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
  if (in.has("ours")) in.flag("ours", path.ours);
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
  // Left out where there is none: the snapshot of a case without exceptions reads as those written before there were any.
  if (in.has("exceptions"))
    in.members("exceptions", [&](const std::string& key, Reader& each) {
      ExceptionFold& exception = fold.exceptions[key];
      each.texts("paths", exception.paths);
      each.integer("paths_expected", exception.paths_expected);
      std::optional<base::Time> until;
      each.time("until", until);
      exception.until = until.value_or(base::Time{});
      each.text("asker", exception.asker);
      each.text("approver", exception.approver);
      each.time("asked_at", exception.asked_at);
      each.time("approved_at", exception.approved_at);
      each.time("expired_at", exception.expired_at);
    });
  in.members("tasks", [&](const std::string& key, Reader& each) { each.text("outcome", fold.tasks[key]); });
  if (in.has("sign_ins"))
    in.members("sign_ins", [&](const std::string& key, Reader& each) {
      std::int64_t offset = 0;
      each.integer("clock_offset", offset);
      fold.sign_ins[key].clock_offset = base::Duration(offset);
      each.word("completeness", fold.sign_ins[key].completeness);
    });
  if (in.has("used_after_cut")) in.integer("used_after_cut", fold.used_after_cut);
  if (in.has("uses"))
    in.members("uses", [&](const std::string& key, Reader& each) {
      each.elements("instants", [&](Reader& use) {
        std::int64_t at = 0;
        use.integer("at", at);
        use.integer("times", fold.uses[key][at]);
      });
    });
}

}  // namespace

std::string Folder::snapshot() const {
  CanonicalWriter out;
  put_time(out, "approved", state_.approved);
  out.text("case", state_.case_id);
  put_time(out, "detected", state_.detected);
  out.integer("entries", static_cast<std::int64_t>(state_.entries));
  if (!state_.exceptions.empty()) out.json("exceptions", map_json(state_.exceptions, exception_json));
  out.integer("fold_version", k_fold_version);
  out.json("gaps", list_json(state_.gaps, gap_json));
  out.flag("halted", state_.halted);
  out.text("head", base::to_hex(state_.head));
  put_time(out, "identity_cut", state_.identity_cut);
  out.json("listings", map_json(state_.listings, listing_json));
  out.json("paths", map_json(state_.paths, path_json));
  out.json("plans", list_json(state_.plans, plan_json));
  put_time(out, "scheduled_at", state_.scheduled_at);
  if (!state_.sign_ins.empty()) out.json("sign_ins", map_json(state_.sign_ins, sign_ins_json));
  out.text("state", model::name(state_.state));
  out.json("steps", map_json(state_.steps, step_json));
  out.text("subject", state_.subject);
  out.json("tasks", map_json(state_.tasks, task_json));
  out.text("tenant", state_.tenant);
  if (state_.used_after_cut != 0) out.integer("used_after_cut", state_.used_after_cut);
  if (!state_.uses.empty()) out.json("uses", map_json(state_.uses, uses_json));
  put_time(out, "zero", state_.zero);
  return done(out);
}

base::Result<Folder> Folder::restore(std::string_view snapshot) {
  boost::json::monotonic_resource storage;
  const auto json = base::parse_json(snapshot, {}, &storage);
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
