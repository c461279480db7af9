// CLIENT LIST as text: one line a connection. Pure; names in it are chosen by whoever connects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exeunt::connect::redis {

struct Client {
  std::int64_t id = 0;   // never used again while the server runs; from 1 after a restart
  std::string endpoint;  // "127.0.0.1:41234"; a Unix socket's path and ":0"
  std::string name;      // what the client calls itself
  std::string user;
  std::int64_t age_s = -1;  // since the connection was opened, before any login; -1: not said
  std::string flags;        // N normal, P subscriber, b blocked, O monitor, S replica, M master, x in MULTI, t tracking, U Unix socket

  [[nodiscard]] bool is_master_link() const { return flags.find('M') != std::string::npos; }
  /// What the session does, for people: "subscriber, blocked".
  [[nodiscard]] std::string what() const;
};

/// nullopt: not understood (a field that stands twice, no id, no user).
[[nodiscard]] std::optional<Client> parse_client(std::string_view line);
struct ClientListing {
  std::vector<Client> clients;
  int broken = 0;  // lines that were not understood
};
[[nodiscard]] ClientListing parse_client_list(std::string_view text);

/// "value" of "\r\nkey:value\r\n" in an answer of INFO; empty where it does not stand there.
[[nodiscard]] std::string info_value(std::string_view info, std::string_view key);
[[nodiscard]] std::optional<std::int64_t> info_number(std::string_view info, std::string_view key);

}  // namespace exeunt::connect::redis
