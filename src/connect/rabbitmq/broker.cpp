#include "connect/rabbitmq/broker.hpp"

#include <algorithm>
#include <set>

namespace exeunt::connect::rabbitmq {

using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

constexpr std::int64_t k_pages_max = 200;  // of 500

tl::unexpected<base::Error> not_understood(const Api& api, std::string_view what) {
  return fail(Code::unavailable, api.settings().system.text() + ": the broker's list of " + std::string(what) + " is not understood",
              "see that this is RabbitMQ 3.10 or later and that nothing stands before it");
}

/// 404 on a list of ours: something else answers.
Result<Json> list(const Api& api, const std::vector<std::string>& segments, std::string_view what, const Until& until) {
  EXEUNT_TRY_ASSIGN(auto json, api.get(segments, until));
  if (!json) return not_understood(api, what);
  return std::move(*json);
}

}  // namespace

Result<std::optional<User>> user_by_name(const Api& api, const std::string& name, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto json, api.get({"users", name}, until));
  if (!json) return std::optional<User>{};
  auto user = parse_user(*json);
  if (!user || user->name != name) return not_understood(api, "users");
  return user;
}

Result<UserListing> all_users(const Api& api, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Json users_json, list(api, {"users"}, "users", until));
  EXEUNT_TRY_ASSIGN(const Json permissions_json, list(api, {"permissions"}, "permissions", until));
  auto users = parse_users(users_json);
  const auto permissions = parse_permissions(permissions_json);
  if (!users || !permissions) return not_understood(api, "users");
  UserListing listing;
  std::set<std::string> names;
  for (const User& user : *users) names.insert(user.name);
  if (names.count(api.settings().user) == 0) listing.cut = "our own user is not in the list";
  for (const Permission& permission : *permissions) {
    if (names.count(permission.user) == 0) listing.cut = "a user that holds permissions is not in the list";
  }
  listing.users = std::move(*users);
  return listing;
}

Result<LinkListing> links_of(const Api& api, const std::string& user, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Json table_json, list(api, {"connections", "username", user}, "connections", until));
  const auto table = parse_links(table_json);
  if (!table) return not_understood(api, "connections");
  LinkListing listing;
  std::vector<Link> statistics;
  std::int64_t total = 0, pages = 1;
  for (int page = 1; page <= std::min<std::int64_t>(pages, k_pages_max); ++page) {
    EXEUNT_TRY_ASSIGN(const auto json, api.get({"connections"}, until, page));
    auto one = json ? parse_link_page(*json) : std::nullopt;
    if (!one) return not_understood(api, "connections");
    total = one->total;
    pages = one->pages;
    statistics.insert(statistics.end(), one->links.begin(), one->links.end());
  }
  if (static_cast<std::int64_t>(statistics.size()) != total) {
    listing.cut = "the broker counts " + std::to_string(total) + " connections and lists " + std::to_string(statistics.size());
  }
  for (Link link : *table) {
    const auto known = std::find_if(statistics.begin(), statistics.end(), [&](const Link& other) { return other.name == link.name; });
    if (known != statistics.end()) link.connected_at_ms = known->connected_at_ms;
    if (link.user != user) listing.cut = "the broker's table of this user's connections names others";
    listing.links.push_back(std::move(link));
  }
  // What the statistics alone know is listed too: they lag behind an end, and so never speak for one.
  for (const Link& link : statistics) {
    const bool both = std::any_of(table->begin(), table->end(), [&](const Link& other) { return other.name == link.name; });
    if (link.user == user && !both) listing.links.push_back(link);
  }
  return listing;
}

}  // namespace exeunt::connect::rabbitmq
