#include "connect/postgresql/login_history.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::postgresql {
namespace {

const std::string k_session = "692874e0.27fa";  // 2025-11-27 15:57:20 UTC

LogRecord record(const std::string& message, const std::string& session = k_session) {
  LogRecord out{"2025-11-27 16:57:21.250 CET",
                "her",
                "10.0.0.1:501",
                session,
                "2025-11-27 16:57:20 CET",
                "00000",
                message,
                "",
                "sales",
                "LOG",
                "authentication"};
  return out;
}
LogRecord fatal(const std::string& state, const std::string& doing) {
  LogRecord out = record("some words");
  out.state = state;
  out.severity = "FATAL";
  out.doing = doing;
  return out;
}
std::vector<AuthorizedLogin> of(const std::vector<LogRecord>& records, const std::string& but = "gate") {
  LoginHistory history({"her"}, but);
  for (const auto& one : records) history.add(one);
  return history.logins(base::Time::max());
}
const LogRecord k_in = record("connection authorized: user=her database=sales SSL enabled");

TEST_CASE("login_history: a login has the instant at which it was authorized, whatever the zone of the log") {
  const auto logins = of({record("connection received: host=10.0.0.1 port=501"), k_in, record("statement: CREATE ROLE x")});
  REQUIRE(logins.size() == 1);
  CHECK(base::to_rfc3339(logins[0].at) == "2025-11-27T15:57:21.250Z");
  CHECK(logins[0].endpoint == "10.0.0.1:501");
  CHECK(logins[0].database == "sales");
}

TEST_CASE("login_history: what is refused while it starts was authorized and is no login; what ends a session later takes none back") {
  struct Row {
    std::string what;
    LogRecord after;
    std::size_t logins;
  };
  const LogRecord other_session = [] {
    LogRecord out = fatal("28000", "startup");
    out.session = "692874e0.27fb";
    return out;
  }();
  for (const Row& row : {Row{"NOLOGIN", fatal("28000", "startup"), 0}, Row{"no such database", fatal("3D000", "startup"), 0},
                         Row{"no CONNECT right", fatal("42501", "startup"), 0}, Row{"limit", fatal("53300", "startup"), 0},
                         Row{"without process titles", fatal("28000", ""), 0}, Row{"ended by an administrator", fatal("57P01", "idle"), 1},
                         Row{"idle for too long", fatal("57P05", "idle"), 1}, Row{"another session is refused", other_session, 1}}) {
    CAPTURE(row.what);
    CHECK(of({k_in, row.after}).size() == row.logins);
  }
}

TEST_CASE("login_history: a gate that opens nothing, another role, forged words and records that are not understood are no logins") {
  LogRecord other = k_in, broken = k_in, forged = record("statement: connection authorized: user=her"), zoneless = k_in;
  other.login = "him";
  broken.session = "nonsense";
  zoneless.time = "2025-11-27";
  for (const LogRecord& one : {other, broken, forged, zoneless}) CHECK(of({one}).empty());
  CHECK(of({k_in}, "sales").empty());
}

TEST_CASE("login_history: the newest wait until a refusal of them would be written, and the first record tells how far back it goes") {
  LoginHistory history({"her"}, "");
  history.add(k_in);
  const auto at = history.logins(base::Time::max()).front().at;
  CHECK(history.logins(at).empty());
  CHECK(history.logins(at + base::Duration{1}).size() == 1);
  CHECK(history.first() == at);
}

}  // namespace
}  // namespace exeunt::connect::postgresql
