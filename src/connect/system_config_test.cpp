#include "connect/system_config.hpp"

#include <doctest/doctest.h>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "connect/registry.hpp"

namespace exeunt::connect {
namespace {

SystemConfig config() {
  return {model::SystemId("warehouse"),
          "postgresql",
          {{"host", "localhost"}, {"port", "5432"}, {"empty", ""}},
          {{"accounts", {"a", "b"}}},
          "exeunt.yaml:12"};
}

TEST_CASE("system config: a setting that is absent or empty is an error that names place and key") {
  CHECK(config().require("host").value() == "localhost");
  for (const char* key : {"role", "empty"}) {
    CAPTURE(key);
    const auto got = config().require(key);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == base::Code::invalid_argument);
    CHECK(got.error().what.find("exeunt.yaml:12") == 0);
    CHECK(got.error().what.find(std::string("`") + key + "`") != std::string::npos);
  }
  CHECK(config().get("role", "exeunt") == "exeunt");
}

TEST_CASE("system config: a number is whole, inside its bounds, and nothing stands after it") {
  struct Row {
    const char* text;
    bool good;
  };
  for (const Row row : {Row{"1", true}, Row{"65535", true}, Row{"0", false}, Row{"65536", false}, Row{"22x", false}, Row{" 22", false},
                        Row{"2.5", false}, Row{"99999999999", false}}) {
    CAPTURE(row.text);
    SystemConfig c = config();
    c.values["port"] = row.text;
    CHECK(c.require_int("port", 1, 65535).has_value() == row.good);
  }
}

TEST_CASE("system config: a mistyped setting is refused, among scalars and among lists") {
  CHECK(config().only({"host", "port", "empty", "accounts"}));
  const auto scalar = config().only({"host", "empty", "accounts"});
  REQUIRE_FALSE(scalar);
  CHECK(scalar.error().what.find("`port`") != std::string::npos);
  const auto list = config().only({"host", "port", "empty"});
  REQUIRE_FALSE(list);
  CHECK(list.error().what.find("`accounts`") != std::string::npos);
}

TEST_CASE("registry: an unknown kind is refused with the known ones named") {
  SystemConfig c = config();
  c.kind = "openldpa";
  base::SystemClock clock;
  base::SystemRandom random;
  const auto made = make_connector(c, clock, random);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == base::Code::invalid_argument);
  CHECK(made.error().next.find("simulated") != std::string::npos);
}

}  // namespace
}  // namespace exeunt::connect
