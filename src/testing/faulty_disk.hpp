// A disk for SQLite that fills up or fails its syncs when a test says so. One a process; every database opened while it lives lies on it.
#pragma once

#include <cstdint>

namespace exeunt::testing {

class FaultyDisk {
 public:
  FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();  // every database on it must be closed

  void full_after(std::int64_t bytes);  // from now on so many more can be written; negative: no bound
  void syncs_fail(bool fail);
};

}  // namespace exeunt::testing
