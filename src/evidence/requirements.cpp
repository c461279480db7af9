#include "evidence/requirements.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/check.hpp"

namespace exeunt::evidence {
namespace {

using K = EvidenceKind;

struct KindName {
  EvidenceKind kind;
  std::string_view name;
};
constexpr KindName k_kinds[] = {
    {K::trigger_received, "trigger_received"},
    {K::inventory, "inventory"},
    {K::plan_approved, "plan_approved"},
    {K::step_executed, "step_executed"},
    {K::identity_disabled, "identity_disabled"},
    {K::session_ended, "session_ended"},
    {K::credential_revoked, "credential_revoked"},
    {K::secret_rotated, "secret_rotated"},
    {K::access_removed, "access_removed"},
    {K::refusal_probed, "refusal_probed"},
    {K::probed_again, "probed_again"},
    {K::person_attested, "person_attested"},
    {K::case_closed, "case_closed"},
    {K::logged, "logged"},
    {K::ownership_transferred, "ownership_transferred"},
    {K::device_secured, "device_secured"},
    {K::media_sanitized, "media_sanitized"},
    {K::notification_sent, "notification_sent"},
    {K::periodic_review, "periodic_review"},
    {K::outside_witness, "outside_witness"},
};

constexpr K k_nhi1_all[] = {K::inventory, K::refusal_probed, K::periodic_review};
constexpr K k_nhi1_any[] = {K::credential_revoked, K::secret_rotated, K::ownership_transferred};
constexpr K k_ps4_all[] = {K::trigger_received,      K::identity_disabled, K::credential_revoked, K::device_secured,
                           K::ownership_transferred, K::refusal_probed,    K::case_closed};
constexpr K k_ps42_all[] = {K::trigger_received, K::notification_sent, K::step_executed, K::identity_disabled};
constexpr K k_ac2_all[] = {K::identity_disabled, K::access_removed, K::secret_rotated, K::notification_sent, K::periodic_review, K::logged};
constexpr K k_executed[] = {K::step_executed};
constexpr K k_identity[] = {K::identity_disabled};
constexpr K k_ac213_all[] = {K::trigger_received, K::identity_disabled, K::session_ended, K::refusal_probed};
constexpr K k_approved[] = {K::plan_approved};
constexpr K k_sessions[] = {K::session_ended, K::refusal_probed};
constexpr K k_ia5_all[] = {K::credential_revoked, K::secret_rotated, K::refusal_probed};
constexpr K k_logged[] = {K::logged};
constexpr K k_au10_all[] = {K::plan_approved, K::logged};
constexpr K k_witness[] = {K::outside_witness};
constexpr K k_media_all[] = {K::media_sanitized};
constexpr K k_media_any[] = {K::device_secured};
constexpr K k_cis62_all[] = {K::trigger_received, K::identity_disabled, K::refusal_probed, K::logged};
constexpr K k_mechanisms[] = {K::session_ended, K::credential_revoked, K::refusal_probed};
constexpr K k_attested[] = {K::person_attested};

constexpr std::string_view k_owasp = "OWASP Non-Human Identities Top 10 2025";
constexpr std::string_view k_80053 = "NIST SP 800-53 Rev. 5";
constexpr std::string_view k_cis = "CIS Controls v8.1";
constexpr std::string_view k_ipsie = "OpenID IPSIE AL1 (draft)";

constexpr Requirement k_requirements[] = {
    {k_owasp, "NHI1:2025", "Improper Offboarding", "Service accounts and keys go when they are no longer needed.", "full", "", k_nhi1_all,
     k_nhi1_any},
    {k_80053,
     "PS-4",
     "Personnel Termination",
     "Disable access within a set time, revoke credentials, hold the exit interview, retrieve property, keep access to what the person "
     "controlled.",
     "full",
     "the exit interview; setting the time, and holding the intervals against it",
     k_ps4_all,
     {}},
    {k_80053, "PS-4(2)", "Automated Actions", "Notify of terminations and disable access by automated means.", "full", "", k_ps42_all, {}},
    {k_80053,
     "AC-2",
     "Account Management",
     "Disable accounts, notify account managers, change shared authenticators when somebody leaves, align with termination.",
     "full",
     "",
     k_ac2_all,
     {}},
    {k_80053,
     "AC-2(1)",
     "Automated System Account Management",
     "Support account management by automated means.",
     "full",
     "",
     k_executed,
     {}},
    {k_80053, "AC-2(3)", "Disable Accounts", "Disable accounts that are no longer tied to a person.", "full", "", k_identity, {}},
    {k_80053,
     "AC-2(13)",
     "Disable Accounts for High-risk Individuals",
     "Disable accounts within a set time once a risk is known.",
     "full",
     "setting the time, and holding the intervals against it",
     k_ac213_all,
     {}},
    {k_80053, "AC-5", "Separation of Duties", "Duties that need separation are separated.", "full", "", k_approved, {}},
    {k_80053, "AC-12", "Session Termination", "End sessions on defined triggers.", "full", "", k_sessions, {}},
    {k_80053, "IA-4", "Identifier Management", "Manage identifiers; prevent their reuse for a set time.", "partial",
     "not giving the identifier to somebody else", k_identity, k_attested},
    {k_80053,
     "IA-5",
     "Authenticator Management",
     "Revoke authenticators; change shared ones when somebody leaves.",
     "full",
     "",
     k_ia5_all,
     {}},
    {k_80053, "AU-3", "Content of Audit Records", "What, when, where, source, outcome, and who.", "full", "", k_logged, {}},
    {k_80053, "AU-8", "Time Stamps", "Time stamps in UTC or with an offset, of a defined granularity.", "full", "", k_logged, {}},
    {k_80053, "AU-9(3)", "Cryptographic Protection", "Protect audit information by cryptography.", "full", "", k_logged, {}},
    {k_80053,
     "AU-9(2)",
     "Store on Separate Physical Systems or Components",
     "Keep audit records on another system.",
     "partial",
     "keeping a copy elsewhere",
     k_witness,
     {}},
    {k_80053, "AU-10", "Non-repudiation", "Evidence that a person did an action which she cannot deny.", "full", "", k_au10_all, {}},
    {k_80053, "AU-12", "Audit Record Generation", "Generate the defined records.", "full", "", k_logged, {}},
    {k_80053, "MP-6", "Media Sanitization", "Sanitise media before disposal or reuse.", "full", "", k_media_all, k_media_any},
    {k_cis,
     "6.2",
     "Establish an Access Revoking Process",
     "Revoke access at once on termination, preferably by automated means.",
     "full",
     "",
     k_cis62_all,
     {}},
    {k_ipsie,
     "all mechanisms",
     "All access mechanisms are deactivated",
     "Sessions, tokens, keys and device-bound credentials all end.",
     "full",
     "",
     k_mechanisms,
     {}},
};

constexpr std::size_t k_named_max = 3;  // entries that a row names

using Found = std::map<EvidenceKind, EvidenceFound>;

void add(Found& found, EvidenceKind kind, std::uint64_t seq) {
  EvidenceFound& each = found[kind];
  each.kind = kind;
  ++each.count;
  if (each.entries.size() < k_named_max) each.entries.push_back(seq);
}

K kind_of_path(model::NodeKind node) {
  using N = model::NodeKind;
  switch (node) {
    case N::session: return K::session_ended;
    case N::token:
    case N::key:
    case N::certificate: return K::credential_revoked;
    case N::secret: return K::secret_rotated;
    case N::device: return K::device_secured;
    case N::subject:
    case N::account:
    case N::membership:
    case N::role:
    case N::grant:
    case N::delegation:
    case N::workload:
    case N::automation:
    case N::licence:
    case N::resource:
    case N::group: return K::access_removed;
  }
  return K::access_removed;
}

bool is_over(const PathFold& path) { return path.state == model::PathState::ended && model::at_least(path.grade, path.grade_required); }

void add_ending(Found& found, const Leaf& leaf, const PathFold& path) {
  if (leaf.state != model::name(model::PathState::ended) || !path.required || path.ours) return;
  add(found, kind_of_path(path.node), leaf.case_seq);
  if (leaf.grade == model::name(model::Grade::refused) || leaf.grade == model::name(model::Grade::witnessed))
    add(found, K::refusal_probed, leaf.case_seq);
}

void add_entry(Found& found, const Leaf& leaf, const CaseFold& state) {
  switch (leaf.kind) {
    case LeafKind::case_opened: return add(found, K::trigger_received, leaf.case_seq);
    case LeafKind::listed: return add(found, K::inventory, leaf.case_seq);
    case LeafKind::approved: return add(found, K::plan_approved, leaf.case_seq);
    case LeafKind::step_outcome:
      if (leaf.outcome == model::name(model::StepState::acknowledged) || leaf.outcome == model::name(model::StepState::ended))
        add(found, K::step_executed, leaf.case_seq);
      return;
    case LeafKind::milestone:
      if (leaf.outcome == "identity_cut") add(found, K::identity_disabled, leaf.case_seq);
      return;
    case LeafKind::task_changed:
      if (leaf.outcome == "done") add(found, K::person_attested, leaf.case_seq);
      return;
    case LeafKind::state_changed:
      if (leaf.state == model::name(model::CaseState::closed)) add(found, K::case_closed, leaf.case_seq);
      return;
    case LeafKind::probed:
    case LeafKind::path_changed:
      if (const auto path = state.paths.find(leaf.target); path != state.paths.end()) add_ending(found, leaf, path->second);
      if (leaf.moment == model::name(model::ProbeMoment::settled)) add(found, K::probed_again, leaf.case_seq);
      return;
    case LeafKind::plan_compiled:
    case LeafKind::path_found:
    case LeafKind::gap_declared:
    case LeafKind::step_intended:
    case LeafKind::gate_refused:
    case LeafKind::halted:
    case LeafKind::resumed:
    case LeafKind::clock_stepped:
    case LeafKind::link_confirmed:
    case LeafKind::record_issued:
    case LeafKind::log_succeeded:
    case LeafKind::noted:
    case LeafKind::watch_summary:
    case LeafKind::witness_intended:
    case LeafKind::exception_asked:
    case LeafKind::exception_approved:
    case LeafKind::exception_expired:
    case LeafKind::used:
    case LeafKind::sign_ins_listed: return;
  }
}

/// What an ending shows counts only while no required way in of the same kind is left, at its grade.
void drop_unfinished(Found& found, const CaseFold& state, base::Time issued_at) {
  for (const auto& [target, stored] : state.paths) {
    const PathFold path = at(stored, issued_at);
    if (!path.required || path.ours || is_over(path)) continue;
    found.erase(kind_of_path(path.node));
    found.erase(K::refusal_probed);
  }
  if (state.state != model::CaseState::closed) found.erase(K::case_closed);
}

RequirementRow row_of(const Requirement& requirement, const Found& found) {
  RequirementRow row;
  row.requirement = &requirement;
  const auto look = [&](EvidenceKind kind) {
    const auto each = found.find(kind);
    if (each != found.end()) row.found.push_back(each->second);
    return each != found.end();
  };
  for (const auto kind : requirement.all_of)
    if (!look(kind)) row.missing.push_back(kind);
  const std::size_t before = row.found.size();
  for (const auto kind : requirement.any_of) look(kind);
  if (!requirement.any_of.empty() && row.found.size() == before)
    row.missing.insert(row.missing.end(), requirement.any_of.begin(), requirement.any_of.end());
  row.shown = row.missing.empty() ? Shown::complete : row.found.empty() ? Shown::none : Shown::partial;
  return row;
}

}  // namespace

std::string_view name(EvidenceKind kind) {
  const auto* found = std::find_if(std::begin(k_kinds), std::end(k_kinds), [kind](const KindName& row) { return row.kind == kind; });
  EXEUNT_CHECK(found != std::end(k_kinds));
  return found->name;
}

std::string_view name(Shown shown) {
  switch (shown) {
    case Shown::complete: return "complete";
    case Shown::partial: return "partial";
    case Shown::none: return "none";
  }
  return "none";
}

std::span<const Requirement> requirements() { return k_requirements; }

std::vector<RequirementRow> requirement_rows(const CaseEntries& entries, base::Time issued_at) {
  Found found;
  for (const auto& entry : entries.entries) {
    add(found, K::logged, entry.leaf.case_seq);
    add_entry(found, entry.leaf, entries.state);
  }
  drop_unfinished(found, entries.state, issued_at);
  std::vector<RequirementRow> rows;
  for (const auto& requirement : k_requirements) rows.push_back(row_of(requirement, found));
  return rows;
}

}  // namespace exeunt::evidence
