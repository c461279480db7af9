// The entries of a small case with their payloads, as a bundle holds them: for tests of what is made from entries alone.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "evidence/case_entries.hpp"
#include "evidence/merkle.hpp"

namespace exeunt::testing {

class SmallCase {
 public:
  using Fill = std::function<void(evidence::Leaf&)>;

  /// A second passes from entry to entry.
  void add(evidence::LeafKind kind, const base::JsonObject& payload, const Fill& fill = {}) {
    evidence::EntryBytes entry;
    entry.salt.assign(32, static_cast<std::uint8_t>(entries.size() & 0xFFU));
    entry.payload = base::canonical_json(payload);
    evidence::Leaf leaf;
    leaf.tenant = "default";
    leaf.case_id = "c_1";
    leaf.case_seq = entries.size();
    leaf.prev = prev_;
    leaf.kind = kind;
    leaf.t = at(static_cast<int>(entries.size()));
    leaf.actor = "p_operator";
    leaf.commit = evidence::commit_payload(entry.salt, *entry.payload);
    if (fill) fill(leaf);
    entry.leaf = evidence::encode(leaf).value();
    prev_ = evidence::leaf_hash(entry.leaf);
    entries.push_back(std::move(entry));
  }
  void path(const std::string& target, const std::string& node, const std::string& id, const std::string& label,
            const std::string& outcome = "required", const std::string& means = "") {
    add(evidence::LeafKind::path_found, {{"node", id}, {"label", label}}, [&](evidence::Leaf& leaf) {
      leaf.target = target, leaf.system = id.substr(0, id.find('/')), leaf.node = node, leaf.grade = "refused", leaf.state = "live";
      leaf.outcome = outcome, leaf.means = means;
    });
  }
  void state(const std::string& state) {
    add(evidence::LeafKind::state_changed, {{"words", "it is " + state}}, [&](evidence::Leaf& leaf) { leaf.state = state; });
  }
  void ended(const std::string& target, const std::string& grade) {
    add(evidence::LeafKind::probed, {{"words", "answered " + grade}}, [&](evidence::Leaf& leaf) {
      leaf.target = target, leaf.moment = "after", leaf.answer = "refused", leaf.means = "own", leaf.control = "held", leaf.state = "ended";
      leaf.grade = grade, leaf.step = "s01";
    });
  }
  [[nodiscard]] static base::Time at(int second) { return base::Time(base::Duration(1'795'000'000'000 + 1'000LL * second)); }
  [[nodiscard]] evidence::CaseEntries read() const { return evidence::read_entries(entries).value(); }

  std::vector<evidence::EntryBytes> entries;

 private:
  base::Hash32 prev_{};
};

/// An account, a key and a session; the session stays; names and words that want to hurt whoever reads them.
inline SmallCase hostile_case() {
  using K = evidence::LeafKind;
  SmallCase out;
  const std::string bidi = "\xe2\x80\xae";
  out.add(K::case_opened, {{"subject", "E1001"}, {"reason", "=HYPERLINK(\"http://evil.example\")"}},
          [](evidence::Leaf& leaf) { leaf.subject = "p_subject"; });
  out.path("n_account", "account", "directory/account/u1", "mallory <script>alert(1)</script>");
  out.path("n_key", "key", "bastion/key/1:SHA256:b", "laptop\" onload='x' " + bidi + "gpj.exe");
  out.path("n_session", "session", "directory/session/9", "a;=cmd|'/c calc'!A1");
  out.path("n_ours", "session", "directory/session/10", "witness", "watched", "witness");
  out.add(K::listed, {{"account", "u1"}, {"reason", "cut at its first page"}}, [](evidence::Leaf& leaf) {
    leaf.system = "directory", leaf.node = "session", leaf.completeness = "partial", leaf.count = 1, leaf.target = "n_account";
  });
  out.add(K::gap_declared, {{"words", "a pooler's sessions are not seen\r\n=1+1"}},
          [](evidence::Leaf& leaf) { leaf.system = "warehouse", leaf.node = "session"; });
  const std::string digest(64, 'a');
  out.add(K::plan_compiled, {{"words", "3 ways in"}}, [&](evidence::Leaf& leaf) { leaf.digest = digest; });
  out.state("waiting_approval");
  out.add(K::approved, {{"approver", "E1002"}, {"document", "{}\n"}, {"signature", "-----BEGIN SSH SIGNATURE-----"}},
          [&](evidence::Leaf& leaf) { leaf.digest = digest, leaf.approver = "p_approver", leaf.until = SmallCase::at(3600); });
  out.state("running");
  out.add(K::step_intended, {{"node", "directory/account/u1"}},
          [](evidence::Leaf& leaf) { leaf.step = "s01", leaf.attempt = 1, leaf.system = "directory", leaf.target = "n_account"; });
  out.add(K::step_outcome, {{"words", "the server said yes"}},
          [](evidence::Leaf& leaf) { leaf.step = "s01", leaf.attempt = 1, leaf.outcome = "acknowledged"; });
  out.ended("n_account", "refused");
  out.ended("n_key", "refused");
  out.add(K::milestone, {{"words", "identity cut"}}, [](evidence::Leaf& leaf) { leaf.outcome = "identity_cut"; });
  out.add(K::used, {{"words", "accepted publickey"}}, [](evidence::Leaf& leaf) {
    leaf.target = "n_session", leaf.system = "directory", leaf.node = "session", leaf.moment = "before_cut";
    leaf.count = SmallCase::at(1).time_since_epoch().count();
  });
  out.add(K::task_changed, {{"task", "door badge"}, {"words", "collect it"}},
          [](evidence::Leaf& leaf) { leaf.target = "n_task", leaf.system = "desk", leaf.outcome = "asked"; });
  return out;
}

}  // namespace exeunt::testing
