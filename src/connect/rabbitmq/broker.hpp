// Reads of one broker that several parts need: a user, everybody, open connections.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connect/rabbitmq/api.hpp"
#include "connect/rabbitmq/listings.hpp"

namespace exeunt::connect::rabbitmq {

[[nodiscard]] base::Result<std::optional<User>> user_by_name(const Api& api, const std::string& name, const Until& until);
struct UserListing {
  std::vector<User> users;
  std::string cut;  // why it may not be whole; empty: whole
};
/// Every user, checked against our own and against whoever holds a permission.
[[nodiscard]] base::Result<UserListing> all_users(const Api& api, const Until& until);

struct LinkListing {
  std::vector<Link> links;
  std::string cut;
};
/// Connections of that user: the broker's own table (no lag), and the statistics, which know when each began.
[[nodiscard]] base::Result<LinkListing> links_of(const Api& api, const std::string& user, const Until& until);

}  // namespace exeunt::connect::rabbitmq
