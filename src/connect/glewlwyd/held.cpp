#include "connect/glewlwyd/held.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "base/escape.hpp"

namespace exeunt::connect::glewlwyd {

using base::Code;
using base::fail;
using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using base::Status;
using net::Method;

namespace {

constexpr std::int64_t k_instant_max_s = 253'402'300'799;  // year 9999: what fits into every form of a time that we print

std::string text_of(const JsonObject& object, std::string_view key) { return base::json_string(object, key).value_or(""); }

std::optional<std::int64_t> instant_of(const JsonObject& object, std::string_view key) {
  const auto value = base::json_int(object, key);
  if (!value || *value < 0 || *value > k_instant_max_s) return std::nullopt;
  return *value;
}

net::Url delegate(const Api& api, const std::string& login) { return api.api().path("delegate").segment(login); }

/// The provider answers 401 for a login that it does not know, also where a directory has just hidden it. That is no empty list.
base::Error unseen(base::Error error, const Api& api) {
  if (error.code == Code::permission_denied || error.code == Code::not_found) {
    error.code = Code::failed_precondition;
    error.what =
        api.subject() + ": what the account holds cannot be listed: the provider does not know the login, or our rights are too few";
    error.next = "let the directory's filter show departed people to the provider until their sessions and tokens are ended here";
  }
  return error;
}

Result<HeldListing> list_held(Api& api, const net::Url& url, std::string_view hash_key, std::string_view until_key,
                              std::string_view used_key, const Until& until) {
  auto rows = api.list(url, hash_key, until);
  if (!rows) return fail(unseen(rows.error(), api));
  HeldListing out;
  out.completeness = rows->completeness;
  out.reason = rows->reason;
  for (const Json& row : rows->rows) {
    auto held = read_held(row, hash_key, until_key, used_key);
    if (held) {
      out.entries.push_back(std::move(*held));
    } else {
      out.completeness = model::Completeness::partial;
      out.reason = "an entry of the listing is not understood";
    }
  }
  return out;
}

}  // namespace

std::optional<Held> read_held(const Json& row, std::string_view hash_key, std::string_view until_key, std::string_view used_key) {
  const JsonObject* object = row.if_object();
  if (object == nullptr) return std::nullopt;
  Held held;
  held.hash = text_of(*object, hash_key);
  const auto until = instant_of(*object, until_key);
  const auto used = instant_of(*object, used_key);
  const auto enabled = base::json_bool(*object, "enabled");
  if (held.hash.empty() || held.hash.find(':') != std::string::npos || !until || !used || !enabled) return std::nullopt;
  held.client = text_of(*object, "client_id");
  held.user_agent = text_of(*object, "user_agent");
  held.from = text_of(*object, "issued_for");
  held.until_s = *until;
  held.last_used_s = *used;
  held.enabled = *enabled;
  return held;
}

Result<HeldListing> list_sessions(Api& api, const std::string& login, const Until& until) {
  return list_held(api, delegate(api, login).path("profile/session"), "session_hash", "expiration", "last_login", until);
}

Result<HeldListing> list_refresh_tokens(Api& api, const std::string& login, const Until& until) {
  // The manual says `username`: that is ignored, and the answer is our own tokens.
  return list_held(api, api.plugin().path("token").query("impersonate", login), "token_hash", "expires_at", "last_seen", until);
}

Status end_session(Api& api, const std::string& login, const std::string& hash, const Until& until) {
  return api.change(Method::remove, delegate(api, login).path("profile/session").segment(hash), nullptr, until);
}

Status revoke_refresh_token(Api& api, const std::string& login, const std::string& hash, const Until& until) {
  return api.change(Method::remove, api.plugin().path("token").segment(hash).query("impersonate", login), nullptr, until);
}

Result<std::vector<std::string>> list_grants(Api& api, const std::string& login, const Until& until) {
  auto answer = api.read(delegate(api, login).path("profile/grant"), until);
  if (!answer) return fail(unseen(answer.error(), api));
  const JsonArray* rows = answer->if_array();
  if (rows == nullptr) return fail(Code::unavailable, api.subject() + ": the listing of consents is no list", "see the provider's log");
  std::vector<std::string> clients;
  for (const Json& row : *rows) {
    const JsonObject* object = row.if_object();
    const std::string client = object == nullptr ? "" : text_of(*object, "client_id");
    if (client.empty())
      return fail(Code::unavailable, api.subject() + ": a consent of the listing names no client", "see the provider's log");
    clients.push_back(client);
  }
  return clients;
}

Status revoke_grant(Api& api, const std::string& login, const std::string& client, const Until& until) {
  const base::Secret nothing(R"({"scope":""})");
  return api.change(Method::put, delegate(api, login).path("auth/grant").segment(client), &nothing, until);
}

Result<base::Duration> access_token_life(Api& api, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Json plugins, api.read(api.api().path("mod/plugin/"), until));
  const JsonArray* rows = plugins.if_array();
  for (const Json& row : rows == nullptr ? JsonArray{} : *rows) {
    const JsonObject* object = row.if_object();
    if (object == nullptr || text_of(*object, "name") != api.settings().plugin) continue;
    const auto parameters = base::json_object(*object, "parameters");
    const auto seconds = parameters ? base::json_int(**parameters, "access-token-duration") : Result<std::int64_t>(0);
    constexpr std::int64_t k_life_max_s = std::int64_t{10} * 366 * 24 * 3600;
    if (!seconds || *seconds <= 0 || *seconds > k_life_max_s) {
      return fail(Code::failed_precondition, api.subject() + ": the plugin does not say how long access tokens are valid",
                  "set its access token duration");
    }
    return base::Duration(*seconds * 1000);
  }
  return fail(Code::failed_precondition, api.subject() + ": there is no plugin instance \"" + api.settings().plugin + "\"",
              "write the instance name of the OpenID Connect plugin into `plugin` of exeunt.yaml");
}

std::string held_id(const std::string& account, std::string_view rest) { return account + ":" + base::percent_encode(rest); }

std::optional<HeldId> parse_held_id(std::string_view native_id) {
  const std::size_t mark = native_id.rfind(':');
  if (mark == std::string_view::npos || mark == 0 || mark + 1 == native_id.size()) return std::nullopt;
  HeldId id{std::string(native_id.substr(0, mark)), {}};
  const std::string_view encoded = native_id.substr(mark + 1);
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      id.rest += encoded[i];
      continue;
    }
    const auto byte = base::from_hex(encoded.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    id.rest += static_cast<char>(byte->front());
    i += 2;
  }
  return id;
}

}  // namespace exeunt::connect::glewlwyd
