// Process names, environments, key ids and login names stand in what ps, ss, /proc and sshd's log say: all written by the subject.
#include "connect/openssh/session_table.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto half = text.find('\x01');
  const auto first = text.substr(0, half);
  const auto second = half == std::string_view::npos ? std::string_view{} : text.substr(half + 1);

  connect::SessionSources sources;
  sources.processes = connect::parse_processes(first, second);
  sources.sockets = connect::parse_sockets(first);
  sources.log = connect::parse_log(first);
  sources.told = connect::parse_told(second, {{"/tmp/sshauth.a", connect::parse_note(first)}});
  sources.ports = {"22"};
  sources.logins = {{"0", {"root"}}, {"1007", {"alice"}}};
  for (const auto& socket : sources.sockets) {
    for (const auto& pid : socket.sshd) fuzz::require(socket.pids.contains(pid));
  }
  for (const auto& login : sources.log)
    fuzz::require(login.fingerprint.starts_with("SHA256:") && connect::plain_endpoint(login.endpoint) == login.endpoint);

  for (const auto& login : connect::parse_accepted(first)) {
    fuzz::require(connect::plain_endpoint(login.endpoint) == login.endpoint && !login.method.empty());
    fuzz::require(login.serial.find_first_not_of("0123456789") == std::string::npos);
  }

  // Every process belongs to one place at most.
  const auto table = connect::make_session_table(sources);
  std::size_t placed = 0;
  for (const auto& session : table.sessions) placed += session.processes.size();
  for (const auto& [uid, processes] : table.unclaimed) placed += processes.size();
  fuzz::require(placed <= sources.processes.size());
  return 0;
}
