#include "connect/postgresql/wire.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/escape.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::Error;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t k_words_max = 300;
constexpr auto k_int_max = base::Duration(1'000'000);

/// Waits for the socket; false when the time is over.
bool wait_for_socket(PGconn* connection, short events, const Until& until) {
  for (;;) {
    pollfd watched{PQsocket(connection), events, 0};
    const auto left = std::min(until.left(), k_int_max);
    const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno == EINTR) continue;
    return false;
  }
}

std::string one_line(std::string_view text) {
  std::string line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  return base::escape_terminal(line, k_words_max);
}

Code code_of(std::string_view state) {
  struct Row {
    std::string_view state;  // whole, or a class of two characters
    Code code;
  };
  static constexpr Row k_rows[] = {
      {"42501", Code::permission_denied},
      {"42704", Code::not_found},
      {"3D000", Code::not_found},
      {"42710", Code::already_exists},
      {"2BP01", Code::failed_precondition},
      {"25006", Code::failed_precondition},
      {"55P03", Code::unavailable},
      {"57014", Code::unavailable},
      {"XX000", Code::unavailable},
      {"28", Code::permission_denied},
      {"40", Code::unavailable},
      {"53", Code::resource_exhausted},
      {"55", Code::failed_precondition},
      {"57", Code::unavailable},
      {"0A", Code::unimplemented},
      {"42", Code::failed_precondition},
      {"22", Code::invalid_argument},
  };
  for (const Row& row : k_rows) {
    if (state.starts_with(row.state)) return row.code;
  }
  return Code::failed_precondition;
}

std::string_view next_of(Code code) {
  switch (code) {
    case Code::permission_denied: return "run `exeunt systems check` to see which right of our role is missing";
    case Code::unavailable: return "repeat later";
    case Code::resource_exhausted: return "make room on the server (connections, disk), then repeat";
    default: return "see the server's log for the statement";
  }
}

/// The five characters of "FATAL:  28000: …". The severity is translated, the form is not; what stands before it is ours (host, port), so
/// a hostile role name, which comes later, never decides.
std::string state_in(std::string_view message) {
  constexpr std::size_t k_length = 5;
  for (std::size_t at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
    const std::string_view rest = message.substr(at + 3);
    if (rest.size() <= k_length || rest[k_length] != ':') continue;
    const std::string_view state = rest.substr(0, k_length);
    const bool is_state = std::all_of(state.begin(), state.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (is_state) return std::string(state);
  }
  return {};
}

/// "InitializeSessionUserId" of "LOCATION:  InitializeSessionUserId, miscinit.c:821": the last one, for the server writes it after the name.
std::string place_in(std::string_view message) {
  const std::size_t line = message.rfind("\nLOCATION:  ");
  if (line == std::string_view::npos) return {};
  const std::string_view rest = message.substr(line + 12);
  return std::string(rest.substr(0, rest.find_first_of(",\n")));
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result) {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
int Rows::size() const { return result_ ? PQntuples(result_.get()) : 0; }
std::string Rows::command() const { return result_ ? PQcmdStatus(result_.get()) : ""; }
bool Rows::is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
std::string Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}
std::int64_t Rows::number(int row, int column) const {
  const std::string value = text(row, column);
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

void Connection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }
Connection::Connection(pg_conn* connection, std::string subject) : connection_(connection), subject_(std::move(subject)) {}
bool Connection::closed() const { return PQstatus(connection_.get()) == CONNECTION_BAD; }
int Connection::version() const { return PQserverVersion(connection_.get()); }

Error Connection::lost(Kind kind, std::string_view why) const {
  const bool change = kind == Kind::change;
  return {change ? Code::outcome_unknown : Code::unavailable,
          subject_ + ": the answer did not arrive (" + std::string(why) + ")" + (change ? "; the change may have taken effect" : ""),
          change ? "observe before anything else" : "repeat when the server is reachable"};
}

Result<Rows> Connection::rows_or_error(pg_result* result, Kind kind) {
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  // "SELECT 29" with 28 rows before it: something between us and the server has cut the listing.
  if (status == PGRES_TUPLES_OK && std::to_string(rows.size()) != PQcmdTuples(result)) return fail(lost(kind, "rows are missing"));
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) return fail(lost(kind, one_line(PQerrorMessage(connection_.get()))));
  last_state_ = state;
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string words = one_line(primary == nullptr ? "" : primary) + " (" + last_state_ + ")";
  // FATAL ends the connection; whether a commit came before it is not said.
  if (severity != nullptr && std::string_view(severity) != "ERROR") return fail(lost(kind, words));
  const Code code = code_of(last_state_);
  return fail(code, subject_ + ": the server refused: " + words, std::string(next_of(code)));
}

