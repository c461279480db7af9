// Lines of CLIENT LIST, ACL LIST and INFO hold names that anybody chose: any input gives readings or is counted as broken.
#include "connect/redis/acl.hpp"
#include "connect/redis/client_list.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto listing = connect::redis::parse_client_list(text);
  for (const auto& client : listing.clients) {
    fuzz::require(client.id > 0 && !client.user.empty() && client.user.find(' ') == std::string::npos);
    static_cast<void>(client.what());
  }
  if (const auto user = connect::redis::parse_acl_line(text)) {
    const auto back = connect::redis::name_of(connect::redis::native_id_of(user->name));
    fuzz::require(back && *back == user->name);
  }
  static_cast<void>(connect::redis::info_number(text, "connected_clients"));
  return 0;
}
