#include "base/result.hpp"

namespace exeunt::base {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid_argument";
    case Code::not_found: return "not_found";
    case Code::already_exists: return "already_exists";
    case Code::failed_precondition: return "failed_precondition";
    case Code::permission_denied: return "permission_denied";
    case Code::unavailable: return "unavailable";
    case Code::aborted: return "aborted";
    case Code::resource_exhausted: return "resource_exhausted";
    case Code::outcome_unknown: return "outcome_unknown";
    case Code::data_loss: return "data_loss";
    case Code::unimplemented: return "unimplemented";
    case Code::internal: return "internal";
    case Code::cancelled: return "cancelled";
  }
  return "internal";
}

std::string Error::text() const {
  if (next.empty()) return what;
  return what + "; " + next;
}

Error Error::about(std::string_view subject) const { return Error{code, std::string(subject) + ": " + what, next}; }

}  // namespace exeunt::base
