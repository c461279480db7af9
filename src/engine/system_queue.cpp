#include "engine/system_queue.hpp"

namespace exeunt::engine {

SystemQueue::SystemQueue(int workers) {
  workers_.reserve(static_cast<std::size_t>(workers));
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

SystemQueue::~SystemQueue() { stop(); }

void SystemQueue::submit(int precedence, std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push(Job{precedence, arrivals_++, std::move(job)});
  }
  ready_.notify_one();
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
