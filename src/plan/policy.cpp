#include "plan/policy.hpp"

#include "base/bytes.hpp"
#include "base/escape.hpp"
#include "base/yaml_documents.hpp"
#include "plan/yaml_reader.hpp"

namespace exeunt::plan {

using model::Grade;
using model::NodeKind;

namespace {

constexpr std::size_t k_bytes_max = 1024 * 1024;
constexpr int k_version = 1;

template <class E>
std::string all_names() {
  std::string out;
  for (const E value : model::all<E>()) out += (out.empty() ? "" : ", ") + std::string(name(value));
  return out;
}

std::string quoted(std::string_view text) { return "\"" + base::escape_terminal(text, 60) + "\""; }

template <class Id>
void id(YamlMapping& from, std::string_view key, Id& out) {
  std::string text = out.text();
  from.text(key, text);
  out = Id(std::move(text));
}

void read_grades(YamlErrors& errors, const std::string& subject, const YAML::Node& node, std::map<NodeKind, Grade>& out) {
  YamlMapping grades(node, errors, subject);
  for (const NodeKind kind : model::all<NodeKind>()) {
    std::string word;
    grades.text(name(kind), word);
    if (word.empty()) continue;
    const auto grade = model::parse<Grade>(word);
    // `waived` and `unknown` are what is left when an ending could not be shown: asking for them asks for nothing.
    if (!grade || *grade == Grade::waived || *grade == Grade::unknown)
      grades.refuse(name(kind), quoted(word) + " is no grade that can be asked for",
                    "one of: refused, witnessed, observed, read_back, acknowledged, attested");
    else
      out[kind] = *grade;
  }
  grades.finish();
}

void read_requirements(YamlMapping& file, Policy& out) {
  file.node("required_grade", [&](const YAML::Node& node) { read_grades(file.errors(), "required_grade", node, out.required_grade); });
  file.entries("required_grade_on", [&](const YAML::Mark&, const std::string& system, const YAML::Node& value) {
    read_grades(file.errors(), "required_grade_on." + system, value, out.required_grade_on[model::SystemId(system)]);
  });
  file.texts("watched_only", [&](const YAML::Mark& mark, const std::string& word) {
    const auto kind = model::parse<NodeKind>(word);
    if (!kind) return file.errors().say(mark, "watched_only", quoted(word) + " is no kind of node", "one of: " + all_names<NodeKind>());
    out.watched_only.push_back(*kind);
  });
}

void read_protection(YamlMapping& file, Policy& out) {
  file.texts("identity_systems",
             [&](const YAML::Mark&, const std::string& system) { out.identity_systems.insert(model::SystemId(system)); });
  file.texts("protected_nodes", [&](const YAML::Mark& mark, const std::string& word) {
    const model::NodeId node{word};
    if (!model::parse_node_id(node))
      return file.errors().say(mark, "protected_nodes", quoted(word) + " is no node id",
                               "write <system>/<kind>/<immutable id>; `exeunt map --json` prints them");
    out.protected_nodes.push_back(node);
  });
  file.texts("protected_people", [&](const YAML::Mark&, const std::string& person) { out.protected_people.emplace_back(person); });
  file.mapping("blast_radius", [&](YamlMapping& blast) {
    blast.whole("subjects_max", out.subjects_max, 1, 1'000'000);
    blast.whole("destructive_calls_max", out.destructive_calls_max, 0, 1'000'000'000);
    blast.duration("window", out.blast_window);
  });
}

void read_budgets(YamlMapping& file, Policy& out) {
  file.entries("budgets", [&](const YAML::Mark&, const std::string& system, const YAML::Node& value) {
    YamlMapping row(value, file.errors(), "budgets." + system);
    model::Budget& budget = out.budgets[model::SystemId(system)];
    row.number("calls_per_second", budget.calls_per_second, 0.001, 1'000'000);
    row.number("burst", budget.burst, 1, 1'000'000);
    row.whole("concurrency", budget.concurrency, 1, 1'000);
    row.finish();
  });
}

void read_secret(YamlMapping& row, Policy& out) {
  SharedSecret secret;
  row.text("id", secret.id);
  id(row, "system", secret.system);
  row.text("account", secret.account);
  row.texts("known_to", [&](const YAML::Mark&, const std::string& person) { secret.known_to.emplace_back(person); });
  row.text("known_to_group", secret.known_to_group);
  row.text("vault_file", secret.vault_file);
  for (const char* key : {"id", "system", "account", "vault_file"})
    if (!row.has(key)) row.refuse(key, "is missing", "a shared secret has id, system, account, vault_file, and known_to or known_to_group");
  if (secret.known_to.empty() && secret.known_to_group.empty())
    row.refuse("known_to", "is missing, and known_to_group too", "say who knows the secret: [HR ids], or a group of the directory");
  if (!secret.vault_file.empty() && !secret.vault_file.starts_with("file:"))
    row.refuse("vault_file", quoted(secret.vault_file) + " is no reference", "write file:/path; the value itself never stands here");
  for (const auto& other : out.secrets) {
    if (other.id == secret.id) row.refuse("id", quoted(secret.id) + " is there twice", "give each secret its own id");
    if (other.system == secret.system && other.account == secret.account)
      row.refuse("account", quoted(secret.account) + " has a secret already", "one secret an account; add to its known_to");
  }
  out.secrets.push_back(std::move(secret));
}

void read_task(YamlMapping& row, Policy& out) {
  AttestTask task;
  row.text("id", task.id);
  row.text("words", task.words);
  id(row, "assignee", task.assignee);
  row.duration("due", task.due);
  for (const char* key : {"id", "words", "due"})
    if (!row.has(key)) row.refuse(key, "is missing", "a task has id, words, due, and perhaps assignee");
  for (const auto& other : out.tasks)
    if (other.id == task.id) row.refuse("id", quoted(task.id) + " is there twice", "give each task its own id");
  out.tasks.push_back(std::move(task));
}

void read_all(YamlMapping& file, Policy& out) {
  if (!file.has("version")) file.refuse("version", "is missing", "write version: 1");
  file.whole("version", out.version, k_version, k_version);
  read_requirements(file, out);
  file.duration("prepare_max", out.prepare_max);
  file.duration("identity_confirm_max", out.identity_confirm_max);
  file.duration("approval_valid", out.approval_valid);
  file.duration("exception_max", out.exception_max);
  read_protection(file, out);
  file.flag("delete_accounts", out.delete_accounts);
  id(file, "heir", out.heir);
  read_budgets(file, out);
  file.mapping("targets", [&](YamlMapping& targets) {
    targets.duration("identity", out.target_identity);
    targets.duration("zero", out.target_zero);
  });
  file.mapping("watch", [&](YamlMapping& watch) {
    watch.duration("every", out.watch_every);
    watch.duration("for", out.watch_for);
    if (out.watch_every < base::Duration{1'000})
      watch.refuse("every", "is shorter than a second", "every look costs calls on every system");
  });
  file.whole("relist_rounds_max", out.relist_rounds_max, 2, 1'000);
  file.mappings("secrets", [&](YamlMapping& row) { read_secret(row, out); });
  file.mappings("tasks", [&](YamlMapping& row) { read_task(row, out); });
  if (out.approval_valid.count() == 0) file.refuse("approval_valid", "is nothing", "an approval that is never valid approves nothing");
  file.finish();
}

}  // namespace

base::Result<Policy> parse_policy(std::string_view yaml, std::string_view file_name) {
  YamlErrors errors(file_name);
  Policy out;
  if (yaml.size() > k_bytes_max) {
    errors.say({}, "", "is larger than a policy can be (1 MiB)", "check that it is the right file");
    return base::fail(errors.status().error());
  }
  try {
    const auto documents = base::count_yaml_documents(yaml);
    if (documents != base::YamlDocuments::one) {
      errors.say({}, "", documents == base::YamlDocuments::none ? "is empty" : "holds more than one document",
                 "`exeunt init` writes one to begin with");
    } else {
      YamlMapping file(YAML::Load(std::string(yaml)), errors, "");
      if (!errors.any()) read_all(file, out);
    }
  } catch (const YAML::Exception& broken) {
    errors.say(broken.mark, "", "is no YAML: " + base::escape_terminal(broken.msg, 120), "mend that line");
  } catch (const std::exception& broken) {
    errors.say({}, "", std::string("cannot be read: ") + broken.what(), "mend the file");
  }
  EXEUNT_TRY(errors.status());
  out.digest = base::to_hex(base::sha256(yaml));
  return out;
}

}  // namespace exeunt::plan
