#include "connect/redis/actions.hpp"

#include <algorithm>
#include <set>

#include "connect/answers.hpp"
#include "connect/redis/acl.hpp"
#include "connect/redis/observe.hpp"
#include "connect/redis/persistence.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::NodeKind;

namespace {

Status set_user(Connection& connection, const std::string& name, const Words& rules, const Until& until) {
  Words words = {"ACL", "SETUSER", name};
  words.insert(words.end(), rules.begin(), rules.end());
  EXEUNT_TRY(connection.run(Kind::change, words, until));
  return {};
}

/// Her passwords and rights go first, in one command; our own password is then tried while the user may still log in, and by no one else.
Words only_ours(const std::string& hash) { return {"resetpass", "#" + hash, "clearselectors", "resetkeys", "resetchannels", "nocommands"}; }

Result<const base::Secret*> value_of(const Settings& settings, const ApplyRequest& request) {
  if (request.new_secret != nullptr && !request.new_secret->empty()) return request.new_secret;
  return fail(Code::invalid_argument, settings.system.text() + ": " + std::string(model::name(request.action)) + " needs the new value",
              "see the action's needs_secret");
}

}  // namespace

Status replace_password(const Settings& settings, const std::string& name, const base::Secret& value, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(*connection, name, until));
  if (!user || !user->on) return fail(Code::failed_precondition, settings.system.text() + ": user " + as_text(name) + " is off already");
  return set_user(*connection, name, only_ours(password_hash(value)), until);
}

Result<ApplyOutcome> lock_account(const Settings& settings, const ApplyRequest& request, SeenLogins& seen, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  EXEUNT_TRY_ASSIGN(const base::Secret* value, value_of(settings, request));
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(*connection, name, until));
  const std::string hash = password_hash(*value);
  ApplyOutcome outcome;
  outcome.acknowledged = {request.target.id()};
  if (!user) {
    outcome.words = "no such user any more";
  } else if (!user->on && user->holds_only(hash)) {
    outcome.words = "off already, with no password but the case's own";
  } else {
    EXEUNT_TRY(set_user(*connection, name, only_ours(hash), until));
    ++outcome.calls;
    bool let_in = false;
    seen.forget(name);
    if (user->on) {
      std::string words;
      let_in = try_password(settings, name, *value, until, words) == PasswordAnswer::taken;
      if (let_in) seen.note(name, value->copy());
    }
    if (auto off = set_user(*connection, name, {"off"}, until); !off) return fail(after_an_effect(off.error()));
    ++outcome.calls;
    outcome.words = std::string("passwords and rights gone, set off") +
                    (let_in ? "; the case's own password was let in before" : "; the case's own password was not let in before");
  }
  // Also where the user is gone: the saved form may still have it.
  EXEUNT_TRY_ASSIGN(const std::string saved, save(*connection, settings, until));
  outcome.words += ", " + saved;
  ++outcome.calls;
  return outcome;
}

Result<ApplyOutcome> end_sessions(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  // A connection that was hers when it was listed and logged in as somebody else since is hers still.
  const auto was_listed = [&](const Client& client, const std::string& run_id) {
    return std::any_of(request.covered.begin(), request.covered.end(),
                       [&](const model::Node& node) { return node.key.kind == NodeKind::session && is_session(node, client, run_id); });
  };
  EXEUNT_TRY_ASSIGN(
      const EndedSessions ended,
      end_chosen(
          *connection, [&](const Client& client, const std::string& run_id) { return client.user == name || was_listed(client, run_id); },
          until));
  std::set<std::string> open;
  for (const Client& client : ended.left) open.insert(native_id_of(client.endpoint));
  ApplyOutcome outcome;
  for (const model::Node& node : request.covered) {
    if (node.key.kind == NodeKind::session && open.count(node.key.native_id) == 0) outcome.acknowledged.push_back(node.id());
  }
  if (open.empty()) outcome.acknowledged.push_back(request.target.id());
  outcome.calls = ended.calls;
  outcome.words = counted(ended.ended, "connection") + " ended";
  if (!open.empty()) outcome.words += ", " + std::to_string(open.size()) + " still there";
  return outcome;
}

Result<ApplyOutcome> rotate_secret(const Settings& settings, const ApplyRequest& request, std::optional<Watermark>& rotated,
                                   const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  EXEUNT_TRY_ASSIGN(const base::Secret* value, value_of(settings, request));
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(*connection, name, until));
  if (!user) {
    return fail(Code::not_found, settings.system.text() + ": no user is called " + as_text(name), "mend the policy's secrets table");
  }
  const std::string hash = password_hash(*value);
  ApplyOutcome outcome;
  // A repeat of a rotation that has arrived must not end the connections that were opened with the new value since.
  const bool arrived = rotated && user->holds_only(hash);
  if (!arrived) {
    EXEUNT_TRY(set_user(*connection, name, {"resetpass", "#" + hash}, until));
    ++outcome.calls;
    auto from_now = watermark(settings, until);
    if (!from_now) return fail(after_an_effect(from_now.error()));
    rotated = std::move(*from_now);
  }
  auto saved = save(*connection, settings, until);
  if (!saved) return fail(after_an_effect(saved.error()));
  auto ended = end_chosen(
      *connection,
      [&](const Client& client, const std::string& run_id) {
        return client.user == name && (rotated->run_id != run_id || client.id < rotated->client_id);
      },
      until);
  if (!ended) return fail(after_an_effect(ended.error()));
  outcome.calls += ended->calls + 1;
  outcome.words =
      "password of the shared user replaced, " + *saved + ", " + counted(ended->ended, "connection") + " opened with the old one ended";
  if (!ended->left.empty()) outcome.words += ", " + std::to_string(ended->left.size()) + " still there";
  outcome.acknowledged = {request.target.id()};
  for (const model::Node& node : request.covered) {
    if (node.key.kind == NodeKind::session && ended->left.empty()) outcome.acknowledged.push_back(node.id());
  }
  return outcome;
}

Result<ApplyOutcome> delete_account(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(request.target.key.native_id));
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const Reply deleted, connection->run(Kind::change, {"ACL", "DELUSER", name}, until));
  EXEUNT_TRY_ASSIGN(const std::string saved, save(*connection, settings, until));
  ApplyOutcome outcome;
  outcome.calls = 2;
  outcome.acknowledged = {request.target.id()};
  outcome.words = (deleted.number > 0 ? "user deleted, " : "the user was deleted already, ") + saved;
  return outcome;
}

}  // namespace exeunt::connect::redis
