#include "cli/command_line.hpp"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include <CLI/CLI.hpp>

#include "base/log.hpp"
#include "cli/session.hpp"

namespace exeunt::cli {
namespace {

using Command = std::function<base::Result<int>(const Session&)>;

struct Parsed {
  std::string home, subject, digest, file, case_id, reason;
  bool json = false, once = false;
  InitArguments init;
  MapArguments map;
  PlanArguments plan;
  RunArguments run;
  HaltArguments halt;
  ExceptionArguments exception;
  RestoreArguments restore;
  Command command;
};

void add_making(CLI::App& app, Parsed& parsed) {
  auto* init_command =
      app.add_subcommand("init", "Make the home folder: sample configuration, keys (in a folder elsewhere), an empty store");
  init_command->add_option("--keys", parsed.init.keys, "Folder for the log key and the sealing key; not in or above the home folder")
      ->required();
  init_command->add_option("--checkpoint", parsed.init.checkpoint, "File outside the store that keeps the last signed checkpoint");
  init_command->callback([&] { parsed.command = [&](const Session& s) { return init(s, parsed.init); }; });
  auto* systems = app.add_subcommand("systems", "The systems in exeunt.yaml");
  systems->require_subcommand(1);
  systems->add_subcommand("check", "Reach every system and say which rights and settings are there or missing")->callback([&] {
    parsed.command = systems_check;
  });
}

void add_planning(CLI::App& app, Parsed& parsed) {
  auto* map_command = app.add_subcommand("map", "Every way in that a person holds, and how it is known");
  map_command->add_option("subject", parsed.map.subject, "HR id, login or e-mail")->required();
  map_command->add_option("--only", parsed.map.only, "What survives if only these actions are taken, e.g. disable_account,replace_password")
      ->delimiter(',');
  map_command->add_option("--confirm", parsed.map.confirm, "Count this proposed link as the person's (account id as printed)");
  map_command->callback([&] { parsed.command = [&](const Session& s) { return map(s, parsed.map); }; });
  auto* plan_command = app.add_subcommand("plan", "Open a case: map the person, compile the plan that ends every way in, print its digest");
  auto* subject = plan_command->add_option("subject", parsed.plan.subject, "HR id, login or e-mail");
  plan_command->add_option("--reason", parsed.plan.reason, "Why, for the record");
  plan_command->add_flag("--staged", parsed.plan.staged, "Let the prepare stage take the time that the policy allows (default: immediate)");
  plan_command->add_option("--confirm", parsed.plan.confirm,
                           "Count this proposed link as the person's; the approver signs it with the plan");
  plan_command->add_option("--digest", parsed.plan.digest, "Show the plan with this digest instead of making one")->excludes(subject);
  plan_command->add_flag("--explain", parsed.plan.explain, "Why each step stands where it stands");
  plan_command->add_flag("--runbook", parsed.plan.runbook, "The same stages for paper, for a day when nothing runs");
  plan_command->callback([&] { parsed.command = [&](const Session& s) { return plan(s, parsed.plan); }; });
}

void add_approving(CLI::App& app, Parsed& parsed) {
  auto* approval = app.add_subcommand("approval", "What an approver signs");
  approval->require_subcommand(1);
  auto* show = approval->add_subcommand(
      "show", "Print exactly the bytes to sign: exeunt approval show DIGEST > a.txt; ssh-keygen -Y sign -n exeunt-approval -f KEY a.txt");
  show->add_option("digest", parsed.digest, "Digest of the plan, or its first characters")->required();
  show->add_option("-o,--output", parsed.file, "Write the document to this file instead");
  show->callback([&] { parsed.command = [&](const Session& s) { return approval_show(s, parsed.digest, parsed.file); }; });
  auto* approve_command = app.add_subcommand("approve", "Hand in an approver's signature; checked against allowed_signers");
  approve_command->add_option("digest", parsed.digest, "Digest of the plan, or its first characters")->required();
  approve_command->add_option("--signature", parsed.file, "The .sig file that ssh-keygen -Y sign wrote")->required();
  approve_command->callback([&] { parsed.command = [&](const Session& s) { return approve(s, parsed.digest, parsed.file); }; });
}

void add_exceptions(CLI::App& app, Parsed& parsed) {
  auto* exception = app.add_subcommand("exception", "Ways in that stay until a time, for a reason, by a signature");
  exception->require_subcommand(1);
  auto* ask = exception->add_subcommand("ask", "Ask for one; prints what the approver signs. Nothing is spared until it is approved");
  ask->add_option("case", parsed.exception.case_id, "Case id, or its first characters")->required();
  ask->add_option("path", parsed.exception.paths, "Ways in, as <system>/<kind>/<id>, or an id or name that only one has")->required();
  ask->add_option("--until", parsed.exception.until, "Instant at which it is work again, RFC 3339: 2026-12-01T17:00:00Z")->required();
  ask->add_option("--reason", parsed.exception.reason, "Why, for the approver and the record")->required();
  ask->callback([&] { parsed.command = [&](const Session& s) { return exception_ask(s, parsed.exception); }; });
  auto* show = exception->add_subcommand("show", "Print exactly the bytes to sign: ssh-keygen -Y sign -n exeunt-exception -f KEY FILE");
  show->add_option("id", parsed.digest, "Id of the exception, or its first characters")->required();
  show->add_option("-o,--output", parsed.file, "Write the document to this file instead");
  show->callback([&] { parsed.command = [&](const Session& s) { return exception_show(s, parsed.digest, parsed.file); }; });
  auto* grant = exception->add_subcommand("approve", "Hand in an approver's signature; checked against allowed_signers");
  grant->add_option("id", parsed.digest, "Id of the exception, or its first characters")->required();
  grant->add_option("--signature", parsed.file, "The .sig file that ssh-keygen -Y sign wrote")->required();
  grant->callback([&] { parsed.command = [&](const Session& s) { return exception_approve(s, parsed.digest, parsed.file); }; });
  auto* list = exception->add_subcommand("list", "All of them, or those of a case: asked, approved, expired");
  list->add_option("case", parsed.case_id, "Case id, or its first characters");
  list->callback([&] { parsed.command = [&](const Session& s) { return exception_list(s, parsed.case_id); }; });
}

void add_running(CLI::App& app, Parsed& parsed) {
  auto* run_command = app.add_subcommand("run", "Run an approved case to its end; run it again after any interruption");
  run_command->add_option("case", parsed.run.case_id, "Case id, or its first characters")->required();
  run_command->add_option("--at", parsed.run.at, "Wait until this local time in this zone: --at \"2026-11-20 17:00\" Europe/Vienna")
      ->expected(2);
  run_command->add_option("--wait-draining", parsed.run.wait_draining,
                          "Stay until what cannot be recalled has ended by itself, if that is within this time (30s, 10min, 12h)");
  run_command->callback([&] { parsed.command = [&](const Session& s) { return run(s, parsed.run); }; });
  auto* probe_command = app.add_subcommand("probe", "Try every way in of a case once more; changes nothing");
  probe_command->add_option("case", parsed.case_id, "Case id, or its first characters")->required();
  probe_command->callback([&] { parsed.command = [&](const Session& s) { return probe(s, parsed.case_id); }; });
  auto* watch_command = app.add_subcommand(
      "watch", "Look at closed cases on the policy's schedule, and run what waits for an instant; stays until it is stopped");
  watch_command->add_flag("--once", parsed.once, "Do what is due now, then end: for a timer of the system");
  watch_command->callback([&] { parsed.command = [&](const Session& s) { return watch(s, parsed.once); }; });
  auto* cancel_command = app.add_subcommand("cancel", "Do nothing further in a case; what was ended stays ended");
  cancel_command->add_option("case", parsed.case_id, "Case id, or its first characters")->required();
  cancel_command->add_option("--reason", parsed.reason, "Why, for the record")->required();
  cancel_command->callback([&] { parsed.command = [&](const Session& s) { return cancel(s, parsed.case_id, parsed.reason); }; });
  auto* halt_command =
      app.add_subcommand("halt", "Stop every outside change at once (one person); --lift needs a second person's signature");
  halt_command->add_option("--reason", parsed.halt.reason, "Why, for everybody who looks");
  halt_command->add_flag("--show", parsed.halt.show, "Print the document that a second person signs to lift the halt");
  halt_command->add_flag("--lift", parsed.halt.lift, "Lift the halt; needs --signature");
  halt_command->add_option("--signature", parsed.halt.signature, "Signature over the document of --show, namespace exeunt-approval");
  halt_command->callback([&] { parsed.command = [&](const Session& s) { return halt(s, parsed.halt); }; });
}

void add_looking(CLI::App& app, Parsed& parsed) {
  auto* status_command = app.add_subcommand("status", "The cases; with a case: its ways in, its plans, what it waits for");
  status_command->add_option("case", parsed.case_id, "Case id, or its first characters");
  status_command->callback([&] { parsed.command = [&](const Session& s) { return status(s, parsed.case_id); }; });
  auto* record_command = app.add_subcommand("record", "What a case has to show: one JSON object, or a folder for manager and auditor");
  record_command->add_option("case", parsed.case_id, "Case id, or its first characters")->required();
  record_command->add_option(
      "-o,--output", parsed.file,
      "Write the JSON to this file; with a slash at the end (-o DIR/), or the name of an empty folder: the folder, with a "
      "report to read and print, proofs, signatures, and how to check them");
  record_command->callback([&] { parsed.command = [&](const Session& s) { return record(s, parsed.case_id, parsed.file); }; });
  app.add_subcommand("doctor", "Check the store: chains, tree, checkpoint, payloads, lost answers")->callback([&] {
    parsed.command = doctor;
  });
  auto* log = app.add_subcommand("log", "The evidence log");
  log->require_subcommand(1);
  auto* succeed = log->add_subcommand("succeed", "Begin a new log after the store was restored or moved; says what is lost");
  succeed->add_option("--reason", parsed.reason, "What happened, for the first entry of the new log")->required();
  succeed->callback([&] { parsed.command = [&](const Session& s) { return log_succeed(s, parsed.reason); }; });
}

void add_restoring(CLI::App& app, Parsed& parsed) {
  auto* command = app.add_subcommand(
      "restore", "Give back what a case took by mistake: shows what comes back and what cannot; with --run, after its approval, does it");
  command->add_option("case", parsed.restore.case_id, "Case id, or its first characters")->required();
  command->add_option("--reason", parsed.restore.reason, "Why, for the approver and the record");
  command->add_option("--hand-to", parsed.restore.hand_to, "Who gets the new passwords (default: the person's manager)");
  auto* run_flag = command->add_flag("--run", parsed.restore.run, "Run the approved plan to its end; again after any interruption");
  command->add_option("--hand-over", parsed.restore.hand_over, "Write the new passwords to this new file, once, when it is restored")
      ->excludes(run_flag);
  command->callback([&] { parsed.command = [&](const Session& s) { return restore(s, parsed.restore); }; });
}

/// SIGINT and SIGTERM ask the run to stop; what is out gets its outcome first. SIGKILL is survived by the journal.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] {
      int number = 0;
      sigwait(&set_, &number);
      source_.request_stop();
    });
  }
  ~Signals() {
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  sigset_t set_{};
  std::stop_source source_;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  Parsed parsed;
  CLI::App app{"Exeunt ends a departing person's access everywhere, in the right order, and shows it."};
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "exeunt 0.1.0");
  app.add_option("--home", parsed.home, "Home folder (default: $EXEUNT_HOME)");
  app.add_flag("--json", parsed.json, "Print JSON instead of text (schemas/)");
  add_making(app, parsed);
  add_planning(app, parsed);
  add_approving(app, parsed);
  add_exceptions(app, parsed);
  add_running(app, parsed);
  add_restoring(app, parsed);
  add_looking(app, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  base::log_to_stderr(base::LogLevel::warning);
  if (parsed.home.empty())
    if (const char* home = std::getenv("EXEUNT_HOME")) parsed.home = home;
  const Output out(parsed.json);
  if (parsed.home.empty()) return out.error({base::Code::invalid_argument, "no home folder", "give --home DIR or set EXEUNT_HOME"});
  const Signals signals;
  const base::SystemClock clock;
  base::SystemRandom random;
  const Session session{parsed.home, out, clock, random, signals.token()};
  const auto code = parsed.command(session);
  return code ? *code : out.error(code.error());
}

}  // namespace exeunt::cli
