#include "service/who.hpp"

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::service {

const model::Person* find_person(const std::vector<model::Person>& people, const model::PersonId& person) {
  const auto found = std::find_if(people.begin(), people.end(), [&](const model::Person& p) { return p.id == person; });
  return found == people.end() ? nullptr : &*found;
}

base::Result<std::string> person_reference(store::Store& store, const std::vector<model::Person>& people, const model::PersonId& person) {
  const model::Person* known = find_person(people, person);
  EXEUNT_TRY_ASSIGN(const model::Reference reference, store.reference("p", person.text(), known == nullptr ? person.text() : known->name));
  return reference.text();
}

base::Result<model::Person> resolve_subject(const std::vector<model::Person>& people, std::string_view words) {
  if (const model::Person* known = find_person(people, model::PersonId(std::string(words)))) return *known;
  std::vector<const model::Person*> matches;
  for (const auto& person : people)
    if (person.login == words || person.email == words) matches.push_back(&person);
  if (matches.size() == 1) return *matches.front();
  const std::string shown = base::escape_terminal(words, 60);
  if (matches.empty())
    return base::fail(base::Code::not_found, "no person \"" + shown + "\" in the people list",
                      "give the HR id, login or e-mail as in people.csv");
  std::string ids;
  for (const auto* person : matches) ids += (ids.empty() ? "" : ", ") + person->id.text();
  return base::fail(base::Code::failed_precondition, "several people are called \"" + shown + "\": " + ids, "give the HR id");
}

}  // namespace exeunt::service
