#include "connect/openssh/openssh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/escape.hpp"
#include "connect/openssh/catalogue.hpp"
#include "connect/openssh/programs.hpp"
#include "connect/registry.hpp"

namespace exeunt::connect {

using base::Code;
using base::fail;
using base::Result;
using model::NodeKind;

Result<std::unique_ptr<Connector>> make_openssh(const SystemConfig& config, const base::Clock& clock, base::Random&) {
  EXEUNT_TRY_ASSIGN(auto settings, read_openssh_settings(config));
  return std::make_unique<OpenSsh>(std::move(settings), clock);
}

OpenSsh::OpenSsh(OpenSshSettings settings, const base::Clock& clock)
    : settings_(std::move(settings)), clock_(clock), catalogue_(openssh_catalogue()), host_(settings_, clock) {}

Result<std::vector<std::string>> OpenSsh::living_public_lines() const {
  EXEUNT_TRY_ASSIGN(auto own, host_.own_public_line());
  std::vector<std::string> out{std::move(own)};
  for (const auto& line : {settings_.control_key, settings_.control_certificate}) {
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

Result<std::set<std::string>> OpenSsh::protected_fingerprints() const {
  EXEUNT_TRY_ASSIGN(const auto lines, living_public_lines());
  std::set<std::string> out;
  for (const auto& line : lines) {
    if (const auto key = parse_public_line(line)) out.insert(key->fingerprint);
  }
  return out;
}

Result<Survey> OpenSsh::look(const InventoryRequest& request, const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const auto accounts, read_accounts(host_, settings_, deadline));
  std::set<std::string> uids;
  for (const auto& node : request.accounts) uids.insert(node.key.native_id);
  for (const auto& account : accounts) {
    if (account.shared || !account.uid_alone || account.uid == "0") uids.insert(account.uid);
  }
  return survey_host(host_, settings_, accounts, {uids.begin(), uids.end()}, clock_, deadline);
}

Result<Survey> OpenSsh::look_at(const std::string& uid, const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(auto accounts, read_accounts(host_, settings_, deadline));
  std::erase_if(accounts, [&](const HostAccount& account) { return account.uid != uid; });
  return survey_host(host_, settings_, std::move(accounts), {uid}, clock_, deadline);
}

Result<AccountListing> OpenSsh::accounts(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const auto found, read_accounts(host_, settings_, deadline));
  AccountListing out;
  out.completeness = model::Completeness::full;
  if (settings_.passwd_file.empty() && settings_.accounts.empty()) {
    out.completeness = model::Completeness::lower_bound;
    out.reason = "neither accounts nor passwd_file is set: only what the name services enumerate";
  }
  std::set<std::string> seen;
  for (const auto& account : found) {
    if (!seen.insert(account.uid).second) continue;  // one uid is one account, whatever it is called
    AccountRecord record;
    record.node.key = key_of(NodeKind::account, account.uid);
    record.node.label = account.login;
    record.node.facts = {
        {"login", account.login}, {"uid", account.uid}, {"gid", account.gid}, {"home", account.home}, {"shell", account.shell}};
    if (account.shared || !account.uid_alone) record.node.facts["shared"] = "yes";
    record.node.privileged = record.administrator = account.uid == "0";
    record.login = account.login;
    record.enabled = !account.shell.ends_with("/nologin") && !account.shell.ends_with("/false");
    out.accounts.push_back(std::move(record));
  }
  return out;
}

Result<model::Inventory> OpenSsh::inventory(const InventoryRequest& request) {
  EXEUNT_TRY_ASSIGN(const auto ours, protected_fingerprints());
  EXEUNT_TRY_ASSIGN(const auto survey, look(request, request.deadline));
  std::set<std::string> remembered;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& node : request.accounts) remembered.merge(std::set(remembered_[node.key.native_id]));
  }
  SubjectFinder finder(survey, settings_, request, std::move(remembered), ours);
  const auto paths = finder.find();
  {
    const std::lock_guard lock(mutex_);
    for (const auto* account : paths.accounts) remembered_[account->uid].insert(paths.fingerprints.begin(), paths.fingerprints.end());
  }
  std::vector<std::string> asked;
  for (const auto& key : paths.keys) asked.push_back(key.line.key.line());
  for (const auto& certificate : paths.certificates) asked.push_back(certificate.certificate.line());
  EXEUNT_TRY_ASSIGN(const auto answers, query_krl(host_, settings_, asked, request.deadline));
  std::set<std::string> revoked;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (answers[i]) revoked.insert(asked[i]);
  }
  return finder.inventory(paths, revoked, clock_.now());
}

Result<std::vector<model::NodeKey>> OpenSsh::own_accounts(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(const auto found, read_accounts(host_, settings_, deadline));
  std::vector<model::NodeKey> out;
  for (const auto& account : found) {
    if (account.login == settings_.manage_as || account.login == settings_.control_account)
      out.push_back(key_of(NodeKind::account, account.uid));
  }
  return out;
}

}  // namespace exeunt::connect
