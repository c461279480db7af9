// The secrets of a case's steps: made, sealed and durable before the first call, so that a repeat sets the same value (law 5).
#pragma once

#include <memory>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "model/ids.hpp"
#include "plan/plan.hpp"
#include "store/store.hpp"

namespace exeunt::engine {

struct StepSecrets {
  base::Secret old_value;  // rotate_secret only: what the vault held when the step first ran, which is what the subject knows
  base::Secret new_value;  // to set; for a probe: the one that we set last
};

/// Thread-safe.
class SecretBook {
 public:
  SecretBook(store::Store& store, const base::Sealer& sealer, base::Random& random, model::CaseId case_id)
      : store_(store), sealer_(sealer), random_(random), case_id_(std::move(case_id)) {}
  /// The same values at every call and after every restart, as long as the vault holds one of them. Where it holds another, somebody rotated
  /// the secret since: then `new_value` is a fresh one (of a next generation), for ours is one that a later leaver may know.
  [[nodiscard]] base::Result<StepSecrets> of(const plan::Step& step) const;
  /// For a probe: what was sealed, without making anything. not_found: the step never ran. What somebody else put into the vault is no control:
  /// that it is let in says nothing of who knows it.
  [[nodiscard]] base::Result<StepSecrets> sealed_of(const plan::Step& step) const;

 private:
  [[nodiscard]] base::Result<base::Secret> keep(const std::string& key, base::Secret value) const;
  [[nodiscard]] base::Result<base::Secret> sealed(const std::string& key) const;
  [[nodiscard]] base::Result<bool> is_sealed(const std::string& key) const;
  [[nodiscard]] base::Result<int> newest_generation(const plan::Step& step) const;
  [[nodiscard]] base::Result<int> generation_to_set(const plan::Step& step) const;
  store::Store& store_;
  const base::Sealer& sealer_;
  base::Random& random_;
  model::CaseId case_id_;
};

}  // namespace exeunt::engine
