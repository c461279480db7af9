// The trigger's normalised event, and the people that the HR list knows.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "model/ids.hpp"

namespace exeunt::model {

struct Person {
  PersonId id;       // HR id, immutable
  std::string name;  // hostile
  std::string email;
  PersonId manager;
  std::string login;   // re-usable: proposes links, never makes them
  std::string status;  // "active" | "leaving" | "left"
};

enum class Urgency { immediate = 1, staged = 2 };

struct Departure {
  TenantId tenant;
  PersonId subject;
  std::string reason;  // "resignation", free words
  Urgency urgency = Urgency::immediate;
  base::Time detected{};  // when the trigger saw it
  std::string source;     // "cli", "csv:FILE"
};

}  // namespace exeunt::model
