// Sign-ins of principals: first tickets (AS_REQ, ISSUE) in the KDC's log, else the last success that the database remembers.
#include "connect/sign_ins.hpp"

#include "connect/answers.hpp"
#include "connect/kerberos/kdc.hpp"
#include "connect/kerberos/kdc_log.hpp"
#include "connect/kerberos/operations.hpp"
#include "connect/log_file.hpp"

namespace exeunt::connect::kerberos {

using base::Result;
using base::Status;
using model::Completeness;

namespace {

constexpr base::Duration k_step{1'000};  // authtime is in whole seconds

SignIn sign_in_of(const model::Node& account, base::Time at, std::string from, std::string words) {
  return {account.key, account.id(), at, std::move(from), std::move(words)};
}

/// Where no key is asked for, our own request at the gate is handed a ticket too, and in the log looks like hers.
Result<std::vector<const model::Node*>> told_apart(const SignInRequest& request, Kadmin& kadmin, SignInListing& listing) {
  std::vector<const model::Node*> out;
  for (const auto& account : request.accounts) {
    EXEUNT_TRY_ASSIGN(const auto entry, kadmin.find(account.key.native_id));
    const bool asks = entry ? entry->asks_for_key : fact(account, "asks_for_key") == "yes";
    if (asks)
      out.push_back(&account);
    else
      limit_to(listing, Completeness::partial,
               account.key.native_id + " needs no pre-authentication: our own tries look like its sign-ins");
  }
  return out;
}

Status from_log(const Settings& settings, const SignInRequest& request, Kadmin& kadmin, SignInListing& listing) {
  auto log = read_log_end(settings.kdc_log);
  if (!log) {
    limit_to(listing, Completeness::none, "the KDC's log cannot be read: " + log.error().text());
    return {};
  }
  EXEUNT_TRY_ASSIGN(const auto accounts, told_apart(request, kadmin, listing));
  std::vector<std::string> names;
  for (const auto* account : accounts) names.push_back(unparsed_of(account->key.native_id));
  const IssuedLog read = read_issued(log->text, names);
  if (!read.first) {
    limit_to(listing, Completeness::partial, "the KDC's log tells of no ticket at all: how far back it reaches is not known");
  } else if (!is_before_since(listing, request, *read.first)) {
    limit_to(listing, Completeness::partial, "the KDC's log reaches back to " + base::to_rfc3339(*read.first) + " only");
  }
  for (const auto& issued : read.issued)
    for (std::size_t i = 0; i < accounts.size(); ++i)
      if (issued.is_for(names[i])) listing.sign_ins.push_back(sign_in_of(*accounts[i], issued.at, issued.from, "first ticket"));
  return {};
}

Status from_database(const SignInRequest& request, Kadmin& kadmin, SignInListing& listing) {
  limit_to(listing, Completeness::lower_bound,
           "kdc_log is not set: of each principal only the last success, where the KDC writes it into its database");
  for (const auto& account : request.accounts) {
    EXEUNT_TRY_ASSIGN(const auto entry, kadmin.find(account.key.native_id));
    if (entry && entry->last_success)
      listing.sign_ins.push_back(sign_in_of(account, *entry->last_success, "", "first ticket (the last one, by the database)"));
  }
  return {};
}

}  // namespace

Result<SignInListing> list_sign_ins(const Settings& settings, const base::Clock& clock, const SignInRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  SignInListing out;
  out.completeness = Completeness::full;
  const base::Time asked = clock.now();
  EXEUNT_TRY_ASSIGN(const base::Duration offset, clock_offset(kadmin->context(), settings, clock, until));
  const base::Time answered = clock.now();
  set_clock(out, asked, answered, asked + (answered - asked) / 2 + offset, k_step);
  EXEUNT_TRY(settings.kdc_log.empty() ? from_database(request, *kadmin, out) : from_log(settings, request, *kadmin, out));
  trim(out, request);
  return out;
}

}  // namespace exeunt::connect::kerberos
