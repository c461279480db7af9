// Writes the entries of one running case: every kind of leaf that the engine makes, with names turned into references.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/json.hpp"
#include "connect/connector.hpp"
#include "engine/verdict.hpp"
#include "model/node.hpp"
#include "store/case_stream.hpp"

namespace exeunt::engine {

/// One answer of a gate with that of the control identity (where it was tried), or one look.
struct Sight {
  base::Time at{};  // when it came in
  std::optional<connect::ProbeResult> answer, control;
  std::optional<connect::Observation> look;  // exactly one of `answer` and `look` is there
};

struct PathChange {
  model::StepId step;
  Verdict verdict;
  model::ProbeMeans means = model::ProbeMeans::none;
};
/// A successful sign-in that a system told of, and when it was.
struct Use {
  connect::SignIn sign_in;
  base::Duration clock_offset{0};  // system's clock minus ours when it was read
  base::Duration clock_error{0};
  model::UseMoment moment = model::UseMoment::undecided;
};
/// A look that is worth less than `observed` was a reading back.
[[nodiscard]] model::ProbeMeans means_of(const connect::Observation& look);

/// A way in of the person's, or one of ours that the case opened itself (a witness).
enum class Whose { hers, ours };

/// Thread-safe. What something outside depends on is durable when the call returns ok. What was only seen (an answer, a look, a verdict, an
/// outcome) keeps its place and becomes durable with the next entry that is waited for: a crash loses the sight of it, never an effect, and
/// the restart looks again. After an error of either kind nothing further may be changed outside (fail closed).
class CaseJournal {
 public:
  CaseJournal(store::Store& store, store::CaseStream& stream, std::string actor)
      : store_(store), stream_(stream), actor_(std::move(actor)) {}

  [[nodiscard]] base::Status state_changed(model::CaseState state, const std::string& words,
                                           std::optional<base::Time> until = std::nullopt);
  [[nodiscard]] base::Status path_found(const model::Node& node, bool required, model::Grade grade, const std::string& witness,
                                        Whose whose = Whose::hers);
  [[nodiscard]] base::Status listed(const model::Listing& listing);
  [[nodiscard]] base::Status gap_declared(const model::Gap& gap);
  [[nodiscard]] base::Status sign_ins_listed(const model::SystemId& system, const connect::SignInListing& listing);
  [[nodiscard]] base::Status plan_compiled(const std::string& name, const std::string& digest, const std::string& words);

  /// Durable before the call goes out (law 1).
  [[nodiscard]] base::Status step_intended(const model::StepId& step, int attempt, const model::Node& target, const base::Json& details);
  /// Durable before a witness of that kind is opened on the account.
  [[nodiscard]] base::Status witness_intended(const model::StepId& step, int attempt, const model::Node& account, model::NodeKind kind);
  /// Not waited for: without it a restart takes the intent for outcome_unknown.
  [[nodiscard]] base::Status step_outcome(const model::StepId& step, int attempt, model::StepState outcome, const std::string& words);
  [[nodiscard]] base::Status gate_refused(const model::StepId& step, const std::string& guard, const std::string& words);

  // Seen, and not waited for: the next three.
  /// `change`: what the path is since this sight; null where it stays what it was.
  [[nodiscard]] base::Status seen(const model::Node& target, model::ProbeMoment moment, const Sight& sight,
                                  const PathChange* change = nullptr);
  /// `opened`: the ended way in that it made live again; null: it changes nothing.
  [[nodiscard]] base::Status used(const model::Node& target, const Use& use, const PathChange* opened);
  /// A change that nobody saw: no means could look.
  [[nodiscard]] base::Status path_changed(const model::Node& target, const PathChange& change);
  [[nodiscard]] base::Status task_changed(const model::Node& task, const std::string& outcome, const std::string& words);
  [[nodiscard]] base::Status milestone(const std::string& which, const std::string& words);
  [[nodiscard]] base::Status halted(const std::string& words);
  /// `outcome`: quiet (count = looks since the last summary) | late (count = milliseconds without a look).
  [[nodiscard]] base::Status watch_summary(const std::string& outcome, std::int64_t count, const std::string& words);
  [[nodiscard]] base::Status exception_expired(const std::string& digest, const std::string& words);
  [[nodiscard]] base::Status clock_stepped(base::Duration by);

  [[nodiscard]] base::Result<std::string> reference(const model::Node& node);
  /// A reference that was read from the journal needs no question to the store.
  void know(const model::NodeId& node, const std::string& reference);
  [[nodiscard]] store::CaseStream& stream() { return stream_; }

 private:
  [[nodiscard]] base::Status write(evidence::Leaf leaf, store::Payload payload);
  [[nodiscard]] base::Status write_later(evidence::Leaf leaf, store::Payload payload);
  [[nodiscard]] base::Result<std::string> reference(const std::string& id, const std::string& label);

  store::Store& store_;
  store::CaseStream& stream_;
  std::string actor_;  // reference of the operator
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> references_;  // node id -> "n_…"
};

}  // namespace exeunt::engine
