#include "connect/password_tries.hpp"

#include <doctest/doctest.h>

using namespace exeunt;
using connect::PasswordAnswer;
using model::ProbeAnswer;

TEST_CASE("a refused password shows something only beside one that is let in") {
  const base::Secret old_value("old"), new_value("new"), nothing("");
  struct Row {
    const base::Secret* old_value;
    const base::Secret* new_value;
    PasswordAnswer old_answer, new_answer;
    ProbeAnswer answer;
  };
  const PasswordAnswer taken = PasswordAnswer::taken, refused = PasswordAnswer::refused, unknown = PasswordAnswer::unknown;
  const Row rows[] = {
      {nullptr, &new_value, refused, taken, ProbeAnswer::unknown},      {&nothing, &new_value, refused, taken, ProbeAnswer::unknown},
      {&old_value, &new_value, taken, taken, ProbeAnswer::admitted},    {&old_value, nullptr, taken, taken, ProbeAnswer::admitted},
      {&old_value, &new_value, unknown, taken, ProbeAnswer::unknown},   {&old_value, nullptr, refused, taken, ProbeAnswer::unknown},
      {&old_value, &nothing, refused, taken, ProbeAnswer::unknown},     {&old_value, &new_value, refused, refused, ProbeAnswer::unknown},
      {&old_value, &new_value, refused, unknown, ProbeAnswer::unknown}, {&old_value, &new_value, refused, taken, ProbeAnswer::refused},
  };
  for (const Row& row : rows) {
    CAPTURE(&row - rows);
    const auto result = connect::probe_old_and_new(row.old_value, row.new_value, "NO", [&](const base::Secret& value, std::string&) {
      return value.reveal() == "old" ? row.old_answer : row.new_answer;
    });
    CHECK(result.answer == row.answer);
    CHECK(result.means == model::ProbeMeans::own);
    if (row.answer == ProbeAnswer::refused) CHECK(result.reason == "NO");
  }
}

TEST_CASE("a login that was seen is forgotten when its account is cut anew") {
  connect::SeenLogins seen;
  CHECK_FALSE(seen.find("ada"));
  seen.note("ada", base::Secret("first"));
  seen.note("ada", base::Secret("second"));
  REQUIRE(seen.find("ada"));
  CHECK(seen.find("ada")->reveal() == "second");
  CHECK_FALSE(seen.find("bob"));
  seen.forget("ada");
  CHECK_FALSE(seen.find("ada"));
}
