// What this connector does in a realm, call by call.
#pragma once

#include "connect/connector.hpp"
#include "connect/draining.hpp"
#include "connect/kerberos/draining.hpp"
#include "connect/kerberos/kadmin.hpp"
#include "connect/kerberos/settings.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::kerberos {

inline constexpr const char* k_tickets_suffix =
    " tickets";  // of the one token node; a principal's name has its spaces where it ends in a realm

/// K/M, krbtgt, kadmin/*, our own principal and the control: what the realm or Exeunt stands on.
[[nodiscard]] bool is_foundation(const Settings& settings, const std::string& native_id);

[[nodiscard]] base::Result<AccountListing> list_accounts(const Settings& settings, const base::Clock& clock, const Until& until);
[[nodiscard]] base::Result<model::Inventory> list_paths(const Settings& settings, const base::Clock& clock, const InventoryRequest& request,
                                                        const Until& until);
[[nodiscard]] base::Result<Observation> observe_node(const Settings& settings, const base::Clock& clock, IssuingEnds& gone,
                                                     const model::Node& target, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> apply_action(const Settings& settings, const ApplyRequest& request, const Until& until);
// restore.cpp
[[nodiscard]] base::Result<BeforeImage> image_before(const Settings& settings, const base::Clock& clock, const ApplyRequest& request,
                                                     const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> restore_account(Kadmin& kadmin, const Settings& settings, const ApplyRequest& request);
[[nodiscard]] base::Result<RestoreLook> look_restored(const Settings& settings, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<ProbeResult> probe_gate(const Settings& settings, const std::string& native_id, bool was_listed,
                                                   const Until& until);
[[nodiscard]] base::Result<SignInListing> list_sign_ins(const Settings& settings, const base::Clock& clock, const SignInRequest& request,
                                                        const Until& until);
[[nodiscard]] base::Result<CheckReport> check_realm(const Settings& settings, const base::Clock& clock, const Until& until);

}  // namespace exeunt::connect::kerberos
