// A real, throw-away sshd on loopback, accounts by libnss_wrapper: needs root. People log in with ssh(1); Exeunt with the connector.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"

namespace exeunt::test {

/// An ssh client in the background; ended with the object.
class Client {
 public:
  explicit Client(pid_t pid) : pid_(pid) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();
  [[nodiscard]] bool running();
  /// Waits (bounded) until it ended by itself; false when it still runs.
  [[nodiscard]] bool ended_by_itself();

 private:
  pid_t pid_;
};

class Sshd {
 public:
  /// A fresh server, or nullptr with words on stdout where it cannot run (not root, package missing).
  static std::unique_ptr<Sshd> start(const std::string& more_configuration = "");
  /// The same with accounts in an /etc of its own (mount namespace) instead of libnss_wrapper: passwd and shadow are real there.
  static std::unique_ptr<Sshd> start_with_own_etc();
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;
  ~Sshd();

  void stop();  // the listener; sessions outlive it
  void listen_again();

  [[nodiscard]] std::string uid(const std::string& login) const;
  [[nodiscard]] std::filesystem::path keys_of(const std::string& login) const;  // its authorized_keys
  void write_keys(const std::string& login, const std::string& content);
  [[nodiscard]] std::string read_keys(const std::string& login) const;
  /// A new key pair; returns the private half's path. `public_of` is "type base64".
  std::filesystem::path make_key(const std::string& name, const std::string& type = "ed25519");
  [[nodiscard]] std::string public_of(const std::filesystem::path& key) const;
  [[nodiscard]] std::string fingerprint_of(const std::filesystem::path& key) const;
  /// Signs with the user CA and enters the certificate in the ledger (unless told not to); returns the certificate's path.
  std::filesystem::path certify(const std::filesystem::path& key, const std::string& principals, const std::string& key_id, unsigned serial,
                                bool in_ledger = true);

  /// Runs a command over a fresh login; true when it was let in and the command ended with 0. Output in *out.
  bool ssh(const std::string& login, const std::filesystem::path& key, const std::string& command, std::string* out = nullptr,
           const std::vector<std::string>& options = {});
  /// A session in the background that holds; returns once it is in (nullptr: refused). Its client endpoint in *endpoint.
  std::unique_ptr<Client> hold(const std::string& login, const std::filesystem::path& key, std::string* endpoint = nullptr,
                               const std::vector<std::string>& options = {});

  [[nodiscard]] connect::SystemConfig config(const std::vector<std::pair<std::string, std::string>>& changes = {}) const;
  std::unique_ptr<connect::Connector> connector(const std::vector<std::pair<std::string, std::string>>& changes = {});
  [[nodiscard]] model::Node account(const std::string& login) const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::filesystem::path krl() const { return folder_ / "krl"; }
  std::vector<std::string> run(const std::vector<std::string>& argv);  // exit code and output; fails the test when it does not start

 private:
  Sshd() = default;
  bool create(const std::string& more_configuration);
  bool make_own_etc() const;
  void write_accounts();
  std::vector<std::string> client(const std::string& login, const std::filesystem::path& key,
                                  const std::vector<std::string>& options) const;
  std::filesystem::path folder_;
  int port_ = 0;
  unsigned first_uid_ = 0;
  bool own_etc_ = false;
  pid_t listener_ = -1;
  int held_ = 0;
  base::SystemClock clock_;
  base::SystemRandom random_;
};

/// Waits (bounded) for a condition of another process.
bool soon(const std::function<bool()>& holds);

const model::Node* find(const model::Inventory& inventory, model::NodeKind kind, const std::string& native_id);
std::vector<model::Node> all(const model::Inventory& inventory, model::NodeKind kind);
const model::Listing* listing(const model::Inventory& inventory, model::NodeKind kind, const std::string& account);
model::Inventory look(connect::Connector& connector, const std::vector<model::Node>& accounts,
                      const std::vector<model::NodeKey>& known = {});
/// What the engine does with a step by rule: list anew, apply to what is listed below the target.
base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& target,
                                        const std::vector<model::NodeKey>& known = {});
model::ProbeAnswer probe(connect::Connector& connector, const model::Node& target);
model::ProbeAnswer control(connect::Connector& connector, const model::Node& target);

}  // namespace exeunt::test

/// Skips a test loudly where there is no server.
#define EXEUNT_SSHD(server, ...)                                        \
  const auto server##_owner = ::exeunt::test::Sshd::start(__VA_ARGS__); \
  if (!server##_owner) return;                                          \
  ::exeunt::test::Sshd& server = *server##_owner
