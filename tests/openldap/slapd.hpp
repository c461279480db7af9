// A throw-away slapd on loopback with its own folder, certificate, ports and people. Come here to see how the tests' directory is set up.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"
#include "openldap/client.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::tests::openldap {

inline const std::string k_base = "dc=example,dc=org";
inline const std::string k_root = "cn=root," + k_base;
inline const std::string k_engine = "cn=exeunt,ou=services," + k_base;
inline const std::string k_control = "cn=exeunt-control,ou=services," + k_base;
inline const std::string k_switch = "cn=exeunt-departed,ou=groups," + k_base;
inline const std::string k_password = "correct-horse-battery";  // of every person at the start

struct SlapdOptions {
  bool switch_rule = true;                        // the kill-switch access rule stands first
  bool switch_group = true;                       // the group that it names exists
  bool monitor_right = true;                      // our bind DN may read cn=Connections,cn=Monitor
  bool lock_right = true;                         // … and read and write pwdAccountLockedTime and pwdEndTime
  bool password_right = true;                     // … and write userPassword
  bool use_lockout = true;                        // ppolicy names the cause to whoever asks
  bool paged_total = true;                        // … and may page through more than the size limit
  bool lastbind = true;                           // the last successful bind of each entry is kept
  bool policy_overlay = true;                     // overlay ppolicy is loaded
  std::string certificate_name = "IP:127.0.0.1";  // what the certificate is for
};

class Slapd {
 public:
  explicit Slapd(SlapdOptions options = {});
  Slapd(const Slapd&) = delete;
  Slapd& operator=(const Slapd&) = delete;
  ~Slapd();

  void start();
  void stop();

  /// Adds ou=people entry `uid` with `password`; returns its DN. `policy`: cn of a policy under ou=policies.
  std::string add_person(const std::string& uid, const std::string& hr_id = {}, const std::string& policy = {});
  /// Adds a groupOfNames; returns its DN.
  std::string add_group(const std::string& name, const std::vector<std::string>& members);
  std::string uuid_of(const std::string& dn);
  std::string person_dn(const std::string& uid) const;

  /// Bound as root; bound as anybody.
  Client& root();
  [[nodiscard]] std::unique_ptr<Client> bound(const std::string& dn, const std::string& password = k_password) const;
  /// Result code of a bind.
  [[nodiscard]] int try_bind(const std::string& dn, const std::string& password) const;

  [[nodiscard]] connect::SystemConfig config() const;
  [[nodiscard]] std::unique_ptr<connect::Connector> connector() const { return connector(config()); }
  [[nodiscard]] std::unique_ptr<connect::Connector> connector(const connect::SystemConfig& config) const;
  /// Node of an account as a listing gives it.
  [[nodiscard]] model::Node account(const std::string& dn);
  [[nodiscard]] int plain_port() const { return plain_port_; }
  [[nodiscard]] int tls_port() const { return tls_port_; }

 private:
  void write_configuration(const SlapdOptions& options) const;
  void seed(const SlapdOptions& options);

  testing::TemporaryFolder folder_;
  int plain_port_ = 0, tls_port_ = 0;
  pid_t pid_ = 0;
  std::unique_ptr<Client> root_;
  mutable base::SystemClock clock_;
  mutable base::SystemRandom random_;
};

/// Whether `holds` becomes true within some seconds: for what slapd does in its own time.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

}  // namespace exeunt::tests::openldap
