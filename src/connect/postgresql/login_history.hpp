// Who got in, from records of the csvlog. "connection authorized" alone is none: the server writes it before it looks at LOGIN, at the database
// and at limits, and what it then refuses it says in a FATAL of the same session, while that is still starting. Pure; names are hostile.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "connect/postgresql/csv_log.hpp"

namespace exeunt::connect::postgresql {

struct AuthorizedLogin {
  std::string role;
  std::string endpoint;
  std::string session;  // "6b00ac21.27fa": start in seconds and pid, in hex
  std::string database;
  base::Time at{};  // when it was authorized
};

/// The record's instant; nullopt: its session id or one of its times is not understood. Times of the log are local to its time zone; the session's
/// start stands in the record both so and, in its id, in seconds since 1970: that tells the zone.
[[nodiscard]] std::optional<base::Time> instant_of(const LogRecord& record);

class LoginHistory {
 public:
  /// Logins of these roles only; none that asked for the database `but`.
  LoginHistory(std::set<std::string> roles, std::string but) : roles_(std::move(roles)), but_(std::move(but)) {}
  void add(const LogRecord& record);
  /// Sorted by instant. Those from `not_yet` on are left out: a refusal of them may not be written yet.
  [[nodiscard]] std::vector<AuthorizedLogin> logins(base::Time not_yet) const;
  [[nodiscard]] std::optional<base::Time> first() const { return first_; }  // instant of the first record: how far back the log reaches
  [[nodiscard]] std::size_t left_out() const { return left_out_; }          // more than are kept

 private:
  std::set<std::string> roles_;
  std::string but_;
  std::map<std::string, AuthorizedLogin> by_session_;
  std::optional<base::Time> first_;
  std::size_t left_out_ = 0;
};

}  // namespace exeunt::connect::postgresql
