#include "net/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/escape.hpp"

namespace exeunt::net {

using base::Code;
using base::fail;
using base::Result;

namespace {

void start_curl() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  EXEUNT_CHECK(ready);
}

struct Cleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, Cleanup>;

/// libcurl's list of header lines; its copies of ours are wiped, some are credentials.
class Lines {
 public:
  Lines() = default;
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() {
    for (curl_slist* line = list_; line != nullptr; line = line->next) {
      std::string_view text(line->data);
      std::fill_n(static_cast<volatile char*>(line->data), text.size(), '\0');
    }
    curl_slist_free_all(list_);
  }
  void add(const base::Secret& line) {
    curl_slist* const longer = curl_slist_append(list_, line.reveal().c_str());
    EXEUNT_CHECK(longer != nullptr);
    list_ = longer;
  }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// What an answer is gathered in while it arrives.
struct Gathering {
  explicit Gathering(const HttpSettings& settings) : headers(settings.header_bytes_max), body_bytes_max(settings.body_bytes_max) {}
  HeaderBlock headers;
  std::string body;
  std::size_t body_bytes_max;
  bool too_large = false;
};

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* target) {
  auto& gathering = *static_cast<Gathering*>(target);
  if (gathering.headers.add_line({data, size * count})) return size * count;
  gathering.too_large = true;
  return 0;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* target) {
  auto& gathering = *static_cast<Gathering*>(target);
  const std::size_t bytes = size * count;
  if (bytes > gathering.body_bytes_max - gathering.body.size()) {
    gathering.too_large = true;
    return 0;
  }
  gathering.body.append(data, bytes);
  return bytes;
}

const char* verb(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::remove: return "DELETE";
  }
  return "GET";
}

Result<base::Secret> header_line(std::string_view name, const std::string& value, const HttpSettings& settings) {
  if (name.empty() || has_control(name) || name.find(':') != std::string_view::npos || has_control(value)) {
    return fail(Code::invalid_argument, settings.subject + ": a header of the request holds a control character; nothing was sent",
                "mend the credential or the setting that it comes from");
  }
  return base::Secret(std::string(name) + ": " + value);
}

base::Status add_headers(const HttpRequest& request, const HttpSettings& settings, Lines& lines) {
  const auto add = [&](std::string_view name, const std::string& value) -> base::Status {
    EXEUNT_TRY_ASSIGN(const base::Secret line, header_line(name, value, settings));
    lines.add(line);
    return {};
  };
  for (const auto& [name, value] : request.headers) EXEUNT_TRY(add(name, value));
  if (request.authorization) EXEUNT_TRY(add("Authorization", request.authorization->reveal()));
  if (!request.cookies.empty()) {
    std::string cookies;
    for (const auto& [name, value] : request.cookies) {
      if (value.reveal().find(';') != std::string::npos) {
        return fail(Code::invalid_argument, settings.subject + ": a cookie of the request holds a semicolon; nothing was sent");
      }
      cookies += (cookies.empty() ? "" : "; ") + name + "=" + value.reveal();
    }
    const base::Secret whole(std::move(cookies));
    EXEUNT_TRY(add("Cookie", whole.reveal()));
  }
  if (request.body) EXEUNT_TRY(add("Content-Type", request.content_type));
  lines.add(base::Secret("Expect:"));  // no 100-continue: it costs a second with a server that does not know it
  return {};
}

/// "https://host:port: GET failed": the path is left out, it may hold what a subject chose.
std::string subject_of(const HttpRequest& request, const HttpSettings& settings) {
  return settings.subject + ": " + verb(request.method) + " to " + request.url.origin();
}

bool never_sent(CURLcode code, CURL* handle) {
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY) return true;
  // The instant at which the connection (TLS included) stood and the request was about to go out; 0: it never was.
  curl_off_t ready_us = 0;
  return curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &ready_us) == CURLE_OK && ready_us == 0;
}

