#include "connect/attest/attest.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "testing/fake_clock.hpp"
#include "testing/temporary_folder.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;

namespace {
struct Desk {
  testing::TemporaryFolder folder;
  testing::FakeClock clock;
  connect::Attest connector{{model::SystemId("desk"), folder.path() / "tasks"}, clock};
  model::Node task;
  Desk() {
    task.key = {model::SystemId("desk"), model::NodeKind::resource, "c_1/../laptop"};
    task.facts = {{"assignee", "E0004"}, {"subject", "E0007"}, {"words", "collect \"laptop\"\n=cmd"}, {"due_ms", "3600000"}};
  }
  base::Result<connect::ApplyOutcome> ask(Action action = Action::attest) {
    connect::ApplyRequest request;
    request.action = action;
    request.target = task;
    return connector.apply(request);
  }
  [[nodiscard]] std::filesystem::path file(const std::string& ending) const {
    return folder.path() / "tasks" / ("c_1%2F..%2Flaptop" + ending);
  }
  void answer(const std::string& by, const std::string& at, const std::string& proof = std::string(64, 'a'), unsigned mode = 0644) {
    REQUIRE(base::write_file_atomically(file(".done.json"),
                                        R"({"by":")" + by + R"(","proof_sha256":")" + proof + R"(","at":")" + at + "\"}", mode));
    ::chmod(file(".done.json").c_str(), mode);
  }
  connect::Observation seen() { return connector.observe(task, {}).value(); }
};
const std::string k_later = "2026-11-18T12:00:00Z";
}  // namespace

TEST_CASE("attest: a task is asked once, waits for its named person, and ends with their answer") {
  Desk desk;
  CHECK(desk.seen().presence == Presence::present);
  REQUIRE(desk.ask());
  const auto first = base::read_file(desk.file(".json")).value();
  desk.clock.advance(base::Duration(60'000));
  CHECK(desk.ask()->words == "asked before");
  CHECK(base::read_file(desk.file(".json")).value() == first);
  const auto json = base::parse_json(first).value().as_object();
  CHECK(base::json_string(json, "for").value() == "E0004");
  CHECK(base::json_string(json, "due").value() == "2026-11-18T12:06:40.000Z");
  CHECK(desk.seen().presence == Presence::present);
  desk.answer("E0004", k_later);
  CHECK(desk.seen().presence == Presence::absent);
  CHECK(desk.seen().grade == model::Grade::attested);
  CHECK(desk.connector.probe({}).error().code == base::Code::unimplemented);
}

TEST_CASE("attest: an answer that does not hold ends nothing, and says why") {
  struct Row {
    std::string by, at, proof;
    unsigned mode;
    std::string words;
  };
  const std::string good(64, 'a');
  for (const auto& row : std::vector<Row>{{"E0007", k_later, good, 0644, "subject"},
                                          {"E0009", k_later, good, 0644, "E0009"},
                                          {"E0004", "2026-11-18T11:00:00Z", good, 0644, "before"},
                                          {"E0004", "yesterday", good, 0644, ""},
                                          {"E0004", k_later, "abc", 0644, "SHA-256"},
                                          {"E0004", k_later, good, 0666, "written by others"}}) {
    CAPTURE(row.words);
    Desk desk;
    REQUIRE(desk.ask());
    desk.answer(row.by, row.at, row.proof, row.mode);
    CHECK(desk.seen().presence == Presence::unknown);
    CHECK(desk.seen().words.find(row.words) != std::string::npos);
  }
  Desk desk;
  REQUIRE(desk.ask());
  REQUIRE(base::write_file_atomically(desk.file(".done.json"), "[1]"));
  CHECK(desk.seen().presence == Presence::unknown);
}

TEST_CASE("attest: a proof that lies beside the answer has to be the one it names") {
  Desk desk;
  REQUIRE(desk.ask());
  desk.answer("E0004", k_later);
  REQUIRE(base::write_file_atomically(desk.file(".proof"), "photo"));
  CHECK(desk.seen().presence == Presence::unknown);
  desk.answer("E0004", k_later, base::to_hex(base::sha256("photo")));
  CHECK(desk.seen().presence == Presence::absent);
}

TEST_CASE("attest: a task needs a named person who is not the subject") {
  Desk desk;
  desk.task.facts["assignee"] = "E0007";
  CHECK(desk.ask().error().code == base::Code::failed_precondition);
  desk.task.facts.erase("assignee");
  CHECK(desk.ask().error().code == base::Code::invalid_argument);
  CHECK(desk.ask(Action::revoke_keys).error().code == base::Code::unimplemented);
}

TEST_CASE("attest: the folder is the one set, or tasks beside tasks_file; another setting is refused") {
  connect::SystemConfig config;
  config.kind = "attest";
  config.values = {{"tasks_file", "/x/tasks.yaml"}};
  CHECK(connect::read_attest_settings(config)->folder == "/x/tasks");
  config.values = {{"tasks_dir", "/y"}};
  CHECK(connect::read_attest_settings(config)->folder == "/y");
  config.values = {{"task_dir", "/y"}};
  CHECK_FALSE(connect::read_attest_settings(config));
}
