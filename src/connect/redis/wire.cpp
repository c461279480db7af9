#include "connect/redis/wire.hpp"

#include <sodium.h>

#include "base/bytes.hpp"
#include "base/escape.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::Error;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t k_words_shown_max = 200;

/// RESP: sizes before bytes, so nothing in a name or password can end its own place.
std::string encode(const std::vector<Words>& commands) {
  std::string out;
  for (const Words& words : commands) {
    out += "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

Code code_of(std::string_view word) {
  if (word == "NOPERM" || word == "NOAUTH" || word == "WRONGPASS") return Code::permission_denied;
  if (word == "OOM") return Code::resource_exhausted;
  if (word == "LOADING" || word == "BUSY" || word == "MASTERDOWN" || word == "TRYAGAIN" || word == "CLUSTERDOWN") return Code::unavailable;
  return Code::failed_precondition;
}

std::string_view next_of(Code code) {
  switch (code) {
    case Code::permission_denied: return "run `exeunt systems check` to see which right of our user is missing";
    case Code::unavailable: return "repeat later";
    case Code::resource_exhausted: return "make room on the server (memory, connections), then repeat";
    default: return "see the server's log";
  }
}

void wipe(std::string& text) { sodium_memzero(text.data(), text.size()); }

}  // namespace

Error Connection::lost(Kind kind, std::string_view why) const {
  const bool change = kind == Kind::change;
  return {change ? Code::outcome_unknown : Code::unavailable,
          subject_ + ": the answer did not arrive (" + std::string(why) + ")" + (change ? "; the change may have taken effect" : ""),
          change ? "observe before anything else" : "repeat when the server is reachable"};
}

Error Connection::refusal(const Reply& error) const {
  const Code code = code_of(error.error_code());
  return {code, subject_ + ": the server refused: " + base::escape_terminal(error.text, k_words_shown_max), std::string(next_of(code))};
}

Result<std::vector<Reply>> Connection::run_all(Kind kind, const std::vector<Words>& commands, const Until& until) {
  std::string bytes = encode(commands);
  const bool sent = transport_.send(bytes, until);
  wipe(bytes);
  if (!sent) {
    closed_ = until.left().count() > 0;
    return fail(lost(kind, "the request could not be sent whole"));
  }
  std::vector<Reply> replies;
  while (replies.size() < commands.size()) {
    if (auto reply = reader_.next()) {
      replies.push_back(std::move(*reply));
      continue;
    }
    if (reader_.broken()) return fail(lost(kind, "it is no answer of Redis, or too long"));
    const std::string more = transport_.receive(until);
    if (more.empty()) {
      closed_ = until.left().count() > 0;
      return fail(lost(kind, closed_ ? "connection closed" : "no answer within the time limit"));
    }
    reader_.feed(more);
  }
  return replies;
}

Result<Reply> Connection::run(Kind kind, const Words& words, const Until& until) {
  EXEUNT_TRY_ASSIGN(std::vector<Reply> replies, run_all(kind, {words}, until));
  if (replies.front().is_error()) return fail(refusal(replies.front()));
  return std::move(replies.front());
}

Result<std::vector<Reply>> Connection::read_at_once(const std::vector<Words>& commands, const Until& until) {
  std::vector<Words> all = {{"MULTI"}};
  all.insert(all.end(), commands.begin(), commands.end());
  all.push_back({"EXEC"});
  EXEUNT_TRY_ASSIGN(std::vector<Reply> replies, run_all(Kind::read, all, until));
  for (const Reply& reply : replies) {
    if (reply.is_error()) return fail(refusal(reply));
  }
  std::vector<Reply> results = std::move(replies.back().items);
  if (results.size() != commands.size()) return fail(lost(Kind::read, "answers are missing"));
  for (const Reply& reply : results) {
    if (reply.is_error()) return fail(refusal(reply));
  }
  return results;
}

Result<std::unique_ptr<Connection>> open_own(const Settings& settings, const Until& until) {
  EXEUNT_TRY_ASSIGN(Transport transport, Transport::open(settings, until));
  auto connection = std::make_unique<Connection>(std::move(transport), settings.system.text());
  EXEUNT_TRY_ASSIGN(const std::vector<Reply> answer,
                    connection->run_all(Kind::read, {{"AUTH", settings.user, settings.password.reveal()}}, until));
  if (!answer.front().is_error()) return connection;
  Error error = connection->refusal(answer.front());
  error.what =
      settings.system.text() + ": login of our own user was refused: " + base::escape_terminal(answer.front().text, k_words_shown_max);
  if (error.code == Code::permission_denied)
    error.next = "check the user and the credential named in exeunt.yaml, then run `exeunt systems check`";
  if (error.what.find("max number of clients") != std::string::npos) error.code = Code::resource_exhausted;
  return fail(std::move(error));
}

PasswordAnswer try_password(const Settings& settings, const std::string& user, const base::Secret& value, const Until& until,
                            std::string& words) {
  auto transport = Transport::open(settings, until);
  if (!transport) {
    words = transport.error().text();
    return PasswordAnswer::unknown;
  }
  Connection connection(std::move(*transport), settings.system.text());
  const auto answer = connection.run_all(Kind::read, {{"AUTH", user, value.reveal()}}, until);
  if (!answer) {
    words = answer.error().text();
    return PasswordAnswer::unknown;
  }
  const Reply& reply = answer->front();
  words = base::escape_terminal(reply.text, k_words_shown_max);
  if (reply.type == Reply::Type::status && reply.text == "OK") return PasswordAnswer::taken;
  return reply.error_code() == "WRONGPASS" ? PasswordAnswer::refused : PasswordAnswer::unknown;
}

std::string password_hash(const base::Secret& value) { return base::to_hex(base::sha256(value.reveal())); }

}  // namespace exeunt::connect::redis
