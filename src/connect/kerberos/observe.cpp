#include <algorithm>

#include "connect/answers.hpp"
#include "connect/kerberos/kdc.hpp"
#include "connect/kerberos/operations.hpp"

namespace exeunt::connect::kerberos {

using base::Result;
using model::Node;
using model::NodeKind;

namespace {

Observation seen(Presence presence, std::string words) { return {presence, model::Grade::read_back, std::move(words)}; }

Observation observe_account(const std::optional<PrincipalEntry>& entry, base::Time server_now) {
  if (!entry) return seen(Presence::absent, "kadmin lists no such principal");
  if (!entry->may_have_tickets) return seen(Presence::absent, "-allow_tix is set");
  if (!entry->usable(server_now)) return seen(Presence::absent, "expired");
  return seen(Presence::present, "the principal may have tickets");
}

Observation observe_key(const std::optional<PrincipalEntry>& entry, const std::string& version) {
  if (!entry) return seen(Presence::absent, "kadmin lists no such principal");
  for (const std::uint32_t one : entry->key_versions) {
    if (std::to_string(one) == version) return seen(Presence::present, "key version " + version + " is listed");
  }
  return seen(Presence::absent, "key version " + version + " is not listed any more");
}

/// As they were when the path was listed, and as they are where the principal is still there.
TicketLimits limits_of(const std::optional<PrincipalEntry>& entry, const Node& target) {
  const auto life = model::ms_fact(target, "life_ms");
  const TicketLimits listed{life ? std::optional(base::Duration(*life)) : std::nullopt, fact(target, "postdatable") != "no"};
  return entry ? wider(ticket_limits(*entry), listed) : listed;
}

Observation observe_tickets(const Settings& settings, const std::optional<PrincipalEntry>& entry, IssuingEnds& gone, const Node& target,
                            base::Time now, base::Duration offset) {
  const std::string account = fact(target, "account");
  const base::Time server_now = now + offset;
  if (entry) gone.forget(account);
  const std::optional<base::Time> ended = entry ? tickets_ended(*entry, server_now) : gone.since(account, server_now);
  if (!ended) return seen(Presence::present, "new ones can still be had");
  const TicketLimits limits = limits_of(entry, target);
  if (!limits.life) return seen(Presence::unknown, "no longest ticket life is known: when the last one ends is not known");
  base::Time at = drained_at(*ended, *limits.life, settings.clock_skew, offset);
  const auto earlier = entry ? std::nullopt : earlier_look(target);
  if (earlier) at = std::min(at, *earlier);
  if (now < at) {
    const std::string which = limits.postdatable ? "the last one that is not postdated" : "the last one";
    Observation draining = seen(Presence::present, "none is issued any more; " + which + " is over by " + base::to_rfc3339(at));
    draining.until = at;
    return draining;
  }
  if (limits.postdatable) {
    return seen(Presence::unknown,
                "over, unless she holds a postdated one, which was allowed: only new keys of krbtgt and services rule that out");
  }
  return seen(Presence::absent, "every ticket that was issued is over");
}

}  // namespace

Result<Observation> observe_node(const Settings& settings, const base::Clock& clock, IssuingEnds& gone, const Node& target,
                                 const Until& until) {
  const NodeKind kind = target.key.kind;
  if (kind != NodeKind::account && kind != NodeKind::key && kind != NodeKind::token) {
    return base::fail(base::Code::unimplemented, settings.system.text() + ": no such kind of path here");
  }
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  EXEUNT_TRY_ASSIGN(const base::Duration offset, clock_offset(kadmin->context(), settings, clock, until));
  if (kind == NodeKind::account) {
    EXEUNT_TRY_ASSIGN(const auto entry, kadmin->find(target.key.native_id));
    return observe_account(entry, clock.now() + offset);
  }
  if (fact(target, "account").empty()) return seen(Presence::unknown, "the path does not name its principal: list it again");
  EXEUNT_TRY_ASSIGN(const auto entry, kadmin->find(fact(target, "account")));
  if (kind == NodeKind::key) return observe_key(entry, fact(target, "kvno"));
  return observe_tickets(settings, entry, gone, target, clock.now(), offset);
}

}  // namespace exeunt::connect::kerberos