namespace {
bool has_state(const PGresult* result) { return PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr; }
}  // namespace

Result<Rows> Connection::run(Kind kind, std::string_view sql, const std::vector<std::string>& values, const Until& until, Format format) {
  PGconn* connection = connection_.get();
  last_state_.clear();
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const std::string& value : values) texts.push_back(value.c_str());
  const std::string statement(sql);
  if (PQsendQueryParams(connection, statement.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(), nullptr, nullptr,
                        format == Format::binary ? 1 : 0) == 0) {
    return fail(lost(kind, one_line(PQerrorMessage(connection))));
  }
  PGresult* last = nullptr;
  for (;;) {
    while (PQisBusy(connection) != 0) {
      if (!wait_for_socket(connection, POLLIN, until)) {
        PQclear(last);
        return fail(lost(kind, "no answer within the time limit"));
      }
      if (PQconsumeInput(connection) == 0) break;
    }
    PGresult* result = PQgetResult(connection);
    if (result == nullptr) break;
    // What the server says as it ends a session comes before libpq's own word that the connection is closed, and is the reason.
    if (has_state(last) && !has_state(result)) std::swap(last, result);
    PQclear(last);
    last = result;
  }
  if (last == nullptr) return fail(lost(kind, "connection closed"));
  return rows_or_error(last, kind);
}

Status Connection::change(std::string_view sql, const Until& until) {
  EXEUNT_TRY(run(Kind::change, sql, {}, until));
  return {};
}

Status Connection::commit(const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows answer, run(Kind::change, "COMMIT", {}, until));
  // A transaction that had failed answers COMMIT with ROLLBACK, and no error.
  if (answer.command() == "COMMIT") return {};
  return fail(Code::aborted, subject_ + ": the server rolled the change back", "repeat");
}

namespace {
Result<std::string> escaped(char* text, const std::string& subject) {
  if (text == nullptr) {
    return fail(Code::failed_precondition, subject + ": a name is not valid in the server's encoding", "rename the role, then repeat");
  }
  std::string out(text);
  PQfreemem(text);
  return out;
}
}  // namespace

Result<std::string> Connection::identifier(std::string_view name) const {
  return escaped(PQescapeIdentifier(connection_.get(), name.data(), name.size()), subject_);
}
Result<std::string> Connection::literal(std::string_view text) const {
  return escaped(PQescapeLiteral(connection_.get(), text.data(), text.size()), subject_);
}

Result<std::string> Connection::scram_verifier(const base::Secret& value, const std::string& role) const {
  char* verifier = PQencryptPasswordConn(connection_.get(), value.reveal().c_str(), role.c_str(), "scram-sha-256");
  if (verifier == nullptr)
    return fail(Code::internal, subject_ + ": no SCRAM verifier could be made", "see whether the value is empty or too long");
  std::string out(verifier);
  PQfreemem(verifier);
  return out;
}

