#include "store/open.hpp"

#include "store/sqlite/sqlite_store.hpp"

namespace exeunt::store {

base::Status create_store(const OpenOptions& options, base::Random& random) { return sqlite::create(options, random); }

base::Result<std::unique_ptr<Store>> open_store(const OpenOptions& options, const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY_ASSIGN(auto store, sqlite::SqliteStore::open(options, clock, random));
  return std::unique_ptr<Store>(std::move(store));
}

base::Status succeed_log(const OpenOptions& options, const evidence::SigningKey& key, std::string_view reason, const base::Clock& clock,
                         base::Random& random) {
  OpenOptions stale = options;
  stale.allow_stale = true;
  EXEUNT_TRY_ASSIGN(auto store, sqlite::SqliteStore::open(stale, clock, random));
  return store->succeed(key, reason);
}

}  // namespace exeunt::store
