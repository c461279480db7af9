#include "service/excepting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/escape.hpp"
#include "base/file.hpp"
#include "model/transitions.hpp"
#include "service/approving.hpp"
#include "service/who.hpp"
#include "store/case_stream.hpp"

namespace exeunt::service {

using base::Code;
using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using base::Status;
using evidence::LeafKind;
using model::NodeId;

namespace {

constexpr std::string_view k_namespace = "exeunt-exception";
constexpr std::string_view k_document = "exception";
constexpr std::size_t k_signature_bytes_max = 64 * 1024;
constexpr std::size_t k_reason_bytes_max = 2'000;
constexpr std::size_t k_id_prefix_min = 8;
constexpr std::size_t k_paths_max = 1'000;
constexpr std::size_t k_page = 1'000;

std::string shown(std::string_view text) { return base::escape_terminal(text, 120); }

struct KnownPath {
  std::string reference, label;
  NodeId id;
  evidence::PathFold fold;
};

/// Paths of the case whose names were not erased.
std::vector<KnownPath> known_paths(store::Store& store, const evidence::CaseFold& state) {
  std::vector<KnownPath> out;
  for (const auto& [reference, path] : state.paths)
    if (const auto referent = store.referent(model::Reference(reference)))
      out.push_back({reference, referent->label, NodeId(referent->value), path});
  return out;
}

bool is_called(const KnownPath& path, const std::string& words) {
  if (path.id.text() == words || path.label == words) return true;
  const auto key = model::parse_node_id(path.id);
  return key && key->native_id == words;
}

Result<KnownPath> find_path(const std::vector<KnownPath>& paths, const std::string& words) {
  std::vector<const KnownPath*> matches;
  for (const auto& path : paths) {
    if (path.id.text() == words) return path;
    if (is_called(path, words)) matches.push_back(&path);
  }
  if (matches.size() == 1) return *matches.front();
  if (matches.empty())
    return base::fail(Code::not_found, "the case knows no way in \"" + shown(words) + "\"",
                      "write it as <system>/<kind>/<id>; `exeunt status CASE --json` prints system, kind and id of each");
  std::string ids;
  for (const auto* path : matches) ids += (ids.empty() ? "" : ", ") + shown(path->id.text());
  return base::fail(Code::failed_precondition, "several ways in are called \"" + shown(words) + "\": " + ids, "write the whole id");
}

Status may_stay(const KnownPath& path) {
  if (path.fold.ours)
    return base::fail(Code::failed_precondition, shown(path.id.text()) + " is a witness that this case opened: it ends with the case",
                      "name a way in of the person's");
  if (path.fold.state == model::PathState::ended)
    return base::fail(Code::failed_precondition, shown(path.id.text()) + " has ended already", "there is nothing to except");
  if (path.fold.state == model::PathState::draining)
    return base::fail(Code::failed_precondition, shown(path.id.text()) + " drains: it ends by itself and nothing can keep it");
  return {};
}

Result<std::vector<plan::Plan>> plans_of(store::Store& store, const evidence::CaseFold& state) {
  std::vector<plan::Plan> out;
  for (const auto& compiled : state.plans) {
    if (compiled.name == evidence::k_restore_plan) continue;
    EXEUNT_TRY_ASSIGN(const std::string bytes, store.document("plan", compiled.digest));
    EXEUNT_TRY_ASSIGN(plan::Plan plan, plan::from_bytes(bytes));
    out.push_back(std::move(plan));
  }
  return out;
}

model::StepId step_of(const std::vector<plan::Plan>& plans, const KnownPath& path) {
  for (const auto& plan : plans)
    for (const auto& planned : plan.paths)
      if (planned.node.id() == path.id && !planned.step.empty()) return planned.step;
  return model::StepId(path.fold.step);
}

Status can_be_let_go(Home& home, const std::vector<plan::Plan>& plans, const std::vector<KnownPath>& paths,
                     const std::vector<NodeId>& wanted) {
  std::map<NodeId, model::StepId> waived;
  for (const auto& path : paths)
    if (path.fold.state == model::PathState::waived || std::find(wanted.begin(), wanted.end(), path.id) != wanted.end())
      waived.emplace(path.id, step_of(plans, path));
  return plan::check_exception(plans, engine::catalogues_of(home.systems), waived);
}

Status may_last(const plan::Policy& policy, base::Time until, base::Time now) {
  if (policy.exception_max.count() == 0)
    return base::fail(Code::failed_precondition, "the policy has no exceptions (exception_max: 0s)", "end it, or have the policy changed");
  if (until - now > policy.exception_max)
    return base::fail(Code::failed_precondition,
                      fmt::format("until {} is longer than the policy's exception_max allows: {} at most", base::to_rfc3339(until),
                                  base::to_rfc3339(now + policy.exception_max)),
                      "ask for a shorter one; another can follow it");
  return {};
}

Status is_open_to_exceptions(const evidence::CaseFold& state) {
  const bool over = model::is_terminal(state.state) && state.state != model::CaseState::closed;
  if (over || state.state == model::CaseState::restoring)
    return base::fail(Code::failed_precondition, fmt::format("case {} is {}", state.case_id, name(state.state)),
                      "nothing of it is ended any more");
  return {};
}

Status check_words(const ExceptionAsk& ask, base::Time now) {
  const bool blank = ask.reason.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank || ask.reason.size() > k_reason_bytes_max || !base::is_valid_utf8(ask.reason))
    return base::fail(Code::invalid_argument, blank ? "an exception needs a reason" : "the reason is longer than 2,000 bytes or no text",
                      "say why, for whoever approves it and for the record");
  if (ask.until <= now)
    return base::fail(Code::invalid_argument, "until " + base::to_rfc3339(ask.until) + " has passed", "name an instant that is to come");
  if (ask.paths.empty() || ask.paths.size() > k_paths_max)
    return base::fail(Code::invalid_argument, "an exception names from 1 to 1,000 ways in", "`exeunt status CASE` shows them");
  return {};
}

Result<std::vector<KnownPath>> choose(const std::vector<KnownPath>& paths, const std::vector<std::string>& words) {
  std::vector<KnownPath> out;
  for (const auto& each : words) {
    EXEUNT_TRY_ASSIGN(KnownPath path, find_path(paths, each));
    EXEUNT_TRY(may_stay(path));
    if (std::none_of(out.begin(), out.end(), [&](const KnownPath& other) { return other.id == path.id; })) out.push_back(std::move(path));
  }
  std::sort(out.begin(), out.end(), [](const KnownPath& a, const KnownPath& b) { return a.id < b.id; });
  return out;
}

/// Who may not sign it, in words; empty: the signer may.
std::string role_of(const std::vector<plan::Plan>& plans, const ExceptionLine& line, const Operator& who, const model::PersonId& signer,
                    const model::PersonId& subject) {
  if (signer == subject) return "the subject";
  if (signer.text() == line.asker) return "who asked for it";
  if (signer == who.person) return "the operator";
  for (const auto& plan : plans)
    if (std::find(plan.heirs.begin(), plan.heirs.end(), signer) != plan.heirs.end()) return "an heir of the case";
  return {};
}

/// The signature was checked over the stored bytes; that they are those of the journal is checked here.
Result<std::vector<NodeId>> paths_of(const Home& home, const ExceptionLine& line, const evidence::ExceptionFold& fold) {
  EXEUNT_TRY_ASSIGN(const plan::ExceptionRequest request, plan::read_exception(line.document));
  const std::set<std::string> journalled(line.paths.begin(), line.paths.end());
  std::set<std::string> said;
  for (const auto& path : request.paths) said.insert(path.text());
  if (base::to_hex(base::sha256(line.document)) != line.id || request.case_id != line.case_id || request.tenant != home.config.tenant ||
      request.until != fold.until || said != journalled || said.size() != request.paths.size() ||
      base::to_hex(base::sha256(line.reason)) != request.reason_digest)
    return base::fail(Code::data_loss,
                      "the stored document or reason of exception " + line.id.substr(0, 12) + " is not the one that was asked for",
                      "run `exeunt doctor`; ask for it again");
  return request.paths;
}

std::string state_word(const evidence::ExceptionFold& fold, base::Time now) {
  if (fold.expired_at || fold.until <= now) return "expired";
  return fold.approved_at ? "approved" : "asked";
}

std::string value_of(store::Store& store, const std::string& reference) {
  const auto found = store.referent(model::Reference(reference));
  return found ? found->value : reference;
}

/// Reason and signature stand in payloads, which can be erased.
Status add_payloads(store::Store& store, const model::CaseId& case_id, std::vector<ExceptionLine>& lines) {
  for (std::uint64_t from = 0;;) {
    EXEUNT_TRY_ASSIGN(const auto page, store.read_case(case_id, from, k_page));
    for (const auto& entry : page) {
      EXEUNT_TRY_ASSIGN(const evidence::Leaf leaf, evidence::decode(entry.leaf));
      if (leaf.kind != LeafKind::exception_asked && leaf.kind != LeafKind::exception_approved) continue;
      const auto line = std::find_if(lines.begin(), lines.end(), [&](const ExceptionLine& each) { return each.id == leaf.digest; });
      if (line == lines.end() || !entry.payload) continue;
      EXEUNT_TRY_ASSIGN(const Json payload, base::parse_json(*entry.payload));
      if (!payload.is_object()) continue;
      const auto& fields = payload.as_object();
      if (leaf.kind == LeafKind::exception_asked) line->reason = base::json_string(fields, "reason").value_or("");
      if (leaf.kind == LeafKind::exception_approved) line->signature = base::json_string(fields, "signature").value_or("");
    }
    from += page.size();
    if (page.size() < k_page) return {};
  }
}

Result<std::vector<ExceptionLine>> lines_of_case(store::Store& store, const model::CaseId& case_id, base::Time now) {
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(store, case_id));
  const evidence::CaseFold& state = folder.state();
  std::vector<ExceptionLine> out;
  for (const auto& [digest, fold] : state.exceptions) {
    ExceptionLine line;
    line.id = digest;
    line.case_id = case_id;
    line.state = state_word(fold, now);
    for (const auto& reference : fold.paths) {
      line.paths.push_back(value_of(store, reference));
      line.path_states.emplace_back(name(evidence::at(state.paths.at(reference), now).state));
    }
    line.until = fold.until;
    line.asker = value_of(store, fold.asker);
    if (!fold.approver.empty()) line.approver = value_of(store, fold.approver);
    line.document = store.document(k_document, digest).value_or("");
    line.asked_at = fold.asked_at;
    line.approved_at = fold.approved_at;
    line.expired_at = fold.expired_at;
    out.push_back(std::move(line));
  }
  if (!out.empty()) EXEUNT_TRY(add_payloads(store, case_id, out));
  std::sort(out.begin(), out.end(),
            [](const ExceptionLine& a, const ExceptionLine& b) { return std::tie(a.asked_at, a.id) < std::tie(b.asked_at, b.id); });
  return out;
}

