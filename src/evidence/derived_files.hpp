// timeline.csv, case.json and requirements.json of a bundle: made from its entries alone, so that a verifier makes them again and compares.
// Same entries and payloads, same instant of issue: same bytes. Pure. docs/evidence-format.md says each member.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "evidence/case_entries.hpp"

namespace exeunt::evidence {

/// One row an entry: the leaf's members, and the payload's words. RFC 4180, lines end in CRLF.
[[nodiscard]] std::string timeline_csv(const CaseEntries& entries);

/// The fold in words, with the names that payloads tell: canonical JSON (RFC 8785) and one newline. `issued_at` is the time of the entry
/// `record_issued`: it decides what an exception still keeps.
[[nodiscard]] std::string case_json(const CaseEntries& entries, base::Time issued_at);

/// Canonical JSON and one newline: each requirement of evidence/requirements.hpp with what these entries hold for it.
[[nodiscard]] std::string requirements_json(const CaseEntries& entries, base::Time issued_at);

/// A cell that no spreadsheet takes for a formula: controls and characters that hide or turn text are shown (base::escape_terminal); an apostrophe
/// goes before each = + - @ (also the full-width ones) that stands first, or first after a comma, semicolon or quote, blanks left out: a reader that
/// splits lines at another separator finds no formula either. Then quoted as RFC 4180 has it.
[[nodiscard]] std::string safe_cell(std::string_view text);

}  // namespace exeunt::evidence
