// One question to the process of simulated systems (lab/simulated_systems.py): a JSON line each way over a Unix socket.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "connect/connector.hpp"

namespace exeunt::connect::simulated {

/// What an answer that does not come means: a question has no effect, a change may have had its effect.
enum class Purpose { question = 1, change = 2 };

class Wire {
 public:
  Wire(std::string socket, std::string subject, const base::Clock& clock)
      : socket_(std::move(socket)), subject_(std::move(subject)), clock_(clock) {}

  /// A connection of its own, so thread-safe. unavailable: nothing was sent, or a question went unanswered; outcome_unknown: a change was sent
  /// and no answer came; any other code: what the server said.
  [[nodiscard]] base::Result<base::JsonObject> ask(const base::JsonObject& question, Purpose purpose, const Deadline& deadline) const;

 private:
  std::string socket_;
  std::string subject_;
  const base::Clock& clock_;
};

}  // namespace exeunt::connect::simulated
