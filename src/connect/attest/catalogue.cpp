#include "connect/attest/catalogue.hpp"

namespace exeunt::connect {
namespace {

using model::Action;
using model::NodeKind;

model::ActionSpec task(Action action, std::vector<NodeKind> covers, std::string why) {
  model::ActionSpec spec;
  spec.action = action;
  spec.target = NodeKind::resource;
  spec.covers = std::move(covers);
  spec.stage = action == Action::review ? model::Stage::continuity : model::Stage::devices;
  spec.reversible = true;
  spec.why = std::move(why);
  return spec;
}

model::PathSpec attested(NodeKind kind) {
  model::PathSpec spec;
  spec.kind = kind;
  spec.means = {model::ProbeMeans::read_back};
  spec.refusal = "the named person's answer with the hash of a proof";
  spec.best = model::Grade::attested;
  spec.settle = base::Duration{0};
  spec.settle_source = "a person's word does not settle";
  return spec;
}

}  // namespace

model::Catalogue attest_catalogue() {
  model::Catalogue out;
  out.kind = "attest";
  out.version = 1;
  out.actions = {
      task(Action::attest, {NodeKind::resource, NodeKind::device, NodeKind::licence}, "nothing but a person can collect or close this"),
      task(Action::review, {NodeKind::resource, NodeKind::automation},
           "code that changes hands runs with the new owner's rights: a person looks first")};
  for (const auto kind : {NodeKind::resource, NodeKind::device, NodeKind::licence, NodeKind::automation})
    out.paths.push_back(attested(kind));
  out.gaps = {"a person's word: nothing is tried"};
  return out;
}

}  // namespace exeunt::connect
