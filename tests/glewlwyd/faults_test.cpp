// Wrong credentials, a provider that is down, slow or broken, answers that are cut, forged or too large, hostile names: never a shorter truth.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "connect/registry.hpp"
#include "glewlwyd/company.hpp"

using namespace exeunt;
using base::Code;
using connect::Presence;
using model::Action;
using model::Completeness;
using model::NodeKind;

namespace {

/// The kind that a provider which says "not found" under this fault no longer lists; nothing for a fault that leaves no listing at all.
std::optional<NodeKind> unlistable(const std::string& mode) {
  if (mode == "status:404:session") return NodeKind::session;
  if (mode == "status:404:token") return NodeKind::token;
  if (mode == "status:404:grant") return NodeKind::grant;
  return std::nullopt;
}

std::optional<Completeness> completeness_of(const model::Inventory& inventory, NodeKind kind) {
  for (const model::Listing& listing : inventory.listings)
    if (listing.kind == kind) return listing.completeness;
  return std::nullopt;
}

}  // namespace

TEST_CASE("glewlwyd: check says what our rights are, what is missing and that tokens are issued and known") {
  EXEUNT_COMPANY(company);
  const auto whole = company.connector()->check({});
  REQUIRE_MESSAGE(whole, (whole ? "" : whole.error().text()));
  for (const auto& words : whole->missing) CHECK_MESSAGE(false, words);
  CHECK(whole->rights.size() == 3);
  CHECK(whole->rights[0].find("root-equivalent") != std::string::npos);
  CHECK(whole->clock_offset == base::Duration(0));
  const auto bare =
      company.connector({{"id_property", "-"}, {"lock_property", "-"}, {"client_id", "-"}, {"client_credential", "-"}})->check({});
  REQUIRE(bare);
  CHECK(bare->missing.size() == 3);
  const auto elsewhere = company.connector({{"plugin", "other"}})->check({});
  REQUIRE(elsewhere);
  CHECK(elsewhere->missing.size() >= 1);
}

TEST_CASE("glewlwyd: with our own credential wrong nothing is claimed, and the words name the credential") {
  EXEUNT_COMPANY(company);
  const std::string path = base::json_string(company.facts(), "folder").value() + "/wrong.secret";
  std::ofstream(path) << "not ours";
  ::chmod(path.c_str(), 0600);
  auto right = company.connector();
  auto connector = company.connector({{"credential", "file:" + path}});
  const std::string login = company.make_person("wrongcred");
  const model::Node account = test::account_of(*right, login);
  const auto listing = connector->accounts({});
  REQUIRE(!listing);
  CHECK(listing.error().code == Code::permission_denied);
  CHECK(listing.error().next.find("credential") != std::string::npos);
  CHECK(listing.error().text().find("not ours") == std::string::npos);
  CHECK(test::presence(*connector, account) == Presence::unknown);
  CHECK(!test::act(*connector, Action::end_sessions, account));
  CHECK(!connector->own_accounts({}));
}

TEST_CASE("glewlwyd: settings are strict and say where they are wrong") {
  EXEUNT_COMPANY(company);
  struct Row {
    std::map<std::string, std::string> change;
    std::string said;
  };
  const Row rows[] = {{{{"url", "-"}}, "url"},
                      {{{"url", "http://provider.example"}}, "in the clear"},
                      {{{"url", "https://a:b@provider.example"}}, "login"},
                      {{{"credential", "-"}}, "credential"},
                      {{{"credential", "env:X"}}, "credential"},
                      {{{"plugin", "../user"}}, "plugin"},
                      {{{"client_id", "-"}}, "client_credential"},
                      {{{"page_size", "0"}}, "page_size"},
                      {{{"pagesize", "10"}}, "pagesize"}};
  base::SystemRandom random;
  const base::SystemClock clock;
  for (const Row& row : rows) {
    CAPTURE(row.said);
    const auto made = connect::make_connector(company.config(row.change), clock, random);
    REQUIRE(!made);
    CHECK(made.error().code == Code::invalid_argument);
    CHECK(made.error().text().find(row.said) != std::string::npos);
    CHECK(made.error().text().find("exeunt.yaml:1") != std::string::npos);
  }
}

TEST_CASE("glewlwyd: an answer that is broken, forged, cut or missing is never an ending") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.make_person("faulty");
  const model::Node account = test::account_of(*connector, login);
  for (const std::string mode : {"down", "large", "html", "redirect", "truncate", "status:500:", "status:500:session", "status:500:token",
                                 "status:401:", "status:404:session", "status:404:token", "status:404:grant", "status:429:"}) {
    CAPTURE(mode);
    const model::Inventory inventory = test::look(*connector, account);
    company.fault(mode);
    CHECK(test::presence(*connector, account) != Presence::absent);
    for (const model::Node& node : inventory.nodes) {
      CAPTURE(node.key.native_id);
      CHECK(test::presence(*connector, node) != Presence::absent);
    }
    connect::InventoryRequest request;
    request.accounts = {account};
    const auto listed = connector->inventory(request);
    if (const auto unseen = unlistable(mode)) {
      // The provider lists the login and will not look up what it holds: said to be unseen, never listed as nothing.
      REQUIRE(listed);
      CHECK(completeness_of(*listed, *unseen) == Completeness::none);
    } else {
      CHECK(!listed);
    }
    const auto ended = test::act(*connector, Action::end_sessions, account);
    // What the fault does not touch may be ended while it lasts.
    if (mode != "status:500:token" && mode != "status:404:token" && mode != "status:404:grant") CHECK(!ended);
    company.fault("none");
    company.ask({{"do", "restore"}, {"login", login}, {"sessions", 1}});
  }
}

