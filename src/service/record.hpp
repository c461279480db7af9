// Use case: what a case has to show, as one JSON document: paths, approvals, intervals, gaps, listings, timeline and every entry.
#pragma once

#include "base/json.hpp"
#include "service/home.hpp"

namespace exeunt::service {

/// Reads the journal only; `now` decides what an exception still keeps. schemas/record.schema.json describes it.
[[nodiscard]] base::Result<base::Json> record_json(Home& home, const model::CaseId& case_id, base::Time now);

/// "3 sign-ins since the departure was seen, 1 of them after its cut; not all of directory, vault". Empty: nothing was read yet.
[[nodiscard]] std::string use_words(const evidence::CaseFold& state);

/// A line a path for people; the same facts as record_json's `paths`. `fold` is as it stands at `now`: what an exception no longer keeps is live.
struct PathLine {
  std::string system, kind, id, label, action, step;
  bool required = true;
  evidence::PathFold fold;
};
[[nodiscard]] base::Result<std::vector<PathLine>> path_lines(Home& home, const evidence::CaseFold& state, base::Time now);

}  // namespace exeunt::service
