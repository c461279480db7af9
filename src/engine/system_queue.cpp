#include "engine/system_queue.hpp"

namespace exeunt::engine {

SystemQueue::SystemQueue(int workers) {
  workers_.reserve(static_cast<std::size_t>(workers));
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

SystemQueue::~SystemQueue() { stop(); }

void SystemQueue::submit(int precedence, std::vector<std::function<void()>> jobs) {
  const std::size_t count = jobs.size();
  {
    const std::lock_guard lock(mutex_);
    for (auto& job : jobs) jobs_.push(Job{precedence, arrivals_++, std::move(job)});
  }
  if (count >= workers_.size()) return ready_.notify_all();
  for (std::size_t i = 0; i < count; ++i) ready_.notify_one();
}

void SystemQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  workers_.clear();
}

void SystemQueue::work() {
  for (;;) {
    std::function<void()> run;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      run = jobs_.top().run;
      jobs_.pop();
    }
    run();
  }
}

}  // namespace exeunt::engine
