// What cannot be revoked ends by itself: since when nothing issues it, and what an earlier look said of its end.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "model/node.hpp"

namespace exeunt::connect {

/// Since when, by the system's clock, nothing issues to an account any more, where the system keeps no time of it. A look that finds issuing possible
/// forgets it; a new process begins anew, which is later than the truth and never earlier. Thread-safe.
class IssuingEnds {
 public:
  [[nodiscard]] base::Time since(const std::string& account, base::Time now);
  void forget(const std::string& account);

 private:
  std::mutex mutex_;
  std::map<std::string, base::Time> since_;
};

/// The instant that observe() gave when it found this path draining, as whoever remembers it hands it back.
[[nodiscard]] std::optional<base::Time> earlier_look(const model::Node& target);

}  // namespace exeunt::connect
