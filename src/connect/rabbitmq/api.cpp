#include "connect/rabbitmq/api.hpp"

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::connect::rabbitmq {

using base::Code;
using base::Error;
using base::fail;
using base::Json;
using base::JsonObject;
using base::Result;

namespace {

constexpr std::size_t k_words_shown_max = 200;
constexpr std::size_t k_answer_bytes_max = std::size_t{64} * 1024 * 1024;

/// "reason" of an error's body, for people and for telling refusals apart.
std::string reason_of(const net::HttpResponse& answer) {
  const auto json = base::parse_json(answer.body, {.bytes_max = 64 * 1024, .depth_max = 8});
  if (!json || !json->is_object()) return {};
  return base::json_string(json->as_object(), "reason").value_or("");
}

/// The broker's own words for a thing that is not there: a 404 of a proxy, or of another server, says nothing about users.
bool is_absent(const net::HttpResponse& answer) { return answer.status == 404 && reason_of(answer) == "Not Found"; }

net::HttpSettings http_settings(const Settings& settings) {
  net::HttpSettings out;
  out.subject = settings.system.text();
  out.ca_file = settings.ca_file;
  out.body_bytes_max = k_answer_bytes_max;
  return out;
}

}  // namespace

Api::Api(const Settings& settings) : settings_(settings), client_(http_settings(settings)) {}

Error Api::refusal(const net::HttpResponse& answer, bool change) const {
  const std::string words = "HTTP " + std::to_string(answer.status) + ", " + base::escape_terminal(reason_of(answer), k_words_shown_max);
  const std::string subject = settings_.system.text() + ": ";
  if (answer.status == 401 || answer.status == 403) {
    return {Code::permission_denied, subject + "our own user was refused: " + words,
            "check the user (tag administrator) and the credential named in exeunt.yaml, then run `exeunt systems check`"};
  }
  if (answer.status >= 500 && change)
    return {Code::outcome_unknown, subject + "the broker failed in mid-change: " + words, "observe before anything else"};
  if (answer.status >= 500) return {Code::unavailable, subject + "the broker failed: " + words, "repeat later"};
  if (answer.status == 429) return {Code::resource_exhausted, subject + "too many calls: " + words, "repeat later"};
  return {Code::failed_precondition, subject + "the broker refused: " + words,
          "see that `url` names the management plugin itself, and the broker's log"};
}

Result<net::HttpResponse> Api::send(net::Method method, const std::vector<std::string>& segments, std::optional<base::Secret> body,
                                    const Until& until, int page) const {
  net::HttpRequest request;
  request.method = method;
  request.url = settings_.url.path("api");
  for (const std::string& segment : segments) request.url = request.url.segment(segment);
  if (page > 0) request.url = request.url.query("page", std::to_string(page)).query("page_size", "500");
  request.authorization = net::basic(settings_.user, settings_.password);
  request.headers = {{"X-Reason", "exeunt"}};
  if (body) request.content_type = "application/json";
  request.body = std::move(body);
  request.timeout = until.left();
  auto answer = client_.send(request);
  // A certificate that is not this server's, or not trusted: nothing was sent.
  if (!answer && answer.error().code == Code::failed_precondition) {
    Error error = answer.error();
    error.code = Code::unavailable;
    return fail(std::move(error));
  }
  return answer;
}

Result<std::optional<Json>> Api::get(const std::vector<std::string>& segments, const Until& until, int page) const {
  EXEUNT_TRY_ASSIGN(const net::HttpResponse answer, send(net::Method::get, segments, std::nullopt, until, page));
  if (is_absent(answer)) return std::optional<Json>{};
  if (answer.status != 200) return fail(refusal(answer, false));
  auto json = base::parse_json(answer.body);
  if (!json)
    return fail(Code::unavailable, settings_.system.text() + ": the answer is no JSON", "see that `url` names the management plugin");
  return std::optional<Json>(std::move(*json));
}

Result<bool> Api::put(const std::vector<std::string>& segments, const JsonObject& body, const Until& until) const {
  EXEUNT_TRY_ASSIGN(const net::HttpResponse answer,
                    send(net::Method::put, segments, base::Secret(base::canonical_json(Json(body))), until));
  if (answer.status == 201 || answer.status == 204) return true;
  if (is_absent(answer)) return false;
  return fail(refusal(answer, true));
}

Result<bool> Api::remove(const std::vector<std::string>& segments, const Until& until) const {
  EXEUNT_TRY_ASSIGN(const net::HttpResponse answer, send(net::Method::remove, segments, std::nullopt, until));
  if (answer.status == 204) return true;
  if (is_absent(answer)) return false;
  return fail(refusal(answer, true));
}

Result<base::Time> Api::server_time(const Until& until) const {
  EXEUNT_TRY_ASSIGN(const net::HttpResponse answer, send(net::Method::get, {"whoami"}, std::nullopt, until));
  if (answer.status != 200) return fail(refusal(answer, false));
  const auto date = answer.headers.date();
  if (!date) return fail(Code::unavailable, settings_.system.text() + ": the broker does not tell its clock", "see what stands before it");
  return *date;
}

PasswordAnswer Api::try_password(const std::string& user, const base::Secret& value, const Until& until, std::string& words) const {
  // Basic authentication ends the name at the first colon: such a name would be tried as another one.
  if (user.find(':') != std::string::npos) {
    words = "a name with a colon cannot be tried over HTTP";
    return PasswordAnswer::unknown;
  }
  net::HttpRequest request;
  request.url = settings_.url.path("api").path("whoami");
  request.authorization = net::basic(user, value);
  request.timeout = until.left();
  const auto answer = client_.send(request);
  if (!answer) {
    words = answer.error().text();
    return PasswordAnswer::unknown;
  }
  const std::string reason = reason_of(*answer);
  words = "HTTP " + std::to_string(answer->status) + " " + base::escape_terminal(reason, k_words_shown_max);
  if (answer->status == 200) {
    const auto json = base::parse_json(answer->body);
    const bool named = json && json->is_object() && base::json_string(json->as_object(), "name").value_or("") == user;
    return named ? PasswordAnswer::taken : PasswordAnswer::unknown;
  }
  if (answer->status == 401 && reason == "Not management user") return PasswordAnswer::taken;
  return answer->status == 401 && reason == "Login failed" ? PasswordAnswer::refused : PasswordAnswer::unknown;
}

}  // namespace exeunt::connect::rabbitmq
