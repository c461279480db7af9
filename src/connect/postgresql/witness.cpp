#include "connect/postgresql/witness.hpp"

#include <algorithm>

#include "connect/postgresql/sessions.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;
using model::ProbeAnswer;

namespace {

constexpr std::string_view k_ended_by_administrator = "57P01";

ProbeResult answered(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, model::ProbeMeans::witness, std::move(reason), std::move(words)};
}

class HeldSession final : public Witness {
 public:
  HeldSession(std::unique_ptr<Connection> connection, model::Node node, std::string pid, const base::Clock& clock)
      : connection_(std::move(connection)), node_(std::move(node)), pid_(std::move(pid)), clock_(clock) {}

  const model::Node& node() const override { return node_; }

  ProbeResult use(const Deadline& deadline) override {
    if (ended_) return *ended_;
    const auto rows = connection_->read("SELECT pg_catalog.pg_backend_pid()", {}, {clock_, deadline.timeout});
    if (rows) {
      if (rows->size() == 1 && rows->text(0, 0) == pid_) return answered(ProbeAnswer::admitted, "served", "the held session answers");
      return answered(ProbeAnswer::unknown, "other session", "something else answers for the held session");
    }
    // Closed without that word (an idle time-out, something in between) is no refusal: the listing alone decides.
    if (connection_->last_state() != k_ended_by_administrator)
      return answered(ProbeAnswer::unknown, connection_->closed() ? "connection closed" : "no answer", rows.error().text());
    ended_ = answered(ProbeAnswer::refused, std::string(k_ended_by_administrator), rows.error().text());
    return *ended_;
  }

 private:
  std::unique_ptr<Connection> connection_;
  const model::Node node_;
  const std::string pid_;
  const base::Clock& clock_;
  std::optional<ProbeResult> ended_;
};

}  // namespace

Result<std::unique_ptr<Witness>> hold_session(const Settings& settings, const base::Clock& clock, const WitnessLogin& login,
                                              const Until& until) {
  LoginAnswer answer = log_in(settings, {login.role, login.password, settings.maintenance_database}, until);
  if (answer.end == LoginEnd::no_answer) return fail(Code::unavailable, settings.system.text() + ": no answer to a login: " + answer.words);
  if (answer.end != LoginEnd::open) {
    return fail(Code::failed_precondition,
                settings.system.text() + ": role " + login.role + " is not let in with the case's password: " + answer.words,
                "see pg_hba.conf, the role's expiry and its CONNECT right on " + settings.maintenance_database);
  }
  std::unique_ptr<Connection> held = std::move(answer.connection);
  EXEUNT_TRY(held->change("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", until));
  EXEUNT_TRY_ASSIGN(const Rows self, held->read("SELECT pg_catalog.pg_backend_pid()", {}, until));
  const std::string pid = self.text(0, 0);
  EXEUNT_TRY_ASSIGN(const auto own, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const std::vector<Session> sessions, sessions_of(*own, login.oid, until));
  const auto found = std::find_if(sessions.begin(), sessions.end(), [&](const Session& session) { return session.pid == pid; });
  if (found == sessions.end())
    return fail(Code::failed_precondition,
                settings.system.text() + ": a session of ours as role " + login.role + " is not listed beside hers");
  return std::unique_ptr<Witness>(
      std::make_unique<HeldSession>(std::move(held), session_node(settings.system, login.kind, *found), pid, clock));
}

}  // namespace exeunt::connect::postgresql
