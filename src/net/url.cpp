#include "net/url.hpp"

#include <algorithm>
#include <cctype>

#include "base/escape.hpp"

namespace exeunt::net {
namespace {

using base::Code;
using base::fail;

constexpr std::size_t k_address_bytes_max = 2048;

bool is_host(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
}
bool is_prefix(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("/-._~").find(c) != std::string_view::npos;
}

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

tl::unexpected<base::Error> bad(std::string_view text, std::string cause) {
  return fail(Code::invalid_argument, "address \"" + base::escape_terminal(text, 120) + "\" " + std::move(cause),
              "write it as https://host[:port][/path]");
}

}  // namespace

base::Result<Url> Url::parse(std::string_view text) {
  if (text.size() > k_address_bytes_max) return bad(text, "is too long");
  const bool secure = text.starts_with("https://");
  if (!secure && !text.starts_with("http://")) return bad(text, "has no scheme https");
  const std::size_t start = secure ? 8 : 7;
  const std::size_t slash = std::min(text.find('/', start), text.size());
  const std::string_view authority = text.substr(start, slash - start);
  std::string_view prefix = text.substr(slash);
  if (authority.find('@') != std::string_view::npos) return bad(text.substr(0, start), "holds a login; credentials are given by reference");
  if (authority.empty() || !std::all_of(authority.begin(), authority.end(), is_host)) return bad(text, "names no host");
  if (!std::all_of(prefix.begin(), prefix.end(), is_prefix) || prefix.find("..") != std::string_view::npos) {
    return bad(text, "has a path with a query, a fragment or dots in it");
  }
  const std::string_view host = without_port(authority);
  if (!secure && host != "127.0.0.1" && host != "[::1]" && host != "localhost") {
    return bad(text, "would send our credential over the network in the clear");
  }
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  Url url;
  url.text_ = std::string(text.substr(0, slash)) + std::string(prefix);
  url.origin_end_ = slash;
  return url;
}

Url Url::path(std::string_view words) const {
  Url longer = *this;
  longer.text_ += '/';
  longer.text_ += words;
  return longer;
}

Url Url::segment(std::string_view text) const {
  Url longer = *this;
  if (text.empty() || text == "." || text == "..") {
    longer.fault_ = "\"" + std::string(text) + "\" cannot stand as a name in an address";
  }
  longer.text_ += '/';
  longer.text_ += base::percent_encode(text);
  return longer;
}

Url Url::query(std::string_view name, std::string_view value) const {
  Url longer = *this;
  longer.text_ += has_query_ ? '&' : '?';
  longer.text_ += base::percent_encode(name) + "=" + base::percent_encode(value);
  longer.has_query_ = true;
  return longer;
}

void append_form(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += base::percent_encode(name) + "=" + base::percent_encode(value);
}

}  // namespace exeunt::net
