// Looking without trying: processes and sockets for a session; files and the KRL for what could open one.
#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/openssh/openssh.hpp"
#include "connect/openssh/programs.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::Grade;
using model::NodeKind;

Observation seen(Presence presence, Grade grade, std::string words) { return {presence, grade, std::move(words)}; }

}  // namespace

Result<Observation> OpenSsh::observe(const model::Node& target, const Deadline& deadline) {
  switch (target.key.kind) {
    case NodeKind::session: return observe_session(target, deadline);
    case NodeKind::key: return observe_key(target, deadline);
    case NodeKind::certificate: return observe_certificate(target, deadline);
    case NodeKind::account: return observe_account(target, deadline);
    default: return fail(Code::unimplemented, settings_.system.text() + ": an OpenSSH host has no such thing to look at");
  }
}

Result<Observation> OpenSsh::observe_session(const model::Node& target, const Deadline& deadline) {
  std::vector<std::string> uids{fact(target, "uid")};
  if (uids.front().empty()) {
    EXEUNT_TRY_ASSIGN(const auto accounts, read_accounts(host_, settings_, deadline));
    uids.clear();
    for (const auto& account : accounts) uids.push_back(account.uid);
  }
  EXEUNT_TRY_ASSIGN(const auto now, survey_processes(host_, settings_, uids, clock_, deadline));
  if (now.peers.contains(target.key.native_id)) return seen(Presence::present, Grade::observed, "the kernel has its socket");
  for (const auto& session : now.sessions.sessions) {
    if (session.endpoint == target.key.native_id) {
      return seen(Presence::present, Grade::observed, fmt::format("{} processes of it run", session.processes.size()));
    }
  }
  for (const auto& [uid, processes] : now.sessions.unclaimed) {
    const bool here = std::any_of(processes.begin(), processes.end(), [&](const HostProcess& process) {
      return target.key.native_id == fmt::format("process:{}:{}", process.pid, process.start);
    });
    if (here) return seen(Presence::present, Grade::observed, "it runs");
  }
  return seen(Presence::absent, Grade::observed, "no process in the table and no socket in the kernel is of it");
}

Result<Observation> OpenSsh::observe_key(const model::Node& target, const Deadline& deadline) {
  const auto uid = target.key.native_id.substr(0, target.key.native_id.find(':'));
  const auto fingerprint = fingerprint_in(target.key.native_id);
  EXEUNT_TRY_ASSIGN(const auto survey, look_at(uid, deadline));
  std::string line;
  for (const auto& file : survey.key_files) {
    if (file.uid != uid) continue;
    if (!file.problem.empty()) return seen(Presence::unknown, Grade::read_back, file.path + ": " + file.problem);
    for (const auto& entry : file.parsed.keys) {
      if (entry.key.fingerprint == fingerprint) line = entry.key.line();
    }
  }
  if (line.empty()) return seen(Presence::absent, Grade::read_back, "no line of authorized_keys accepts it");
  EXEUNT_TRY_ASSIGN(const auto revoked, query_krl(host_, settings_, {line}, deadline));
  return revoked.front() ? seen(Presence::absent, Grade::read_back, "its line is there; the KRL revokes it")
                         : seen(Presence::present, Grade::read_back, "its line is there");
}

Result<Observation> OpenSsh::observe_certificate(const model::Node& target, const Deadline& deadline) {
  const auto line = fact(target, "public");
  const auto certificate = parse_certificate_line(line);
  if (!certificate) return seen(Presence::unknown, Grade::read_back, "its public half is not known");
  if (clock_.now() >
      base::Time(std::chrono::seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(certificate->valid_before, 253'402'300'799U))))) {
    return seen(Presence::absent, Grade::read_back, "its time is over");
  }
  EXEUNT_TRY_ASSIGN(const auto revoked, query_krl(host_, settings_, {certificate->line()}, deadline));
  return revoked.front() ? seen(Presence::absent, Grade::read_back, "the KRL revokes it")
                         : seen(Presence::present, Grade::read_back, "the KRL does not list it");
}

/// Usable: a key, a certificate or a password that is left would open it.
Result<Observation> OpenSsh::observe_account(const model::Node& target, const Deadline& deadline) {
  const auto& uid = target.key.native_id;
  EXEUNT_TRY_ASSIGN(const auto survey, look_at(uid, deadline));
  const auto* account = survey.account_of(uid);
  if (account == nullptr) return seen(Presence::absent, Grade::read_back, "the host serves no account with that uid");
  const auto shadow = survey.shadow.find(uid);
  if (shadow != survey.shadow.end() && shadow->second == "expired") return seen(Presence::absent, Grade::read_back, "expired in shadow(5)");
  if (shadow != survey.shadow.end() && shadow->second == "password")
    return seen(Presence::present, Grade::read_back, "shadow(5) holds a password");
  std::vector<std::string> lines;
  for (const auto& file : survey.key_files) {
    if (file.uid != uid) continue;
    if (!file.problem.empty()) return seen(Presence::unknown, Grade::read_back, file.path + ": " + file.problem);
    for (const auto& entry : file.parsed.keys) lines.push_back(entry.key.line());
  }
  for (const auto& certificate : survey.certificates) {
    const bool opens =
        std::find(certificate.principals.begin(), certificate.principals.end(), account->login) != certificate.principals.end();
    if (opens && certificate.for_login && certificate.valid_at(clock_.now())) lines.push_back(certificate.line());
  }
  EXEUNT_TRY_ASSIGN(const auto revoked, query_krl(host_, settings_, lines, deadline));
  const auto left = std::count(revoked.begin(), revoked.end(), false);
  if (left > 0) return seen(Presence::present, Grade::read_back, fmt::format("{} keys or certificates still open it", left));
  if (!settings_.ca_public_key.empty() && (settings_.ca_ledger.empty() || !survey.ledger_problem.empty())) {
    return seen(Presence::unknown, Grade::read_back, "no key opens it; which certificates exist is not known");
  }
  return seen(Presence::absent, Grade::read_back, "no key, certificate or password is left that opens it");
}

}  // namespace exeunt::connect
