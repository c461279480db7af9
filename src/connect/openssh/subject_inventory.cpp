// What was found of one subject as nodes, edges, listings and gaps.
#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"
#include "connect/openssh/subject_paths.hpp"

namespace exeunt::connect {
namespace {

using model::Completeness;
using model::EdgeKind;
using model::NodeKind;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

class InventoryWriter {
 public:
  InventoryWriter(const Survey& survey, const OpenSshSettings& settings, const SubjectPaths& paths, const std::set<std::string>& revoked,
                  base::Time now)
      : survey_(survey), settings_(settings), paths_(paths), revoked_(revoked), now_(now) {
    out_.system = settings.system;
  }

  model::Inventory write() {
    for (const auto* account : paths_.accounts) out_.nodes.push_back(account_node(*account));
    for (const auto& key : paths_.keys) key_node(key);
    for (const auto& certificate : paths_.certificates) certificate_node(certificate);
    for (const auto* session : paths_.sessions) session_node(*session);
    for (const auto* account : paths_.accounts) {
      process_nodes(*account);
      listings(*account);
      scheduled(*account);
    }
    for (const auto* account : paths_.shared) shared_account(*account);
    if (settings_.krl.empty())
      gap(NodeKind::key,
          "no KRL is configured: a key's line is removed, but certificates cannot be revoked; set RevokedKeys in sshd_config and krl here");
    return std::move(out_);
  }

 private:
  [[nodiscard]] model::NodeKey key_of(NodeKind kind, std::string id) const { return {settings_.system, kind, std::move(id)}; }
  [[nodiscard]] std::string login_of(std::string_view uid) const {
    const auto* account = survey_.account_of(uid);
    return account == nullptr ? std::string(uid) : account->login;
  }
  [[nodiscard]] bool listed(const model::NodeKey& key) const {
    return std::any_of(out_.nodes.begin(), out_.nodes.end(), [&](const model::Node& node) { return node.key == key; });
  }
  void edge(const model::NodeKey& from, const model::NodeKey& to, std::string source) {
    out_.edges.push_back({model::node_id(from), model::node_id(to), EdgeKind::holds, std::move(source), std::nullopt});
  }
  void gap(NodeKind kind, std::string words) { out_.gaps.push_back({settings_.system, kind, std::move(words)}); }

  model::Node account_node(const HostAccount& account) const {
    model::Node node;
    node.key = key_of(NodeKind::account, account.uid);
    node.label = account.login;
    node.facts = {{"login", account.login}, {"uid", account.uid}, {"gid", account.gid}, {"home", account.home}, {"shell", account.shell}};
    node.privileged = account.uid == "0";
    return node;
  }

  /// From every one of her accounts: what a step on any of them covers is listed below it. (One account is the rule.)
  void edges_from_accounts(const model::NodeKey& to, const std::string& source) {
    for (const auto* account : paths_.accounts) edge(key_of(NodeKind::account, account->uid), to, source);
  }

  void key_node(const KeyPath& path) {
    const auto& key = path.line.key;
    model::Node node;
    node.key = key_of(NodeKind::key, key_native_id(path.uid, key.fingerprint));
    node.label = fmt::format("{} key {} in account {} ({})", path.line.certificate_authority ? "CA" : "SSH", key.fingerprint,
                             login_of(path.uid), path.line.comment);
    node.facts = {{"login", login_of(path.uid)},
                  {"uid", path.uid},
                  {"public", key.line()},
                  {"options", path.line.options},
                  {"krl", path.line_only ? "no" : "yes"}};
    if (path.line.certificate_authority) node.facts["cert_authority"] = "yes";
    node.privileged = path.uid == "0";
    node.live = !revoked_.contains(key.line());
    if (const auto from = path.line.option("from")) {
      node.facts["from"] = *from;
      gap(NodeKind::key, fmt::format("key {} in account {} is taken only from {}: where that is not our address, trying it shows nothing "
                                     "and only the file is looked at",
                                     key.fingerprint, base::escape_terminal(login_of(path.uid), 40), base::escape_terminal(*from, 80)));
    }
    if (path.line.certificate_authority) {
      gap(NodeKind::key, fmt::format("key {} in account {} is a cert-authority: who holds certificates of it is not known here; its line "
                                     "is removed and it is revoked",
                                     key.fingerprint, base::escape_terminal(login_of(path.uid), 40)));
    }
    if (path.line_only) {
      gap(NodeKind::key, fmt::format("key {} opens account {} and also another person's: whose it is, nobody has said; only its line here "
                                     "is removed. If it is the "
                                     "subject's, link it",
                                     key.fingerprint, base::escape_terminal(login_of(path.uid), 40)));
    }
    const auto node_key = node.key;
    out_.nodes.push_back(std::move(node));
    const auto own_account =
        std::find_if(paths_.accounts.begin(), paths_.accounts.end(), [&](const auto* account) { return account->uid == path.uid; });
    if (own_account != paths_.accounts.end())
      edge(key_of(NodeKind::account, path.uid), node_key, "authorized_keys");
    else
      edges_from_accounts(node_key, "authorized_keys of " + login_of(path.uid));
  }

