// Exceptions: what an approver of one signs, and whether the steps of a plan can let go what it names. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"

namespace exeunt::plan {

/// A path stays until a time, for a reason, by a signature.
struct ExceptionRequest {
  model::TenantId tenant;
  model::CaseId case_id;
  std::vector<model::NodeId> paths;  // sorted, each once
  base::Time until{};
  std::string reason_digest;  // hex SHA-256 of the words
  std::string nonce;          // random: two requests for the same are two documents
};
/// Canonical JSON with one final newline. Its SHA-256 is the exception's id.
[[nodiscard]] std::string exception_document(const ExceptionRequest& request);
/// Strict: exception_document(read_exception(x)) == x, else data_loss.
[[nodiscard]] base::Result<ExceptionRequest> read_exception(std::string_view document);

/// Whether running the step shuts the very node that it names, besides what it covers on it.
[[nodiscard]] bool shuts_its_target(const Step& step, const model::Catalogue* catalogue);
/// Whether the step can end the rest of what it covers and leave one of this kind alone.
[[nodiscard]] bool can_leave_out(const Step& step, const model::Catalogue* catalogue, model::NodeKind kind);

/// Whether every step of these plans can be held back, or leave out what is waived, without ending it and without sparing anything else.
/// `waived`: everything that is to stay, with the step that would end it (empty: none). failed_precondition names step and cause: a cut of the
/// account would end it too, an action ends all of its kind at once, or a step that is held back would spare something that nobody named.
[[nodiscard]] base::Status check_exception(const std::vector<Plan>& plans, const std::map<model::SystemId, model::Catalogue>& catalogues,
                                           const std::map<model::NodeId, model::StepId>& waived);

}  // namespace exeunt::plan
