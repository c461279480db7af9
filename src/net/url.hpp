// The address of a request, built from typed parts: outside text becomes one path segment or one query value and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace exeunt::net {

class Url {
 public:
  /// "https://host[:port][/prefix]" as it stands in a configuration. invalid_argument for another scheme, a login in the address, a query, a
  /// fragment, control characters, and for http:// to anything but this machine's loopback (our credential would travel in the clear).
  [[nodiscard]] static base::Result<Url> parse(std::string_view text);

  /// Our own words, as they stand: "api/user". Never outside text.
  [[nodiscard]] Url path(std::string_view words) const;
  /// Outside text as one segment, percent-encoded. An empty segment, "." and ".." would name another thing: sending such an address is refused
  /// (invalid_argument).
  [[nodiscard]] Url segment(std::string_view text) const;
  [[nodiscard]] Url query(std::string_view name, std::string_view value) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& fault() const { return fault_; }  // empty: may be sent
  /// "https://host:port", for messages: paths may hold hostile text, queries worse.
  [[nodiscard]] std::string origin() const { return text_.substr(0, origin_end_); }

 private:
  std::string text_;
  std::string fault_;
  std::size_t origin_end_ = 0;
  bool has_query_ = false;
};

/// "a=1&b=%2F": application/x-www-form-urlencoded from typed parts.
void append_form(std::string& form, std::string_view name, std::string_view value);

}  // namespace exeunt::net
