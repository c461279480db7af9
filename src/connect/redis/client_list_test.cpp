#include "connect/redis/client_list.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::redis {
namespace {

TEST_CASE("redis client list: a line gives id, address, name, user and flags, whatever the name looks like") {
  const auto client =
      parse_client("id=7 addr=10.0.0.1:4711 laddr=1:2 fd=8 name=user=root age=3 flags=Pb db=0 cmd=blpop user=ann redir=-1 resp=2");
  REQUIRE(client);
  CHECK(client->id == 7);
  CHECK(client->endpoint == "10.0.0.1:4711");
  CHECK(client->name == "user=root");
  CHECK(client->user == "ann");
  CHECK(client->what() == "subscriber, blocked");
}

TEST_CASE("redis client list: what is not understood is counted, never skipped") {
  for (const char* line :
       {"id=7 addr=a:1 flags=N", "id=x addr=a:1 flags=N user=ann", "id=7 addr=a:1 flags=N user=ann user=root", "nonsense",
        "id=7 addr=a:1 flags= user=ann", "id=-7 addr=a:1 flags=N user=ann", "id=7  addr=a:1 flags=N user=ann"}) {
    CAPTURE(line);
    const ClientListing listing = parse_client_list(std::string(line) + "\nid=1 addr=b:1 flags=N user=ann\n");
    CHECK(listing.broken == 1);
    CHECK(listing.clients.size() == 1);
  }
  CHECK(parse_client_list("").clients.empty());
}

TEST_CASE("redis client list: INFO is read by whole keys") {
  const std::string info = "# Clients\r\nblocked_clients:4\r\nconnected_clients:3\r\nrun_id:ab:c\r\n";
  CHECK(info_number(info, "connected_clients") == 3);
  CHECK(info_value(info, "run_id") == "ab:c");
  CHECK_FALSE(info_number(info, "clients"));
  CHECK_FALSE(info_number(info, "run_id"));
}

}  // namespace
}  // namespace exeunt::connect::redis
