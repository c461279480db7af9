#include "plan/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::plan {

using model::Action;
using model::NodeKind;
using model::Stage;

namespace {

constexpr std::size_t k_columns = 100;
constexpr std::size_t k_label_columns = 80;

}  // namespace

std::string_view words(Action action) {
  switch (action) {
    case Action::disable_account: return "disable the account";
    case Action::replace_password: return "set a new password that nobody knows on";
    case Action::lock_and_replace: return "lock, and replace the password of,";
    case Action::end_sessions: return "end every session of";
    case Action::revoke_tokens: return "revoke every token of";
    case Action::revoke_keys: return "revoke every key of";
    case Action::revoke_certificates: return "revoke every certificate of";
    case Action::remove_memberships: return "remove every membership of";
    case Action::revoke_grants: return "revoke every grant of";
    case Action::revoke_delegations: return "revoke every delegation of";
    case Action::rotate_secret: return "rotate the shared secret";
    case Action::transfer_ownership: return "transfer what is owned by";
    case Action::delete_account: return "delete the account";
    case Action::wipe_device: return "wipe the device";
    case Action::release_licence: return "release the licence of";
    case Action::attest: return "ask a person:";
    case Action::review: return "ask a person to";
    case Action::restore_account: return "let in again, with a new credential,";
    case Action::restore_memberships: return "give back memberships of";
    case Action::restore_grants: return "give back grants of";
  }
  return "";
}

std::string_view words(Stage stage) {
  switch (stage) {
    case Stage::prepare: return "prepare";
    case Stage::identity: return "cut the identity";
    case Stage::credentials: return "credentials and shared secrets";
    case Stage::devices: return "devices and what people collect";
    case Stage::downstream: return "systems downstream";
    case Stage::continuity: return "ownership and continuity";
    case Stage::prove: return "prove it";
  }
  return "";
}

std::string_view reason(Stage stage) {
  switch (stage) {
    case Stage::prepare: return "what must be ready before the cut; it never holds the cut back longer than the policy allows";
    case Stage::identity:
      return "first, because every other system asks the identity provider: until it says no, new ways in can open elsewhere";
    case Stage::credentials: return "next, because keys, certificates and shared secrets let in without asking the identity provider";
    case Stage::devices: return "then what is in the person's hands";
    case Stage::downstream: return "then each system with accounts of its own";
    case Stage::continuity: return "after the cut, so that handing over holds nothing back";
    case Stage::prove: return "last, and again after each system's settle time: every way in is tried, everything is listed anew";
  }
  return "";
}

std::string_view plural(NodeKind kind) {
  switch (kind) {
    case NodeKind::subject: return "people";
    case NodeKind::account: return "accounts";
    case NodeKind::session: return "sessions";
    case NodeKind::token: return "tokens";
    case NodeKind::key: return "keys";
    case NodeKind::certificate: return "certificates";
    case NodeKind::membership: return "memberships";
    case NodeKind::role: return "roles";
    case NodeKind::grant: return "grants";
    case NodeKind::delegation: return "delegations";
    case NodeKind::secret: return "secrets";
    case NodeKind::workload: return "workloads";
    case NodeKind::automation: return "automations";
    case NodeKind::device: return "devices";
    case NodeKind::licence: return "licences";
    case NodeKind::resource: return "resources";
    case NodeKind::group: return "groups";
  }
  return "";
}