Json time_or_null(const std::optional<base::Time>& time) { return time ? Json(base::to_rfc3339(*time)) : Json(nullptr); }
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

Result<std::vector<ExceptionLine>> exception_lines(store::Store& store, const std::optional<model::CaseId>& case_id, base::Time now) {
  if (case_id) return lines_of_case(store, *case_id, now);
  std::vector<ExceptionLine> out;
  EXEUNT_TRY_ASSIGN(const auto cases, store.cases());
  for (const auto& row : cases) {
    EXEUNT_TRY_ASSIGN(auto lines, lines_of_case(store, row.id, now));
    std::move(lines.begin(), lines.end(), std::back_inserter(out));
  }
  return out;
}

Json exception_json(const ExceptionLine& line) {
  JsonArray paths;
  for (std::size_t i = 0; i < line.paths.size(); ++i) paths.push_back(JsonObject{{"id", line.paths[i]}, {"state", line.path_states[i]}});
  return JsonObject{{"id", line.id},
                    {"case", line.case_id.text()},
                    {"state", line.state},
                    {"paths", std::move(paths)},
                    {"until", base::to_rfc3339(line.until)},
                    {"reason", line.reason},
                    {"asked_by", line.asker},
                    {"asked_at", time_or_null(line.asked_at)},
                    {"approver", text_or_null(line.approver)},
                    {"approved_at", time_or_null(line.approved_at)},
                    {"expired_at", time_or_null(line.expired_at)},
                    {"document", text_or_null(line.document)},
                    {"signature", text_or_null(line.signature)}};
}

