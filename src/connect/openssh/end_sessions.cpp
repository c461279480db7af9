// Ending what is logged in: an account that is one person's alone as a whole, otherwise only her connections and what came of them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/escape.hpp"
#include "connect/openssh/openssh.hpp"
#include "connect/openssh/programs.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::NodeKind;

constexpr int k_rounds_max = 5;
constexpr int k_first_person_uid = 1000;  // below are the system's own accounts (login.defs UID_MIN)

struct Counts {
  int ended = 0;
  int left = 0;
};

Result<Counts> read_counts(const HostAnswer& answer, const OpenSshSettings& settings) {
  Counts counts;
  const char* const end = answer.out.data() + answer.out.size();
  const auto first = std::from_chars(answer.out.data(), end, counts.ended);
  const bool good = first.ec == std::errc{} && first.ptr != end && std::from_chars(first.ptr + 1, end, counts.left).ec == std::errc{};
  if (answer.exit_code != 0 || !good || !answer.out.ends_with("Z\n")) {
    return fail(Code::outcome_unknown,
                fmt::format("{}: ending processes stopped with {}: {}", settings.system.text(), answer.exit_code,
                            base::escape_terminal(answer.error, 200)),
                "observe before anything else");
  }
  return counts;
}

}  // namespace

bool OpenSsh::may_end_by_uid(const HostAccount& account) const {
  int uid = 0;
  const auto read = std::from_chars(account.uid.data(), account.uid.data() + account.uid.size(), uid);
  return read.ec == std::errc{} && account.personal() && uid >= k_first_person_uid && uid != 65534 &&
         account.login != settings_.manage_as && account.login != settings_.control_account;
}

Result<int> OpenSsh::end_connections(const std::set<std::string>& endpoints, const Deadline& deadline) {
  int ended = 0;
  for (int round = 0; round < k_rounds_max; ++round) {
    EXEUNT_TRY_ASSIGN(const auto accounts, read_accounts(host_, settings_, deadline));
    std::vector<std::string> uids;
    for (const auto& account : accounts) uids.push_back(account.uid);
    EXEUNT_TRY_ASSIGN(const auto now, survey_processes(host_, settings_, uids, clock_, deadline));
    std::string input;
    for (const auto& session : now.sessions.sessions) {
      if (!endpoints.contains(session.endpoint) || session.endpoint == now.own_endpoint) continue;
      for (const auto& process : session.processes) input += fmt::format("{} {}\n", process.pid, process.start);
    }
    if (input.empty()) return ended;
    EXEUNT_TRY_ASSIGN(const auto answer, host_.run(programs::k_end_processes, {}, input, Effect::writes, deadline));
    EXEUNT_TRY_ASSIGN(const auto counts, read_counts(answer, settings_));
    ended += counts.ended;
  }
  return fail(Code::aborted, settings_.system.text() + ": connections are still there after several rounds", "repeat");
}

Result<ApplyOutcome> OpenSsh::end_sessions(const ApplyRequest& request) {
  ApplyOutcome out;
  out.calls = 1;
  // A key that she added over a session goes first: ended before, she would be in again by it.
  const bool keys =
      std::any_of(request.covered.begin(), request.covered.end(), [](const model::Node& node) { return node.key.kind == NodeKind::key; });
  if (keys) {
    const InventoryRequest whole;
    EXEUNT_TRY_ASSIGN(const auto survey, look(whole, request.deadline));
    EXEUNT_TRY_ASSIGN(out, revoke_keys(request, survey));
    out.words += "; ";
  }
  EXEUNT_TRY_ASSIGN(const auto accounts, read_accounts(host_, settings_, request.deadline));
  const auto found = std::find_if(accounts.begin(), accounts.end(), [&](const HostAccount& account) {
    return request.target.key.kind == NodeKind::account && account.uid == request.target.key.native_id;
  });
  const auto* account = found == accounts.end() ? nullptr : &*found;
  const bool by_uid = account != nullptr && may_end_by_uid(*account);
  std::set<std::string> endpoints;
  auto sessions = request.covered;
  if (request.target.key.kind == NodeKind::session) sessions.push_back(request.target);
  for (const auto& node : sessions) {
    if (node.key.kind != NodeKind::session) continue;
    if (!node.key.native_id.starts_with("process:"))
      endpoints.insert(node.key.native_id);
    else if (!by_uid)
      return fail(Code::failed_precondition,
                  settings_.system.text() + ": a process without a connection is ended only with an account that is hers alone");
    out.acknowledged.push_back(node.id());
  }
  if (by_uid) {
    EXEUNT_TRY_ASSIGN(const auto answer, host_.run(programs::k_end_uid, {account->uid}, {}, Effect::writes, request.deadline));
    EXEUNT_TRY_ASSIGN(const auto counts, read_counts(answer, settings_));
    ++out.calls;
    if (counts.left > 0)
      return fail(Code::aborted, fmt::format("{}: {} processes of the account are still there", settings_.system.text(), counts.left),
                  "repeat");
    out.words += fmt::format("{} processes of uid {} ended", counts.ended, account->uid);
  } else if (account != nullptr) {
    out.words += fmt::format("uid {} is not one person's alone: nothing was ended by uid", account->uid);
  }
  if (!endpoints.empty()) {
    EXEUNT_TRY_ASSIGN(const int ended, end_connections(endpoints, request.deadline));
    out.calls += 2;
    out.words += fmt::format("{}{} processes of {} connections ended", by_uid || account != nullptr ? "; " : "", ended, endpoints.size());
  }
  return out;
}

}  // namespace exeunt::connect