TEST_CASE("glewlwyd: a slow provider costs a question its answer and a change its certainty") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const std::string login = company.make_person("slow");
  const model::Node account = test::account_of(*connector, login);
  company.fault("slow");
  connect::Deadline deadline;
  deadline.timeout = base::Duration(500);
  const auto listing = connector->accounts(deadline);
  company.fault("none");
  REQUIRE(!listing);
  CHECK(listing.error().code == Code::unavailable);
}

TEST_CASE("glewlwyd: a 500 to a change leaves an open question") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const model::Node account = test::account_of(*connector, company.make_person("broken"));
  company.fault("status:500:profile/session/");
  const auto ended = test::act(*connector, Action::end_sessions, account);
  company.fault("none");
  REQUIRE(!ended);
  CHECK(ended.error().code == Code::outcome_unknown);
}

TEST_CASE("glewlwyd: a provider that is down is unavailable, and after its restart what was ended stays ended") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector({{"url", base::json_string(company.facts(), "direct").value()}});
  const std::string login = company.make_person("restart");
  const model::Node account = test::account_of(*connector, login);
  const model::Inventory before = test::look(*connector, account);
  for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::revoke_tokens}) {
    REQUIRE(test::act(*connector, action, account));
  }
  company.ask({{"do", "provider"}, {"run", false}});
  CHECK(connector->accounts({}).error().code == Code::unavailable);
  CHECK(test::act(*connector, Action::end_sessions, account).error().code == Code::unavailable);
  CHECK(test::presence(*connector, account) == Presence::unknown);
  company.ask({{"do", "provider"}, {"run", true}});
  CHECK(test::presence(*connector, account) == Presence::absent);
  for (const NodeKind kind : {NodeKind::session, NodeKind::token}) {
    for (const model::Node& node : test::of_kind(before, kind)) CHECK(test::presence(*connector, node) == Presence::absent);
  }
  const base::JsonObject tried = company.ask("try", login);
  CHECK(tried.at("sign_in").as_int64() != 200);
  CHECK(tried.at("refresh").as_int64() != 200);
}

TEST_CASE("glewlwyd: our own account is never cut, and is named as what we stand on") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  const model::Node own = test::account_of(*connector, "exeunt");
  CHECK(own.privileged);
  REQUIRE(connector->own_accounts({}));
  CHECK(connector->own_accounts({})->front() == own.key);
  for (const Action action : {Action::lock_and_replace, Action::end_sessions}) {
    CHECK(test::act(*connector, action, own).error().code == Code::failed_precondition);
  }
}

TEST_CASE("glewlwyd: hostile logins are listed, cut and told apart like any other") {
  EXEUNT_COMPANY(company);
  auto connector = company.connector();
  for (const char* name : {"o'brien\"", "a/b/../c", "%2e%2e%2f", "x?username=admin&y=", "#frag", "line\nbreak", "rtl\xE2\x80\xAEgnp",
                           "semi;colon", "colon:colon", "sp ace", "<b>", "per%cent"}) {
    CAPTURE(name);
    const std::string login = company.make_person(name);
    const model::Node account = test::account_of(*connector, login);
    const model::Inventory before = test::look(*connector, account);
    CHECK(test::of_kind(before, NodeKind::session).size() == 1);
    CHECK(test::of_kind(before, NodeKind::token).size() == 1);
    CHECK(test::of_kind(before, NodeKind::grant).size() == 1);
    for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::revoke_tokens, Action::revoke_grants}) {
      const auto done = test::act(*connector, action, account);
      CHECK_MESSAGE(done, (done ? "" : done.error().text()));
    }
    for (const model::Node& node : before.nodes) {
      if (!test::is_drain(node)) CHECK(test::presence(*connector, node) == Presence::absent);
    }
    const base::JsonObject tried = company.ask("try", login);
    CHECK(tried.at("sign_in").as_int64() != 200);
    CHECK(tried.at("refresh").as_int64() != 200);
  }
  // Those of the directory, which the person chose nothing of: each is listed and linked by what never changes.
  const auto listing = connector->accounts({});
  REQUIRE(listing);
  CHECK(listing->completeness == Completeness::full);
  const auto& hr_ids = company.facts().at("hr_ids").as_object();
  std::size_t linked = 0;
  for (const auto& account : listing->accounts) {
    const auto* found = hr_ids.if_contains(account.login);
    if (found == nullptr) continue;
    ++linked;
    CHECK(account.hr_id == std::string(found->as_string()));
    CHECK(account.node.key.native_id != account.login);
  }
  CHECK(linked + 3 >= hr_ids.size());  // those whom another test has hidden
}
