// Tickets in hand: good until they end, whatever becomes of the principal. All that can be said of them is when the last one is over.
#pragma once

#include <optional>

#include "connect/kerberos/kadmin.hpp"

namespace exeunt::connect::kerberos {

struct TicketLimits {
  std::optional<base::Duration>
      life;                 // the longer of ticket and renewable life; nullopt: the principal names none, or nobody knows any more
  bool postdatable = true;  // a ticket that begins next year can have been asked for this year
};
/// What the KDC holds every ticket of the principal to, whatever service it is for: the principal's own limits. krbtgt's hold for ticket-granting
/// tickets alone: one for a service can be asked for directly, and lasts as long, and begins as late, as principal and service let it (measured).
[[nodiscard]] TicketLimits ticket_limits(const PrincipalEntry& principal);
/// The wider of the two, each: what is known of either may have been had.
[[nodiscard]] TicketLimits wider(const TicketLimits& one, const TicketLimits& other);

/// The last moment, by the server's clock, at which the principal can have had a ticket; nullopt while it still can. A locked one was locked when it was
/// changed last, or before; an expired one may have had tickets until then.
[[nodiscard]] std::optional<base::Time> tickets_ended(const PrincipalEntry& principal, base::Time server_now);

/// By our clock: life, then the clock skew that everybody allows, then the second to which the server's times are rounded.
[[nodiscard]] base::Time drained_at(base::Time ended, base::Duration life, base::Duration skew, base::Duration clock_offset);

}  // namespace exeunt::connect::kerberos
