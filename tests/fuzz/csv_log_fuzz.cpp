// PostgreSQL's csvlog holds bytes of whoever tried to log in: any input gives records or is counted as broken, in chunks or whole.
#include "connect/postgresql/csv_log.hpp"
#include "connect/postgresql/ddl_history.hpp"
#include "connect/postgresql/login_history.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  std::size_t whole = 0;
  std::size_t in_bytes = 0;
  connect::postgresql::DdlHistory history;
  connect::postgresql::LoginHistory logins({"her", ""}, "gate");
  connect::postgresql::CsvLogReader first([&](const connect::postgresql::LogRecord& record) {
    ++whole;
    history.add(record);
    logins.add(record);
  });
  first.feed(text);
  first.end_of_file();
  history.finish();
  for (const auto& login : logins.logins(base::Time::max())) fuzz::require(login.role == "her" || login.role.empty());
  connect::postgresql::CsvLogReader second([&](const connect::postgresql::LogRecord&) { ++in_bytes; });
  for (std::size_t at = 0; at < text.size(); ++at) second.feed(text.substr(at, 1));
  second.end_of_file();
  fuzz::require(whole == in_bytes && first.broken() == second.broken());
  return 0;
}