base::Error to_error(CURLcode code, CURL* handle, const HttpRequest& request, Effect effect, const Gathering& gathering,
                     const HttpSettings& settings) {
  const std::string subject = subject_of(request, settings);
  const std::string cause = curl_easy_strerror(code);
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    return {Code::failed_precondition,
            subject + ": the server's certificate is not that host's, or not of a trusted authority; nothing was sent",
            "compare the address with the names in the certificate, and ca_file with who signed it"};
  }
  if (code == CURLE_SSL_CACERT_BADFILE) {
    return {Code::failed_precondition, subject + ": ca_file " + settings.ca_file + " cannot be read as certificates; nothing was sent",
            "name a PEM file with the authority's certificate"};
  }
  if (never_sent(code, handle)) {
    return {Code::unavailable, subject + ": not connected (" + cause + "); nothing was sent",
            "see that the server runs and is reached from here"};
  }
  const std::string words = gathering.too_large ? "the answer is larger than the limit" : "the answer was lost (" + cause + ")";
  if (effect == Effect::change) return {Code::outcome_unknown, subject + ": " + words, "look at the system before anything else"};
  if (gathering.too_large) return {Code::resource_exhausted, subject + ": " + words, "ask for smaller pages"};
  return {Code::unavailable, subject + ": " + words, "repeat"};
}

}  // namespace

class HttpClient::Handles {
 public:
  Handle take() {
    {
      const std::lock_guard guard(mutex_);
      if (!idle_.empty()) {
        Handle handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    Handle handle(curl_easy_init());
    EXEUNT_CHECK(handle != nullptr);
    return handle;
  }
  void give_back(Handle handle) {
    curl_easy_reset(handle.get());  // keeps the open connection, forgets what pointed to the request
    const std::lock_guard guard(mutex_);
    if (idle_.size() < k_idle_max) idle_.push_back(std::move(handle));
  }

 private:
  static constexpr std::size_t k_idle_max = 8;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

namespace {

void set_limits(CURL* handle, const HttpRequest& request, const HttpSettings& settings, Effect effect) {
  const auto set = [handle](CURLoption option, auto value) { EXEUNT_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK); };
  set(CURLOPT_NOSIGNAL, 1L);  // several threads
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROXY, "");  // else http_proxy of the environment would see our credential
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) {
    set(CURLOPT_CAINFO, settings.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // Debian's default would trust the machine's store beside it
  }
  // libcurl silently repeats a request on a kept connection that turns out to be closed: for a change that would be a second try of which nobody
  // knows.
  set(CURLOPT_FRESH_CONNECT, effect == Effect::change ? 1L : 0L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(request.timeout, settings.connect_timeout).count()));
  set(CURLOPT_USERAGENT, settings.user_agent.c_str());
}

void set_request(CURL* handle, const HttpRequest& request, const Lines& lines, Gathering& gathering) {
  const auto set = [handle](CURLoption option, auto value) { EXEUNT_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK); };
  set(CURLOPT_URL, request.url.text().c_str());
  if (request.body) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->reveal().size()));
    set(CURLOPT_POSTFIELDS, request.body->reveal().c_str());
  } else if (request.method != Method::get) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(0));
    set(CURLOPT_POSTFIELDS, "");
  }
  set(CURLOPT_CUSTOMREQUEST, verb(request.method));
  set(CURLOPT_HTTPHEADER, lines.get());
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&gathering));
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&gathering));
}

}  // namespace

HttpClient::HttpClient(HttpSettings settings) : handles_(std::make_unique<Handles>()), settings_(std::move(settings)) { start_curl(); }
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  if (!request.url.fault().empty()) {
    return fail(Code::invalid_argument, settings_.subject + ": " + base::escape_terminal(request.url.fault(), 120) + "; nothing was sent");
  }
  if (request.timeout <= base::Duration::zero()) {
    return fail(Code::unavailable, subject_of(request, settings_) + ": no time is left; nothing was sent", "repeat");
  }
  const Effect effect = request.effect.value_or(request.method == Method::get ? Effect::read : Effect::change);
  Lines lines;
  EXEUNT_TRY(add_headers(request, settings_, lines));
  Gathering gathering(settings_);
  Handle handle = handles_->take();
  set_limits(handle.get(), request, settings_, effect);
  set_request(handle.get(), request, lines, gathering);
  const CURLcode code = curl_easy_perform(handle.get());
  // A handle of a failed exchange is not used again: what is left on its connection is not known.
  if (code != CURLE_OK) return fail(to_error(code, handle.get(), request, effect, gathering, settings_));
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  handles_->give_back(std::move(handle));
  HttpResponse response;
  response.status = static_cast<int>(status);
  response.headers = std::move(gathering.headers);
  response.body = std::move(gathering.body);
  return response;
}

base::Secret basic(std::string_view login, const base::Secret& password) {
  const base::Secret pair(std::string(login) + ":" + password.reveal());
  return base::Secret("Basic " + base::to_base64(base::as_bytes(pair.reveal())));
}

base::Secret bearer(const base::Secret& token) { return base::Secret("Bearer " + token.reveal()); }

}  // namespace exeunt::net
