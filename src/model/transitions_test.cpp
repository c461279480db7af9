#include "model/transitions.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

namespace exeunt::model {
namespace {

// One line a state, one column a state in the order of the enum: x may, . may not. Written apart from the table, as a second opinion.
template <class State>
void check_matrix(const std::map<State, std::string>& matrix) {
  const auto states = all<State>();
  REQUIRE(matrix.size() == states.size());
  for (const State from : states) {
    const std::string& row = matrix.at(from);
    REQUIRE(row.size() == states.size());
    for (std::size_t i = 0; i < states.size(); ++i) {
      CAPTURE(name(from));
      CAPTURE(name(states[i]));
      const auto answer = may_change(from, states[i]);
      CHECK(answer.has_value() == (row[i] == 'x'));
      if (answer) continue;
      CHECK(answer.error().code == base::Code::failed_precondition);
      CHECK(answer.error().what.find(name(from)) != std::string::npos);
      CHECK(answer.error().what.find(name(states[i])) != std::string::npos);
    }
  }
}

TEST_CASE("transitions: a case goes only where its table says, over every ordered pair") {
  using C = CaseState;
  //                                   dwsrhdypc csc rrr   (draft waiting_approval scheduled running halted draining device person cancelling …)
  check_matrix<C>({{C::draft, /*            */ ".x.......xx...."},
                   {C::waiting_approval, /* */ "x.xx.....xx...."},
                   {C::scheduled, /*        */ ".x.xx....xx...."},
                   {C::running, /*          */ ".x..xxxxx.xx..."},
                   {C::halted, /*           */ "..xx....x...xx."},
                   {C::waiting_draining, /* */ "...xx.xxx.xx..."},
                   {C::waiting_device, /*   */ "...xxx.xx.xx..."},
                   {C::waiting_person, /*   */ "...xxxx.x.xx..."},
                   {C::cancelling, /*       */ "....x....x....."},
                   {C::cancelled, /*        */ ".............x."},
                   {C::superseded, /*       */ "..............."},
                   {C::closed, /*           */ "............xx."},
                   {C::reopened, /*         */ ".x.xx..xx.xx..."},
                   {C::restoring, /*        */ "....x.........x"},
                   {C::restored, /*         */ "..............."}});
}

TEST_CASE("transitions: a step goes only where its table says, over every ordered pair") {
  using S = StepState;
  check_matrix<S>({{S::pending, /*         */ ".x..xxx.x"},
                   {S::intended, /*        */ "..xxx...."},
                   {S::acknowledged, /*    */ ".x.xxxxx."},
                   {S::outcome_unknown, /* */ ".xx.xxxx."},
                   {S::failed, /*          */ ".x...xxxx"},
                   {S::held, /*            */ "xx..x.xxx"},
                   {S::waiting, /*         */ "xxx.xx.xx"},
                   {S::ended, /*           */ ".x...xx.."},
                   {S::skipped, /*         */ "xx...xx.."}});
}

TEST_CASE("transitions: a path goes only where its table says, over every ordered pair") {
  using P = PathState;
  check_matrix<P>({{P::live, /*     */ ".xxxxxx"},
                   {P::ending, /*   */ "x.xxxxx"},
                   {P::draining, /* */ "xx.xxx."},
                   {P::ended, /*    */ "xxx..xx"},
                   {P::waived, /*   */ "xxxx.x."},
                   {P::unknown, /*  */ "xxxxx.x"},
                   {P::restored, /* */ "xx.x.x."}});
}

TEST_CASE("transitions: a call that is out has an outcome before anything else is said of its step") {
  for (const StepState to : all<StepState>()) {
    const bool outcome = to == StepState::acknowledged || to == StepState::outcome_unknown || to == StepState::failed;
    CHECK(may_change(StepState::intended, to).has_value() == outcome);
  }
}

TEST_CASE("transitions: every state can be reached from the first one") {
  std::set<CaseState> cases{CaseState::draft};
  std::set<StepState> steps{StepState::pending};
  std::set<PathState> paths{PathState::live};
  const auto spread = [](auto& reached) {
    using State = typename std::decay_t<decltype(reached)>::value_type;
    for (std::size_t round = 0; round < all<State>().size(); ++round) {
      for (const State from : std::set<State>(reached)) {
        for (const State to : all<State>()) {
          if (may_change(from, to)) reached.insert(to);
        }
      }
    }
    return reached.size() == all<State>().size();
  };
  CHECK(spread(cases));
  CHECK(spread(steps));
  CHECK(spread(paths));
}

TEST_CASE("transitions: where nothing runs by itself, only a person's act leads on") {
  for (const CaseState state : all<CaseState>()) {
    CAPTURE(name(state));
    const bool terminal =
        state == CaseState::closed || state == CaseState::cancelled || state == CaseState::superseded || state == CaseState::restored;
    CHECK(is_terminal(state) == terminal);
    if (terminal) CHECK_FALSE(may_change(state, CaseState::running));
  }
}

}  // namespace
}  // namespace exeunt::model
