// Use case: an exception lets named ways in stay until a time, for a reason, by a signature of somebody else (law 8).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plan/exception.hpp"
#include "service/home.hpp"
#include "service/operators.hpp"

namespace exeunt::service {

struct ExceptionAsk {
  model::CaseId case_id;
  std::vector<std::string> paths;  // node ids, or an id or label that only one path of the case has
  base::Time until{};
  std::string reason;
};
/// One exception with what stands beside the journal; what was erased is empty.
struct ExceptionLine {
  std::string id;  // hex SHA-256 of the document
  model::CaseId case_id;
  std::string state;  // asked | approved | expired
  std::vector<std::string> paths, path_states;
  base::Time until{};
  std::string reason, asker, approver, document, signature;
  std::optional<base::Time> asked_at, approved_at, expired_at;
};

/// Journals the request; nothing is spared by it. permission_denied: the subject asks. invalid_argument: no reason, an end that has passed.
/// not_found: the case does not know the path. failed_precondition: the path ended already or drains, the end is past the policy's
/// exception_max, or a step of the plan cannot let it go (plan::check_exception). Not repeatable: each request is one of its own.
[[nodiscard]] base::Result<ExceptionLine> ask_exception(Home& home, const Operator& who, const ExceptionAsk& ask, const base::Clock& clock,
                                                        base::Random& random);

/// The request that an id (or its first characters) means, with the document to sign. not_found: there is none, or several.
[[nodiscard]] base::Result<ExceptionLine> show_exception(Home& home, std::string_view id, base::Time now);

/// Checks the signature (namespace exeunt-exception) and everything that ask_exception checked, then journals the approval and sets the timer of
/// its end. permission_denied: not a listed key, another document, or the signer asked for it, is the operator, the subject or an heir.
/// failed_precondition: approved already (a replayed signature), or its end has passed. Returns the signer.
[[nodiscard]] base::Result<std::string> approve_exception(Home& home, const Operator& who, std::string_view id,
                                                          const std::filesystem::path& signature_file, const base::Clock& clock,
                                                          base::Random& random);

/// Of one case, or of all; in the order in which they were asked for.
[[nodiscard]] base::Result<std::vector<ExceptionLine>> exception_lines(store::Store& store, const std::optional<model::CaseId>& case_id,
                                                                       base::Time now);
/// As `exception list --json` and the record print one.
[[nodiscard]] base::Json exception_json(const ExceptionLine& line);

}  // namespace exeunt::service
