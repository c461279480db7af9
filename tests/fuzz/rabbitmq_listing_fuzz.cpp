// What a broker lists: any JSON gives readings or is not understood; a URI gives a name and never its password.
#include "connect/rabbitmq/listings.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  static_cast<void>(connect::rabbitmq::user_in_uri(text));
  const auto json = base::parse_json(text);
  if (!json) return 0;
  if (const auto users = connect::rabbitmq::parse_users(*json)) {
    for (const auto& user : *users) fuzz::require(!user.name.empty() && !(user.has_password && user.is_shut()));
  }
  static_cast<void>(connect::rabbitmq::parse_user(*json));
  static_cast<void>(connect::rabbitmq::parse_permissions(*json));
  if (const auto links = connect::rabbitmq::parse_links(*json)) {
    for (const auto& link : *links) fuzz::require(!link.user.empty() && link.name.starts_with(link.endpoint()));
  }
  static_cast<void>(connect::rabbitmq::parse_link_page(*json));
  static_cast<void>(connect::rabbitmq::parse_parameters(*json));
  static_cast<void>(connect::rabbitmq::parse_consumer_links(*json));
  return 0;
}
