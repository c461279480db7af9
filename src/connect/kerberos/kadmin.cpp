#include "connect/kerberos/kadmin.hpp"

#include <kadm5/admin.h>

#include <algorithm>
#include <charconv>

#include "connect/kerberos/kdc.hpp"

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

const char* attribute_of(KeyMark mark) { return mark == KeyMark::locked ? "exeunt_key" : "exeunt_restored"; }

base::Time time_of(krb5_timestamp seconds) { return base::Time(base::Duration(static_cast<std::uint32_t>(seconds) * 1000LL)); }

std::string unparse(krb5_context context, krb5_const_principal principal) {
  char* text = nullptr;
  if (principal == nullptr || krb5_unparse_name(context, principal, &text) != 0) return {};
  std::string name = text;
  krb5_free_unparsed_name(context, text);
  return name;
}

PrincipalEntry entry_of(krb5_context context, const kadm5_principal_ent_rec& from) {
  PrincipalEntry entry;
  const auto has = [&](krb5_flags flag) { return (from.attributes & flag) != 0; };
  entry.name = unparse(context, from.principal);
  entry.may_have_tickets = !has(KRB5_KDB_DISALLOW_ALL_TIX);
  entry.asks_for_key = has(KRB5_KDB_REQUIRES_PRE_AUTH);
  entry.postdatable = !has(KRB5_KDB_DISALLOW_POSTDATED);
  if (from.princ_expire_time != 0) entry.expires = time_of(from.princ_expire_time);
  entry.keys_made = time_of(from.last_pwd_change);
  entry.modified = time_of(from.mod_date);
  entry.modified_by = unparse(context, from.mod_name);
  entry.max_life = base::Duration(from.max_life * 1000LL);
  entry.max_renewable = base::Duration(from.max_renewable_life * 1000LL);
  entry.kvno = from.kvno;
  entry.failures = from.fail_auth_count;
  if (from.last_success != 0) entry.last_success = time_of(from.last_success);
  for (int i = 0; i < from.n_key_data; ++i) entry.key_versions.push_back(static_cast<std::uint16_t>(from.key_data[i].key_data_kvno));
  std::sort(entry.key_versions.begin(), entry.key_versions.end(), std::greater<>());
  entry.key_versions.erase(std::unique(entry.key_versions.begin(), entry.key_versions.end()), entry.key_versions.end());
  return entry;
}

const char* right_of(long code) {
  switch (code) {
    case KADM5_AUTH_GET: return "inquire (i)";
    case KADM5_AUTH_LIST: return "list (l)";
    case KADM5_AUTH_MODIFY: return "modify (m)";
    case KADM5_AUTH_CHANGEPW: return "changepw (c)";
    case KADM5_AUTH_DELETE: return "delete (d)";
    default: return nullptr;
  }
}

}  // namespace

base::Error Kadmin::error_of(long code, bool change, const std::string& what) const {
  const std::string words = settings_.system.text() + ": " + what + ": " + words_of(context_.get(), code);
  if (code == KADM5_UNK_PRINC) return {Code::not_found, words, "list again"};
  if (const char* right = right_of(code)) {
    return {Code::permission_denied, words, std::string("give our principal the right to ") + right + " in kadm5.acl"};
  }
  if (code == KADM5_AUTH_INSUFFICIENT || code == KADM5_PROTECT_PRINCIPAL) return {Code::permission_denied, words, "see kadm5.acl"};
  if (!change) return {Code::unavailable, words, "is kadmind up?"};
  // A code of kadmind's own is its answer; the library's codes for a lost conversation say nothing about the effect.
  const bool answered =
      code >= KADM5_FAILURE && code < KADM5_FAILURE + 256 && code != KADM5_RPC_ERROR && code != KADM5_GSS_ERROR && code != KADM5_FAILURE;
  return {answered ? Code::failed_precondition : Code::outcome_unknown, words, answered ? "see kadmind's log" : "look before repeating"};
}

Result<Principal> Kadmin::parse(const std::string& native_id) const { return parse_principal(context_.get(), native_id, settings_.realm); }

Result<std::unique_ptr<Kadmin>> Kadmin::open(const Settings& settings, const Until& until) {
  std::unique_ptr<Kadmin> kadmin(new Kadmin(settings));
  EXEUNT_TRY_ASSIGN(kadmin->context_, make_context(settings.realm));
  krb5_context context = kadmin->context_.get();
  std::string name = settings.principal + "@" + settings.realm;
  EXEUNT_TRY_ASSIGN(const Principal own, kadmin->parse(name));
  if (const auto code = krb5_cc_new_unique(context, "MEMORY", nullptr, &kadmin->cache_); code != 0) {
    return fail(Code::internal, "libkrb5: " + words_of(context, code));
  }
  EXEUNT_TRY(get_own_ticket(context, settings, own.get(), kadmin->cache_, until));
  EXEUNT_TRY_ASSIGN(kadmin->tunnel_, Tunnel::open(settings.kadmin_host, settings.kadmin_port, until));
  std::string realm = settings.realm, loopback = "127.0.0.1", service = "kadmin/admin@" + settings.realm;
  kadm5_config_params params{};
  params.mask = KADM5_CONFIG_REALM | KADM5_CONFIG_ADMIN_SERVER | KADM5_CONFIG_KADMIND_PORT;
  params.realm = realm.data();
  params.admin_server = loopback.data();
  params.kadmind_port = kadmin->tunnel_->port();
  const auto code = kadm5_init_with_creds(context, name.data(), kadmin->cache_, service.data(), &params, KADM5_STRUCT_VERSION,
                                          KADM5_API_VERSION_4, nullptr, &kadmin->handle_);
  if (code != 0) {
    kadmin->handle_ = nullptr;
    return fail(kadmin->error_of(code, false, "kadmin"));
  }
  return kadmin;
}

