// What can stop a run from outside it, asked before every outside change. The service keeps these as files beside the store, so that one
// person can halt within a second whatever the store or the run is doing.
#pragma once

#include <optional>
#include <string>

#include "model/ids.hpp"

namespace exeunt::engine {

class Interrupts {
 public:
  virtual ~Interrupts() = default;
  /// Who halted and why; nullopt: not halted. Thread-safe, cheap.
  [[nodiscard]] virtual std::optional<std::string> halted() const = 0;
  [[nodiscard]] virtual bool cancel_requested(const model::CaseId& case_id) const = 0;
};

}  // namespace exeunt::engine
