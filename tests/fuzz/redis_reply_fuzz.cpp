// What a server answers, whole or byte by byte: the same replies, within bounds, or broken.
#include "connect/redis/acl.hpp"
#include "connect/redis/reply.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  connect::redis::ReplyReader whole, in_bytes;
  std::size_t first = 0, second = 0;
  whole.feed(text);
  while (const auto reply = whole.next()) {
    ++first;
    static_cast<void>(connect::redis::parse_acl_user("x", *reply));
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    in_bytes.feed(text.substr(at, 1));
    while (in_bytes.next()) ++second;
  }
  fuzz::require(first == second);
  return 0;
}
