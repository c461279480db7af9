// Runs one step to its end or to a standstill: list anew, gate, budget, intent, call, outcome, probe; again while the answer is lost or the way in
// is still open. Everything that it knows across a crash is in the journal.
#pragma once

#include "engine/run_context.hpp"

namespace exeunt::engine {

enum class StepEnd {
  ended,        // everything that it covers ended
  still_open,   // applied, and something is still admitted or unknown
  unreachable,  // the system did not answer within the attempts
  failed,       // the system said no for a reason that repeating does not change
  held,         // the last gate said no
  waiting,      // a person has to do something
  draining,     // what is left of it cannot be recalled and ends by itself
  stopped,      // halt, cancel or shutdown
  waived,       // held back: it would end what an exception keeps
};

class StepRunner {
 public:
  explicit StepRunner(RunContext& context) : context_(context) {}

  /// Blocks. A Status error means that the journal could not be written: the run must stop (fail closed).
  [[nodiscard]] base::Result<StepEnd> run(const ApprovedPlan& plan, const plan::Step& step);
  /// A fresh inventory of everything that the plan covers on the step's system.
  [[nodiscard]] base::Result<model::Inventory> inventory(const ApprovedPlan& plan, const plan::Step& step);
  /// What of it the step covers. Paths that were not known are journalled, added and tried before the cut. Returns how many are new or came back.
  [[nodiscard]] base::Result<std::size_t> relist(const ApprovedPlan& plan, const plan::Step& step, const model::Inventory& inventory,
                                                 std::vector<model::Node>& covered);

 private:
  struct Attempt {
    StepEnd end = StepEnd::failed;
    bool again = false;
    base::Duration wait{0};
  };
  [[nodiscard]] base::Result<Attempt> attempt(const ApprovedPlan& plan, const plan::Step& step, int number);
  [[nodiscard]] base::Result<Attempt> call(const ApprovedPlan& plan, const plan::Step& step, int number,
                                           const std::vector<model::Node>& covered);
  [[nodiscard]] base::Result<Attempt> after_error(const plan::Step& step, int number, const base::Error& error);
  [[nodiscard]] base::Result<Attempt> could_not_list(const plan::Step& step, int number, const base::Error& error);
  [[nodiscard]] std::vector<model::Node> covered_by(const ApprovedPlan& plan, const plan::Step& step,
                                                    const model::Inventory& inventory) const;
  /// Journals and adds a path that was not known. True: it was not known.
  [[nodiscard]] base::Result<bool> take_up(const plan::Step& step, const model::Node& node, const plan::Step& listed_by);
  /// What the listing shows below the targets of other approved steps: it may be over before they look, and was a way in all the same.
  [[nodiscard]] base::Status take_up_for_others(const plan::Step& step, const model::Inventory& inventory);
  /// Takes out of `covered` what an exception keeps. True: the step is held back as a whole, and that is journalled.
  [[nodiscard]] base::Result<bool> held_back(const plan::Step& step, int number, std::vector<model::Node>& covered);
  /// Of what the step names or covers, what the journal says is waived: for the last gate, which does not ask the book.
  [[nodiscard]] base::Result<std::set<model::NodeId>> waived_in_reach(const plan::Step& step, const std::vector<model::Node>& covered);
  [[nodiscard]] base::Result<StepEnd> prove_covered(const plan::Step& step);
  [[nodiscard]] base::Result<StepEnd> ask_person(const plan::Step& step, int number);
  void say(const plan::Step& step, const std::string& words) const;

  RunContext& context_;
};

}  // namespace exeunt::engine
