#include "connect/log_file.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::connect {
namespace {

TEST_CASE("log_file: the newest bytes are read from the beginning of a line, the rotated file before the present one") {
  const testing::TemporaryFolder folder;
  const std::string log = (folder.path() / "server.log").string();
  CHECK(read_log_end(log).error().code == base::Code::not_found);
  REQUIRE(base::write_file_atomically(log, "one\ntwo\nthree\n"));
  CHECK(read_log_end(log)->text == "one\ntwo\nthree\n");
  CHECK_FALSE(read_log_end(log)->cut);
  CHECK(read_log_end(log, 8)->text == "three\n");
  CHECK(read_log_end(log, 8)->cut);
  REQUIRE(base::write_file_atomically(log + ".1", "zero"));
  CHECK(read_log_end(log)->text == "zero\none\ntwo\nthree\n");
  CHECK(read_log_end(folder.path().string()).error().code == base::Code::failed_precondition);
}

}  // namespace
}  // namespace exeunt::connect
