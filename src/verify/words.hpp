// A verdict for people and for programs. Text from a bundle is escaped for the terminal. Pure.
#pragma once

#include <string>

#include "base/json.hpp"
#include "verify/bundle_check.hpp"

namespace exeunt::verify {

/// Lines for people: whether it holds; what it is; what holds, by what; what is not shown; for each refusal subject, cause, next step.
[[nodiscard]] std::string in_words(const BundleVerdict& verdict);
/// schemas/record-verdict.schema.json
[[nodiscard]] base::JsonObject in_json(const BundleVerdict& verdict);
/// "subject: cause" and, on a line of its own, the next step.
[[nodiscard]] std::string in_words(const base::Error& error);
[[nodiscard]] base::JsonObject in_json(const base::Error& error);

}  // namespace exeunt::verify
