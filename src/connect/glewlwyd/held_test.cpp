#include "connect/glewlwyd/held.hpp"

#include <doctest/doctest.h>

using namespace exeunt;
using namespace exeunt::connect::glewlwyd;

namespace {
base::Json parsed(std::string_view text) { return base::parse_json(text).value(); }
}  // namespace

TEST_CASE("glewlwyd rows: a row is understood whole or not at all") {
  const auto held =
      read_held(parsed(R"({"token_hash":"{SHA512}a-b_c","expires_at":200,"last_seen":100,"enabled":true,"client_id":"portal"})"),
                "token_hash", "expires_at", "last_seen");
  REQUIRE(held);
  CHECK(held->hash == "{SHA512}a-b_c");
  CHECK(held->until_s == 200);
  CHECK(held->client == "portal");
  for (const char* text : {
           R"({"expires_at":200,"last_seen":100,"enabled":true})",                                 // no name
           R"({"token_hash":"","expires_at":200,"last_seen":100,"enabled":true})",                 // an empty one
           R"({"token_hash":"a:b","expires_at":200,"last_seen":100,"enabled":true})",              // one that would break our ids
           R"({"token_hash":"a","expires_at":"2026-11-21","last_seen":100,"enabled":true})",       // an instant in words
           R"({"token_hash":"a","expires_at":-1,"last_seen":100,"enabled":true})",                 //
           R"({"token_hash":"a","expires_at":99999999999999999,"last_seen":100,"enabled":true})",  // past any calendar
           R"({"token_hash":"a","expires_at":200,"last_seen":100})",                               // neither enabled nor not
           R"({"token_hash":"a","expires_at":200,"last_seen":100,"enabled":"false"})",             //
           R"(["token_hash"])",
       }) {
    CAPTURE(text);
    CHECK(!read_held(parsed(text), "token_hash", "expires_at", "last_seen"));
  }
}

TEST_CASE("glewlwyd rows: an id names its account and the rest, whatever stands in either") {
  for (const char* account : {"958f9d62-7989-1041", "login:o'brien", "a:b:c", "%41"}) {
    for (const char* rest : {"{SHA512}a_-", "access-tokens", "client:with:colons", "%", " ", "\xE2\x80\xAE"}) {
      CAPTURE(account);
      CAPTURE(rest);
      const auto id = parse_held_id(held_id(account, rest));
      REQUIRE(id);
      CHECK(id->account == account);
      CHECK(id->rest == rest);
    }
  }
  for (const char* text : {"", ":", "a:", ":a", "no mark", "a:%", "a:%4", "a:%zz"}) {
    CAPTURE(text);
    CHECK(!parse_held_id(text));
  }
}

TEST_CASE("glewlwyd rows: an account without its switch counts as usable, and only a lock for good is one") {
  Settings settings;
  settings.id_property = "entry_uuid";
  settings.lock_property = "locked";
  struct Row {
    const char* text;
    bool usable;
  };
  const Row rows[] = {
      {R"({"username":"a"})", true},
      {R"({"username":"a","enabled":true})", true},
      {R"({"username":"a","enabled":false})", false},
      {R"({"username":"a","enabled":"false"})", true},
      {R"({"username":"a","enabled":true,"locked":"000001010000Z"})", false},
      {R"({"username":"a","enabled":true,"locked":["000001010000Z"]})", false},
      {R"({"username":"a","enabled":true,"locked":"20260101000000Z"})", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto account = read_account(parsed(row.text), settings, "g_admin");
    REQUIRE(account);
    CHECK(account->usable() == row.usable);
    CHECK(account->id == "login:a");
  }
  CHECK(!read_account(parsed(R"({"enabled":true})"), settings, "g_admin"));
  CHECK(read_account(parsed(R"({"username":"a","scope":["openid","g_admin"]})"), settings, "g_admin")->administrator);
  CHECK(!read_account(parsed(R"({"username":"a","scope":["g_admin2"]})"), settings, "g_admin")->administrator);
}
