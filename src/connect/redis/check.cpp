#include "connect/redis/check.hpp"

#include "connect/redis/acl.hpp"
#include "connect/redis/client_list.hpp"
#include "connect/redis/persistence.hpp"

namespace exeunt::connect::redis {

using base::Result;
using base::Status;
using model::NodeKind;

namespace {

struct Need {
  Words command;
  NodeKind kind;
  const char* follows;
};

/// The least that our user needs; MULTI and EXEC carry no rights of their own.
std::vector<Need> needs(Persist persist) {
  std::vector<Need> out = {
      {{"ACL", "LIST"}, NodeKind::account, "accounts cannot be listed"},
      {{"ACL", "USERS"}, NodeKind::account, "whether the list of accounts is whole is not known"},
      {{"ACL", "GETUSER", "x"}, NodeKind::account, "no account can be looked at or probed"},
      {{"ACL", "SETUSER", "x"}, NodeKind::account, "no account can be locked, no password rotated"},
      {{"ACL", "DELUSER", "x"}, NodeKind::account, "no account can be deleted"},
      {{"ACL", "DRYRUN", "x", "PING"}, NodeKind::account, "administrators cannot be told from others"},
      {{"CLIENT", "LIST"}, NodeKind::session, "sessions cannot be listed"},
      {{"CLIENT", "KILL", "ID", "1"}, NodeKind::session, "sessions cannot be ended"},
      {{"CLIENT", "ID"}, NodeKind::session, "after a rotation old sessions cannot be told from new ones"},
      {{"INFO"}, NodeKind::session, "whether the list of sessions is whole is not known"},
      {{"MULTI"}, NodeKind::session, "nothing can be listed at one instant"},
      {{"EXEC"}, NodeKind::session, "nothing can be listed at one instant"},
  };
  if (persist == Persist::acl_file) out.push_back({{"ACL", "SAVE"}, NodeKind::account, "no change survives a restart"});
  if (persist == Persist::config_rewrite) out.push_back({{"CONFIG", "REWRITE"}, NodeKind::account, "no change survives a restart"});
  return out;
}

class Checker {
 public:
  Checker(const Settings& settings, const base::Clock& clock, Connection& connection, const Until& until)
      : settings_(settings), clock_(clock), connection_(connection), until_(until) {}

  Result<CheckReport> run() {
    EXEUNT_TRY(look_at_server());
    EXEUNT_TRY(look_at_rights());
    EXEUNT_TRY(look_at_default());
    look_at_saving();
    return std::move(report_);
  }

 private:
  void missing(NodeKind kind, const std::string& what, const std::string& follows) {
    report_.missing.push_back(what + ": " + follows);
    report_.gaps.push_back({settings_.system, kind, what + ": " + follows});
  }

  Status look_at_server() {
    const base::Time before = clock_.now();
    EXEUNT_TRY_ASSIGN(const Reply info, connection_.read({"INFO"}, until_));
    const base::Time after = clock_.now();
    if (const auto server_us = info_number(info.text, "server_time_usec")) {
      const auto ours = (before.time_since_epoch() + after.time_since_epoch()) / 2;
      report_.clock_offset = base::Duration(*server_us / 1'000) - std::chrono::duration_cast<base::Duration>(ours);
    }
    report_.version = "Redis " + info_value(info.text, "redis_version");
    const std::string mode = info_value(info.text, "redis_mode");
    if (mode != "standalone") {
      missing(NodeKind::account, "this server is part of a " + as_text(mode), "every node keeps users of its own: name each as a system");
    }
    if (info_value(info.text, "role") == "slave") {
      missing(NodeKind::account, "this server is a replica", "users are changed here alone: name the primary as a system too");
    }
    if (info_number(info.text, "connected_slaves").value_or(0) > 0) {
      missing(NodeKind::account, "this server has replicas", "each keeps users of its own: name each as a system");
    }
    config_file_ = info_value(info.text, "config_file");
    return {};
  }

  Status look_at_rights() {
    std::vector<Words> commands;
    const std::vector<Need> all = needs(settings_.persist);
    for (const Need& need : all) {
      Words words = {"ACL", "DRYRUN", settings_.user};
      words.insert(words.end(), need.command.begin(), need.command.end());
      commands.push_back(std::move(words));
    }
    EXEUNT_TRY_ASSIGN(const std::vector<Reply> replies, connection_.run_all(Kind::read, commands, until_));
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::string command;
      for (const std::string& word : all[i].command) {
        if (word != "x" && word != "1" && word != "ID") command += (command.empty() ? "" : " ") + word;
      }
      const bool may = replies[i].is_text() && replies[i].text == "OK";
      if (!may) missing(all[i].kind, "our user may not " + command, all[i].follows);
      if (may && command == "ACL SETUSER") report_.rights.push_back("ACL SETUSER: root-equivalent, for it may give itself every right");
      if (may && command == "CLIENT KILL") report_.rights.push_back("CLIENT KILL: ends anybody's connections");
    }
    EXEUNT_TRY_ASSIGN(const auto own, user_by_name(connection_, settings_.user, until_));
    if (own && own->rules.find("+@all") != std::string::npos) {
      report_.rights.push_back("+@all: more than is needed; docs/operations.md names the least");
    }
    return {};
  }

  Status look_at_default() {
    EXEUNT_TRY_ASSIGN(const auto everybody, user_by_name(connection_, "default", until_));
    if (everybody && everybody->on && everybody->no_password) {
      missing(NodeKind::account, "DANGER: the user default asks for no password",
              "whoever reaches the port is let in without an account, whatever is ended here");
    }
    return {};
  }

  void look_at_saving() {
    if (settings_.persist == Persist::none) {
      missing(NodeKind::account, "changes are not saved (persist: none)", "a restart of the server brings every ended account back");
      return;
    }
    if (settings_.persist == Persist::config_rewrite && config_file_.empty()) {
      missing(NodeKind::account, "the server runs without a configuration file", "CONFIG REWRITE cannot save: use an aclfile");
    }
    const Saved saved = saved_user(settings_, settings_.user);
    if (!saved.seen) {
      missing(NodeKind::account, saved.words, "that an ending survives a restart is acknowledged, not read back");
    } else if (!saved.user) {
      missing(NodeKind::account, "our own user is not in persisted_file", "it is not what the server saves to, or never saved: check it");
    } else {
      report_.rights.push_back("reads what the server saved");
    }
    if (settings_.ca_file.empty()) report_.rights.push_back("no TLS: on loopback only");
  }

  const Settings& settings_;
  const base::Clock& clock_;
  Connection& connection_;
  const Until& until_;
  CheckReport report_;
  std::string config_file_;
};

}  // namespace

Result<CheckReport> check_server(const Settings& settings, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  return Checker(settings, clock, *connection, until).run();
}

}  // namespace exeunt::connect::redis
