#include "model/node.hpp"

#include <charconv>

namespace exeunt::model {

NodeId node_id(const NodeKey& key) { return NodeId(key.system.text() + "/" + std::string(name(key.kind)) + "/" + key.native_id); }

base::Result<NodeKey> parse_node_id(const NodeId& id) {
  const std::string_view text = id.text();
  const auto refuse = [&](std::string_view cause) {
    return base::fail(base::Code::invalid_argument, "\"" + id.text() + "\" is no node id: " + std::string(cause),
                      "write it as <system>/<kind>/<native id>");
  };
  const std::size_t first = text.find('/');
  const std::size_t second = first == std::string_view::npos ? first : text.find('/', first + 1);
  if (second == std::string_view::npos) return refuse("it has fewer than three parts");
  const auto kind = parse<NodeKind>(text.substr(first + 1, second - first - 1));
  if (!kind) return refuse("its kind is unknown");
  // Native ids may hold slashes themselves (base64 fingerprints do); system ids never do.
  const std::string_view native = text.substr(second + 1);
  if (first == 0 || native.empty()) return refuse("a part of it is empty");
  return NodeKey{SystemId(std::string(text.substr(0, first))), *kind, std::string(native)};
}

bool Node::says(const char* fact) const {
  const auto found = facts.find(fact);
  return found != facts.end() && found->second == "yes";
}

std::optional<std::int64_t> ms_fact(const Node& node, const std::string& name) {
  const auto found = node.facts.find(name);
  if (found == node.facts.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc{} || end != text.data() + text.size() || ms < 0) return std::nullopt;
  return ms;
}

}  // namespace exeunt::model
