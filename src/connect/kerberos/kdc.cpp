#include "connect/kerberos/kdc.hpp"

#include "connect/kerberos/sockets.hpp"

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr int k_rounds_max = 10;

struct FreeCreds {
  krb5_context context;
  void operator()(krb5_init_creds_context creds) const { krb5_init_creds_free(context, creds); }
};
using InitCreds = std::unique_ptr<_krb5_init_creds_context, FreeCreds>;

struct FreeKeytab {
  krb5_context context;
  void operator()(krb5_keytab keytab) const { krb5_kt_close(context, keytab); }
};

std::string taken(krb5_context context, krb5_data& data) {
  std::string bytes(data.data == nullptr ? "" : data.data, data.length);
  krb5_free_data_contents(context, &data);
  return bytes;
}

/// The next message for the KDC, given its last; "" when there is no more to say.
Result<std::string> step(krb5_context context, krb5_init_creds_context creds, std::string& answer) {
  krb5_data in{};
  in.data = answer.data();
  in.length = static_cast<unsigned>(answer.size());
  krb5_data out{}, realm{};
  unsigned flags = 0;
  const krb5_error_code code = krb5_init_creds_step(context, creds, &in, &out, &realm, &flags);
  krb5_free_data_contents(context, &realm);
  std::string message = taken(context, out);
  if (code != 0) return fail(Code::permission_denied, words_of(context, code));
  return (flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE) != 0 ? message : std::string{};
}

Result<InitCreds> begin(krb5_context context, krb5_principal client) {
  krb5_init_creds_context creds = nullptr;
  if (const auto code = krb5_init_creds_init(context, client, nullptr, nullptr, 0, nullptr, &creds); code != 0) {
    return fail(Code::internal, "libkrb5: " + words_of(context, code));
  }
  return InitCreds(creds, FreeCreds{context});
}

}  // namespace

Result<AsAnswer> ask_without_key(krb5_context context, const Settings& settings, krb5_principal client, const Until& until) {
  EXEUNT_TRY_ASSIGN(const InitCreds creds, begin(context, client));
  std::string nothing;
  EXEUNT_TRY_ASSIGN(const std::string request, step(context, creds.get(), nothing));
  EXEUNT_TRY_ASSIGN(const std::string answer, exchange(settings.kdc_host, settings.kdc_port, request, until));
  return read_as_answer(context, answer);
}

Status get_own_ticket(krb5_context context, const Settings& settings, krb5_principal client, krb5_ccache cache, const Until& until) {
  EXEUNT_TRY_ASSIGN(const InitCreds creds, begin(context, client));
  krb5_keytab opened = nullptr;
  const std::string who = settings.system.text() + ": our principal " + settings.principal;
  if (const auto code = krb5_kt_resolve(context, ("FILE:" + settings.keytab).c_str(), &opened); code != 0) {
    return fail(Code::permission_denied, who + ": keytab: " + words_of(context, code), "check keytab");
  }
  const std::unique_ptr<_krb5_kt, FreeKeytab> keytab(opened, FreeKeytab{context});
  if (const auto code = krb5_init_creds_set_keytab(context, creds.get(), opened); code != 0) {
    return fail(Code::permission_denied, who + ": keytab: " + words_of(context, code), "check keytab: it has to hold that principal's key");
  }
  const std::string service = "kadmin/admin@" + settings.realm;
  if (const auto code = krb5_init_creds_set_service(context, creds.get(), service.c_str()); code != 0) {
    return fail(Code::internal, "libkrb5: " + words_of(context, code));
  }
  std::string answer;
  for (int round = 0; round < k_rounds_max; ++round) {
    const auto message = step(context, creds.get(), answer);
    if (!message) {
      return fail(message.error().code, who + " gets no ticket for kadmin: " + message.error().what,
                  "check the credential (keytab) and the clocks, then run `exeunt systems check`");
    }
    if (message->empty()) {
      krb5_creds ticket{};
      auto code = krb5_init_creds_get_creds(context, creds.get(), &ticket);
      if (code == 0) code = krb5_cc_initialize(context, cache, client);
      if (code == 0) code = krb5_cc_store_cred(context, cache, &ticket);
      krb5_free_cred_contents(context, &ticket);
      if (code != 0) return fail(Code::internal, "libkrb5: " + words_of(context, code));
      return {};
    }
    EXEUNT_TRY_ASSIGN(answer, exchange(settings.kdc_host, settings.kdc_port, *message, until));
  }
  return fail(Code::unavailable, who + ": the KDC goes on asking", "check the KDC's log");
}

Result<base::Duration> clock_offset(krb5_context context, const Settings& settings, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto control, parse_principal(context, settings.control_principal + "@" + settings.realm, settings.realm));
  const base::Time before = clock.now();
  EXEUNT_TRY_ASSIGN(const AsAnswer answer, ask_without_key(context, settings, control.get(), until));
  const base::Time after = clock.now();
  if (!answer.kdc_time) {
    return fail(Code::failed_precondition, settings.system.text() + ": the KDC does not tell its time",
                "give the control principal +requires_preauth");
  }
  return *answer.kdc_time - (before + (after - before) / 2);
}

}  // namespace exeunt::connect::kerberos
