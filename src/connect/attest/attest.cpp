#include "connect/attest/attest.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>

#include "base/bytes.hpp"
#include "base/escape.hpp"
#include "base/file.hpp"
#include "connect/answers.hpp"
#include "connect/attest/catalogue.hpp"
#include "connect/registry.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::Grade;

constexpr std::size_t k_task_bytes_max = 64 * 1024;
constexpr std::size_t k_proof_bytes_max = std::size_t{256} * 1024 * 1024;
constexpr std::size_t k_name_bytes_max = 120;

struct Asked {
  std::string assignee;
  std::string subject;
  base::Time at{};
};

Result<Asked> read_asked(const std::filesystem::path& path) {
  EXEUNT_TRY_ASSIGN(const auto text, base::read_file(path, k_task_bytes_max));
  EXEUNT_TRY_ASSIGN(const auto json, base::parse_json(text));
  if (!json.is_object()) return fail(Code::data_loss, path.string() + " is no task of ours", "restore or remove it");
  Asked out;
  EXEUNT_TRY_ASSIGN(out.assignee, base::json_string(json.as_object(), "for"));
  EXEUNT_TRY_ASSIGN(const auto subject, base::json_optional_string(json.as_object(), "subject"));
  out.subject = subject.value_or("");
  EXEUNT_TRY_ASSIGN(const auto at, base::json_string(json.as_object(), "asked_at"));
  EXEUNT_TRY_ASSIGN(out.at, base::from_rfc3339(at));
  return out;
}

struct Answer {
  std::string by;
  std::string proof;
  base::Time at{};
};

Result<Answer> read_answer(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail(Code::not_found, "no answer yet");
  if ((status.st_mode & 022U) != 0)
    return fail(Code::permission_denied, path.string() + " can be written by others than its owner: it says nothing", "chmod go-w");
  EXEUNT_TRY_ASSIGN(const auto text, base::read_file(path, k_task_bytes_max));
  EXEUNT_TRY_ASSIGN(const auto json, base::parse_json(text));
  if (!json.is_object()) return fail(Code::invalid_argument, path.string() + " is no JSON object");
  Answer out;
  EXEUNT_TRY_ASSIGN(out.by, base::json_string(json.as_object(), "by"));
  EXEUNT_TRY_ASSIGN(out.proof, base::json_string(json.as_object(), "proof_sha256"));
  EXEUNT_TRY_ASSIGN(const auto at, base::json_string(json.as_object(), "at"));
  EXEUNT_TRY_ASSIGN(out.at, base::from_rfc3339(at));
  if (!base::hash32_from_hex(out.proof)) return fail(Code::invalid_argument, path.string() + ": proof_sha256 is no SHA-256");
  return out;
}

Observation open_task(std::string words) { return {Presence::present, Grade::attested, std::move(words)}; }
Observation unclear(std::string words) { return {Presence::unknown, Grade::attested, std::move(words)}; }

}  // namespace

Result<std::unique_ptr<Connector>> make_attest(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(auto settings, read_attest_settings(config));
  return std::make_unique<Attest>(std::move(settings), clock);
}

Result<AttestSettings> read_attest_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"tasks_dir", "tasks_file", "tier", "id", "kind"}));
  AttestSettings out;
  out.system = config.id;
  out.folder = config.get("tasks_dir");
  if (out.folder.empty()) {
    EXEUNT_TRY_ASSIGN(const auto file, config.require("tasks_file"));
    out.folder = std::filesystem::path(file).parent_path() / "tasks";
  }
  return out;
}

Attest::Attest(AttestSettings settings, const base::Clock& clock)
    : settings_(std::move(settings)), clock_(clock), catalogue_(attest_catalogue()) {}

std::filesystem::path Attest::file_of(const model::Node& target, std::string_view ending) const {
  auto name = base::percent_encode(target.key.native_id);
  if (name.size() > k_name_bytes_max) name = base::to_hex(base::sha256(name));
  return settings_.folder / (name + std::string(ending));
}

