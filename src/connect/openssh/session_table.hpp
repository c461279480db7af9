// Who is logged in, from four sources that check each other: process table, kernel sockets, sshd's log, and what sshd told each session
// (ExposeAuthInfo). A ControlMaster without a shell is a session too: its connection has sshd processes and nothing else.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace exeunt::connect {

struct HostProcess {
  std::string pid;
  std::string parent;
  std::string uid;  // effective
  std::string real;
  std::string start;  // clock ticks since boot: pid and start name one process for ever
};

/// One login of sshd's log: `Accepted publickey for alice from 127.0.0.1 port 41234 ssh2: ED25519 SHA256:…`.
struct LogLogin {
  std::string login;
  std::string endpoint;     // "ip:port"
  std::string fingerprint;  // of the plain key, for a certificate too; empty: no key opened it
  bool certificate = false;
  std::string method = "publickey";
  std::string serial = {};                      // of the certificate
  std::optional<base::Time> at = std::nullopt;  // where the line begins with an RFC 3339 stamp; the classic syslog stamp has no year
};

struct Socket {
  std::string local_port;
  std::string peer;            // "ip:port"; empty for a listening one
  std::set<std::string> pids;  // all that hold it
  std::set<std::string> sshd;  // of these, the ones that call themselves sshd (believed of root's processes only)
};

/// What a process was told by sshd; within reach of the account, so it never outweighs the log.
struct Told {
  std::string pid;
  std::string endpoint;
  std::set<std::string> fingerprints;
};

struct Session {
  std::string endpoint;                // client's ip:port: the immutable id
  std::string uid;                     // account that it runs as
  std::set<std::string> fingerprints;  // of the key that opened it; empty: nobody tells
  bool connected = false;              // the connection is open; false: only what it left running
  bool by_log = false;                 // the log named the key
  std::vector<HostProcess> processes;  // sshd's own for the connection, and all below or left behind
};

struct SessionTable {
  std::vector<Session> sessions;
  std::map<std::string, std::vector<HostProcess>> unclaimed;  // uid -> processes that belong to no connection we can name
};

/// Parsers of hostile lines; what does not fit exactly is left out. Empty input: empty output.
[[nodiscard]] std::vector<HostProcess> parse_processes(std::string_view ps, std::string_view stat);
[[nodiscard]] std::vector<Socket> parse_sockets(std::string_view ss);
[[nodiscard]] std::vector<LogLogin> parse_log(std::string_view log);       // by a key
[[nodiscard]] std::vector<LogLogin> parse_accepted(std::string_view log);  // by whatever means
/// The stamp that a line of the log begins with; nullopt: none with year and zone (RFC 3339).
[[nodiscard]] std::optional<base::Time> stamp_of(std::string_view line);
/// "127.0.0.1 41234 127.0.0.1 22" (SSH_CONNECTION) -> "127.0.0.1:41234"; empty when it is something else.
[[nodiscard]] std::string client_of_connection(std::string_view connection);
/// sshd's note to a session (ExposeAuthInfo): lines `publickey type base64` -> fingerprints.
[[nodiscard]] std::set<std::string> parse_note(std::string_view note);
/// NUL-ended `/proc/PID/environ:NAME=value`, with the notes by path; the first of a name counts.
[[nodiscard]] std::vector<Told> parse_told(std::string_view environments, const std::map<std::string, std::set<std::string>>& notes);
/// "[::ffff:10.0.0.1]:22" -> "10.0.0.1:22"; "[::1]:22" -> "::1:22"; empty when it is no address and port.
[[nodiscard]] std::string plain_endpoint(std::string_view address_and_port);

struct SessionSources {
  std::vector<HostProcess> processes;
  std::vector<Socket> sockets;
  std::vector<LogLogin> log;  // oldest first
  std::vector<Told> told;
  std::set<std::string> ports;                          // where sshd listens
  std::map<std::string, std::set<std::string>> logins;  // uid -> logins; the accounts that are looked into
};
[[nodiscard]] SessionTable make_session_table(const SessionSources& sources);

}  // namespace exeunt::connect
