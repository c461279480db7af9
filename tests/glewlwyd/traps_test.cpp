// What survives on a real provider, each seen from the person's side, and what the connector does about it.
#include <doctest/doctest.h>

#include <algorithm>

#include "glewlwyd/company.hpp"

using namespace exeunt;
using base::Code;
using connect::Presence;
using model::Action;
using model::Completeness;
using model::NodeKind;
using test::act;
using test::of_kind;
using test::presence;

namespace {

struct Ways {
  bool sign_in, code, refresh;
};
Ways try_all(test::Company& company, const std::string& login) {
  const base::JsonObject tried = company.ask("try", login);
  const auto& codes = tried.at("codes").as_array();
  return {tried.at("sign_in").as_int64() == 200, std::any_of(codes.begin(), codes.end(), [](const base::Json& c) { return c.as_bool(); }),
          tried.at("refresh").as_int64() == 200};
}

}  // namespace

TEST_CASE("glewlwyd: a disabled account's session and refresh token live on until each is ended; then nothing of hers works") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.make_person("local", 2);
  const model::Node account = test::account_of(*connector, login);
  const model::Inventory before = test::look(*connector, account);
  REQUIRE(of_kind(before, NodeKind::session).size() == 2);
  REQUIRE(of_kind(before, NodeKind::token).size() == 1);
  REQUIRE(of_kind(before, NodeKind::grant).size() == 1);

  REQUIRE(act(*connector, Action::lock_and_replace, account));
  const Ways locked = try_all(company, login);
  CHECK(!locked.sign_in);
  CHECK(locked.code);     // the browser is still issued codes …
  CHECK(locked.refresh);  // … and the refresh token mints
  CHECK(presence(*connector, account) == Presence::absent);
  CHECK(presence(*connector, of_kind(before, NodeKind::session)[0]) == Presence::present);
  CHECK(presence(*connector, of_kind(before, NodeKind::token)[0]) == Presence::present);

  REQUIRE(act(*connector, Action::end_sessions, account));
  CHECK(!try_all(company, login).code);
  CHECK(try_all(company, login).refresh);
  REQUIRE(act(*connector, Action::revoke_tokens, account));
  REQUIRE(act(*connector, Action::revoke_grants, account));
  const Ways cut = try_all(company, login);
  CHECK(!cut.sign_in);
  CHECK(!cut.code);
  CHECK(!cut.refresh);
  for (const NodeKind kind : {NodeKind::session, NodeKind::token, NodeKind::grant}) {
    for (const model::Node& node : of_kind(before, kind)) CHECK(presence(*connector, node) == Presence::absent);
  }
}

TEST_CASE("glewlwyd: enabling the account again revives nothing, because credentials were destroyed and not shadowed") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.make_person("revived");
  const model::Node account = test::account_of(*connector, login);
  for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::revoke_tokens, Action::revoke_grants}) {
    REQUIRE(act(*connector, action, account));
  }
  const base::JsonObject user = company.ask({{"do", "admin"}, {"method", "GET"}, {"path", "/api/user/" + login}});
  base::JsonObject body = user.at("said").as_object();
  body["enabled"] = true;
  REQUIRE(company.ask({{"do", "admin"}, {"method", "PUT"}, {"path", "/api/user/" + login}, {"body", body}}).at("status").as_int64() == 200);
  const Ways revived = try_all(company, login);
  CHECK(!revived.sign_in);
  CHECK(!revived.code);
  CHECK(!revived.refresh);
}

TEST_CASE("glewlwyd: a lock in the directory shuts the sign-in here too, its session survives, and the lock is read back from here") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.directory_person();
  const model::Node account = test::account_of(*connector, login);
  CHECK(presence(*connector, account) == Presence::present);
  // The provider cannot write there, and says "module is read-only": that is not an ending.
  const auto early = act(*connector, Action::lock_and_replace, account);
  REQUIRE(!early);
  CHECK(early.error().code == Code::failed_precondition);
  CHECK(early.error().text().find("lock the account at its source") != std::string::npos);
  CHECK(try_all(company, login).sign_in);

  company.ask("lock", login);
  const Ways locked = try_all(company, login);
  CHECK(!locked.sign_in);
  CHECK(locked.code);
  CHECK(locked.refresh);
  REQUIRE(act(*connector, Action::lock_and_replace, account));
  CHECK(presence(*connector, account) == Presence::absent);
  REQUIRE(act(*connector, Action::end_sessions, account));
  REQUIRE(act(*connector, Action::revoke_tokens, account));
  const Ways cut = try_all(company, login);
  CHECK(!cut.code);
  CHECK(!cut.refresh);
  // Without the lock in sight the account counts as usable, whatever the directory did.
  CHECK(presence(*company.connector({{"lock_property", "-"}}), account) == Presence::present);
}

