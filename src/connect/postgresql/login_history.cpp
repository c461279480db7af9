#include "connect/postgresql/login_history.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace exeunt::connect::postgresql {

namespace {

constexpr std::size_t k_logins_max = 100'000;
constexpr std::string_view k_authorized = "connection authorized: ";
constexpr std::string_view k_replication_authorized = "replication connection authorized: ";

/// "2026-11-20 20:22:57.075 CET" as if it were UTC.
std::optional<base::Time> as_if_utc(std::string_view local) {
  const auto end = local.rfind(' ');
  if (end == std::string_view::npos || local.size() < 19 || end < 19) return std::nullopt;
  std::string text(local.substr(0, end));
  text[10] = 'T';
  const auto time = base::from_rfc3339(text + "Z");
  return time ? std::optional<base::Time>(*time) : std::nullopt;
}

std::optional<base::Time> start_in(const std::string& session) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(session.data(), session.data() + session.size(), seconds, 16);
  const bool whole = error == std::errc{} && end != session.data() + session.size() && *end == '.';
  if (!whole || seconds <= 0 || seconds > 100'000'000'000) return std::nullopt;
  return base::Time(base::Duration(seconds * 1000));
}

bool is_refused_at_start(const LogRecord& record) {
  if (record.severity != "FATAL") return false;
  const bool starting = record.doing == "startup" || record.doing == "authentication" || record.doing == "initializing";
  // Without process titles nobody tells what it was at: these states only stand at a start.
  return starting || record.state == "28000" || record.state == "28P01" || record.state == "3D000" || record.state == "53300";
}

}  // namespace

std::optional<base::Time> instant_of(const LogRecord& record) {
  const auto written = as_if_utc(record.time);
  const auto started = as_if_utc(record.started);
  const auto start = start_in(record.session);
  if (!written || !started || !start) return std::nullopt;
  return *written - (*started - *start);
}

void LoginHistory::add(const LogRecord& record) {
  if (!first_) first_ = instant_of(record);
  if (!roles_.contains(record.login)) return;
  if (is_refused_at_start(record)) {
    by_session_.erase(record.session);
    return;
  }
  if (!record.message.starts_with(k_authorized) && !record.message.starts_with(k_replication_authorized)) return;
  const auto at = instant_of(record);
  if (!at || (!but_.empty() && record.database == but_)) return;
  if (by_session_.size() >= k_logins_max) {
    ++left_out_;
    return;
  }
  by_session_[record.session] = {record.login, record.endpoint, record.session, record.database, *at};
}

std::vector<AuthorizedLogin> LoginHistory::logins(base::Time not_yet) const {
  std::vector<AuthorizedLogin> out;
  for (const auto& [session, login] : by_session_)
    if (login.at < not_yet) out.push_back(login);
  std::stable_sort(out.begin(), out.end(), [](const AuthorizedLogin& a, const AuthorizedLogin& b) { return a.at < b.at; });
  return out;
}

}  // namespace exeunt::connect::postgresql
