#include "service/approving.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/process.hpp"
#include "service/planning.hpp"
#include "service/who.hpp"
#include "store/case_stream.hpp"

namespace exeunt::service {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view k_namespace = "exeunt-approval";
constexpr std::size_t k_signature_bytes_max = 64 * 1024;
constexpr std::size_t k_digest_prefix_min = 8;

Result<std::string> full_digest(store::Store& store, std::string_view digest) {
  if (digest.size() < k_digest_prefix_min)
    return base::fail(Code::invalid_argument, "a digest needs at least 8 characters", "copy it from `exeunt plan` or `exeunt status`");
  EXEUNT_TRY_ASSIGN(const auto keys, store.document_keys("plan"));
  std::vector<std::string> matches;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(matches), [&](const std::string& key) { return key.starts_with(digest); });
  if (matches.size() == 1) return matches.front();
  return base::fail(Code::not_found, fmt::format("{} plan has digest {}", matches.empty() ? "no" : "more than one", digest),
                    "copy it from `exeunt plan` or `exeunt status`");
}

Status waits_for(const evidence::CaseFold& state, const std::string& digest) {
  const auto plan = std::find_if(state.plans.begin(), state.plans.end(), [&](const evidence::PlanFold& p) { return p.digest == digest; });
  if (plan == state.plans.end())
    return base::fail(Code::failed_precondition, "the case does not know this plan", "`exeunt status` shows its plans");
  if (plan->approved_at)
    return base::fail(Code::failed_precondition, "this plan is already approved; a signature counts once", "run the case");
  const bool newer = std::any_of(plan + 1, state.plans.end(), [&](const evidence::PlanFold& p) { return p.name == plan->name; });
  if (newer) return base::fail(Code::failed_precondition, "a newer plan has taken this one's place", "have the newer one approved");
  return {};
}

bool is_party(const plan::Plan& plan, const Operator& who, const model::PersonId& signer, std::string& role) {
  if (signer == plan.subject.id)
    role = "the subject";
  else if (signer == who.person)
    role = "the operator";
  else if (std::find(plan.heirs.begin(), plan.heirs.end(), signer) != plan.heirs.end())
    role = "an heir of the case";
  else
    return false;
  return true;
}

}  // namespace

Result<model::PersonId> signer_of(const std::filesystem::path& allowed_signers, std::string_view name_space, std::string_view document,
                                  const std::filesystem::path& signature_file) {
  const auto principals =
      base::run_process({"ssh-keygen", "-Y", "find-principals", "-f", allowed_signers.string(), "-s", signature_file.string()});
  if (!principals) return base::fail(principals.error().about("ssh-keygen"));
  const std::string principal = principals->out.substr(0, principals->out.find('\n'));
  if (principals->exit_code != 0 || principal.empty())
    return base::fail(
        Code::permission_denied,
        "the signature is not by a key in allowed_signers (ssh-keygen: " + principals->error.substr(0, principals->error.find('\n')) + ")",
        "have it signed by a listed approver, or list the key with two persons");
  const auto verified = base::run_process({"ssh-keygen", "-Y", "verify", "-f", allowed_signers.string(), "-I", principal, "-n",
                                           std::string(name_space), "-s", signature_file.string()},
                                          document);
  if (!verified) return base::fail(verified.error().about("ssh-keygen"));
  if (verified->exit_code != 0)
    return base::fail(
        Code::permission_denied,
        "the signature of " + principal + " is not over this document (another digest, case or expiry, another namespace, or altered)",
        "sign exactly what `exeunt approval show` (or `exeunt exception show`) prints, in the namespace " + std::string(name_space) +
            ", which allowed_signers has to allow that key");
  return model::PersonId(principal);
}

Result<ApprovalView> show_approval(Home& home, std::string_view digest_words) {
  auto& store = *home.store;
  EXEUNT_TRY_ASSIGN(const std::string digest, full_digest(store, digest_words));
  EXEUNT_TRY_ASSIGN(const std::string bytes, store.document("plan", digest));
  ApprovalView view;
  EXEUNT_TRY_ASSIGN(view.plan, plan::from_bytes(bytes));
  EXEUNT_TRY_ASSIGN(view.row, store.find_case(view.plan.case_id));
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(store, view.plan.case_id));
  const auto& plans = folder.state().plans;
  const auto compiled = std::find_if(plans.begin(), plans.end(), [&](const evidence::PlanFold& p) { return p.digest == digest; });
  if (compiled == plans.end())
    return base::fail(Code::failed_precondition, "the case does not know this plan", "`exeunt status` shows its plans");
  if (!compiled->compiled_at) return base::fail(Code::data_loss, "the journal does not say when this plan was made", "run `exeunt doctor`");
  view.request = {home.config.tenant, view.plan.case_id, model::PlanDigest(digest), *compiled->compiled_at + view.plan.approval_valid};
  view.document = plan::approval_document(view.request);
  return view;
}

Result<std::string> approve(Home& home, const Operator& who, std::string_view digest_words, const std::filesystem::path& signature_file,
                            const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY_ASSIGN(const ApprovalView view, show_approval(home, digest_words));
  EXEUNT_TRY_ASSIGN(const std::string signature, base::read_file(signature_file, k_signature_bytes_max));
  EXEUNT_TRY_ASSIGN(const model::PersonId signer, signer_of(home.config.allowed_signers_file, k_namespace, view.document, signature_file));
  std::string role;
  if (is_party(view.plan, who, signer, role))
    return base::fail(Code::permission_denied, fmt::format("{} is {} and cannot approve", signer.text(), role),
                      "another listed approver signs");
  if (view.request.expires < clock.now())
    return base::fail(Code::failed_precondition, "what was to be approved expired at " + base::to_rfc3339(view.request.expires),
                      "make a new plan");
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(*home.store, clock, random, home.config.tenant, view.plan.case_id, "approve"));
  EXEUNT_TRY(waits_for(stream->state(), view.request.digest.text()));
  EXEUNT_TRY(home.store->put_document("signature", view.request.digest.text(), signature));
  evidence::Leaf leaf;
  leaf.kind = evidence::LeafKind::approved;
  leaf.digest = view.request.digest.text();
  leaf.until = view.request.expires;
  EXEUNT_TRY_ASSIGN(leaf.actor, person_reference(*home.store, home.people, who.person));
  EXEUNT_TRY_ASSIGN(leaf.approver, person_reference(*home.store, home.people, signer));
  EXEUNT_TRY(stream->append(std::move(leaf),
                            base::JsonObject{{"approver", signer.text()}, {"document", view.document}, {"signature", signature}}));
  return signer.text();
}

}  // namespace exeunt::service
