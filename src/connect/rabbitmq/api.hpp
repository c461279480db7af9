// The management plugin's HTTP API, spoken as our own user, and login tries of others over it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "connect/password_tries.hpp"
#include "connect/rabbitmq/settings.hpp"
#include "connect/until.hpp"
#include "net/http_client.hpp"

namespace exeunt::connect::rabbitmq {

class Api {
 public:
  explicit Api(const Settings& settings);
  /// Segments below /api, each one outside text or ours; `page`: of 500, where the list has pages. nullopt: 404. Anything but 200 and JSON: an error.
  [[nodiscard]] base::Result<std::optional<base::Json>> get(const std::vector<std::string>& segments, const Until& until,
                                                            int page = 0) const;
  /// False: 404, there is no such thing. An answer that is not understood may have come after the effect: outcome_unknown.
  [[nodiscard]] base::Result<bool> put(const std::vector<std::string>& segments, const base::JsonObject& body, const Until& until) const;
  [[nodiscard]] base::Result<bool> remove(const std::vector<std::string>& segments, const Until& until) const;
  /// The broker's clock now, in whole seconds.
  [[nodiscard]] base::Result<base::Time> server_time(const Until& until) const;
  /// Whether the broker's own check of logins takes this password now. A user without a management tag is told so only after its password
  /// was taken ("Not management user"); a wrong password, a user without one and no user at all are told alike ("Login failed").
  [[nodiscard]] PasswordAnswer try_password(const std::string& user, const base::Secret& value, const Until& until,
                                            std::string& words) const;
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  [[nodiscard]] base::Result<net::HttpResponse> send(net::Method method, const std::vector<std::string>& segments,
                                                     std::optional<base::Secret> body, const Until& until, int page = 0) const;
  [[nodiscard]] base::Error refusal(const net::HttpResponse& answer, bool change) const;
  const Settings& settings_;
  mutable net::HttpClient client_;
};

}  // namespace exeunt::connect::rabbitmq
