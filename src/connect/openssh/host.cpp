#include "connect/openssh/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.hpp"
#include "base/secret.hpp"
#include "connect/openssh/ssh_session.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::Duration;
using base::fail;
using base::Result;

constexpr std::size_t k_output_bytes_max = std::size_t{64} * 1024 * 1024;
constexpr Duration k_idle_max{20'000};

struct ChannelFree {
  void operator()(ssh_channel channel) const { ssh_channel_free(channel); }
};
using Channel = std::unique_ptr<ssh_channel_struct, ChannelFree>;

/// The login shell of the management account gets one word list; our program and every value are quoted, so none of them is read as shell.
std::string command_line(std::string_view program, const std::vector<std::string>& arguments) {
  std::string out = "exec /bin/sh -c " + base::quote_shell(program) + " exeunt";
  for (const auto& argument : arguments) out += " " + base::quote_shell(argument);
  return out;
}

Result<SshKey> own_key(const OpenSshSettings& settings) {
  auto secret = base::read_secret(settings.key_reference);
  if (!secret) return fail(secret.error().about(settings.system.text() + ": key_file"));
  ssh_key raw = nullptr;
  // read_secret takes the final newline off; OpenSSH's format does not mind.
  if (ssh_pki_import_privkey_base64(secret->reveal().c_str(), nullptr, nullptr, nullptr, &raw) != SSH_OK) {
    return fail(Code::invalid_argument, settings.system.text() + ": key_file is not a private key without passphrase",
                "name the engine's own key in key_file");
  }
  return SshKey(raw);
}

enum class Read { all = 1, lost = 2, too_much = 3 };

/// Sends the input and collects both streams until the program ended or the time is up.
class Exchange {
 public:
  Exchange(ssh_session session, ssh_channel channel, std::string_view input, const base::Clock& clock, Duration until)
      : session_(session), channel_(channel), input_(input), clock_(clock), until_(until) {}

  Read to_the_end(HostAnswer& answer) {
    if (!send_input()) return Read::lost;
    while (ssh_channel_is_eof(channel_) == 0) {
      if (!take(answer.out, 0, left()) || !take(answer.error, 1, Duration(0))) return Read::lost;
      if (answer.out.size() + answer.error.size() > k_output_bytes_max) return Read::too_much;
      if (clock_.steady() >= until_) return Read::lost;
    }
    while (ssh_channel_get_exit_status(channel_) < 0) {
      if (ssh_is_connected(session_) == 0 || clock_.steady() >= until_) return Read::lost;
      if (ssh_channel_is_closed(channel_) != 0) break;
      if (ssh_channel_poll_timeout(channel_, 50, 0) == SSH_ERROR) break;
    }
    answer.exit_code = ssh_channel_get_exit_status(channel_);
    return answer.exit_code < 0 ? Read::lost : Read::all;
  }

 private:
  [[nodiscard]] Duration left() const { return std::clamp(until_ - clock_.steady(), Duration(0), Duration(200)); }

  bool send_input() {
    constexpr std::size_t k_piece = 16 * 1024;
    while (!input_.empty()) {
      const auto piece = input_.substr(0, k_piece);
      const int sent = ssh_channel_write(channel_, piece.data(), static_cast<std::uint32_t>(piece.size()));
      if (sent <= 0 || clock_.steady() >= until_) return false;
      input_.remove_prefix(static_cast<std::size_t>(sent));
    }
    return ssh_channel_send_eof(channel_) == SSH_OK;
  }

  bool take(std::string& out, int is_error, Duration timeout) {
    std::array<char, 32 * 1024> buffer;
    while (true) {
      const int got = ssh_channel_read_timeout(channel_, buffer.data(), buffer.size(), is_error, static_cast<int>(timeout.count()));
      if (got == SSH_AGAIN || got == 0) return ssh_is_connected(session_) != 0 || ssh_channel_is_eof(channel_) != 0;
      if (got < 0) return false;
      out.append(buffer.data(), static_cast<std::size_t>(got));
      if (out.size() > k_output_bytes_max) return true;
      timeout = Duration(0);
    }
  }

  ssh_session session_;
  ssh_channel channel_;
  std::string_view input_;
  const base::Clock& clock_;
  Duration until_;
};

}  // namespace

struct Host::Connection {
  SshSession session;
};

