#include "connect/postgresql/csv_log.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::postgresql {
namespace {

const std::string k_time = "2026-11-20 20:22:57.075 UTC";

/// A record as PostgreSQL 15 writes it.
std::string record(const std::string& login, const std::string& message, const std::string& state = "00000",
                   const std::string& query = "") {
  return k_time + ",\"" + login + "\",\"postgres\",10,\"127.0.0.1:5000\",6b.a,3,\"idle\",2026-11-20 20:22:57 UTC,3/7,0,LOG," + state +
         ",\"" + message + "\",,,,,,\"" + query + "\",,,\"psql\",\"client backend\",,0\n";
}

struct Read {
  std::vector<LogRecord> records;
  std::size_t broken = 0;
};
Read read(const std::string& bytes, std::size_t chunk) {
  Read out;
  CsvLogReader reader([&](const LogRecord& one) { out.records.push_back(one); });
  for (std::size_t at = 0; at < bytes.size(); at += chunk) reader.feed(std::string_view(bytes).substr(at, chunk));
  reader.end_of_file();
  out.broken = reader.broken();
  return out;
}

TEST_CASE("csv_log: a record is the same however its bytes are cut into chunks") {
  const std::string hostile = "statement: SELECT '\n" + k_time + ",\"\"x\"\",fake'";
  const std::string bytes = record("alice", hostile) + record("b\xFFob", "second", "42710", "CREATE ROLE \"\"q\"\"");
  for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
    CAPTURE(chunk);
    const Read out = read(bytes, chunk);
    REQUIRE(out.records.size() == 2);
    CHECK(out.broken == 0);
    CHECK(out.records[0].login == "alice");
    CHECK(out.records[0].endpoint == "127.0.0.1:5000");
    CHECK(out.records[0].session == "6b.a");
    CHECK(out.records[0].message == "statement: SELECT '\n" + k_time + ",\"x\",fake'");
    CHECK(out.records[1].login == "b\xFFob");
    CHECK(out.records[1].state == "42710");
    CHECK(out.records[1].query == "CREATE ROLE \"q\"");
  }
}

TEST_CASE("csv_log: a broken record costs itself, and an unfinished one is counted") {
  CHECK(read("junk\n" + record("a", "m"), 7).records.size() == 1);
  CHECK(read("junk\n" + record("a", "m"), 7).broken == 1);
  CHECK(read(record("a", "m") + k_time + ",\"half", 7).broken == 1);
  CHECK(read("", 1).broken == 0);
}

}  // namespace
}  // namespace exeunt::connect::postgresql
