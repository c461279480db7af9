// Parsers of what ps, ss, /proc and sshd's log say. Process names, key ids and environments are written by the subject.
#include <algorithm>
#include <unordered_map>

#include "connect/openssh/public_key.hpp"
#include "connect/openssh/session_table.hpp"

namespace exeunt::connect {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_port(std::string_view text) { return is_number(text) && text.size() <= 5; }

bool is_address(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF:.%_-abcdefghijklmnopqrstuvwxyz") == std::string_view::npos &&
         text.find_first_of(":.") != std::string_view::npos;
}

template <class Each>
void for_each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    each(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) return out;
    text.remove_prefix(start);
    const auto end = text.find_first_of(" \t");
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end);
  }
}

/// `",pid=123,fd=4)` at the front: its pid and how long it is.
bool holder_end(std::string_view text, std::string_view& pid, std::size_t& length) {
  constexpr std::string_view k_pid = "\",pid=";
  constexpr std::string_view k_fd = ",fd=";
  if (!text.starts_with(k_pid)) return false;
  auto rest = text.substr(k_pid.size());
  const auto comma = rest.find(',');
  if (comma == std::string_view::npos || !is_number(rest.substr(0, comma))) return false;
  pid = rest.substr(0, comma);
  rest.remove_prefix(comma);
  if (!rest.starts_with(k_fd)) return false;
  rest.remove_prefix(k_fd.size());
  const auto close = rest.find(')');
  if (close == std::string_view::npos || !is_number(rest.substr(0, close))) return false;
  length = text.size() - rest.size() + close + 1;
  return true;
}

struct Holder {
  std::string_view name;
  std::string_view pid;
};

/// users:(("sshd",pid=1,fd=4),("sshd",pid=2,fd=4)) — a process may be called `",pid=1,fd=3),(`. Names are 15 bytes at most (the kernel's
/// TASK_COMM_LEN), and with that bound a list has one reading to its very end; other readings come to nothing and are taken back.
class HolderReader {
 public:
  bool read(std::string_view text) {
    if (failed_.contains(text.size())) return false;
    for (auto at = text.find("\",pid="); at != std::string_view::npos && at <= k_name_bytes_max; at = text.find("\",pid=", at + 1)) {
      std::size_t length = 0;
      std::string_view pid;
      if (!holder_end(text.substr(at), pid, length)) continue;
      const auto after = text.substr(at + length);
      if (after != ")" && !(after.starts_with(",(\"") && holders.size() < k_holders_max)) continue;
      holders.push_back({text.substr(0, at), pid});
      if (after == ")" || read(after.substr(3))) return true;
      holders.pop_back();
    }
    failed_.insert(text.size());
    return false;
  }
  std::vector<Holder> holders;

 private:
  static constexpr std::size_t k_name_bytes_max = 15;
  static constexpr std::size_t k_holders_max = 1000;  // bounds the depth too
  std::set<std::size_t> failed_;                      // by how much was left: every rest is tried once
};

void read_holders(std::string_view text, Socket& socket) {
  constexpr std::string_view k_open = "users:((\"";
  const auto open = text.find(k_open);
  HolderReader reader;
  if (open == std::string_view::npos || !reader.read(text.substr(open + k_open.size()))) return;
  for (const auto& holder : reader.holders) {
    socket.pids.emplace(holder.pid);
    if (holder.name == "sshd" || holder.name == "sshd-session") socket.sshd.emplace(holder.pid);
  }
}

bool is_month(std::string_view word) {
  constexpr std::string_view k_months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto at = word.size() == 3 ? k_months.find(word) : std::string_view::npos;
  return at != std::string_view::npos && at % 3 == 0;
}

