#include "testing/faulty_disk.hpp"

#include <sqlite3.h>

#include <atomic>

namespace exeunt::testing {
namespace {

// SQLite calls plain functions: what they read has to lie where they can reach it.
std::atomic<std::int64_t> bytes_left{-1};
std::atomic<bool> sync_fails{false};
sqlite3_vfs* real_disk = nullptr;
sqlite3_vfs faulty_disk{};
sqlite3_io_methods methods{};

struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

int on_write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
  if (bytes_left >= 0) {
    if (bytes_left < amount) return SQLITE_FULL;
    bytes_left -= amount;
  }
  return real(file)->pMethods->xWrite(real(file), data, amount, offset);
}

int on_sync(sqlite3_file* file, int flags) {
  if (sync_fails) return SQLITE_IOERR_FSYNC;
  return real(file)->pMethods->xSync(real(file), flags);
}

int on_open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  auto* opened = reinterpret_cast<File*>(file);
  opened->base.pMethods = nullptr;
  const int code = real_disk->xOpen(real_disk, name, opened->real(), flags, out_flags);
  if (opened->real()->pMethods != nullptr) opened->base.pMethods = &methods;
  return code;
}

void forward_the_rest() {
  methods.iVersion = 2;  // no memory mapping: every write goes through on_write
  methods.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
  methods.xRead = [](sqlite3_file* f, void* data, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), data, n, at); };
  methods.xWrite = on_write;
  methods.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); };
  methods.xSync = on_sync;
  methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); };
  methods.xLock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); };
  methods.xUnlock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); };
  methods.xCheckReservedLock = [](sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); };
  methods.xFileControl = [](sqlite3_file* f, int op, void* argument) { return real(f)->pMethods->xFileControl(real(f), op, argument); };
  methods.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
  methods.xDeviceCharacteristics = [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); };
  methods.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
  };
  methods.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) { return real(f)->pMethods->xShmLock(real(f), offset, n, flags); };
  methods.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
  methods.xShmUnmap = [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); };
}

}  // namespace

FaultyDisk::FaultyDisk() {
  real_disk = sqlite3_vfs_find(nullptr);
  faulty_disk = *real_disk;
  faulty_disk.zName = "exeunt-faulty";
  faulty_disk.szOsFile = static_cast<int>(sizeof(File)) + real_disk->szOsFile;
  faulty_disk.xOpen = on_open;
  forward_the_rest();
  bytes_left = -1;
  sync_fails = false;
  sqlite3_vfs_register(&faulty_disk, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&faulty_disk);
  sqlite3_vfs_register(real_disk, 1);
}

void FaultyDisk::full_after(std::int64_t bytes) { bytes_left = bytes; }
void FaultyDisk::syncs_fail(bool fail) { sync_fails = fail; }

}  // namespace exeunt::testing
