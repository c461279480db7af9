// A file descriptor that closes itself, and errno as an Error.
#pragma once

#include <unistd.h>

#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace exeunt::base {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Descriptor() { reset(); }
  [[nodiscard]] bool valid() const { return value_ >= 0; }
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] int release() { return std::exchange(value_, -1); }
  void reset(int value = -1) {
    if (value_ >= 0) ::close(value_);
    value_ = value;
  }

 private:
  int value_ = -1;
};

/// "subject: call failed (words of errno)" with the code that fits the number.
[[nodiscard]] Error system_error(std::string_view subject, std::string_view call, int number);

}  // namespace exeunt::base
