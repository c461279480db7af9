// Requests to the KDC over sockets of ours: the try at the gate, and our own ticket for kadmin.
#pragma once

#include <string>

#include "connect/kerberos/as_answer.hpp"
#include "connect/kerberos/library.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::kerberos {

/// AS-REQ without pre-authentication for that principal; no key is shown and none is asked for. unavailable when there was no answer.
[[nodiscard]] base::Result<AsAnswer> ask_without_key(krb5_context context, const Settings& settings, krb5_principal client,
                                                     const Until& until);
/// Our ticket for kadmin/admin, by our keytab, into `cache`. permission_denied when the KDC refuses us, unavailable without an answer.
[[nodiscard]] base::Status get_own_ticket(krb5_context context, const Settings& settings, krb5_principal client, krb5_ccache cache,
                                          const Until& until);
/// The KDC's clock minus ours, from its answer about the control principal.
[[nodiscard]] base::Result<base::Duration> clock_offset(krb5_context context, const Settings& settings, const base::Clock& clock,
                                                        const Until& until);

}  // namespace exeunt::connect::kerberos