Result<ExceptionLine> ask_exception(Home& home, const Operator& who, const ExceptionAsk& ask, const base::Clock& clock,
                                    base::Random& random) {
  auto& store = *home.store;
  EXEUNT_TRY_ASSIGN(const store::CaseRow row, store.find_case(ask.case_id));
  if (row.subject == who.person)
    return base::fail(Code::permission_denied, "nobody asks for an exception in their own departure", "another operator does");
  EXEUNT_TRY(check_words(ask, clock.now()));
  EXEUNT_TRY(may_last(home.policy, ask.until, clock.now()));
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(store, clock, random, home.config.tenant, ask.case_id, "exception ask"));
  const evidence::CaseFold state = stream->state();
  EXEUNT_TRY(is_open_to_exceptions(state));
  const auto known = known_paths(store, state);
  EXEUNT_TRY_ASSIGN(const auto chosen, choose(known, ask.paths));
  plan::ExceptionRequest request{
      home.config.tenant, ask.case_id, {}, ask.until, base::to_hex(base::sha256(ask.reason)), base::random_reference(random, "x_")};
  for (const auto& path : chosen) request.paths.push_back(path.id);
  EXEUNT_TRY_ASSIGN(const auto plans, plans_of(store, state));
  EXEUNT_TRY(can_be_let_go(home, plans, known, request.paths));
  const std::string document = plan::exception_document(request);
  const std::string id = base::to_hex(base::sha256(document));
  EXEUNT_TRY(store.put_document(k_document, id, document));
  EXEUNT_TRY_ASSIGN(const std::string actor, person_reference(store, home.people, who.person));
  // A crash between two of these leaves a request that cannot be approved: it does not name as many as it says.
  for (const auto& path : chosen) {
    evidence::Leaf leaf;
    leaf.kind = LeafKind::exception_asked;
    leaf.digest = id;
    leaf.target = path.reference;
    leaf.system = path.fold.system;
    leaf.node = name(path.fold.node);
    leaf.until = ask.until;
    leaf.count = static_cast<std::int64_t>(chosen.size());
    leaf.actor = actor;
    EXEUNT_TRY(stream->append(std::move(leaf), JsonObject{{"node", path.id.text()}, {"reason", ask.reason}}));
  }
  return show_exception(home, id, clock.now());
}

