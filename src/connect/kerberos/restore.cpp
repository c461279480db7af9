// What an action is about to take, and how it is given back: a new password behind the lock, its key's version as a mark, then +allow_tix.
#include <algorithm>

#include "connect/answers.hpp"
#include "connect/kerberos/kdc.hpp"
#include "connect/kerberos/operations.hpp"

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;
using model::Node;

namespace {

bool is_in(const std::vector<Node>& nodes, const model::NodeKey& key) {
  return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) { return node.key == key; });
}

/// One key, of our giving back: whoever may only set passwords cannot write the mark, and that of a lock is another.
Result<bool> holds_only_ours(Kadmin& kadmin, const std::string& id, const PrincipalEntry& entry) {
  EXEUNT_TRY_ASSIGN(const auto marked, kadmin.marked_key(id, KeyMark::restored));
  const bool alone =
      std::all_of(entry.key_versions.begin(), entry.key_versions.end(), [&](std::uint32_t one) { return one == entry.kvno; });
  return marked == entry.kvno && alone;
}

}  // namespace

Result<BeforeImage> image_before(const Settings& settings, const base::Clock& clock, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  EXEUNT_TRY_ASSIGN(const base::Duration offset, clock_offset(kadmin->context(), settings, clock, until));
  EXEUNT_TRY_ASSIGN(const auto entry, kadmin->find(request.target.key.native_id));
  BeforeImage out;
  if (!entry || !entry->usable(clock.now() + offset)) return out;
  Node account;
  account.key = request.target.key;
  account.label = request.target.label;
  out.taken.push_back(std::move(account));
  return out;
}

Result<ApplyOutcome> restore_account(Kadmin& kadmin, const Settings& settings, const ApplyRequest& request) {
  const std::string& id = request.target.key.native_id;
  if (!is_in(request.covered, request.target.key) || request.new_secret == nullptr || request.new_secret->empty())
    return fail(Code::invalid_argument, settings.system.text() + ": a principal is let in again as it was before, by a new password");
  EXEUNT_TRY_ASSIGN(const auto before, kadmin.find(id));
  if (!before) return fail(Code::not_found, settings.system.text() + ": the principal was deleted since", "nothing of it comes back");
  EXEUNT_TRY(kadmin.set_password(id, *request.new_secret));
  const auto now = kadmin.find(id);
  if (!now) return fail(after_an_effect(now.error()));
  if (!*now || (*now)->kvno != before->kvno + 1)
    return fail(Code::outcome_unknown, id + ": somebody set a password in between, or deleted it; nothing was unlocked", "repeat");
  if (const auto marked = kadmin.mark_key(id, (*now)->kvno, KeyMark::restored); !marked) return fail(after_an_effect(marked.error()));
  if (const auto allowed = kadmin.allow_tickets(id); !allowed) return fail(after_an_effect(allowed.error()));
  ApplyOutcome outcome;
  outcome.calls = 6;
  outcome.acknowledged = {request.target.id()};
  outcome.words = "a new password as its only key, +allow_tix";
  return outcome;
}

Result<RestoreLook> look_restored(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  EXEUNT_TRY_ASSIGN(const auto entry, kadmin->find(request.target.key.native_id));
  RestoreLook out;
  out.old_way = Presence::absent;
  if (!entry) {
    for (const Node& node : request.covered) out.gone.push_back(node.id());
    out.words = "the principal was deleted";
    return out;
  }
  out.words = "-allow_tix";
  if (!entry->may_have_tickets) return out;
  out.there.push_back(request.target.id());
  EXEUNT_TRY_ASSIGN(const bool ours, holds_only_ours(*kadmin, request.target.key.native_id, *entry));
  out.old_way = ours ? Presence::absent : Presence::present;
  out.words = ours ? "may have tickets; its only key is the one that was given back"
                   : "may have tickets; its key is none that was given back: whoever has that one is let in";
  return out;
}

}  // namespace exeunt::connect::kerberos
