#include "connect/draining.hpp"

namespace exeunt::connect {

base::Time IssuingEnds::since(const std::string& account, base::Time now) {
  const std::lock_guard guard(mutex_);
  return since_.try_emplace(account, now).first->second;
}

void IssuingEnds::forget(const std::string& account) {
  const std::lock_guard guard(mutex_);
  since_.erase(account);
}

std::optional<base::Time> earlier_look(const model::Node& target) {
  const auto ms = model::ms_fact(target, model::facts::k_drains_until_ms);
  return ms ? std::optional(base::Time(base::Duration(*ms))) : std::nullopt;
}

}  // namespace exeunt::connect
