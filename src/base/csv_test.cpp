#include "base/csv.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/escape.hpp"

namespace exeunt::base {
namespace {

using Fields = std::vector<std::string>;

TEST_CASE("csv: quotes hold commas, quotes and line breaks, and every row knows its line") {
  const auto rows = parse_csv("a,b\r\n\"1,5\",\"say \"\"hi\"\"\"\n\n\"two\r\nlines\n\",\n\"\"\nlast,\"\"");
  REQUIRE(rows);
  REQUIRE(rows->size() == 5);
  CHECK((*rows)[0].fields == Fields{"a", "b"});
  CHECK((*rows)[1].fields == Fields{"1,5", "say \"hi\""});
  CHECK((*rows)[2].fields == Fields{"two\r\nlines\n", ""});
  CHECK((*rows)[2].line == 4);
  CHECK((*rows)[3].fields == Fields{""});
  CHECK((*rows)[4].fields == Fields{"last", ""});
  CHECK((*rows)[4].line == 8);
  CHECK(parse_csv("").value().empty());
  CHECK(parse_csv("\xEF\xBB\xBFx").value()[0].fields == Fields{"x"});
}

TEST_CASE("csv: a row that is not as it should be is named by its line, never dropped") {
  struct Row {
    std::string text;
    const char* line;
  };
  for (const Row& row : {Row{"a\nb\"c\n", "line 2:"}, Row{"a\n\"open\n\n", "line 2:"}, Row{"\"x\"y\n", "line 1:"}, Row{"a\rb\n", "line 1:"},
                         Row{"a\nb\n\xFF\n", "line 3:"}, Row{std::string("a\n\0\n", 4), "line 2:"}, Row{"\"\n\n\"\nx\"", "line 4:"}}) {
    CAPTURE(row.text);
    const auto rows = parse_csv(row.text);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == Code::invalid_argument);
    CHECK(rows.error().what.find(row.line) == 0);
  }
}

TEST_CASE("csv: a table has exactly its header and rows of its width") {
  const auto rows = parse_csv_table("id,name\n1,Ann\n2,Bob\n", {"id", "name"});
  REQUIRE(rows);
  CHECK(rows->size() == 2);
  CHECK((*rows)[1].line == 3);
  CHECK(parse_csv_table("id,name\n", {"id", "name"}).value().empty());
  CHECK(parse_csv_table("", {"id", "name"}).error().what.find("line 1:") == 0);
  CHECK(parse_csv_table("name,id\n", {"id", "name"}).error().what.find("line 1:") == 0);
  CHECK(parse_csv_table("id,name\n1,Ann\n2\n", {"id", "name"}).error().what.find("line 3:") == 0);
  CHECK(parse_csv_table("id,name\n1,Ann,x\n", {"id", "name"}).error().what.find("line 2:") == 0);
}

TEST_CASE("csv: the limits hold") {
  CHECK(parse_csv("1\n2\n", {.rows_max = 1}).error().code == Code::resource_exhausted);
  CHECK(parse_csv("12345", {.field_bytes_max = 4}).error().code == Code::resource_exhausted);
  CHECK(parse_csv("\"12345\"", {.field_bytes_max = 4}).error().code == Code::resource_exhausted);
  CHECK(parse_csv("1234", {.field_bytes_max = 4}));
}

TEST_CASE("csv: what escape_csv writes is read back, with formulas disarmed") {
  CHECK(rc::check([](const std::vector<std::string>& raw) {
    std::string line = "x";
    Fields wanted{"x"};
    for (const auto& field : raw) {
      if (!is_valid_utf8(field) || field.find('\0') != std::string::npos) continue;
      line += "," + escape_csv(field);
      const bool formula = !field.empty() && std::string("=+-@\t\r").find(field[0]) != std::string::npos;
      wanted.push_back((formula ? "'" : "") + field);
    }
    const auto rows = parse_csv(line);
    RC_ASSERT(rows.has_value());
    RC_ASSERT(rows->size() == 1U);
    RC_ASSERT(rows->front().fields == wanted);
  }));
}

}  // namespace
}  // namespace exeunt::base
