// One queue and its own workers per system: a slow vendor never holds up another (shared pools cost 24x exposure in our model).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace exeunt::engine {

/// Thread-safe. Jobs run in order of (precedence, arrival); smaller precedence first.
class SystemQueue {
 public:
  explicit SystemQueue(int workers);
  ~SystemQueue();  // stop()
  SystemQueue(const SystemQueue&) = delete;
  SystemQueue& operator=(const SystemQueue&) = delete;

  void submit(int precedence, std::function<void()> job) { submit(precedence, std::vector<std::function<void()>>{std::move(job)}); }
  void submit(int precedence, std::vector<std::function<void()>> jobs);  // at once: the workers are woken when all are there
  /// Lets running jobs end, drops waiting ones, joins the workers. Idempotent.
  void stop();

 private:
  struct Job {
    int precedence;
    std::uint64_t arrival;
    std::function<void()> run;
    bool operator<(const Job& other) const {
      return precedence != other.precedence ? precedence > other.precedence : arrival > other.arrival;
    }
  };
  void work();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::priority_queue<Job> jobs_;
  std::uint64_t arrivals_ = 0;
  bool stopping_ = false;
  std::vector<std::jthread> workers_;
};

}  // namespace exeunt::engine
