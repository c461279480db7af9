#include "evidence/derived_files.hpp"

#include <algorithm>

#include "base/escape.hpp"
#include "evidence/requirements.hpp"

namespace exeunt::evidence {
namespace {

using base::Json;
using base::JsonArray;
using base::JsonObject;
using model::name;

constexpr std::string_view k_timeline_head =
    "case_seq,t,kind,system,node,way_in,step,attempt,outcome,answer,means,moment,control,state,grade,completeness,count,until,digest,actor,"
    "approver,words\r\n";

Json time_or_null(const std::optional<base::Time>& time) { return time ? Json(base::to_rfc3339(*time)) : Json(nullptr); }

Json text_or_null(const std::map<std::string, std::string>& names, const std::string& reference) {
  const auto found = names.find(reference);
  return found == names.end() ? Json(nullptr) : Json(found->second);
}

std::string words_of(const JsonObject& payload) {
  for (const std::string_view member : {"words", "reason", "why"})
    if (std::string words = told(payload, member); !words.empty()) return words;
  return {};
}

Json interval(const std::optional<base::Time>& from, const std::optional<base::Time>& to) {
  return from && to ? Json((*to - *from).count()) : Json(nullptr);
}

JsonObject intervals(const CaseFold& state) {
  return {{"detected", time_or_null(state.detected)},
          {"approved", time_or_null(state.approved)},
          {"identity_cut", time_or_null(state.identity_cut)},
          {"zero", time_or_null(state.zero)},
          {"detected_to_approved_ms", interval(state.detected, state.approved)},
          {"approved_to_identity_cut_ms", interval(state.approved, state.identity_cut)},
          {"approved_to_zero_ms", interval(state.approved, state.zero)}};
}

/// In the order of their entries, which is also the number of their files below approvals/.
JsonArray approvals(const CaseEntries& entries) {
  JsonArray out;
  for (const auto& entry : entries.entries) {
    const Leaf& leaf = entry.leaf;
    if (leaf.kind != LeafKind::approved && leaf.kind != LeafKind::exception_approved) continue;
    out.push_back(JsonObject{{"n", out.size() + 1},
                             {"of", leaf.kind == LeafKind::approved ? "plan" : "exception"},
                             {"digest", leaf.digest},
                             {"approver", leaf.approver},
                             {"approver_name", text_or_null(entries.people, leaf.approver)},
                             {"operator", leaf.actor},
                             {"same_person", leaf.approver == leaf.actor},
                             {"approved_at", base::to_rfc3339(leaf.t)},
                             {"until", time_or_null(leaf.until)},
                             {"case_seq", leaf.case_seq}});
  }
  return out;
}

JsonArray paths(const CaseEntries& entries, base::Time issued_at) {
  JsonArray out;
  for (const auto& [target, stored] : entries.state.paths) {
    const PathFold path = at(stored, issued_at);
    out.push_back(JsonObject{{"target", target},
                             {"id", text_or_null(entries.nodes, target)},
                             {"label", text_or_null(entries.labels, target)},
                             {"system", path.system},
                             {"kind", name(path.node)},
                             {"required", path.required},
                             {"ours", path.ours},
                             {"state", name(path.state)},
                             {"grade", name(path.grade)},
                             {"grade_required", name(path.grade_required)},
                             {"means", path.means},
                             {"control", path.control},
                             {"step", path.step},
                             {"last_admitted", time_or_null(path.last_admitted)},
                             {"first_refused", time_or_null(path.first_refused)},
                             {"until", time_or_null(path.until)}});
  }
  return out;
}

JsonArray exceptions(const CaseFold& state) {
  JsonArray out;
  for (const auto& [digest, each] : state.exceptions) {
    JsonArray targets;
    for (const auto& target : each.paths) targets.push_back(Json(target));
    out.push_back(JsonObject{{"digest", digest},
                             {"paths", std::move(targets)},
                             {"until", base::to_rfc3339(each.until)},
                             {"asked_by", each.asker},
                             {"approver", each.approver.empty() ? Json(nullptr) : Json(each.approver)},
                             {"asked_at", time_or_null(each.asked_at)},
                             {"approved_at", time_or_null(each.approved_at)},
                             {"expired_at", time_or_null(each.expired_at)}});
  }
  return out;
}

JsonArray listings(const CaseFold& state) {
  JsonArray out;
  for (const auto& [key, listing] : state.listings)
    out.push_back(JsonObject{{"system", listing.system},
                             {"kind", name(listing.node)},
                             {"account", listing.account},
                             {"completeness", name(listing.completeness)},
                             {"count", listing.count}});
  return out;
}

JsonArray gaps(const CaseFold& state) {
  JsonArray out;
  for (const auto& [system, kind] : state.gaps) out.push_back(JsonObject{{"system", system}, {"kind", kind}});
  return out;
}

JsonArray tasks(const CaseEntries& entries) {
  JsonArray out;
  for (const auto& [target, task_state] : entries.state.tasks)
    out.push_back(JsonObject{{"target", target}, {"task", text_or_null(entries.labels, target)}, {"state", task_state}});
  return out;
}

JsonArray uses(const CaseEntries& entries) {
  JsonArray out;
  for (const auto& entry : entries.entries) {
    const Leaf& leaf = entry.leaf;
    if (leaf.kind != LeafKind::used) continue;
    out.push_back(JsonObject{{"target", leaf.target},
                             {"system", leaf.system},
                             {"at", base::to_rfc3339(base::Time(base::Duration(leaf.count.value_or(0))))},
                             {"moment", leaf.moment},
                             {"case_seq", leaf.case_seq}});
  }
  return out;
}

JsonArray sign_in_sources(const CaseFold& state) {
  JsonArray out;
  for (const auto& [system, source] : state.sign_ins)
    out.push_back(
        JsonObject{{"system", system}, {"completeness", name(source.completeness)}, {"clock_offset_ms", source.clock_offset.count()}});
  return out;
}

/// The character at `at` in `text` would begin a formula.
bool leads_in(std::string_view text, std::size_t at) {
  constexpr std::string_view k_full_width[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};  // U+FF1D FF0B FF0D FF20
  if (std::string_view("=+-@").find(text[at]) != std::string_view::npos) return true;
  return std::any_of(std::begin(k_full_width), std::end(k_full_width), [&](auto lead) { return text.substr(at).starts_with(lead); });
}

JsonArray kinds_json(const std::vector<EvidenceKind>& kinds) {
  JsonArray out;
  for (const auto kind : kinds) out.push_back(Json(name(kind)));
  return out;
}

JsonObject requirement_json(const RequirementRow& row) {
  JsonArray found;
  for (const auto& each : row.found) {
    JsonArray seqs;
    for (const auto seq : each.entries) seqs.push_back(Json(seq));
    found.push_back(JsonObject{{"kind", name(each.kind)}, {"count", each.count}, {"entries", std::move(seqs)}});
  }
  const Requirement& requirement = *row.requirement;
  return {{"framework", requirement.framework},   {"id", requirement.id},       {"title", requirement.title},
          {"paraphrase", requirement.paraphrase}, {"reach", requirement.reach}, {"left_to_the_organisation", requirement.left},
          {"evidence", name(row.shown)},          {"found", std::move(found)},  {"missing", kinds_json(row.missing)}};
}

}  // namespace

std::string safe_cell(std::string_view text) {
  const std::string shown = base::escape_terminal(text);
  std::string out;
  bool first = true;  // nothing but blanks since the beginning, or since what a reader may take for the end of a cell
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (first && leads_in(shown, i)) out.push_back('\'');
    out.push_back(shown[i]);
    first = shown[i] == ',' || shown[i] == ';' || shown[i] == '"' || (first && shown[i] == ' ');
  }
  return base::escape_csv(out);
}

