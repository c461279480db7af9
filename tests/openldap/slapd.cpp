#include "openldap/slapd.hpp"

#include <ldap.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "base/escape.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "connect/registry.hpp"
#include "testing/loopback.hpp"

namespace exeunt::tests::openldap {
namespace {

constexpr int k_stop_timeout_ms = 10'000, k_looks_max = 2'000;
constexpr base::Duration k_between_looks{5};

constexpr const char* k_head = R"(include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13 NAME 'sshPublicKey' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0 NAME 'ldapPublicKey' SUP top AUXILIARY MAY ( sshPublicKey $ uid ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload back_monitor
moduleload memberof
moduleload refint
)";

/// Throws: a test that cannot set its world up fails at once.
void must(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

void run(const std::vector<std::string>& argv) {
  const auto output = base::run_process(argv);
  must(output && output->exit_code == 0, argv.front() + ": " + (output ? output->error : output.error().text()));
}

void write_secret_file(const std::filesystem::path& path, const std::string& content) {
  must(base::write_file_atomically(path, content, 0600).has_value(), "write " + path.string());
}

}  // namespace

bool eventually(const std::function<bool()>& holds) {
  const base::SystemClock clock;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable never;
  for (int look = 0; look < k_looks_max; ++look) {
    if (holds()) return true;
    clock.wait_for(lock, never, k_between_looks, [] { return false; });
  }
  return false;
}

Slapd::Slapd(SlapdOptions options) : plain_port_(testing::free_port()), tls_port_(testing::free_port()) {
  const std::string folder = folder_.path().string();
  std::filesystem::create_directory(folder_.path() / "data");
  run({"openssl",
       "req",
       "-x509",
       "-newkey",
       "ec",
       "-pkeyopt",
       "ec_paramgen_curve:P-256",
       "-nodes",
       "-days",
       "2",
       "-keyout",
       folder + "/key.pem",
       "-out",
       folder + "/ca.pem",
       "-subj",
       "/CN=test directory",
       "-addext",
       "subjectAltName=" + options.certificate_name,
       "-addext",
       "basicConstraints=critical,CA:TRUE"});
  write_secret_file(folder_.path() / "exeunt.secret", "engine-secret-1\n");
  write_secret_file(folder_.path() / "control.secret", "control-secret-1\n");
  write_configuration(options);
  try {
    start();
    seed(options);
  } catch (...) {
    stop();  // no destructor runs for what was not made
    throw;
  }
}

Slapd::~Slapd() { stop(); }

void Slapd::write_configuration(const SlapdOptions& options) const {
  const std::string folder = folder_.path().string();
  std::ofstream out(folder + "/slapd.conf");
  out << k_head << (options.policy_overlay ? "moduleload ppolicy\n" : "") << "pidfile " << folder << "/slapd.pid\nTLSCACertificateFile "
      << folder << "/ca.pem\nTLSCertificateFile " << folder << "/ca.pem\nTLSCertificateKeyFile " << folder << "/key.pem\n";
  out << "database monitor\naccess to dn.subtree=\"cn=Connections,cn=Monitor\" by dn.exact=\""
      << (options.monitor_right ? k_engine : k_root) << "\" read by * none\naccess to * by * none\n";
  out << "database mdb\nsuffix \"" << k_base << "\"\nrootdn \"" << k_root << "\"\nrootpw root-secret\ndirectory " << folder
      << "/data\nmaxsize 67108864\ndbnosync\nindex objectClass,entryUUID,uid,member eq\n";
  if (options.paged_total) out << "limits dn.exact=\"" << k_engine << "\" size.soft=500 size.prtotal=unlimited\n";
  if (options.lastbind) out << "lastbind on\n";
  out << "overlay memberof\noverlay refint\nrefint_attributes member owner manager\nrefint_nothing \"cn=nobody," << k_base << "\"\n";
  if (options.policy_overlay) {
    out << "overlay ppolicy\nppolicy_default \"cn=default,ou=policies," << k_base << "\"\nppolicy_hash_cleartext\n";
    if (options.use_lockout) out << "ppolicy_use_lockout\n";
  }
  if (options.switch_rule) out << "access to *\n  by group/groupOfNames/member.exact=\"" << k_switch << "\" none\n  by * break\n";
  out << "access to attrs=userPassword\n  by dn.exact=\"" << (options.password_right ? k_engine : k_root)
      << "\" =w\n  by self =wx\n  by anonymous auth\n  by * none\n";
  if (options.policy_overlay)
    out << "access to attrs=pwdAccountLockedTime,pwdEndTime\n  by dn.exact=\"" << (options.lock_right ? k_engine : k_root)
        << "\" write\n  by * none\n";
  out << "access to dn.subtree=\"ou=groups," << k_base << "\" attrs=member,memberUid\n  by dn.exact=\"" << k_engine
      << "\" write\n  by users read\n";
  out << "access to *\n  by dn.exact=\"" << k_engine << "\" read\n  by users read\n  by * none\n";
  must(out.good(), "write slapd.conf");
}

void Slapd::start() {
  // Without -d slapd goes into the background when its ports are bound and a moment before it listens on them.
  run({"/usr/sbin/slapd", "-f", (folder_.path() / "slapd.conf").string(), "-h",
       "ldap://127.0.0.1:" + std::to_string(plain_port_) + "/ ldaps://127.0.0.1:" + std::to_string(tls_port_) + "/"});
  std::ifstream(folder_.path() / "slapd.pid") >> pid_;
  must(pid_ > 0, "slapd wrote no pid");
  must(eventually([&] { return try_bind(k_root, "root-secret") != LDAP_SERVER_DOWN; }), "slapd does not answer");
  root_ = bound(k_root, "root-secret");
}

void Slapd::stop() {
  root_.reset();
  if (pid_ <= 0) return;
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  ::kill(pid_, SIGTERM);
  pollfd wait{descriptor, POLLIN, 0};
  if (descriptor >= 0 && ::poll(&wait, 1, k_stop_timeout_ms) == 0) ::kill(pid_, SIGKILL);
  if (descriptor >= 0) ::close(descriptor);
  pid_ = 0;
}

void Slapd::seed(const SlapdOptions& options) {
  Client& to = root();
  to.add(k_base, {{"objectClass", {"organization", "dcObject"}}, {"o", {"Example"}}, {"dc", {"example"}}});
  for (const std::string unit : {"people", "groups", "services", "policies"}) {
    to.add("ou=" + unit + "," + k_base, {{"objectClass", {"organizationalUnit"}}, {"ou", {unit}}});
  }
  const auto policy = [&](const std::string& name, Attributes own) {
    own.insert({{"objectClass", {"person", "pwdPolicy"}}, {"cn", {name}}, {"sn", {"policy"}}, {"pwdAttribute", {"userPassword"}}});
    must(to.add("cn=" + name + ",ou=policies," + k_base, own) == LDAP_SUCCESS, "policy " + name);
  };
  if (options.policy_overlay) {
    policy("default",
           {{"pwdLockout", {"TRUE"}}, {"pwdMaxFailure", {"5"}}, {"pwdLockoutDuration", {"300"}}, {"pwdAllowUserChange", {"TRUE"}}});
    policy("services", {{"pwdLockout", {"FALSE"}}});
    policy("old", {{"pwdLockout", {"TRUE"}}, {"pwdInHistory", {"3"}}, {"pwdMinAge", {"86400"}}});
  }
  for (const auto& [dn, secret] : {std::pair(k_engine, "engine-secret-1"), std::pair(k_control, "control-secret-1")}) {
    Attributes own{{"objectClass", {"organizationalRole", "simpleSecurityObject"}},
                   {"cn", {dn.substr(3, dn.find(',') - 3)}},
                   {"userPassword", {secret}}};
    if (options.policy_overlay) own["pwdPolicySubentry"] = {"cn=services,ou=policies," + k_base};
    must(to.add(dn, own) == LDAP_SUCCESS, dn);
  }
  if (options.switch_group) add_group("exeunt-departed", {"cn=nobody," + k_base});
}

std::string Slapd::person_dn(const std::string& uid) const { return "uid=" + base::escape_ldap_dn_value(uid) + ",ou=people," + k_base; }

std::string Slapd::add_person(const std::string& uid, const std::string& hr_id, const std::string& policy) {
  Attributes own{
      {"objectClass", {"inetOrgPerson", "ldapPublicKey"}}, {"uid", {uid}}, {"cn", {uid}}, {"sn", {uid}}, {"userPassword", {k_password}}};
  if (!hr_id.empty()) own["employeeNumber"] = {hr_id};
  if (!policy.empty()) own["pwdPolicySubentry"] = {"cn=" + policy + ",ou=policies," + k_base};
  const int code = root().add(person_dn(uid), own);
  must(code == LDAP_SUCCESS, "add " + person_dn(uid) + ": " + std::to_string(code));
  return person_dn(uid);
}

std::string Slapd::add_group(const std::string& name, const std::vector<std::string>& members) {
  const std::string dn = "cn=" + base::escape_ldap_dn_value(name) + ",ou=groups," + k_base;
  must(root().add(dn, {{"objectClass", {"groupOfNames"}}, {"cn", {name}}, {"member", members}}) == LDAP_SUCCESS, "add " + dn);
  return dn;
}

std::string Slapd::uuid_of(const std::string& dn) { return root().first(dn, "entryUUID"); }

Client& Slapd::root() { return *root_; }

std::unique_ptr<Client> Slapd::bound(const std::string& dn, const std::string& password) const {
  auto client = std::make_unique<Client>("ldap://127.0.0.1:" + std::to_string(plain_port_));
  const int code = client->bind(dn, password);
  must(code == LDAP_SUCCESS, "bind as " + dn + ": " + std::to_string(code));
  return client;
}

int Slapd::try_bind(const std::string& dn, const std::string& password) const {
  return Client("ldap://127.0.0.1:" + std::to_string(plain_port_)).bind(dn, password);
}

connect::SystemConfig Slapd::config() const {
  connect::SystemConfig config;
  config.id = model::SystemId("directory");
  config.kind = "openldap";
  config.where = "exeunt.yaml:1";
  const std::string folder = folder_.path().string();
  config.values = {{"url", "ldaps://127.0.0.1:" + std::to_string(tls_port_)},
                   {"ca_file", folder + "/ca.pem"},
                   {"bind_dn", k_engine},
                   {"credential", "file:" + folder + "/exeunt.secret"},
                   {"base_dn", k_base},
                   {"hr_id_attribute", "employeeNumber"},
                   {"switch_group", k_switch},
                   {"control_dn", k_control},
                   {"control_credential", "file:" + folder + "/control.secret"}};
  return config;
}

std::unique_ptr<connect::Connector> Slapd::connector(const connect::SystemConfig& config) const {
  auto made = connect::make_openldap(config, clock_, random_);
  must(made.has_value(), made ? "" : made.error().text());
  return std::move(*made);
}

model::Node Slapd::account(const std::string& dn) {
  model::Node node;
  node.key = {model::SystemId("directory"), model::NodeKind::account, uuid_of(dn)};
  node.facts["dn"] = dn;
  return node;
}

}  // namespace exeunt::tests::openldap
