#include "service/exception_marks.hpp"

#include <fmt/format.h>

#include "model/transitions.hpp"
#include "plan/plan_json.hpp"
#include "plan/words.hpp"
#include "store/case_stream.hpp"

namespace exeunt::service {

using base::Result;

namespace {

bool may_still_end_something(model::CaseState state) { return !model::is_terminal(state) || state == model::CaseState::closed; }

void add_marks(store::Store& store, const evidence::CaseFold& state, base::Time now, ExceptionMarks& out) {
  for (const auto& [digest, exception] : state.exceptions) {
    if (!exception.stands() || exception.until <= now) continue;
    for (const auto& reference : exception.paths) {
      if (state.paths.at(reference).state != model::PathState::waived) continue;  // it turned out to be over before
      const auto referent = store.referent(model::Reference(reference));
      if (!referent) continue;
      ExceptionMark& mark = out[model::NodeId(referent->value)];
      if (mark.exception.empty() || mark.until < exception.until) mark = {digest, model::CaseId(state.case_id), exception.until};
    }
  }
}

}  // namespace

Result<ExceptionMarks> exception_marks(store::Store& store, const model::PersonId& subject, base::Time now) {
  EXEUNT_TRY_ASSIGN(const auto cases, store.cases());
  ExceptionMarks out;
  for (const auto& row : cases) {
    if (row.subject != subject) continue;
    EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(store, row.id));
    if (may_still_end_something(folder.state().state)) add_marks(store, folder.state(), now, out);
  }
  return out;
}

plan::Kept kept_in(const ExceptionMarks& marks, const model::CaseId& case_id) {
  plan::Kept out;
  for (const auto& [id, mark] : marks)
    if (mark.case_id == case_id) out.emplace(id, mark.until);
  return out;
}

base::JsonArray marks_json(const ExceptionMarks& marks, const model::CaseId& case_id) {
  base::JsonArray out;
  for (const auto& [id, mark] : marks)
    if (mark.case_id == case_id)
      out.push_back(
          base::JsonObject{{"path", plan::json_text(id.text())}, {"id", mark.exception}, {"until", base::to_rfc3339(mark.until)}});
  return out;
}

std::string words_of_other_cases(const ExceptionMarks& marks, const model::CaseId& case_id) {
  std::vector<std::string> lines;
  for (const auto& [id, mark] : marks)
    if (mark.case_id != case_id)
      lines.push_back(fmt::format("{}, until {} by exception {} of case {}", id.text(), base::to_rfc3339(mark.until),
                                  mark.exception.substr(0, 12), mark.case_id.text().substr(0, 12)));
  std::string out;
  plan::append_list(out, "Kept by an exception of another case, which does not hold in this one:", lines);
  return out;
}

}  // namespace exeunt::service
