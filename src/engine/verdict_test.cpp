#include "engine/verdict.hpp"

#include <doctest/doctest.h>

namespace exeunt::engine {
namespace {

using model::Grade;
using model::PathState;
using model::ProbeAnswer;
using model::ProbeMeans;

ProbeEvidence sound() {
  ProbeEvidence evidence;
  evidence.means = ProbeMeans::own;
  evidence.before = ProbeAnswer::admitted;
  evidence.after = ProbeAnswer::refused;
  evidence.control = ProbeAnswer::admitted;
  return evidence;
}

TEST_CASE("verdict: admitted before, refused after, control admitted is the only way to refused") {
  CHECK(judge(sound()).state == PathState::ended);
  CHECK(judge(sound()).grade == Grade::refused);
  CHECK(judge(sound()).control == "held");
}

TEST_CASE("verdict: every combination without the three conditions is not refused") {
  const std::optional<ProbeAnswer> answers[] = {std::nullopt, ProbeAnswer::refused, ProbeAnswer::admitted, ProbeAnswer::unknown};
  int refused = 0;
  for (const ProbeMeans means : model::all<ProbeMeans>())
    for (const bool counts : {false, true})
      for (const auto& before : answers)
        for (const auto& before_control : answers)
          for (const ProbeAnswer after : model::all<ProbeAnswer>())
            for (const auto& control : answers) {
              const Verdict verdict = judge({means, counts, before, before_control, after, control});
              const bool can = means == ProbeMeans::own || means == ProbeMeans::gate || means == ProbeMeans::twin;
              const bool open = before == ProbeAnswer::admitted || (counts && before_control == ProbeAnswer::admitted);
              const bool wanted = can && open && after == ProbeAnswer::refused && control == ProbeAnswer::admitted;
              CAPTURE(static_cast<int>(means));
              CAPTURE(static_cast<int>(after));
              CHECK((verdict.grade == Grade::refused) == wanted);
              CHECK((verdict.state == PathState::ended) == wanted);
              if (after == ProbeAnswer::admitted) CHECK(verdict.state == PathState::live);
              refused += wanted ? 1 : 0;
            }
  CHECK(refused > 0);
}

TEST_CASE("verdict: an answer without a control is unknown") {
  ProbeEvidence evidence = sound();
  evidence.control.reset();
  CHECK(judge(evidence).state == PathState::unknown);
  CHECK(judge(evidence).control == "missing");
}

TEST_CASE("verdict: a gate that refuses everybody shows nothing") {
  ProbeEvidence evidence = sound();
  evidence.control = ProbeAnswer::refused;
  CHECK(judge(evidence).state == PathState::unknown);
  CHECK(judge(evidence).control == "failed");
}

TEST_CASE("verdict: a probe that answers the same for alive and cut never reads refused") {
  ProbeEvidence evidence = sound();
  evidence.before = ProbeAnswer::refused;
  CHECK(judge(evidence).state == PathState::unknown);
}

using model::Completeness;

WitnessEvidence witnessed() {
  WitnessEvidence evidence;
  evidence.beside = true;
  evidence.before = evidence.control_before = ProbeAnswer::admitted;
  evidence.after = ProbeAnswer::refused;
  evidence.control = ProbeAnswer::admitted;
  evidence.path = evidence.witness = {Listed::gone, Completeness::full};
  return evidence;
}

TEST_CASE("verdict: a witness that held beside hers and is refused, control held, both gone from full listings: witnessed") {
  for (const bool ours : {false, true}) {
    WitnessEvidence evidence = witnessed();
    evidence.ours = ours;
    CHECK(judge(evidence).state == PathState::ended);
    CHECK(judge(evidence).grade == Grade::witnessed);
    CHECK(judge(evidence).control == "held");
  }
}

TEST_CASE("verdict: every combination that lacks one of the conditions is not witnessed, and a witness never reads refused") {
  const std::optional<ProbeAnswer> answers[] = {std::nullopt, ProbeAnswer::refused, ProbeAnswer::admitted, ProbeAnswer::unknown};
  std::vector<ListedNow> listed;
  for (const Listed now : {Listed::unknown, Listed::present, Listed::gone})
    for (const Completeness listing : model::all<Completeness>()) listed.push_back({now, listing});
  const auto gone = [](const ListedNow& now) { return now.listed == Listed::gone && now.listing == Completeness::full; };
  int found = 0;
  int wrong = 0;  // counted, not checked one by one: there are 147,456 of them
  for (const bool ours : {false, true})
    for (const bool beside : {false, true})
      for (const auto& before : answers)
        for (const auto& control_before : answers)
          for (const auto& after : answers)
            for (const auto& control : answers)
              for (const auto& path : listed)
                for (const auto& witness : listed) {
                  const Verdict verdict = judge({ours, beside, before, control_before, after, control, path, witness});
                  const bool wanted = beside && before == ProbeAnswer::admitted && control_before == ProbeAnswer::admitted &&
                                      after == ProbeAnswer::refused && control == ProbeAnswer::admitted && gone(path) && gone(witness);
                  const bool live = path.listed == Listed::present || (ours && after == ProbeAnswer::admitted);
                  const PathState state = live ? PathState::live : wanted ? PathState::ended : PathState::unknown;
                  wrong += verdict.state == state && verdict.grade == (wanted ? Grade::witnessed : Grade::unknown) ? 0 : 1;
                  found += wanted ? 1 : 0;
                }
  CHECK(wrong == 0);
  CHECK(found == 2);
}

TEST_CASE("verdict: what was witnessed earlier stays so only while a full listing goes on not to show it") {
  for (const bool ours : {false, true})
    for (const Listed now : {Listed::unknown, Listed::present, Listed::gone})
      for (const Completeness listing : model::all<Completeness>()) {
        WitnessEvidence evidence = evidence_of_earlier(ours);
        evidence.path = {now, listing};
        const bool still = now == Listed::gone && listing == Completeness::full;
        const PathState state = still ? PathState::ended : now == Listed::present ? PathState::live : PathState::unknown;
        CHECK(judge(evidence).state == state);
        CHECK(judge(evidence).grade == (still ? Grade::witnessed : Grade::unknown));
      }
  CHECK(judge(evidence_of_earlier(false)).state == PathState::unknown);
}

TEST_CASE("verdict: what a witness does not show, in words") {
  struct Row {
    void (*planted)(WitnessEvidence&);
    PathState state;
    const char* words;
  };
  const Row rows[] = {
      {[](WitnessEvidence& e) { e.after = ProbeAnswer::admitted; }, PathState::unknown, "still admitted"},       // silent no-op
      {[](WitnessEvidence& e) { e.before = ProbeAnswer::refused; }, PathState::unknown, "not admitted beside"},  // died before the cut
      {[](WitnessEvidence& e) { e.beside = false; }, PathState::unknown, "not admitted beside"},                 // opened after the cut
      {[](WitnessEvidence& e) { e.control.reset(); }, PathState::unknown, "without a control"},
      {[](WitnessEvidence& e) { e.control = ProbeAnswer::refused; }, PathState::unknown, "so is the control"},  // the server went down
      {[](WitnessEvidence& e) { e.control_before = ProbeAnswer::unknown; }, PathState::unknown, "without a control"},
      {[](WitnessEvidence& e) { e.path.listing = Completeness::partial; }, PathState::unknown, "no full listing"},
      {[](WitnessEvidence& e) { e.witness.listed = Listed::present; }, PathState::unknown, "no full listing"},  // only our way to it broke
      {[](WitnessEvidence& e) { e.path.listed = Listed::present; }, PathState::live, "still listed"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    WitnessEvidence evidence = witnessed();
    row.planted(evidence);
    CHECK(judge(evidence).state == row.state);
    CHECK(judge(evidence).grade == Grade::unknown);
    CHECK(judge(evidence).why.find(row.words) != std::string::npos);
  }
}

}  // namespace
}  // namespace exeunt::engine
