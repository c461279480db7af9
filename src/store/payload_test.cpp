#include "store/payload.hpp"

#include <doctest/doctest.h>

namespace exeunt {

using store::Payload;

TEST_CASE("payload: texts are written as the document tree writes them") {
  const std::string wild = "q\"b\\n\nt\tz\x01 \xC3\xA9 \xFF \xF0\x9F\x98\x80";
  CHECK_EQ(Payload::of({{"node", "a/b"}, {"words", wild}}).release(),
           Payload(base::JsonObject{{"words", wild}, {"node", "a/b"}}).release());
  CHECK_EQ(Payload::of({}).release(), "{}");
  CHECK_EQ(Payload(base::JsonObject{}).release(), "{}");
}

}  // namespace exeunt
