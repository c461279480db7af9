#include "store/payload.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace exeunt::store {

Payload Payload::of(std::initializer_list<Text> members) {
  EXEUNT_CHECK(std::is_sorted(members.begin(), members.end()));
  Payload out;
  std::size_t length = 2;
  for (const auto& [name, value] : members) length += name.size() + value.size() + 6;
  out.text_.reserve(length);
  for (const auto& [name, value] : members) {
    out.text_.push_back(out.text_.empty() ? '{' : ',');
    base::append_json_string(out.text_, name);
    out.text_.push_back(':');
    base::append_json_string(out.text_, value);
  }
  out.text_ += members.size() == 0 ? "{}" : "}";
  return out;
}

}  // namespace exeunt::store
