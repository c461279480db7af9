// Which keys, certificates and sessions of a surveyed host are one subject's. Pure: the survey's facts in, nodes out.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "connect/connector.hpp"
#include "connect/openssh/settings.hpp"
#include "connect/openssh/survey.hpp"

namespace exeunt::connect {

/// A key as one account accepts it.
struct KeyPath {
  std::string uid;
  AuthorizedLine line;
  /// The key also opens an account that is another person's alone, and no link says that it is the subject's: whoever plants a colleague's
  /// (or our) public key in her own account must not have us revoke it everywhere. Only the line goes.
  bool line_only = false;
};
struct CertificatePath {
  Certificate certificate;
  std::string login;                  // account at which it is tried
  std::vector<std::string> accounts;  // uids of the subject's accounts that it opens
  bool key_id_alone = false;          // no certificate of anybody else carries this key id
};

struct SubjectPaths {
  std::vector<KeyPath> keys;
  std::vector<CertificatePath> certificates;
  std::vector<const Session*> sessions;
  std::set<std::string> fingerprints;  // of keys that are hers
  std::vector<const HostAccount*> accounts;
  std::vector<const HostAccount*> shared;
};

class SubjectFinder {
 public:
  /// `remembered`: fingerprints that this connector has seen to be the subject's before their lines went. `protected_fingerprints`: ours.
  SubjectFinder(const Survey& survey, const OpenSshSettings& settings, const InventoryRequest& request, std::set<std::string> remembered,
                std::set<std::string> protected_fingerprints);
  [[nodiscard]] SubjectPaths find();
  /// Nodes, edges, listings and gaps. `revoked`: public lines that the KRL lists.
  [[nodiscard]] model::Inventory inventory(const SubjectPaths& paths, const std::set<std::string>& revoked, base::Time now) const;

 private:
  void find_own();
  void find_fingerprints(SubjectPaths& paths);
  void find_keys(SubjectPaths& paths) const;
  void find_certificates(SubjectPaths& paths) const;
  void find_sessions(SubjectPaths& paths) const;
  [[nodiscard]] bool is_own(std::string_view uid) const { return own_.contains(std::string(uid)); }
  [[nodiscard]] bool opens_another_person(const std::string& fingerprint) const;
  [[nodiscard]] bool is_hers(const SubjectPaths& paths, const Session& session) const;

  const Survey& survey_;
  const OpenSshSettings& settings_;
  const InventoryRequest& request_;
  std::set<std::string> remembered_;
  std::set<std::string> protected_;
  std::set<std::string> known_;
  std::set<std::string> own_;  // uids of her personal accounts
  std::set<std::string> own_logins_;
};

[[nodiscard]] std::string key_native_id(std::string_view uid, std::string_view fingerprint);
[[nodiscard]] std::string certificate_native_id(const Certificate& certificate);
/// "1007:SHA256:…" or "SHA256:…:1003" -> "SHA256:…"; empty when it is neither.
[[nodiscard]] std::string fingerprint_in(std::string_view native_id);

}  // namespace exeunt::connect
