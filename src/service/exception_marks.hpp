// What exceptions keep of a person's ways in at an instant: said wherever a map or a plan names them.
#pragma once

#include <map>
#include <string>

#include "base/json.hpp"
#include "plan/plan.hpp"
#include "store/store.hpp"

namespace exeunt::service {

struct ExceptionMark {
  std::string exception;  // id, hex
  model::CaseId case_id;  // the case in which it holds
  base::Time until{};     // RFC 3339 outside; work again from then on
};
using ExceptionMarks = std::map<model::NodeId, ExceptionMark>;

/// Over all cases of the person in which something may still be ended. What has expired is no exception, also while nobody has journalled it; a
/// path whose name was erased is not marked. Reads the journal only; blocks on the store.
[[nodiscard]] base::Result<ExceptionMarks> exception_marks(store::Store& store, const model::PersonId& subject, base::Time now);

/// Those that hold in one case: a plan of it is printed with them.
[[nodiscard]] plan::Kept kept_in(const ExceptionMarks& marks, const model::CaseId& case_id);
/// The same for programs: path, id, until.
[[nodiscard]] base::JsonArray marks_json(const ExceptionMarks& marks, const model::CaseId& case_id);
/// Those of other cases, which hold nothing back in this one: a paragraph of plain text, escaped; empty without any.
[[nodiscard]] std::string words_of_other_cases(const ExceptionMarks& marks, const model::CaseId& case_id);

}  // namespace exeunt::service