  void certificate_node(const CertificatePath& path) {
    const auto& certificate = path.certificate;
    model::Node node;
    node.key = key_of(NodeKind::certificate, certificate_native_id(certificate));
    node.label =
        fmt::format("SSH certificate serial {} ({}) of key {}", certificate.serial, certificate.key_id, certificate.key.fingerprint);
    node.facts = {{"login", path.login},
                  {"public", certificate.line()},
                  {"key_id", certificate.key_id},
                  {"serial", std::to_string(certificate.serial)},
                  {"principals", joined(certificate.principals)},
                  {"valid_after", std::to_string(certificate.valid_after)},
                  {"valid_before", std::to_string(certificate.valid_before)},
                  {"ca", certificate.authority},
                  {"key_id_alone", path.key_id_alone ? "yes" : "no"}};
    const auto seconds = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count()));
    node.live = seconds < certificate.valid_before && !revoked_.contains(certificate.line());
    const auto node_key = node.key;
    out_.nodes.push_back(std::move(node));
    edges_from_accounts(node_key, "the CA's ledger");
  }

  void session_node(const Session& session) {
    model::Node node;
    node.key = key_of(NodeKind::session, session.endpoint);
    if (listed(node.key)) return;
    node.label = fmt::format("{} {} as {}, {} processes", session.connected ? "SSH session from" : "left running by the session from",
                             session.endpoint, login_of(session.uid), session.processes.size());
    node.facts = {{"login", login_of(session.uid)},
                  {"uid", session.uid},
                  {"key", session.fingerprints.size() == 1 ? *session.fingerprints.begin() : ""},
                  {"told_by", session.by_log                 ? "log"
                              : session.fingerprints.empty() ? "nobody"
                                                             : "sshd's note to the session"}};
    node.privileged = session.uid == "0";
    const auto node_key = node.key;
    out_.nodes.push_back(std::move(node));
    const auto own_account =
        std::any_of(paths_.accounts.begin(), paths_.accounts.end(), [&](const auto* account) { return account->uid == session.uid; });
    if (own_account)
      edge(key_of(NodeKind::account, session.uid), node_key, "process table and sockets");
    else
      edges_from_accounts(node_key, "process table, sockets and sshd's log");
    for (const auto& fingerprint : session.fingerprints) {
      const auto opened_with = key_of(NodeKind::key, key_native_id(session.uid, fingerprint));
      if (listed(opened_with)) edge(opened_with, node_key, session.by_log ? "sshd's log" : "SSH_USER_AUTH");
    }
  }

  /// Processes of the personal account that name no connection: started by cron, or with a cleared environment.
  void process_nodes(const HostAccount& account) {
    const auto found = survey_.sessions.unclaimed.find(account.uid);
    if (found == survey_.sessions.unclaimed.end()) return;
    for (const auto& process : found->second) {
      model::Node node;
      node.key = key_of(NodeKind::session, fmt::format("process:{}:{}", process.pid, process.start));
      node.label = fmt::format("process {} of {} that names no connection", process.pid, account.login);
      node.facts = {{"login", account.login}, {"uid", account.uid}};
      const auto node_key = node.key;
      out_.nodes.push_back(std::move(node));
      edge(key_of(NodeKind::account, account.uid), node_key, "process table");
    }
  }

  void listing(NodeKind kind, const std::string& account, Completeness completeness, std::string reason) {
    std::size_t count = 0;
    for (const auto& node : out_.nodes) {
      const auto uid = node.facts.find("uid");
      if (node.key.kind == kind && (kind == NodeKind::certificate || (uid != node.facts.end() && uid->second == account))) ++count;
    }
    out_.listings.push_back({settings_.system, kind, account, completeness, std::move(reason), count});
  }

