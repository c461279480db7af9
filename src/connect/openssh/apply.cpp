// Changes on the host. Every one can run twice; each is a compare-and-rename or names processes by pid and start time.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/bytes.hpp"
#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/openssh/openssh.hpp"
#include "connect/openssh/programs.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::Action;
using model::NodeKind;

constexpr int k_races_max = 6;  // somebody writes the same file meanwhile: read again, try again

std::string uid_of_key(const model::Node& node) { return node.key.native_id.substr(0, node.key.native_id.find(':')); }

std::vector<model::Node> covered_of(const ApplyRequest& request, NodeKind kind) {
  std::vector<model::Node> out;
  for (const auto& node : request.covered) {
    if (node.key.kind == kind) out.push_back(node);
  }
  const bool listed = std::any_of(out.begin(), out.end(), [&](const model::Node& node) { return node.key == request.target.key; });
  if (request.target.key.kind == kind && !listed) out.push_back(request.target);
  return out;
}

bool accepts(const KeyFile& file, const std::string& fingerprint) {
  return std::any_of(file.parsed.keys.begin(), file.parsed.keys.end(),
                     [&](const AuthorizedLine& line) { return line.key.fingerprint == fingerprint; });
}

std::string said(const HostAnswer& answer) { return base::escape_terminal(answer.error, 200); }

/// A key id can be written into ssh-keygen's list of lines only when it survives that format as it is.
bool fits_a_specification(std::string_view key_id) {
  if (key_id.empty() || key_id.front() == ' ' || key_id.back() == ' ') return false;
  return std::none_of(key_id.begin(), key_id.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '#'; });
}

}  // namespace

Result<ApplyOutcome> OpenSsh::apply(const ApplyRequest& request) {
  if (request.action == Action::end_sessions) return end_sessions(request);
  if (request.action == Action::disable_account) return disable_account(request);
  if (request.action != Action::revoke_keys && request.action != Action::revoke_certificates) {
    return fail(Code::unimplemented,
                fmt::format("{}: an OpenSSH host has no action {}", settings_.system.text(), model::name(request.action)));
  }
  if (request.action == Action::revoke_certificates) {
    EXEUNT_TRY_ASSIGN(const auto ledger, survey_host(host_, settings_, {}, {}, clock_, request.deadline));
    return revoke_certificates(request, ledger);
  }
  const InventoryRequest whole;  // every account: whose else is this key?
  EXEUNT_TRY_ASSIGN(const auto survey, look(whole, request.deadline));
  return revoke_keys(request, survey);
}

Result<bool> OpenSsh::remove_lines(const Survey& survey, const std::string& uid, const std::set<std::string>& fingerprints,
                                   const Deadline& deadline) {
  const auto* account = survey.account_of(uid);
  if (account == nullptr) return false;  // sshd serves no such account any more
  bool changed = false;
  Survey now;
  now.key_files = survey.key_files;
  for (int race = 0; race < k_races_max; ++race) {
    bool again = false;
    for (const auto& file : now.key_files) {
      if (file.uid != uid || !file.present) continue;
      const auto what = fmt::format("{}: {} of account {}", settings_.system.text(), file.path, base::escape_terminal(account->login, 40));
      if (std::none_of(fingerprints.begin(), fingerprints.end(), [&](const auto& f) { return accepts(file, f); })) continue;
      if (!file.problem.empty())
        return fail(Code::failed_precondition, what + " was not read whole: " + file.problem,
                    "take the lines out by hand; the KRL revokes the keys meanwhile");
      const auto old_hash = base::to_hex(base::sha256(file.content));
      EXEUNT_TRY_ASSIGN(const auto answer, host_.run(programs::k_replace_file, {file.path, uid, account->gid, old_hash},
                                                     without_keys(file.content, fingerprints), Effect::writes, deadline));
      if (answer.exit_code == programs::k_exit_changed || answer.exit_code == programs::k_exit_absent)
        again = true;
      else if (answer.exit_code == programs::k_exit_foreign_folder) {
        return fail(Code::failed_precondition,
                    what + ": its folder is neither the account's own nor plainly root's (a link?); nothing was written",
                    "remove the line by hand");
      } else if (answer.exit_code != 0)
        return fail(Code::permission_denied, what + " could not be written: " + said(answer), "check disk, mode and immutable flag");
      else
        changed = true;
    }
    if (!again) return changed;
    auto only = settings_;
    only.session_log.clear();
    only.ca_ledger.clear();
    only.krl.clear();
    EXEUNT_TRY_ASSIGN(now, survey_host(host_, only, {*account}, {}, clock_, deadline));
  }
  return fail(Code::aborted,
              fmt::format("{}: authorized_keys of account {} changed under us {} times", settings_.system.text(),
                          base::escape_terminal(account->login, 40), k_races_max),
              "end the sessions of that account, then repeat");
}

