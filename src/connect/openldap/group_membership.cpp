#include "connect/openldap/group_membership.hpp"

#include <ldap.h>
#include <strings.h>

#include <algorithm>
#include <array>

#include "base/escape.hpp"
#include "connect/openldap/directory_entry.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;

constexpr std::array<const char*, 3> k_by_dn{"member", "uniqueMember", "roleOccupant"};
constexpr const char* k_by_login = "memberUid";

struct Assertion {
  std::string attribute, value;
};

std::vector<Assertion> assertions_of(const Names& names) {
  std::vector<Assertion> all;
  for (const std::string& dn : names.dns) {
    for (const char* attribute : k_by_dn) all.push_back({attribute, dn});
  }
  for (const std::string& login : names.logins) all.push_back({k_by_login, login});
  return all;
}

std::string any_of(const std::vector<Assertion>& assertions) {
  std::string filter = "(|";
  for (const Assertion& each : assertions) filter += equals(each.attribute, each.value);
  return filter + ")";
}

std::vector<std::string> member_attributes() {
  std::vector<std::string> attributes(k_by_dn.begin(), k_by_dn.end());
  attributes.emplace_back(k_by_login);
  attributes.emplace_back("objectClass");
  return attributes;
}

/// entryUUID of the switch group; "" where none is configured or it does not exist.
base::Result<std::string> switch_uuid(Connection& ours, const Settings& settings) {
  if (settings.switch_group.empty()) return std::string();
  EXEUNT_TRY_ASSIGN(const auto group, read_dn(ours, settings.switch_group, {"entryUUID"}));
  return group ? group->first("entryUUID") : std::string();
}

bool same_uuid(std::string_view a, std::string_view b) { return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0; }

bool must_have_members(const Entry& group) {
  const Values& classes = group.values("objectClass");
  return std::any_of(classes.begin(), classes.end(), [](const std::string& each) {
    return ::strcasecmp(each.c_str(), "groupOfNames") == 0 || ::strcasecmp(each.c_str(), "groupOfUniqueNames") == 0;
  });
}

bool shows_members(const Entry& group) {
  return std::any_of(k_by_dn.begin(), k_by_dn.end(), [&](const char* attribute) { return !group.values(attribute).empty(); });
}

base::Status remove_value(Connection& ours, const std::string& group_dn, const Assertion& value) {
  const Change removal{Change::Kind::remove, value.attribute, {value.value}};
  EXEUNT_TRY_ASSIGN(Reply reply, ours.modify(group_dn, {removal}));
  if (reply.code == LDAP_OBJECT_CLASS_VIOLATION) {
    // The last member of a groupOfNames: an empty name stands in her place, in the same modify.
    EXEUNT_TRY_ASSIGN(reply, ours.modify(group_dn, {removal, {Change::Kind::add, value.attribute, {""}}}));
  }
  if (reply.code == LDAP_SUCCESS || reply.code == LDAP_NO_SUCH_ATTRIBUTE || reply.code == LDAP_NO_SUCH_OBJECT) return {};
  return base::fail(server_error(ours.subject(), "leave group " + group_dn, reply.code, reply.diagnostic));
}

}  // namespace

std::optional<std::pair<std::string, std::string>> split_membership(std::string_view native_id) {
  const std::size_t colon = native_id.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view account = native_id.substr(0, colon), group = native_id.substr(colon + 1);
  if (!is_uuid(account) || !is_uuid(group)) return std::nullopt;
  return std::pair(std::string(account), std::string(group));
}

base::Result<Groups> groups_of(Connection& ours, const Settings& settings, const Names& names) {
  Groups groups;
  if (names.dns.empty() && names.logins.empty()) return groups;
  EXEUNT_TRY_ASSIGN(const std::string excluded, switch_uuid(ours, settings));
  EXEUNT_TRY_ASSIGN(
      SearchReply reply,
      ours.search(
          {settings.base_dn, Scope::subtree, any_of(assertions_of(names)), {"entryUUID", "cn", "objectClass"}, settings.page_size}));
  groups.cut = reply.cut;
  groups.reason = reply.reason;
  for (Entry& entry : reply.entries) {
    const std::string uuid = entry.first("entryUUID");
    if (!is_uuid(uuid)) {
      groups.cut = true;
      groups.reason = "a group shows no entryUUID to us: let our bind DN read it";
    } else if (!same_uuid(uuid, excluded)) {
      groups.entries.push_back(std::move(entry));
    }
  }
  return groups;
}

