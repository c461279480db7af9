// The words of docs/glossary.md as enums, with one table of names each. Stored by name in JSON, by number in SQL; numbers are never reused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace exeunt::model {

enum class NodeKind : std::uint8_t {
  subject = 1,
  account = 2,
  session = 3,
  token = 4,
  key = 5,
  certificate = 6,
  membership = 7,
  role = 8,
  grant = 9,
  delegation = 10,
  secret = 11,
  workload = 12,
  automation = 13,
  device = 14,
  licence = 15,
  resource = 16,
  group = 17,
};

enum class EdgeKind : std::uint8_t {
  holds = 1,
  authenticates = 2,
  issued = 3,
  member_of = 4,
  grants = 5,
  delegates_to = 6,
  owns = 7,
  knows = 8,
  caches = 9,
  runs_as = 10,
  federates = 11,
  unlocks = 12,
};

enum class Action : std::uint8_t {
  disable_account = 1,   // no new login; reversible
  replace_password = 2,  // a new random password that nobody knows
  lock_and_replace = 3,  // composed: both in one call
  end_sessions = 4,
  revoke_tokens = 5,
  revoke_keys = 6,
  revoke_certificates = 7,
  remove_memberships = 8,
  revoke_grants = 9,
  revoke_delegations = 10,
  rotate_secret = 11,  // new value, sessions opened with the old one ended
  transfer_ownership = 12,
  delete_account = 13,
  wipe_device = 14,
  release_licence = 15,
  attest = 16,  // a task for a named person
  review = 17,  // a task: a named person looks at something executable that changes hands
  // Given back by `restore`: only what a case found just before it acted, and never an old credential.
  restore_account = 18,  // usable again as it was, with a new credential where it has one
  restore_memberships = 19,
  restore_grants = 20,
};

[[nodiscard]] constexpr bool is_restoring(Action action) { return action >= Action::restore_account && action <= Action::restore_grants; }

/// Stages of a plan; never reorder (architecture §6).
enum class Stage : std::uint8_t { prepare = 0, identity = 1, credentials = 2, devices = 3, downstream = 4, continuity = 5, prove = 6 };

enum class ProbeAnswer : std::uint8_t { refused = 1, admitted = 2, unknown = 3 };
/// How a probe knows (probes.md), best first.
enum class ProbeMeans : std::uint8_t { own = 1, gate = 2, twin = 3, witness = 4, observe = 5, read_back = 6, none = 7 };
/// When a probe is made: before the cut, after it, or on the control identity.
enum class ProbeMoment : std::uint8_t { before = 1, after = 2, control = 3, settled = 4 };

/// Grades of an ending, best first (law 6). Smaller number = better.
enum class Grade : std::uint8_t {
  refused = 1,
  witnessed = 2,
  observed = 3,
  read_back = 4,
  acknowledged = 5,
  attested = 6,
  waived = 7,
  unknown = 8,
};
[[nodiscard]] constexpr bool at_least(Grade have, Grade wanted) { return static_cast<int>(have) <= static_cast<int>(wanted); }

enum class Completeness : std::uint8_t { full = 1, partial = 2, lower_bound = 3, none = 4 };

/// restored: given back under an approval of its own; whatever opened it before does not.
enum class PathState : std::uint8_t { live = 1, ending = 2, draining = 3, ended = 4, waived = 5, unknown = 6, restored = 7 };

enum class StepState : std::uint8_t {
  pending = 1,
  intended = 2,         // intent durable, the call may be out
  acknowledged = 3,     // the system said yes: not yet a refusal
  outcome_unknown = 4,  // the answer was lost; observe before anything
  failed = 5,           // certainly not applied; may be tried again
  held = 6,             // the last gate, a halt or a missing approval holds it
  waiting = 7,          // for a person, a device or an instant
  ended = 8,            // everything that it covers ended at its grade
  skipped = 9,          // nothing to do (nothing of what it covers exists)
};

enum class CaseState : std::uint8_t {
  draft = 1,
  waiting_approval = 2,
  scheduled = 3,
  running = 4,
  halted = 5,
  waiting_draining = 6,
  waiting_device = 7,
  waiting_person = 8,
  cancelling = 9,
  cancelled = 10,
  superseded = 11,
  closed = 12,
  reopened = 13,
  restoring = 14,
  restored = 15,
};

enum class LinkStrength : std::uint8_t { strong = 1, proposed = 2, confirmed = 3 };

/// A successful sign-in, held against `ended since` of the way in that it used: before it, or while that way in was not ended; after it; or the
/// two clocks are too far from certain to tell.
enum class UseMoment : std::uint8_t { before_cut = 1, after_cut = 2, undecided = 3 };

// Names: total over the enum; parsing an unknown name gives nullopt (an error at the call).
// clang-format off: it moves the line ends of this table at every run
#define EXEUNT_VOCABULARY(X) \
  X(NodeKind) X(EdgeKind) X(Action) X(Stage) X(ProbeAnswer) X(ProbeMeans) X(ProbeMoment) X(Grade) X(Completeness) \
  X(PathState) X(StepState) X(CaseState) X(LinkStrength) X(UseMoment)
// clang-format on
#define EXEUNT_DECLARE(E)                       \
  [[nodiscard]] std::string_view name(E value); \
  [[nodiscard]] std::span<const E> all_of(E);   \
  void parse_into(std::string_view text, std::optional<E>& out);
EXEUNT_VOCABULARY(EXEUNT_DECLARE)
#undef EXEUNT_DECLARE

template <class E>
[[nodiscard]] std::optional<E> parse(std::string_view text) {
  std::optional<E> out;
  parse_into(text, out);
  return out;
}
template <class E>
[[nodiscard]] std::span<const E> all() {
  return all_of(E{});  // NOLINT(bugprone-invalid-enum-default-initialization): names the type only
}

}  // namespace exeunt::model