Result<ExceptionLine> show_exception(Home& home, std::string_view id, base::Time now) {
  if (id.size() < k_id_prefix_min)
    return base::fail(Code::invalid_argument, "the id of an exception needs at least 8 characters", "copy it from `exeunt exception list`");
  EXEUNT_TRY_ASSIGN(const auto lines, exception_lines(*home.store, std::nullopt, now));
  std::vector<const ExceptionLine*> matches;
  for (const auto& line : lines)
    if (line.id.starts_with(id)) matches.push_back(&line);
  if (matches.size() == 1) return *matches.front();
  return base::fail(Code::not_found, fmt::format("{} exception is called {}", matches.empty() ? "no" : "more than one", shown(id)),
                    "`exeunt exception list` shows them");
}

Result<std::string> approve_exception(Home& home, const Operator& who, std::string_view id, const std::filesystem::path& signature_file,
                                      const base::Clock& clock, base::Random& random) {
  auto& store = *home.store;
  EXEUNT_TRY_ASSIGN(const ExceptionLine line, show_exception(home, id, clock.now()));
  EXEUNT_TRY_ASSIGN(const std::string signature, base::read_file(signature_file, k_signature_bytes_max));
  EXEUNT_TRY_ASSIGN(const model::PersonId signer, signer_of(home.config.allowed_signers_file, k_namespace, line.document, signature_file));
  EXEUNT_TRY_ASSIGN(const store::CaseRow row, store.find_case(line.case_id));
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(store, clock, random, home.config.tenant, line.case_id, "exception approve"));
  const evidence::CaseFold state = stream->state();
  EXEUNT_TRY_ASSIGN(const auto plans, plans_of(store, state));
  if (const std::string role = role_of(plans, line, who, signer, row.subject); !role.empty())
    return base::fail(Code::permission_denied, fmt::format("{} is {} and cannot approve", signer.text(), role),
                      "another listed approver signs");
  const evidence::ExceptionFold& fold = state.exceptions.at(line.id);
  if (fold.approved_at)
    return base::fail(Code::failed_precondition, "this exception is already approved; a signature counts once",
                      "`exeunt exception list` shows it");
  if (fold.until <= clock.now())
    return base::fail(Code::failed_precondition, "the exception expired at " + base::to_rfc3339(fold.until) + ", before it began",
                      "ask for a new one");
  EXEUNT_TRY(is_open_to_exceptions(state));
  EXEUNT_TRY(may_last(home.policy, fold.until, fold.asked_at.value_or(clock.now())));
  if (static_cast<std::int64_t>(fold.paths.size()) != fold.paths_expected)
    return base::fail(Code::failed_precondition, "the process ended while this exception was asked for", "ask for it again");
  EXEUNT_TRY_ASSIGN(const auto paths, paths_of(home, line, fold));
  const auto known = known_paths(store, state);
  for (const auto& path : known)
    if (std::find(paths.begin(), paths.end(), path.id) != paths.end()) EXEUNT_TRY(may_stay(path));
  EXEUNT_TRY(can_be_let_go(home, plans, known, paths));
  // The timer first: a crash in between leaves one that finds nothing to do, never an exception whose end nobody waits for.
  EXEUNT_TRY(store.put_timer({"exception/" + line.id, line.case_id, fold.until, "{}"}));
  evidence::Leaf leaf;
  leaf.kind = LeafKind::exception_approved;
  leaf.digest = line.id;
  leaf.until = fold.until;
  EXEUNT_TRY_ASSIGN(leaf.actor, person_reference(store, home.people, who.person));
  EXEUNT_TRY_ASSIGN(leaf.approver, person_reference(store, home.people, signer));
  EXEUNT_TRY(
      stream->append(std::move(leaf), JsonObject{{"approver", signer.text()}, {"document", line.document}, {"signature", signature}}));
  return signer.text();
}

}  // namespace exeunt::service
