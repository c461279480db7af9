// The server's own csvlog, read through SQL. Records are told apart by reading files from their beginning: a statement may hold a line
// break and text that looks like a record.
#pragma once

#include <string>
#include <vector>

#include "connect/postgresql/csv_log.hpp"
#include "connect/postgresql/sessions.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

struct LogFile {
  std::string path;
  std::int64_t bytes = 0;
  std::int64_t written_ms = 0;  // last, by the server's clock; not after this
};
/// Oldest first. failed_precondition: no csvlog is written; permission_denied: our role may not read it.
[[nodiscard]] base::Result<std::vector<LogFile>> log_files(Connection& connection, const Until& until);
/// failed_precondition: CREATE ROLE statements are not logged, or not in English.
[[nodiscard]] base::Status ddl_is_logged(Connection& connection, const Until& until);
[[nodiscard]] base::Status read_log_file(Connection& connection, const LogFile& file, CsvLogReader& reader, const Until& until);
/// Whether the newest log files say that the session with this pid and start has ended.
[[nodiscard]] base::Result<bool> log_says_ended(Connection& connection, const std::string& pid, const std::string& started_us,
                                                const Until& until);

}  // namespace exeunt::connect::postgresql
