// What every connector's fake must show before the connector may touch a real system. A fake keeps its effects outside of the connector and can lose
// answers; ConformanceBench is how the suite drives it. Pure of any test framework: the caller checks that `findings` is empty.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/connector.hpp"

namespace exeunt::connect {

/// A fault of the system or of the way to it, switched on at the bench.
enum class Fault {
  none = 0,
  answer_lost_after = 1,   // the next change takes effect, then its answer is lost
  answer_lost_before = 2,  // the next change is lost before it has effect
  silent_no_op = 3,        // every change is acknowledged and changes nothing
  down = 4,
  listing_cut_said = 5,    // every listing ends after its first page, and says so
  listing_cut_unsaid = 6,  // … and does not say so
  prober_broken = 7,       // what the probes stand on (our own credentials, our network) is refused
};

/// An action and a kind of path that is over after it.
struct ConformanceCut {
  model::Action action = model::Action::attest;
  model::Node target;  // as a plan step names it
  model::NodeKind path = model::NodeKind::account;
};

class ConformanceBench {
 public:
  virtual ~ConformanceBench() = default;
  /// The company as founded: nothing cut, no fault. The connector lives as long as the bench.
  [[nodiscard]] virtual base::Result<Connector*> fresh() = 0;
  /// unimplemented where this fake cannot have that fault: the suite then says what it skipped.
  [[nodiscard]] virtual base::Status set(Fault fault) = 0;
  /// Everything outside of the connector that a change can change. Equal text: nothing differs.
  [[nodiscard]] virtual base::Result<std::string> outside() = 0;
  [[nodiscard]] virtual std::vector<ConformanceCut> cuts() = 0;
  [[nodiscard]] virtual InventoryRequest subject() = 0;
  /// Present value of a shared secret.
  [[nodiscard]] virtual base::Result<base::Secret> present_value(const model::Node& secret) = 0;
  /// A path of that kind that never existed; nullopt where the system itself cannot tell it from one that is over.
  [[nodiscard]] virtual std::optional<model::Node> nonexistent(model::NodeKind kind) = 0;
  /// Another account with a session: what ends on it must leave a witness on the subject's alone. Asked for only where an action opens witnesses.
  [[nodiscard]] virtual std::optional<model::Node> another() { return std::nullopt; }
  /// The subject signs in, successfully, now. unimplemented: the suite leaves sign-ins to the connector's own tests.
  [[nodiscard]] virtual base::Status sign_in() { return base::fail(base::Code::unimplemented, "no sign-in on this bench"); }
  /// From now on what sign-ins are read from can be read, or not. Only where `sign_in` is there.
  [[nodiscard]] virtual base::Status let_sign_ins_be_read(bool) { return {}; }
};

struct ConformanceReport {
  int checks = 0;
  std::vector<std::string> findings;  // empty: conforms
  std::vector<std::string> skipped;   // say these aloud
};

/// Blocks while it runs the bench through every fault, each time from `fresh`.
[[nodiscard]] ConformanceReport run_conformance(ConformanceBench& bench);

}  // namespace exeunt::connect
