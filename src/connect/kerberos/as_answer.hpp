// What a KDC answers to a request for a ticket that shows no key (RFC 4120 §3.1). Pure: bytes in, meaning out.
#pragma once

#include <krb5/krb5.h>

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "connect/connector.hpp"

namespace exeunt::connect::kerberos {

struct AsAnswer {
  enum class Kind { nonsense = 0, ticket = 1, error = 2 };
  Kind kind = Kind::nonsense;
  int code = 0;                        // of KRB-ERROR, RFC 4120 §7.5.9
  std::string text;                    // e-text: the KDC's own word for it; hostile
  std::optional<base::Time> kdc_time;  // of KRB-ERROR
};
[[nodiscard]] AsAnswer read_as_answer(krb5_context context, const std::string& bytes);

/// | answer                                   | was listed | answer   |
/// |------------------------------------------|------------|----------|
/// | AS-REP (no pre-authentication asked for) | any        | admitted |
/// | 25 PREAUTH_REQUIRED                      | any        | admitted | asked for a key: the principal may have tickets
/// | 18 CLIENT_REVOKED, not LOCKED_OUT        | any        | refused  |
/// | 18 CLIENT_REVOKED, LOCKED_OUT            | any        | unknown  | too many wrong passwords: over by itself after a time
/// | 1 NAME_EXP                               | any        | refused  |
/// | 6 C_PRINCIPAL_UNKNOWN                    | yes        | refused  | deleted since
/// | 6 C_PRINCIPAL_UNKNOWN                    | no         | unknown  | never there, for all we know
/// | anything else                            | any        | unknown  |
[[nodiscard]] ProbeResult gate_answer(const AsAnswer& answer, bool was_listed);

}  // namespace exeunt::connect::kerberos
