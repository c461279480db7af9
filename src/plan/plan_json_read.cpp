// A plan from its bytes. Strict: what is not expected is an error, so that no binary runs a plan that it half understands.
#include <algorithm>
#include <limits>
#include <optional>

#include <boost/json/monotonic_resource.hpp>

#include "base/escape.hpp"
#include "base/json.hpp"
#include "plan/plan.hpp"

namespace exeunt::plan {

using base::Json;
using base::JsonObject;

namespace {

constexpr std::int64_t k_count_max = std::int64_t{1} << 53;  // as far as JSON's numbers are exact
constexpr std::int64_t k_ms_max = std::int64_t{100} * 366 * 24 * 3600 * 1000;

/// Where in the document a value stands, put into words only when something is wrong there.
struct Place {
  const Place* outer = nullptr;
  std::string_view key;
  std::optional<std::size_t> number;

  [[nodiscard]] std::string text() const {
    std::string out = outer == nullptr ? std::string() : outer->text();
    if (!out.empty() && !key.empty()) out += ".";
    out += key;
    if (number) out += "[" + std::to_string(*number) + "]";
    return out;
  }
};

/// Members of one object; the first thing that is wrong is kept, everything after it reads as empty.
class Members {
 public:
  Members(const Json& value, const Place& place, std::string& wrong) : place_(place), wrong_(wrong) {
    taken_.reserve(32);
    if (value.is_object())
      object_ = &value.as_object();
    else
      say("", "is no object");
  }
  ~Members() {
    if (object_ == nullptr || !wrong_.empty() || taken_.size() == object_->size()) return;
    for (const auto& member : *object_)
      if (std::find(taken_.begin(), taken_.end(), std::string_view(member.key())) == taken_.end()) say(member.key(), "is unknown");
  }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  void text(std::string_view key, std::string& out) {
    if (const Json* value = take(key)) {
      if (value->is_string())
        out = std::string(value->as_string());
      else
        say(key, "is no string");
    }
  }
  template <class Tag>
  void id(std::string_view key, model::Id<Tag>& out) {
    std::string value;
    text(key, value);
    out = model::Id<Tag>(std::move(value));
  }
  template <class E>
  void word(std::string_view key, E& out) {
    std::string value;
    text(key, value);
    if (!wrong_.empty()) return;
    if (const auto parsed = model::parse<E>(value))
      out = *parsed;
    else
      say(key, "is a word that is not known");
  }
  void flag(std::string_view key, bool& out) {
    if (const Json* value = take(key)) {
      if (value->is_bool())
        out = value->as_bool();
      else
        say(key, "is neither true nor false");
    }
  }
  void whole(std::string_view key, std::int64_t& out, std::int64_t max) {
    const Json* value = take(key);
    if (value == nullptr) return;
    const bool fits = (value->is_int64() && value->as_int64() >= 0 && value->as_int64() <= max) ||
                      (value->is_uint64() && value->as_uint64() <= static_cast<std::uint64_t>(max));
    if (fits)
      out = value->to_number<std::int64_t>();
    else
      say(key, "is no whole number in its range");
  }
  void number(std::string_view key, int& out) {
    std::int64_t value = 0;
    whole(key, value, std::numeric_limits<int>::max());
    out = static_cast<int>(value);
  }
  void duration(std::string_view key, base::Duration& out) {
    std::int64_t value = 0;
    whole(key, value, k_ms_max);
    out = base::Duration(value);
  }
  /// `each(value, its place)`.
  template <class Each>
  void list(std::string_view key, Each each) {
    const Json* value = take(key);
    if (value == nullptr) return;
    if (!value->is_array()) return say(key, "is no list");
    std::size_t number = 0;
    for (const Json& item : value->as_array()) each(item, Place{&place_, key, number++});
  }
  void texts(std::string_view key, const auto& each) {
    list(key, [&](const Json& item, const Place& place) {
      if (item.is_string())
        each(std::string(item.as_string()));
      else if (wrong_.empty())
        wrong_ = place.text() + " is no string";
    });
  }
  void map_of_texts(std::string_view key, const auto& each) {
    const Json* value = take(key);
    if (value == nullptr) return;
    if (!value->is_object()) return say(key, "is no object");
    for (const auto& member : value->as_object()) {
      if (!member.value().is_string()) return say(key, "holds something that is no string");
      each(std::string(member.key()), std::string(member.value().as_string()));
    }
  }
  [[nodiscard]] bool has(std::string_view key) const { return object_ != nullptr && object_->if_contains(key) != nullptr; }
  const Json* take(std::string_view key) {
    if (object_ == nullptr || !wrong_.empty()) return nullptr;
    const Json* value = object_->if_contains(key);
    if (value == nullptr)
      say(key, "is missing");
    else
      taken_.push_back(key);
    return value;
  }
  [[nodiscard]] Place place_of(std::string_view key) const { return {&place_, key, std::nullopt}; }
  void say(std::string_view key, std::string_view what) {
    if (wrong_.empty()) wrong_ = base::escape_terminal(key.empty() ? place_.text() : place_of(key).text(), 120) + " " + std::string(what);
  }

