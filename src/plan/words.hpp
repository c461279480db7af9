// The words in which a plan speaks to people: for explain, runbook and the tables of `exeunt plan`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "plan/plan.hpp"

namespace exeunt::plan {

[[nodiscard]] std::string_view words(model::Action action);   // "disable the account"
[[nodiscard]] std::string_view words(model::Stage stage);     // "cut the identity"
[[nodiscard]] std::string_view reason(model::Stage stage);    // why this stage stands where it stands
[[nodiscard]] std::string_view plural(model::NodeKind kind);  // "sessions"
[[nodiscard]] std::string words(base::Duration duration);     // "5 min", "24 h", "0 s"
/// What a step does and to what: `disable the account "ada" on directory`. Outside text escaped.
[[nodiscard]] std::string sentence(const Step& step);
/// "every session, key of it, listed anew when the step runs", or nothing for a step by name.
[[nodiscard]] std::string rule_words(const Step& step);
/// Who else is touched: a person, or an account that nobody claims.
[[nodiscard]] std::string bystander_words(const model::NodeId& id);
/// Outside text in quotes, escaped for a terminal; empty text shows as the native id.
[[nodiscard]] std::string quoted(const model::Node& node);
[[nodiscard]] std::string quoted(std::string_view text);

/// ", stays until … by an exception"; empty: nothing keeps it.
[[nodiscard]] std::string kept_words(const Kept& kept, const model::NodeId& id);
/// Everything of the plan that stays, a line each. Outside text, not escaped yet.
[[nodiscard]] std::vector<std::string> kept_lines(const Plan& plan, const Kept& kept);

/// What is not seen: gaps, and listings that are not full. Outside text, not escaped yet.
[[nodiscard]] std::vector<std::string> blind_spots(const std::vector<model::Gap>& gaps, const std::vector<model::Listing>& listings);
/// A title and one paragraph a line, escaped here; nothing at all without lines.
void append_list(std::string& out, std::string_view title, const std::vector<std::string>& lines);
/// Appends `text` broken into lines of at most 100 columns: the first after `lead`, further ones indented as far. Escaped already.
void append_paragraph(std::string& out, std::string_view lead, std::string_view text);

}  // namespace exeunt::plan
