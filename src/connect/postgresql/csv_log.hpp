// PostgreSQL's csvlog as a stream of records. Hostile bytes are expected (a failed login writes any name): nothing is rejected for its
// content, and a broken record costs itself only.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace exeunt::connect::postgresql {

/// The columns that we read; PostgreSQL docs, "Using CSV-Format Log Output".
struct LogRecord {
  std::string time;      // "2026-11-20 20:22:57.075 UTC": sorts as text within one log_timezone
  std::string login;     // the name that the session logged in with, whatever SET ROLE said
  std::string endpoint;  // "127.0.0.1:41234"
  std::string session;   // "6b00ac21.27fa"
  std::string started;   // of the session, whole seconds
  std::string state;     // SQLSTATE: "00000"
  std::string message;
  std::string query;  // of an error: the statement that failed
  std::string database = {};
  std::string severity = {};  // "LOG", "ERROR", "FATAL"
  std::string doing = {};     // what the session was at: "authentication", "startup", "idle", "SELECT"
};

class CsvLogReader {
 public:
  explicit CsvLogReader(std::function<void(const LogRecord&)> on_record) : on_record_(std::move(on_record)) {}
  void feed(std::string_view bytes);
  /// End of one file; what is left unfinished is a broken record.
  void end_of_file();
  [[nodiscard]] std::size_t broken() const { return broken_; }

 private:
  void take(char c);
  void end_field();
  void end_record();
  std::function<void(const LogRecord&)> on_record_;
  std::vector<std::string> fields_;
  std::string field_;
  bool quoted_ = false;      // inside quotes
  bool quote_seen_ = false;  // a quote inside quotes: the end, or half of a doubled one
  std::size_t broken_ = 0;
};

}  // namespace exeunt::connect::postgresql
