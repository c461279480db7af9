// The ACL lives in memory: what was saved comes back at ACL LOAD or a restart. A change counts once it is saved, and a return is seen.
#include <doctest/doctest.h>

#include "redis/server.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::look;
using test::own;

TEST_CASE("redis: a lock and a rotation survive ACL LOAD and a restart of the server") {
  auto server = test::Server::make({});
  if (!server) return;
  auto connector = server->connector();
  const std::string name = server->make_user("saved"), shared = server->make_user("saved_shared");
  server->admin().ask({"ACL", "SAVE"});
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  REQUIRE(act(*connector, Action::rotate_secret, test::node(NodeKind::secret, shared)));
  CHECK(server->admin().ask({"ACL", "LOAD"}) == "OK");
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  server->stop();
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  server->start();
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  CHECK_FALSE(server->lets_in(name, "pw"));
  CHECK_FALSE(server->lets_in(shared, "pw"));
  CHECK(server->lets_in(shared, test::k_case_value));
}

TEST_CASE("redis: users in redis.conf are saved by CONFIG REWRITE") {
  auto server = test::Server::make({.acl_file = false});
  if (!server) return;
  auto connector = server->connector();
  const std::string name = server->make_user("rewritten");
  REQUIRE(server->admin().ask({"CONFIG", "REWRITE"}) == "OK");
  const auto outcome = act(*connector, Action::lock_and_replace, account(name));
  REQUIRE(outcome);
  CHECK(outcome->words.find("redis.conf") != std::string::npos);
  CHECK(connector->observe(account(name), {})->words.find("off in the saved file too") != std::string::npos);
  server->stop();
  server->start();
  CHECK_FALSE(server->lets_in(name, "pw"));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
}

TEST_CASE("redis: an old ACL file that is loaded again brings her back, and that is seen") {
  auto server = test::Server::make({});
  if (!server) return;
  auto connector = server->connector();
  const std::string name = server->make_user("restored");
  server->admin().ask({"ACL", "SAVE"});
  const std::string old_file = server->saved_text();
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::absent);

  // Only the file so far: she is out, and the next restart would let her in.
  server->write_saved(old_file);
  const auto on_disk = connector->observe(account(name), {});
  REQUIRE(on_disk);
  CHECK(on_disk->presence == connect::Presence::present);
  CHECK(on_disk->words.find("brings the account back") != std::string::npos);

  CHECK(server->admin().ask({"ACL", "LOAD"}) == "OK");
  REQUIRE(server->lets_in(name, "pw"));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  CHECK_FALSE(server->lets_in(name, "pw"));

  server->stop();
  server->write_saved(old_file);
  server->start();
  CHECK(server->lets_in(name, "pw"));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("redis: the old value of a shared user that a restart brings back is seen, and so are sessions opened with it") {
  auto server = test::Server::make({});
  if (!server) return;
  auto connector = server->connector();
  const std::string shared = server->make_user("restored_shared");
  const model::Node secret = test::node(NodeKind::secret, shared);
  server->admin().ask({"ACL", "SAVE"});
  const std::string old_file = server->saved_text();
  const base::Secret old_value("pw"), new_value{std::string(test::k_case_value)};
  REQUIRE(act(*connector, Action::rotate_secret, secret));
  CHECK(own(*connector, secret, &old_value, &new_value).answer == ProbeAnswer::refused);
  server->stop();
  server->write_saved(old_file);
  server->start();
  // Ids count from 1 again: hers is to be above the one that the rotation noted in the run before.
  for (int others = 0; others < 100; ++others) server->connect().ask({"PING"});
  test::Client again = server->log_in(shared, "pw");
  REQUIRE(again.open());
  CHECK(own(*connector, secret, &old_value, &new_value).answer == ProbeAnswer::admitted);
  CHECK(look(*connector, {}, {secret}).all(NodeKind::session).size() == 1);
  REQUIRE(act(*connector, Action::rotate_secret, secret));
  CHECK(again.closed());
  CHECK(own(*connector, secret, &old_value, &new_value).answer == ProbeAnswer::refused);
}

TEST_CASE("redis: where nothing is saved, the step, the map and the check say so") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"persist", "none"}, {"persisted_file", ""}});
  const std::string name = server.make_user("unsaved");
  const auto outcome = act(*connector, Action::lock_and_replace, account(name));
  REQUIRE(outcome);
  CHECK(outcome->words.find("NOT saved") != std::string::npos);
  CHECK(look(*connector, {name}).gap_names("a restart of the server brings every ended account back"));
  const auto report = connector->check({});
  REQUIRE(report);
  bool said = false;
  for (const std::string& words : report->missing) said = said || words.find("persist: none") != std::string::npos;
  CHECK(said);
}

TEST_CASE("redis: a server that saves otherwise than configured fails the step, after the cut") {
  EXEUNT_SERVER(server);
  auto conf = server.connector({{"persist", "acl_file"}});
  auto server_of_conf = test::Server::make({.acl_file = false});
  if (!server_of_conf) return;
  auto connector = server_of_conf->connector({{"persist", "acl_file"}});
  const std::string name = server_of_conf->make_user("mistaken");
  const auto outcome = act(*connector, Action::lock_and_replace, account(name));
  REQUIRE(!outcome);
  CHECK(outcome.error().code == base::Code::failed_precondition);
  CHECK(outcome.error().next.find("persist") != std::string::npos);
  CHECK_FALSE(server_of_conf->lets_in(name, "pw"));
}

TEST_CASE("redis: an ACL file that cannot be written is an error that may be repeated, never ok") {
  auto server = test::Server::make({});
  if (!server) return;
  auto connector = server->connector();
  const std::string name = server->make_user("unwritable");
  std::filesystem::remove(server->folder() / "users.acl");
  std::filesystem::create_directories(server->folder() / "users.acl" / "in the way");
  const auto outcome = act(*connector, Action::lock_and_replace, account(name));
  REQUIRE(!outcome);
  CHECK(outcome.error().code == base::Code::resource_exhausted);
  CHECK(outcome.error().what.find("has had its effect") != std::string::npos);
  CHECK_FALSE(server->lets_in(name, "pw"));
  std::filesystem::remove_all(server->folder() / "users.acl");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(server->saved_text().find("user " + name + " off") != std::string::npos);
}
