#include "model/catalogue.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace exeunt::model {
namespace {

using base::Json;
using base::JsonArray;
using base::JsonObject;

Json text(std::string_view value) { return Json(boost::json::string_view(value.data(), value.size())); }

template <class E>
Json names(const std::vector<E>& values) {
  JsonArray out;
  for (const E value : values) out.push_back(text(name(value)));
  return out;
}

Json texts(const std::vector<std::string>& values) {
  JsonArray out;
  for (const auto& value : values) out.push_back(text(value));
  return out;
}

Json to_json(const ActionSpec& spec) {
  JsonObject out{{"action", text(name(spec.action))},
                 {"target", text(name(spec.target))},
                 {"covers", names(spec.covers)},
                 {"stage", text(name(spec.stage))},
                 {"by_rule", spec.by_rule},
                 {"needs_secret", spec.needs_secret},
                 {"needs_heir", spec.needs_heir},
                 {"destructive", spec.destructive},
                 {"reversible", spec.reversible},
                 {"expected_calls", spec.expected_calls},
                 {"composed_of", names(spec.composed_of)},
                 {"undoes", names(spec.undoes)},
                 {"reasserts", spec.reasserts},
                 {"why", text(spec.why)}};
  // Only where there are any: the digests of catalogues from before there were such stay what they are.
  if (!spec.undone_over.empty()) out["undone_over"] = names(spec.undone_over);
  if (!spec.also_shuts.empty()) out["also_shuts"] = names(spec.also_shuts);
  if (!spec.witnesses.empty()) out["witnesses"] = names(spec.witnesses);
  return out;
}

Json to_json(const PathSpec& spec) {
  return JsonObject{{"kind", text(name(spec.kind))},
                    {"means", names(spec.means)},
                    {"refusal", text(spec.refusal)},
                    {"best", text(name(spec.best))},
                    {"trying_counts_as_failure", spec.trying_counts_as_failure},
                    {"settle_ms", spec.settle.count()},
                    {"settle_source", text(spec.settle_source)},
                    {"gaps", texts(spec.gaps)}};
}

Json to_json(const OrderLaw& law) {
  return JsonObject{{"first", text(name(law.first))}, {"then", text(name(law.then))}, {"why", text(law.why)}};
}

template <class T>
JsonArray all_json(const std::vector<T>& values) {
  JsonArray out;
  for (const auto& value : values) out.push_back(to_json(value));
  return out;
}

}  // namespace

const ActionSpec* Catalogue::find(Action action) const {
  const auto found = std::find_if(actions.begin(), actions.end(), [&](const ActionSpec& spec) { return spec.action == action; });
  return found == actions.end() ? nullptr : &*found;
}

const PathSpec* Catalogue::find(NodeKind node_kind) const {
  const auto found = std::find_if(paths.begin(), paths.end(), [&](const PathSpec& spec) { return spec.kind == node_kind; });
  return found == paths.end() ? nullptr : &*found;
}

const RestoreSpec* Catalogue::restore_of(Action action) const {
  const auto found = std::find_if(restores.begin(), restores.end(), [&](const RestoreSpec& spec) { return spec.of == action; });
  return found == restores.end() ? nullptr : &*found;
}

std::string Catalogue::digest() const {
  const JsonObject everything{
      {"kind", text(kind)},
      {"version", version},
      {"simulated", simulated},
      {"actions", all_json(actions)},
      {"paths", all_json(paths)},
      {"laws", all_json(laws)},
      {"budget", JsonObject{{"calls_per_second", budget.calls_per_second}, {"burst", budget.burst}, {"concurrency", budget.concurrency}}},
      {"gaps", texts(gaps)}};
  return base::to_hex(base::sha256(base::canonical_json(everything)));
}

}  // namespace exeunt::model
