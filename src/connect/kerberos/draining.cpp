#include "connect/kerberos/draining.hpp"

#include <algorithm>

namespace exeunt::connect::kerberos {

TicketLimits ticket_limits(const PrincipalEntry& principal) {
  TicketLimits limits;
  // 0 is "no limit here" for a life (the service's holds, whichever service it is), and "not at all" for renewing.
  if (principal.max_life != base::Duration{0}) limits.life = std::max(principal.max_life, principal.max_renewable);
  limits.postdatable = principal.postdatable;
  return limits;
}

TicketLimits wider(const TicketLimits& one, const TicketLimits& other) {
  TicketLimits limits;
  if (one.life && other.life) limits.life = std::max(*one.life, *other.life);
  limits.postdatable = one.postdatable || other.postdatable;
  return limits;
}

std::optional<base::Time> tickets_ended(const PrincipalEntry& principal, base::Time server_now) {
  if (principal.usable(server_now)) return std::nullopt;
  if (!principal.may_have_tickets) return principal.modified;
  return std::max(principal.modified, *principal.expires);
}

base::Time drained_at(base::Time ended, base::Duration life, base::Duration skew, base::Duration clock_offset) {
  constexpr base::Duration k_coarseness{2'000};
  return ended + life + skew + k_coarseness - clock_offset;
}

}  // namespace exeunt::connect::kerberos
