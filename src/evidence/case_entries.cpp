#include "evidence/case_entries.hpp"

#include "evidence/merkle.hpp"

namespace exeunt::evidence {
namespace {

using base::Code;
using base::JsonObject;

constexpr base::JsonLimits k_payload_limits{16 * 1024 * 1024, 32};

base::Result<JsonObject> read_payload(const EntryBytes& entry, const Leaf& leaf) {
  if (!entry.payload) return JsonObject{};
  const auto broken = [&](std::string what) {
    return base::fail(Code::data_loss, "entry " + std::to_string(leaf.case_seq) + ": " + std::move(what),
                      "compare it with another copy of the record");
  };
  if (commit_payload(entry.salt, *entry.payload) != leaf.commit) return broken("its payload and salt are not what it commits to");
  if (entry.payload->empty()) return JsonObject{};
  auto json = base::parse_json(*entry.payload, k_payload_limits);
  if (!json || !json->is_object()) return broken("its payload is not a JSON object");
  return std::move(json->as_object());
}

void learn(std::map<std::string, std::string>& names, const std::string& reference, std::string value) {
  if (!reference.empty() && !value.empty()) names[reference] = std::move(value);
}

void learn_names(CaseEntries& out, const CaseEntry& entry) {
  const Leaf& leaf = entry.leaf;
  learn(out.nodes, leaf.target, told(entry.payload, "node"));
  switch (leaf.kind) {
    case LeafKind::case_opened: return learn(out.people, leaf.subject, told(entry.payload, "subject"));
    case LeafKind::approved:
    case LeafKind::exception_approved: return learn(out.people, leaf.approver, told(entry.payload, "approver"));
    case LeafKind::path_found: return learn(out.labels, leaf.target, told(entry.payload, "label"));
    case LeafKind::link_confirmed: return learn(out.nodes, leaf.target, told(entry.payload, "account"));
    case LeafKind::task_changed: return learn(out.labels, leaf.target, told(entry.payload, "task"));
    case LeafKind::plan_compiled:
    case LeafKind::state_changed:
    case LeafKind::listed:
    case LeafKind::gap_declared:
    case LeafKind::step_intended:
    case LeafKind::step_outcome:
    case LeafKind::probed:
    case LeafKind::path_changed:
    case LeafKind::gate_refused:
    case LeafKind::halted:
    case LeafKind::resumed:
    case LeafKind::clock_stepped:
    case LeafKind::record_issued:
    case LeafKind::log_succeeded:
    case LeafKind::noted:
    case LeafKind::watch_summary:
    case LeafKind::milestone:
    case LeafKind::witness_intended:
    case LeafKind::exception_asked:
    case LeafKind::exception_expired:
    case LeafKind::used:
    case LeafKind::sign_ins_listed: return;
  }
}

std::string name_or_reference(const std::map<std::string, std::string>& names, const std::string& reference) {
  const auto found = names.find(reference);
  return found == names.end() ? reference : found->second;
}

}  // namespace

std::string told(const JsonObject& payload, std::string_view member) {
  const auto* const found = payload.if_contains(member);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::string CaseEntries::node(const std::string& reference) const { return name_or_reference(nodes, reference); }
std::string CaseEntries::person(const std::string& reference) const { return name_or_reference(people, reference); }

base::Result<CaseEntries> read_entries(std::span<const EntryBytes> entries) {
  CaseEntries out;
  out.entries.reserve(entries.size());
  Folder folder;
  for (const auto& bytes : entries) {
    CaseEntry entry;
    EXEUNT_TRY(decode(bytes.leaf, entry.leaf));
    EXEUNT_TRY(folder.apply(entry.leaf, leaf_hash(bytes.leaf)));
    EXEUNT_TRY_ASSIGN(entry.payload, read_payload(bytes, entry.leaf));
    learn_names(out, entry);
    out.entries.push_back(std::move(entry));
  }
  out.state = folder.state();
  return out;
}

}  // namespace exeunt::evidence
