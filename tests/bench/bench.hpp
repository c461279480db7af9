// The figures of `./dev bench --json`: one registry of parts, one JSON object. A part is a file here that registers itself.
#pragma once

#include <time.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "base/json.hpp"
#include "base/random.hpp"
#include "store/open.hpp"

namespace exeunt::bench {

struct Settings {
  double seconds = 2.0;          // for each measurement
  std::filesystem::path folder;  // of its own, on a disk: a memory file system would make every sync free
};

/// Adds its figures to the object; what went wrong is an error, never a missing figure.
using Part = std::function<base::Status(const Settings&, base::JsonObject&)>;
/// At start-up: `const bool registered = bench::register_part("evidence", run_evidence);`. The name selects it on the command line.
bool register_part(std::string name, Part part);

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What this thread itself worked: for loops that wait for nothing, so that their ratio does not depend on who else has the processor.
class WorkWatch {
 public:
  [[nodiscard]] double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  double start_ = now();
};

/// A fresh store below `settings.folder`.
struct BenchStore {
  evidence::SigningKey key;
  store::OpenOptions options;
  std::unique_ptr<store::Store> store;
};
[[nodiscard]] base::Result<BenchStore> make_store(const Settings& settings, const std::string& name, const base::Clock& clock,
                                                  base::Random& random, std::size_t commit_batch_max = 4096);

}  // namespace exeunt::bench
