// Whether a bundle (docs/evidence-format.md, "Bundle") holds under a log's key, and what it says. Pure: the files are handed in, nothing else is
// asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "evidence/note.hpp"
#include "verify/approval_check.hpp"
#include "verify/folder.hpp"

namespace exeunt::verify {

/// What whoever checks has from somewhere else than the bundle.
struct BundleTrust {
  evidence::VerifierKey log;
  std::optional<std::string> since;                             // an earlier checkpoint of the log: the whole signed note
  std::optional<std::vector<evidence::AllowedSigner>> signers;  // nothing: signatures are checked, and not whose they are
};

enum class Since : std::uint8_t { not_asked = 0, contained = 1, not_shown = 2 };

struct BundleVerdict {
  std::vector<base::Error> refused;  // subject, cause, next step; empty: it holds. At most 20
  // What could be read, also of one that is refused:
  std::string origin, tenant, case_id, subject;
  std::uint64_t tree_size = 0, entries = 0, proofs = 0, payloads = 0;
  std::uint64_t erased = 0;           // entries whose payload is not there, and was not when the record was issued
  std::uint64_t earlier_records = 0;  // issued before this one, of the same case
  std::optional<std::uint64_t> through;
  std::optional<base::Time> issued_at;
  std::vector<ApprovalSeen> approvals;
  Since since = Since::not_asked;  // whether this log was shown to contain the earlier checkpoint
  [[nodiscard]] bool holds() const { return refused.empty(); }
};

/// Time and memory grow with the files' size alone.
[[nodiscard]] BundleVerdict check_bundle(const Files& files, const BundleTrust& trust);

}  // namespace exeunt::verify
