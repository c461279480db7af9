// Who an account belongs to. Only an immutable key that both sides hold acts by itself; names propose.
#include <algorithm>
#include <tuple>

#include "graph/access_map.hpp"

namespace exeunt::graph {

using model::LinkStrength;
using model::NodeId;
using model::Person;
using model::PersonId;

namespace {

/// Lower case for ASCII; other letters as they are. Proposals only: a miss costs a line in the list of unclaimed accounts.
std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  return out;
}

/// Words of a name without order, commas or doubled blanks: "Kim, Alex" is like "alex kim".
std::string name_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : folded(text)) {
    const bool separates = c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
    if (!separates) words.back().push_back(c);
    if (separates && !words.back().empty()) words.emplace_back();
  }
  std::sort(words.begin(), words.end());
  std::string out;
  for (const auto& word : words)
    if (!word.empty()) out += word + ' ';
  return out;
}

struct Index {
  std::multimap<std::string, const Person*> by_email, by_login, by_name;
  std::map<PersonId, const Person*> by_id;

  explicit Index(const std::vector<Person>& people) {
    for (const auto& person : people) {
      if (person.id.empty()) continue;
      by_id.emplace(person.id, &person);
      if (!person.email.empty()) by_email.emplace(folded(person.email), &person);
      if (!person.login.empty()) by_login.emplace(folded(person.login), &person);
      if (const auto words = name_words(person.name); !words.empty()) by_name.emplace(words, &person);
    }
  }
};

void propose(std::map<PersonId, std::string>& out, const std::multimap<std::string, const Person*>& index, const std::string& key,
             std::string_view reason) {
  if (key.empty()) return;
  const auto [first, last] = index.equal_range(key);
  for (auto row = first; row != last; ++row) {
    std::string& words = out[row->second->id];
    words += (words.empty() ? "" : ", ") + std::string(reason);
  }
}

void link_one(std::vector<Link>& out, const Index& index, const AccountFacts& account, const std::map<NodeId, PersonId>& imported) {
  const NodeId id = account.account.id();
  std::map<PersonId, std::string> strong;
  if (!account.hr_id.empty() && index.by_id.contains(PersonId(account.hr_id))) strong[PersonId(account.hr_id)] = "HR id in the system";
  if (const auto row = imported.find(id); row != imported.end() && index.by_id.contains(row->second)) {
    std::string& words = strong[row->second];
    words += (words.empty() ? "" : ", ") + std::string("links.csv");
  }
  // Two immutable keys that disagree: neither acts before a person has looked.
  const auto strength = strong.size() == 1 ? LinkStrength::strong : LinkStrength::proposed;
  for (const auto& [person, reason] : strong)
    out.push_back({person, id, strength, strong.size() == 1 ? reason : reason + ", but another source names somebody else"});
  if (!strong.empty()) return;
  std::map<PersonId, std::string> proposed;
  propose(proposed, index.by_email, folded(account.email), "same e-mail");
  propose(proposed, index.by_login, folded(account.login), "same login");
  propose(proposed, index.by_name, name_words(account.display_name), "similar name");
  for (const auto& [person, reason] : proposed) out.push_back({person, id, LinkStrength::proposed, reason});
}

}  // namespace

std::vector<Link> link_accounts(const std::vector<Person>& people, const std::vector<AccountFacts>& accounts,
                                const std::map<NodeId, PersonId>& imported) {
  const Index index(people);
  std::vector<Link> out;
  for (const auto& account : accounts) link_one(out, index, account, imported);
  // A key that links.csv names is linked by itself: no listing of accounts shows it.
  for (const auto& [id, person] : imported) {
    const auto key = model::parse_node_id(id);
    if (key && key->kind != model::NodeKind::account && index.by_id.contains(person))
      out.push_back({person, id, LinkStrength::strong, "links.csv"});
  }
  const auto order = [](const Link& link) { return std::tie(link.person, link.account, link.reason); };
  std::sort(out.begin(), out.end(), [&](const Link& a, const Link& b) { return order(a) < order(b); });
  return out;
}

}  // namespace exeunt::graph
