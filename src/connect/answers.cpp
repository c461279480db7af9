#include "connect/answers.hpp"

#include <algorithm>

namespace exeunt::connect {

using base::Code;
using base::Error;

std::string fact(const model::Node& node, const std::string& name) {
  const auto found = node.facts.find(name);
  return found == node.facts.end() ? std::string{} : found->second;
}

const model::Node* target_as_it_was(const ApplyRequest& request) {
  const auto found =
      std::find_if(request.covered.begin(), request.covered.end(), [&](const model::Node& node) { return node.key == request.target.key; });
  return found == request.covered.end() ? nullptr : &*found;
}

Error after_an_effect(Error error) {
  if (error.code == Code::unavailable) {
    error.code = Code::outcome_unknown;
    error.what += "; a part of the action had taken effect";
  }
  return error;
}

Error cannot(const model::SystemId& system, std::string_view product, model::Action action) {
  return {Code::unimplemented, system.text() + ": " + std::string(product) + " cannot " + std::string(model::name(action)),
          "see the catalogue's actions"};
}

Error stands_on_it(const model::SystemId& system) {
  return {Code::failed_precondition, system.text() + ": this is an account that Exeunt itself stands on",
          "give Exeunt another account first"};
}

Error no_probe(const model::SystemId& system, const ProbeRequest& request) {
  return {Code::unimplemented,
          system.text() + ": no probe of " + std::string(model::name(request.target.key.kind)) + " by " +
              std::string(model::name(request.means)),
          {}};
}

Error no_control(const model::SystemId& system, std::string next) {
  return {Code::unimplemented, system.text() + ": no control identity for this probe", std::move(next)};
}

}  // namespace exeunt::connect