 private:
  const JsonObject* object_ = nullptr;
  std::vector<std::string_view> taken_;  // each once: names are asked for in one place
  const Place& place_;
  std::string& wrong_;
};

model::Node read_node(const Json& value, const Place& place, std::string& wrong) {
  model::Node out;
  Members members(value, place, wrong);
  members.id("system", out.key.system);
  members.word("kind", out.key.kind);
  members.text("native_id", out.key.native_id);
  members.text("label", out.label);
  members.map_of_texts("facts", [&](const std::string& key, const std::string& text) { out.facts[key] = text; });
  members.flag("privileged", out.privileged);
  members.flag("live", out.live);
  return out;
}

graph::Link read_link(const Json& value, const Place& place, std::string& wrong) {
  graph::Link out;
  Members members(value, place, wrong);
  members.id("person", out.person);
  members.id("account", out.account);
  members.word("strength", out.strength);
  members.text("reason", out.reason);
  return out;
}

model::Person read_person(const Json& value, const Place& place, std::string& wrong) {
  model::Person out;
  Members members(value, place, wrong);
  members.id("id", out.id);
  members.text("name", out.name);
  members.text("email", out.email);
  members.id("manager", out.manager);
  members.text("login", out.login);
  members.text("status", out.status);
  return out;
}

PlannedPath read_path(const Json& value, const Place& place, std::string& wrong) {
  PlannedPath out;
  Members members(value, place, wrong);
  if (const Json* node = members.take("node")) out.node = read_node(*node, members.place_of("node"), wrong);
  members.word("required", out.required);
  members.flag("watched_only", out.watched_only);
  members.id("step", out.step);
  return out;
}

Step read_step(const Json& value, const Place& place, std::string& wrong) {
  Step out;
  Members members(value, place, wrong);
  members.id("id", out.id);
  members.word("stage", out.stage);
  members.word("action", out.action);
  if (const Json* target = members.take("target")) out.target = read_node(*target, members.place_of("target"), wrong);
  members.texts("covers", [&](const std::string& text) {
    if (const auto kind = model::parse<model::NodeKind>(text))
      out.covers.push_back(*kind);
    else
      members.say("covers", "holds a word that is not known");
  });
  if (members.has("witnesses")) {
    members.texts("witnesses", [&](const std::string& text) {
      if (const auto kind = model::parse<model::NodeKind>(text))
        out.witnesses.push_back(*kind);
      else
        members.say("witnesses", "holds a word that is not known");
    });
    if (out.witnesses.empty()) members.say("witnesses", "is there and empty");
  }
  const auto nodes = [&](const char* name, std::vector<model::Node>& into) {
    if (!members.has(name)) return;
    members.list(name, [&](const Json& item, const Place& at) { into.push_back(read_node(item, at, wrong)); });
    if (into.empty()) members.say(name, "is there and empty");
  };
  nodes("gives", out.gives);
  nodes("follows", out.follows);
  if (members.has("reserve")) {
    members.flag("reserve", out.reserve);
    if (!out.reserve) members.say("reserve", "is there and false");
  }
  members.flag("by_rule", out.by_rule);
  members.flag("destructive", out.destructive);
  members.flag("reversible", out.reversible);
  members.flag("needs_secret", out.needs_secret);
  members.text("vault_reference", out.vault_reference);
  if (const Json* heir = members.take("heir"); heir != nullptr && !heir->is_null())
    out.heir = read_node(*heir, members.place_of("heir"), wrong);
  members.id("assignee", out.assignee);
  members.text("words", out.words);
  members.duration("due_ms", out.due);
  members.texts("after", [&](const std::string& text) { out.after.emplace_back(text); });
  members.number("expected_calls", out.expected_calls);
  members.text("why", out.why);
  return out;
}

model::Gap read_gap(const Json& value, const Place& place, std::string& wrong) {
  model::Gap out;
  Members members(value, place, wrong);
  members.id("system", out.system);
  members.word("kind", out.kind);
  members.text("words", out.words);
  return out;
}

model::Listing read_listing(const Json& value, const Place& place, std::string& wrong) {
  model::Listing out;
  Members members(value, place, wrong);
  members.id("system", out.system);
  members.word("kind", out.kind);
  members.text("account", out.account);
  members.word("completeness", out.completeness);
  members.text("reason", out.reason);
  std::int64_t count = 0;
  members.whole("count", count, k_count_max);
  out.count = static_cast<std::size_t>(count);
  return out;
}

Plan read_plan(const Json& value, std::string& wrong) {
  Plan out;
  const Place place;
  Members members(value, place, wrong);
  std::int64_t version = 0;
  members.whole("v", version, 1);
  if (version != 1) members.say("v", "is a version that this program does not know");
  members.id("tenant", out.tenant);
  members.id("case", out.case_id);
  members.text("name", out.name);
  if (const Json* subject = members.take("subject")) out.subject = read_person(*subject, members.place_of("subject"), wrong);
  members.text("reason", out.reason);
  std::string urgency;
  members.text("urgency", urgency);
  if (urgency != "immediate" && urgency != "staged") members.say("urgency", "is a word that is not known");
  out.urgency = urgency == "staged" ? model::Urgency::staged : model::Urgency::immediate;
  members.list("links", [&](const Json& item, const Place& at) { out.links.push_back(read_link(item, at, wrong)); });
  members.list("proposed", [&](const Json& item, const Place& at) { out.proposed.push_back(read_link(item, at, wrong)); });
  members.list("paths", [&](const Json& item, const Place& at) { out.paths.push_back(read_path(item, at, wrong)); });
  members.list("steps", [&](const Json& item, const Place& at) { out.steps.push_back(read_step(item, at, wrong)); });
  members.texts("bystanders", [&](const std::string& text) { out.bystanders.emplace_back(text); });
  members.texts("irreversible", [&](const std::string& text) { out.irreversible.push_back(text); });
  members.list("gaps", [&](const Json& item, const Place& at) { out.gaps.push_back(read_gap(item, at, wrong)); });
  members.list("listings", [&](const Json& item, const Place& at) { out.listings.push_back(read_listing(item, at, wrong)); });
  members.texts("heirs", [&](const std::string& text) { out.heirs.emplace_back(text); });
  if (members.has("through")) {
    members.whole("through", out.through, k_count_max);
    if (out.through == 0) members.say("through", "is there and 0");
  }
  if (members.has("hand_to")) {
    members.id("hand_to", out.hand_to);
    if (out.hand_to.empty()) members.say("hand_to", "is there and empty");
  }
  members.number("destructive_calls", out.destructive_calls);
  members.text("policy_digest", out.policy_digest);
  members.map_of_texts("catalogue_digests",
                       [&](const std::string& key, const std::string& text) { out.catalogue_digests[model::SystemId(key)] = text; });
  members.duration("approval_valid_ms", out.approval_valid);
  members.duration("lower_bound_ms", out.lower_bound);
  members.id("binding_system", out.binding_system);
  return out;
}

}  // namespace

base::Result<Plan> from_bytes(std::string_view bytes) {
  const auto refuse = [](const std::string& what) {
    return base::fail(base::Code::invalid_argument, "this is no plan: " + what,
                      "take the bytes that `exeunt plan` kept; a newer plan needs a newer program");
  };
  boost::json::monotonic_resource storage;
  const auto json = base::parse_json(bytes, {}, &storage);
  if (!json) return refuse(json.error().what);
  std::string wrong;
  Plan out = read_plan(*json, wrong);
  if (!wrong.empty()) return refuse(wrong);
  return out;
}

}  // namespace exeunt::plan