Result<OpenSsh::KeyCut> OpenSsh::plan_key_cut(const ApplyRequest& request, const Survey& survey,
                                              const std::vector<model::Node>& keys) const {
  EXEUNT_TRY_ASSIGN(const auto ours, protected_fingerprints());
  KeyCut cut;
  for (const auto& key : keys) {
    const auto fingerprint = fingerprint_in(key.key.native_id);
    if (fingerprint.empty())
      return fail(Code::invalid_argument, "not a key of an OpenSSH host: " + base::escape_terminal(key.key.native_id, 80));
    const auto* account = survey.account_of(uid_of_key(key));
    if (account != nullptr && account->login == settings_.manage_as && ours.contains(fingerprint)) {
      return fail(Code::failed_precondition,
                  settings_.system.text() +
                      ": that key is the engine's own on the account that it manages with; removing it would lock Exeunt out");
    }
    cut.lines[uid_of_key(key)].insert(fingerprint);
  }
  for (const auto& key : keys) {
    const auto fingerprint = fingerprint_in(key.key.native_id);
    // Never by the hash what also opens somebody else's account, or is ours: she may have planted it in her file.
    const bool bystanders = std::any_of(survey.key_files.begin(), survey.key_files.end(), [&](const KeyFile& file) {
      const auto* account = survey.account_of(file.uid);
      return account != nullptr && account->personal() && file.uid != request.target.key.native_id && !cut.lines.contains(file.uid) &&
             accepts(file, fingerprint);
    });
    if (bystanders || ours.contains(fingerprint) || fact(key, "krl") == "no") continue;
    cut.revocation.specification.insert("hash: " + fingerprint);
    if (const auto line = fact(key, "public"); !line.empty()) cut.revocation.must.insert(line);
  }
  return cut;
}

/// The KRL first: it is one file of root's and shuts every account at once. What stands in the way of one file (too long, a link, written
/// again and again: all in the subject's hands) never holds back the rest; it is told at the end.
Result<ApplyOutcome> OpenSsh::revoke_keys(const ApplyRequest& request, const Survey& survey) {
  ApplyOutcome out;
  const auto keys = covered_of(request, NodeKind::key);
  EXEUNT_TRY_ASSIGN(const auto cut, plan_key_cut(request, survey, keys));
  std::optional<base::Error> problem;
  const auto note = [&](const base::Error& error) {
    // A lost answer weighs most: it decides what the caller has to do next.
    if (!problem || error.code == Code::outcome_unknown) problem = error;
  };
  if (!settings_.krl.empty() && !cut.revocation.specification.empty()) {
    if (const auto updated = update_krl(cut.revocation, request.deadline); !updated) note(updated.error());
  }
  int changed = 0;
  for (const auto& [uid, fingerprints] : cut.lines) {
    const auto removed = remove_lines(survey, uid, fingerprints, request.deadline);
    if (!removed)
      note(removed.error());
    else
      changed += *removed ? 1 : 0;
  }
  if (problem) return fail(*problem);
  out.calls = 1 + static_cast<int>(cut.lines.size()) + (settings_.krl.empty() ? 0 : 1);
  out.words = fmt::format(
      "{} keys: lines gone from {} accounts; {}", keys.size(), changed,
      settings_.krl.empty() ? std::string("no KRL configured") : fmt::format("{} hashes in the KRL", cut.revocation.specification.size()));
  for (const auto& key : keys) out.acknowledged.push_back(key.id());
  return out;
}

