#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/escape.hpp"
#include "service/render_map.hpp"
#include "service/render_plan.hpp"
#include "testing/golden.hpp"
#include "testing/small_plan.hpp"

namespace exeunt::service {

namespace {

using model::NodeId;

const char* const k_bidi = "\xe2\x80\xae";

/// A small company whose people chose their names to hurt whoever reads them.
engine::Survey hostile_survey(testing::SmallPlan& company) {
  company.map.set_subject(
      testing::person("E1", "Mallory \x1b]0;owned\x07\x1b[2J\r\nroot: ok", "=HYPERLINK(\"http://evil.example\")", "E9"));
  company.map.add_node(testing::node("warehouse/account/100", "bobby\"; DROP ROLE exeunt;--\x1b[31m"));
  company.map.add_node(testing::node("directory/membership/u1:g1", std::string("Rita ") + k_bidi + "gnp.exe \xff\xfe"));
  company.map.add_node(testing::node("bastion/key/2000:SHA256:b", "laptop of K\nssh-ed25519 AAAA second"));
  company.link("E1", "warehouse/account/500", model::LinkStrength::proposed);
  company.map.add_gap({model::SystemId("warehouse"), model::NodeKind::session, "a pooler's sessions are not seen\nforged line\x9b"});
  company.map.add_listing(
      {model::SystemId("bastion"), model::NodeKind::certificate, "1001", model::Completeness::partial, "the ledger is not readable", 1});
  auto locked = testing::node("bastion/account/1001");
  locked.live = false;
  company.map.add_node(locked);
  engine::Survey survey;
  survey.map = company.map;
  survey.orphans = {testing::node("warehouse/account/900", "svc\x1b[5m")};
  survey.failures = {{model::SystemId("mail"), base::Error{base::Code::unavailable, "connection refused\x1b[2J", "start it"}}};
  return survey;
}

bool is_clean(const std::string& text) {
  const bool controls =
      std::any_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
  return !controls && base::is_valid_utf8(text) && text.find(k_bidi) == std::string::npos && text.find("\xc2\x9b") == std::string::npos;
}

bool has_line_with(const std::string& text, const std::string& begin) {
  return text.starts_with(begin) || text.find("\n" + begin) != std::string::npos;
}

/// Without its line breaks and indents.
std::string flat(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != '\n' && (c != ' ' || !out.ends_with(' ')))
      out.push_back(c);
    else if (!out.ends_with(' '))
      out.push_back(' ');
  return out;
}

plan::Plan planned(const testing::SmallPlan& company) {
  auto out = company.compile();
  REQUIRE_MESSAGE(out.has_value(), out.error().text());
  return *out;
}

base::Json schema(const std::string& name) {
  std::ifstream in(std::string(EXEUNT_PROJECT_ROOT) + "/schemas/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto out = base::parse_json(text);
  REQUIRE_MESSAGE(out.has_value(), name);
  return *out;
}

template <class E>
std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto value : model::all<E>()) out.emplace_back(model::name(value));
  return out;
}

std::vector<std::string> texts(const base::Json& list) {
  std::vector<std::string> out;
  for (const auto& item : list.as_array()) out.emplace_back(item.as_string());
  return out;
}

}  // namespace

TEST_CASE("map for people: as kept, everything and what survives, surprises first") {
  testing::SmallPlan company;
  const auto survey = hostile_survey(company);
  testing::check_golden(EXEUNT_PROJECT_ROOT, "service/map.txt", map_table({survey, {}, company.catalogues}));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "service/map_only.txt",
                        map_table({survey, {model::Action::disable_account}, company.catalogues}));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "service/map.json",
                        base::pretty_json(map_json({survey, {model::Action::disable_account}, company.catalogues})) + "\n");
}

TEST_CASE("map for people: nothing that others chose reaches the terminal, or makes a line of its own") {
  testing::SmallPlan company;
  const auto survey = hostile_survey(company);
  const std::string table = map_table({survey, {}, company.catalogues});
  CHECK(is_clean(table));
  for (const char* forged : {"root:", "forged", "ssh-ed25519"}) {
    CAPTURE(forged);
    CHECK_FALSE(has_line_with(table, forged));
  }
}

