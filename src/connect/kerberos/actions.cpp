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

/// Whether a lock stands as we left it, with keys of our making: the last change is ours, and the keys were made with it. What is so is not written
/// again, for each change moves the instant on from which the end of her tickets is counted: a case that is run again would never be over.
bool stands_as_we_left_it(const Settings& settings, const PrincipalEntry& entry) {
  constexpr base::Duration k_between_the_two{1'000};  // the server's times are whole seconds
  return !entry.may_have_tickets && entry.modified_by == settings.principal + "@" + settings.realm &&
         entry.modified - entry.keys_made <= k_between_the_two;
}

/// A key that nobody knows, then shut as the last word: neither clears the other (measured).
Result<ApplyOutcome> lock_and_replace(const Settings& settings, Kadmin& kadmin, const ApplyRequest& request) {
  const std::string& id = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const auto before, kadmin.find(id));
  if (!before) return gone(request);
  if (stands_as_we_left_it(settings, *before)) return done(request, "keys replaced and -allow_tix set already", 1);
  EXEUNT_TRY(kadmin.replace_keys(id));
  if (const auto shut = kadmin.forbid_tickets(id); !shut) return fail(after_an_effect(shut.error()));
  // Whoever set a password between the two did so once more than we: then again, behind the lock.
  const auto after = kadmin.find(id);
  if (!after) return fail(after_an_effect(after.error()));
  if (*after && (*after)->kvno != before->kvno + 1) {
    if (const auto again = kadmin.replace_keys(id); !again) return fail(after_an_effect(again.error()));
  }
  return done(request, "every key replaced by a random one, -allow_tix set", 4);
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
                     action == Action::delete_account;
  if (!known) return fail(cannot(settings.system, "Kerberos", action));
  if (is_foundation(settings, request.target.key.native_id)) return fail(stands_on_it(settings.system));
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  if (action == Action::disable_account) return disable(*kadmin, request);
  if (action == Action::delete_account) return remove(*kadmin, request);
  if (action == Action::lock_and_replace) return lock_and_replace(settings, *kadmin, request);
  return replace_keys(*kadmin, request);
}

}  // namespace exeunt::connect::kerberos
