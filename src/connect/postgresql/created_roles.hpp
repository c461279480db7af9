// Roles that a person created, from the server's log of DDL statements: PostgreSQL itself does not remember who made a role.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connect/postgresql/ddl_history.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/wire.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::connect::postgresql {

struct CreatedRoles {
  std::vector<Role> roles;
  model::Completeness completeness = model::Completeness::none;
  std::string reason;
  std::vector<std::string> gaps;  // what a person has to look at
};

/// What the log says, joined with the roles that exist now.
class CreationHistory {
 public:
  CreationHistory() = default;
  CreationHistory(DdlHistory history, std::string unreadable) : history_(std::move(history)), unreadable_(std::move(unreadable)) {}
  /// `full` only when every younger login role has its CREATE ROLE statement in the log, so that none can be hers unseen.
  [[nodiscard]] CreatedRoles made_by(const Role& maker, const std::vector<Role>& all) const;

 private:
  DdlHistory history_;
  std::string unreadable_ = "no DDL log is configured (ddl_log)";  // why the log says nothing; empty: it was read
};

/// Reads all log files that the server still has, in at most half of the time left. Never fails: what could not be read is in the answers'
/// reasons.
[[nodiscard]] CreationHistory read_creations(const Settings& settings, const Until& until);

}  // namespace exeunt::connect::postgresql