  void key_listing(const std::string& uid) {
    Completeness completeness = Completeness::full;
    std::string reason;
    for (const auto& file : survey_.key_files) {
      if (file.uid != uid) continue;
      if (!file.problem.empty()) {
        completeness = Completeness::partial;
        reason = file.path + ": " + file.problem;
      } else if (file.parsed.unclear > 0 && completeness == Completeness::full) {
        completeness = Completeness::lower_bound;
        reason = fmt::format("{}: {} keys of a type that this version does not know", file.path, file.parsed.unclear);
      }
    }
    listing(NodeKind::key, uid, completeness, reason);
  }

  void listings(const HostAccount& account) {
    key_listing(account.uid);
    if (settings_.ca_public_key.empty())
      listing(NodeKind::certificate, account.uid, Completeness::full, {});
    else if (settings_.ca_ledger.empty()) {
      listing(NodeKind::certificate, account.uid, Completeness::none, "no ledger of issued certificates is configured");
      gap(NodeKind::certificate,
          "which certificates the CA issued is not known (no ca_ledger): revoke by key id at the CA and wait for their end");
    } else if (!survey_.ledger_problem.empty())
      listing(NodeKind::certificate, account.uid, Completeness::partial, "the CA's ledger: " + survey_.ledger_problem);
    else
      listing(NodeKind::certificate, account.uid, Completeness::full, {});
    listing(NodeKind::session, account.uid, Completeness::full, {});
  }

  void scheduled(const HostAccount& account) {
    const auto found = survey_.scheduled.find(account.uid);
    if (found == survey_.scheduled.end()) return;
    for (const auto& what : found->second) {
      gap(NodeKind::automation,
          fmt::format("account {} has a {}: it goes on running as that account and can open a way again; remove it by hand or hand it over",
                      base::escape_terminal(account.login, 40), base::escape_terminal(what, 40)));
    }
  }

  [[nodiscard]] bool accepted_anywhere(const std::string& fingerprint) const {
    const auto in_file = [&](const KeyFile& file) {
      return std::any_of(file.parsed.keys.begin(), file.parsed.keys.end(),
                         [&](const AuthorizedLine& line) { return line.key.fingerprint == fingerprint; });
    };
    return std::any_of(survey_.key_files.begin(), survey_.key_files.end(), in_file) ||
           std::any_of(survey_.certificates.begin(), survey_.certificates.end(),
                       [&](const Certificate& c) { return c.key.fingerprint == fingerprint; });
  }

  /// Accounts of several people: hers is what her keys opened; what nobody can attribute is said.
  void shared_account(const HostAccount& account) {
    const bool concerned =
        account.shared || std::any_of(paths_.keys.begin(), paths_.keys.end(), [&](const KeyPath& key) { return key.uid == account.uid; });
    if (!concerned) return;
    key_listing(account.uid);
    std::string unknown;
    for (const auto& session : survey_.sessions.sessions) {
      if (session.uid != account.uid || std::find(paths_.sessions.begin(), paths_.sessions.end(), &session) != paths_.sessions.end())
        continue;
      if (session.endpoint == survey_.own_endpoint) continue;
      const bool somebodys = !session.fingerprints.empty() && std::all_of(session.fingerprints.begin(), session.fingerprints.end(),
                                                                          [&](const auto& f) { return accepted_anywhere(f); });
      if (!somebodys) unknown += (unknown.empty() ? "" : ", ") + session.endpoint;
    }
    // A service may well run there: said, but no reason to hold a case open.
    if (const auto left = survey_.sessions.unclaimed.find(account.uid); left != survey_.sessions.unclaimed.end()) {
      gap(NodeKind::session, fmt::format("in shared account {} {} processes name no connection: a job that cleared its environment is not "
                                         "told from a service; look at them",
                                         base::escape_terminal(account.login, 40), left->second.size()));
    }
    if (unknown.empty()) return listing(NodeKind::session, account.uid, Completeness::full, {});
    const auto words =
        fmt::format("in shared account {} nobody tells whose sessions these are: {}", base::escape_terminal(account.login, 40), unknown);
    listing(NodeKind::session, account.uid, Completeness::lower_bound, words);
    gap(NodeKind::session, words + "; end them by hand or let everybody of that account log in anew");
  }

  const Survey& survey_;
  const OpenSshSettings& settings_;
  const SubjectPaths& paths_;
  const std::set<std::string>& revoked_;
  base::Time now_;
  model::Inventory out_;
};

}  // namespace

model::Inventory SubjectFinder::inventory(const SubjectPaths& paths, const std::set<std::string>& revoked, base::Time now) const {
  return InventoryWriter(survey_, settings_, paths, revoked, now).write();
}

}  // namespace exeunt::connect
