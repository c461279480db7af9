#include "connect/redis/acl.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/bytes.hpp"
#include "base/escape.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::string_view k_hex_prefix = "hex:";
constexpr std::size_t k_hash_size = 64;

/// Words between blanks; a selector "(…)" is one word, blanks and all.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    std::size_t end = text[at] == '(' ? text.find(')', at) : text.find(' ', at);
    end = end == std::string_view::npos ? text.size() : end + (text[end] == ')' ? 1 : 0);
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

void add_rule(AclUser& user, std::string_view word) { user.rules += (user.rules.empty() ? "" : " ") + std::string(word); }

bool is_name(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) { return c == '\0' || std::isspace(c) != 0; });
}

}  // namespace

std::optional<AclUser> parse_acl_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  constexpr std::string_view k_user = "user ";
  if (!line.starts_with(k_user)) return std::nullopt;
  line.remove_prefix(k_user.size());
  AclUser user;
  user.name = line.substr(0, line.find(' '));
  if (!is_name(user.name)) return std::nullopt;
  line.remove_prefix(user.name.size());
  for (const std::string_view word : words_of(line)) {
    if (word == "on" || word == "off") {
      user.on = word == "on";
    } else if (word == "nopass") {
      user.no_password = true;
    } else if (word == "resetpass") {
      user.no_password = false;
      user.hashes.clear();
    } else if (word.front() == '#' && word.size() == k_hash_size + 1) {
      user.no_password = false;
      user.hashes.emplace_back(word.substr(1));
    } else if (word.front() == '>') {
      // A person who writes a file by hand may leave a password in it: it lets in, its value is nobody's business here.
      user.hashes.emplace_back("clear");
    } else if (word != "sanitize-payload" && word != "skip-sanitize-payload") {
      add_rule(user, word);
    }
  }
  return user;
}

std::optional<AclUser> parse_acl_user(const std::string& name, const Reply& reply) {
  if (!reply.is_array() || reply.items.size() % 2 != 0) return std::nullopt;
  AclUser user;
  user.name = name;
  bool flags = false, passwords = false;
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    const std::string& field = reply.items[i].text;
    const Reply& value = reply.items[i + 1];
    if (field == "flags" && value.is_array()) {
      flags = true;
      for (const Reply& flag : value.items) {
        user.on = user.on || flag.text == "on";
        user.no_password = user.no_password || flag.text == "nopass";
      }
    } else if (field == "passwords" && value.is_array()) {
      passwords = true;
      for (const Reply& hash : value.items) user.hashes.push_back(hash.text);
    } else if ((field == "commands" || field == "keys" || field == "channels") && !value.text.empty()) {
      add_rule(user, value.text);
    } else if (field == "selectors") {
      for (const Reply& selector : value.items) {
        std::string words;
        for (std::size_t j = 1; j < selector.items.size(); j += 2) words += (words.empty() ? "" : " ") + selector.items[j].text;
        add_rule(user, "(" + words + ")");
      }
    }
  }
  if (!flags || !passwords) return std::nullopt;
  return user;
}

std::vector<std::string> rule_words(std::string_view rules) {
  std::vector<std::string> out;
  for (const std::string_view word : words_of(rules)) out.emplace_back(word);
  return out;
}

Result<std::optional<AclUser>> user_by_name(Connection& connection, const std::string& name, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Reply reply, connection.read({"ACL", "GETUSER", name}, until));
  if (reply.type == Reply::Type::nil) return std::optional<AclUser>{};
  auto user = parse_acl_user(name, reply);
  if (!user) {
    return fail(Code::unavailable, connection.subject() + ": the answer of ACL GETUSER is not understood",
                "see that this is a Redis server of version 7");
  }
  return user;
}

Result<AclListing> all_users(Connection& connection, const Settings& settings, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::vector<Reply> both, connection.read_at_once({{"ACL", "LIST"}, {"ACL", "USERS"}}, until));
  AclListing listing;
  std::multiset<std::string> listed, named;
  for (const Reply& line : both[0].items) {
    auto user = parse_acl_line(line.text);
    if (!user) {
      listing.cut = "a line of ACL LIST is not understood";
      continue;
    }
    listed.insert(user->name);
    listing.users.push_back(std::move(*user));
  }
  for (const Reply& name : both[1].items) named.insert(name.text);
  if (listed != named) listing.cut = "ACL LIST and ACL USERS of the same instant do not name the same users";
  if (named.count(settings.user) == 0) listing.cut = "our own user is not in the list";
  return listing;
}

Result<std::vector<bool>> powerful(Connection& connection, const std::vector<std::string>& names, const Until& until) {
  // Each of these three leads to every other right.
  const std::vector<Words> k_tries = {{"ACL", "SETUSER", "x"}, {"CONFIG", "SET", "x", "x"}, {"MODULE", "LOAD", "x"}};
  std::vector<Words> commands;
  for (const std::string& name : names) {
    for (const Words& tried : k_tries) {
      Words words = {"ACL", "DRYRUN", name};
      words.insert(words.end(), tried.begin(), tried.end());
      commands.push_back(std::move(words));
    }
  }
  EXEUNT_TRY_ASSIGN(const std::vector<Reply> replies, connection.run_all(Kind::read, commands, until));
  std::vector<bool> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    bool may = false;
    for (std::size_t j = 0; j < k_tries.size(); ++j) {
      const Reply& reply = replies[i * k_tries.size() + j];
      // A user that is gone by now may nothing; a right of ours that is missing is an error, never "may nothing".
      if (reply.error_code() == "NOPERM") return fail(connection.refusal(reply));
      may = may || (reply.is_text() && reply.text == "OK");
    }
    out.push_back(may);
  }
  return out;
}

std::string as_text(const std::string& bytes) { return base::is_valid_utf8(bytes) ? bytes : base::escape_terminal(bytes); }

std::string native_id_of(const std::string& name) {
  const bool plain = base::is_valid_utf8(name) && !name.starts_with(k_hex_prefix);
  return plain ? name : std::string(k_hex_prefix) + base::to_hex(base::as_bytes(name));
}

Result<std::string> name_of(const std::string& native_id) {
  std::string name = native_id;
  if (native_id.starts_with(k_hex_prefix)) {
    EXEUNT_TRY_ASSIGN(const base::Bytes bytes, base::from_hex(std::string_view(native_id).substr(k_hex_prefix.size())));
    name.assign(bytes.begin(), bytes.end());
  }
  if (is_name(name)) return name;
  return fail(Code::invalid_argument, "\"" + base::escape_terminal(native_id, 80) + "\" can be no user of Redis",
              "names there have no white space");
}

}  // namespace exeunt::connect::redis
