// One HTTP exchange at a time, over libcurl. Come here to speak to a system over HTTP. What it never does: follow a redirect, keep a cookie, use a
// proxy, a .netrc or anything else from the environment, speak another protocol, repeat a change by itself, or take a certificate whose name
// is not the host's. A secret goes in as base::Secret and stands in no message.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/header_block.hpp"
#include "net/url.hpp"

namespace exeunt::net {

enum class Method { get, post, put, patch, remove };  // remove: DELETE
/// What a lost answer means. A read may be repeated; a change may have taken effect.
enum class Effect { read, change };

struct HttpRequest {
  Method method = Method::get;
  Url url;
  std::optional<Effect> effect;                               // absent: get reads, all others change (a POST that only asks says read)
  std::vector<std::pair<std::string, std::string>> headers;   // a control character in one: invalid_argument
  std::optional<base::Secret> authorization;                  // whole value, see basic() and bearer()
  std::vector<std::pair<std::string, base::Secret>> cookies;  // sent with this request only
  std::string content_type;                                   // of the body
  std::optional<base::Secret> body;                           // absent: none. A Secret, because log-ins and tokens travel in bodies
  base::Duration timeout{20'000};                             // for the whole exchange; nothing left: unavailable, nothing is sent
};

struct HttpResponse {
  int status = 0;  // as it came: 302 is 302
  HeaderBlock headers;
  std::string body;
};

struct HttpSettings {
  std::string subject;  // how errors name the other side: "provider"
  std::string ca_file;  // PEM; then this alone is trusted. Empty: the machine's store
  std::string user_agent = "exeunt";
  std::size_t body_bytes_max = std::size_t{8} * 1024 * 1024;
  std::size_t header_bytes_max = HeaderBlock::k_bytes_max;
  base::Duration connect_timeout{5'000};
};

/// Thread-safe; each call takes a handle of its own from a pool. One client per system and credential.
class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Blocks until the whole answer is there. ok for every status, 500 too. Errors:
  ///   unavailable          not connected, or an answer to a read was lost, cut off or late: no effect
  ///   outcome_unknown      the answer to a change was lost, cut off, late, too large or no HTTP
  ///   failed_precondition  the certificate is not this host's or not of a trusted authority, or ca_file cannot be read: nothing was sent
  ///   resource_exhausted   the answer to a read is past a limit
  ///   invalid_argument     the request itself cannot be sent
  [[nodiscard]] base::Result<HttpResponse> send(const HttpRequest& request);

 private:
  class Handles;
  std::unique_ptr<Handles> handles_;
  HttpSettings settings_;
};

[[nodiscard]] base::Secret basic(std::string_view login, const base::Secret& password);
[[nodiscard]] base::Secret bearer(const base::Secret& token);

}  // namespace exeunt::net
