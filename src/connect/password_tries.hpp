// Login tries that prove something where a refusal has no reason of its own: "wrong password" is said alike of the living, the disabled
// and the absent, so a password's refusal counts only beside a password that was, or is, let in.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "connect/connector.hpp"

namespace exeunt::connect {

enum class PasswordAnswer { taken, refused, unknown };
/// Whether the value lets in now; `words`: what the system said.
using TryPassword = std::function<PasswordAnswer(const base::Secret& value, std::string& words)>;

/// Passwords that this process set and saw let in, by account: the admission before the cut, without which no later refusal means anything.
/// Lost when the process ends.
class SeenLogins {
 public:
  void note(const std::string& account, base::Secret value);
  /// A new cut begins: what was let in before an earlier one does not vouch for it.
  void forget(const std::string& account);
  [[nodiscard]] std::optional<base::Secret> find(const std::string& account) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, base::Secret> values_;
};

[[nodiscard]] ProbeResult own_answer(model::ProbeAnswer answer, std::string reason, std::string words);

/// Old and new value of a shared password. refused: the old one is (`refused_code`: the system's word for it) and the new one logs in, in
/// this order, from here, now. admitted: the old one logs in. Without a new value a refused old one says nothing: unknown.
[[nodiscard]] ProbeResult probe_old_and_new(const base::Secret* old_value, const base::Secret* new_value, const std::string& refused_code,
                                            const TryPassword& try_password);
/// A fresh login of our own account with its password: the living are let in from here.
[[nodiscard]] ProbeResult probe_own_login(const base::Secret& value, const TryPassword& try_password);

}  // namespace exeunt::connect
