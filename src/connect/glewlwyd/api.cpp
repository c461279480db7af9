#include "connect/glewlwyd/api.hpp"

#include <algorithm>
#include <set>

#include "base/escape.hpp"

namespace exeunt::connect::glewlwyd {

using base::Code;
using base::Error;
using base::fail;
using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using base::Status;
using net::Effect;
using net::HttpRequest;
using net::HttpResponse;
using net::Method;

namespace {

constexpr const char* k_cookie = "GLEWLWYD2_SESSION_ID";
constexpr base::JsonLimits k_limits{.bytes_max = std::size_t{8} * 1024 * 1024, .depth_max = 16};

net::HttpSettings http_settings(const Settings& settings) {
  net::HttpSettings http;
  http.subject = settings.system.text();
  http.ca_file = settings.ca_file;
  http.user_agent = "exeunt";
  return http;
}

Result<Json> parse(const std::string& subject, const HttpResponse& answer) {
  auto json = base::parse_json(answer.body, k_limits);
  if (!json)
    return fail(Code::unavailable, subject + ": the answer is no JSON", "see that url names the provider itself and no page before it");
  return json;
}

/// Two rows are one when what names them is.
std::string name_of(const Json& row, std::string_view key) {
  const JsonObject* object = row.if_object();
  return object == nullptr ? std::string{} : base::json_string(*object, key).value_or("");
}

}  // namespace

Api::Api(const Settings& settings, const base::Clock& clock) : settings_(settings), clock_(clock), client_(http_settings(settings)) {}

base::Duration Api::clock_offset() const {
  const std::lock_guard guard(mutex_);
  return clock_offset_;
}

Result<HttpResponse> Api::send(HttpRequest request, const Until& until) {
  request.timeout = until.left();
  const base::Time before = clock_.now();
  auto answer = client_.send(request);
  if (!answer) {
    // Nothing was sent: for a connector that is "no effect, repeat", with the cause in the words.
    Error error = std::move(answer).error();
    if (error.code == Code::failed_precondition) error.code = Code::unavailable;
    return fail(std::move(error));
  }
  if (const auto date = answer->headers.date()) {
    // Whole seconds: the instant lies half a second later on average. Ours: the middle of the exchange.
    const base::Duration offset = (*date + base::Duration(500)) - (before + (clock_.now() - before) / 2);
    const std::lock_guard guard(mutex_);
    // Under a second and a half the header's own coarseness says more than the clocks do.
    clock_offset_ = offset > base::Duration(-1500) && offset < base::Duration(1500) ? base::Duration(0) : offset;
  }
  return answer;
}

Status Api::sign_in(const Until& until) {
  HttpRequest request;
  request.method = Method::post;
  request.effect = Effect::read;  // a session of our own more or less
  request.url = api().path("auth/");
  request.content_type = "application/json";
  {
    // Not canonical_json of a Json with the password: its copies would not be wiped.
    std::string body = "{\"username\":";
    base::append_json_string(body, settings_.login);
    body += ",\"password\":";
    base::append_json_string(body, settings_.credential.reveal());
    body += '}';
    request.body.emplace(std::move(body));
  }
  {
    const std::lock_guard guard(mutex_);
    if (!cookie_.empty()) request.cookies.emplace_back(k_cookie, cookie_.copy());  // the same session goes on, not one more
  }
  EXEUNT_TRY_ASSIGN(const HttpResponse answer, send(std::move(request), until));
  if (answer.status == 401 || answer.status == 403) {
    return fail(Code::permission_denied, subject() + ": our own account " + base::escape_terminal(settings_.login, 60) + " was not let in",
                "check login and credential in exeunt.yaml, then run `exeunt systems check`");
  }
  auto cookie = answer.headers.cookie(k_cookie);
  if (answer.status != 200 || !cookie) return fail(refusal(answer, Effect::read));
  const std::lock_guard guard(mutex_);
  cookie_ = std::move(*cookie);
  return {};
}

Error Api::refusal(const HttpResponse& answer, Effect effect) const {
  const std::string said = subject() + ": the provider answered " + std::to_string(answer.status);
  switch (answer.status) {
    case 400: return {Code::failed_precondition, said + " " + base::escape_terminal(answer.body, 160), "see the provider's log"};
    case 401:
    case 403: return {Code::permission_denied, said, "our account needs the scope of administrators (g_admin)"};
    case 404: return {Code::not_found, said, ""};
    case 429: return {Code::resource_exhausted, said, "wait"};
    default: break;
  }
  // 5xx, a redirect, anything else: it is not known what was done.
  if (effect == Effect::change) return {Code::outcome_unknown, said, "look at the provider before anything else"};
  return {Code::unavailable, said, "see the provider's log"};
}

Result<HttpResponse> Api::send_signed_in(Method method, const net::Url& url, const base::Secret* body, const Until& until) {
  for (int attempt = 0;; ++attempt) {
    HttpRequest request;
    request.method = method;
    request.url = url;
    if (body != nullptr) {
      request.content_type = "application/json";
      request.body.emplace(body->copy());
    }
    bool signed_in = false;
    {
      const std::lock_guard guard(mutex_);
      signed_in = !cookie_.empty();
      if (signed_in) request.cookies.emplace_back(k_cookie, cookie_.copy());
    }
    if (signed_in) {
      EXEUNT_TRY_ASSIGN(HttpResponse answer, send(std::move(request), until));
      // An administrator's sign-in ages (g_admin asks for the password again after ten minutes), and 401 is also what an unknown account gets.
      if (answer.status != 401 || attempt > 0) return answer;
    }
    EXEUNT_TRY(sign_in(until));
  }
}

Result<Json> Api::read(const net::Url& url, const Until& until) {
  EXEUNT_TRY_ASSIGN(const HttpResponse answer, send_signed_in(Method::get, url, nullptr, until));
  if (answer.status != 200) return fail(refusal(answer, Effect::read));
  return parse(subject(), answer);
}

Result<Json> Api::read_openly(const net::Url& url, const Until& until) {
  HttpRequest request;
  request.url = url;
  EXEUNT_TRY_ASSIGN(const HttpResponse answer, send(std::move(request), until));
  if (answer.status != 200) return fail(refusal(answer, Effect::read));
  return parse(subject(), answer);
}

Status Api::change(Method method, const net::Url& url, const base::Secret* body, const Until& until) {
  EXEUNT_TRY_ASSIGN(const HttpResponse answer, send_signed_in(method, url, body, until));
  if (answer.status != 200) return fail(refusal(answer, Effect::change));
  return {};
}

Result<Rows> Api::list(const net::Url& url, std::string_view key, const Until& until) {
  const auto page = [&](std::size_t offset, std::size_t limit) -> Result<JsonArray> {
    EXEUNT_TRY_ASSIGN(Json answer, read(url.query("offset", std::to_string(offset)).query("limit", std::to_string(limit)), until));
    if (!answer.is_array()) return fail(Code::unavailable, subject() + ": a listing is no list", "see the provider's log");
    return std::move(answer.as_array());
  };
  Rows out;
  std::set<std::string> seen;
  while (true) {
    EXEUNT_TRY_ASSIGN(const JsonArray rows, page(out.rows.size(), static_cast<std::size_t>(settings_.page_size)));
    const std::size_t before = seen.size();
    for (const Json& row : rows) {
      seen.insert(name_of(row, key));
      out.rows.push_back(row);
    }
    if (rows.empty()) break;
    if (seen.size() == before || out.rows.size() > k_rows_max) {
      out.completeness = model::Completeness::lower_bound;
      out.reason =
          seen.size() == before ? "a page repeats what was listed already" : "more than " + std::to_string(k_rows_max) + " entries";
      return out;
    }
  }
  // A server, or something before it, that forgets about offsets is found out by asking for all at once.
  EXEUNT_TRY_ASSIGN(const JsonArray all, page(0, out.rows.size() + 1));
  if (all.size() != out.rows.size()) {
    out.completeness = model::Completeness::lower_bound;
    out.reason = "page by page there are " + std::to_string(out.rows.size()) + " entries, at once " + std::to_string(all.size());
  }
  return out;
}

Result<HttpResponse> Api::ask_as_client(std::string_view endpoint, std::string form, const Until& until) {
  HttpRequest request;
  request.method = Method::post;
  request.effect = Effect::read;
  request.url = plugin().path(endpoint);
  request.authorization = net::basic(settings_.client_id, settings_.client_credential);
  request.content_type = "application/x-www-form-urlencoded";
  request.body.emplace(std::move(form));
  return send(std::move(request), until);
}

Result<std::string> Api::control_token(const Until& until) {
  std::string wish = "grant_type=client_credentials";
  if (!settings_.client_scope.empty()) net::append_form(wish, "scope", settings_.client_scope);
  EXEUNT_TRY_ASSIGN(const HttpResponse issued, ask_as_client("token", std::move(wish), until));
  if (issued.status != 200) {
    return "our client " + base::escape_terminal(settings_.client_id, 60) + " is issued no token (" + std::to_string(issued.status) + ")";
  }
  EXEUNT_TRY_ASSIGN(const Json granted, parse(subject(), issued));
  const JsonObject* grant = granted.if_object();
  auto token = grant == nullptr ? Result<std::string>(fail(Code::unavailable, "")) : base::json_string(*grant, "access_token");
  if (!token) return std::string("the token endpoint's answer holds no token");
  std::string form;
  net::append_form(form, "token", *token);
  const base::Secret wiped(std::move(*token));
  EXEUNT_TRY_ASSIGN(const HttpResponse answer, ask_as_client("introspect", std::move(form), until));
  if (answer.status != 200) return "introspection answers " + std::to_string(answer.status);
  EXEUNT_TRY_ASSIGN(const Json said, parse(subject(), answer));
  const JsonObject* object = said.if_object();
  const bool active = object != nullptr && base::json_bool(*object, "active").value_or(false);
  const bool ours = active && base::json_string(*object, "client_id").value_or("") == settings_.client_id;
  if (!ours) return std::string("introspection does not know a token that it issued a moment ago");
  return std::string{};
}

}  // namespace exeunt::connect::glewlwyd
