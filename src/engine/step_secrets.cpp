#include "engine/step_secrets.hpp"

namespace exeunt::engine {
namespace {

constexpr std::size_t k_password_length = 32;

/// The first generation has the plain names.
std::string key_of(const plan::Step& step, int generation, std::string_view which) {
  const std::string number = generation == 1 ? "" : "/" + std::to_string(generation);
  return step.id.text() + number + "/" + std::string(which);
}
std::string old_key(const plan::Step& step, int generation) { return key_of(step, generation, "old"); }
std::string new_key(const plan::Step& step, int generation) { return key_of(step, generation, "new"); }

bool is_same(const base::Secret& one, const base::Secret& other) { return one.reveal() == other.reveal(); }

}  // namespace

base::Result<base::Secret> SecretBook::sealed(const std::string& key) const {
  EXEUNT_TRY_ASSIGN(const base::Bytes bytes, store_.sealed(case_id_, key));
  return sealer_.unseal(bytes, case_id_.text() + "/" + key);
}

base::Result<base::Secret> SecretBook::keep(const std::string& key, base::Secret value) const {
  const base::Bytes bytes = sealer_.seal(value, case_id_.text() + "/" + key, random_);
  EXEUNT_TRY(store_.put_sealed(case_id_, key, bytes));
  return sealed(key);  // the first value wins: what the store holds counts, not what we just made
}

base::Result<bool> SecretBook::is_sealed(const std::string& key) const {
  const auto found = sealed(key);
  // A value that cannot be read is not one that is not there: after a guess an old one would be set again.
  if (!found && found.error().code != base::Code::not_found) return base::fail(found.error());
  return found.has_value();
}

base::Result<int> SecretBook::newest_generation(const plan::Step& step) const {
  for (int generation = 1;; ++generation) {
    EXEUNT_TRY_ASSIGN(const bool next, is_sealed(old_key(step, generation + 1)));
    if (!next) return generation;
  }
}

base::Result<int> SecretBook::generation_to_set(const plan::Step& step) const {
  EXEUNT_TRY_ASSIGN(const int newest, newest_generation(step));
  auto present = base::read_secret(step.vault_reference);
  EXEUNT_TRY_ASSIGN(const bool begun, is_sealed(old_key(step, newest)));
  if (!begun) {
    if (!present) return base::fail(present.error());
    EXEUNT_TRY(keep(old_key(step, newest), std::move(*present)));
    return newest;
  }
  EXEUNT_TRY_ASSIGN(const bool made, is_sealed(new_key(step, newest)));
  if (!present || !made) return newest;
  EXEUNT_TRY_ASSIGN(const base::Secret replaced, sealed(old_key(step, newest)));
  EXEUNT_TRY_ASSIGN(const base::Secret ours, sealed(new_key(step, newest)));
  if (is_same(*present, replaced) || is_same(*present, ours)) return newest;
  // Somebody has set another value since, another case for instance: ours is an old one now, which others may have learnt, and is not set again.
  EXEUNT_TRY(keep(old_key(step, newest + 1), std::move(*present)));
  return newest + 1;
}

base::Result<StepSecrets> SecretBook::of(const plan::Step& step) const {
  StepSecrets out;
  int generation = 1;
  if (!step.vault_reference.empty()) {
    EXEUNT_TRY_ASSIGN(generation, generation_to_set(step));
    EXEUNT_TRY_ASSIGN(out.old_value, sealed(old_key(step, 1)));
  }
  auto new_value = sealed(new_key(step, generation));
  if (!new_value) {
    new_value = keep(new_key(step, generation), base::Secret(base::random_password(random_, k_password_length)));
    if (!new_value) return base::fail(new_value.error());
  }
  out.new_value = std::move(*new_value);
  return out;
}

base::Result<StepSecrets> SecretBook::sealed_of(const plan::Step& step) const {
  StepSecrets out;
  int generation = 1;
  if (!step.vault_reference.empty()) {
    EXEUNT_TRY_ASSIGN(generation, newest_generation(step));
    EXEUNT_TRY_ASSIGN(out.old_value, sealed(old_key(step, 1)));
  }
  // Ours, not what the vault holds now: who set that, and who knows it, we cannot tell.
  EXEUNT_TRY_ASSIGN(out.new_value, sealed(new_key(step, generation)));
  return out;
}

}  // namespace exeunt::engine
