// Requirements of frameworks and what of a record speaks for them. Only rows whose text was read stand here. Come here to add one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/case_entries.hpp"

namespace exeunt::evidence {

/// What a requirement asks to see. Those that no entry of a case can hold are in it too: they are then named as missing.
enum class EvidenceKind : std::uint8_t {
  trigger_received = 1,
  inventory = 2,
  plan_approved = 3,
  step_executed = 4,
  identity_disabled = 5,
  session_ended = 6,
  credential_revoked = 7,
  secret_rotated = 8,
  access_removed = 9,
  refusal_probed = 10,
  probed_again = 11,
  person_attested = 12,
  case_closed = 13,
  logged = 14,
  ownership_transferred = 15,
  device_secured = 16,
  media_sanitized = 17,
  notification_sent = 18,
  periodic_review = 19,
  outside_witness = 20,
};
[[nodiscard]] std::string_view name(EvidenceKind kind);

struct Requirement {
  std::string_view framework, id, title;
  std::string_view paraphrase;  // ours, not the framework's text
  std::string_view reach;       // what the best evidence of one case can do for it: full, partial, supporting
  std::string_view left;        // to the organisation; may be empty
  std::span<const EvidenceKind> all_of, any_of;
};
[[nodiscard]] std::span<const Requirement> requirements();

struct EvidenceFound {
  EvidenceKind kind = EvidenceKind::logged;
  std::vector<std::uint64_t> entries;  // case_seq of the first few
  std::uint64_t count = 0;
};
enum class Shown : std::uint8_t { complete = 1, partial = 2, none = 3 };
[[nodiscard]] std::string_view name(Shown shown);

/// What a record holds for one requirement. It is never a claim of compliance.
struct RequirementRow {
  const Requirement* requirement = nullptr;
  Shown shown = Shown::none;
  std::vector<EvidenceFound> found;
  std::vector<EvidenceKind> missing;  // of all_of; and all of any_of where none of them is there
};
[[nodiscard]] std::vector<RequirementRow> requirement_rows(const CaseEntries& entries, base::Time issued_at);

}  // namespace exeunt::evidence
