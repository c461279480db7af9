#include "base/result.hpp"

#include <doctest/doctest.h>

#include <set>

namespace exeunt::base {
namespace {

Status refuse() { return fail(Code::aborted, "lease: another worker holds it", "read again, then repeat"); }

Status through_try() {
  EXEUNT_TRY(refuse());
  return {};
}

Result<int> through_assign(bool good) {
  EXEUNT_TRY_ASSIGN(const int value, good ? Result<int>(41) : Result<int>(fail(Code::not_found, "no answer")));
  return value + 1;
}

Status nested() {
  EXEUNT_TRY([]() -> Status {
    EXEUNT_TRY(refuse());
    return {};
  }());
  return {};
}

TEST_CASE("result: the macros may stand inside each other") { CHECK(nested().error().code == Code::aborted); }

TEST_CASE("result: an error reads cause, then next step, and can be said of a subject") {
  const Error error{Code::unavailable, "connection refused", "start the server"};
  CHECK(error.text() == "connection refused; start the server");
  CHECK(error.about("directory").text() == "directory: connection refused; start the server");
  CHECK(error.about("directory").code == Code::unavailable);
  CHECK(Error{Code::internal, "only a cause", ""}.text() == "only a cause");
}

TEST_CASE("result: the macros hand an error on unchanged and a value through") {
  REQUIRE_FALSE(through_try());
  CHECK(through_try().error().code == Code::aborted);
  CHECK(through_try().error().next == "read again, then repeat");
  CHECK(through_assign(true).value() == 42);
  CHECK(through_assign(false).error().code == Code::not_found);
}

TEST_CASE("result: every code has a name of its own") {
  std::set<std::string_view> names;
  for (int number = 1; number <= 13; ++number) names.insert(code_name(static_cast<Code>(number)));
  CHECK(names.size() == 13);
}

}  // namespace
}  // namespace exeunt::base
