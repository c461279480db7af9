#include "connect/openldap/openldap.hpp"

#include <strings.h>

#include <algorithm>
#include <utility>

#include "connect/openldap/catalogue.hpp"
#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/group_membership.hpp"
#include "connect/registry.hpp"

namespace exeunt::connect::openldap {
namespace {

constexpr base::Duration k_proof_valid{30'000};

// An unknown class in an OR is "undefined" to slapd and harms nothing; inside a NOT it would hide every entry.
constexpr const char* k_accounts_filter =
    "(|(objectClass=person)(objectClass=account)(objectClass=simpleSecurityObject)(objectClass=posixAccount))";

bool is_policy(const Entry& entry) {
  const Values& classes = entry.values("objectClass");
  return entry.values("uid").empty() &&
         std::any_of(classes.begin(), classes.end(), [](const std::string& each) { return ::strcasecmp(each.c_str(), "pwdPolicy") == 0; });
}

bool is_among(const std::vector<std::string>& uuids, const std::string& uuid) {
  return std::find(uuids.begin(), uuids.end(), uuid) != uuids.end();
}

}  // namespace

OpenLdap::OpenLdap(Settings settings, const base::Clock& clock, base::Random& random)
    : settings_(std::move(settings)), clock_(clock), random_(random), catalogue_(openldap_catalogue()) {}

SwitchProof OpenLdap::switch_proof(Connection& ours, base::Duration timeout) {
  const std::scoped_lock lock(proof_mutex_);
  if (proof_ && proof_->answer == SwitchProof::Answer::works && clock_.steady() - proof_at_ < k_proof_valid) return *proof_;
  proof_ = prove_switch(ours, settings_, clock_, timeout);
  // Another process may prove at the same instant, and its removal looks like a switch without power: once more settles that.
  if (proof_->answer == SwitchProof::Answer::powerless) proof_ = prove_switch(ours, settings_, clock_, timeout);
  proof_at_ = clock_.steady();
  return *proof_;
}

base::Result<AccountListing> OpenLdap::accounts(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(Connection ours, open(deadline.timeout));
  EXEUNT_TRY_ASSIGN(const auto administrators, members_of(ours, settings_.privileged_groups));
  EXEUNT_TRY_ASSIGN(const SearchReply reply, ours.search({settings_.base_dn, Scope::subtree, k_accounts_filter,
                                                          account_attributes(settings_), settings_.page_size}));
  AccountListing listing;
  listing.completeness = reply.cut ? model::Completeness::partial : model::Completeness::full;
  listing.reason = reply.reason;
  if (reply.entries.empty() && !reply.cut) {
    listing.completeness = model::Completeness::none;
    listing.reason = "no account is ours to see under " + settings_.base_dn + ": check base_dn and the rights of our bind DN";
  }
  const base::Time now = clock_.now();
  for (const Entry& entry : reply.entries) {
    if (is_policy(entry)) continue;
    const std::string uuid = entry.first("entryUUID");
    if (!is_uuid(uuid)) {
      listing.completeness = model::Completeness::partial;
      listing.reason = "an account shows no entryUUID to us: let our bind DN read it";
      continue;
    }
    AccountRecord record;
    record.administrator = is_among(administrators, uuid);
    record.node = account_node(settings_, entry, record.administrator, now);
    record.hr_id = entry.first(settings_.hr_id_attribute);
    record.login = entry.first("uid");
    record.email = entry.first("mail");
    record.display_name = entry.first("cn");
    record.enabled = record.node.live;
    listing.accounts.push_back(std::move(record));
  }
  return listing;
}

base::Result<std::vector<model::NodeKey>> OpenLdap::own_accounts(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(Connection ours, open(deadline.timeout));
  std::vector<model::NodeKey> keys;
  for (const std::string& dn : {settings_.bind_dn, settings_.control_dn}) {
    if (dn.empty()) continue;
    EXEUNT_TRY_ASSIGN(const auto entry, read_dn(ours, dn, {"entryUUID"}));
    // A rootdn has no entry: then there is nothing that a case could name either.
    if (entry && is_uuid(entry->first("entryUUID")))
      keys.push_back({settings_.system, model::NodeKind::account, entry->first("entryUUID")});
  }
  return keys;
}

}  // namespace exeunt::connect::openldap

namespace exeunt::connect {

base::Result<std::unique_ptr<Connector>> make_openldap(const SystemConfig& config, const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY_ASSIGN(openldap::Settings settings, openldap::read_settings(config));
  return std::make_unique<openldap::OpenLdap>(std::move(settings), clock, random);
}

}  // namespace exeunt::connect