/// The head of a log line before "Accepted": nothing (sshd -E), an RFC 3339 stamp (what collects `sshd -e` puts before it), or a syslog stamp
/// (`Nov 20 20:00:00` or RFC 3339), host and `sshd[123]: `.
/// A login name is free text and may look like the end of such a head ("Invalid user sshd[1]: Accepted …"), so the whole head is checked.
bool is_log_head(std::string_view head) {
  if (head.empty()) return true;
  const auto words = words_of(head);
  if (words.size() == 1) return stamp_of(head).has_value();
  const bool classic = words.size() == 5 && is_month(words[0]) && is_number(words[1]) && words[2].size() == 8 && words[2][2] == ':';
  const bool precise = words.size() == 3 && words[0].size() >= 20 && is_number(words[0].substr(0, 4)) && words[0][4] == '-';
  if (!(classic || precise) || !head.ends_with("]: ")) return false;
  const auto last = words.back();
  const auto open = last.find('[');
  const auto name = last.substr(0, open);
  return open != std::string_view::npos && (name == "sshd" || name == "sshd-session") &&
         is_number(last.substr(open + 1, last.size() - open - 3));
}

}  // namespace

std::string plain_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  const auto port = text.substr(colon + 1);
  auto address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (address.starts_with("::ffff:") && address.find('.') != std::string_view::npos) address.remove_prefix(7);
  if (!is_port(port) || !is_address(address)) return {};
  return std::string(address) + ":" + std::string(port);
}

std::vector<HostProcess> parse_processes(std::string_view ps, std::string_view stat) {
  std::unordered_map<std::string_view, std::string_view> starts;
  for_each_line(stat, [&](std::string_view line) {
    const auto open = line.find(" (");
    const auto close = line.rfind(") ");  // the name between may hold anything, this too
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
    const auto fields = words_of(line.substr(close + 2));
    if (fields.size() > 19 && is_number(line.substr(0, open)) && is_number(fields[19])) starts.emplace(line.substr(0, open), fields[19]);
  });
  std::vector<HostProcess> out;
  for_each_line(ps, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() != 5 || !std::all_of(words.begin(), words.begin() + 4, is_number)) return;
    if (words[4].starts_with('Z')) return;  // it has ended; nobody collected it
    const auto start = starts.find(words[0]);
    out.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]), std::string(words[3]),
                   start == starts.end() ? std::string{} : std::string(start->second)});
  });
  return out;
}

std::vector<Socket> parse_sockets(std::string_view ss) {
  std::vector<Socket> out;
  for_each_line(ss, [&](std::string_view line) {
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    const auto words = words_of(line);
    // `ss state established` leaves the state column out, `ss -l` writes it: addresses are the words before users:.
    const auto users = std::find_if(words.begin(), words.end(), [](std::string_view word) { return word.starts_with("users:(("); });
    if (users - words.begin() < 4) return;
    Socket socket;
    const auto local = *(users - 2);
    socket.local_port = local.substr(local.rfind(':') + 1);
    socket.peer = plain_endpoint(*(users - 1));
    if (!is_port(socket.local_port)) return;
    read_holders(line, socket);
    out.push_back(std::move(socket));
  });
  return out;
}

std::optional<base::Time> stamp_of(std::string_view line) {
  const auto word = line.substr(0, line.find(' '));
  if (word.size() < 20 || word.size() > 40 || word[10] != 'T') return std::nullopt;
  const auto time = base::from_rfc3339(word);
  return time ? std::optional<base::Time>(*time) : std::nullopt;
}

namespace {

/// What stands behind "from" in a line of that method; false: this "from" is part of the login name.
bool read_origin(const std::vector<std::string_view>& words, std::string_view rest, LogLogin& login) {
  if (words.size() < 4 || words[1] != "port") return false;
  login.endpoint = plain_endpoint("[" + std::string(words[0]) + "]:" + std::string(words[2]));
  if (login.endpoint.empty()) return false;
  if (login.method != "publickey") return words.size() == 4 && words[3] == "ssh2";
  if (words.size() < 6 || words[3] != "ssh2:" || !is_fingerprint(words[5])) return false;
  login.fingerprint = words[5];
  login.certificate = words[4].ends_with("-CERT");
  constexpr std::string_view k_serial = " (serial ";  // behind the key id, which is free text: the last one counts
  const auto at = login.certificate ? rest.rfind(k_serial) : std::string_view::npos;
  if (at != std::string_view::npos) {
    const auto number = rest.substr(at + k_serial.size());
    if (is_number(number.substr(0, number.find(')')))) login.serial = number.substr(0, number.find(')'));
  }
  return true;
}

bool is_method(std::string_view word) {
  return !word.empty() && word.size() <= 40 &&
         std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '/'; });
}

}  // namespace

