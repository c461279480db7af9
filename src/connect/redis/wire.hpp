// One connection to a Redis server, logged in as our own user, and login tries of others. Everything in this folder talks to the server
// through here.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connect/password_tries.hpp"
#include "connect/redis/reply.hpp"
#include "connect/redis/transport.hpp"

namespace exeunt::connect::redis {

/// A read that loses its connection had no effect (unavailable); a change that does may have had (outcome_unknown).
enum class Kind { read, change };
using Words = std::vector<std::string>;

class Connection {
 public:
  Connection(Transport transport, std::string subject) : transport_(std::move(transport)), subject_(std::move(subject)) {}
  /// One command. An error that the server answers is an Error by its first word; a lost answer one by `kind`.
  [[nodiscard]] base::Result<Reply> run(Kind kind, const Words& words, const Until& until);
  [[nodiscard]] base::Result<Reply> read(const Words& words, const Until& until) { return run(Kind::read, words, until); }
  /// Several commands, answered in their order; an error among the answers stays an answer.
  [[nodiscard]] base::Result<std::vector<Reply>> run_all(Kind kind, const std::vector<Words>& commands, const Until& until);
  /// Several reads at one instant of the server (MULTI … EXEC).
  [[nodiscard]] base::Result<std::vector<Reply>> read_at_once(const std::vector<Words>& commands, const Until& until);
  [[nodiscard]] base::Error refusal(const Reply& error) const;
  [[nodiscard]] const std::string& subject() const { return subject_; }
  /// The server, or something between, closed it: seen at the last command, before its time was up.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  [[nodiscard]] base::Error lost(Kind kind, std::string_view why) const;
  Transport transport_;
  ReplyReader reader_;
  std::string subject_;
  bool closed_ = false;
};

/// Our own user. permission_denied when our credential is wrong; unavailable.
[[nodiscard]] base::Result<std::unique_ptr<Connection>> open_own(const Settings& settings, const Until& until);

/// Whether this value lets that user in now, tried over a connection of its own that is closed at once.
[[nodiscard]] PasswordAnswer try_password(const Settings& settings, const std::string& user, const base::Secret& value, const Until& until,
                                          std::string& words);

/// Lower-case hex SHA-256 of the value, as the server keeps it: in `ACL SETUSER … #hash` the value itself never crosses.
[[nodiscard]] std::string password_hash(const base::Secret& value);

}  // namespace exeunt::connect::redis
