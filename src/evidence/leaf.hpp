// One entry of a case's stream: the exact bytes that are hashed, and nothing that names a person (design: evidence-format, "Leaf").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::evidence {

/// What an entry says. Stored by name in the leaf; never renamed.
enum class LeafKind : std::uint8_t {
  case_opened = 1,    // subject, t = detected
  plan_compiled = 2,  // digest; step empty for the main plan, "d1" … for a delta plan
  approved = 3,       // digest, approver, until = expiry
  state_changed = 4,  // state (of the case)
  path_found = 5,     // target, node, system, grade = required grade, state = live; required by policy or only watched: outcome
                      // "required" | "watched"; means = witness: it is ours, opened by this case
  listed = 6,         // system, target (account), node, completeness, count
  gap_declared = 7,   // system, node
  step_intended = 8,  // step, attempt, system, target: durable before the call goes out
  step_outcome = 9,   // step, attempt, outcome = name of a StepState
  probed = 10,        // target, means, moment, answer; control = held | failed, what the same means told the control identity in the same
                      // moment. Of a look (observe, read_back): answer unknown, outcome present | absent | unknown. Where it decided
                      // what the path is now: also the members of path_changed
  path_changed = 11,  // target, state, grade, means, control = held | failed | missing | none, until, step
  gate_refused = 12,  // step; outcome = which guard
  task_changed = 13,  // attest: target, outcome = asked | done | overdue
  halted = 14,
  resumed = 15,
  clock_stepped = 16,   // count = milliseconds, signed
  link_confirmed = 17,  // target = account
  record_issued = 18,   // count = case_seq of the last entry that the record covers
  log_succeeded = 19,   // first entry of a log that follows a lost one
  noted = 20,           // for people only; the fold ignores it
  watch_summary = 21,
  milestone = 22,         // outcome = "identity_cut" | "zero": the first instant at which it held (the fold keeps the newest)
  witness_intended = 23,  // step, attempt, system, target = account, node = kind: durable before a path of ours is opened on it
  exception_asked = 24,   // one for each path: digest of the document to sign, target, system, node, until, count = how many paths it names
  exception_approved = 25,  // digest, approver, until: all its paths are waived from here on
  exception_expired = 26,   // digest: its paths are live again, where no other exception covers them
  used =
      27,  // a successful sign-in: target (path or account), system, node, count = its instant by the system's own clock (ms since 1970),
           // moment = before_cut | after_cut | undecided; t = when we saw it. Where it opened an ended path again: also the members of
           // path_changed, state = live
  sign_ins_listed = 28,  // system, completeness, count = the system's clock minus ours (ms): what the sign-ins were read from is worth
};
[[nodiscard]] std::string_view name(LeafKind kind);
[[nodiscard]] std::optional<LeafKind> parse_leaf_kind(std::string_view text);

/// Fields of a leaf; empty ones are not written. References ("p_…", "n_…") stand for people and nodes.
struct Leaf {
  int v = 1;
  std::string tenant;
  std::string case_id;         // "case"
  std::uint64_t case_seq = 0;  // from 0
  base::Hash32 prev{};         // leaf hash of the case's previous entry; zeros for the first. Written as hex
  LeafKind kind = LeafKind::noted;
  base::Time t{};
  std::string actor, approver, subject, system, target, step;
  int attempt = 0;
  std::string outcome, answer, grade, node, means, moment, control, state, digest, completeness;
  std::optional<base::Time> until;
  std::optional<std::int64_t> count;
  base::Hash32 commit{};  // SHA-256(32-byte salt || payload). Written as hex

  bool operator==(const Leaf&) const = default;
};

/// RFC 8785 canonical bytes. Fast: called for every entry. At most 65,535 bytes (tlog-tiles): resource_exhausted above.
[[nodiscard]] base::Result<std::string> encode(const Leaf& leaf);
/// Strict: unknown members, wrong types, unknown kind or version are errors (data_loss). decode(encode(x)) == x.
[[nodiscard]] base::Result<Leaf> decode(std::string_view bytes);
/// The same into a leaf whose memory is used again: for whoever reads many. After an error its members mean nothing.
[[nodiscard]] base::Status decode(std::string_view bytes, Leaf& out);
/// SHA-256(salt || payload).
[[nodiscard]] base::Hash32 commit_payload(std::span<const std::uint8_t> salt, std::string_view payload);

}  // namespace exeunt::evidence
