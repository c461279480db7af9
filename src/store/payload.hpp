// What an entry says to people: one JSON object, canonical, so that the same words always have the same commitment.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"

namespace exeunt::store {

class Payload {
 public:
  using Text = std::pair<std::string_view, std::string_view>;

  explicit Payload(const base::JsonObject& object) : text_(base::canonical_json(object)) {}
  /// Members in the order of their names, all of them texts: what most entries have, written without a document tree.
  [[nodiscard]] static Payload of(std::initializer_list<Text> members);

  [[nodiscard]] std::string release() && { return std::move(text_); }

 private:
  Payload() = default;
  std::string text_;
};

}  // namespace exeunt::store
