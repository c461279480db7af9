#include <doctest/doctest.h>

#include "base/escape.hpp"
#include "base/json.hpp"
#include "testing/golden.hpp"
#include "testing/small_plan.hpp"

namespace exeunt::plan {

namespace {

Plan planned(const testing::SmallPlan& fixture) {
  auto out = fixture.compile();
  REQUIRE_MESSAGE(out.has_value(), out.error().text());
  return *out;
}

/// Names as the lab's people have them: terminal escapes, quotes, a newline, right-to-left override, a CSV formula.
testing::SmallPlan hostile() {
  testing::SmallPlan out;
  out.map.set_subject(testing::person("E1", "Mallory \x1b]0;owned\x07\x1b[2J \"O'Brien\"\nuserPassword: x", "=1+1", "E9"));
  out.map.add_node(testing::node("warehouse/account/100", "bobby\"; DROP ROLE exeunt;--\x1b[31m"));
  out.map.add_node(testing::node("directory/membership/u1:g1", "Rita \xe2\x80\xaegnp.exe \xff\xfe"));
  out.link("E1", "warehouse/account/500", model::LinkStrength::proposed);
  out.map.add_gap({model::SystemId("warehouse"), model::NodeKind::session, "a pooler's sessions are not seen\r\nforged line"});
  out.map.add_listing(
      {model::SystemId("bastion"), model::NodeKind::certificate, "1001", model::Completeness::partial, "the ledger is not readable", 1});
  out.policy.tasks = {{"badge", "collect the door badge and block it", model::PersonId("E12"), std::chrono::hours(24)}};
  out.policy.required_grade_on[model::SystemId("warehouse")] = {{model::NodeKind::membership, model::Grade::refused}};
  return out;
}

bool is_printable(const std::string& text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) return false;
  return base::is_valid_utf8(text) && text.find("\xe2\x80\xae") == std::string::npos;
}

}  // namespace

TEST_CASE("plan bytes: read and written again they are the same bytes") {
  for (const auto& fixture : {testing::SmallPlan(), hostile()}) {
    const std::string bytes = to_bytes(planned(fixture));
    const auto read = from_bytes(bytes);
    REQUIRE_MESSAGE(read.has_value(), read.error().text());
    CHECK(to_bytes(*read) == bytes);
    CHECK(base::canonical_json(base::parse_json(bytes).value()) == bytes);
    CHECK(digest_of(bytes).text().size() == 64);
  }
}

TEST_CASE("plan bytes: whatever the order in which the map was told, they are the same") {
  const testing::SmallPlan fixture = hostile();
  testing::SmallPlan other = hostile();
  other.map = {};
  other.map.set_subject(fixture.map.subject());
  auto nodes = fixture.map.nodes();
  for (auto one = nodes.rbegin(); one != nodes.rend(); ++one) other.map.add_node(*one);
  for (auto one = fixture.map.edges().rbegin(); one != fixture.map.edges().rend(); ++one) other.map.add_edge(*one);
  for (auto one = fixture.map.links().rbegin(); one != fixture.map.links().rend(); ++one) other.map.add_link(*one);
  for (const auto& one : fixture.map.gaps()) other.map.add_gap(one);
  for (const auto& one : fixture.map.listings()) other.map.add_listing(one);
  CHECK(to_bytes(planned(other)) == to_bytes(planned(fixture)));
}

TEST_CASE("plan bytes: another policy, catalogue or path is another digest") {
  const auto digest = [](const testing::SmallPlan& fixture) { return digest_of(to_bytes(planned(fixture))); };
  const auto plain = digest({});
  testing::SmallPlan policy, catalogue, path;
  policy.policy.digest = "0124";
  catalogue.catalogues.at(model::SystemId("warehouse")).version = 2;
  path.map.add_edge(testing::edge("warehouse/account/100", "warehouse/session/127.0.0.1:77"));
  CHECK(digest(policy) != plain);
  CHECK(digest(catalogue) != plain);
  CHECK(digest(path) != plain);
}

TEST_CASE("plan bytes: what is not understood is no plan") {
  const std::string bytes = to_bytes(planned({}));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string out = bytes;
    const auto at = out.find(from);
    REQUIRE(at != std::string::npos);
    return out.replace(at, from.size(), to);
  };
  for (const auto& broken :
       {std::string("[]"), std::string(), bytes + " x", replaced("\"v\":1", "\"v\":2"), replaced("\"by_rule\":true", "\"by_rule\":1"),
        replaced("\"action\":\"lock_and_replace\"", "\"action\":\"lock\""), replaced("\"tenant\"", "\"tenants\""),
        replaced("\"kind\":", "\"kinds\":"), replaced("\"urgency\":\"immediate\"", "\"urgency\":\"now\""),
        replaced("\"approval_valid_ms\":86400000", "\"approval_valid_ms\":-1"), replaced("\"expected_calls\":1,", ""),
        replaced("\"v\":1", "\"v\":1,\"extra\":0")}) {
    CAPTURE(broken.substr(0, 60));
    const auto read = from_bytes(broken);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == base::Code::invalid_argument);
  }
  CHECK(from_bytes(replaced("\"action\":\"lock_and_replace\"", "\"action\":\"lock\"")).error().what ==
        "this is no plan: steps[0].action is a word that is not known");
}

TEST_CASE("plan words: explain and runbook are as kept, for a plain plan and for hostile names") {
  testing::check_golden(EXEUNT_PROJECT_ROOT, "plan/explain.txt", explain(planned({})));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "plan/runbook.txt", runbook(planned({})));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "plan/explain_hostile.txt", explain(planned(hostile())));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "plan/runbook_hostile.txt", runbook(planned(hostile())));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "plan/plan.json", to_bytes(planned({})));
}

TEST_CASE("plan words: nothing that a subject chose reaches the terminal unescaped") {
  const Plan plan = planned(hostile());
  CHECK(is_printable(explain(plan)));
  CHECK(is_printable(runbook(plan)));
  CHECK(runbook(plan).find("\nuserPassword") == std::string::npos);
  CHECK(explain(plan).find("\nforged") == std::string::npos);
}

TEST_CASE("approval: the document names tenant, case, plan and expiry, and ends in one newline") {
  const auto expires = base::from_rfc3339("2026-11-21T08:00:00.000Z").value();
  CHECK(approval_document({model::TenantId("default"), model::CaseId("c_1"), model::PlanDigest("ab"), expires}) ==
        "{\"case\":\"c_1\",\"expires\":\"2026-11-21T08:00:00.000Z\",\"plan\":\"ab\",\"tenant\":\"default\",\"v\":1}\n");
}

}  // namespace exeunt::plan
