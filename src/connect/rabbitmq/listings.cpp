#include "connect/rabbitmq/listings.hpp"

#include <algorithm>

namespace exeunt::connect::rabbitmq {

using base::Json;
using base::JsonObject;

namespace {

/// Each element by `one`; nullopt as soon as one is not understood.
template <class T, class One>
std::optional<std::vector<T>> each(const Json& json, const One& one) {
  if (!json.is_array()) return std::nullopt;
  std::vector<T> out;
  for (const Json& item : json.as_array()) {
    if (!item.is_object()) return std::nullopt;
    std::optional<T> read = one(item.as_object());
    if (!read) return std::nullopt;
    out.push_back(std::move(*read));
  }
  return out;
}

std::string text_of(const JsonObject& object, std::string_view key) { return base::json_string(object, key).value_or(""); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    if (low < 0) {
      out += text[at];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

std::optional<User> user_of(const JsonObject& object) {
  User user;
  user.name = text_of(object, "name");
  const Json* hash = object.if_contains("password_hash");
  const Json* tags = object.if_contains("tags");
  if (user.name.empty() || hash == nullptr || !hash->is_string() || tags == nullptr) return std::nullopt;
  user.has_password = !hash->as_string().empty();
  if (tags->is_array()) {
    for (const Json& tag : tags->as_array()) {
      if (!tag.is_string()) return std::nullopt;
      user.tags.emplace_back(tag.as_string().c_str());
    }
  } else if (tags->is_string()) {  // brokers before 3.9 say "administrator,monitoring"
    if (!tags->as_string().empty()) user.tags.emplace_back(tags->as_string().c_str());
  } else {
    return std::nullopt;
  }
  if (const auto limits = base::json_object(object, "limits")) {
    if (const auto most = base::json_int(**limits, "max-connections")) user.connections_max = *most;
  }
  return user;
}

std::optional<Link> link_of(const JsonObject& object) {
  Link link{text_of(object, "name"), text_of(object, "user"), text_of(object, "vhost"), std::nullopt};
  if (link.name.empty() || link.user.empty()) return std::nullopt;
  if (const auto at = base::json_int(object, "connected_at")) link.connected_at_ms = *at;
  return link;
}

void add_users(const Json& value, std::vector<std::string>& users) {
  if (value.is_string()) {
    std::string user = user_in_uri(std::string_view(value.as_string().data(), value.as_string().size()));
    if (!user.empty()) users.push_back(std::move(user));
  } else if (value.is_array()) {
    for (const Json& item : value.as_array()) add_users(item, users);
  }
}

}  // namespace

bool User::administrator() const {
  return std::any_of(tags.begin(), tags.end(), [](const std::string& tag) { return tag.find("administrator") != std::string::npos; });
}

std::optional<User> parse_user(const Json& json) { return json.is_object() ? user_of(json.as_object()) : std::nullopt; }
std::optional<std::vector<User>> parse_users(const Json& json) { return each<User>(json, user_of); }

std::optional<std::vector<Permission>> parse_permissions(const Json& json) {
  return each<Permission>(json, [](const JsonObject& object) -> std::optional<Permission> {
    Permission out{text_of(object, "user"), text_of(object, "vhost"), text_of(object, "configure"), text_of(object, "write"),
                   text_of(object, "read")};
    if (out.user.empty() || out.vhost.empty()) return std::nullopt;
    return out;
  });
}

std::string Link::endpoint() const {
  const std::size_t arrow = name.find(" -> ");
  return arrow == std::string::npos ? name : name.substr(0, arrow);
}

std::optional<std::vector<Link>> parse_links(const Json& json) { return each<Link>(json, link_of); }

std::optional<LinkPage> parse_link_page(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const JsonObject& object = json.as_object();
  const auto total = base::json_int(object, "total_count"), pages = base::json_int(object, "page_count");
  const Json* items = object.if_contains("items");
  if (!total || !pages || items == nullptr) return std::nullopt;
  auto links = parse_links(*items);
  if (!links) return std::nullopt;
  return LinkPage{std::move(*links), *total, *pages};
}

std::vector<std::string> parse_consumer_links(const Json& json) {
  std::vector<std::string> out;
  if (!json.is_array()) return out;
  for (const Json& item : json.as_array()) {
    if (!item.is_object()) continue;
    const auto channel = base::json_object(item.as_object(), "channel_details");
    if (channel) out.push_back(text_of(**channel, "connection_name"));
  }
  return out;
}

std::optional<std::vector<Automation>> parse_parameters(const Json& json) {
  return each<Automation>(json, [](const JsonObject& object) -> std::optional<Automation> {
    Automation out{text_of(object, "component"), text_of(object, "vhost"), text_of(object, "name"), {}};
    if (out.component.empty() || out.name.empty()) return std::nullopt;
    if (const auto value = base::json_object(object, "value")) {
      for (const char* key : {"src-uri", "dest-uri", "uri"}) {
        if (const Json* found = (*value)->if_contains(key)) add_users(*found, out.users);
      }
    }
    return out;
  });
}

std::string user_in_uri(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos) return {};
  uri.remove_prefix(scheme + 3);
  uri = uri.substr(0, uri.find_first_of("/?#"));
  const std::size_t at = uri.rfind('@');
  if (at == std::string_view::npos) return {};
  return percent_decode(uri.substr(0, std::min(at, uri.find(':'))));
}

}  // namespace exeunt::connect::rabbitmq
