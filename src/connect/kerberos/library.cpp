#include "connect/kerberos/library.hpp"

#include <profile.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/bytes.hpp"
#include "base/escape.hpp"

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::string_view k_hex_prefix = "hex:";
constexpr std::size_t k_name_max = 1'024;

// The whole configuration: no look-ups in the name service, no canonical names, no other file. The realm's servers are asked over sockets of ours.
constexpr std::array<std::pair<std::string_view, const char*>, 5> k_defaults{{{"dns_lookup_kdc", "false"},
                                                                              {"dns_lookup_realm", "false"},
                                                                              {"dns_canonicalize_hostname", "false"},
                                                                              {"rdns", "false"},
                                                                              {"noaddresses", "true"}}};

long answer(const char* value, char*** out) {
  auto** list = static_cast<char**>(std::calloc(2, sizeof(char*)));
  if (list == nullptr) return ENOMEM;
  list[0] = ::strdup(value);
  *out = list;
  return 0;
}

long get_values(void* realm, const char* const* names, char*** values) {
  if (names[0] == nullptr || std::string_view(names[0]) != "libdefaults" || names[1] == nullptr) return PROF_NO_RELATION;
  if (std::string_view(names[1]) == "default_realm") return answer(static_cast<const std::string*>(realm)->c_str(), values);
  for (const auto& [name, value] : k_defaults) {
    if (name == names[1]) return answer(value, values);
  }
  return PROF_NO_RELATION;
}

void free_values(void*, char** values) {
  for (char** one = values; *one != nullptr; ++one) std::free(*one);
  std::free(static_cast<void*>(values));
}

long copy(void* realm, void** out) {
  *out = std::make_unique<std::string>(*static_cast<const std::string*>(realm)).release();
  return 0;
}

void cleanup(void* realm) { std::unique_ptr<std::string>(static_cast<std::string*>(realm)).reset(); }

}  // namespace

Result<Context> make_context(const std::string& realm) {
  profile_vtable table{};
  table.minor_ver = 1;
  table.get_values = get_values;
  table.free_values = free_values;
  table.cleanup = cleanup;
  table.copy = copy;
  profile_t profile = nullptr;
  auto kept = std::make_unique<std::string>(realm);
  if (profile_init_vtable(&table, kept.get(), &profile) != 0) return fail(Code::internal, "libkrb5 takes no configuration of ours");
  static_cast<void>(kept.release());  // the profile's cleanup has it now
  krb5_context context = nullptr;
  const krb5_error_code code = krb5_init_context_profile(profile, 0, &context);
  profile_abandon(profile);
  if (code != 0) return fail(Code::internal, "libkrb5 does not start: code " + std::to_string(code));
  return Context(context);
}

std::string words_of(krb5_context context, long code) {
  const char* words = krb5_get_error_message(context, static_cast<krb5_error_code>(code));
  std::string copy = words;
  krb5_free_error_message(context, words);
  return copy;
}

std::string native_id_of(const std::string& unparsed) {
  const bool plain = base::is_valid_utf8(unparsed) && !unparsed.starts_with(k_hex_prefix);
  return plain ? unparsed : std::string(k_hex_prefix) + base::to_hex(base::as_bytes(unparsed));
}

std::string unparsed_of(const std::string& native_id) {
  if (!native_id.starts_with(k_hex_prefix)) return native_id;
  const auto bytes = base::from_hex(std::string_view(native_id).substr(k_hex_prefix.size()));
  return bytes ? std::string(bytes->begin(), bytes->end()) : native_id;
}

Result<Principal> parse_principal(krb5_context context, const std::string& native_id, const std::string& realm) {
  const std::string name = unparsed_of(native_id);
  krb5_principal parsed = nullptr;
  const bool fits = !name.empty() && name.size() <= k_name_max && name.find('\0') == std::string::npos;
  if (fits && krb5_parse_name_flags(context, name.c_str(), KRB5_PRINCIPAL_PARSE_REQUIRE_REALM, &parsed) == 0) {
    Principal principal(parsed, FreePrincipal{context});
    if (std::string_view(parsed->realm.data, parsed->realm.length) == realm) return principal;
  }
  return fail(Code::invalid_argument, "\"" + base::escape_terminal(native_id, 80) + "\" is no principal of the realm " + realm,
              "names are written as kadmin lists them, with the realm");
}

std::string login_of(const std::string& unparsed, const std::string& realm) {
  const std::string tail = "@" + realm;
  return unparsed.ends_with(tail) ? unparsed.substr(0, unparsed.size() - tail.size()) : unparsed;
}

}  // namespace exeunt::connect::kerberos
