#include "verify/approval_check.hpp"

#include "base/bytes.hpp"
#include "evidence/sshsig.hpp"

namespace exeunt::verify {
namespace {

using base::Code;
using base::Result;
using base::Status;
using evidence::LeafKind;

constexpr base::JsonLimits k_document_limits{1024 * 1024, 8};

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(Code::data_loss, std::move(what), "ask the approver what they signed, and for the record again");
}

Status member_is(const base::JsonObject& document, std::string_view member, std::string_view expected) {
  const std::string said = evidence::told(document, member);
  if (said == expected) return {};
  return refuse("what was signed has \"" + said + "\" as its " + std::string(member) + ", and the entry \"" + std::string(expected) + "\"");
}

Status check_document(const evidence::Leaf& leaf, const std::string& document) {
  const auto parsed = base::parse_json(document, k_document_limits);
  if (!parsed || !parsed->is_object()) return refuse("what was signed is no JSON object");
  const auto& members = parsed->as_object();
  EXEUNT_TRY(member_is(members, "tenant", leaf.tenant));
  EXEUNT_TRY(member_is(members, "case", leaf.case_id));
  const std::string until = leaf.until ? base::to_rfc3339(*leaf.until) : std::string();
  if (leaf.kind == LeafKind::approved) {
    EXEUNT_TRY(member_is(members, "plan", leaf.digest));
    return member_is(members, "expires", until);
  }
  if (base::to_hex(base::sha256(document)) != leaf.digest) return refuse("what was signed is not the exception that the entry names");
  return member_is(members, "until", until);
}

}  // namespace

bool is_approval(const evidence::Leaf& leaf) { return leaf.kind == LeafKind::approved || leaf.kind == LeafKind::exception_approved; }

ApprovalSeen approval_of(const evidence::Leaf& leaf) {
  ApprovalSeen out;
  out.of_exception = leaf.kind == LeafKind::exception_approved;
  out.digest = leaf.digest;
  out.approver = leaf.approver;
  out.same_person = leaf.approver == leaf.actor;
  return out;
}

Result<ApprovalSeen> check_approval(const evidence::CaseEntry& entry, const std::optional<std::vector<evidence::AllowedSigner>>& signers) {
  const evidence::Leaf& leaf = entry.leaf;
  ApprovalSeen out = approval_of(leaf);
  const std::string approver = evidence::told(entry.payload, "approver");
  const std::string document = evidence::told(entry.payload, "document");
  if (!approver.empty()) out.approver = approver;
  EXEUNT_TRY(check_document(leaf, document));
  EXEUNT_TRY_ASSIGN(const auto signature, evidence::read_sshsig(evidence::told(entry.payload, "signature")));
  out.key = signature.key.fingerprint();
  const std::string_view name_space = out.of_exception ? "exeunt-exception" : "exeunt-approval";
  if (!signers) {
    EXEUNT_TRY(evidence::verify_sshsig(signature, document, name_space));
    return out;
  }
  EXEUNT_TRY(evidence::verify_signed_by(*signers, out.approver, name_space, leaf.t, document, signature));
  out.key_is_approvers = true;
  return out;
}

}  // namespace exeunt::verify
