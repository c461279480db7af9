// Errors as values. Every fallible function of Exeunt returns Result<T> or Status; the code tells the caller what it may do next.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace exeunt::base {

/// What the caller may do next. Stored by number; never reused.
enum class Code {
  invalid_argument = 1,     // the input is wrong; mend it
  not_found = 2,            // there is no such thing
  already_exists = 3,       // there is one already
  failed_precondition = 4,  // fix something first (a guard, a missing approval, a missing setup)
  permission_denied = 5,    // the credentials in use may not do this
  unavailable = 6,          // certainly no effect; repeat later
  aborted = 7,              // lost a race (lease, compare-and-set); re-read, then repeat
  resource_exhausted = 8,   // a limit (rate, disk, size); wait or make room
  outcome_unknown = 9,      // a write may have taken effect: observe before anything else
  data_loss = 10,           // stored data is broken or was replaced; stop
  unimplemented = 11,       // this system or kind cannot do it
  internal = 12,            // a fault of ours
  cancelled = 13,           // a person or a shutdown asked to stop; nothing further was done
};

[[nodiscard]] std::string_view code_name(Code code);

/// An error for an operator: subject and cause in `what`, what to do in `next`. Never carries a secret.
struct Error {
  Code code = Code::internal;
  std::string what;  // "directory: bind as cn=exeunt… was refused (49 invalidCredentials)"
  std::string next;  // "check the credential named in exeunt.yaml, then run `exeunt systems check`"

  [[nodiscard]] std::string text() const;  // "what; next"
  /// The same error, said of `subject` ("subject: what").
  [[nodiscard]] Error about(std::string_view subject) const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string what, std::string next = {}) {
  return tl::make_unexpected(Error{code, std::move(what), std::move(next)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::make_unexpected(std::move(error)); }

}  // namespace exeunt::base

#define EXEUNT_CONCAT_INNER(a, b) a##b
#define EXEUNT_CONCAT(a, b) EXEUNT_CONCAT_INNER(a, b)
// Names are counted, not numbered by line: one may stand inside a lambda that is an argument of another.
/// Propagates the error of a Status (or of a Result whose value is not needed).
#define EXEUNT_TRY(expression) EXEUNT_TRY_INNER(EXEUNT_CONCAT(exeunt_try_, __COUNTER__), expression)
#define EXEUNT_TRY_INNER(temporary, expression)                                \
  do {                                                                         \
    auto temporary = (expression);                                             \
    if (!temporary) return ::exeunt::base::fail(std::move(temporary).error()); \
  } while (false)
/// Declares `declaration` from a Result's value, or propagates its error.
#define EXEUNT_TRY_ASSIGN(declaration, expression) EXEUNT_TRY_ASSIGN_INNER(EXEUNT_CONCAT(exeunt_try_, __COUNTER__), declaration, expression)
#define EXEUNT_TRY_ASSIGN_INNER(temporary, declaration, expression)          \
  auto temporary = (expression);                                             \
  if (!temporary) return ::exeunt::base::fail(std::move(temporary).error()); \
  declaration = std::move(*temporary)
