#include "model/vocabulary.hpp"

#include <doctest/doctest.h>

#include <set>

#include "model/node.hpp"

namespace exeunt::model {
namespace {

// Stored by number and by name: both are held here, so that neither changes unnoticed.
template <class E>
void check_names(std::size_t count, E first, std::string_view first_name, E last, std::string_view last_name) {
  std::set<std::string_view> names;
  std::set<int> numbers;
  for (const E value : all<E>()) {
    CAPTURE(name(value));
    CHECK(parse<E>(name(value)) == value);
    names.insert(name(value));
    numbers.insert(static_cast<int>(value));
  }
  CHECK(names.size() == count);
  CHECK(numbers.size() == count);
  CHECK(*numbers.rbegin() - *numbers.begin() + 1 == static_cast<int>(count));
  CHECK(name(first) == first_name);
  CHECK(name(last) == last_name);
  for (const std::string_view unknown : {"", "Account", " account", "account ", "no_such_word"}) {
    CAPTURE(unknown);
    CHECK_FALSE(parse<E>(unknown));
  }
}

TEST_CASE("vocabulary: every name is read back as its value, and an unknown one is no value") {
  check_names(17, NodeKind::subject, "subject", NodeKind::group, "group");
  check_names(12, EdgeKind::holds, "holds", EdgeKind::unlocks, "unlocks");
  check_names(20, Action::disable_account, "disable_account", Action::restore_grants, "restore_grants");
  check_names(7, Stage::prepare, "prepare", Stage::prove, "prove");
  check_names(3, ProbeAnswer::refused, "refused", ProbeAnswer::unknown, "unknown");
  check_names(7, ProbeMeans::own, "own", ProbeMeans::none, "none");
  check_names(4, ProbeMoment::before, "before", ProbeMoment::settled, "settled");
  check_names(8, Grade::refused, "refused", Grade::unknown, "unknown");
  check_names(4, Completeness::full, "full", Completeness::none, "none");
  check_names(7, PathState::live, "live", PathState::restored, "restored");
  check_names(9, StepState::pending, "pending", StepState::skipped, "skipped");
  check_names(15, CaseState::draft, "draft", CaseState::restored, "restored");
  check_names(3, LinkStrength::strong, "strong", LinkStrength::confirmed, "confirmed");
  check_names(3, UseMoment::before_cut, "before_cut", UseMoment::undecided, "undecided");
}

TEST_CASE("vocabulary: a better grade is enough where a worse one is asked for, never the other way") {
  for (const Grade have : all<Grade>()) {
    for (const Grade wanted : all<Grade>()) {
      CAPTURE(name(have));
      CAPTURE(name(wanted));
      CHECK(at_least(have, wanted) == (static_cast<int>(have) <= static_cast<int>(wanted)));
    }
  }
  CHECK(at_least(Grade::refused, Grade::witnessed));
  CHECK_FALSE(at_least(Grade::acknowledged, Grade::read_back));
  CHECK_FALSE(at_least(Grade::unknown, Grade::waived));
}

TEST_CASE("node id: every kind goes both ways, with slashes and colons in the native id") {
  for (const NodeKind kind : all<NodeKind>()) {
    for (const char* native : {"1007:SHA256:ab/cd+ef=", "127.0.0.1:41234", "/", "a//b", "17ba-\xC3\xB6"}) {
      const NodeKey key{SystemId("bastion"), kind, native};
      const auto back = parse_node_id(node_id(key));
      REQUIRE(back);
      CHECK(*back == key);
    }
  }
  CHECK(node_id({SystemId("bastion"), NodeKind::key, "1007:SHA256:x"}).text() == "bastion/key/1007:SHA256:x");
}

TEST_CASE("node id: what is not system, kind and native id is refused") {
  for (const char* bad : {"", "bastion", "bastion/key", "bastion/key/", "/key/1", "bastion/keys/1", "bastion//1", "//"}) {
    CAPTURE(bad);
    const auto key = parse_node_id(NodeId(bad));
    REQUIRE_FALSE(key);
    CHECK(key.error().code == base::Code::invalid_argument);
  }
}

}  // namespace
}  // namespace exeunt::model
