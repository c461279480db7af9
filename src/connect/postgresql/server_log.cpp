#include "connect/postgresql/server_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr std::int64_t k_chunk_bytes = 4 * 1024 * 1024;
constexpr std::size_t k_newest_files = 2;  // the end of a session is a matter of seconds ago
constexpr std::int64_t k_newest_bytes_max = 64 * 1024 * 1024;

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<std::vector<LogFile>> log_files(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows settings,
                    connection.read("SELECT current_setting('log_directory'), current_setting('log_destination') LIKE '%csvlog%' AND "
                                    "current_setting('logging_collector') = 'on'",
                                    {}, until));
  if (!settings.truth(0, 1)) {
    return fail(Code::failed_precondition, "the server writes no csvlog", "set logging_collector = on and log_destination = csvlog");
  }
  // In whole seconds: written at any instant of the one that is told.
  EXEUNT_TRY_ASSIGN(
      const Rows rows,
      connection.read("SELECT name, size, (extract(epoch FROM modification) * 1000)::bigint + 999 FROM pg_catalog.pg_ls_logdir() "
                      "WHERE name LIKE '%.csv' ORDER BY modification, name",
                      {}, until));
  std::vector<LogFile> files;
  for (int row = 0; row < rows.size(); ++row)
    files.push_back({settings.text(0, 0) + "/" + rows.text(row, 0), rows.number(row, 1), rows.number(row, 2)});
  return files;
}

Status ddl_is_logged(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows, connection.read("SELECT current_setting('log_statement') IN ('ddl', 'mod', 'all'), "
                                                     "current_setting('lc_messages')",
                                                     {}, until));
  if (!rows.truth(0, 0)) return fail(Code::failed_precondition, "the server does not log DDL statements", "set log_statement = ddl");
  const std::string language = rows.text(0, 1);
  if (!(language.empty() || language == "POSIX" || language == "C" || language.starts_with("C.") || language.starts_with("en"))) {
    return fail(Code::failed_precondition, "the server's log is not in English", "set lc_messages = C");
  }
  return {};
}

Status read_log_file(Connection& connection, const LogFile& file, CsvLogReader& reader, const Until& until) {
  for (std::int64_t at = 0; at < file.bytes; at += k_chunk_bytes) {
    const std::int64_t length = std::min(k_chunk_bytes, file.bytes - at);
    EXEUNT_TRY_ASSIGN(const Rows rows, connection.run(Kind::read, "SELECT pg_catalog.pg_read_binary_file($1::text, $2::bigint, $3::bigint)",
                                                      {file.path, std::to_string(at), std::to_string(length)}, until, Format::binary));
    reader.feed(rows.text(0, 0));
  }
  reader.end_of_file();
  return {};
}

Result<bool> log_says_ended(Connection& connection, const std::string& pid, const std::string& started_us, const Until& until) {
  constexpr std::uint64_t k_second = 1'000'000;
  const std::uint64_t started = number(started_us);
  if (started == 0 || number(pid) == 0) return false;
  // PostgreSQL's %c: start in seconds and pid, both in hex.
  const std::string session = fmt::format("{:x}.{:x}", started / k_second, number(pid));
  EXEUNT_TRY_ASSIGN(const std::vector<LogFile> files, log_files(connection, until));
  bool ended = false;
  CsvLogReader reader([&](const LogRecord& record) {
    if (record.session != session) return;
    ended = ended || record.message.starts_with("disconnection: ") || record.state == "57P01";
  });
  std::int64_t bytes = 0;
  for (std::size_t at = files.size() > k_newest_files ? files.size() - k_newest_files : 0; at < files.size(); ++at) {
    bytes += files[at].bytes;
    if (bytes > k_newest_bytes_max) break;
    EXEUNT_TRY(read_log_file(connection, files[at], reader, until));
  }
  return ended;
}

}  // namespace exeunt::connect::postgresql