TEST_CASE("glewlwyd: a lock that ends by itself is none") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.directory_person();
  const model::Node account = test::account_of(*connector, login);
  company.ask({{"do", "lock"}, {"login", login}, {"value", "20200101000000Z"}});  // locked out by wrong tries, long over
  CHECK(presence(*connector, account) == Presence::present);
  CHECK(!act(*connector, Action::lock_and_replace, account));
}

TEST_CASE("glewlwyd: refresh tokens are those of the person, all of them, past the provider's default page") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.make_person("many");
  const model::Node account = test::account_of(*connector, login);
  company.ask(
      {{"do", "sql"},
       {"text",
        "INSERT INTO gpo_refresh_token (gpor_plugin_name, gpor_authorization_type, gpor_username, gpor_client_id, gpor_issued_at, "
        "gpor_expires_at, gpor_last_seen, gpor_token_hash, gpor_duration) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 150) SELECT 'oidc', 1, ?, 'portal', strftime('%s', 'now') + 0, strftime('%s', 'now') + 3600, strftime('%s', 'now') + 0, "
        "'{SHA512}' || printf('%086d', i) || '==', 3600 FROM n"},
       {"values", base::JsonArray{base::Json(login)}}});
  // The manual's parameter is ignored by the provider, which answers with our own tokens: none.
  const base::JsonObject by_manual = company.ask({{"do", "admin"}, {"method", "GET"}, {"path", "/api/oidc/token?username=" + login}});
  CHECK(by_manual.at("said").as_array().empty());
  const model::Inventory before = test::look(*connector, account);
  CHECK(of_kind(before, NodeKind::token).size() == 151);
  const auto revoked = act(*connector, Action::revoke_tokens, account);
  REQUIRE(revoked);
  CHECK(revoked->words.starts_with("151 refresh tokens revoked"));
  CHECK(of_kind(test::look(*connector, account), NodeKind::token).empty());
}

TEST_CASE("glewlwyd: an account that the directory's filter hides has ended nothing; nobody says that its sessions are over") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.directory_person();
  const model::Node account = test::account_of(*connector, login);
  const model::Inventory before = test::look(*connector, account);
  company.ask("hide", login);
  CHECK(company.ask("try", login).at("refresh").as_int64() == 500);
  for (const NodeKind kind : {NodeKind::session, NodeKind::token, NodeKind::grant}) {
    for (const model::Node& node : of_kind(before, kind)) CHECK(presence(*connector, node) == Presence::unknown);
  }
  const model::Inventory after = test::look(*connector, account);
  CHECK(!after.listings.empty());
  for (const model::Listing& listing : after.listings) CHECK(listing.completeness == Completeness::none);
  const auto ended = act(*connector, Action::end_sessions, account);
  REQUIRE(!ended);
  CHECK(ended.error().code == Code::failed_precondition);
}

TEST_CASE(
    "glewlwyd: a login of the directory with letters past ASCII is listed and cannot be looked up: what it holds is said to be unseen") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  std::string login;
  for (const auto& each : company.facts().at("logins").as_array()) {
    const std::string name(each.as_string());
    if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) login = name;
  }
  REQUIRE(!login.empty());
  const model::Node account = test::account_of(*connector, login);
  const model::Inventory inventory = test::look(*connector, account);
  REQUIRE(of_kind(inventory, NodeKind::account).size() == 1);
  CHECK(of_kind(inventory, NodeKind::account).front().live);
  CHECK(of_kind(inventory, NodeKind::session).empty());
  REQUIRE(inventory.listings.size() == 3);
  for (const model::Listing& listing : inventory.listings) {
    CHECK(listing.completeness == Completeness::none);
    CHECK(listing.reason.find("cannot be listed") != std::string::npos);
  }
  CHECK(presence(*connector, account) != Presence::absent);
}

TEST_CASE("glewlwyd: introspection by a client that a token was not issued to says inactive of a live token, so it is no probe") {
  EXEUNT_COMPANY(company);
  const std::string login = company.make_person("introspected");
  const base::JsonObject alive = company.ask("try", login);
  CHECK(alive.at("introspect").as_bool());
  CHECK(!alive.at("introspect_by_other").as_bool());
  auto connector = company.connector();
  const model::Node account = test::account_of(*connector, login);
  REQUIRE(act(*connector, Action::disable_account, account));
  CHECK(company.ask("try", login).at("introspect").as_bool());  // still active for the disabled
  connect::ProbeRequest request;
  request.target = account;
  CHECK(connector->probe(request).error().code == Code::unimplemented);
  CHECK(connector->probe_control(request).error().code == Code::unimplemented);
}

TEST_CASE("glewlwyd: an account found under another login since, and a login given to somebody else, are told apart by the id") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.directory_person();
  model::Node account = test::account_of(*connector, login);
  account.facts["login"] = company.make_person("renamed");  // what we knew is somebody else's login now
  CHECK(presence(*connector, account) == Presence::present);
  const model::Inventory found = test::look(*connector, account);
  for (const model::Node& node : found.nodes) {
    if (node.key.kind == NodeKind::account) CHECK(node.label == login);
  }
}
