#include "connect/redis/restore.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/redis/acl.hpp"
#include "connect/redis/persistence.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::fail;
using base::Result;
using model::Node;

namespace {

// The fact of a before-image: rules as ACL SETUSER takes them, or their bytes in hex where they are no UTF-8 text.
constexpr const char *k_rules = "rules", *k_rules_hex = "rules_hex";

Result<std::string> rules_of(const Node& before) {
  if (const std::string hex = fact(before, k_rules_hex); !hex.empty()) {
    EXEUNT_TRY_ASSIGN(const base::Bytes bytes, base::from_hex(hex));
    return std::string(bytes.begin(), bytes.end());
  }
  return fact(before, k_rules);
}

/// A password among rules (from an image that is not ours) would be a way in that nobody approved.
bool are_rights_only(const std::vector<std::string>& words) {
  return std::none_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "nopass" || word == "reset" || word == "resetpass" || word == "on" || word == "off" || word.starts_with('>') ||
           word.starts_with('<') || word.starts_with('#') || word.starts_with('!');
  });
}

}  // namespace

Result<BeforeImage> image_before(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(*connection, name, until));
  BeforeImage out;
  if (!user || !user->usable()) return out;
  Node account;
  account.key = request.target.key;
  account.label = as_text(name);
  if (base::is_valid_utf8(user->rules))
    account.facts[k_rules] = user->rules;
  else
    account.facts[k_rules_hex] = base::to_hex(base::as_bytes(user->rules));
  out.taken.push_back(std::move(account));
  return out;
}

Result<ApplyOutcome> restore_account(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  const Node* const before = target_as_it_was(request);
  if (before == nullptr || request.new_secret == nullptr || request.new_secret->empty())
    return fail(Code::invalid_argument, settings.system.text() + ": a user is let in again as it was before, by a new password");
  EXEUNT_TRY_ASSIGN(const std::string rules, rules_of(*before));
  const std::vector<std::string> rights = rule_words(rules);
  if (!are_rights_only(rights)) return fail(Code::invalid_argument, settings.system.text() + ": what is to come back is more than rights");
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(*connection, name, until));
  // ACL SETUSER on a name that is gone would make a user that nobody knows.
  if (!user) return fail(Code::not_found, settings.system.text() + ": the user was deleted since", "nothing of it comes back");
  Words words = {"ACL",       "SETUSER",       name,        "resetpass", "#" + password_hash(*request.new_secret), "clearselectors",
                 "resetkeys", "resetchannels", "nocommands"};
  words.insert(words.end(), rights.begin(), rights.end());
  words.emplace_back("on");
  EXEUNT_TRY(connection->run(Kind::change, words, until));
  auto saved = save(*connection, settings, until);
  if (!saved) return fail(after_an_effect(saved.error()));
  ApplyOutcome outcome;
  outcome.calls = 2;
  outcome.acknowledged = {request.target.id()};
  outcome.words = "on, with the rules that it had and a new password as the only one, " + *saved;
  return outcome;
}

Result<RestoreLook> look_restored(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(*connection, name, until));
  RestoreLook out;
  out.old_way = Presence::absent;
  if (!user) {
    for (const Node& node : request.covered) out.gone.push_back(node.id());
    out.words = "the user was deleted";
    return out;
  }
  out.words = "off";
  if (!user->usable()) return out;
  const Node* const before = target_as_it_was(request);
  EXEUNT_TRY_ASSIGN(const std::string rules, before == nullptr ? Result<std::string>(user->rules) : rules_of(*before));
  const bool whole = rules == user->rules;
  if (whole) out.there.push_back(request.target.id());
  out.words = whole ? "on, with the rules that it had" : "on, with other rules than it had";
  const bool only_ours = request.new_secret != nullptr && user->holds_only(password_hash(*request.new_secret));
  out.old_way = only_ours ? Presence::absent : Presence::present;
  out.words += only_ours ? "; the new password is its only one" : "; it has a password that is not the new one";
  return out;
}

}  // namespace exeunt::connect::redis
