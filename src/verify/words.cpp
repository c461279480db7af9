#include "verify/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::verify {
namespace {

using base::Json;
using base::JsonArray;

std::string shown(std::string_view text) { return base::escape_terminal(text, 200); }

std::string_view name(Since since) {
  switch (since) {
    case Since::not_asked: return "not_asked";
    case Since::contained: return "contained";
    case Since::not_shown: return "not_shown";
  }
  return "";
}

std::string approval_words(const ApprovalSeen& approval) {
  std::string out = fmt::format("approval {} of {} {}: ", approval.n, approval.of_exception ? "exception" : "plan", approval.digest);
  if (approval.key.empty()) return out + "document and signature were erased; the entry stays";
  out += approval.key_is_approvers
             ? fmt::format("signed by {} with a key that allowed_signers lists ({})", shown(approval.approver), approval.key)
             : fmt::format("signed with the key {}, said to be {}'s", approval.key, shown(approval.approver));
  return out + (approval.same_person ? "; approver and operator were the same person" : "");
}

std::vector<std::string> held(const BundleVerdict& verdict) {
  std::vector<std::string> out{
      fmt::format("the checkpoint of {}, a tree of {} entries, is signed by the key that was given", shown(verdict.origin),
                  verdict.tree_size),
      fmt::format("{} entries, each naming the one before it; {} with a proof of their own under that checkpoint", verdict.entries,
                  verdict.proofs),
      fmt::format("{} payloads are what their entries commit to", verdict.payloads),
      "every other file is what the last entry names; timeline.csv, case.json and requirements.json say what the entries say"};
  for (const auto& approval : verdict.approvals)
    if (!approval.key.empty()) out.push_back(approval_words(approval));
  if (verdict.since == Since::contained) out.emplace_back("the log contains the earlier checkpoint that was given");
  return out;
}

std::vector<std::string> not_shown(const BundleVerdict& verdict) {
  std::vector<std::string> out;
  for (const auto& approval : verdict.approvals)
    if (approval.key.empty()) out.push_back(approval_words(approval));
  if (std::any_of(verdict.approvals.begin(), verdict.approvals.end(),
                  [](const auto& each) { return !each.key.empty() && !each.key_is_approvers; }))
    out.emplace_back("whose the approvers' keys are: give --signers allowed_signers");
  if (verdict.erased > 0) out.push_back(fmt::format("what {} entries said to people: it was erased", verdict.erased));
  if (verdict.since == Since::not_asked)
    out.emplace_back("that nothing was changed before this checkpoint left its operator's hands: give an earlier one with --since");
  if (verdict.since == Since::not_shown)
    out.emplace_back("that the log contains the earlier checkpoint: it is not older than that one, and no proof here leads to it");
  return out;
}

void add_lines(std::string& out, std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out += fmt::format("{}\n", title);
  for (const auto& line : lines) out += fmt::format("  - {}\n", line);
}

std::string what_it_is(const BundleVerdict& verdict) {
  std::string out;
  if (!verdict.case_id.empty())
    out += fmt::format("  case {}, tenant {}, subject {}\n", shown(verdict.case_id), shown(verdict.tenant), shown(verdict.subject));
  if (verdict.through && verdict.issued_at)
    out += fmt::format("  issued through entry {} at {}; what happened later is not in here\n", *verdict.through,
                       base::to_rfc3339(*verdict.issued_at));
  if (verdict.earlier_records > 0) out += fmt::format("  {} of the case were issued before it\n", verdict.earlier_records);
  return out;
}

}  // namespace

std::string in_words(const base::Error& error) {
  std::string out = base::escape_terminal(error.what, 400) + "\n";
  if (!error.next.empty()) out += "    next: " + base::escape_terminal(error.next, 400) + "\n";
  return out;
}

std::string in_words(const BundleVerdict& verdict) {
  if (!verdict.holds()) {
    std::string out = "REFUSED: this record does not hold\n" + what_it_is(verdict);
    for (const auto& error : verdict.refused) out += "  - " + in_words(error);
    return out;
  }
  std::string out = "The record holds\n" + what_it_is(verdict);
  add_lines(out, "What holds", held(verdict));
  add_lines(out, "What is not shown", not_shown(verdict));
  return out;
}

base::JsonObject in_json(const base::Error& error) { return {{"what", error.what}, {"next", error.next}}; }

base::JsonObject in_json(const BundleVerdict& verdict) {
  JsonArray refused;
  for (const auto& error : verdict.refused) refused.push_back(in_json(error));
  JsonArray approvals;
  for (const auto& each : verdict.approvals)
    approvals.push_back(base::JsonObject{{"n", each.n},
                                         {"of", each.of_exception ? "exception" : "plan"},
                                         {"digest", each.digest},
                                         {"approver", each.approver},
                                         {"key", each.key.empty() ? Json(nullptr) : Json(each.key)},
                                         {"key_is_approvers", each.key_is_approvers},
                                         {"same_person", each.same_person}});
  JsonArray missing;
  if (verdict.holds())
    for (const auto& line : not_shown(verdict)) missing.emplace_back(line);
  return {{"holds", verdict.holds()},
          {"refused", std::move(refused)},
          {"not_shown", std::move(missing)},
          {"origin", verdict.origin},
          {"tree_size", verdict.tree_size},
          {"tenant", verdict.tenant},
          {"case", verdict.case_id},
          {"subject", verdict.subject},
          {"entries", verdict.entries},
          {"proofs", verdict.proofs},
          {"payloads", verdict.payloads},
          {"erased", verdict.erased},
          {"earlier_records", verdict.earlier_records},
          {"through", verdict.through ? Json(*verdict.through) : Json(nullptr)},
          {"issued_at", verdict.issued_at ? Json(base::to_rfc3339(*verdict.issued_at)) : Json(nullptr)},
          {"approvals", std::move(approvals)},
          {"since", name(verdict.since)}};
}

}  // namespace exeunt::verify