TEST_CASE("map: what survives is marked, simulated systems are named") {
  testing::SmallPlan company;
  const auto survey = hostile_survey(company);
  company.catalogues.at(model::SystemId("warehouse")).simulated = true;
  const MapView view{survey, {model::Action::disable_account}, company.catalogues};
  const auto json = map_json(view);
  std::size_t surviving = 0;
  for (const auto& path : json.at("paths").as_array()) {
    const bool survives = path.at("survives").as_bool();
    surviving += survives ? 1 : 0;
    if (path.at("kind").as_string() == "session") CHECK(survives);
    if (path.at("kind").as_string() == "account") CHECK(survives == (path.at("id").as_string() == "200"));  // the account that hers made
  }
  CHECK(surviving == survey.map.survivors({model::Action::disable_account}, company.catalogues).size());
  CHECK(texts(json.at("simulated")) == std::vector<std::string>{"warehouse"});
  CHECK(map_table(view).find("warehouse (simulated)") != std::string::npos);
}

TEST_CASE("map and plan: what an exception keeps is marked, with its end, and nothing else is") {
  testing::SmallPlan company;
  static_cast<void>(hostile_survey(company));
  const auto plan = planned(company);
  const auto& path = plan.paths.front();
  const base::Time until(base::Duration(1'000));
  engine::Survey survey;
  survey.map = company.map;
  MapView view{survey, {}, company.catalogues};
  view.exceptions[path.node.id()] = {std::string(64, 'e'), model::CaseId("c_other\x1b[2J"), until};
  std::size_t marked = 0;
  const auto json = map_json(view);
  for (const auto& each : json.at("paths").as_array()) marked += each.at("exception").is_null() ? 0 : 1;
  CHECK(marked == 1);
  CHECK(flat(map_table(view)).find("stays until 1970-01-01T00:00:01.000Z by exception eeeeeeeeeeee of case c_other") != std::string::npos);
  CHECK(is_clean(map_table(view)));
  const plan::Kept kept{{path.node.id(), until}};
  for (const auto& text : {plan_table(plan, std::string(64, 'a'), kept), plan::explain(plan, kept), plan::runbook(plan, kept)}) {
    CHECK(text.find("1970-01-01T00:00:01.000Z") != std::string::npos);
    CHECK(is_clean(text));
  }
  CHECK(plan_table(plan, std::string(64, 'a'), {}).find("by an exception") == std::string::npos);
  CHECK(kept_in(view.exceptions, plan.case_id).empty());
  CHECK(words_of_other_cases(view.exceptions, plan.case_id).find("does not hold in this one:") != std::string::npos);
  CHECK(is_clean(words_of_other_cases(view.exceptions, plan.case_id)));
  CHECK(words_of_other_cases(view.exceptions, model::CaseId("c_other\x1b[2J")).empty());
  CHECK(marks_json(view.exceptions, model::CaseId("c_other\x1b[2J")).size() == 1);
}

TEST_CASE("plan for people: as kept, and clean") {
  testing::SmallPlan company;
  static_cast<void>(hostile_survey(company));
  const auto plan = planned(company);
  const std::string table = plan_table(plan, std::string(64, 'a'));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "service/plan.txt", table);
  testing::check_golden(EXEUNT_PROJECT_ROOT, "service/plan.json", base::pretty_json(plan_json(plan, std::string(64, 'a'))) + "\n");
  CHECK(is_clean(table));
  for (const char* forged : {"root:", "forged", "ssh-ed25519"}) {
    CAPTURE(forged);
    CHECK_FALSE(has_line_with(table, forged));
  }
}

TEST_CASE("plan for programs: the plan's own bytes and its digest beside them") {
  const auto plan = planned({});
  const std::string bytes = plan::to_bytes(plan);
  auto json = plan_json(plan, plan::digest_of(bytes).text());
  CHECK(json.at("digest").as_string() == plan::digest_of(bytes).text());
  json.as_object().erase("digest");
  CHECK(base::canonical_json(json) == bytes);
}

TEST_CASE("schemas: their words are those of the vocabulary") {
  const auto map = schema("map.schema.json"), plan = schema("plan.schema.json");
  for (const auto* one : {&map, &plan}) {
    CHECK(texts(one->at("$defs").at("kind").at("enum")) == names<model::NodeKind>());
    CHECK(texts(one->at("$defs").at("action").at("enum")) == names<model::Action>());
    CHECK(texts(one->at("$defs").at("link").at("properties").at("strength").at("enum")) == names<model::LinkStrength>());
    CHECK(texts(one->at("$defs").at("listing").at("properties").at("completeness").at("enum")) == names<model::Completeness>());
  }
  CHECK(texts(map.at("$defs").at("edge").at("enum")) == names<model::EdgeKind>());
  CHECK(texts(plan.at("$defs").at("grade").at("enum")) == names<model::Grade>());
  CHECK(texts(plan.at("properties").at("steps").at("items").at("properties").at("stage").at("enum")) == names<model::Stage>());
}

}  // namespace exeunt::service
