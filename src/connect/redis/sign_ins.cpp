#include "connect/redis/sign_ins.hpp"

#include <algorithm>

#include "connect/answers.hpp"
#include "connect/redis/acl.hpp"
#include "connect/redis/sessions.hpp"
#include "connect/sign_ins.hpp"

namespace exeunt::connect::redis {

using base::Result;
using model::Completeness;
using model::Node;

namespace {

constexpr int k_rounds_max = 5;
constexpr std::int64_t k_us = 1'000'000;
constexpr std::int64_t k_cached_us = 150'000;  // servers before 7 count ages from a clock that they read ten times a second
constexpr base::Duration k_step{1'000};        // a connection's age is in whole seconds

/// Open connections, and the second of the server's clock that their ages count back from.
struct Aged {
  Sessions sessions;
  base::Time asked, answered, theirs;
  std::int64_t second = 0;
};

Result<std::int64_t> server_us(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Reply info, connection.read({"INFO", "server"}, until));
  if (const auto us = info_number(info.text, "server_time_usec")) return *us;
  return base::fail(base::Code::unavailable, connection.subject() + ": the server does not tell its clock", "see what stands before it");
}

/// Retried until both ends of the reading lie in one second: an instant that moved by one between two readings would be a second sign-in.
Result<std::optional<Aged>> list_aged(Connection& connection, const base::Clock& clock, const Until& until) {
  for (int round = 0; round < k_rounds_max; ++round) {
    Aged out;
    out.asked = clock.now();
    EXEUNT_TRY_ASSIGN(const std::int64_t first, server_us(connection, until));
    out.answered = clock.now();
    EXEUNT_TRY_ASSIGN(out.sessions, list_sessions(connection, until));
    EXEUNT_TRY_ASSIGN(const std::int64_t last, server_us(connection, until));
    out.second = first / k_us;
    out.theirs = base::Time(base::Duration(first / 1'000));
    if (last / k_us == out.second && first % k_us >= k_cached_us) return std::optional(std::move(out));
  }
  return std::optional<Aged>{};
}

bool is_ours(const Client& client, const std::string& run_id, const SignInRequest& request) {
  return std::any_of(request.ours.begin(), request.ours.end(), [&](const Node& node) {
    return fact(node, "client_id") == std::to_string(client.id) && fact(node, "run_id") == run_id;
  });
}

}  // namespace

Result<SignInListing> list_sign_ins(const Settings& settings, const SignInRequest& request, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  SignInListing out;
  EXEUNT_TRY_ASSIGN(const auto aged, list_aged(*connection, clock, until));
  if (!aged) {
    limit_to(out, Completeness::none, "the server answers too slowly to tell in which second a connection began");
    return out;
  }
  out.completeness = Completeness::lower_bound;
  out.reason = "Redis keeps no log of logins: only connections that are open now are told, by when they were opened";
  if (!aged->sessions.cut.empty()) limit_to(out, Completeness::partial, aged->sessions.cut);
  set_clock(out, aged->asked, aged->answered, aged->theirs, k_step);
  for (const Node& account : request.accounts) {
    EXEUNT_TRY_ASSIGN(const std::string name, name_of(account.key.native_id));
    for (const Client& client : aged->sessions.of_user(name)) {
      if (is_ours(client, aged->sessions.run_id, request) || client.age_s < 0 || client.age_s > aged->second) continue;
      const base::Time at(base::Duration((aged->second - client.age_s) * 1'000));
      const std::string what = client.what();
      out.sign_ins.push_back({account.key, account.id(), at, client.endpoint, "connection still open" + (what.empty() ? "" : ", " + what)});
    }
  }
  trim(out, request);
  return out;
}

}  // namespace exeunt::connect::redis
