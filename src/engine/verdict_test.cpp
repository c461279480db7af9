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

}  // namespace
}  // namespace exeunt::engine
