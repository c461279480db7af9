// libkrb5 with owners for its objects and a configuration of our own: neither /etc/krb5.conf nor the environment decides whom we ask.
#pragma once

#include <krb5/krb5.h>

#include <memory>
#include <string>

#include "base/result.hpp"
#include "connect/kerberos/settings.hpp"

namespace exeunt::connect::kerberos {

struct FreeContext {
  void operator()(krb5_context context) const { krb5_free_context(context); }
};
using Context = std::unique_ptr<_krb5_context, FreeContext>;
[[nodiscard]] base::Result<Context> make_context(const std::string& realm);

struct FreePrincipal {
  krb5_context context = nullptr;
  void operator()(krb5_principal principal) const { krb5_free_principal(context, principal); }
};
using Principal = std::unique_ptr<krb5_principal_data, FreePrincipal>;

/// The library's words for a code.
[[nodiscard]] std::string words_of(krb5_context context, long code);

// A principal's name as it stands in a node id: as the library writes it, realm and all ("alice@EXAMPLE.ORG", "a\/b@…"); hexadecimal behind
// "hex:" where that is no UTF-8.
[[nodiscard]] std::string native_id_of(const std::string& unparsed);
[[nodiscard]] std::string unparsed_of(const std::string& native_id);
/// invalid_argument when it is no name of a principal of that realm.
[[nodiscard]] base::Result<Principal> parse_principal(krb5_context context, const std::string& native_id, const std::string& realm);
/// "alice" of "alice@EXAMPLE.ORG".
[[nodiscard]] std::string login_of(const std::string& unparsed, const std::string& realm);

}  // namespace exeunt::connect::kerberos