base::Result<bool> is_listed(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names) {
  EXEUNT_TRY_ASSIGN(const auto group, find_entry(ours, settings, group_uuid, member_attributes()));
  if (!group) return base::fail(Code::not_found, ours.subject() + ": no group with entryUUID " + std::string(group_uuid));
  const auto assertions = assertions_of(names);
  if (assertions.empty()) return false;
  EXEUNT_TRY_ASSIGN(const SearchReply reply, ours.search({group->dn, Scope::base, any_of(assertions), {}}));
  if (!reply.entries.empty()) return true;
  if (must_have_members(*group) && !shows_members(*group)) {
    return base::fail(Code::failed_precondition,
                      ours.subject() + ": the members of " + base::escape_terminal(group->dn) + " are not ours to see",
                      "let our bind DN read and search the member attributes of groups");
  }
  return false;
}

base::Status leave_group(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names) {
  EXEUNT_TRY_ASSIGN(const std::string excluded, switch_uuid(ours, settings));
  if (same_uuid(group_uuid, excluded)) {
    return base::fail(Code::failed_precondition, ours.subject() + ": the switch group is what keeps held connections powerless",
                      "nobody is removed from it by a case");
  }
  EXEUNT_TRY_ASSIGN(const auto group, find_entry(ours, settings, group_uuid, member_attributes()));
  if (!group) return {};
  for (const Assertion& each : assertions_of(names)) {
    EXEUNT_TRY_ASSIGN(const SearchReply listed, ours.search({group->dn, Scope::base, equals(each.attribute, each.value), {}}));
    if (!listed.entries.empty()) EXEUNT_TRY(remove_value(ours, group->dn, each));
  }
  return {};
}

base::Result<std::string> listed_by(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names) {
  EXEUNT_TRY_ASSIGN(const auto group, find_entry(ours, settings, group_uuid, {"entryUUID"}));
  std::string out;
  if (!group) return out;
  for (const Assertion& each : assertions_of(names)) {
    EXEUNT_TRY_ASSIGN(const SearchReply listed, ours.search({group->dn, Scope::base, equals(each.attribute, each.value), {}}));
    const bool told = (" " + out + " ").find(" " + each.attribute + " ") != std::string::npos;
    if (!listed.entries.empty() && !told) out += (out.empty() ? "" : " ") + each.attribute;
  }
  return out;
}

base::Status join_group(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names,
                        const std::vector<std::string>& attributes) {
  EXEUNT_TRY_ASSIGN(const std::string excluded, switch_uuid(ours, settings));
  if (same_uuid(group_uuid, excluded))
    return base::fail(Code::failed_precondition, ours.subject() + ": the switch group is nobody's membership");
  EXEUNT_TRY_ASSIGN(const auto group, find_entry(ours, settings, group_uuid, {"entryUUID"}));
  if (!group) return base::fail(Code::not_found, ours.subject() + ": no group with entryUUID " + std::string(group_uuid));
  for (const std::string& attribute : attributes) {
    const bool by_dn = std::find(k_by_dn.begin(), k_by_dn.end(), attribute) != k_by_dn.end();
    const auto& values = by_dn ? names.dns : names.logins;
    if ((!by_dn && attribute != k_by_login) || values.empty())
      return base::fail(Code::invalid_argument, ours.subject() + ": no group names an account by " + base::escape_terminal(attribute, 40));
    EXEUNT_TRY_ASSIGN(const Reply reply, ours.modify(group->dn, {{Change::Kind::add, attribute, {values.front()}}}));
    if (reply.code != LDAP_SUCCESS && reply.code != LDAP_TYPE_OR_VALUE_EXISTS)
      return base::fail(server_error(ours.subject(), "join group " + group->dn, reply.code, reply.diagnostic));
  }
  return {};
}

base::Result<std::vector<std::string>> members_of(Connection& ours, const std::vector<std::string>& group_dns) {
  std::vector<std::string> uuids;
  for (const std::string& group_dn : group_dns) {
    EXEUNT_TRY_ASSIGN(const auto group, read_dn(ours, group_dn, member_attributes()));
    if (!group) {
      return base::fail(Code::failed_precondition, ours.subject() + ": privileged group " + group_dn + " is absent or not ours to see",
                        "mend privileged_groups in exeunt.yaml");
    }
    for (const char* attribute : k_by_dn) {
      for (const std::string& member : group->values(attribute)) {
        if (member.empty()) continue;
        EXEUNT_TRY_ASSIGN(const auto entry, read_dn(ours, member, {"entryUUID"}));
        if (entry) uuids.push_back(entry->first("entryUUID"));
      }
    }
  }
  return uuids;
}

}  // namespace exeunt::connect::openldap
