// References of people ("p_…") that leaves carry instead of names.
#pragma once

#include "base/result.hpp"
#include "model/departure.hpp"
#include "store/store.hpp"

namespace exeunt::service {

[[nodiscard]] base::Result<std::string> person_reference(store::Store& store, const std::vector<model::Person>& people,
                                                         const model::PersonId& person);
[[nodiscard]] const model::Person* find_person(const std::vector<model::Person>& people, const model::PersonId& person);
/// By HR id, else by login or e-mail where exactly one person has it. not_found; failed_precondition when several do (they are named).
[[nodiscard]] base::Result<model::Person> resolve_subject(const std::vector<model::Person>& people, std::string_view words);

}  // namespace exeunt::service
