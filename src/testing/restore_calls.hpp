// Giving back, as tests of a connector call it: the image before a cut, the restoring call, the look after it. An error fails the test case.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "connect/connector.hpp"

namespace exeunt::testing {

/// What she is handed when she returns.
inline const std::string k_return_value = "made-for-her-return-0123456789";

inline connect::ApplyRequest restore_request(model::Action action, const model::Node& target, std::vector<model::Node> covered) {
  static const base::Secret value{std::string(k_return_value)};
  connect::ApplyRequest request;
  request.action = action;
  request.target = target;
  request.covered = std::move(covered);
  request.new_secret = &value;
  return request;
}
inline connect::ApplyRequest restore_request(const model::Node& account, std::vector<model::Node> covered) {
  return restore_request(model::Action::restore_account, account, std::move(covered));
}

/// What the action is about to take.
inline std::vector<model::Node> before(connect::Connector& connector, model::Action action, const model::Node& target,
                                       std::vector<model::Node> covered = {}) {
  const auto image = connector.before(restore_request(action, target, std::move(covered)));
  REQUIRE_MESSAGE(image, (image ? "" : image.error().text()));
  return image->taken;
}
inline std::vector<model::Node> before(connect::Connector& connector, const model::Node& account) {
  return before(connector, model::Action::lock_and_replace, account);
}

inline connect::RestoreLook look_back(connect::Connector& connector, model::Action action, const model::Node& target,
                                      std::vector<model::Node> covered) {
  const auto seen = connector.look_restored(restore_request(action, target, std::move(covered)));
  REQUIRE_MESSAGE(seen, (seen ? "" : seen.error().text()));
  return *seen;
}
inline connect::RestoreLook look_back(connect::Connector& connector, const model::Node& account, std::vector<model::Node> covered) {
  return look_back(connector, model::Action::restore_account, account, std::move(covered));
}

}  // namespace exeunt::testing
