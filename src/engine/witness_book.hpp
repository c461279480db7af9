// Sessions of ours on the accounts of a case (probes.md, "witness"), held from just before an account is shut until they are refused. They live
// in this process only: what an earlier one opened shows nothing here, and ends like every other session on the account.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connect/connector.hpp"
#include "engine/verdict.hpp"

namespace exeunt::engine {

struct WitnessSight {
  model::Node node;
  std::map<model::NodeId, std::map<std::string, std::string>>
      beside;                                                  // with facts: listed with it just before the call that was to end all
  std::optional<connect::ProbeResult> before, control_before;  // used just before that call
  std::optional<connect::ProbeResult> after, control;          // and after it; the control in the moment of the refusal
  std::optional<connect::Observation> listed;                  // whether it is still listed, once it was refused
};

[[nodiscard]] ListedNow listed_now(const connect::Observation& look);
/// What the witness says of that path, named by id and facts: an address may be used again. `path.listed` is the caller's to fill in.
[[nodiscard]] WitnessEvidence evidence_of(const WitnessSight& sight, const model::Node& path);

/// Thread-safe; blocks on the system while a witness is used.
class WitnessBook {
 public:
  WitnessBook() = default;
  ~WitnessBook();  // closes what is still held
  WitnessBook(const WitnessBook&) = delete;
  WitnessBook& operator=(const WitnessBook&) = delete;

  /// From now on the witness of that account. `control` may be null: then it never shows anything.
  void keep(const model::NodeId& account, std::unique_ptr<connect::Witness> witness, std::unique_ptr<connect::Witness> control);
  [[nodiscard]] bool holds(const model::NodeId& account, model::NodeKind kind) const;
  /// Just before the call that is to end what is `listed`: uses witness and control. nullopt: there is none, or it was refused already.
  [[nodiscard]] std::optional<WitnessSight> use_before(const model::NodeId& account, model::NodeKind kind,
                                                       const std::vector<model::Node>& listed);
  /// After it: uses the witness until it is refused, then the control once, and lets both go. nullopt: there is none.
  [[nodiscard]] std::optional<WitnessSight> look(const model::NodeId& account, model::NodeKind kind, connect::Connector& connector);
  /// True at the first time: the same gap is said once in a run.
  [[nodiscard]] bool first_time(const std::string& words);

 private:
  struct Held {
    std::mutex mutex;
    std::unique_ptr<connect::Witness> witness, control;
    WitnessSight sight;
  };
  using Key = std::pair<model::NodeId, model::NodeKind>;
  [[nodiscard]] Held* find(const model::NodeId& account, model::NodeKind kind) const;

  mutable std::mutex mutex_;
  std::map<Key, std::unique_ptr<Held>> held_;  // never taken out while the run lives
  std::set<std::string> said_;
};

}  // namespace exeunt::engine
