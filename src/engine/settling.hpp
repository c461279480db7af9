// After the steps: list until nothing new appears twice, probe everything again after its settle window, go back to work where something is open.
#pragma once

#include "engine/stages.hpp"

namespace exeunt::engine {

class Settling {
 public:
  Settling(RunContext& context, StepRunner& runner, StageRunner& stages) : context_(context), runner_(runner), stages_(stages) {}

  /// Re-lists every account in reach until two fresh listings in a row show nothing new and nothing open, at most policy.relist_rounds_max
  /// times. ok(false): it was still open at the bound (or a system could not be listed).
  [[nodiscard]] base::Result<bool> sweep();
  /// Waits for each path's settle window, and for what drains within `drain_wait_max`, and tries it again; what is open goes back to its step. ok(false): something stayed open.
  [[nodiscard]] base::Result<bool> settle();
  /// Runs the steps of what is required and open once more.
  [[nodiscard]] base::Status end_what_is_open();
  /// Lists every account in reach anew and tries what is new there or came back; applies nothing. ok(false): a system could not be listed.
  [[nodiscard]] base::Result<bool> look_for_new();
  /// Tries once more everything that has not been shown ended (steps that could not be reached or came to a standstill).
  [[nodiscard]] base::Status probe_what_is_open();

 private:
  struct Round {
    std::vector<StepRef> reopened;
    bool listed = true;
  };
  [[nodiscard]] base::Result<Round> relist_all();
  [[nodiscard]] std::vector<StepRef> steps_of_open() const;
  [[nodiscard]] bool waits_for(const PathRecord& path) const;
  [[nodiscard]] base::Duration due_in(const PathRecord& path) const;
  [[nodiscard]] bool stopped() const;

  RunContext& context_;
  StepRunner& runner_;
  StageRunner& stages_;
};

}  // namespace exeunt::engine