Result<ApplyOutcome> OpenSsh::revoke_certificates(const ApplyRequest& request, const Survey& survey) {
  ApplyOutcome out;
  const auto covered = covered_of(request, NodeKind::certificate);
  if (covered.empty()) {
    out.words = "no certificate to revoke";
    return out;
  }
  if (settings_.krl.empty()) {
    return fail(Code::failed_precondition, settings_.system.text() + ": no KRL is configured, so no certificate can be revoked",
                "set RevokedKeys in sshd_config and krl in exeunt.yaml");
  }
  EXEUNT_TRY_ASSIGN(const auto ours, protected_fingerprints());
  Revocation revocation;
  for (const auto& node : covered) {
    const auto fingerprint = fingerprint_in(node.key.native_id);
    if (fingerprint.empty() || ours.contains(fingerprint)) {
      return fail(Code::failed_precondition,
                  settings_.system.text() + ": not a certificate that may be revoked: " + base::escape_terminal(node.key.native_id, 80));
    }
    // The key's hash ends every certificate of that key, a re-issued one too; the key id ends one that was issued for another key of hers.
    revocation.specification.insert("hash: " + fingerprint);
    if (const auto id = fact(node, "key_id"); fact(node, "key_id_alone") == "yes" && fits_a_specification(id))
      revocation.specification.insert("id: " + id);
    if (const auto line = fact(node, "public"); !line.empty()) revocation.must.insert(line);
    for (const auto& certificate : survey.certificates) {
      if (certificate.key.fingerprint == fingerprint) revocation.must.insert(certificate.line());
    }
  }
  EXEUNT_TRY(update_krl(revocation, request.deadline));
  for (const auto& node : covered) out.acknowledged.push_back(node.id());
  out.words = fmt::format("{} certificates revoked by key and key id", covered.size());
  out.calls = 2;
  return out;
}

base::Status OpenSsh::update_krl(const Revocation& revocation, const Deadline& deadline) {
  std::string input;
  for (const auto& line : revocation.specification) input += "S " + line + "\n";
  for (const auto& line : revocation.must) input += "M " + line + "\n";
  EXEUNT_TRY_ASSIGN(const auto living, living_public_lines());
  for (const auto& line : living) input += "N " + line + "\n";
  const auto what = settings_.system.text() + ": KRL " + settings_.krl;
  for (int race = 0; race < k_races_max; ++race) {
    EXEUNT_TRY_ASSIGN(const auto answer,
                      host_.run(programs::k_krl_update, {settings_.krl, settings_.ca_public_key.empty() ? "none" : settings_.ca_public_key},
                                input, Effect::writes, deadline));
    switch (answer.exit_code) {
      case 0: return {};
      case programs::k_exit_changed: continue;
      case programs::k_exit_krl_absent:
        return fail(Code::failed_precondition, what + " is not there, and yet our key was taken: sshd does not read it",
                    "name the file of RevokedKeys in krl, or make it with ssh-keygen -k");
      case programs::k_exit_krl_corrupt:
        return fail(Code::failed_precondition, what + " cannot be read by ssh-keygen; it was left as it is",
                    "restore it: sshd refuses everybody while it is corrupt");
      case programs::k_exit_krl_refuses_living:
        return fail(Code::failed_precondition,
                    what + ": the new list would refuse our own or the control's key; the old one stays. " + said(answer),
                    "look at what it already lists");
      case programs::k_exit_krl_not_revoking:
      case programs::k_exit_krl_not_made:
        return fail(Code::failed_precondition, what + ": the new list does not revoke what it should; the old one stays. " + said(answer),
                    "check ca_public_key and ssh-keygen on the host");
      default:
        return fail(Code::permission_denied, fmt::format("{} could not be written ({}): {}", what, answer.exit_code, said(answer)),
                    "check disk and rights");
    }
  }
  return fail(Code::aborted, what + " changed under us again and again", "repeat");
}

Result<ApplyOutcome> OpenSsh::disable_account(const ApplyRequest& request) {
  ApplyOutcome out;
  out.calls = 1;
  const auto& uid = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const auto accounts, read_accounts(host_, settings_, request.deadline));
  const auto found = std::find_if(accounts.begin(), accounts.end(), [&](const HostAccount& a) { return a.uid == uid; });
  if (found == accounts.end() || !found->personal()) {
    return fail(Code::failed_precondition,
                settings_.system.text() + ": account " + base::escape_terminal(uid, 20) + " is not one person's alone; it is not disabled");
  }
  if (found->login == settings_.manage_as || found->login == settings_.control_account) {
    return fail(Code::failed_precondition, settings_.system.text() + ": Exeunt stands on account " + found->login + " itself");
  }
  EXEUNT_TRY_ASSIGN(const auto answer, host_.run(programs::k_disable_account, {found->login, uid}, {}, Effect::writes, request.deadline));
  if (answer.exit_code == programs::k_exit_no_local_account)
    out.words = "the host has no shadow entry of its own for it: nothing to lock here";
  else if (answer.exit_code == 0)
    out.words = "locked and expired in shadow(5)";
  else
    return fail(Code::permission_denied,
                fmt::format("{}: usermod ended with {}: {}", settings_.system.text(), answer.exit_code, said(answer)), "check rights");
  out.acknowledged.push_back(request.target.id());
  return out;
}

}  // namespace exeunt::connect
