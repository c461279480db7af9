#include "connect/openldap/switch_group.hpp"

#include <ldap.h>

#include "connect/openldap/directory_entry.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;
using Answer = SwitchProof::Answer;

base::Status change_member(Connection& ours, const Settings& settings, const std::string& dn, Change::Kind kind) {
  const bool adding = kind == Change::Kind::add;
  EXEUNT_TRY_ASSIGN(const Reply reply, ours.modify(settings.switch_group, {{kind, "member", {dn}}}));
  const int already = adding ? LDAP_TYPE_OR_VALUE_EXISTS : LDAP_NO_SUCH_ATTRIBUTE;
  if (reply.code == LDAP_SUCCESS || reply.code == already) return {};
  base::Error error = server_error(ours.subject(), (adding ? "put into the switch group: " : "take out of the switch group: ") + dn,
                                   reply.code, reply.diagnostic);
  if (reply.code == LDAP_NO_SUCH_OBJECT) {
    error.code = Code::failed_precondition;
    error.next = "create the group " + settings.switch_group + " and the access rule that names it, before every other rule";
  }
  return base::fail(std::move(error));
}

/// What the connection's own identity can read of itself.
base::Result<bool> sees_itself(Connection& held, const Settings& settings) {
  EXEUNT_TRY_ASSIGN(const auto entry, read_dn(held, settings.control_dn, {}));
  return entry.has_value();
}

SwitchProof unknown(const base::Error& error) { return {Answer::unknown, "the kill-switch could not be shown: " + error.text()}; }

}  // namespace

base::Result<bool> in_switch_group(Connection& ours, const Settings& settings, const std::string& dn) {
  if (settings.switch_group.empty()) return false;
  EXEUNT_TRY_ASSIGN(const SearchReply reply, ours.search({settings.switch_group, Scope::base, equals("member", dn), {}}));
  return !reply.entries.empty();
}

base::Status put_into_switch_group(Connection& ours, const Settings& settings, const std::string& dn) {
  if (settings.switch_group.empty()) {
    return base::fail(Code::failed_precondition, ours.subject() + ": no switch_group is configured, so nothing ends held connections",
                      "add the kill-switch access rule to slapd and name its group in exeunt.yaml, or restart slapd by hand");
  }
  return change_member(ours, settings, dn, Change::Kind::add);
}

base::Status take_out_of_switch_group(Connection& ours, const Settings& settings, const std::string& dn) {
  return change_member(ours, settings, dn, Change::Kind::remove);
}

SwitchProof prove_switch(Connection& ours, const Settings& settings, const base::Clock& clock, base::Duration timeout) {
  if (settings.switch_group.empty())
    return {Answer::not_configured, "no switch_group is configured: held connections outlive every change"};
  if (settings.control_dn.empty()) return {Answer::not_configured, "no control_dn is configured: the kill-switch cannot be shown to work"};
  const auto group = read_dn(ours, settings.switch_group, {});
  if (!group) return unknown(group.error());
  if (!*group) return {Answer::absent, "the switch group does not exist: held connections outlive every change"};
  if (const auto clean = take_out_of_switch_group(ours, settings, settings.control_dn); !clean) return unknown(clean.error());

  auto held = Connection::open(settings, clock, timeout);
  if (!held) return unknown(held.error());
  const auto bound = held->bind(settings.control_dn, settings.control_credential);
  if (!bound) return unknown(bound.error());
  if (bound->code != LDAP_SUCCESS)
    return {Answer::unknown, "the control identity cannot bind: " + code_words(bound->code, bound->diagnostic)};
  const auto before = sees_itself(*held, settings);
  if (!before) return unknown(before.error());
  if (!*before)
    return {Answer::unknown, "the control identity cannot read its own entry, so losing that shows nothing: give it `by self read`"};

  if (const auto put = put_into_switch_group(ours, settings, settings.control_dn); !put) return unknown(put.error());
  const auto during = sees_itself(*held, settings);
  // A crash here leaves the control identity in the group: it can still bind, and the next proof begins by taking it out.
  if (const auto restored = take_out_of_switch_group(ours, settings, settings.control_dn); !restored) {
    return {Answer::unknown, "the control identity is left in the switch group: " + restored.error().text()};
  }
  if (!during) return unknown(during.error());
  const auto after = sees_itself(*held, settings);
  if (!after) return unknown(after.error());
  if (*during)
    return {Answer::powerless, "a member of the switch group keeps its rights: the access rule is absent or stands after others"};
  if (!*after) return {Answer::unknown, "the control identity did not get its rights back after leaving the switch group"};
  return {Answer::works, "the kill-switch took every right from a held connection of the control identity"};
}

}  // namespace exeunt::connect::openldap
