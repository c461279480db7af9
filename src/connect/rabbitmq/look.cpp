#include "connect/rabbitmq/look.hpp"

#include <algorithm>

#include "connect/answers.hpp"
#include "connect/rabbitmq/broker.hpp"
#include "connect/rabbitmq/inventory.hpp"

namespace exeunt::connect::rabbitmq {

using base::Code;
using base::fail;
using base::Result;
using model::Grade;
using model::NodeKind;

namespace {

Observation seen(Presence presence, std::string words) { return {presence, Grade::read_back, std::move(words)}; }

Result<Observation> observe_account(const Api& api, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api, target.key.native_id, until));
  if (!user) return seen(Presence::absent, "no such user");
  if (user->is_shut()) return seen(Presence::absent, "no password, max-connections 0");
  return seen(Presence::present, user->has_password ? "has a password" : "no password, but connections are allowed");
}

Result<Observation> observe_session(const Api& api, const model::Node& target, const Until& until) {
  const std::string user = fact(target, "user");
  if (user.empty()) return seen(Presence::unknown, "whose connection it was is not known");
  EXEUNT_TRY_ASSIGN(const LinkListing listing, links_of(api, user, until));
  for (const Link& link : listing.links) {
    if (link.endpoint() == target.key.native_id) return seen(Presence::present, "in the broker's list of connections");
  }
  if (!listing.cut.empty()) return seen(Presence::unknown, listing.cut);
  return seen(Presence::absent, "neither in the broker's table of the user's connections nor in its statistics");
}

Result<Observation> observe_automation(const Api& api, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::vector<Automation> all, automations(api, until));
  for (const Automation& one : all) {
    if (one.id() != target.key.native_id) continue;
    const bool hers = std::find(one.users.begin(), one.users.end(), fact(target, "user")) != one.users.end();
    return hers ? seen(Presence::present, "still logs in under her name") : seen(Presence::absent, "logs in under another name");
  }
  return seen(Presence::absent, "no such shovel or upstream");
}

}  // namespace

Result<Observation> observe_node(const Api& api, const model::Node& target, const Until& until) {
  if (target.key.kind == NodeKind::account) return observe_account(api, target, until);
  if (target.key.kind == NodeKind::session) return observe_session(api, target, until);
  if (target.key.kind == NodeKind::automation) return observe_automation(api, target, until);
  return seen(Presence::unknown, "a password cannot be read back");
}

Result<CheckReport> check_broker(const Api& api, const base::Clock& clock, const Until& until) {
  CheckReport report;
  const auto missing = [&](NodeKind kind, const std::string& words) {
    report.missing.push_back(words);
    report.gaps.push_back({api.settings().system, kind, words});
  };
  EXEUNT_TRY_ASSIGN(const auto overview, api.get({"overview"}, until));
  if (!overview || !overview->is_object()) {
    return fail(Code::failed_precondition, api.settings().system.text() + ": no management API answers there",
                "enable the plugin rabbitmq_management and let `url` name its port");
  }
  report.version = "RabbitMQ " + base::json_string(overview->as_object(), "rabbitmq_version").value_or("of an unknown version");
  const base::Time before = clock.now();
  EXEUNT_TRY_ASSIGN(const base::Time theirs, api.server_time(until));
  report.clock_offset = theirs - before;
  if (base::json_bool(overview->as_object(), "disable_stats").value_or(false)) {
    missing(NodeKind::session, "statistics are disabled: after a rotation old connections cannot be told from new ones");
  }
  const auto users = all_users(api, until);
  if (!users && users.error().code == Code::permission_denied) {
    missing(NodeKind::account, "our user has no tag administrator: no user can be listed, locked or rotated");
    return report;
  }
  if (!users) return fail(users.error());
  report.rights.push_back("tag administrator: root-equivalent on this broker, for it may give anybody every right");
  for (const User& user : users->users) {
    if (user.name == "guest" && !user.is_shut()) {
      missing(NodeKind::account,
              "the user guest is there: whoever knows its well-known password is let in (from the broker's own host at least)");
    }
  }
  return report;
}

}  // namespace exeunt::connect::rabbitmq
