// Who made which role, told from the role statements of a log in their order. A log tells what was asked, by name: renames are followed,
// failed statements do not count, and a claim that the log itself contradicts is marked, for a person could write it on purpose. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "connect/postgresql/csv_log.hpp"
#include "connect/postgresql/ddl_statement.hpp"

namespace exeunt::connect::postgresql {

/// A creation that somebody's session asked for.
struct Claim {
  std::size_t maker = 0;  // life of the role that the session had logged in as
  std::string at;
  std::string after;      // when the name last belonged to somebody else; empty: since before the log
  bool doubtful = false;  // the name was taken, or dropped earlier in this log, or the query failed in part
};
/// A life of a role: from its creation (or from before the log) to its DROP.
struct RoleLife {
  std::vector<Claim> claims;               // none: older than the log, or made where the log does not see
  std::optional<std::size_t> password_by;  // who set its password last, where it was another role
  std::string password_at;
};

class DdlHistory {
 public:
  /// Records in the order of the log, files oldest first.
  void add(const LogRecord& record);
  /// After the last record: works the statements out.
  void finish();
  /// The life that has this name at the end of the log; none when nothing in the log ever named it.
  [[nodiscard]] std::optional<std::size_t> life_of(const std::string& name) const;
  [[nodiscard]] const RoleLife& life(std::size_t index) const { return lives_[index]; }
  [[nodiscard]] const std::string& oldest() const { return oldest_; }

 private:
  struct Event {
    std::string time, login, session, started;
    base::Hash32 text{};  // of the query: it may hold passwords, so it is not kept
    RoleQuery query;
    bool failed = false;
  };
  struct Binding {
    std::string from;                 // time; empty: before the log
    std::optional<std::size_t> life;  // none: dropped
  };
  void apply(const Event& event);
  void create(const std::string& name, const Event& event, std::size_t maker);
  std::size_t life_at(const std::string& name, const std::string& time);
  std::size_t actor(const Event& event);

  std::vector<Event> events_;
  std::map<std::string, std::size_t> last_event_;  // by session
  std::vector<RoleLife> lives_;
  std::map<std::string, std::vector<Binding>> names_;
  std::map<std::string, std::size_t> actors_;  // by session
  std::string oldest_;
};

}  // namespace exeunt::connect::postgresql
