#include "connect/postgresql/created_roles.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/escape.hpp"
#include "connect/postgresql/server_log.hpp"

namespace exeunt::connect::postgresql {

using base::Result;
using model::Completeness;

namespace {

constexpr std::int64_t k_total_bytes_max = 1024LL * 1024 * 1024;
constexpr std::size_t k_names_shown_max = 10;
constexpr std::size_t k_name_columns_max = 64;

std::uint32_t number(const std::string& oid) {
  std::uint32_t value = 0;
  std::from_chars(oid.data(), oid.data() + oid.size(), value);
  return value;
}

std::string shown(const std::string& name) { return "\"" + base::escape_terminal(name, k_name_columns_max) + "\""; }

/// A role that can log in, or could until its login was taken away.
bool is_account(const Role& role) { return role.login || !role.valid_until.empty(); }

/// A role whose creation is beyond doubt: its OID shows when in the count of OIDs an instant of the log was.
struct Mark {
  std::string at;
  std::uint32_t oid = 0;
};

std::vector<Mark> marks_of(const DdlHistory& history, const std::vector<Role>& all) {
  std::vector<Mark> marks;
  for (const Role& role : all) {
    const auto life = history.life_of(role.name);
    if (!life) continue;
    const std::vector<Claim>& claims = history.life(*life).claims;
    if (claims.size() == 1 && !claims.front().doubtful) marks.push_back({claims.front().at, number(role.oid)});
  }
  return marks;
}

/// OIDs are given out in rising order. A role older than one that was certainly made after the name was last somebody else's is that
/// earlier life: the doubtful creation did not happen. Without such a witness nothing is shown.
bool is_proven(const Claim& claim, std::uint32_t oid, const std::vector<Mark>& marks) {
  const auto fits = [&](const Mark& mark) { return mark.at > claim.at || mark.oid < oid; };
  const auto shows = [&](const Mark& mark) { return mark.at > claim.after && mark.at <= claim.at && mark.oid < oid; };
  return std::all_of(marks.begin(), marks.end(), fits) && std::any_of(marks.begin(), marks.end(), shows);
}

enum class Origin { hers, others, unknown };
Origin origin_of(const RoleLife& life, std::size_t maker, std::uint32_t oid, const std::vector<Mark>& marks) {
  Origin origin = Origin::unknown;
  for (const Claim& claim : life.claims) {
    if (claim.doubtful && !is_proven(claim, oid, marks)) {
      // Somebody else's doubtful claim never takes a role from her; her own never gives her one, but leaves the question open.
      if (claim.maker == maker && origin != Origin::hers) origin = Origin::unknown;
      continue;
    }
    origin = claim.maker == maker ? Origin::hers : Origin::others;
  }
  return origin;
}

std::string names_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t at = 0; at < names.size() && at < k_names_shown_max; ++at) out += (at == 0 ? "" : ", ") + shown(names[at]);
  if (names.size() > k_names_shown_max) out += " and " + std::to_string(names.size() - k_names_shown_max) + " more";
  return out;
}

Result<DdlHistory> read_history(Connection& connection, const Until& until, std::string& unreadable) {
  EXEUNT_TRY(ddl_is_logged(connection, until));
  EXEUNT_TRY_ASSIGN(const std::vector<LogFile> files, log_files(connection, until));
  DdlHistory history;
  CsvLogReader reader([&history](const LogRecord& record) { history.add(record); });
  std::int64_t total = 0;
  for (const LogFile& file : files) total += file.bytes;
  for (const LogFile& file : files) {
    // The oldest files are left out when there is more than one case may read.
    if (total > k_total_bytes_max) {
      total -= file.bytes;
      continue;
    }
    EXEUNT_TRY(read_log_file(connection, file, reader, until));
  }
  history.finish();
  if (reader.broken() > 1) unreadable = std::to_string(reader.broken()) + " records of the log are broken";
  return history;
}

}  // namespace

CreatedRoles CreationHistory::made_by(const Role& maker, const std::vector<Role>& all) const {
  CreatedRoles created;
  const auto her = history_.life_of(maker.name);
  const std::vector<Mark> marks = marks_of(history_, all);
  std::vector<std::string> unknown;
  for (const Role& role : all) {
    if (role.oid == maker.oid || !is_account(role)) continue;
    const auto life = history_.life_of(role.name);
    // Whoever is older than she is was not made by her, whatever a log says.
    const bool younger = number(role.oid) > number(maker.oid);
    const Origin origin = !younger ? Origin::others
                          : !life  ? Origin::unknown
                                   : origin_of(history_.life(*life), her.value_or(SIZE_MAX), number(role.oid), marks);
    if (origin == Origin::hers) created.roles.push_back(role);
    if (origin == Origin::unknown) unknown.push_back(role.name);
    if (life && origin != Origin::hers && her && history_.life(*life).password_by == her) {
      created.gaps.push_back("she set the password of role " + shown(role.name) + " at " + history_.life(*life).password_at +
                             ": have its owner set a new one");
    }
  }
  // Without an unclaimed younger role there is nothing that the log could have told: the listing is full even where it was not read.
  created.completeness = unknown.empty() ? Completeness::full : Completeness::lower_bound;
  if (unknown.empty()) return created;
  if (!unreadable_.empty()) created.reason = "the server's log was not read (" + unreadable_ + "); ";
  created.reason += "younger login roles without a CREATE ROLE statement in the log (which begins " +
                    (history_.oldest().empty() ? "nowhere" : history_.oldest()) + "): " + names_of(unknown);
  created.gaps.push_back(
      "who made these roles is not known, it may have been her (a DO block or a function leaves no statement in the log): " +
      names_of(unknown) + "; ask their owners");
  return created;
}

CreationHistory read_creations(const Settings& settings, const Until& until) {
  if (!settings.ddl_log) return {};
  // A connection of its own: one that is given up in the middle of an answer serves no other question.
  const Until part = until.half();
  auto connection = open_own(settings, settings.maintenance_database, part);
  if (!connection) return {DdlHistory{}, connection.error().text()};
  std::string unreadable;
  auto history = read_history(**connection, part, unreadable);
  if (!history) return {DdlHistory{}, history.error().text()};
  return {std::move(*history), std::move(unreadable)};
}

}  // namespace exeunt::connect::postgresql
