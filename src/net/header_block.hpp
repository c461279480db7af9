// The header lines of one answer: bounded, names without regard to case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace exeunt::net {

class HeaderBlock {
 public:
  explicit HeaderBlock(std::size_t bytes_max = k_bytes_max) : bytes_max_(bytes_max) {}
  /// One line as it arrived; a status line ("HTTP/1.1 100 Continue") begins anew. false: past the limit, give up. A line that is no header is left
  /// out.
  [[nodiscard]] bool add_line(std::string_view line);

  /// Value of the first header of that name; nullopt when there is none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  /// Value that a Set-Cookie line gives this cookie. The last one counts, as for a browser; empty or absent: nullopt.
  [[nodiscard]] std::optional<base::Secret> cookie(std::string_view name) const;
  /// The server's clock (RFC 9110 §6.6.1), whole seconds; nullopt when absent or not understood.
  [[nodiscard]] std::optional<base::Time> date() const;

  static constexpr std::size_t k_bytes_max = std::size_t{64} * 1024;

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::vector<std::pair<std::string, std::string>> lines_;  // name in lower case
};

/// IMF-fixdate only ("Sun, 06 Nov 1994 08:49:37 GMT"): what RFC 9110 §5.6.7 lets a server send.
[[nodiscard]] std::optional<base::Time> parse_http_date(std::string_view text);

}  // namespace exeunt::net
