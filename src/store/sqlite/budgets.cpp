#include "store/sqlite/budgets.hpp"

#include <algorithm>
#include <cmath>

namespace exeunt::store::sqlite {

base::Status Budgets::load(Connection& connection, std::int64_t tenant, bool closed_cleanly) {
  Query query(connection, "SELECT bucket,tokens,at_ms FROM budget WHERE tenant=?");
  query.integer(tenant);
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return {};
    // Time that passed while nobody ran refills; a wall clock that went back refills nothing.
    const auto away = std::max(base::Duration{0}, clock_.now().time_since_epoch() - base::Duration(query.integer_at(2)));
    buckets_[std::string(query.text_at(0))] =
        closed_cleanly ? Bucket{query.real_at(1), clock_.steady() - away} : Bucket{0, clock_.steady()};
  }
}

base::Status Budgets::save(Connection& connection, std::int64_t tenant) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, bucket] : buckets_) {
    const auto as_wall = clock_.now().time_since_epoch() - (clock_.steady() - bucket.at);
    Query query(connection,
                "INSERT INTO budget(tenant,bucket,tokens,at_ms) VALUES(?,?,?,?) ON CONFLICT(tenant,bucket) DO UPDATE SET "
                "tokens=excluded.tokens,at_ms=excluded.at_ms");
    EXEUNT_TRY(query.integer(tenant).text(name).real(bucket.tokens).integer(as_wall.count()).finish());
  }
  return {};
}

base::Result<Store::BudgetGrant> Budgets::take(std::string_view bucket, double calls_per_second, double burst, double reserve, bool urgent,
                                               int wanted) {
  if (!(calls_per_second > 0) || !(reserve >= 0 && reserve <= 1) || wanted < 1) {
    return base::fail(base::Code::invalid_argument, "budget " + std::string(bucket) + ": rate, reserve or number of calls is out of range",
                      "mend it in the catalogue of that system");
  }
  const double size = std::max(burst, 1.0);
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady();
  const auto [found, fresh] = buckets_.try_emplace(std::string(bucket), Bucket{size, now});
  Bucket& held = found->second;
  held.tokens = std::min(size, held.tokens + static_cast<double>((now - held.at).count()) / 1000.0 * calls_per_second);
  held.at = now;
  // Whoever is not urgent leaves the reserve; of a bucket of one call there is nothing to reserve.
  const double kept = urgent ? 0 : std::min(reserve * size, size - 1);
  const int granted = std::min(wanted, static_cast<int>(std::floor(held.tokens - kept + 1e-9)));
  if (granted >= 1) {
    held.tokens -= granted;
    return Store::BudgetGrant{granted, base::Duration{0}};
  }
  const double missing = 1 + kept - held.tokens;
  return Store::BudgetGrant{0, base::Duration(static_cast<std::int64_t>(std::ceil(missing / calls_per_second * 1000.0)))};
}

}  // namespace exeunt::store::sqlite