LoginAnswer log_in(const Settings& settings, const Login& login, const Until& until) {
  // Every source of a foreign credential is shut: ~/.pgpass, ~/.postgresql, service files, Kerberos tickets. search_path keeps hostile
  // functions in `public` out of our statements.
  const std::string port = std::to_string(settings.port);
  const char* keys[] = {
      "host",   "port",     "user",       "password",         "dbname",          "sslmode", "sslrootcert",     "sslcert", "sslkey",
      "sslcrl", "passfile", "gssencmode", "application_name", "client_encoding", "options", "keepalives_idle", nullptr};
  const char* values[] = {settings.host.c_str(),
                          port.c_str(),
                          login.role.c_str(),
                          login.password != nullptr ? login.password->reveal().c_str() : "",
                          login.database.c_str(),
                          "verify-full",
                          settings.ca_file.c_str(),
                          "/dev/null/none",
                          "/dev/null/none",
                          "/dev/null/none",
                          "/dev/null/none",
                          "disable",
                          "exeunt",
                          "UTF8",
                          "-c search_path=pg_catalog -c lock_timeout=3000 -c statement_timeout=60000 "
                          "-c idle_in_transaction_session_timeout=60000 -c standard_conforming_strings=on",
                          "10",
                          nullptr};
  LoginAnswer answer;
  PGconn* raw = PQconnectStartParams(keys, values, 0);
  if (raw == nullptr) {
    answer.words = "out of memory";
    return answer;
  }
  auto connection = std::make_unique<Connection>(raw, settings.system.text());
  PQsetErrorVerbosity(raw, PQERRORS_VERBOSE);
  // libpq prints notices on stderr otherwise: hostile text, unescaped.
  PQsetNoticeReceiver(raw, [](void*, const PGresult*) {}, nullptr);
  PostgresPollingStatusType status = PQstatus(raw) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
    if (!wait_for_socket(raw, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
      answer.words = "no answer within the time limit";
      return answer;
    }
    status = PQconnectPoll(raw);
  }
  if (status == PGRES_POLLING_OK) {
    answer.end = LoginEnd::open;
    answer.words = "logged in";
    answer.connection = std::move(connection);
    return answer;
  }
  const std::string message = PQerrorMessage(raw);
  answer.state = state_in(message);
  answer.place = place_in(message);
  answer.words = one_line(message);
  answer.end = answer.state.empty() ? LoginEnd::no_answer : LoginEnd::server_refused;
  return answer;
}

Result<std::unique_ptr<Connection>> open_own(const Settings& settings, const std::string& database, const Until& until) {
  LoginAnswer answer = log_in(settings, {settings.role, &settings.password, database}, until);
  if (answer.end == LoginEnd::open) return std::move(answer.connection);
  const std::string subject = settings.system.text() + ": ";
  if (answer.end == LoginEnd::server_refused) {
    const bool ours = answer.state.starts_with("28");
    const Code code = ours                                                 ? Code::permission_denied
                      : answer.state == "42501" || answer.state == "55000" ? Code::permission_denied
                      : answer.state == "3D000"                            ? Code::not_found
                      : answer.state.starts_with("53")                     ? Code::resource_exhausted
                                                                           : Code::unavailable;
    return fail(code, subject + "login of our own role was refused: " + answer.words,
                ours ? "check the role and the credential named in exeunt.yaml and pg_hba.conf, then run `exeunt systems check`"
                     : "repeat later, or see the server's log");
  }
  if (answer.words.find("does not match host name") != std::string::npos) {
    return fail(Code::unavailable, subject + "TLS name mismatch, nothing was sent: " + answer.words,
                "set `host` to the name in the server's certificate, or give the server a certificate for that name");
  }
  const bool tls = answer.words.find("SSL") != std::string::npos || answer.words.find("certificate") != std::string::npos;
  return fail(Code::unavailable, subject + (tls ? "no trusted TLS connection: " : "not reachable: ") + answer.words,
              tls ? "check ca_file and that the server has ssl = on" : "see that the server runs and that host and port are right");
}

}  // namespace exeunt::connect::postgresql
