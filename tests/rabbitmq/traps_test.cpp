// What survives a removed right on RabbitMQ, and what this connector does about it (systems.md).
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>

#include "rabbitmq/server.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using net::Method;
using test::account;
using test::act;
using test::look;
using test::own;

TEST_CASE("rabbitmq: a consumer outlives permissions and password, and ends with the step") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("consumer"), publisher_name = server.make_user("publisher");
  test::AmqpClient consumer = server.log_in(name, "pw"), publisher = server.log_in(publisher_name, "pw");
  REQUIRE(consumer.consume("queue of " + name));

  // The usual way: permissions gone and a new password. She goes on receiving.
  server.ask(Method::remove, {"permissions", "/", name});
  server.set_password(name, "another");
  REQUIRE(publisher.publish("queue of " + name, "loot"));
  CHECK(consumer.receives("loot"));

  const test::Seen seen = look(*connector, {name});
  REQUIRE(seen.all(NodeKind::session).size() == 1);
  CHECK(seen.all(NodeKind::session).front().key.native_id == consumer.endpoint());
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  REQUIRE(publisher.publish("queue of " + name, "more loot"));
  CHECK(consumer.receives("more loot"));
  const auto ended = act(*connector, Action::end_sessions, account(name), seen.all(NodeKind::session));
  REQUIRE(ended);
  CHECK(consumer.closed());
  CHECK(consumer.refusal().starts_with("320"));
  CHECK(publisher.publish("queue of " + name, "kept"));
  CHECK_FALSE(server.lets_in(name, "another"));
  CHECK(connector->observe(seen.all(NodeKind::session).front(), {})->presence == connect::Presence::absent);
  CHECK(std::find(ended->acknowledged.begin(), ended->acknowledged.end(), seen.all(NodeKind::session).front().id()) !=
        ended->acknowledged.end());
}

TEST_CASE("rabbitmq: a connection that the statistics do not know yet is listed and ended all the same") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("fresh");
  for (int round = 0; round < 5; ++round) {
    test::AmqpClient fresh = server.log_in(name, "pw");
    REQUIRE(fresh.open());
    const test::Seen seen = look(*connector, {name});
    CHECK(std::any_of(seen.inventory.nodes.begin(), seen.inventory.nodes.end(),
                      [&](const model::Node& node) { return node.key.native_id == fresh.endpoint(); }));
    REQUIRE(act(*connector, Action::end_sessions, account(name), seen.all(NodeKind::session)));
    CHECK(fresh.closed());
  }
}

TEST_CASE("rabbitmq: a handshake that had passed its login before the lock gets no further") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("slow");
  test::AmqpClient slow = server.half_log_in(name, "pw"), control = server.half_log_in(name, "pw");
  CHECK(control.open_vhost());
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK_FALSE(slow.open_vhost());
  CHECK(slow.refusal().find("limit") != std::string::npos);
}

TEST_CASE("rabbitmq: closing connections alone lets her back in") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("back");
  test::AmqpClient first = server.log_in(name, "pw");
  REQUIRE(act(*connector, Action::end_sessions, account(name)));
  CHECK(first.closed());
  CHECK(server.lets_in(name, "pw"));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("rabbitmq: the lock takes tags and password, also of an administrator") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("chief", "administrator");
  CHECK(look(*connector, {name}).all(NodeKind::account).front().privileged);
  CHECK(look(*connector, {name}).gap_names("does not remember who made a user"));
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK_FALSE(look(*connector, {name}).all(NodeKind::account).front().privileged);
  CHECK_FALSE(server.takes(name, "pw"));
  CHECK_FALSE(server.takes(name, test::k_case_value));
  CHECK_FALSE(server.takes(name, ""));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
}

TEST_CASE("rabbitmq: a rotated shared user keeps its tags, refuses the old value, ends what was opened with it, spares what came after") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string shared = server.make_user("shared", "monitoring");
  const model::Node secret = test::node(NodeKind::secret, shared);
  test::AmqpClient before = server.log_in(shared, "pw");
  server.wait_for_statistics(shared, 1);
  const base::Secret old_value("pw"), new_value{std::string(test::k_case_value)};
  CHECK(own(*connector, secret, &old_value).answer == ProbeAnswer::admitted);
  REQUIRE(act(*connector, Action::rotate_secret, secret, look(*connector, {}, {secret}).all(NodeKind::session)));
  CHECK(before.closed());
  CHECK(own(*connector, secret, &old_value, &new_value).answer == ProbeAnswer::refused);
  std::string user;
  server.ask(Method::get, {"users", shared}, "", &user);
  CHECK(user.find("monitoring") != std::string::npos);

  server.wait_for_statistics(shared, 0);
  ::usleep(2'100'000);  // past the whole second that the broker's clock tells
  test::AmqpClient after = server.log_in(shared, test::k_case_value);
  REQUIRE(after.open());
  server.wait_for_statistics(shared, 1);
  CHECK(look(*connector, {}, {secret}).all(NodeKind::session).empty());
  REQUIRE(act(*connector, Action::rotate_secret, secret));
  CHECK_FALSE(after.closed(500));
}

TEST_CASE("rabbitmq: a deleted user's connections end with it, and a user made again under her name is a way in") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("deleted");
  test::AmqpClient session = server.log_in(name, "pw");
  REQUIRE(act(*connector, Action::delete_account, account(name)));
  CHECK(session.closed());
  CHECK(session.refusal().starts_with("320"));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::absent);
  REQUIRE(act(*connector, Action::delete_account, account(name)));
  server.set_password(name, "hers again");
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("rabbitmq: an upstream that logs in under her name is hers until it has another") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("up@stream");
  const auto put = [&](const std::string& uri) {
    return server.ask(Method::put, {"parameters", "federation-upstream", "/", "to elsewhere"}, R"({"value":{"uri":")" + uri + R"("}})");
  };
  REQUIRE(put("amqp://up%40stream_" + name.substr(name.rfind('_') + 1) + ":s3cr3t@other.example.org/vhost") < 300);
  const test::Seen seen = look(*connector, {name});
  REQUIRE(seen.all(NodeKind::automation).size() == 1);
  const model::Node upstream = seen.all(NodeKind::automation).front();
  for (const auto& [key, value] : upstream.facts) CHECK(value.find("s3cr3t") == std::string::npos);
  CHECK(upstream.label.find("s3cr3t") == std::string::npos);
  CHECK(connector->observe(upstream, {})->presence == connect::Presence::present);
  REQUIRE(put("amqp://somebody:x@other.example.org/vhost") < 300);
  CHECK(connector->observe(upstream, {})->presence == connect::Presence::absent);
  server.ask(Method::remove, {"parameters", "federation-upstream", "/", "to elsewhere"});
  CHECK(connector->observe(upstream, {})->presence == connect::Presence::absent);
}

TEST_CASE("rabbitmq: a lock and a rotation survive a restart of the broker") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("kept"), shared = server.make_user("kept_shared");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  REQUIRE(act(*connector, Action::rotate_secret, test::node(NodeKind::secret, shared)));
  server.stop();
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  const auto listing = connector->accounts({});
  const auto outcome = act(*connector, Action::lock_and_replace, account(name));
  server.start();
  REQUIRE(!listing);
  CHECK(listing.error().code == base::Code::unavailable);
  REQUIRE(!outcome);
  CHECK(outcome.error().code == base::Code::unavailable);
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  CHECK_FALSE(server.lets_in(name, "pw"));
  CHECK_FALSE(server.takes(shared, "pw"));
  CHECK(server.takes(shared, test::k_case_value));
}