std::vector<LogLogin> parse_accepted(std::string_view log) {
  constexpr std::string_view k_accepted = "Accepted ";
  constexpr std::string_view k_for = " for ";
  constexpr std::string_view k_from = " from ";
  std::vector<LogLogin> out;
  for_each_line(log, [&](std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);  // sshd -E writes them
    const auto at = line.find(k_accepted);
    if (at == std::string_view::npos || !is_log_head(line.substr(0, at))) return;
    auto rest = line.substr(at + k_accepted.size());
    LogLogin login;
    login.method = rest.substr(0, rest.find(' '));
    rest.remove_prefix(login.method.size());
    if (!is_method(login.method) || !rest.starts_with(k_for)) return;
    rest.remove_prefix(k_for.size());
    login.at = stamp_of(line);
    for (auto from = rest.find(k_from); from != std::string_view::npos; from = rest.find(k_from, from + 1)) {
      const auto behind = rest.substr(from + k_from.size());
      if (!read_origin(words_of(behind), behind, login)) continue;
      login.login = rest.substr(0, from);
      out.push_back(std::move(login));
      return;
    }
  });
  return out;
}

std::vector<LogLogin> parse_log(std::string_view log) {
  auto out = parse_accepted(log);
  std::erase_if(out, [](const LogLogin& login) { return login.fingerprint.empty(); });
  return out;
}

std::string client_of_connection(std::string_view connection) {
  const auto words = words_of(connection);
  return words.size() == 4 ? plain_endpoint("[" + std::string(words[0]) + "]:" + std::string(words[1])) : std::string{};
}

std::set<std::string> parse_note(std::string_view note) {
  std::set<std::string> out;
  for_each_line(note, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 3 || words[0] != "publickey") return;
    const auto key = parse_public_line(std::string(words[1]) + " " + std::string(words[2]));
    if (key) out.insert(key->fingerprint);
  });
  return out;
}

std::vector<Told> parse_told(std::string_view environments, const std::map<std::string, std::set<std::string>>& notes) {
  constexpr std::string_view k_proc = "/proc/";
  constexpr std::string_view k_environ = "/environ:";
  constexpr std::string_view k_connection = "SSH_CONNECTION=";
  constexpr std::string_view k_note = "SSH_USER_AUTH=";
  std::map<std::string, Told> by_pid;
  std::set<std::string> noted;
  while (!environments.empty()) {
    const auto end = environments.find('\0');
    auto record = environments.substr(0, end);
    environments.remove_prefix(end == std::string_view::npos ? environments.size() : end + 1);
    const auto pid_end = record.find(k_environ);
    if (!record.starts_with(k_proc) || pid_end == std::string_view::npos) continue;
    const std::string pid(record.substr(k_proc.size(), pid_end - k_proc.size()));
    if (!is_number(pid)) continue;
    record.remove_prefix(pid_end + k_environ.size());
    auto& told = by_pid[pid];
    told.pid = pid;
    if (record.starts_with(k_connection) && told.endpoint.empty()) told.endpoint = client_of_connection(record.substr(k_connection.size()));
    if (record.starts_with(k_note) && noted.insert(pid).second) {
      if (const auto note = notes.find(std::string(record.substr(k_note.size()))); note != notes.end()) told.fingerprints = note->second;
    }
  }
  std::vector<Told> out;
  for (auto& [pid, told] : by_pid) out.push_back(std::move(told));
  return out;
}

}  // namespace exeunt::connect