std::string words(base::Duration duration) {
  const auto ms = duration.count();
  if (ms % 1000 != 0) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  const auto seconds = ms / 1000;
  if (seconds >= 2 * 86'400 && seconds % 86'400 == 0) return fmt::format("{} days", seconds / 86'400);
  if (seconds >= 3600 && seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  if (seconds >= 60 && seconds % 60 == 0) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} s", seconds);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : base::escape_terminal(text, k_label_columns)) out += c == '"' ? "\\\"" : std::string(1, c);
  return out + "\"";
}
std::string quoted(const model::Node& node) { return quoted(node.label.empty() ? node.key.native_id : node.label); }

std::string sentence(const Step& step) {
  const std::string system = base::escape_terminal(step.target.key.system.text(), 40);
  if (step.action == Action::attest || step.action == Action::review) {
    const std::string who = step.assignee.empty() ? "somebody (nobody is named)" : base::escape_terminal(step.assignee.text(), 40);
    return fmt::format("ask {} to {}{}", who, base::escape_terminal(step.words, 400),
                       step.due.count() > 0 ? ", within " + words(step.due) : "");
  }
  if (step.action == Action::lock_and_replace)
    return fmt::format("lock the account {} on {} and replace its password in the same call", quoted(step.target), system);
  // A key in a shared account is a target of its own: that key, not every key there.
  const bool itself = step.action != Action::end_sessions &&
                      std::find(step.covers.begin(), step.covers.end(), step.target.key.kind) != step.covers.end() &&
                      step.target.key.kind != NodeKind::account && step.target.key.kind != NodeKind::secret;
  std::string out = itself ? fmt::format("revoke the {} {} on {}", name(step.target.key.kind), quoted(step.target), system)
                           : fmt::format("{} {} on {}", words(step.action), quoted(step.target), system);
  if (step.heir) out += " to " + quoted(*step.heir);
  return out;
}

std::string bystander_words(const model::NodeId& id) {
  const auto key = model::parse_node_id(id);
  if (key && key->kind == NodeKind::subject) return "person " + base::escape_terminal(key->native_id, 40);
  return base::escape_terminal(id.text(), k_label_columns) + ", an account that nobody claims";
}

std::string rule_words(const Step& step) {
  if (!step.by_rule || step.covers.empty()) return "";
  std::string kinds;
  for (const auto kind : step.covers) {
    if (kind == step.target.key.kind) continue;
    kinds += (kinds.empty() ? "" : " and ") + std::string(plural(kind));
  }
  if (kinds.empty()) kinds = plural(step.target.key.kind);
  return "by rule: all " + kinds + " that there are when the step runs, listed anew until nothing new is found";
}

std::string kept_words(const Kept& kept, const model::NodeId& id) {
  const auto found = kept.find(id);
  return found == kept.end() ? "" : ", stays until " + base::to_rfc3339(found->second) + " by an exception";
}

std::vector<std::string> kept_lines(const Plan& plan, const Kept& kept) {
  std::vector<std::string> out;
  for (const auto& path : plan.paths)
    if (kept.contains(path.node.id())) out.push_back(path.node.id().text() + " " + path.node.label + kept_words(kept, path.node.id()));
  return out;
}

std::vector<std::string> blind_spots(const std::vector<model::Gap>& gaps, const std::vector<model::Listing>& listings) {
  std::vector<std::string> out;
  for (const auto& gap : gaps) out.push_back(fmt::format("{}, {}: {}", gap.system.text(), plural(gap.kind), gap.words));
  for (const auto& listing : listings) {
    if (listing.completeness == model::Completeness::full) continue;
    out.push_back(fmt::format("{}: the list of {}{} is {}: {}", listing.system.text(), plural(listing.kind),
                              listing.account.empty() ? "" : " of " + listing.account, name(listing.completeness), listing.reason));
  }
  return out;
}

void append_list(std::string& out, std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out += fmt::format("\n{}\n", title);
  for (const auto& line : lines) append_paragraph(out, "  - ", base::escape_terminal(line));
}

void append_paragraph(std::string& out, std::string_view lead, std::string_view text) {
  const std::string indent(base::terminal_columns(lead), ' ');
  std::string line(lead);
  std::size_t columns = indent.size();
  bool fresh = true;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    const std::size_t width = base::terminal_columns(word);
    if (!fresh && columns + 1 + width > k_columns) {
      out += line + "\n";
      line = indent;
      columns = indent.size();
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    columns += width + (fresh ? 0 : 1);
    fresh = false;
  }
  out += line + "\n";
}

}  // namespace exeunt::plan
