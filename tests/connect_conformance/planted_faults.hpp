// Connectors with one fault each: the conformance suite counts only because it was seen to catch them.
#pragma once

#include "connect_conformance/simulated_bench.hpp"

namespace exeunt::testing {

enum class Planted {
  probe_is_blind_and_refuses = 1,  // a wrong password taken for a refusal: the same for alive and cut
  probe_is_blind_and_admits = 2,
  acknowledged_is_refused = 3,     // success of the call taken for a refusal
  lost_answer_is_unavailable = 4,  // "nothing happened" said of what may have happened
  lost_answer_is_success = 5,
  first_page_is_full = 6,
  control_is_always_admitted = 7,
  control_is_missing = 8,
  secret_in_words = 9,
  repeat_fails = 10,
  down_is_refused = 11,
  catalogue_without_path = 12,
  witness_never_refused = 14,    // answers from memory, not from the system
  witness_refused_at_once = 15,  // whatever does not answer in its way is taken for refused
  witness_of_the_shut = 16,      // opened where the account is shut already
  sign_ins_never_fail = 17,      // a log that cannot be read taken for an empty one
  reset_without_lock = 13,       // an OpenLDAP catalogue whose reset does not set the lock again
};

/// The bench of a simulated system with a faulty connector in front of it.
class FaultyBench final : public connect::ConformanceBench {
 public:
  FaultyBench(const std::string& system_model, Planted planted);
  ~FaultyBench() override;

  [[nodiscard]] base::Result<connect::Connector*> fresh() override;
  [[nodiscard]] base::Status set(connect::Fault fault) override { return inner_.set(fault); }
  [[nodiscard]] base::Result<std::string> outside() override { return inner_.outside(); }
  [[nodiscard]] std::vector<connect::ConformanceCut> cuts() override { return inner_.cuts(); }
  [[nodiscard]] connect::InventoryRequest subject() override { return inner_.subject(); }
  [[nodiscard]] base::Result<base::Secret> present_value(const model::Node& secret) override { return inner_.present_value(secret); }
  [[nodiscard]] std::optional<model::Node> nonexistent(model::NodeKind kind) override { return inner_.nonexistent(kind); }
  [[nodiscard]] std::optional<model::Node> another() override { return inner_.another(); }
  [[nodiscard]] base::Status sign_in() override { return inner_.sign_in(); }
  [[nodiscard]] base::Status let_sign_ins_be_read(bool readable) override { return inner_.let_sign_ins_be_read(readable); }

 private:
  SimulatedBench inner_;
  Planted planted_;
  std::unique_ptr<connect::Connector> faulty_;
};

}  // namespace exeunt::testing
