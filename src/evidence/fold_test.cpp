#include "evidence/fold.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "evidence/merkle.hpp"
#include "model/transitions.hpp"

using namespace exeunt;
using evidence::Folder;
using evidence::Leaf;
using evidence::LeafKind;

namespace {

// Makes the stream of one case, entry after entry.
class Stream {
 public:
  base::Status add(LeafKind kind, const std::function<void(Leaf&)>& fill = {}) {
    Leaf leaf;
    leaf.tenant = "default";
    leaf.case_id = "c_1";
    leaf.case_seq = folder.state().entries;
    leaf.prev = folder.state().head;
    leaf.kind = kind;
    leaf.t = base::Time(base::Duration(1'000 * static_cast<std::int64_t>(leaf.case_seq)));
    if (kind == LeafKind::case_opened) leaf.subject = "p_1";
    if (fill) fill(leaf);
    auto applied = folder.apply(leaf, evidence::leaf_hash(evidence::encode(leaf).value()));
    if (applied) leaves.push_back(leaf);
    return applied;
  }
  void must(LeafKind kind, const std::function<void(Leaf&)>& fill = {}) {
    const auto added = add(kind, fill);
    if (!added) FAIL(added.error().text());
  }
  void path(const std::string& target, const std::string& outcome = "required", const std::string& node = "account") {
    must(LeafKind::path_found, [&](Leaf& leaf) {
      leaf.target = target, leaf.system = "directory", leaf.node = node, leaf.grade = "refused", leaf.outcome = outcome;
    });
  }
  void state(const std::string& state) {
    must(LeafKind::state_changed, [&](Leaf& leaf) { leaf.state = state; });
  }
  void change(const std::string& target, const std::string& state, const std::string& grade = "") {
    must(LeafKind::path_changed, [&](Leaf& leaf) { leaf.target = target, leaf.state = state, leaf.grade = grade; });
  }
  void probe(const std::string& target, const std::string& moment, const std::string& answer, const std::string& outcome = "") {
    must(LeafKind::probed, [&](Leaf& leaf) { leaf.target = target, leaf.moment = moment, leaf.answer = answer, leaf.outcome = outcome; });
  }
  /// Asked for by p_2; `until` in seconds, an entry a second.
  void ask(const std::string& digest, const std::vector<std::string>& targets, int until) {
    for (const auto& target : targets) must(LeafKind::exception_asked, asked(digest, target, static_cast<int>(targets.size()), until));
  }
  static std::function<void(Leaf&)> asked(const std::string& digest, const std::string& target, int count, int until) {
    return [=](Leaf& leaf) {
      leaf.digest = digest, leaf.target = target, leaf.count = count, leaf.actor = "p_2";
      leaf.until = base::Time(base::Duration(1'000 * until));
    };
  }
  const evidence::PathFold& of(const std::string& target) { return folder.state().paths.at(target); }

  Folder folder;
  std::vector<Leaf> leaves;
};

std::function<void(Leaf&)> granted(const std::string& digest, int until, const std::string& approver = "p_3") {
  return [=](Leaf& leaf) {
    leaf.digest = digest, leaf.approver = approver, leaf.actor = "p_2", leaf.until = base::Time(base::Duration(1'000 * until));
  };
}
std::function<void(Leaf&)> expired(const std::string& digest) {
  return [=](Leaf& leaf) { leaf.digest = digest; };
}

bool refused(const base::Status& status) { return !status && status.error().code == base::Code::data_loss; }

}  // namespace

TEST_CASE("fold: entries out of order, of another chain, case or tenant are refused and change nothing") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  const std::string before = stream.folder.snapshot();
  CHECK(refused(stream.add(LeafKind::noted, [](Leaf& leaf) { leaf.case_seq += 1; })));
  CHECK(refused(stream.add(LeafKind::noted, [](Leaf& leaf) { leaf.case_seq -= 1; })));
  CHECK(refused(stream.add(LeafKind::noted, [](Leaf& leaf) { leaf.prev[0] ^= 1; })));
  CHECK(refused(stream.add(LeafKind::noted, [](Leaf& leaf) { leaf.case_id = "c_2"; })));
  CHECK(refused(stream.add(LeafKind::noted, [](Leaf& leaf) { leaf.tenant = "other"; })));
  CHECK(refused(stream.add(LeafKind::case_opened)));
  CHECK(refused(stream.add(LeafKind::state_changed, [](Leaf& leaf) { leaf.state = "closed"; })));
  CHECK(refused(stream.add(LeafKind::state_changed, [](Leaf& leaf) { leaf.state = "draft"; })));
  CHECK(refused(stream.add(LeafKind::state_changed, [](Leaf& leaf) { leaf.state = "nonsense"; })));
  CHECK(refused(stream.add(LeafKind::path_changed, [](Leaf& leaf) { leaf.target = "n_1", leaf.state = "ended", leaf.grade = "refused"; })));
  CHECK(refused(stream.add(LeafKind::approved, [](Leaf& leaf) { leaf.digest = "d", leaf.approver = "p_2"; })));
  CHECK(refused(stream.add(LeafKind::step_outcome, [](Leaf& leaf) { leaf.step = "s01", leaf.outcome = "acknowledged"; })));
  CHECK_EQ(stream.folder.snapshot(), before);
  Stream unopened;
  CHECK(refused(unopened.add(LeafKind::state_changed, [](Leaf& leaf) { leaf.state = "waiting_approval"; })));
}

TEST_CASE("fold: a path never begins as ended and never ends without a grade") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  CHECK(refused(stream.add(LeafKind::path_found, [](Leaf& leaf) {
    leaf.target = "n_1", leaf.system = "d", leaf.node = "account", leaf.outcome = "required", leaf.state = "ended";
  })));
  stream.path("n_1");
  CHECK(refused(stream.add(LeafKind::path_changed, [](Leaf& leaf) { leaf.target = "n_1", leaf.state = "ended"; })));
  CHECK_EQ(stream.of("n_1").state, model::PathState::live);
}

TEST_CASE("fold: an answer that decides says the verdict in the same entry, and an impossible one changes nothing") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  stream.path("n_1");
  const auto decided = [](const std::string& state, const std::string& grade) {
    return [=](Leaf& leaf) {
      leaf.target = "n_1", leaf.moment = "after", leaf.means = "gate", leaf.answer = "refused", leaf.control = "held";
      leaf.state = state, leaf.grade = grade, leaf.step = "s01";
    };
  };
  const std::string before = stream.folder.snapshot();
  CHECK(refused(stream.add(LeafKind::probed, decided("ended", ""))));
  CHECK(refused(stream.add(LeafKind::probed, decided("nonsense", "refused"))));
  CHECK(refused(stream.add(LeafKind::probed, [&](Leaf& leaf) { decided("ended", "refused")(leaf), leaf.target = "n_2"; })));
  CHECK_EQ(stream.folder.snapshot(), before);
  stream.must(LeafKind::probed, decided("ended", "refused"));
  CHECK_EQ(stream.of("n_1").state, model::PathState::ended);
  CHECK_EQ(stream.of("n_1").grade, model::Grade::refused);
  CHECK_EQ(stream.of("n_1").control, "held");
  CHECK_EQ(stream.of("n_1").step, "s01");
  CHECK(stream.of("n_1").first_refused.has_value());
}

TEST_CASE("fold: an outcome belongs to the intent before it, and nothing is intended while halted") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  const auto intent = [](Leaf& leaf) { leaf.step = "s01", leaf.attempt = 1, leaf.system = "directory", leaf.target = "n_1"; };
  stream.must(LeafKind::halted);
  CHECK(refused(stream.add(LeafKind::step_intended, intent)));
  stream.must(LeafKind::resumed);
  stream.must(LeafKind::step_intended, intent);
  CHECK(refused(stream.add(LeafKind::step_intended, intent)));
  CHECK(
      refused(stream.add(LeafKind::step_outcome, [](Leaf& leaf) { leaf.step = "s01", leaf.attempt = 2, leaf.outcome = "acknowledged"; })));
  stream.must(LeafKind::step_outcome, [](Leaf& leaf) { leaf.step = "s01", leaf.attempt = 1, leaf.outcome = "outcome_unknown"; });
  CHECK_EQ(stream.folder.state().steps.at("s01").state, model::StepState::outcome_unknown);
}

TEST_CASE("fold: ended since is the last try admitted and the first refusal that held") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  stream.path("n_1");
  stream.probe("n_1", "before", "refused");
  CHECK_FALSE(stream.of("n_1").first_refused.has_value());
  stream.probe("n_1", "before", "admitted");
  const auto admitted = stream.of("n_1").last_admitted;
  REQUIRE(admitted.has_value());
  stream.probe("n_1", "after", "refused");
  const auto first = stream.of("n_1").first_refused;
  stream.probe("n_1", "control", "admitted");
  stream.probe("n_1", "settled", "refused");
  stream.probe("n_1", "settled", "unknown");
  CHECK_EQ(stream.of("n_1").first_refused, first);
  CHECK_EQ(stream.of("n_1").last_admitted, admitted);
  stream.probe("n_1", "settled", "unknown", "present");
  CHECK_FALSE(stream.of("n_1").first_refused.has_value());
  stream.probe("n_1", "settled", "unknown", "absent");
  CHECK_GT(stream.of("n_1").first_refused, first);
}

TEST_CASE("fold: a sign-in after the cut makes its path live again, one before it changes nothing, and each instant is counted") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  stream.path("n_1");
  const auto use = [](const std::string& target, std::int64_t at, const std::string& moment, const std::string& state = "") {
    return [=](Leaf& leaf) {
      leaf.target = target, leaf.system = "directory", leaf.node = "account", leaf.count = at, leaf.moment = moment, leaf.state = state;
    };
  };
  stream.must(LeafKind::used, use("n_1", 500, "before_cut"));
  stream.change("n_1", "ended", "refused");
  stream.probe("n_1", "settled", "refused");
  stream.must(LeafKind::milestone, [](Leaf& leaf) { leaf.outcome = "zero"; });
  stream.must(LeafKind::used, use("n_1", 500, "before_cut"));
  stream.must(LeafKind::used, use("n_1", 3'500, "undecided"));
  CHECK_EQ(stream.of("n_1").state, model::PathState::ended);
  CHECK(stream.folder.state().zero.has_value());
  stream.must(LeafKind::used, use("n_1", 9'000, "after_cut", "live"));
  CHECK_EQ(stream.of("n_1").state, model::PathState::live);
  CHECK_FALSE(stream.of("n_1").first_refused.has_value());
  CHECK_FALSE(stream.folder.state().zero.has_value());
  CHECK_EQ(stream.folder.state().uses.at("n_1"), std::map<std::int64_t, int>{{500, 2}, {3'500, 1}, {9'000, 1}});
  stream.must(LeafKind::used, use("n_9", 1, "after_cut"));  // of what is no path it is kept for people
  const std::string before = stream.folder.snapshot();
  CHECK(refused(stream.add(LeafKind::used, use("n_1", 9'100, "after_cut", "live"))));  // it is live
  CHECK_EQ(stream.folder.state().used_after_cut, 2);
  CHECK(refused(stream.add(LeafKind::used, use("n_9", 2, "after_cut", "live"))));
  CHECK(refused(stream.add(LeafKind::used, use("n_1", 2, "before_cut", "live"))));
  CHECK(refused(stream.add(LeafKind::used, use("n_1", 2, "after_cut", "ended"))));
  CHECK(refused(stream.add(LeafKind::used, use("n_1", 2, "before"))));
  CHECK(refused(stream.add(LeafKind::used, [&](Leaf& leaf) { use("n_1", 2, "before_cut")(leaf), leaf.until = leaf.t; })));
  CHECK(refused(stream.add(LeafKind::used, [&](Leaf& leaf) { use("n_1", 2, "before_cut")(leaf), leaf.count.reset(); })));
  CHECK_EQ(stream.folder.snapshot(), before);
}

TEST_CASE("fold: of a source of sign-ins the newest word counts, and no exit code depends on it") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  stream.path("n_1");
  stream.change("n_1", "ended", "refused");
  const int code = evidence::exit_code(stream.folder.state());
  for (const char* completeness : {"full", "none"})
    stream.must(LeafKind::sign_ins_listed,
                [&](Leaf& leaf) { leaf.system = "directory", leaf.completeness = completeness, leaf.count = -90'000; });
  CHECK_EQ(stream.folder.state().sign_ins.at("directory").completeness, model::Completeness::none);
  CHECK_EQ(stream.folder.state().sign_ins.at("directory").clock_offset, base::Duration{-90'000});
  CHECK_EQ(evidence::exit_code(stream.folder.state()), code);
  CHECK(refused(stream.add(LeafKind::sign_ins_listed, [](Leaf& leaf) { leaf.completeness = "full"; })));
}

TEST_CASE("fold: other bytes of a plan need their own approval; the first approval of the main plan counts") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  const auto plan = [](const std::string& digest, const std::string& name) {
    return [=](Leaf& leaf) { leaf.digest = digest, leaf.step = name; };
  };
  stream.must(LeafKind::plan_compiled, plan("aa", ""));
  stream.must(LeafKind::approved, [](Leaf& leaf) { leaf.digest = "aa", leaf.approver = "p_2", leaf.until = leaf.t; });
  stream.must(LeafKind::plan_compiled, plan("aa", ""));
  CHECK_EQ(stream.folder.state().plans.front().approver, "p_2");
  CHECK_EQ(stream.folder.state().plans.front().compiled_at, base::Time(base::Duration(1'000)));
  stream.must(LeafKind::plan_compiled, plan("bb", ""));
  CHECK(stream.folder.state().plans.front().approver.empty());
  stream.must(LeafKind::plan_compiled, plan("cc", "d1"));
  CHECK_EQ(stream.folder.state().plans.size(), 2);
  CHECK_EQ(stream.folder.state().approved, base::Time(base::Duration(2'000)));
}

TEST_CASE("fold: the worst of what is left decides the exit code") {
  struct Row {
    const char* what;
    std::function<void(Stream&)> then;
    int code;
  };
  const auto listing = [](const std::string& completeness, const std::string& account) {
    return [=](Leaf& leaf) { leaf.system = "directory", leaf.node = "session", leaf.completeness = completeness, leaf.target = account; };
  };
  const std::vector<Row> rows = {
      {"nothing was looked at", [](Stream&) {}, 4},
      {"a live way in", [](Stream& s) { s.path("n_1"); }, 3},
      {"a watched one only", [](Stream& s) { s.path("n_1", "watched"); }, 0},
      {"all ended", [](Stream& s) { s.path("n_1"), s.change("n_1", "ended", "refused"); }, 0},
      {"ended below its grade", [](Stream& s) { s.path("n_1"), s.change("n_1", "ended", "acknowledged"); }, 4},
      {"waived", [](Stream& s) { s.path("n_1"), s.ask("ee", {"n_1"}, 500), s.must(LeafKind::exception_approved, granted("ee", 500)); }, 0},
      {"asked for, and not approved", [](Stream& s) { s.path("n_1"), s.ask("ee", {"n_1"}, 500); }, 3},
      {"draining", [](Stream& s) { s.path("n_1"), s.change("n_1", "draining"); }, 8},
      {"draining and unknown", [](Stream& s) { s.path("n_1"), s.change("n_1", "draining"), s.path("n_2"), s.change("n_2", "unknown"); }, 4},
      {"unknown and live", [](Stream& s) { s.path("n_1"), s.change("n_1", "unknown"), s.path("n_2"); }, 3},
      {"a partial listing",
       [&](Stream& s) { s.path("n_1"), s.change("n_1", "ended", "refused"), s.must(LeafKind::listed, listing("partial", "")); }, 4},
      {"… of an account that was refused",
       [&](Stream& s) { s.path("n_1"), s.change("n_1", "ended", "refused"), s.must(LeafKind::listed, listing("partial", "n_1")); }, 0},
      {"… of one that was only acknowledged",
       [&](Stream& s) { s.path("n_1"), s.change("n_1", "ended", "read_back"), s.must(LeafKind::listed, listing("none", "n_1")); }, 4},
      {"a plan without approval",
       [](Stream& s) {
         s.path("n_1"), s.change("n_1", "ended", "refused"),
             s.must(LeafKind::plan_compiled, [](Leaf& leaf) { leaf.digest = "aa", leaf.step = "d1"; });
       },
       5},
      {"halted", [](Stream& s) { s.path("n_1"), s.change("n_1", "ended", "refused"), s.must(LeafKind::halted); }, 5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Stream stream;
    stream.must(LeafKind::case_opened);
    stream.state("waiting_approval");
    stream.state("running");
    row.then(stream);
    CHECK_EQ(evidence::exit_code(stream.folder.state()), row.code);
  }
}

TEST_CASE("fold: a snapshot and the rest give the whole, byte for byte") {
  const std::vector<LeafKind> kinds = {LeafKind::plan_compiled,
                                       LeafKind::approved,
                                       LeafKind::state_changed,
                                       LeafKind::path_found,
                                       LeafKind::listed,
                                       LeafKind::gap_declared,
                                       LeafKind::step_intended,
                                       LeafKind::step_outcome,
                                       LeafKind::probed,
                                       LeafKind::path_changed,
                                       LeafKind::task_changed,
                                       LeafKind::halted,
                                       LeafKind::resumed,
                                       LeafKind::milestone,
                                       LeafKind::noted,
                                       LeafKind::exception_asked,
                                       LeafKind::exception_approved,
                                       LeafKind::exception_expired,
                                       LeafKind::used,
                                       LeafKind::sign_ins_listed};
  CHECK(rc::check("snapshot", [&] {
    const auto word = [](std::initializer_list<const char*> words) {
      return std::string(*rc::gen::elementOf(std::vector<std::string>(words.begin(), words.end())));
    };
    Stream stream;
    stream.must(LeafKind::case_opened);
    const int count = *rc::gen::inRange(0, 120);
    for (int i = 0; i < count; ++i) {
      // Most of what is drawn does not fit and is refused; what fits is the stream.
      static_cast<void>(stream.add(*rc::gen::elementOf(kinds), [&](Leaf& leaf) {
        leaf.target = word({"n_1", "n_2", "n_3"});
        leaf.system = word({"directory", "ware\"house"});
        leaf.node = word({"account", "session"});
        leaf.grade = word({"refused", "observed", "unknown"});
        leaf.state = word({"live", "ending", "ended", "draining", "waived", "waiting_approval", "running", "halted", "closed", "reopened"});
        leaf.outcome = word({"required", "watched", "acknowledged", "ended", "outcome_unknown", "done", "asked", "identity_cut", "zero"});
        leaf.step = word({"s01", "s02", "d1"});
        leaf.attempt = 1;
        leaf.digest = word({"aa", "bb"});
        leaf.approver = "p_2";
        leaf.moment = word({"before", "after", "settled"});
        leaf.answer = word({"refused", "admitted", "unknown"});
        leaf.completeness = word({"full", "partial"});
        leaf.means = "gate";
        leaf.control = "held";
        leaf.until = leaf.t;
        leaf.count = i;
        if (leaf.kind == LeafKind::exception_asked || leaf.kind == LeafKind::exception_approved) {
          leaf.count = leaf.digest == "aa" ? 1 : 2;
          leaf.until = base::Time(base::Duration(1'000'000));
          leaf.actor = "p_1" + leaf.digest;
        }
        if (leaf.kind == LeafKind::used) {
          leaf.until.reset();
          leaf.moment = word({"before_cut", "after_cut", "undecided"});
          if (leaf.moment != "after_cut") leaf.state.clear();
        }
        if (leaf.kind == LeafKind::path_found) leaf.state = "live", leaf.system = "directory", leaf.node = "account";
      }));
    }
    const std::size_t cut = *rc::gen::inRange<std::size_t>(0, stream.leaves.size() + 1);
    Folder first;
    std::size_t at = 0;
    const auto apply = [&](Folder& folder) {
      const Leaf& leaf = stream.leaves[at++];
      RC_ASSERT(folder.apply(leaf, evidence::leaf_hash(evidence::encode(leaf).value())).has_value());
    };
    while (at < cut) apply(first);
    auto second = Folder::restore(first.snapshot());
    RC_ASSERT(second.has_value());
    RC_ASSERT(second->snapshot() == first.snapshot());
    while (at < stream.leaves.size()) apply(*second);
    RC_ASSERT(second->snapshot() == stream.folder.snapshot());
  }));
}

TEST_CASE("fold: a snapshot of another version or with a member missing is refused") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  std::string text = stream.folder.snapshot();
  CHECK(Folder::restore(text).has_value());
  std::string other = text;
  other.replace(other.find("\"fold_version\":1"), 16, "\"fold_version\":2");
  CHECK_FALSE(Folder::restore(other).has_value());
  text.replace(text.find("\"halted\":false,"), 15, "");
  CHECK_FALSE(Folder::restore(text).has_value());
  CHECK_FALSE(Folder::restore("{").has_value());
}

TEST_CASE("fold: a case is restored only under an approved plan for that, and a path only while it is") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  stream.path("n_1");
  stream.path("n_2");
  stream.state("waiting_approval");
  stream.state("running");
  stream.change("n_1", "ended", "refused");
  stream.change("n_2", "ended", "refused");
  stream.state("closed");
  CHECK_EQ(evidence::exit_code(stream.folder.state()), 0);
  const auto to = [](const char* state) { return [state](Leaf& leaf) { leaf.state = state; }; };
  const auto given_back = [](Leaf& leaf) {
    leaf.target = "n_1", leaf.system = "directory", leaf.state = "restored", leaf.grade = "unknown";
  };
  CHECK_FALSE(stream.add(LeafKind::state_changed, to("restoring")));
  stream.must(LeafKind::plan_compiled, [](Leaf& leaf) { leaf.step = "restore", leaf.digest = "dd"; });
  CHECK_EQ(evidence::exit_code(stream.folder.state()), 0);  // a plan that nobody approved changes nothing about the case
  CHECK_FALSE(stream.add(LeafKind::state_changed, to("restoring")));
  stream.must(LeafKind::approved, [](Leaf& leaf) { leaf.digest = "dd", leaf.approver = "p_9"; });
  CHECK_FALSE(stream.add(LeafKind::path_changed, given_back));
  stream.must(LeafKind::state_changed, to("restoring"));
  CHECK_EQ(evidence::exit_code(stream.folder.state()), 5);  // begun, and not at its end
  stream.must(LeafKind::path_changed, given_back);
  CHECK_EQ(stream.of("n_1").state, model::PathState::restored);
  const auto again = Folder::restore(stream.folder.snapshot());
  REQUIRE(again);
  CHECK_EQ(again->snapshot(), stream.folder.snapshot());
  stream.must(LeafKind::state_changed, to("restored"));
  CHECK_EQ(evidence::exit_code(stream.folder.state()), 0);
  CHECK_FALSE(stream.add(LeafKind::state_changed, to("running")));
}

TEST_CASE("fold: an approved exception waives what it names, and its end makes it work again") {
  Stream stream;
  stream.must(LeafKind::case_opened);
  stream.path("n_1");
  stream.path("n_2");
  stream.path("n_3");
  stream.must(LeafKind::milestone, [](Leaf& leaf) { leaf.outcome = "zero"; });
  stream.ask("ee", {"n_1", "n_2"}, 500);
  CHECK_EQ(stream.of("n_1").state, model::PathState::live);
  stream.must(LeafKind::exception_approved, granted("ee", 500));
  CHECK_EQ(stream.of("n_1").state, model::PathState::waived);
  CHECK_EQ(stream.of("n_2").grade, model::Grade::waived);
  CHECK_EQ(stream.of("n_2").until, base::Time(base::Duration(500'000)));
  CHECK_EQ(stream.of("n_3").state, model::PathState::live);
  CHECK(stream.folder.state().zero.has_value());
  stream.change("n_3", "ended", "refused");
  stream.state("waiting_approval");
  stream.state("running");
  CHECK_EQ(evidence::exit_code(stream.folder.state(), base::Time(base::Duration(499'999))), 0);
  CHECK_EQ(evidence::exit_code(stream.folder.state(), base::Time(base::Duration(500'000))), 3);
  CHECK_FALSE(evidence::has_expired(stream.folder.state(), base::Time(base::Duration(499'999))));
  CHECK(evidence::has_expired(stream.folder.state(), base::Time(base::Duration(500'000))));
  CHECK_EQ(evidence::at(stream.of("n_1"), base::Time(base::Duration(499'999))).state, model::PathState::waived);
  const auto past = evidence::at(stream.of("n_1"), base::Time(base::Duration(500'000)));
  CHECK_EQ(past.state, model::PathState::live);
  CHECK_EQ(past.grade, model::Grade::unknown);
  CHECK_FALSE(past.until.has_value());
  CHECK_EQ(evidence::at(stream.of("n_3"), base::Time(base::Duration(500'000))).state, model::PathState::ended);
  // A second one that lasts longer keeps the path when the first one ends.
  stream.ask("ff", {"n_2"}, 900);
  stream.must(LeafKind::exception_approved, granted("ff", 900));
  stream.must(LeafKind::exception_expired, expired("ee"));
  CHECK_EQ(stream.of("n_1").state, model::PathState::live);
  CHECK_EQ(stream.of("n_1").grade, model::Grade::unknown);
  CHECK_FALSE(stream.of("n_1").until.has_value());
  CHECK_EQ(stream.of("n_2").state, model::PathState::waived);
  CHECK_EQ(stream.of("n_2").until, base::Time(base::Duration(900'000)));
  CHECK_FALSE(stream.folder.state().zero.has_value());
  CHECK(refused(stream.add(LeafKind::exception_expired, expired("ee"))));
  const auto again = Folder::restore(stream.folder.snapshot());
  REQUIRE(again.has_value());
  CHECK_EQ(again->snapshot(), stream.folder.snapshot());
  const auto& kept = again->state().exceptions.at("ee");
  CHECK_EQ(kept.paths, std::vector<std::string>{"n_1", "n_2"});
  CHECK_EQ(kept.until, base::Time(base::Duration(500'000)));
  CHECK(kept.asked_at.has_value());
  CHECK(kept.approved_at.has_value());
  CHECK(kept.expired_at.has_value());
  CHECK(again->state().exceptions.at("ff").stands());
}

TEST_CASE("fold: an exception that nobody may have approved, or that was not asked for so, changes nothing") {
  struct Row {
    const char* what;
    std::function<base::Status(Stream&)> then;
  };
  const std::vector<Row> rows = {
      {"asked for a path that was never found",
       [](Stream& s) { return s.add(LeafKind::exception_asked, Stream::asked("aa", "n_9", 1, 500)); }},
      {"asked without an end",
       [](Stream& s) {
         return s.add(LeafKind::exception_asked, [](Leaf& leaf) { leaf.digest = "aa", leaf.target = "n_1", leaf.count = 1; });
       }},
      {"one path more than it said", [](Stream& s) { return s.add(LeafKind::exception_asked, Stream::asked("ee", "n_2", 1, 500)); }},
      {"the same path twice", [](Stream& s) { return s.add(LeafKind::exception_asked, Stream::asked("half", "n_1", 2, 500)); }},
      {"another end than before", [](Stream& s) { return s.add(LeafKind::exception_asked, Stream::asked("half", "n_2", 2, 501)); }},
      {"approved and never asked for", [](Stream& s) { return s.add(LeafKind::exception_approved, granted("aa", 500)); }},
      {"approved before it was asked for to its end", [](Stream& s) { return s.add(LeafKind::exception_approved, granted("half", 500)); }},
      {"approved by who asked", [](Stream& s) { return s.add(LeafKind::exception_approved, granted("ee", 500, "p_2")); }},
      {"approved by the subject", [](Stream& s) { return s.add(LeafKind::exception_approved, granted("ee", 500, "p_1")); }},
      {"approved by nobody", [](Stream& s) { return s.add(LeafKind::exception_approved, granted("ee", 500, "")); }},
      {"approved with another end", [](Stream& s) { return s.add(LeafKind::exception_approved, granted("ee", 501)); }},
      {"approved after its end",
       [](Stream& s) {
         return s.add(LeafKind::exception_approved,
                      [](Leaf& leaf) { granted("ee", 500)(leaf), leaf.t = base::Time(base::Duration(500'000)); });
       }},
      {"of a path that ended",
       [](Stream& s) {
         s.change("n_1", "ended", "refused");
         return s.add(LeafKind::exception_approved, granted("ee", 500));
       }},
      {"approved twice",
       [](Stream& s) {
         s.must(LeafKind::exception_approved, granted("ee", 500));
         return s.add(LeafKind::exception_approved, granted("ee", 500, "p_4"));
       }},
      {"ended and never approved", [](Stream& s) { return s.add(LeafKind::exception_expired, expired("ee")); }},
      {"waived by a mere change",
       [](Stream& s) {
         return s.add(LeafKind::path_changed, [](Leaf& leaf) { leaf.target = "n_1", leaf.state = "waived", leaf.grade = "waived"; });
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Stream stream;
    stream.must(LeafKind::case_opened);
    stream.path("n_1");
    stream.path("n_2");
    stream.ask("ee", {"n_1"}, 500);
    stream.must(LeafKind::exception_asked, Stream::asked("half", "n_1", 2, 500));
    CHECK(refused(row.then(stream)));
    CHECK(stream.of("n_2").state == model::PathState::live);
  }
}

TEST_CASE("fold: that a record was issued is taken in every state of a case and changes nothing but the place in the stream") {
  for (const auto state : model::all<model::CaseState>()) {
    CAPTURE(model::name(state));
    Stream stream;
    stream.must(LeafKind::case_opened);
    auto at = model::CaseState::draft;
    // By any chain of allowed changes; states that need more than that (restoring) are reached from their own tests.
    const auto reach = [&](model::CaseState to) {
      if (at == to) return true;
      if (!model::may_change(at, to) || to == model::CaseState::restoring) return false;
      stream.state(std::string(model::name(to)));
      at = to;
      return true;
    };
    using C = model::CaseState;
    for (const auto step : {C::waiting_approval, C::running, C::closed, C::reopened}) {
      if (reach(state)) break;
      reach(step);
    }
    if (!reach(state)) continue;
    const auto before = stream.folder.state();
    CHECK(stream.add(LeafKind::record_issued, [](Leaf& leaf) { leaf.count = 1; }).has_value());
    const auto after = stream.folder.state();
    CHECK_EQ(after.state, before.state);
    CHECK_EQ(after.entries, before.entries + 1);
    CHECK_EQ(evidence::exit_code(after), evidence::exit_code(before));
  }
}