Result<CheckReport> Attest::check(const Deadline&) {
  CheckReport report;
  report.version = "tasks for people in " + settings_.folder.string();
  report.rights.push_back("writes tasks into that folder");
  std::error_code error;
  if (std::filesystem::is_directory(settings_.folder, error)) {
    struct stat status{};
    if (::stat(settings_.folder.c_str(), &status) == 0 && (status.st_mode & 02U) != 0) {
      report.missing.push_back(settings_.folder.string() + " can be written by everybody: anybody could answer for anybody; chmod o-w");
    }
  } else {
    report.missing.push_back(settings_.folder.string() + " is not there yet; it is made with the first task");
  }
  return report;
}

Result<AccountListing> Attest::accounts(const Deadline&) { return AccountListing{{}, model::Completeness::full, {}}; }

Result<model::Inventory> Attest::inventory(const InventoryRequest&) {
  model::Inventory out;
  out.system = settings_.system;
  return out;
}

Result<ApplyOutcome> Attest::apply(const ApplyRequest& request) {
  if (request.action != model::Action::attest && request.action != model::Action::review) {
    return fail(Code::unimplemented, settings_.system.text() + ": people are asked, nothing else");
  }
  const auto assignee = fact(request.target, "assignee");
  const auto subject = fact(request.target, "subject");
  if (assignee.empty())
    return fail(Code::invalid_argument, settings_.system.text() + ": a task needs a named person", "name one in the policy");
  if (assignee == subject)
    return fail(Code::failed_precondition, settings_.system.text() + ": the subject cannot attest to her own leaving",
                "name another person in the policy");
  ApplyOutcome out;
  out.calls = 1;
  out.acknowledged.push_back(request.target.id());
  const auto file = file_of(request.target, ".json");
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    out.words = "asked before";
    return out;
  }
  std::filesystem::create_directories(settings_.folder, error);
  if (error) return fail(Code::permission_denied, settings_.folder.string() + ": " + error.message(), "make the folder for the engine");
  const auto due_text = fact(request.target, "due_ms");
  std::int64_t due_ms = 0;
  std::from_chars(due_text.data(), due_text.data() + due_text.size(), due_ms);
  const auto now = clock_.now();
  base::JsonObject task{{"task", request.target.key.native_id},
                        {"for", assignee},
                        {"words", fact(request.target, "words")},
                        {"asked_at", base::to_rfc3339(now)}};
  if (due_ms > 0) task["due"] = base::to_rfc3339(now + base::Duration(due_ms));
  if (!subject.empty()) task["subject"] = subject;
  EXEUNT_TRY(base::write_file_atomically(file, base::pretty_json(base::Json(std::move(task))) + "\n", 0640));
  out.words = fmt::format("asked {}", assignee);
  return out;
}

Result<Observation> Attest::observe(const model::Node& target, const Deadline&) {
  const auto asked = read_asked(file_of(target, ".json"));
  if (!asked) return open_task("nobody was asked yet");
  const auto answer = read_answer(file_of(target, ".done.json"));
  if (!answer && answer.error().code == Code::not_found) return open_task(fmt::format("waits for {}", asked->assignee));
  if (!answer) return unclear(answer.error().text());
  const auto by = base::escape_terminal(answer->by, 60);
  const auto subject = asked->subject.empty() ? fact(target, "subject") : asked->subject;
  if (!subject.empty() && answer->by == subject) return unclear("answered by the subject: that counts for nothing");
  if (answer->by != asked->assignee) return unclear(fmt::format("answered by {}, asked was {}", by, asked->assignee));
  if (answer->at < asked->at) return unclear("answered before it was asked: an old answer");
  const auto proof = file_of(target, ".proof");
  std::error_code error;
  if (std::filesystem::exists(proof, error)) {
    const auto content = base::read_file(proof, k_proof_bytes_max);
    if (!content || base::to_hex(base::sha256(*content)) != answer->proof)
      return unclear("the proof is not the one whose SHA-256 the answer names");
  }
  return Observation{Presence::absent, Grade::attested, fmt::format("{} at {}, proof {}", by, base::to_rfc3339(answer->at), answer->proof)};
}

Result<ProbeResult> Attest::probe(const ProbeRequest&) {
  return fail(Code::unimplemented, "a person's word cannot be tried", "observe it");
}
Result<ProbeResult> Attest::probe_control(const ProbeRequest&) { return fail(Code::unimplemented, "a person's word has no control"); }
Result<std::vector<model::NodeKey>> Attest::own_accounts(const Deadline&) { return std::vector<model::NodeKey>{}; }

}  // namespace exeunt::connect
