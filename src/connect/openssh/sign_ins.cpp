// Connector::sign_ins of an OpenSSH host: what sshd's log says of successes.
#include "connect/sign_ins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"
#include "connect/openssh/openssh.hpp"
#include "connect/openssh/programs.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::Completeness;
using model::NodeKind;

constexpr std::size_t k_lines_max = 50'000;  // as many as the program hands over
constexpr base::Duration k_stamp_step{1'000};

/// What the host said: T, A and G of the program.
struct LogAnswer {
  std::optional<base::Time> clock;
  std::optional<std::string> beginning;
  std::string accepted;
};

/// nullopt: it was cut off before its last line.
std::optional<LogAnswer> read_answer(std::string_view text) {
  if (!text.ends_with("\nZ\n")) return std::nullopt;
  LogAnswer out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const auto value = line.size() > 2 ? line.substr(2) : std::string_view{};
    if (line.starts_with("T ")) {
      std::int64_t milliseconds = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
      if (read.ec == std::errc{}) out.clock = base::Time(base::Duration(milliseconds));
    }
    if (line.starts_with("A ")) out.beginning = decode_base64_leniently(value).value_or(std::string{});
    if (line.starts_with("G ")) out.accepted = decode_base64_leniently(value).value_or(std::string{});
  }
  return out;
}

/// The first stamp in it: how far back the log reaches.
std::optional<base::Time> first_stamp(std::string_view log) {
  while (!log.empty()) {
    const auto line = log.substr(0, log.find('\n'));
    if (const auto stamp = stamp_of(line)) return stamp;
    log.remove_prefix(std::min(log.size(), line.size() + 1));
  }
  return std::nullopt;
}

/// How far the log answers for the time since the departure.
void judge_reach(SignInListing& listing, const SignInRequest& request, const LogAnswer& answer, const std::vector<LogLogin>& logins) {
  auto oldest = first_stamp(*answer.beginning);
  if (logins.size() >= k_lines_max && logins.front().at) oldest = logins.front().at;
  if (!oldest) {
    limit_to(listing, Completeness::none,
             answer.beginning->empty() ? "sshd's log is empty" : "the lines of sshd's log carry no time with year and zone (RFC 3339)");
  } else if (!is_before_since(listing, request, *oldest)) {
    limit_to(listing, Completeness::partial,
             "sshd's log reaches back to " + base::to_rfc3339(*oldest) + " only; what is older was read in earlier looks, or by nobody");
  }
  const auto undated = std::count_if(logins.begin(), logins.end(), [](const LogLogin& login) { return !login.at; });
  if (oldest && undated > 0) limit_to(listing, Completeness::partial, fmt::format("{} logins in sshd's log carry no time", undated));
}

}  // namespace

Result<SignInListing> OpenSsh::sign_ins(const SignInRequest& request) {
  SignInListing out;
  out.completeness = Completeness::full;
  if (settings_.session_log.empty()) {
    limit_to(out, Completeness::none, "session_log is not set: nobody tells who logged in");
    return out;
  }
  EXEUNT_TRY_ASSIGN(const auto accounts, read_accounts(host_, settings_, request.deadline));
  EXEUNT_TRY_ASSIGN(const auto ours, protected_fingerprints());
  const base::Time asked = clock_.now();
  EXEUNT_TRY_ASSIGN(const auto said, host_.run(programs::k_sign_ins, {settings_.session_log}, "", Effect::reads, request.deadline));
  const base::Time answered = clock_.now();
  const auto answer = read_answer(said.out);
  if (said.exit_code != 0 || !answer || !answer->clock)
    return fail(Code::unavailable, settings_.system.text() + ": reading sshd's log ended before it was whole", "look at the host; repeat");
  set_clock(out, asked, answered, *answer->clock, k_stamp_step);
  if (!answer->beginning) {
    limit_to(out, Completeness::none,
             settings_.session_log + " is not there, or not readable for " + settings_.manage_as + " on " + settings_.system.text());
    return out;
  }
  const auto logins = parse_accepted(answer->accepted);
  judge_reach(out, request, *answer, logins);
  for (const auto& login : logins) {
    if (!login.at || (!login.fingerprint.empty() && ours.contains(login.fingerprint))) continue;
    for (const auto& account : accounts)
      if (account.login == login.login) add_sign_in(out, request, login, account.uid);
  }
  trim(out, request);
  return out;
}

void OpenSsh::add_sign_in(SignInListing& out, const SignInRequest& request, const LogLogin& login, const std::string& uid) const {
  const auto holds = [](const std::vector<model::Node>& nodes, const model::NodeKey& key) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const model::Node& node) { return node.key == key; });
  };
  const model::NodeKey account = key_of(NodeKind::account, uid);
  model::NodeKey used = account;
  if (!login.fingerprint.empty()) used = key_of(NodeKind::key, key_native_id(uid, login.fingerprint));
  const auto certificate = key_of(NodeKind::certificate, login.fingerprint + ":" + login.serial);
  if (login.certificate && holds(request.paths, certificate)) used = certificate;
  if (!holds(request.accounts, account) && !holds(request.paths, used)) return;
  std::string words = login.method;
  if (!login.fingerprint.empty()) words += (login.certificate ? ", certificate of " : " ") + login.fingerprint;
  out.sign_ins.push_back({used, model::node_id(account), *login.at, login.endpoint, std::move(words)});
}

}  // namespace exeunt::connect