Kadmin::~Kadmin() {
  if (handle_ != nullptr) kadm5_destroy(handle_);
  if (cache_ != nullptr) krb5_cc_destroy(context_.get(), cache_);
}

Result<std::vector<std::string>> Kadmin::names() {
  char** found = nullptr;
  int count = 0;
  std::string all = "*";
  if (const auto code = kadm5_get_principals(handle_, all.data(), &found, &count); code != 0) {
    return fail(error_of(code, false, "list of principals"));
  }
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.emplace_back(found[i]);
  kadm5_free_name_list(handle_, found, count);
  return names;
}

Result<std::optional<PrincipalEntry>> Kadmin::find(const std::string& native_id) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  kadm5_principal_ent_rec found{};
  const auto code = kadm5_get_principal(handle_, principal.get(), &found, KADM5_PRINCIPAL_NORMAL_MASK | KADM5_KEY_DATA);
  if (code == KADM5_UNK_PRINC) return std::optional<PrincipalEntry>{};
  if (code != 0) return fail(error_of(code, false, "look at " + native_id));
  PrincipalEntry entry = entry_of(context_.get(), found);
  kadm5_free_principal_ent(handle_, &found);
  return std::optional(std::move(entry));
}

Status Kadmin::set_attribute(const std::string& native_id, int attribute, bool on, const std::string& what) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  kadm5_principal_ent_rec entry{};
  if (const auto code = kadm5_get_principal(handle_, principal.get(), &entry, KADM5_PRINCIPAL_NORMAL_MASK); code != 0) {
    return fail(error_of(code, false, "look at " + native_id));
  }
  entry.attributes = on ? entry.attributes | attribute : entry.attributes & ~attribute;
  const auto code = kadm5_modify_principal(handle_, &entry, KADM5_ATTRIBUTES);
  kadm5_free_principal_ent(handle_, &entry);
  if (code != 0) return fail(error_of(code, true, what + " on " + native_id));
  return {};
}

Status Kadmin::forbid_tickets(const std::string& native_id) {
  return set_attribute(native_id, KRB5_KDB_DISALLOW_ALL_TIX, true, "-allow_tix");
}

Status Kadmin::allow_tickets(const std::string& native_id) {
  return set_attribute(native_id, KRB5_KDB_DISALLOW_ALL_TIX, false, "+allow_tix");
}

Status Kadmin::forbid_tickets_unseen(const std::string& native_id) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  kadm5_principal_ent_rec entry{};
  entry.principal = principal.get();
  entry.attributes = KRB5_KDB_DISALLOW_ALL_TIX;
  if (const auto code = kadm5_modify_principal(handle_, &entry, KADM5_ATTRIBUTES); code != 0) {
    return fail(error_of(code, true, "modify " + native_id));
  }
  return {};
}

Status Kadmin::replace_keys(const std::string& native_id) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  const auto code = kadm5_randkey_principal_3(handle_, principal.get(), 0, 0, nullptr, nullptr, nullptr);
  if (code != 0) return fail(error_of(code, true, "new key for " + native_id));
  return {};
}

Status Kadmin::set_password(const std::string& native_id, const base::Secret& value) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  const base::Secret text = value.copy();  // the library wants it writable, and does not write
  const auto code = kadm5_chpass_principal_3(handle_, principal.get(), 0, 0, nullptr, const_cast<char*>(text.reveal().c_str()));
  if (code != 0) return fail(error_of(code, true, "new password for " + native_id));
  return {};
}

Result<std::optional<std::uint32_t>> Kadmin::marked_key(const std::string& native_id, KeyMark mark) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  krb5_string_attr* attributes = nullptr;
  int count = 0;
  if (const auto code = kadm5_get_strings(handle_, principal.get(), &attributes, &count); code != 0) {
    return fail(error_of(code, false, "string attributes of " + native_id));
  }
  std::optional<std::uint32_t> version;
  for (int i = 0; i < count; ++i) {
    const std::string_view text = attributes[i].value;
    std::uint32_t number = 0;
    if (std::string_view(attributes[i].key) != attribute_of(mark)) continue;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) version = number;
  }
  kadm5_free_strings(handle_, attributes, count);
  return version;
}

Status Kadmin::mark_key(const std::string& native_id, std::uint32_t version, KeyMark mark) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  const std::string text = std::to_string(version);
  const auto code = kadm5_set_string(handle_, principal.get(), attribute_of(mark), text.c_str());
  if (code != 0) return fail(error_of(code, true, std::string("string attribute ") + attribute_of(mark) + " of " + native_id));
  return {};
}

Status Kadmin::remove(const std::string& native_id) {
  EXEUNT_TRY_ASSIGN(const Principal principal, parse(native_id));
  const auto code = kadm5_delete_principal(handle_, principal.get());
  if (code != 0) return fail(error_of(code, true, "delete " + native_id));
  return {};
}

}  // namespace exeunt::connect::kerberos
