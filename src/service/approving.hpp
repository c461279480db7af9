// Use case: an approval is a signature of a named person over tenant, case, plan digest and expiry (law 8).
#pragma once

#include <filesystem>
#include <string>

#include "plan/plan.hpp"
#include "service/home.hpp"
#include "service/operators.hpp"

namespace exeunt::service {

struct ApprovalView {
  store::CaseRow row;
  plan::Plan plan;
  plan::ApprovalRequest request;
  std::string document;  // exactly the bytes to sign
};
/// The plan that a digest (or a prefix of one) means, and the document to sign. The expiry is fixed when it is first shown, so that everybody
/// signs the same bytes. not_found: no such plan; failed_precondition: its case no longer waits for it.
[[nodiscard]] base::Result<ApprovalView> show_approval(Home& home, std::string_view digest);

/// Checks the signature (ssh-keygen -Y verify against allowed_signers, namespace exeunt-approval) and journals the approval.
/// permission_denied: not a listed key, or the signer is the subject, the operator or an heir. failed_precondition: expired, already approved
/// (a replayed signature), another document. Every refusal is said in words; nothing is journalled then.
[[nodiscard]] base::Result<std::string> approve(Home& home, const Operator& who, std::string_view digest,
                                                const std::filesystem::path& signature_file, const base::Clock& clock,
                                                base::Random& random);

/// The principal (HR id) whose listed key made this signature over `document` in `name_space`. permission_denied when nobody's did.
[[nodiscard]] base::Result<model::PersonId> signer_of(const std::filesystem::path& allowed_signers, std::string_view name_space,
                                                      std::string_view document, const std::filesystem::path& signature_file);

}  // namespace exeunt::service
