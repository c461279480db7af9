// A stand-in for a real system whose state and effects live in another process (lab/simulated_systems.py). Come here for tests of the engine that
// end processes, lose answers or need many accounts; it says "simulated" wherever it is named.
//
// Kinds of path, probe means, refusals and grades are those of the model's own catalogue (connect/<model>/catalogue.cpp).
#pragma once

#include <string>
#include <vector>

#include "connect/connector.hpp"
#include "connect/simulated/wire.hpp"

namespace exeunt::connect::simulated {

class Simulated final : public Connector {
 public:
  Simulated(model::SystemId id, std::string system_model, model::Catalogue catalogue, Wire wire, const base::Clock& clock);

  [[nodiscard]] const model::Catalogue& catalogue() const override { return catalogue_; }
  [[nodiscard]] base::Result<CheckReport> check(const Deadline& deadline) override;
  [[nodiscard]] base::Result<AccountListing> accounts(const Deadline& deadline) override;
  [[nodiscard]] base::Result<model::Inventory> inventory(const InventoryRequest& request) override;
  [[nodiscard]] base::Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<BeforeImage> before(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<RestoreLook> look_restored(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<Observation> observe(const model::Node& target, const Deadline& deadline) override;
  [[nodiscard]] base::Result<ProbeResult> probe(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<std::unique_ptr<Witness>> open_witness(const WitnessRequest& request) override;
  [[nodiscard]] base::Result<std::unique_ptr<Witness>> open_control_witness(model::NodeKind kind, const Deadline& deadline) override;
  [[nodiscard]] base::Result<SignInListing> sign_ins(const SignInRequest& request) override;
  [[nodiscard]] base::Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) override;

 private:
  struct Rows {
    base::JsonArray rows;
    model::Completeness completeness = model::Completeness::none;
    std::string reason;
  };
  [[nodiscard]] base::Result<Rows> all_pages(base::JsonObject question, const Deadline& deadline) const;
  [[nodiscard]] base::Status add_listing(model::NodeKind kind, const std::string& account, const InventoryRequest& request,
                                         model::Inventory& out) const;
  [[nodiscard]] base::Status add_secret(const model::Node& secret, const InventoryRequest& request, model::Inventory& out) const;
  [[nodiscard]] base::Status add_row(const base::Json& row, model::Inventory& out) const;
  [[nodiscard]] base::Result<ProbeResult> ask_probe(const char* operation, const ProbeRequest& request) const;

  const model::SystemId id_;
  const std::string system_model_;
  const model::Catalogue catalogue_;
  const Wire wire_;
  const base::Clock& clock_;
};

}  // namespace exeunt::connect::simulated
