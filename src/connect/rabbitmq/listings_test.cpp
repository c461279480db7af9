#include "connect/rabbitmq/listings.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::rabbitmq {
namespace {

base::Json json(const std::string& text) { return base::parse_json(text).value(); }

TEST_CASE("rabbitmq listings: a user is shut with no password and no connection allowed, and not with one of them") {
  struct Row {
    const char* text;
    bool shut;
  };
  const Row rows[] = {{R"({"name":"a","password_hash":"","tags":[],"limits":{"max-connections":0}})", true},
                      {R"({"name":"a","password_hash":"x","tags":[],"limits":{"max-connections":0}})", false},
                      {R"({"name":"a","password_hash":"","tags":[],"limits":{"max-connections":1}})", false},
                      {R"({"name":"a","password_hash":"","tags":[],"limits":{}})", false},
                      {R"({"name":"a","password_hash":"","tags":""})", false}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_user(json(row.text)).value().is_shut() == row.shut);
  }
}

TEST_CASE("rabbitmq listings: one element that is not understood spoils the list") {
  for (const char* text :
       {R"([{"name":"a","password_hash":"","tags":[]},7])", R"([{"name":"a","tags":[]}])", R"([{"name":"","password_hash":"","tags":[]}])",
        R"([{"name":"a","password_hash":null,"tags":[]}])", R"({"error":"x"})", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_users(json(text)));
  }
  CHECK_FALSE(parse_links(json(R"([{"name":"x -> y"}])")));
  CHECK_FALSE(parse_link_page(json(R"({"items":[],"page_count":1})")));
}

TEST_CASE("rabbitmq listings: a connection's id is its client's address") {
  const auto links = parse_links(
      json(R"([{"name":"10.0.0.1:7 -> 10.0.0.2:5672","user":"a","vhost":"/","connected_at":5},{"name":"<rabbit@h.1.2.3>","user":"a"}])"));
  REQUIRE(links);
  CHECK(links->front().endpoint() == "10.0.0.1:7");
  CHECK(links->front().connected_at_ms == 5);
  CHECK(links->back().endpoint() == "<rabbit@h.1.2.3>");
  CHECK_FALSE(links->back().connected_at_ms);
}

TEST_CASE("rabbitmq listings: of a URI the name is read and nothing else") {
  struct Row {
    const char* uri;
    const char* user;
  };
  const Row rows[] = {{"amqp://ann:pw@host/v", "ann"},
                      {"amqp://a%40b:p%40w@host", "a@b"},
                      {"amqp://host/v", ""},
                      {"amqp://ann@host", "ann"},
                      {"amqp://h/path?x=a:b@c", ""},
                      {"ann:pw@host", ""},
                      {"", ""},
                      {"amqp://%4:x@h", "%4"},
                      {"amqps://ann:pw@@host", "ann"}};
  for (const Row& row : rows) {
    CAPTURE(row.uri);
    CHECK(user_in_uri(row.uri) == row.user);
  }
}

}  // namespace
}  // namespace exeunt::connect::rabbitmq
