#include "connect/password_tries.hpp"

namespace exeunt::connect {

using model::ProbeAnswer;

void SeenLogins::note(const std::string& account, base::Secret value) {
  const std::lock_guard guard(mutex_);
  values_.insert_or_assign(account, std::move(value));
}

void SeenLogins::forget(const std::string& account) {
  const std::lock_guard guard(mutex_);
  values_.erase(account);
}

std::optional<base::Secret> SeenLogins::find(const std::string& account) const {
  const std::lock_guard guard(mutex_);
  const auto found = values_.find(account);
  if (found == values_.end()) return std::nullopt;
  return found->second.copy();
}

ProbeResult own_answer(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, model::ProbeMeans::own, std::move(reason), std::move(words)};
}

ProbeResult probe_old_and_new(const base::Secret* old_value, const base::Secret* new_value, const std::string& refused_code,
                              const TryPassword& try_password) {
  if (old_value == nullptr || old_value->empty()) {
    return own_answer(ProbeAnswer::unknown, "no value", "the value that was replaced is not known");
  }
  std::string words;
  const PasswordAnswer answer = try_password(*old_value, words);
  if (answer == PasswordAnswer::taken) return own_answer(ProbeAnswer::admitted, "logged in", "the value logs in");
  if (answer == PasswordAnswer::unknown) return own_answer(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if (new_value == nullptr || new_value->empty()) {
    return own_answer(ProbeAnswer::unknown, refused_code, "the value is refused; without the new one logging in, that shows nothing");
  }
  if (try_password(*new_value, words) != PasswordAnswer::taken) {
    return own_answer(ProbeAnswer::unknown, refused_code, "the old value is refused, but the new one is not taken either: " + words);
  }
  return own_answer(ProbeAnswer::refused, refused_code, "the old value is refused and the new one logs in");
}

ProbeResult probe_own_login(const base::Secret& value, const TryPassword& try_password) {
  std::string words;
  if (try_password(value, words) == PasswordAnswer::taken) {
    return own_answer(ProbeAnswer::admitted, "logged in", "our own account logs in with its password from here");
  }
  return own_answer(ProbeAnswer::unknown, "no login", words);
}

}  // namespace exeunt::connect
