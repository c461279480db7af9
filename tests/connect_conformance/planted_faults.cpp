#include "connect_conformance/planted_faults.hpp"

#include <set>

namespace exeunt::testing {
namespace {

using base::Code;
using base::Result;
using model::ProbeAnswer;

class FaultyWitness final : public connect::Witness {
 public:
  FaultyWitness(std::unique_ptr<connect::Witness> inner, ProbeAnswer says) : inner_(std::move(inner)), says_(says) {}
  const model::Node& node() const override { return inner_->node(); }
  connect::ProbeResult use(const connect::Deadline&) override { return {says_, model::ProbeMeans::witness, "planted", ""}; }

 private:
  std::unique_ptr<connect::Witness> inner_;
  ProbeAnswer says_;
};

class FaultyConnector final : public connect::Connector {
 public:
  FaultyConnector(connect::Connector& inner, Planted planted) : inner_(inner), planted_(planted), catalogue_(inner.catalogue()) {
    if (planted == Planted::catalogue_without_path) catalogue_.paths.pop_back();
    for (auto& action : catalogue_.actions) {
      if (planted == Planted::reset_without_lock && action.action == model::Action::replace_password) action.reasserts = false;
    }
    if (planted == Planted::reset_without_lock) catalogue_.laws.clear();
  }

  const model::Catalogue& catalogue() const override { return catalogue_; }
  Result<connect::CheckReport> check(const connect::Deadline& deadline) override { return inner_.check(deadline); }

  Result<connect::AccountListing> accounts(const connect::Deadline& deadline) override {
    auto listing = inner_.accounts(deadline);
    if (listing && planted_ == Planted::first_page_is_full) listing->completeness = model::Completeness::full;
    return listing;
  }

  Result<model::Inventory> inventory(const connect::InventoryRequest& request) override {
    auto inventory = inner_.inventory(request);
    if (!inventory || planted_ != Planted::first_page_is_full) return inventory;
    for (auto& listing : inventory->listings) listing.completeness = model::Completeness::full;
    return inventory;
  }

  Result<connect::ApplyOutcome> apply(const connect::ApplyRequest& request) override {
    if (planted_ == Planted::repeat_fails && !applied_.insert(request.action).second)
      return base::fail(Code::not_found, "nothing there any more");
    auto outcome = inner_.apply(request);
    if (outcome && planted_ == Planted::secret_in_words && request.new_secret != nullptr)
      outcome->words += " with " + request.new_secret->reveal();
    if (outcome) acknowledged_ = true;
    if (outcome || outcome.error().code != Code::outcome_unknown) return outcome;
    if (planted_ == Planted::lost_answer_is_unavailable) return base::fail(Code::unavailable, "timed out");
    if (planted_ == Planted::lost_answer_is_success) return connect::ApplyOutcome{"sent", {}, 1};
    return outcome;
  }

  Result<connect::Observation> observe(const model::Node& target, const connect::Deadline& deadline) override {
    if (planted_ == Planted::acknowledged_is_refused && acknowledged_)
      return connect::Observation{connect::Presence::absent, model::Grade::read_back, ""};
    return inner_.observe(target, deadline);
  }

  Result<connect::ProbeResult> probe(const connect::ProbeRequest& request) override {
    auto result = inner_.probe(request);
    if (planted_ == Planted::probe_is_blind_and_refuses) result->answer = ProbeAnswer::refused;
    if (planted_ == Planted::probe_is_blind_and_admits) result->answer = ProbeAnswer::admitted;
    if (planted_ == Planted::acknowledged_is_refused && acknowledged_) result->answer = ProbeAnswer::refused;
    if (planted_ == Planted::down_is_refused && result->answer == ProbeAnswer::unknown) result->answer = ProbeAnswer::refused;
    return result;
  }

  Result<connect::ProbeResult> probe_control(const connect::ProbeRequest& request) override {
    if (planted_ == Planted::control_is_missing) return base::fail(Code::unimplemented, "no control identity");
    auto result = inner_.probe_control(request);
    if (result && planted_ == Planted::control_is_always_admitted) result->answer = ProbeAnswer::admitted;
    return result;
  }

  Result<std::unique_ptr<connect::Witness>> open_witness(const connect::WitnessRequest& request) override {
    auto witness = inner_.open_witness(request);
    if (!witness && planted_ == Planted::witness_of_the_shut) return inner_.open_control_witness(request.kind, request.deadline);
    if (!witness) return witness;
    using Held = std::unique_ptr<connect::Witness>;
    if (planted_ == Planted::witness_never_refused)
      return Held(std::make_unique<FaultyWitness>(std::move(*witness), ProbeAnswer::admitted));
    if (planted_ == Planted::witness_refused_at_once)
      return Held(std::make_unique<FaultyWitness>(std::move(*witness), ProbeAnswer::refused));
    return witness;
  }
  Result<std::unique_ptr<connect::Witness>> open_control_witness(model::NodeKind kind, const connect::Deadline& deadline) override {
    return inner_.open_control_witness(kind, deadline);
  }

  Result<connect::SignInListing> sign_ins(const connect::SignInRequest& request) override {
    auto listing = inner_.sign_ins(request);
    if (planted_ != Planted::sign_ins_never_fail || (listing && listing->completeness == model::Completeness::full)) return listing;
    connect::SignInListing nothing;
    nothing.completeness = model::Completeness::full;
    return nothing;
  }

  Result<std::vector<model::NodeKey>> own_accounts(const connect::Deadline& deadline) override { return inner_.own_accounts(deadline); }

 private:
  connect::Connector& inner_;
  Planted planted_;
  model::Catalogue catalogue_;
  std::set<model::Action> applied_;
  bool acknowledged_ = false;
};

}  // namespace

FaultyBench::FaultyBench(const std::string& system_model, Planted planted) : inner_(system_model), planted_(planted) {}
FaultyBench::~FaultyBench() = default;

Result<connect::Connector*> FaultyBench::fresh() {
  EXEUNT_TRY_ASSIGN(connect::Connector* const inner, inner_.fresh());
  faulty_ = std::make_unique<FaultyConnector>(*inner, planted_);
  return faulty_.get();
}

}  // namespace exeunt::testing
