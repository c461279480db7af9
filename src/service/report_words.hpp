// The words of the report for a manager: states, grades, times, lengths of time; and outside text made safe for HTML.
#pragma once

#include <string>
#include <string_view>

#include "service/report.hpp"

namespace exeunt::service {

/// Outside text: what hides, turns or moves text is shown (base::escape_terminal), then everything is escaped for HTML text and quoted attributes.
[[nodiscard]] std::string html(std::string_view text);
/// The same, kept from changing the direction of what stands beside it.
[[nodiscard]] std::string outside(std::string_view text);

[[nodiscard]] std::string time_words(base::Time t);             // "2026-11-28 00:12:33 UTC"
[[nodiscard]] std::string clock_words(base::Time t);            // "00:12:33"
[[nodiscard]] std::string length_words(base::Duration length);  // "4 min 12 s", "0.4 s", "2 d 3 h"

/// Whether a required way in is over, at the grade that the policy asks for.
[[nodiscard]] bool is_over(const PathLine& line);
/// "is open", "ends by itself, at the latest at …", "stays by exception until …".
[[nodiscard]] std::string standing_words(const PathLine& line);
[[nodiscard]] std::string_view case_words(model::CaseState state);
[[nodiscard]] std::string_view grade_words(model::Grade grade);
/// How it was tried, and what the control identity was told.
[[nodiscard]] std::string known_words(const evidence::PathFold& path);
/// "revoke_keys" -> "revoke keys".
[[nodiscard]] std::string spaced(std::string_view name);

}  // namespace exeunt::service
