// Who is at the keyboard: the operator is the authenticated local user, mapped to a person by exeunt.yaml.
#pragma once

#include <string>

#include "base/result.hpp"
#include "service/config.hpp"

namespace exeunt::service {

struct Operator {
  std::string login;  // of the real uid; the uid's number where it has no name
  model::PersonId person;
};

/// permission_denied: the local login is not in `operators:`.
[[nodiscard]] base::Result<Operator> present_operator(const Config& config);

}  // namespace exeunt::service
