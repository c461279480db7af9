#include "rabbitmq/relay.hpp"

#include <sys/socket.h>

#include <string_view>

#include "base/descriptor.hpp"
#include "base/json.hpp"
#include "testing/loopback.hpp"

namespace exeunt::test {

using connect::Fault;
using testing::SmallReply;

namespace {

SmallReply broken() {
  SmallReply reply;
  reply.reset = true;
  return reply;
}

/// Everything of a list but its first element goes; what counts it stays.
std::string cut_list(const std::string& body) {
  auto json = base::parse_json(body);
  if (!json) return body;
  base::JsonArray* list = nullptr;
  if (json->is_array()) list = &json->as_array();
  if (json->is_object() && json->as_object().contains("items")) list = &json->as_object()["items"].as_array();
  if (list != nullptr && list->size() > 1) list->resize(1);
  return base::canonical_json(*json);
}

}  // namespace

std::string Relay::forward(std::string request) const {
  const std::size_t end = request.find("\r\n\r\n");
  request.insert(end, "\r\nConnection: close");
  const base::Descriptor socket(testing::connect_to(server_port_));
  if (!socket.valid()) return {};
  static_cast<void>(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL));
  std::string answer;
  char buffer[16'384];
  for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<std::size_t>(got));
  return answer;
}

SmallReply Relay::pass(const std::string& request) {
  const int number = ++requests_;
  const bool cut = number == cut_request_;
  if (cut && !cut_after_effect_) return broken();
  const bool change = request.starts_with("PUT ") || request.starts_with("DELETE ");
  // An action has its whole effect with its last change.
  const bool last = request.find("\"password_hash\"") != std::string::npos || request.starts_with("DELETE /api/connections/");
  const Fault fault = fault_;
  if (fault == Fault::down || (fault == Fault::answer_lost_before && change)) return broken();
  if (fault == Fault::prober_broken) return SmallReply::answer(401, R"({"error":"not_authorized","reason":"Login failed"})");
  if (fault == Fault::silent_no_op && change) return SmallReply::answer(204, "");
  SmallReply reply;
  reply.bytes = forward(request);
  if (cut || (fault == Fault::answer_lost_after && last)) return broken();
  const std::size_t body = reply.bytes.find("\r\n\r\n");
  if (change || body == std::string::npos) return reply;
  if (fault == Fault::listing_cut_said) {
    reply.bytes.erase(body + 4 + (reply.bytes.size() - body - 4) / 2);
    return reply;
  }
  if (fault == Fault::listing_cut_unsaid && reply.bytes.find(" 200 ") != std::string::npos) {
    return SmallReply::answer(200, cut_list(reply.bytes.substr(body + 4)));
  }
  return reply;
}

}  // namespace exeunt::test
