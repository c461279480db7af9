#include "connect/redis/acl.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::redis {
namespace {

const std::string k_hash(64, 'a');

TEST_CASE("redis acl: a line is read by its words, and names that look like words stay names") {
  const auto user = parse_acl_line("user on off #" + k_hash + " ~* &* -@all +get (~x* resetchannels -@all +lpush)\r\n");
  REQUIRE(user);
  CHECK(user->name == "on");
  CHECK_FALSE(user->on);
  CHECK(user->holds_only(k_hash));
  CHECK(user->rules == "~* &* -@all +get (~x* resetchannels -@all +lpush)");
}

TEST_CASE("redis acl: whoever could log in is usable") {
  struct Row {
    const char* words;
    bool usable;
  };
  const Row rows[] = {{"on nopass", true}, {"off nopass", false}, {"on", false}, {"on >clear", true}, {"on nopass resetpass", false}};
  for (const Row& row : rows) {
    CAPTURE(row.words);
    CHECK(parse_acl_line("user x " + std::string(row.words))->usable() == row.usable);
  }
  CHECK_FALSE(parse_acl_line("port 6379"));
  CHECK_FALSE(parse_acl_line("user "));
}

TEST_CASE("redis acl: an answer without flags or passwords is not understood") {
  Reply text;
  text.type = Reply::Type::text;
  Reply empty;
  empty.type = Reply::Type::array;
  Reply flags = text;
  flags.text = "flags";
  Reply answer = empty;
  answer.items = {flags, empty};
  CHECK_FALSE(parse_acl_user("x", answer));
  CHECK_FALSE(parse_acl_user("x", text));
}

TEST_CASE("redis acl: a name that is no text has an id that is, and no two names share one") {
  for (const std::string& name : {std::string("ann"), std::string("bad\xFF"), std::string("hex:61"), std::string("a/b")}) {
    CHECK(name_of(native_id_of(name)).value() == name);
  }
  CHECK(native_id_of("a") != native_id_of("hex:61"));
}

}  // namespace
}  // namespace exeunt::connect::redis
