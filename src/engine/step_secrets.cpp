#include "engine/step_secrets.hpp"

namespace exeunt::engine {
namespace {

constexpr std::size_t k_password_length = 32;
std::string old_key(const plan::Step& step) { return step.id.text() + "/old"; }
std::string new_key(const plan::Step& step) { return step.id.text() + "/new"; }

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

base::Result<StepSecrets> SecretBook::of(const plan::Step& step) const {
  StepSecrets out;
  if (!step.vault_reference.empty()) {
    auto old_value = sealed(old_key(step));
    if (!old_value) {
      EXEUNT_TRY_ASSIGN(base::Secret present, base::read_secret(step.vault_reference));
      old_value = keep(old_key(step), std::move(present));
      if (!old_value) return base::fail(old_value.error());
    }
    out.old_value = std::move(*old_value);
  }
  auto new_value = sealed(new_key(step));
  if (!new_value) {
    new_value = keep(new_key(step), base::Secret(base::random_password(random_, k_password_length)));
    if (!new_value) return base::fail(new_value.error());
  }
  out.new_value = std::move(*new_value);
  return out;
}

base::Result<StepSecrets> SecretBook::sealed_of(const plan::Step& step) const {
  StepSecrets out;
  EXEUNT_TRY_ASSIGN(out.new_value, sealed(new_key(step)));
  if (!step.vault_reference.empty()) {
    EXEUNT_TRY_ASSIGN(out.old_value, sealed(old_key(step)));
  }
  return out;
}

}  // namespace exeunt::engine
