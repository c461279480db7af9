// The page of a record for people: everything that it says, gathered (make_report) and as one HTML file (report_html).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/case_entries.hpp"
#include "evidence/exposure.hpp"
#include "evidence/requirements.hpp"
#include "service/excepting.hpp"
#include "service/home.hpp"
#include "service/record.hpp"

namespace exeunt::service {

struct ReportPath {
  PathLine line;
  std::string operator_name, approver_name;  // of the step that ended it; empty: none did
  int used_before = 0, used_after = 0, used_undecided = 0;
};
struct ReportSystem {
  std::string id, kind;
  bool simulated = false;
};
struct ReportListing {
  std::string system, kind, account, completeness, reason;
};
struct ReportGap {
  std::string system, kind, words;
};
struct ReportTask {
  std::string words, state;
};
struct ReportSource {  // of sign-ins
  std::string system, completeness, reason;
};
/// Texts are as they were told: hostile. Whoever prints them escapes them.
struct Report {
  std::string tenant, case_id, log_key;
  std::string subject, reason;  // name and HR id; the reference where it was erased
  std::vector<std::string> operators, approvers;
  bool same_person = false;  // somebody approved what they ran
  model::CaseState state = model::CaseState::draft;
  base::Time issued_at{};
  std::uint64_t through = 0;
  std::optional<base::Time> detected, approved, identity_cut, zero;
  std::optional<base::Duration> target_identity, target_zero;
  std::vector<ReportSystem> systems;
  std::vector<ReportPath> paths;
  std::vector<ExceptionLine> exceptions;
  std::vector<ReportTask> tasks;
  std::vector<ReportListing> listings;  // only those below full
  std::vector<ReportGap> gaps;
  std::vector<ReportSource> sources;
  std::vector<evidence::ExposurePoint> exposure;
  std::vector<evidence::RequirementRow> requirements;
};

[[nodiscard]] base::Result<Report> make_report(Home& home, const evidence::CaseEntries& entries, base::Time issued_at);

/// One file without script or outside resource. Pure.
[[nodiscard]] std::string report_html(const Report& report);

}  // namespace exeunt::service
