#include <fmt/format.h>

#include <charconv>

#include "connect/openssh/openssh.hpp"
#include "connect/openssh/programs.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using model::NodeKind;

struct Question {
  std::string_view kind;
  const std::string& path;
  std::string_view setting;
  NodeKind about;
  std::string_view follows;  // what its absence means
};

}  // namespace

base::Result<CheckReport> OpenSsh::check(const Deadline& deadline) {
  const std::vector<Question> questions{
      {"krl", settings_.krl, "krl (RevokedKeys)", NodeKind::certificate, "certificates cannot be revoked, keys only by their lines"},
      {"authority", settings_.ca_public_key, "ca_public_key (TrustedUserCAKeys)", NodeKind::certificate,
       "certificates are taken for not trusted on this host"},
      {"folder", settings_.ca_ledger, "ca_ledger", NodeKind::certificate, "which certificates exist is not known"},
      {"log", settings_.session_log, "session_log", NodeKind::session, "whose session in a shared account it is, only SSH_USER_AUTH tells"},
  };
  std::string input;
  for (const auto& question : questions) {
    if (!question.path.empty()) input += fmt::format("{} {}\n", question.kind, question.path);
  }
  const auto asked = clock_.now();
  EXEUNT_TRY_ASSIGN(const auto answer, host_.run(programs::k_check, {}, input, Effect::reads, deadline));
  if (answer.exit_code != 0 || !answer.out.ends_with("Z\n")) {
    return fail(Code::unavailable, settings_.system.text() + ": the check did not run to its end on the host",
                "is /bin/sh the POSIX shell there?");
  }
  CheckReport report;
  report.version = host_.banner();
  const auto missing = [&](NodeKind kind, std::string words) {
    report.gaps.push_back({settings_.system, kind, words});
    report.missing.push_back(std::move(words));
  };
  const auto said = [&](const std::string& line) {
    return answer.out.starts_with(line + "\n") || answer.out.find("\n" + line + "\n") != std::string::npos;
  };
  for (const auto& question : questions) {
    if (question.path.empty())
      missing(question.about, fmt::format("{} is not set: {}", question.setting, question.follows));
    else if (said(fmt::format("F {} corrupt", question.kind)))
      missing(question.about,
              fmt::format("{}: {} is corrupt: sshd refuses everybody while it is; restore it", question.setting, question.path));
    else if (!said(fmt::format("F {} there", question.kind)))
      missing(question.about, fmt::format("{}: {} is not there or not readable: {}", question.setting, question.path, question.follows));
  }
  for (const std::string_view tool :
       {"ps", "ss", "ssh-keygen", "base64", "grep", "stat", "timeout", "chroot", "sha256sum", "mktemp", "sync", "getent"}) {
    if (said(fmt::format("M {}", tool)))
      missing(NodeKind::account, fmt::format("{} is not on the host: without it nothing works there", tool));
  }
  if (said("U 0"))
    report.rights.push_back(fmt::format("{}: uid 0, root-equivalent: it may read and change everything on this host", settings_.manage_as));
  else
    missing(NodeKind::account, settings_.manage_as + " is not root: other accounts' files and processes are neither seen nor ended");
  if (!said("A exposed"))
    missing(
        NodeKind::session,
        "ExposeAuthInfo is not on: without the log nobody tells which key opened a session in a shared account; set ExposeAuthInfo yes");
  if (settings_.control_key.empty()) missing(NodeKind::key, "no control_key: no key can be graded refused");
  if (settings_.control_certificate.empty()) missing(NodeKind::certificate, "no control_certificate: no certificate can be graded refused");
  if (const auto at = answer.out.find("T "); at != std::string::npos) {
    std::int64_t milliseconds = 0;
    const char* const begin = answer.out.data() + at + 2;
    if (std::from_chars(begin, answer.out.data() + answer.out.size(), milliseconds).ec == std::errc{}) {
      report.clock_offset = base::Time(base::Duration(milliseconds)) - asked;
    }
  }
  return report;
}

}  // namespace exeunt::connect
