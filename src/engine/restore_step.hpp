// One step of a restore: look, intent, call, look again; and its opposite, the step in reserve that shuts the account as the case did.
// Everything that it knows across a crash is in the journal.
#pragma once

#include "engine/run_context.hpp"

namespace exeunt::engine {

enum class RestoreEnd {
  given,            // seen to be there; an account is opened by the new credential alone
  left_alone,       // another hand gave it since, or what it belongs to is gone: said, and nothing was changed
  stopped,          // halt or shutdown
  held,             // the last gate said no
  unreachable,      // the system did not answer within the attempts
  failed,           // refused for good, or acknowledged and not there
  old_way_open,     // opened, and something else than the new credential opens it too
  old_way_unknown,  // opened, and nothing shows that the old credential does not
};

class RestoreStep {
 public:
  RestoreStep(RunContext& context, const ApprovedPlan& restore) : context_(context), restore_(restore) {}

  /// Blocks. A Status error is the journal's: the run must stop (fail closed).
  [[nodiscard]] base::Result<RestoreEnd> run(const plan::Step& step);
  /// Makes the step in reserve and proves that the account is shut. False: it could not be shown; the words say why.
  [[nodiscard]] base::Result<bool> shut_again(const plan::Step& reserve);
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  struct Seen {
    std::vector<model::Node> missing;  // to be given
    connect::RestoreLook look;
  };
  struct Attempt {
    RestoreEnd end = RestoreEnd::failed;
    bool again = false;
  };
  [[nodiscard]] base::Result<Seen> look(const plan::Step& step, const connect::ApplyRequest& request) const;
  [[nodiscard]] base::Result<Attempt> attempt(const plan::Step& step, int number);
  [[nodiscard]] base::Result<Attempt> call(const plan::Step& step, int number, connect::ApplyRequest& request,
                                           const std::vector<model::Node>& missing);
  [[nodiscard]] base::Result<Attempt> after_call(const plan::Step& step, int number, const connect::ApplyRequest& request);
  [[nodiscard]] base::Result<Attempt> after_error(const plan::Step& step, int number, const base::Error& error);
  /// Before the first intent: what is there already is another hand's, and what it belonged to may be gone.
  [[nodiscard]] base::Status note_what_others_did(const plan::Step& step, const Seen& seen);
  [[nodiscard]] base::Status note_given(const plan::Step& step, const connect::RestoreLook& look);
  /// What comes back with it: never left as ended unless it is seen to be shut still.
  [[nodiscard]] base::Status note_what_follows(const plan::Step& step);
  [[nodiscard]] base::Status mark_restored(const plan::Step& step, const PathRecord& path, connect::Observation look);
  [[nodiscard]] base::Status note_outcome(const plan::Step& step, model::StepState outcome, const std::string& words);
  [[nodiscard]] base::Result<std::optional<RestoreEnd>> refused_by_gate(const plan::Step& step, const std::vector<model::Node>& covered);
  [[nodiscard]] base::Result<connect::ApplyRequest> request_of(const plan::Step& step, StepSecrets& secrets) const;
  void say(const plan::Step& step, const std::string& words);

  RunContext& context_;
  const ApprovedPlan& restore_;
  std::vector<std::string> words_;
};

/// Whether a case stands where its access can be given back: closed, cancelled, or on its way. failed_precondition says what it waits for.
[[nodiscard]] base::Status may_be_restored(const evidence::CaseFold& state, base::Time now);

}  // namespace exeunt::engine
