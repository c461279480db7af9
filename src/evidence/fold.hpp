// The state of a case is the fold of its stream over leaves only. Pure; payloads are never read here.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "evidence/leaf.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::evidence {

/// The name of the plan that gives back what the case took (leaf plan_compiled, member step). No plan of the departure.
inline constexpr std::string_view k_restore_plan = "restore";

struct PlanFold {
  std::string name;  // "" main plan, "d1" first delta plan …
  std::string digest;
  std::string approver;                   // reference; empty: not approved
  std::optional<base::Time> compiled_at;  // when these bytes were first journalled; an approval's expiry is counted from it
  std::optional<base::Time> approved_at;
  std::optional<base::Time> expires;
};

struct StepFold {
  model::StepState state = model::StepState::pending;
  std::string system, target;
  int attempt = 0;
};

struct PathFold {
  std::string system;
  model::NodeKind node = model::NodeKind::account;
  bool required = true;
  bool ours = false;  // opened by this case as a witness; ended with it
  model::Grade grade_required = model::Grade::unknown;
  model::PathState state = model::PathState::live;
  model::Grade grade = model::Grade::unknown;
  std::string means, control, step;
  std::optional<base::Time> until;          // draining until
  std::optional<base::Time> last_admitted;  // bracket of "ended since": last try admitted (or looked at and present) …
  std::optional<base::Time>
      first_refused;  // … first refusal (or absence) that held: set by `probed`, reset when a later answer is admitted or present
                      // or when path_changed says live
};

struct ListingFold {
  std::string system, account;  // account: reference or empty
  model::NodeKind node = model::NodeKind::account;
  model::Completeness completeness = model::Completeness::none;
  std::int64_t count = 0;
};

/// A waiver of named paths: asked, approved by a signature, and at its end work again.
struct ExceptionFold {
  std::vector<std::string> paths;   // target references, as they were asked for
  std::int64_t paths_expected = 0;  // fewer are there when the process ended while it was asked for: then it cannot be approved
  base::Time until{};
  std::string asker, approver;  // references; no approver: not approved
  std::optional<base::Time> asked_at, approved_at, expired_at;
  /// Approved, and not journalled as expired. What the clock says is the reader's to compare.
  [[nodiscard]] bool stands() const { return approved_at.has_value() && !expired_at.has_value(); }
};

/// What the sign-ins of one system were read from, at the newest look.
struct SignInsFold {
  model::Completeness completeness = model::Completeness::none;
  base::Duration clock_offset{0};  // system's clock minus ours
};

struct CaseFold {
  std::string tenant, case_id, subject;
  std::uint64_t entries = 0;  // next case_seq
  base::Hash32 head{};        // leaf hash of the last entry
  model::CaseState state = model::CaseState::draft;
  std::optional<base::Time> detected, approved, identity_cut, zero;
  std::optional<base::Time> scheduled_at;
  std::vector<PlanFold> plans;
  std::map<std::string, StepFold> steps;               // by step id
  std::map<std::string, PathFold> paths;               // by target reference
  std::map<std::string, ListingFold> listings;         // "<system> <account> <node>", newest of each
  std::set<std::pair<std::string, std::string>> gaps;  // (system, node name)
  std::map<std::string, std::string> tasks;            // target -> asked | done | overdue
  std::map<std::string, ExceptionFold> exceptions;     // by the digest of their document
  std::map<std::string, SignInsFold> sign_ins;         // by system
  /// By target: how many successful sign-ins at which instant of the system's clock (ms since 1970). The same one read again is known by it.
  std::map<std::string, std::map<std::int64_t, int>> uses;
  std::int64_t used_after_cut = 0;  // how many of them were after the cut of the way in that they used
  bool halted = false;
};

class Folder {
 public:
  /// Applies one entry. data_loss: case_seq or prev does not follow, another case or tenant, a transition that the tables do not have.
  [[nodiscard]] base::Status apply(const Leaf& leaf, const base::Hash32& leaf_hash);
  [[nodiscard]] const CaseFold& state() const { return state_; }
  /// Starts from a snapshot (fold version must be k_fold_version).
  static constexpr int k_fold_version = 1;
  [[nodiscard]] std::string snapshot() const;  // canonical JSON, for store snapshots and for comparing folds byte for byte
  [[nodiscard]] static base::Result<Folder> restore(std::string_view snapshot);

 private:
  CaseFold state_;
};

/// Exit severity of a case as it stands: 0 every required path ended at its grade, or waived, and every required listing full · 3 something still
/// admitted · 4 unknown, or a required listing not full · 8 only draining left · 5 waits for an approval or a guard.
[[nodiscard]] int exit_code(const CaseFold& state);
/// The same at an instant: what is waived until then or earlier counts as admitted, whether or not its end was journalled yet.
[[nodiscard]] int exit_code(const CaseFold& state, base::Time now);
/// A path as it stands at an instant: from the end of its exception on it is live, whether or not that was journalled yet.
[[nodiscard]] PathFold at(const PathFold& path, base::Time now);
/// Whether an approved exception has come to its end and nobody has journalled that.
[[nodiscard]] bool has_expired(const CaseFold& state, base::Time now);

}  // namespace exeunt::evidence
