#include "plan/exception.hpp"

#include <doctest/doctest.h>

#include "testing/small_catalogues.hpp"

namespace exeunt::plan {

using model::Action;
using model::NodeId;
using model::NodeKind;

namespace {

const model::SystemId k_host("bastion");

model::Node node(NodeKind kind, const std::string& id) {
  model::Node out;
  out.key = {k_host, kind, id};
  return out;
}

/// A host: keys one by one, sessions all at once, and a lock of the account.
std::map<model::SystemId, model::Catalogue> catalogues() {
  model::Catalogue out;
  auto keys = testing::by_rule(testing::action(Action::revoke_keys, NodeKind::account, {NodeKind::key}, model::Stage::credentials));
  keys.leaves_out = {NodeKind::key};
  keys.alike_after = "SHA256:";
  auto sessions =
      testing::by_rule(testing::action(Action::end_sessions, NodeKind::account, {NodeKind::session}, model::Stage::credentials));
  out.actions = {keys, sessions,
                 testing::action(Action::disable_account, NodeKind::account, {NodeKind::account}, model::Stage::credentials)};
  return {{k_host, out}};
}

Plan small_plan() {
  Plan out;
  const auto step = [&](const char* id, Action action, const model::Node& target, NodeKind covers, bool by_rule) {
    Step made;
    made.id = model::StepId(id);
    made.action = action;
    made.target = target;
    made.covers = {covers};
    made.by_rule = by_rule;
    out.steps.push_back(made);
  };
  const auto path = [&](const model::Node& what, const char* by) {
    PlannedPath made;
    made.node = what;
    made.step = model::StepId(by);
    out.paths.push_back(made);
  };
  step("s01", Action::disable_account, node(NodeKind::account, "7"), NodeKind::account, false);
  step("s02", Action::revoke_keys, node(NodeKind::account, "7"), NodeKind::key, true);
  step("s03", Action::end_sessions, node(NodeKind::account, "7"), NodeKind::session, true);
  step("s04", Action::revoke_keys, node(NodeKind::account, "8"), NodeKind::key, true);
  path(node(NodeKind::account, "7"), "s01");
  path(node(NodeKind::key, "7:SHA256:a"), "s02");
  path(node(NodeKind::key, "7:SHA256:b"), "s02");
  path(node(NodeKind::session, "x"), "s03");
  path(node(NodeKind::key, "8:SHA256:b"), "s04");
  path(node(NodeKind::key, "8:SHA256:c"), "s04");
  return out;
}

const ExceptionRequest k_request{
    model::TenantId("default"), model::CaseId("c_1"), {NodeId("bastion/key/7:SHA256:a")}, base::Time(base::Duration(1'000)), "ab", "x_1"};

}  // namespace

TEST_CASE("exception: a step lets go what it ends one by one, and nothing that it would end all the same") {
  struct Row {
    const char* what;
    std::map<std::string, const char*> waived;  // with the step that ends each
    const char* cause;                          // empty: granted
  };
  const Row rows[] = {
      {"a key of an account that is not cut", {{"bastion/key/8:SHA256:c", "s04"}}, ""},
      {"a key of an account that is cut", {{"bastion/key/7:SHA256:a", "s02"}}, "a cut of an account cannot spare one of its keys"},
      {"… with the account", {{"bastion/key/7:SHA256:a", "s02"}, {"bastion/account/7", "s01"}}, ""},
      {"the account alone", {{"bastion/account/7", "s01"}}, ""},
      {"a session with its account", {{"bastion/session/x", "s03"}, {"bastion/account/7", "s01"}}, "ends every session there is at once"},
      {"a key that opens another account too", {{"bastion/key/8:SHA256:b", "s04"}}, "both are shut by the same entry"},
      {"… with that account and key",
       {{"bastion/key/8:SHA256:b", "s04"}, {"bastion/key/7:SHA256:b", "s02"}, {"bastion/account/7", "s01"}},
       ""},
      {"a session that was found later", {{"bastion/session/y", ""}}, "ends every session there is at once"},
      {"what no step ends", {{"bastion/automation/z", ""}}, ""},
      {"of another system", {{"warehouse/session/z", ""}}, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    std::map<NodeId, model::StepId> waived;
    for (const auto& [id, step] : row.waived) waived.emplace(NodeId(id), model::StepId(step));
    const auto checked = check_exception({small_plan()}, catalogues(), waived);
    const std::string cause(row.cause);
    CHECK(checked.has_value() == cause.empty());
    if (!checked) CHECK_MESSAGE(checked.error().what.find(cause) != std::string::npos, checked.error().what);
  }
}

TEST_CASE("exception: a step that is held back may not spare what nobody named") {
  Plan plan = small_plan();
  PlannedPath beside;
  beside.node = node(NodeKind::licence, "l");
  beside.step = model::StepId("s01");
  plan.paths.push_back(beside);
  CHECK_FALSE(check_exception({plan}, catalogues(), {{NodeId("bastion/account/7"), model::StepId("s01")}}).has_value());
}

TEST_CASE("exception: an action that shuts its target without covering it is held back for it") {
  auto known = catalogues();
  Step sessions = small_plan().steps[2];
  CHECK_FALSE(shuts_its_target(sessions, &known.at(k_host)));
  known.at(k_host).actions[1].shuts_target = true;
  CHECK(shuts_its_target(sessions, &known.at(k_host)));
  CHECK_FALSE(check_exception({small_plan()}, known, {{NodeId("bastion/account/7"), model::StepId("s01")}}).has_value());
}

TEST_CASE("exception: the document is read back as it was written, and nothing else is") {
  const std::string document = exception_document(k_request);
  CHECK(document ==
        "{\"case\":\"c_1\",\"nonce\":\"x_1\",\"paths\":[\"bastion/key/7:SHA256:a\"],\"reason_sha256\":\"ab\",\"tenant\":\"default\","
        "\"until\":\"1970-01-01T00:00:01.000Z\",\"v\":1}\n");
  const auto read = read_exception(document);
  REQUIRE(read.has_value());
  CHECK(exception_document(*read) == document);
  for (std::string other : {document + " ", document.substr(0, document.size() - 1), std::string("{}\n"), std::string("[]"), std::string()})
    CHECK_FALSE(read_exception(other).has_value());
  std::string longer = document;
  longer.insert(1, "\"also\":1,");
  CHECK_FALSE(read_exception(longer).has_value());
}

}  // namespace exeunt::plan
