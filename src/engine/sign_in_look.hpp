// Who signed in since the departure was seen: reads it from every system, writes down what is new, and opens an ended way in that was used again.
#pragma once

#include "engine/stages.hpp"

namespace exeunt::engine {

/// Of one sign-in: when it was by our clock, and how far that may be off either way.
struct UseInstant {
  base::Time at{};
  base::Duration error{0};
};
/// `first_refused` of a path that is ended; a path that is not ended has no cut yet (`ended` false).
[[nodiscard]] model::UseMoment moment_of(const UseInstant& use, bool ended, std::optional<base::Time> first_refused);

class SignInLook {
 public:
  SignInLook(RunContext& context, StageRunner& stages) : context_(context), stages_(stages) {}

  /// Asks every system once, on its own queue, and blocks. A sign-in is journalled once, what its source is worth when that changed. One after
  /// the cut makes the path live; one of which the clocks do not tell has the path tried at once. ok(true): a path that was ended is not.
  [[nodiscard]] base::Result<bool> look();

 private:
  struct Reading;
  [[nodiscard]] connect::SignInRequest request_for(const model::SystemId& system) const;
  [[nodiscard]] base::Status look_at(const model::SystemId& system);
  [[nodiscard]] base::Status take(const connect::SignIn& sign_in, Reading& reading);
  [[nodiscard]] base::Result<model::PathState> open_or_try(const PathRecord& path, const Use& use);
  [[nodiscard]] std::optional<base::Time> first_refused(const std::string& reference) const;
  [[nodiscard]] base::Status note_source(const Reading& reading);

  RunContext& context_;
  StageRunner& stages_;
  std::mutex mutex_;
  bool opened_ = false;
};

}  // namespace exeunt::engine
