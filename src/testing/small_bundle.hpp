// The files of a bundle made in memory, in a log that holds entries of others too: for tests of what refuses one. The real writer is
// service/bundle.hpp; what this writes it writes as docs/evidence-format.md says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evidence/derived_files.hpp"
#include "evidence/merkle.hpp"
#include "evidence/note.hpp"
#include "evidence/tlog_proof.hpp"
#include "testing/small_case.hpp"

namespace exeunt::testing {

using BundleFiles = std::map<std::string, std::string>;

inline std::string sums_of(const BundleFiles& files) {
  std::string out;
  for (const auto& [path, content] : files)
    if (path != "SHA256SUMS") out += base::to_hex(base::sha256(content)) + "  " + path + "\n";
  return out;
}

/// A case without an approval: its signature could not be made here.
inline SmallCase quiet_case() {
  SmallCase out;
  out.add(evidence::LeafKind::case_opened, {{"subject", "E1001"}, {"reason", "left"}},
          [](evidence::Leaf& leaf) { leaf.subject = "p_subject"; });
  out.path("n_account", "account", "directory/account/u1", "mallory");
  out.path("n_key", "key", "bastion/key/1:SHA256:b", "laptop");
  out.add(evidence::LeafKind::noted, {{"words", "seen"}});
  return out;
}

/// What an operator could issue falsely who has the log's key.
struct BundleLies {
  std::function<void(BundleFiles& files, base::JsonObject& named)> files;
  SmallCase::Fill issue;        // of the last leaf
  bool places_swapped = false;  // entries 1 and 2 stand in the log the other way round
};

struct SmallBundle {
  /// The log: `before` entries of others, then the case's, each followed by `between` of others; signed by `key`.
  static BundleFiles make(SmallCase small, const evidence::SigningKey& key, std::size_t before = 3, std::size_t between = 1,
                          const BundleLies& lies = {}) {
    const std::uint64_t covered = small.entries.size();
    const auto read = small.read();
    const base::Time issued_at = SmallCase::at(static_cast<int>(covered));
    BundleFiles files;
    for (std::size_t i = 0; i < covered; ++i) add_payload(files, small.entries[i]);
    files["timeline.csv"] = evidence::timeline_csv(read);
    files["case.json"] = evidence::case_json(read, issued_at);
    files["requirements.json"] = evidence::requirements_json(read, issued_at);
    files["report.html"] = "<!doctype html>\n";
    files["README.txt"] = "read me\n";
    files["log.vkey"] = key.verifier().text() + "\n";
    base::JsonObject named;
    for (const auto& [path, content] : files) named[path] = base::to_hex(base::sha256(content));
    if (lies.files) lies.files(files, named);
    small.add(evidence::LeafKind::record_issued, {{"files", named}}, [&](evidence::Leaf& leaf) {
      leaf.count = static_cast<std::int64_t>(covered) - 1;
      if (lies.issue) lies.issue(leaf);
    });
    add_payload(files, small.entries.back());
    add_tree(files, small, key, before, between, lies.places_swapped);
    files["SHA256SUMS"] = sums_of(files);
    return files;
  }

  static std::vector<base::Hash32> log_of(const SmallCase& small, std::size_t before, std::size_t between) {
    std::vector<base::Hash32> out;
    const auto add_others = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) out.push_back(evidence::leaf_hash("of another case " + std::to_string(out.size())));
    };
    add_others(before);
    for (const auto& entry : small.entries) {
      out.push_back(evidence::leaf_hash(entry.leaf));
      add_others(between);
    }
    return out;
  }

 private:
  static void add_payload(BundleFiles& files, const evidence::EntryBytes& entry) {
    const std::string bytes = std::string(entry.salt.begin(), entry.salt.end()) + *entry.payload;
    files["payload/" + base::to_hex(base::sha256(bytes))] = bytes;
  }
  static void add_tree(BundleFiles& files, const SmallCase& small, const evidence::SigningKey& key, std::size_t before, std::size_t between,
                       bool swapped) {
    SmallCase logged = small;
    if (swapped) std::swap(logged.entries[1], logged.entries[2]);
    const auto leaves = log_of(logged, before, between);
    files["checkpoint"] = evidence::sign_checkpoint({key.verifier().name, leaves.size(), evidence::root_of(leaves)}, key);
    for (std::size_t i = 0; i < small.entries.size(); ++i) {
      const std::size_t turn = swapped && (i == 1 || i == 2) ? 3 - i : i;
      const std::uint64_t place = before + turn * (1 + between);
      const std::string stem = "entries/" + std::to_string(i);
      files[stem + ".json"] = small.entries[i].leaf;
      files[stem + ".tlog-proof"] = evidence::to_text({place, evidence::inclusion_path(leaves, place), files["checkpoint"]});
    }
  }
};

}  // namespace exeunt::testing
