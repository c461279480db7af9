// The simulated systems as a bench of the conformance suite.
#pragma once

#include <memory>
#include <string>

#include "base/random.hpp"
#include "connect/conformance.hpp"
#include "connect_conformance/simulated_server.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::testing {

class SimulatedBench final : public connect::ConformanceBench {
 public:
  explicit SimulatedBench(std::string system_model);

  [[nodiscard]] base::Result<connect::Connector*> fresh() override;
  [[nodiscard]] base::Status set(connect::Fault fault) override;
  [[nodiscard]] base::Result<std::string> outside() override;
  [[nodiscard]] std::vector<connect::ConformanceCut> cuts() override;
  [[nodiscard]] connect::InventoryRequest subject() override;
  [[nodiscard]] base::Result<base::Secret> present_value(const model::Node& secret) override;
  [[nodiscard]] std::optional<model::Node> nonexistent(model::NodeKind kind) override;
  [[nodiscard]] std::optional<model::Node> another() override { return another_; }
  [[nodiscard]] base::Status sign_in() override;
  [[nodiscard]] base::Status let_sign_ins_be_read(bool readable) override;

  [[nodiscard]] const SimulatedServer& server() const { return *server_; }
  [[nodiscard]] const model::Node& account() const { return account_; }  // the subject's

 private:
  [[nodiscard]] model::Node node(model::NodeKind kind, std::string native_id) const;
  [[nodiscard]] model::Node secret() const;

  std::string system_model_;
  TemporaryFolder folder_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<SimulatedServer> server_;
  std::unique_ptr<connect::Connector> connector_;
  model::Node account_, another_;
};

}  // namespace exeunt::testing
