#include "connect/answers.hpp"
#include "connect/kerberos/operations.hpp"

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::Action;

namespace {

ApplyOutcome done(const ApplyRequest& request, std::string words, int calls) {
  ApplyOutcome outcome;
  outcome.words = std::move(words);
  outcome.acknowledged = {request.target.id()};
  outcome.calls = calls;
  return outcome;
}

ApplyOutcome gone(const ApplyRequest& request) { return done(request, "there is no such principal any more", 1); }

Result<ApplyOutcome> disable(Kadmin& kadmin, const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(const auto entry, kadmin.find(request.target.key.native_id));
  if (!entry) return gone(request);
  // Not written again: the time of the last change is what the end of her tickets is counted from.
  if (!entry->may_have_tickets) return done(request, "-allow_tix was set already", 1);
  EXEUNT_TRY(kadmin.forbid_tickets(request.target.key.native_id));
  return done(request, "-allow_tix set", 3);
}

/// Whether a lock stands as we left it, with a key of our making behind it. What is so is not written again, for each change moves the instant on from
/// which the end of her tickets is counted: a case that is run again would never be over.
Result<bool> stands_as_we_left_it(Kadmin& kadmin, const std::string& id, const PrincipalEntry& entry) {
  if (entry.may_have_tickets) return false;
  EXEUNT_TRY_ASSIGN(const auto marked, kadmin.marked_key(id, KeyMark::locked));
  return marked == entry.kvno;
}

/// The rest of a round, after a key that nobody knows was set: its version kept as a mark, then shut as the last word; neither clears the other
/// (measured). False: somebody set a password in between, before the lock or, with a ticket for kadmin/changepw, behind it. `version`: as last
/// looked at.
Result<bool> mark_and_lock(Kadmin& kadmin, const std::string& id, std::uint32_t& version) {
  const auto look = [&]() -> Result<std::uint32_t> {
    EXEUNT_TRY_ASSIGN(const auto now, kadmin.find(id));
    if (!now) return fail(Code::not_found, id + ": deleted meanwhile", "list again");
    return now->kvno;
  };
  const std::uint32_t ours = version + 1;
  EXEUNT_TRY_ASSIGN(version, look());
  if (version != ours) return false;
  EXEUNT_TRY(kadmin.mark_key(id, ours, KeyMark::locked));
  EXEUNT_TRY(kadmin.forbid_tickets(id));
  EXEUNT_TRY_ASSIGN(version, look());
  return version == ours;
}

/// Whatever ends a run in between, the next one sees that the mark is not of the key that is there, or that nothing is shut, and begins again.
Result<ApplyOutcome> lock_and_replace(Kadmin& kadmin, const ApplyRequest& request) {
  constexpr int k_rounds_max = 5;
  const std::string& id = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const auto before, kadmin.find(id));
  if (!before) return gone(request);
  EXEUNT_TRY_ASSIGN(const bool stands, stands_as_we_left_it(kadmin, id, *before));
  if (stands) return done(request, "keys replaced and -allow_tix set already", 2);
  std::uint32_t version = before->kvno;
  for (int round = 0; round < k_rounds_max; ++round) {
    // Before the first key is replaced nothing has changed, and the error says itself whether it is; afterwards something has.
    if (const Status replaced = kadmin.replace_keys(id); !replaced)
      return fail(round == 0 ? replaced.error() : after_an_effect(replaced.error()));
    const auto alone = mark_and_lock(kadmin, id, version);
    if (!alone) return fail(after_an_effect(alone.error()));
    if (*alone) return done(request, "every key replaced by a random one, -allow_tix set", 8);
  }
  return fail(Code::outcome_unknown, id + ": somebody sets a password as often as we replace it; whose key it has now is not known",
              "repeat; kadmind's log says who");
}

Result<ApplyOutcome> replace_keys(Kadmin& kadmin, const ApplyRequest& request) {
  const std::string& id = request.target.key.native_id;
  const Status replaced = kadmin.replace_keys(id);
  if (!replaced && replaced.error().code == Code::not_found) return gone(request);
  EXEUNT_TRY(replaced);
  return done(request, "every key replaced by a random one", 1);
}

Result<ApplyOutcome> remove(Kadmin& kadmin, const ApplyRequest& request) {
  const Status removed = kadmin.remove(request.target.key.native_id);
  if (!removed && removed.error().code == Code::not_found) return gone(request);
  EXEUNT_TRY(removed);
  return done(request, "principal deleted", 1);
}

}  // namespace

Result<ApplyOutcome> apply_action(const Settings& settings, const ApplyRequest& request, const Until& until) {
  const Action action = request.action;
  const bool known = action == Action::disable_account || action == Action::lock_and_replace || action == Action::replace_password ||
                     action == Action::delete_account || action == Action::restore_account;
  if (!known) return fail(cannot(settings.system, "Kerberos", action));
  if (is_foundation(settings, request.target.key.native_id)) return fail(stands_on_it(settings.system));
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  if (action == Action::disable_account) return disable(*kadmin, request);
  if (action == Action::restore_account) return restore_account(*kadmin, settings, request);
  if (action == Action::delete_account) return remove(*kadmin, request);
  if (action == Action::lock_and_replace) return lock_and_replace(*kadmin, request);
  return replace_keys(*kadmin, request);
}

}  // namespace exeunt::connect::kerberos
