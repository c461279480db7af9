#include "model/node.hpp"

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

}  // namespace exeunt::model
