// One approval of a bundle: that its signature is over what its entry says, and whose it is. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/allowed_signers.hpp"
#include "evidence/case_entries.hpp"

namespace exeunt::verify {

struct ApprovalSeen {
  std::size_t n = 0;  // of approvals/<n>
  bool of_exception = false;
  std::string digest;    // of the plan, or of the exception's document
  std::string approver;  // as the entry's payload names them; the reference where that was erased
  std::string key;       // fingerprint; empty: document and signature were erased
  bool key_is_approvers = false;
  bool same_person = false;  // approver and operator
};

[[nodiscard]] bool is_approval(const evidence::Leaf& leaf);

/// What the leaf alone says; `leaf` is an approval's.
[[nodiscard]] ApprovalSeen approval_of(const evidence::Leaf& leaf);

/// The entry is an approval, with its payload. Without `signers` the signature is checked and not whose it is. data_loss: the document is not of this case, plan or expiry, or
/// the signature is not over it; permission_denied: by `signers`, that key may not sign for the approver, or not then.
[[nodiscard]] base::Result<ApprovalSeen> check_approval(const evidence::CaseEntry& entry,
                                                        const std::optional<std::vector<evidence::AllowedSigner>>& signers);

}  // namespace exeunt::verify