Host::Host(const OpenSshSettings& settings, const base::Clock& clock) : settings_(settings), clock_(clock) {}
Host::~Host() = default;

std::string Host::banner() {
  const std::lock_guard lock(mutex_);
  return banner_;
}

Result<std::string> Host::own_public_line() const {
  EXEUNT_TRY_ASSIGN(const auto key, own_key(settings_));
  char* encoded = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &encoded) != SSH_OK)
    return fail(Code::invalid_argument, settings_.system.text() + ": key_file has no public half");
  std::string line = std::string(ssh_key_type_to_char(ssh_key_type(key.get()))) + " " + encoded;
  ssh_string_free_char(encoded);
  EXEUNT_TRY_ASSIGN(const auto parsed, parse_public_line(line));
  return parsed.line();
}

base::Status Host::log_in(Duration until) {
  EXEUNT_TRY_ASSIGN(const auto key, own_key(settings_));
  EXEUNT_TRY_ASSIGN(auto session, connect_pinned(settings_, std::max(Duration(1), until - clock_.steady())));
  set_timeout(session.get(), std::max(Duration(1), until - clock_.steady()));
  const int answer = ssh_userauth_publickey(session.get(), nullptr, key.get());
  if (answer == SSH_AUTH_DENIED || answer == SSH_AUTH_PARTIAL) {
    return fail(Code::permission_denied,
                fmt::format("{}: login as {} with the engine's own key was refused", settings_.system.text(), settings_.manage_as),
                "check authorized_keys of that account, its from= option, and that the KRL is readable and not corrupt (a broken KRL "
                "refuses everybody)");
  }
  if (answer != SSH_AUTH_SUCCESS) {
    return fail(
        Code::unavailable,
        fmt::format("{}: login as {} got no answer: {}", settings_.system.text(), settings_.manage_as, session_error(session.get())),
        "check the server's log");
  }
  const char* banner = ssh_get_serverbanner(session.get());
  banner_ = banner == nullptr ? "" : base::escape_terminal(banner, 120);
  connection_ = std::make_unique<Connection>(Connection{std::move(session)});
  return {};
}

Result<HostAnswer> Host::run(std::string_view program, const std::vector<std::string>& arguments, std::string_view input, Effect effect,
                             const Deadline& deadline) {
  const std::lock_guard lock(mutex_);
  const auto until = clock_.steady() + deadline.timeout;
  if (connection_ && clock_.steady() - used_at_ > k_idle_max) connection_.reset();
  Channel channel;
  for (int attempt = 1; !channel; ++attempt) {
    const bool kept = connection_ != nullptr;
    if (!kept) EXEUNT_TRY(log_in(until));
    set_timeout(connection_->session.get(), std::max(Duration(1), until - clock_.steady()));
    Channel candidate(ssh_channel_new(connection_->session.get()));
    if (candidate && ssh_channel_open_session(candidate.get()) == SSH_OK) {
      channel = std::move(candidate);
      break;
    }
    const auto words = session_error(connection_->session.get());
    candidate.reset();
    connection_.reset();
    // Nothing was asked of the host yet: a kept connection that the server had closed is simply made anew, once.
    if (!kept || attempt > 1)
      return fail(Code::unavailable, settings_.system.text() + ": no channel: " + words, "repeat; look at the server's log");
  }
  ssh_session session = connection_->session.get();
  const auto lost = [&](std::string_view what) {
    channel.reset();
    connection_.reset();
    const auto code = effect == Effect::writes ? Code::outcome_unknown : Code::unavailable;
    return fail(code, fmt::format("{}: {}", settings_.system.text(), what),
                effect == Effect::writes ? "observe before anything else" : "repeat");
  };
  if (ssh_channel_request_exec(channel.get(), command_line(program, arguments).c_str()) != SSH_OK)
    return lost("the answer to a command was lost");
  HostAnswer answer;
  Exchange exchange(session, channel.get(), input, clock_, until);
  switch (exchange.to_the_end(answer)) {
    case Read::all: break;
    case Read::lost: return lost("the connection or the time ended before the answer");
    case Read::too_much:
      channel.reset();
      connection_.reset();
      return fail(Code::resource_exhausted, settings_.system.text() + ": more output than 64 MiB");
  }
  used_at_ = clock_.steady();
  return answer;
}

}  // namespace exeunt::connect