std::string timeline_csv(const CaseEntries& entries) {
  std::string out(k_timeline_head);
  for (const auto& entry : entries.entries) {
    const Leaf& leaf = entry.leaf;
    const std::string cells[] = {std::to_string(leaf.case_seq),
                                 base::to_rfc3339(leaf.t),
                                 std::string(name(leaf.kind)),
                                 leaf.system,
                                 leaf.node,
                                 entries.node(leaf.target),
                                 leaf.step,
                                 leaf.attempt == 0 ? "" : std::to_string(leaf.attempt),
                                 leaf.outcome,
                                 leaf.answer,
                                 leaf.means,
                                 leaf.moment,
                                 leaf.control,
                                 leaf.state,
                                 leaf.grade,
                                 leaf.completeness,
                                 leaf.count ? std::to_string(*leaf.count) : "",
                                 leaf.until ? base::to_rfc3339(*leaf.until) : "",
                                 leaf.digest,
                                 entries.person(leaf.actor),
                                 entries.person(leaf.approver),
                                 words_of(entry.payload)};
    bool first = true;
    for (const auto& cell : cells) {
      if (!first) out.push_back(',');
      first = false;
      out += safe_cell(cell);
    }
    out += "\r\n";
  }
  return out;
}

std::string case_json(const CaseEntries& entries, base::Time issued_at) {
  const CaseFold& state = entries.state;
  return base::canonical_json(JsonObject{{"v", 1},
                                         {"tenant", state.tenant},
                                         {"case", state.case_id},
                                         {"through", entries.entries.empty() ? 0 : entries.entries.size() - 1},
                                         {"issued_at", base::to_rfc3339(issued_at)},
                                         {"subject", state.subject},
                                         {"subject_name", text_or_null(entries.people, state.subject)},
                                         {"state", name(state.state)},
                                         {"exit", exit_code(state, issued_at)},
                                         {"intervals", intervals(state)},
                                         {"approvals", approvals(entries)},
                                         {"paths", paths(entries, issued_at)},
                                         {"exceptions", exceptions(state)},
                                         {"listings", listings(state)},
                                         {"gaps", gaps(state)},
                                         {"tasks", tasks(entries)},
                                         {"used", uses(entries)},
                                         {"sign_in_sources", sign_in_sources(state)}}) +
         "\n";
}

std::string requirements_json(const CaseEntries& entries, base::Time issued_at) {
  JsonArray rows;
  for (const auto& row : requirement_rows(entries, issued_at)) rows.push_back(requirement_json(row));
  return base::canonical_json(JsonObject{{"v", 1},
                                         {"case", entries.state.case_id},
                                         {"note",
                                          "what this record holds for each requirement; one case never shows that an organisation "
                                          "complies; the paraphrases are ours"},
                                         {"requirements", std::move(rows)}}) +
         "\n";
}

}  // namespace exeunt::evidence
