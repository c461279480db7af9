#include "connect/postgresql/sign_ins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "connect/answers.hpp"
#include "connect/postgresql/login_history.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/server_log.hpp"
#include "connect/postgresql/sessions.hpp"
#include "connect/sign_ins.hpp"

namespace exeunt::connect::postgresql {

using base::Result;
using base::Status;
using model::Completeness;

namespace {

constexpr std::int64_t k_bytes_max = 64LL * 1024 * 1024;
constexpr base::Duration k_refusal_written_within{1'000};
constexpr base::Duration k_step{1};

/// PostgreSQL's %c of a session whose start and pid an inventory told.
std::string session_of(const model::Node& node) {
  const auto number = [&](const char* name) {
    std::uint64_t value = 0;
    const std::string text = fact(node, name);
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  return fmt::format("{:x}.{:x}", number("started") / 1'000'000, number("pid"));
}

struct Place {
  Connection& connection;
  const Settings& settings;
  const SignInRequest& request;
  const Until& until;
  base::Time server_now;
};

void add(SignInListing& listing, const model::Node& account, base::Time at, const std::string& from, const std::string& database) {
  listing.sign_ins.push_back({account.key, account.id(), at, from, "session on database " + database});
}

/// The files that may hold something since the departure, newest first up to the bound; says where that is not all.
std::vector<LogFile> files_of(const std::vector<LogFile>& all, SignInListing& listing, const SignInRequest& request) {
  std::vector<LogFile> out;
  std::int64_t bytes = 0;
  for (auto file = all.rbegin(); file != all.rend(); ++file) {
    if (is_before_since(listing, request, base::Time(base::Duration(file->written_ms)))) break;
    bytes += file->bytes;
    if (bytes > k_bytes_max && !out.empty()) {
      limit_to(listing, Completeness::partial, "the csvlog is longer than is read at once: only its newest files");
      break;
    }
    out.insert(out.begin(), *file);
  }
  return out;
}

Status from_log(SignInListing& listing, const Place& place, const std::vector<LogFile>& all) {
  std::map<std::string, const model::Node*> by_role;
  std::set<std::string> roles, ours;
  for (const auto& account : place.request.accounts) {
    EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(place.connection, account.key.native_id, place.until));
    const std::string name = role ? role->name : fact(account, "role");
    if (name.empty()) continue;
    by_role.emplace(name, &account);
    roles.insert(name);
  }
  for (const auto& node : place.request.ours) ours.insert(session_of(node));
  const std::vector<LogFile> files = files_of(all, listing, place.request);
  LoginHistory history(roles, place.settings.login_gate_database);
  CsvLogReader reader([&history](const LogRecord& record) { history.add(record); });
  for (const auto& file : files) EXEUNT_TRY(read_log_file(place.connection, file, reader, place.until));
  // What was written last may be half a record.
  if (reader.broken() > 1) limit_to(listing, Completeness::partial, fmt::format("{} records of the csvlog are broken", reader.broken()));
  if (history.left_out() > 0) limit_to(listing, Completeness::partial, fmt::format("{} logins were too many to keep", history.left_out()));
  const bool older_files = files.size() < all.size();
  if (!older_files && (!history.first() || !is_before_since(listing, place.request, *history.first())))
    limit_to(listing, Completeness::partial,
             history.first() ? "the csvlog reaches back to " + base::to_rfc3339(*history.first()) + " only" : "the csvlog is empty");
  for (const auto& login : history.logins(place.server_now - k_refusal_written_within))
    if (!ours.contains(login.session)) add(listing, *by_role.at(login.role), login.at, login.endpoint, login.database);
  return {};
}

Status from_sessions(SignInListing& listing, const Place& place) {
  EXEUNT_TRY_ASSIGN(const bool sees_all, sees_all_sessions(place.connection, place.until));
  if (!sees_all) limit_to(listing, Completeness::none, "our role has no pg_read_all_stats: whose session began when it does not see");
  for (const auto& account : place.request.accounts) {
    EXEUNT_TRY_ASSIGN(const auto sessions, sessions_of(place.connection, account.key.native_id, place.until));
    for (const auto& session : sessions) {
      const bool ours = std::any_of(place.request.ours.begin(), place.request.ours.end(), [&](const model::Node& node) {
        return fact(node, "pid") == session.pid && fact(node, "started") == session.started;
      });
      std::int64_t us = 0;
      std::from_chars(session.started.data(), session.started.data() + session.started.size(), us);
      if (!ours && us > 0) add(listing, account, base::Time(base::Duration(us / 1000)), session.endpoint, session.database);
    }
  }
  return {};
}

Result<bool> logs_connections(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT current_setting('log_connections') = 'on', current_setting('lc_messages')", {}, until));
  const std::string language = rows.text(0, 1);
  return rows.truth(0, 0) &&
         (language.empty() || language == "POSIX" || language == "C" || language.starts_with("C.") || language.starts_with("en"));
}

}  // namespace

Result<SignInListing> list_sign_ins(const Settings& settings, const SignInRequest& request, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  SignInListing out;
  out.completeness = Completeness::full;
  const base::Time asked = clock.now();
  EXEUNT_TRY_ASSIGN(const std::int64_t now_us, server_time_us(*connection, until));
  const base::Time server_now(base::Duration(now_us / 1000));
  set_clock(out, asked, clock.now(), server_now, k_step);
  const Place place{*connection, settings, request, until, server_now};
  EXEUNT_TRY_ASSIGN(const bool logged, logs_connections(*connection, until));
  auto files =
      logged ? log_files(*connection, until)
             : base::fail(base::Code::failed_precondition, "the server does not log connections in English", "set log_connections = on");
  if (files) {
    EXEUNT_TRY(from_log(out, place, *files));
  } else {
    limit_to(out, Completeness::lower_bound, files.error().text() + ": only sessions that are open now are told");
    EXEUNT_TRY(from_sessions(out, place));
  }
  trim(out, request);
  return out;
}

}  // namespace exeunt::connect::postgresql
