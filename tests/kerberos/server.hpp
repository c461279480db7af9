// A real, throw-away MIT Kerberos realm on loopback: KDC and kadmind. One for the whole test program.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "connect/conformance.hpp"
#include "testing/connector_calls.hpp"
#include "testing/loopback.hpp"
#include "testing/real_server.hpp"

namespace exeunt::test {

inline const std::string k_realm = "TEST.EXAMPLE";

/// Stands before kadmind and loses what it is told to lose. What passes is sealed end to end: it can be lost, not forged or cut short; the number of
/// a procedure is in clear (RFC 5531, RFC 2203). With silent_no_op each connection is led to `idle`'s port: a kadmind that answers, and whose answers
/// come to nothing.
class Relay {
 public:
  Relay(int server_port, std::function<int()> idle);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  void set(connect::Fault fault) { fault_ = fault; }
  /// Swallows everything and never answers.
  void set_silent(bool silent) { silent_ = silent; }
  [[nodiscard]] int port() const { return door_.port(); }

 private:
  void serve(int client, int stop);

  const int server_port_;
  const std::function<int()> idle_;
  std::atomic<connect::Fault> fault_{connect::Fault::none};
  std::atomic<bool> silent_{false};
  testing::Door door_;  // goes first
};

class Server {
 public:
  static Server* get();  // nullptr (with words on stdout) where MIT Kerberos is not installed
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// kadmin.local, straight at the database.
  std::string admin(const std::string& query) const;
  /// "<stem>-<n>" with password "pw"; returns its name without the realm.
  std::string make_person(const std::string& stem, const std::string& options = "");
  /// One row of getprinc: "Attributes", "Failed password attempts".
  std::string row(const std::string& name, const std::string& field) const;
  /// kinit with that password into a cache of its own.
  bool lets_in(const std::string& name, const std::string& password, const std::string& cache = "", const std::string& options = "") const;
  /// A ticket for that service over the ticket in that cache; true when the KDC gave one.
  bool gets_ticket(const std::string& cache, const std::string& service) const;
  bool renews(const std::string& cache) const;
  std::unique_ptr<connect::Connector> connector(const testing::Changes& changes = {}, const base::Clock* clock = nullptr);
  connect::SystemConfig config(const testing::Changes& changes = {}) const;
  void start_kdc();
  void stop_kdc();
  Relay& relay() { return *relay_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  const base::Clock& clock() const { return clock_; }

 private:
  Server() = default;
  bool create();
  [[nodiscard]] std::string server_settings(const std::filesystem::path& at, int kdc_port, int kadmin_port) const;
  /// A second kadmind on a copy of the database, copied anew each time: it answers "success", and the realm never hears of it. Its port.
  [[nodiscard]] int idle_kadmind();
  [[nodiscard]] std::string run(std::vector<std::string> argv, const std::string& input, int& exit_code,
                                const std::string& cache = "") const;
  int launch(const std::vector<std::string>& argv, const std::filesystem::path& profile) const;
  [[nodiscard]] bool wait_for(int port) const;
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::filesystem::path folder_;
  int kdc_port_ = 0, kadmin_port_ = 0, idle_port_ = 0, kdc_ = -1, kadmind_ = -1, idle_ = -1, made_ = 0;
  std::unique_ptr<Relay> relay_;
};

/// As the inventory lists it.
model::Node account(connect::Connector& connector, const std::string& name);
model::Node bare(const std::string& name);
testing::Seen look(connect::Connector& connector, const std::string& name);
connect::ProbeResult gate(connect::Connector& connector, const model::Node& target);
using testing::act;

}  // namespace exeunt::test
