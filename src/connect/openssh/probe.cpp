// One try at the way in: "would you take this public half?" The private half is nowhere in this program.
#include <fmt/format.h>

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/openssh/openssh.hpp"

namespace exeunt::connect {
namespace {

using model::NodeKind;
using model::ProbeAnswer;

ProbeResult said(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, model::ProbeMeans::own, std::move(reason), std::move(words)};
}

ProbeResult ask(const OpenSshSettings& settings, const std::string& login, const std::string& line, const Deadline& deadline,
                const base::Clock& clock) {
  const auto shown = base::escape_terminal(login, 40);
  const auto answer = query_public_half(settings, login, line, deadline, clock);
  if (!answer) return said(ProbeAnswer::unknown, std::string(base::code_name(answer.error().code)), answer.error().what);
  switch (*answer) {
    case QueryAnswer::taken: return said(ProbeAnswer::admitted, "PK_OK", fmt::format("sshd would take it for {}", shown));
    case QueryAnswer::refused: return said(ProbeAnswer::refused, "USERAUTH_FAILURE", fmt::format("sshd does not take it for {}", shown));
  }
  return said(ProbeAnswer::unknown, "", "");
}

}  // namespace

base::Result<ProbeResult> OpenSsh::probe(const ProbeRequest& request) {
  const auto kind = request.target.key.kind;
  if (request.means != model::ProbeMeans::own || (kind != NodeKind::key && kind != NodeKind::certificate)) {
    return base::fail(base::Code::unimplemented, "an OpenSSH host can be tried by a key's or a certificate's public half only",
                      "observe this path");
  }
  const auto login = fact(request.target, "login");
  const auto line = fact(request.target, "public");
  if (login.empty() || line.empty()) return said(ProbeAnswer::unknown, "no public half", "the public half of this credential is not known");
  if (fact(request.target, "cert_authority") == "yes") {
    return said(ProbeAnswer::unknown, "cert-authority",
                "the line admits certificates that this key signed, not the key itself: trying the key shows nothing");
  }
  if (const auto parsed = parse_public_line(line); !parsed || parsed->fingerprint != fingerprint_in(request.target.key.native_id)) {
    return said(ProbeAnswer::unknown, "another key", "the public half that was noted is not the one that this path is named after");
  }
  return ask(settings_, login, line, request.deadline, clock_);
}

base::Result<ProbeResult> OpenSsh::probe_control(const ProbeRequest& request) {
  const auto& line = request.target.key.kind == NodeKind::certificate ? settings_.control_certificate : settings_.control_key;
  const bool tried = request.target.key.kind == NodeKind::key || request.target.key.kind == NodeKind::certificate;
  if (!tried || request.means != model::ProbeMeans::own || line.empty()) {
    return base::fail(base::Code::unimplemented, "no control identity is set for this kind",
                      "set control_account with control_key and control_certificate");
  }
  return ask(settings_, settings_.control_account, line, request.deadline, clock_);
}

}  // namespace exeunt::connect
