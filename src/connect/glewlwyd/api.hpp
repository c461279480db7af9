// The provider's administration interface over HTTP: one sign-in, JSON in and out, every page of a listing. Everything in this folder talks to the
// provider through here.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "connect/glewlwyd/settings.hpp"
#include "connect/until.hpp"
#include "model/vocabulary.hpp"
#include "net/http_client.hpp"

namespace exeunt::connect::glewlwyd {

/// Rows of a listing and what it is worth.
struct Rows {
  base::JsonArray rows;
  model::Completeness completeness = model::Completeness::full;
  std::string reason;
};

/// Thread-safe. Our session is kept for its life; a 401 is answered by one new sign-in.
class Api {
 public:
  Api(const Settings& settings, const base::Clock& clock);

  /// GET as our administrator. not_found (404), permission_denied (401 after a new sign-in, 403), unavailable (5xx, redirect, no answer).
  [[nodiscard]] base::Result<base::Json> read(const net::Url& url, const Until& until);
  /// PUT or DELETE as our administrator; ok is the provider's 200 and no more. A 5xx, a redirect, no answer: outcome_unknown.
  [[nodiscard]] base::Status change(net::Method method, const net::Url& url, const base::Secret* body, const Until& until);
  /// Every page. An empty page ends it, a short one does not; then one page that would hold all is asked for, and must. Past the limit, or where the
  /// two disagree: lower_bound with the reason.
  [[nodiscard]] base::Result<Rows> list(const net::Url& url, std::string_view key, const Until& until);

  /// A token of our own client (RFC 6749 §4.4) is issued and its introspection (RFC 7662) says that it is active, and ours. What is missing in words;
  /// empty: it works.
  [[nodiscard]] base::Result<std::string> control_token(const Until& until);
  /// GET without our session.
  [[nodiscard]] base::Result<base::Json> read_openly(const net::Url& url, const Until& until);

  /// Provider's clock minus ours by the last answer's Date header; whole seconds, so within one second of the truth.
  [[nodiscard]] base::Duration clock_offset() const;
  [[nodiscard]] base::Time provider_now() const { return clock_.now() + clock_offset(); }
  [[nodiscard]] net::Url api() const { return settings_.url.path("api"); }
  [[nodiscard]] net::Url plugin() const { return api().path(settings_.plugin); }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] std::string subject() const { return settings_.system.text(); }

  static constexpr std::size_t k_rows_max = 20'000;

 private:
  [[nodiscard]] base::Result<net::HttpResponse> send(net::HttpRequest request, const Until& until);
  [[nodiscard]] base::Result<net::HttpResponse> send_signed_in(net::Method method, const net::Url& url, const base::Secret* body,
                                                               const Until& until);
  [[nodiscard]] base::Status sign_in(const Until& until);
  [[nodiscard]] base::Result<net::HttpResponse> ask_as_client(std::string_view endpoint, std::string form, const Until& until);
  [[nodiscard]] base::Error refusal(const net::HttpResponse& answer, net::Effect effect) const;

  const Settings& settings_;
  const base::Clock& clock_;
  net::HttpClient client_;
  mutable std::mutex mutex_;
  base::Secret cookie_;
  base::Duration clock_offset_{0};
};

}  // namespace exeunt::connect::glewlwyd
