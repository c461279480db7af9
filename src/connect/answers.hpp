// What connectors answer alike, in the same words: an operator reads one sentence for one thing, whatever the system.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "connect/connector.hpp"

namespace exeunt::connect {

/// A fact of the node; "" where it has none.
[[nodiscard]] std::string fact(const model::Node& node, const std::string& name);

/// Of what a restore covers, its target as it was before the cut; nullptr: it is not among it. Points into the request.
[[nodiscard]] const model::Node* target_as_it_was(const ApplyRequest& request);

/// "1 session", "3 sessions".
[[nodiscard]] std::string counted(std::integral auto count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}
/// A part of an action took effect before this error: "certainly no effect" would be untrue.
[[nodiscard]] base::Error after_an_effect(base::Error error);

/// The action is not in the catalogue of this `product`.
[[nodiscard]] base::Error cannot(const model::SystemId& system, std::string_view product, model::Action action);
/// The last gate guards our own accounts; a slip of it must not end Exeunt here.
[[nodiscard]] base::Error stands_on_it(const model::SystemId& system);
[[nodiscard]] base::Error no_probe(const model::SystemId& system, const ProbeRequest& request);
[[nodiscard]] base::Error no_control(const model::SystemId& system, std::string next = {});

}  // namespace exeunt::connect
