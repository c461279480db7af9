// One answer of a Redis server (RESP2), read from bytes that nobody vouches for: every size has a limit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace exeunt::connect::redis {

struct Reply {
  enum class Type { nil = 0, status = 1, error = 2, integer = 3, text = 4, array = 5 };
  Type type = Type::nil;
  std::string text;         // status, error, text
  std::int64_t number = 0;  // integer
  std::vector<Reply> items;

  [[nodiscard]] bool is_error() const { return type == Type::error; }
  [[nodiscard]] bool is_text() const { return type == Type::text || type == Type::status; }
  [[nodiscard]] bool is_array() const { return type == Type::array; }
  /// First word of an error: "WRONGPASS"; empty for anything else.
  [[nodiscard]] std::string_view error_code() const;
};

constexpr std::size_t k_reply_bytes_max = std::size_t{64} * 1024 * 1024;
constexpr int k_reply_items_max = 1'000'000;

/// Feed bytes as they come; `next` gives an answer as soon as it is whole. After `broken` nothing more comes.
class ReplyReader {
 public:
  ReplyReader();
  void feed(std::string_view bytes);
  [[nodiscard]] std::optional<Reply> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t bytes_ = 0;  // of the answer that is being read
  bool broken_ = false;
};

}  // namespace exeunt::connect::redis
