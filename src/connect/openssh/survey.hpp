// One look at the host: accounts, key files, certificates issued, KRL, processes, sockets, log. Facts only; inventory.cpp judges them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connect/openssh/authorized_keys.hpp"
#include "connect/openssh/host.hpp"
#include "connect/openssh/session_table.hpp"

namespace exeunt::connect {

struct HostAccount {
  std::string login;  // hostile
  std::string uid;    // decimal
  std::string gid;
  std::string home;
  std::string shell;
  bool shared = false;    // named in shared_accounts
  bool uid_alone = true;  // no other account has this uid
  [[nodiscard]] bool personal() const { return !shared && uid_alone && uid != "0"; }
};

struct KeyFile {
  std::string uid;
  std::string path;
  bool present = false;
  std::string problem;  // not empty: it could not be read whole
  std::string content;  // hostile
  AuthorizedKeys parsed;
};

enum class KrlState { not_configured = 1, good = 2, absent = 3, corrupt = 4 };

struct Survey {
  base::Duration clock_offset{0};
  std::vector<HostAccount> accounts;
  std::vector<KeyFile> key_files;
  std::vector<Certificate> certificates;
  std::string ledger_problem;
  KrlState krl = KrlState::not_configured;
  SessionTable sessions;
  std::set<std::string> peers;  // "ip:port" of every established connection that the kernel lists
  std::vector<LogLogin> log;
  std::string own_endpoint;  // of the management channel: never ended, never a path
  std::string log_problem;
  std::map<std::string, std::vector<std::string>> scheduled;  // uid -> what runs by itself: "crontab"
  std::map<std::string, std::string> shadow;                  // uid -> none | no_password | password | expired
  [[nodiscard]] const HostAccount* account_of(std::string_view uid) const;
};

[[nodiscard]] std::vector<HostAccount> parse_passwd(std::string_view text, const std::vector<std::string>& shared);
[[nodiscard]] base::Result<std::vector<HostAccount>> read_accounts(Host& host, const OpenSshSettings& settings, const Deadline& deadline);
/// `looked_into`: uids whose processes' SSH_CONNECTION and SSH_USER_AUTH are read (nothing else of an environment ever leaves the host).
/// An answer without its last line is unavailable, never taken for a full one.
[[nodiscard]] base::Result<Survey> survey_host(Host& host, const OpenSshSettings& settings, std::vector<HostAccount> accounts,
                                               const std::vector<std::string>& looked_into, const base::Clock& clock,
                                               const Deadline& deadline);
/// The same without key files, ledger, KRL and log: who runs what now.
[[nodiscard]] base::Result<Survey> survey_processes(Host& host, const OpenSshSettings& settings,
                                                    const std::vector<std::string>& looked_into, const base::Clock& clock,
                                                    const Deadline& deadline);
/// ssh-keygen -Q of each public half: true revoked, false not; an error for any other code (255 is never read as fine).
[[nodiscard]] base::Result<std::vector<bool>> query_krl(Host& host, const OpenSshSettings& settings,
                                                        const std::vector<std::string>& public_lines, const Deadline& deadline);

}  // namespace exeunt::connect
