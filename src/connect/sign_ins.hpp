// What every source of sign-ins needs alike: the clock of the system beside ours, the bounds of a listing, and reasons that add up.
#pragma once

#include <string>
#include <string_view>

#include "connect/connector.hpp"

namespace exeunt::connect {

/// The system's clock said `theirs` between these two instants of ours. `step`: of the source's instants, 1 s where it writes whole seconds.
void set_clock(SignInListing& listing, base::Time asked, base::Time answered, base::Time theirs, base::Duration step);
/// Makes it worth less, never more; reasons add up.
void limit_to(SignInListing& listing, model::Completeness completeness, std::string_view reason);
/// Sorts; leaves out what was before `since` even if their clock was set by ten minutes meanwhile (who asks knows whether it was, and drops the
/// rest), and all but the newest `limit`, which is then said. After set_clock.
void trim(SignInListing& listing, const SignInRequest& request);
/// `instant` by the system's clock is certainly before the request's `since`: a log that begins later does not reach back far enough.
[[nodiscard]] bool is_before_since(const SignInListing& listing, const SignInRequest& request, base::Time instant);

}  // namespace exeunt::connect
