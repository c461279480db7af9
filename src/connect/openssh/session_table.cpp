#include "connect/openssh/session_table.hpp"

#include <algorithm>
#include <unordered_map>

namespace exeunt::connect {
namespace {

class TableMaker {
 public:
  explicit TableMaker(const SessionSources& sources) : sources_(sources) {
    for (const auto& process : sources.processes) {
      by_pid_.emplace(process.pid, &process);
      children_[process.parent].push_back(&process);
    }
    for (const auto& told : sources.told) told_.emplace(told.pid, &told);
  }

  SessionTable make() {
    for (const auto& socket : sources_.sockets) connection(socket);
    left_behind();
    for (auto& session : table_.sessions) name_key(session);
    return std::move(table_);
  }

 private:
  /// Root's process that borrows an account's uid for a moment (sshd while it reads authorized_keys) runs nothing of hers.
  [[nodiscard]] bool looked_into(const HostProcess& process) const {
    return sources_.logins.contains(process.real) || (process.real != "0" && sources_.logins.contains(process.uid));
  }
  [[nodiscard]] std::string account_of(const HostProcess& process) const {
    return sources_.logins.contains(process.real) ? process.real : process.uid;
  }

  /// One connection: sshd's own process as root and, below it and holding the same socket, the one that runs as the account. For a login
  /// as root there is only the first.
  void connection(const Socket& socket) {
    if (socket.peer.empty() || !sources_.ports.contains(socket.local_port)) return;
    const HostProcess* monitor = nullptr;
    const HostProcess* own = nullptr;
    for (const auto& pid : socket.sshd) {
      const auto found = by_pid_.find(pid);
      if (found != by_pid_.end() && found->second->uid == "0" && found->second->real == "0") monitor = found->second;
    }
    if (monitor == nullptr) return;
    for (const auto& pid : socket.pids) {
      const auto found = by_pid_.find(pid);
      if (found == by_pid_.end() || found->second->parent != monitor->pid) continue;
      if (found->second->uid != "0" && found->second->real != "0") own = found->second;
    }
    const auto* top = own == nullptr ? monitor : own;
    if (!sources_.logins.contains(top->uid)) return;
    Session session;
    session.endpoint = socket.peer;
    session.uid = top->uid;
    session.connected = true;
    table_.sessions.push_back(std::move(session));
    take_with_descendants(*top, table_.sessions.size() - 1);
  }

  void take_with_descendants(const HostProcess& top, std::size_t session) {
    std::vector<const HostProcess*> waiting{&top};
    while (!waiting.empty()) {
      const auto* process = waiting.back();
      waiting.pop_back();
      if (!claimed_.emplace(process->pid, session).second) continue;
      table_.sessions[session].processes.push_back(*process);
      const auto below = children_.find(process->pid);
      if (below != children_.end()) waiting.insert(waiting.end(), below->second.begin(), below->second.end());
    }
  }

  /// Background jobs whose parent is gone: by the connection that sshd told them, with all below them.
  void left_behind() {
    for (const auto& process : sources_.processes) {
      if (claimed_.contains(process.pid) || !looked_into(process)) continue;
      const auto told = told_.find(process.pid);
      if (told == told_.end() || told->second->endpoint.empty()) continue;
      const auto uid = account_of(process);
      auto found = std::find_if(table_.sessions.begin(), table_.sessions.end(),
                                [&](const Session& s) { return s.endpoint == told->second->endpoint && s.uid == uid; });
      if (found == table_.sessions.end()) {
        Session session;
        session.endpoint = told->second->endpoint;
        session.uid = uid;
        found = table_.sessions.insert(table_.sessions.end(), std::move(session));
      }
      take_with_descendants(process, static_cast<std::size_t>(found - table_.sessions.begin()));
    }
    for (const auto& process : sources_.processes) {
      if (!claimed_.contains(process.pid) && looked_into(process) && account_of(process) != "0")
        table_.unclaimed[account_of(process)].push_back(process);
    }
  }

  void name_key(Session& session) {
    const auto& logins = sources_.logins.at(session.uid);
    std::set<std::string> logged;
    for (const auto& login : sources_.log) {
      if (login.endpoint != session.endpoint || !logins.contains(login.login)) continue;
      if (session.connected) logged.clear();  // an open connection is the last one from that port
      logged.insert(login.fingerprint);
    }
    if (logged.size() == 1) {
      session.fingerprints = logged;
      session.by_log = true;
      return;
    }
    for (const auto& process : session.processes) {
      const auto told = told_.find(process.pid);
      if (told == told_.end() || told->second->endpoint != session.endpoint) continue;
      session.fingerprints.insert(told->second->fingerprints.begin(), told->second->fingerprints.end());
    }
  }

  const SessionSources& sources_;
  SessionTable table_;
  std::unordered_map<std::string, const HostProcess*> by_pid_;
  std::unordered_map<std::string, std::vector<const HostProcess*>> children_;
  std::unordered_map<std::string, const Told*> told_;
  std::unordered_map<std::string, std::size_t> claimed_;
};

}  // namespace

SessionTable make_session_table(const SessionSources& sources) { return TableMaker(sources).make(); }

}  // namespace exeunt::connect
