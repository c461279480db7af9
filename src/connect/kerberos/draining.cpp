#include "connect/kerberos/draining.hpp"

#include <algorithm>

namespace exeunt::connect::kerberos {

TicketLimits ticket_limits(const PrincipalEntry* principal, const PrincipalEntry& krbtgt) {
  constexpr base::Duration k_none{0};
  base::Duration life = krbtgt.max_life, renewable = krbtgt.max_renewable;
  TicketLimits limits;
  limits.postdatable = krbtgt.postdatable;
  if (principal != nullptr) {
    // 0 is "no limit here" for a life, and "not at all" for renewing.
    if (principal->max_life != k_none) life = life == k_none ? principal->max_life : std::min(life, principal->max_life);
    renewable = std::min(renewable, principal->max_renewable);
    limits.postdatable = limits.postdatable && principal->postdatable;
  }
  if (life != k_none) limits.life = std::max(life, renewable);
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

base::Time GoneSince::since(const std::string& principal, base::Time now) {
  const std::lock_guard guard(mutex_);
  return since_.try_emplace(principal, now).first->second;
}

void GoneSince::forget(const std::string& principal) {
  const std::lock_guard guard(mutex_);
  since_.erase(principal);
}

}  // namespace exeunt::connect::kerberos
