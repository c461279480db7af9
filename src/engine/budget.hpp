// The rate budget of one (tenant, system, credential): whole calls taken in blocks from the store, spent here one by one.
#pragma once

#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "model/catalogue.hpp"
#include "store/store.hpp"

namespace exeunt::engine {

/// Thread-safe. 20 % of the burst is kept for urgent cases and probes (architecture §7).
class SystemBudget {
 public:
  SystemBudget(store::Store& store, std::string bucket, model::Budget budget)
      : store_(store), bucket_(std::move(bucket)), budget_(budget) {}
  /// 0: one call was taken; else how long to wait before asking again.
  [[nodiscard]] base::Result<base::Duration> take(bool urgent);

 private:
  static constexpr double k_reserve = 0.2;
  static constexpr int k_block_max = 512;
  store::Store& store_;
  std::string bucket_;
  model::Budget budget_;
  std::mutex mutex_;
  int in_hand_ = 0;
};

}  // namespace exeunt::engine
