// Inventory, actions and looks of the connector; each opens nothing that it does not need.
#pragma once

#include "connect/connector.hpp"
#include "connect/draining.hpp"
#include "connect/glewlwyd/accounts.hpp"
#include "connect/glewlwyd/api.hpp"
#include "connect/glewlwyd/draining.hpp"

namespace exeunt::connect::glewlwyd {

[[nodiscard]] base::Result<model::Inventory> list_paths(Api& api, const InventoryRequest& request, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> apply_action(Api& api, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<Observation> observe_node(Api& api, IssuingEnds& ends, const model::Node& target, const Until& until);
[[nodiscard]] base::Result<SignInListing> list_sign_ins(Api& api, const SignInRequest& request, const Until& until);
[[nodiscard]] base::Result<CheckReport> check_provider(Api& api, const Until& until);

[[nodiscard]] std::string login_hint(const model::Node& node);

}  // namespace exeunt::connect::glewlwyd
