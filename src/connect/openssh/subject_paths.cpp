#include "connect/openssh/subject_paths.hpp"

#include <algorithm>

namespace exeunt::connect {

std::string key_native_id(std::string_view uid, std::string_view fingerprint) { return std::string(uid) + ":" + std::string(fingerprint); }

std::string certificate_native_id(const Certificate& certificate) {
  return certificate.key.fingerprint + ":" + std::to_string(certificate.serial);
}

std::string fingerprint_in(std::string_view native_id) {
  const auto at = native_id.find("SHA256:");
  if (at == std::string_view::npos) return {};
  const auto found = native_id.substr(at, 7 + 43);
  return is_fingerprint(found) ? std::string(found) : std::string{};
}

SubjectFinder::SubjectFinder(const Survey& survey, const OpenSshSettings& settings, const InventoryRequest& request,
                             std::set<std::string> remembered, std::set<std::string> protected_fingerprints)
    : survey_(survey),
      settings_(settings),
      request_(request),
      remembered_(std::move(remembered)),
      protected_(std::move(protected_fingerprints)) {}

SubjectPaths SubjectFinder::find() {
  SubjectPaths paths;
  find_own();
  for (const auto& account : survey_.accounts) {
    if (is_own(account.uid))
      paths.accounts.push_back(&account);
    else if (!account.personal())
      paths.shared.push_back(&account);
  }
  find_fingerprints(paths);
  find_keys(paths);
  find_certificates(paths);
  find_sessions(paths);
  return paths;
}

void SubjectFinder::find_own() {
  for (const auto& node : request_.accounts) {
    const auto* account = survey_.account_of(node.key.native_id);
    if (account == nullptr || !account->personal()) continue;
    own_.insert(account->uid);
    own_logins_.insert(account->login);
  }
  for (const auto& key : request_.known) known_.insert(fingerprint_in(key.native_id));
  known_.erase(std::string{});
}

bool SubjectFinder::opens_another_person(const std::string& fingerprint) const {
  const auto another = [&](std::string_view uid) {
    const auto* account = survey_.account_of(uid);
    return account != nullptr && account->personal() && !is_own(uid);
  };
  return std::any_of(survey_.key_files.begin(), survey_.key_files.end(), [&](const KeyFile& file) {
    if (!another(file.uid)) return false;
    return std::any_of(file.parsed.keys.begin(), file.parsed.keys.end(),
                       [&](const AuthorizedLine& line) { return line.key.fingerprint == fingerprint; });
  });
}

/// Hers: what a link names; what her own account accepts; what her own account was entered with (the log remembers a key whose line is
/// gone); what a certificate for her login certifies. Not when it opens another person's account, and never ours.
void SubjectFinder::find_fingerprints(SubjectPaths& paths) {
  std::set<std::string> candidates = remembered_;
  for (const auto& file : survey_.key_files) {
    if (!is_own(file.uid)) continue;
    for (const auto& line : file.parsed.keys) candidates.insert(line.key.fingerprint);
  }
  for (const auto& login : survey_.log) {
    if (own_logins_.contains(login.login)) candidates.insert(login.fingerprint);
  }
  for (const auto& certificate : survey_.certificates) {
    const auto for_her = std::any_of(certificate.principals.begin(), certificate.principals.end(),
                                     [&](const auto& name) { return own_logins_.contains(name); });
    if (certificate.for_login && for_her) candidates.insert(certificate.key.fingerprint);
  }
  for (const auto& candidate : candidates) {
    if (known_.contains(candidate) || !opens_another_person(candidate)) paths.fingerprints.insert(candidate);
  }
  paths.fingerprints.insert(known_.begin(), known_.end());
  for (const auto& ours : protected_) paths.fingerprints.erase(ours);
}

void SubjectFinder::find_keys(SubjectPaths& paths) const {
  for (const auto& file : survey_.key_files) {
    for (const auto& line : file.parsed.keys) {
      const bool hers = paths.fingerprints.contains(line.key.fingerprint);
      if (!hers && !is_own(file.uid)) continue;
      const bool listed = std::any_of(paths.keys.begin(), paths.keys.end(), [&](const KeyPath& path) {
        return path.uid == file.uid && path.line.key.fingerprint == line.key.fingerprint;
      });
      if (!listed) paths.keys.push_back({file.uid, line, !hers});
    }
  }
}

void SubjectFinder::find_certificates(SubjectPaths& paths) const {
  const auto is_mine = [&](const Certificate& certificate) {
    const bool named = std::any_of(certificate.principals.begin(), certificate.principals.end(),
                                   [&](const auto& name) { return own_logins_.contains(name); });
    return certificate.for_login && (named || paths.fingerprints.contains(certificate.key.fingerprint));
  };
  for (const auto& certificate : survey_.certificates) {
    if (!is_mine(certificate) || protected_.contains(certificate.key.fingerprint)) continue;
    CertificatePath path{certificate, {}, {}, !certificate.key_id.empty()};
    for (const auto& account : survey_.accounts) {
      if (std::find(certificate.principals.begin(), certificate.principals.end(), account.login) == certificate.principals.end()) continue;
      if (path.login.empty() || is_own(account.uid)) path.login = account.login;
      if (is_own(account.uid)) path.accounts.push_back(account.uid);
    }
    for (const auto& other : survey_.certificates) {
      if (other.key_id == certificate.key_id && !is_mine(other)) path.key_id_alone = false;
    }
    // Issued twice under one serial (0, where the CA counts none): one path; the one that lives longest stands for both.
    const auto same = std::find_if(paths.certificates.begin(), paths.certificates.end(), [&](const auto& known) {
      return certificate_native_id(known.certificate) == certificate_native_id(certificate);
    });
    if (same == paths.certificates.end())
      paths.certificates.push_back(std::move(path));
    else if (same->certificate.valid_before < certificate.valid_before)
      *same = std::move(path);
  }
}

bool SubjectFinder::is_hers(const SubjectPaths& paths, const Session& session) const {
  if (is_own(session.uid)) return true;
  return !session.fingerprints.empty() && std::all_of(session.fingerprints.begin(), session.fingerprints.end(),
                                                      [&](const auto& fingerprint) { return paths.fingerprints.contains(fingerprint); });
}

void SubjectFinder::find_sessions(SubjectPaths& paths) const {
  for (const auto& session : survey_.sessions.sessions) {
    if (session.endpoint != survey_.own_endpoint && is_hers(paths, session)) paths.sessions.push_back(&session);
  }
}

}  // namespace exeunt::connect
