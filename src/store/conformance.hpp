// What every driver of store/store.hpp must show. Pure of any test framework: the caller checks that the findings are empty.
#pragma once

#include <string>
#include <vector>

#include "evidence/note.hpp"
#include "store/store.hpp"

namespace exeunt::store {

/// How the suite drives a driver.
class ConformanceBench {
 public:
  virtual ~ConformanceBench() = default;
  /// A store with nothing in it; the one before is closed.
  [[nodiscard]] virtual base::Result<Store*> fresh() = 0;
  /// The same store, closed and opened again.
  [[nodiscard]] virtual base::Result<Store*> reopened() = 0;
  /// The clock that the store was opened with goes on.
  virtual void advance(base::Duration by) = 0;
  [[nodiscard]] virtual const evidence::SigningKey& key() const = 0;
};

struct Conformance {
  std::size_t checks = 0;
  std::vector<std::string> findings;  // "journal: …"; empty: the driver conforms
};
[[nodiscard]] Conformance run_conformance(ConformanceBench& bench);

}  // namespace exeunt::store
