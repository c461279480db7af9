// Token buckets. One process has the store to itself (exclusive lock), so they are counted in memory and kept at closing.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

namespace exeunt::store::sqlite {

class Budgets {
 public:
  explicit Budgets(const base::Clock& clock) : clock_(clock) {}
  /// `closed_cleanly` false: the last process ended without saying what it had taken, so every known bucket begins empty.
  [[nodiscard]] base::Status load(Connection& connection, std::int64_t tenant, bool closed_cleanly);
  [[nodiscard]] base::Status save(Connection& connection, std::int64_t tenant);
  [[nodiscard]] base::Result<Store::BudgetGrant> take(std::string_view bucket, double calls_per_second, double burst, double reserve,
                                                      bool urgent, int wanted);

 private:
  struct Bucket {
    double tokens = 0;
    base::Duration at{};  // steady
  };
  const base::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace exeunt::store::sqlite
