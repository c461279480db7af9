// One connection to a PostgreSQL server over libpq: TLS with the server's name verified, a time limit on every wait, SQLSTATE on every
// refusal. Everything in this folder talks to the server through here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connect/postgresql/settings.hpp"
#include "connect/until.hpp"

struct pg_conn;
struct pg_result;

namespace exeunt::connect::postgresql {

/// Rows of one answer; values as text (or bytes where they were asked for in binary).
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result);
  [[nodiscard]] int size() const;
  [[nodiscard]] std::string command() const;                  // "COMMIT"
  [[nodiscard]] std::string text(int row, int column) const;  // NULL: empty
  [[nodiscard]] bool is_null(int row, int column) const;
  [[nodiscard]] bool truth(int row, int column) const { return text(row, column) == "t"; }
  [[nodiscard]] std::int64_t number(int row, int column) const;  // NULL or no number: 0

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// A read that loses its connection had no effect (unavailable); a change that does may have had (outcome_unknown).
enum class Kind { read, change };
enum class Format { text, binary };

class Connection {
 public:
  Connection(pg_conn* connection, std::string subject);
  /// One statement, values bound as $1, $2 …. Errors by SQLSTATE: permission_denied (42501), not_found, failed_precondition,
  /// resource_exhausted, unavailable for what the server certainly rolled back, and by `kind` for a lost connection.
  [[nodiscard]] base::Result<Rows> run(Kind kind, std::string_view sql, const std::vector<std::string>& values, const Until& until,
                                       Format format = Format::text);
  [[nodiscard]] base::Result<Rows> read(std::string_view sql, const std::vector<std::string>& values, const Until& until) {
    return run(Kind::read, sql, values, until);
  }
  [[nodiscard]] base::Status change(std::string_view sql, const Until& until);
  [[nodiscard]] base::Status commit(const Until& until);
  /// "…" by the server's encoding; failed_precondition for a name that is not valid in it.
  [[nodiscard]] base::Result<std::string> identifier(std::string_view name) const;
  [[nodiscard]] base::Result<std::string> literal(std::string_view text) const;
  /// SCRAM verifier made on this side: the clear value never reaches the server, a statement or a log.
  [[nodiscard]] base::Result<std::string> scram_verifier(const base::Secret& value, const std::string& role) const;
  [[nodiscard]] const std::string& subject() const { return subject_; }
  [[nodiscard]] int version() const;  // 150018
  /// The server, or something between, has closed it.
  [[nodiscard]] bool closed() const;
  /// SQLSTATE of the last error that the server answered; empty when it was no answer of the server.
  [[nodiscard]] const std::string& last_state() const { return last_state_; }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  [[nodiscard]] base::Result<Rows> rows_or_error(pg_result* result, Kind kind);
  [[nodiscard]] base::Error lost(Kind kind, std::string_view why) const;
  std::unique_ptr<pg_conn, Finish> connection_;
  std::string subject_;
  std::string last_state_;
};

struct Login {
  std::string role;
  const base::Secret* password = nullptr;  // null: none is offered, whatever the server asks for
  std::string database;
};
enum class LoginEnd { open, server_refused, no_answer };
/// How one login ended, in the server's own terms.
struct LoginAnswer {
  LoginEnd end = LoginEnd::no_answer;
  std::string state;  // SQLSTATE of a refusal: "28000"
  std::string place;  // the server's function that refused: "InitializeSessionUserId" knows the role, "ClientAuthentication" does not
  std::string words;
  std::unique_ptr<Connection> connection;
};
/// Tries once. Never reads a password file, a client certificate or a service file of the process's owner.
[[nodiscard]] LoginAnswer log_in(const Settings& settings, const Login& login, const Until& until);
/// Our own role. permission_denied when our credential is wrong; unavailable (also for a TLS name mismatch).
[[nodiscard]] base::Result<std::unique_ptr<Connection>> open_own(const Settings& settings, const std::string& database, const Until& until);

}  // namespace exeunt::connect::postgresql
