#include "base/json.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/escape.hpp"

namespace exeunt::base {
namespace {

std::string canonical(std::string_view text) {
  const auto value = parse_json(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return canonical_json(*value);
}

double from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }

TEST_CASE("json: numbers are written as RFC 8785 appendix B prints them") {
  struct Row {
    std::uint64_t bits;
    const char* text;
  };
  const Row rows[] = {{0x0000000000000000, "0"},
                      {0x8000000000000000, "0"},
                      {0x0000000000000001, "5e-324"},
                      {0x8000000000000001, "-5e-324"},
                      {0x7fefffffffffffff, "1.7976931348623157e+308"},
                      {0xffefffffffffffff, "-1.7976931348623157e+308"},
                      {0x4340000000000000, "9007199254740992"},
                      {0xc340000000000000, "-9007199254740992"},
                      {0x4430000000000000, "295147905179352830000"},
                      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                      {0x44b52d02c7e14af6, "1e+23"},
                      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                      {0x444b1ae4d6e2ef50, "1e+21"},
                      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                      {0x3eb0c6f7a0b5ed8d, "0.000001"},
                      {0x41b3de4355555553, "333333333.3333332"},
                      {0x41b3de4355555554, "333333333.33333325"},
                      {0x41b3de4355555555, "333333333.3333333"},
                      {0x41b3de4355555556, "333333333.3333334"},
                      {0x41b3de4355555557, "333333333.33333343"},
                      {0xbecbf647612f3696, "-0.0000033333333333333333"},
                      {0x43143ff3c1cb0959, "1424953923781206.2"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(canonical_json(Json(from_bits(row.bits))) == row.text);
    // The reader is exact too: what was written comes back as the same bits (-0 as 0).
    const auto back = parse_json(row.text);
    REQUIRE(back);
    CHECK(canonical_json(*back) == row.text);
  }
  CHECK(canonical_json(Json(std::int64_t{-42})) == "-42");
  CHECK(canonical_json(Json(std::numeric_limits<std::int64_t>::max())) == "9223372036854776000");
  CHECK(canonical_json(Json(std::numeric_limits<std::uint64_t>::max())) == "18446744073709552000");
}

TEST_CASE("json: the example of RFC 8785 section 3.2.2 comes out byte for byte") {
  const std::string in = R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]})";
  CHECK(canonical(in) ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("json: members are sorted by UTF-16 code units, as RFC 8785 section 3.2.3 shows") {
  const std::string in =
      "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
      "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}";
  CHECK(
      canonical(in) ==
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\","
      "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
  CHECK(canonical(R"({"ab":1,"a":2,"":3})") == R"({"":3,"a":2,"ab":1})");
}

TEST_CASE("json: strings get the shortest escapes, at every distance from the eight-byte steps") {
  CHECK(canonical_json(Json("\b\t\n\f\r\"\\/\x01\x1f\x7f")) == "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0001\\u001f\x7f\"");
  for (std::size_t before = 0; before < 20; ++before) {
    for (const auto& [in, out] :
         {std::pair<std::string, std::string>{"\"", "\\\""}, {"\n", "\\n"}, {"\xC3\xB6", "\xC3\xB6"}, {"\xFF", "\xEF\xBF\xBD"}}) {
      CAPTURE(before);
      CAPTURE(out);
      const std::string padding(before, 'x');
      std::string written;
      append_json_string(written, padding + in + padding);
      CHECK(written == "\"" + padding + out + padding + "\"");
    }
  }
}

TEST_CASE("json: any bytes become a string that reads back as the same text, or as replaced text") {
  CHECK(rc::check([](const std::string& text) {
    std::string written;
    append_json_string(written, text);
    const auto back = parse_json(written);
    RC_ASSERT(back.has_value());
    const auto& string = back->as_string();
    const std::string again(string.data(), string.size());
    if (is_valid_utf8(text)) RC_ASSERT(again == text);
    RC_ASSERT(is_valid_utf8(again));
  }));
}

TEST_CASE("json: any double is written so that it reads back as itself") {
  CHECK(rc::check([](std::uint64_t bits) {
    const double value = from_bits(bits);
    RC_PRE(std::isfinite(value));
    const auto back = parse_json(canonical_json(Json(value)));
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->to_number<double>() == value);
  }));
}

TEST_CASE("json: what is not exactly one value is refused") {
  const char* const bad[] = {"",
                             " ",
                             "{",
                             "[1,]",
                             "{\"a\":1,}",
                             "{'a':1}",
                             "{a:1}",
                             "1 2",
                             "nul",
                             "01",
                             "+1",
                             ".5",
                             "1.",
                             "NaN",
                             "Infinity",
                             "1e999",
                             "-1e999",
                             "\"\\x\"",
                             "\"\t\"",
                             "\"\\ud800\"",
                             "\"\xFF\"",
                             "\"\xC0\xAF\"",
                             "\"\xED\xA0\x80\"",
                             "// x\n1",
                             "[1]x",
                             "\xEF\xBB\xBF"
                             "1",
                             "{\"a\":1,\"a\":2}",
                             "[{\"b\":{\"a\":1,\"\\u0061\":1}}]"};
  for (const char* text : bad) {
    CAPTURE(text);
    const auto value = parse_json(text);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == Code::invalid_argument);
  }
  CHECK(canonical(" [1 , {\"a\":{}} ] \n") == "[1,{\"a\":{}}]");
}

TEST_CASE("json: the limits of depth and size hold") {
  CHECK(parse_json(std::string(64, '[') + std::string(64, ']')));
  CHECK_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
  CHECK_FALSE(parse_json(std::string(200'000, '[')));
  CHECK_FALSE(parse_json("[1,2,3]", {.bytes_max = 6}));
}

TEST_CASE("json: members are read with errors that name them") {
  const Json value = parse_json(R"({"s":"x","i":7,"b":true,"a":[1],"o":{},"n":null,"d":1.5})").value();
  const JsonObject& object = value.as_object();
  CHECK(json_string(object, "s").value() == "x");
  CHECK(json_int(object, "i").value() == 7);
  CHECK(json_bool(object, "b").value());
  CHECK(json_array(object, "a").value()->size() == 1);
  CHECK(json_object(object, "o").value()->empty());
  CHECK_FALSE(json_optional_string(object, "n").value());
  CHECK_FALSE(json_optional_string(object, "absent").value());
  CHECK(json_optional_string(object, "s").value() == "x");
  CHECK(json_string(object, "absent").error().what == "JSON member \"absent\" is missing");
  CHECK(json_string(object, "i").error().what == "JSON member \"i\" is not a string");
  CHECK_FALSE(json_int(object, "d"));
  CHECK_FALSE(json_bool(object, "i"));
  CHECK_FALSE(json_array(object, "o"));
  CHECK_FALSE(json_object(object, "a"));
  CHECK_FALSE(json_optional_string(object, "i"));
}

TEST_CASE("json: text for people is indented and keeps the order of its members") {
  CHECK(pretty_json(parse_json(R"({"b":[1,{"z":null}],"a":{},"c":[]})").value()) ==
        "{\n  \"b\": [\n    1,\n    {\n      \"z\": null\n    }\n  ],\n  \"a\": {},\n  \"c\": []\n}");
}

}  // namespace
}  // namespace exeunt::base
