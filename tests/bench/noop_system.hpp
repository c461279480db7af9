// A system that says yes and costs nothing, and whose gate answers as one that obeys would: what is measured is Exeunt, not a server.
#pragma once

#include "connect/connector.hpp"

namespace exeunt::bench {

/// Holds no state. Admitted before, refused after, the control identity always admitted.
class NoopSystem final : public connect::Connector {
 public:
  NoopSystem();
  const model::Catalogue& catalogue() const override { return catalogue_; }
  base::Result<connect::CheckReport> check(const connect::Deadline& deadline) override;
  base::Result<connect::AccountListing> accounts(const connect::Deadline& deadline) override;
  base::Result<model::Inventory> inventory(const connect::InventoryRequest& request) override;
  base::Result<connect::ApplyOutcome> apply(const connect::ApplyRequest& request) override;
  base::Result<connect::Observation> observe(const model::Node& target, const connect::Deadline& deadline) override;
  base::Result<connect::ProbeResult> probe(const connect::ProbeRequest& request) override;
  base::Result<connect::ProbeResult> probe_control(const connect::ProbeRequest& request) override;
  base::Result<std::vector<model::NodeKey>> own_accounts(const connect::Deadline& deadline) override;

 private:
  model::Catalogue catalogue_;
};

}  // namespace exeunt::bench
