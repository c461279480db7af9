// What every command gets: where the home is, how to speak, the clock and the randomness of this process.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "cli/output.hpp"
#include "engine/engine.hpp"
#include "service/home.hpp"
#include "service/operators.hpp"

namespace exeunt::cli {

struct Session {
  std::filesystem::path home;
  const Output& out;
  const base::Clock& clock;
  base::Random& random;
  std::stop_token stop;  // SIGINT, SIGTERM

  [[nodiscard]] base::Result<std::unique_ptr<service::Home>> open(service::StoreAccess access) const {
    return service::open_home(home, access, clock, random);
  }
};

// --- each command returns the exit code of the process -------------------------------------------------------------------------------
struct InitArguments {
  std::string keys, checkpoint;
};
[[nodiscard]] base::Result<int> init(const Session& session, const InitArguments& arguments);
[[nodiscard]] base::Result<int> systems_check(const Session& session);

struct MapArguments {
  std::string subject;
  std::vector<std::string> only;     // actions: what survives them
  std::vector<std::string> confirm;  // node ids of accounts whose proposed link is right
};
[[nodiscard]] base::Result<int> map(const Session& session, const MapArguments& arguments);

struct PlanArguments {
  std::string subject, reason = "departure", digest;
  std::vector<std::string> confirm;
  bool staged = false, explain = false, runbook = false;
};
[[nodiscard]] base::Result<int> plan(const Session& session, const PlanArguments& arguments);
[[nodiscard]] base::Result<int> approval_show(const Session& session, const std::string& digest, const std::string& file);
[[nodiscard]] base::Result<int> approve(const Session& session, const std::string& digest, const std::string& signature);

struct RunArguments {
  std::string case_id;
  std::vector<std::string> at;  // local time, IANA zone
  std::string wait_draining;    // a length of time; empty: not at all
};
[[nodiscard]] base::Result<int> run(const Session& session, const RunArguments& arguments);
struct RestoreArguments {
  std::string case_id, reason = "ended by mistake", hand_to, hand_over;
  bool run = false;
};
[[nodiscard]] base::Result<int> restore(const Session& session, const RestoreArguments& arguments);
/// How a case stands after a run, a probe or a restore of it; the exit code.
[[nodiscard]] int report(const Session& session, const engine::RunResult& result);
[[nodiscard]] base::Result<int> probe(const Session& session, const std::string& case_id);
[[nodiscard]] base::Result<int> watch(const Session& session, bool once);
[[nodiscard]] base::Result<int> cancel(const Session& session, const std::string& case_id, const std::string& reason);

struct HaltArguments {
  std::string reason = "no reason given", signature;
  bool show = false, lift = false;
};
[[nodiscard]] base::Result<int> halt(const Session& session, const HaltArguments& arguments);
struct ExceptionArguments {
  std::string case_id, until, reason;
  std::vector<std::string> paths;
};
[[nodiscard]] base::Result<int> exception_ask(const Session& session, const ExceptionArguments& arguments);
[[nodiscard]] base::Result<int> exception_show(const Session& session, const std::string& id, const std::string& file);
[[nodiscard]] base::Result<int> exception_approve(const Session& session, const std::string& id, const std::string& signature);
[[nodiscard]] base::Result<int> exception_list(const Session& session, const std::string& case_id);
[[nodiscard]] base::Result<int> status(const Session& session, const std::string& case_id);
[[nodiscard]] base::Result<int> record(const Session& session, const std::string& case_id, const std::string& file);
[[nodiscard]] base::Result<int> doctor(const Session& session);
[[nodiscard]] base::Result<int> log_succeed(const Session& session, const std::string& reason);

}  // namespace exeunt::cli
