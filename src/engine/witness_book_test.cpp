#include "engine/witness_book.hpp"

#include <doctest/doctest.h>

namespace exeunt::engine {
namespace {

using model::NodeKind;
using model::PathState;
using model::ProbeAnswer;

model::Node node(NodeKind kind, const std::string& id) {
  model::Node out;
  out.key = {model::SystemId("warehouse"), kind, id};
  return out;
}

/// Answers what the test says, from outside.
class Held final : public connect::Witness {
 public:
  Held(model::Node node, const ProbeAnswer& answer, int& uses) : node_(std::move(node)), answer_(answer), uses_(uses) {}
  const model::Node& node() const override { return node_; }
  connect::ProbeResult use(const connect::Deadline&) override {
    ++uses_;
    return {answer_, model::ProbeMeans::witness, "", ""};
  }

 private:
  model::Node node_;
  const ProbeAnswer& answer_;
  int& uses_;
};

/// A system that can do one thing: say whether something is listed.
class Listing final : public connect::Connector {
 public:
  bool shows = true;
  const model::Catalogue& catalogue() const override { return catalogue_; }
  base::Result<connect::CheckReport> check(const connect::Deadline&) override { return connect::CheckReport{}; }
  base::Result<connect::AccountListing> accounts(const connect::Deadline&) override { return connect::AccountListing{}; }
  base::Result<model::Inventory> inventory(const connect::InventoryRequest&) override { return model::Inventory{}; }
  base::Result<connect::ApplyOutcome> apply(const connect::ApplyRequest&) override { return connect::ApplyOutcome{}; }
  base::Result<connect::Observation> observe(const model::Node&, const connect::Deadline&) override {
    connect::Observation out;
    out.presence = shows ? connect::Presence::present : connect::Presence::absent;
    out.listing = model::Completeness::full;
    return out;
  }
  base::Result<connect::ProbeResult> probe(const connect::ProbeRequest&) override { return connect::ProbeResult{}; }
  base::Result<connect::ProbeResult> probe_control(const connect::ProbeRequest&) override { return connect::ProbeResult{}; }
  base::Result<std::vector<model::NodeKey>> own_accounts(const connect::Deadline&) override { return std::vector<model::NodeKey>{}; }

 private:
  model::Catalogue catalogue_;
};

struct Bench {
  model::Node account = node(NodeKind::account, "1");
  model::Node hers = node(NodeKind::session, "hers");
  model::Node ours = node(NodeKind::session, "ours");
  ProbeAnswer witness = ProbeAnswer::admitted;
  ProbeAnswer control = ProbeAnswer::admitted;
  int witness_uses = 0, control_uses = 0;
  Listing system;
  WitnessBook book;

  void open() {
    book.keep(account.id(), std::make_unique<Held>(ours, witness, witness_uses),
              std::make_unique<Held>(node(NodeKind::session, "control"), control, control_uses));
  }
  std::optional<WitnessSight> before(const std::vector<model::Node>& listed) {
    return book.use_before(account.id(), NodeKind::session, listed);
  }
  void end() {
    witness = ProbeAnswer::refused;
    system.shows = false;
  }
  Verdict verdict_on(const model::Node& path) {
    const auto sight = book.look(account.id(), NodeKind::session, system);
    REQUIRE(sight);
    WitnessEvidence evidence = evidence_of(*sight, path);
    evidence.path = {Listed::gone, model::Completeness::full};
    return judge(evidence);
  }
};

TEST_CASE("witness book: held beside hers, then refused: witnessed, and the witness is used no more") {
  Bench bench;
  bench.open();
  REQUIRE(bench.before({bench.hers, bench.ours}));
  bench.end();
  CHECK(bench.verdict_on(bench.hers).grade == model::Grade::witnessed);
  CHECK(bench.verdict_on(bench.ours).grade == model::Grade::witnessed);
  CHECK(bench.witness_uses == 2);
  CHECK(bench.control_uses == 2);
  CHECK_FALSE(bench.before({bench.hers, bench.ours}));
}

TEST_CASE("witness book: planted: a witness opened after the cut shows nothing") {
  Bench bench;
  bench.open();  // no use before a call: there was none after it
  bench.end();
  CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
  CHECK(bench.verdict_on(bench.ours).state == PathState::unknown);
}

TEST_CASE("witness book: planted: without a control, or with one that died too, nothing is shown") {
  for (const bool there : {false, true}) {
    CAPTURE(there);
    Bench bench;
    if (there)
      bench.open();
    else
      bench.book.keep(bench.account.id(), std::make_unique<Held>(bench.ours, bench.witness, bench.witness_uses), nullptr);
    REQUIRE(bench.before({bench.hers, bench.ours}));
    bench.end();
    bench.control = ProbeAnswer::refused;
    CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
  }
}

TEST_CASE("witness book: one that died before the call shows nothing, and cannot be made up for") {
  Bench bench;
  bench.open();
  bench.end();
  REQUIRE(bench.before({bench.hers, bench.ours}));
  CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
  CHECK_FALSE(bench.before({bench.hers, bench.ours}));
}

TEST_CASE("witness book: a session that came after the witness was refused is not witnessed by it") {
  Bench bench;
  bench.open();
  REQUIRE(bench.before({bench.hers, bench.ours}));
  bench.end();
  CHECK(bench.verdict_on(bench.hers).grade == model::Grade::witnessed);
  CHECK(bench.verdict_on(node(NodeKind::session, "later")).state == PathState::unknown);
}

TEST_CASE("witness book: a later session from the same address is another one") {
  Bench bench;
  bench.open();
  bench.hers.facts["pid"] = "7";
  REQUIRE(bench.before({bench.hers, bench.ours}));
  bench.end();
  CHECK(bench.verdict_on(bench.hers).grade == model::Grade::witnessed);
  bench.hers.facts["pid"] = "8";
  CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
}

TEST_CASE("witness book: a witness that the listing does not show beside hers shows nothing of them") {
  Bench bench;
  bench.open();
  REQUIRE(bench.before({bench.hers}));
  bench.end();
  CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
}

TEST_CASE("witness book: after a call without effect the witness is live, and what a second call ends is witnessed") {
  Bench bench;
  bench.open();
  REQUIRE(bench.before({bench.hers, bench.ours}));
  CHECK(bench.verdict_on(bench.ours).state == PathState::live);
  CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
  REQUIRE(bench.before({bench.hers, bench.ours}));
  bench.end();
  CHECK(bench.verdict_on(bench.hers).grade == model::Grade::witnessed);
}

TEST_CASE("witness book: only our way to the system broke: still listed, so nothing is shown") {
  Bench bench;
  bench.open();
  REQUIRE(bench.before({bench.hers, bench.ours}));
  bench.witness = ProbeAnswer::refused;
  CHECK(bench.verdict_on(bench.hers).state == PathState::unknown);
  CHECK(bench.verdict_on(bench.ours).state == PathState::unknown);
}

}  // namespace
}  // namespace exeunt::engine
