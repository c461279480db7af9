// One character of UTF-8 at a time, for whoever has to walk outside text.
#pragma once

#include <cstddef>
#include <string_view>

namespace exeunt::base {

struct Utf8Step {
  char32_t character = 0;
  std::size_t length = 1;  // bytes taken; 1 where the bytes are not valid
  bool valid = false;
};

/// First character of `text`, which is not empty. Overlong forms, surrogates, values past U+10FFFF and cut-off characters are not valid (RFC 3629).
[[nodiscard]] Utf8Step next_character(std::string_view text);

}  // namespace exeunt::base
