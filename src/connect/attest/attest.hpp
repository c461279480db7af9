// What no program can end: a task for a named person, with a deadline and a proof. Files in one folder, so that any ticket system can join.
//
// | kind of path | means | what refusal looks like | best grade | settle | gaps |
// |---|---|---|---|---|---|
// | any kind that a task names (device, licence, grant, …) | read_back: the person's answer | `<task>.done.json` by the named person, with the hash of a proof | attested | none | a person's word; the file's own rights are all that says who wrote it |
//
// tasks_dir/<task>.json       written by us:    {"task","for","words","due","asked_at","subject"}
// tasks_dir/<task>.done.json  written for them: {"by","proof_sha256","at"}; `by` is the named person, never the subject; `at` not before asked_at
// tasks_dir/<task>.proof      optional: then its SHA-256 must be proof_sha256
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect {

struct AttestSettings {
  model::SystemId system;
  std::filesystem::path folder;
};
/// `tasks_dir`, or `tasks` beside `tasks_file`.
[[nodiscard]] base::Result<AttestSettings> read_attest_settings(const SystemConfig& config);

class Attest final : public Connector {
 public:
  Attest(AttestSettings settings, const base::Clock& clock);

  [[nodiscard]] const model::Catalogue& catalogue() const override { return catalogue_; }
  [[nodiscard]] base::Result<CheckReport> check(const Deadline& deadline) override;
  [[nodiscard]] base::Result<AccountListing> accounts(const Deadline& deadline) override;
  [[nodiscard]] base::Result<model::Inventory> inventory(const InventoryRequest& request) override;
  /// attest, review: writes the task once; asked again, nothing changes. Facts: assignee, words, due_ms, subject.
  [[nodiscard]] base::Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  /// absent (attested) once the named person has answered; present while not; unknown when an answer does not hold, with words why.
  [[nodiscard]] base::Result<Observation> observe(const model::Node& target, const Deadline& deadline) override;
  [[nodiscard]] base::Result<ProbeResult> probe(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) override;

 private:
  [[nodiscard]] std::filesystem::path file_of(const model::Node& target, std::string_view ending) const;
  AttestSettings settings_;
  const base::Clock& clock_;
  model::Catalogue catalogue_;
};

}  // namespace exeunt::connect
