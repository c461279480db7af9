#include "connect/redis/witness.hpp"

#include <algorithm>

#include "base/escape.hpp"
#include "connect/redis/acl.hpp"
#include "connect/redis/sessions.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::fail;
using base::Result;
using model::ProbeAnswer;

namespace {

constexpr std::size_t k_words_shown_max = 200;

ProbeResult answered(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, model::ProbeMeans::witness, std::move(reason), std::move(words)};
}

/// The connection's own id in an answer to HELLO (an array of names and values); 0: it is no such answer.
std::int64_t id_in(const Reply& hello) {
  for (std::size_t i = 0; i + 1 < hello.items.size(); i += 2)
    if (hello.items[i].text == "id") return hello.items[i + 1].number;
  return 0;
}

class HeldSession final : public Witness {
 public:
  HeldSession(std::unique_ptr<Connection> connection, model::Node node, std::int64_t id, const base::Clock& clock)
      : connection_(std::move(connection)), node_(std::move(node)), id_(id), clock_(clock) {}

  const model::Node& node() const override { return node_; }

  ProbeResult use(const Deadline& deadline) override {
    if (ended_) return *ended_;
    const Until until(clock_, deadline.timeout);
    const auto replies = connection_->run_all(Kind::read, {Words{"HELLO", "2"}}, until);
    if (replies) {
      // Any answer comes over the held connection, so the server still serves it.
      if (id_in(replies->front()) == id_) return answered(ProbeAnswer::admitted, "served", "the held session answers");
      return answered(ProbeAnswer::unknown, "other answer", base::escape_terminal(replies->front().text, k_words_shown_max));
    }
    if (!connection_->closed()) return answered(ProbeAnswer::unknown, "no answer", replies.error().text());
    ended_ = answered(ProbeAnswer::refused, "EOF", replies.error().text());
    return *ended_;
  }

 private:
  std::unique_ptr<Connection> connection_;
  const model::Node node_;
  const std::int64_t id_;
  const base::Clock& clock_;
  std::optional<ProbeResult> ended_;
};

}  // namespace

Result<std::unique_ptr<Witness>> hold_session(const Settings& settings, const base::Clock& clock, const std::string& user,
                                              const base::Secret& password, const Until& until) {
  EXEUNT_TRY_ASSIGN(Transport transport, Transport::open(settings, until));
  auto held = std::make_unique<Connection>(std::move(transport), settings.system.text());
  EXEUNT_TRY_ASSIGN(const std::vector<Reply> hello,
                    held->run_all(Kind::read, {Words{"HELLO", "2", "AUTH", user, password.reveal(), "SETNAME", "exeunt-witness"}}, until));
  const std::int64_t id = id_in(hello.front());
  if (id == 0)
    return fail(Code::failed_precondition,
                settings.system.text() + ": user " + as_text(user) +
                    " is not let in with the case's password: " + base::escape_terminal(hello.front().text, k_words_shown_max));
  EXEUNT_TRY_ASSIGN(const auto own, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const Sessions sessions, list_sessions(*own, until));
  const auto found =
      std::find_if(sessions.all.begin(), sessions.all.end(), [&](const Client& client) { return client.id == id && client.user == user; });
  if (found == sessions.all.end())
    return fail(Code::failed_precondition,
                settings.system.text() + ": a session of ours as user " + as_text(user) + " is not listed beside hers");
  return std::unique_ptr<Witness>(
      std::make_unique<HeldSession>(std::move(held), session_node(settings.system, *found, sessions.run_id), id, clock));
}

}  // namespace exeunt::connect::redis
