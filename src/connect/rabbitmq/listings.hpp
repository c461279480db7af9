// What the API lists, read from JSON that nobody vouches for. Password hashes are looked at for being there and go no further. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace exeunt::connect::rabbitmq {

struct User {
  std::string name;
  std::vector<std::string> tags;
  bool has_password = false;
  std::optional<std::int64_t> connections_max;

  [[nodiscard]] bool administrator() const;
  /// No password, and not one connection by any other means of login.
  [[nodiscard]] bool is_shut() const { return !has_password && connections_max == 0; }
};
[[nodiscard]] std::optional<User> parse_user(const base::Json& json);
/// nullopt: one of them is not understood, so the list is not whole.
[[nodiscard]] std::optional<std::vector<User>> parse_users(const base::Json& json);

struct Permission {
  std::string user, vhost, configure, write, read;
};
[[nodiscard]] std::optional<std::vector<Permission>> parse_permissions(const base::Json& json);

/// One open connection. The broker's own table knows it at once; its statistics know more, seconds later.
struct Link {
  std::string name;  // "127.0.0.1:41234 -> 127.0.0.1:5672"
  std::string user, vhost;
  std::optional<std::int64_t> connected_at_ms;  // of the socket, before any login
  /// "127.0.0.1:41234", or the name where it is of another form (a connection inside of the broker).
  [[nodiscard]] std::string endpoint() const;
};
[[nodiscard]] std::optional<std::vector<Link>> parse_links(const base::Json& json);

/// One page of a list that tells how long it is.
struct LinkPage {
  std::vector<Link> links;
  std::int64_t total = 0, pages = 0;
};
[[nodiscard]] std::optional<LinkPage> parse_link_page(const base::Json& json);

/// The connection of each consumer; for people only, so what is not understood is left out.
[[nodiscard]] std::vector<std::string> parse_consumer_links(const base::Json& json);

/// A shovel or federation upstream that logs in somewhere under a name of its own.
struct Automation {
  std::string component, vhost, name;
  std::vector<std::string> users;  // names in its URIs; the passwords beside them are dropped unread
  [[nodiscard]] std::string id() const { return component + "/" + vhost + "/" + name; }
};
[[nodiscard]] std::optional<std::vector<Automation>> parse_parameters(const base::Json& json);
/// Name in "amqp://name:password@host/…"; empty where none stands there.
[[nodiscard]] std::string user_in_uri(std::string_view uri);

}  // namespace exeunt::connect::rabbitmq
