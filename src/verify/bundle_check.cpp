#include "verify/bundle_check.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "evidence/derived_files.hpp"
#include "evidence/merkle.hpp"
#include "evidence/tlog_proof.hpp"
#include "verify/known_subtrees.hpp"

namespace exeunt::verify {
namespace {

using base::Code;
using evidence::LeafKind;

constexpr std::size_t k_refused_max = 20;
constexpr std::size_t k_entries_with_proof_max = 1000;  // of more, only milestones need one
constexpr std::size_t k_salt_bytes = 32;
constexpr base::JsonLimits k_issued_limits{64 * 1024 * 1024, 8};
constexpr std::string_view k_other_copy = "compare it with another copy of the record, or ask for it again";

bool is_milestone(LeafKind kind) {
  return kind == LeafKind::case_opened || kind == LeafKind::approved || kind == LeafKind::exception_approved ||
         kind == LeafKind::milestone || kind == LeafKind::record_issued;
}

/// "entries/12.json" -> 12, in its one spelling.
std::optional<std::uint64_t> number_in(std::string_view path, std::string_view before, std::string_view after) {
  if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) return std::nullopt;
  const std::string_view digits = path.substr(before.size(), path.size() - before.size() - after.size());
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || std::to_string(value) != digits) return std::nullopt;
  return value;
}

std::string entry_path(std::uint64_t number, std::string_view after) { return "entries/" + std::to_string(number) + std::string(after); }
std::string payload_path(const evidence::Leaf& leaf) { return "payload/" + base::to_hex(leaf.commit); }

class Checker {
 public:
  Checker(const Files& files, const BundleTrust& trust) : files_(files), trust_(trust) {}

  BundleVerdict run() {
    // Each of these stands on the one before: without it, what follows would be said of nothing.
    if (check_checkpoint() && check_names_of_entries() && read_all_entries() && check_issue() && check_proofs()) {
      check_payloads();
      check_issued_files();
      check_derived_files();
      check_approvals();
      check_sums();
      check_since();
    }
    return std::move(verdict_);
  }

 private:
  bool refuse(base::Error error) {
    if (verdict_.refused.size() < k_refused_max) verdict_.refused.push_back(std::move(error));
    return false;
  }
  bool refuse(std::string_view subject, std::string_view cause, std::string_view next = k_other_copy) {
    return refuse({Code::data_loss, std::string(subject) + ": " + std::string(cause), std::string(next)});
  }
  [[nodiscard]] const std::string* file(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::uint64_t last() const { return bytes_.size() - 1; }

  bool check_checkpoint() {
    const auto* note = file("checkpoint");
    if (note == nullptr) return refuse("checkpoint", "it is not there, and without it nothing holds");
    auto opened = evidence::open_checkpoint(*note, trust_.log, {});
    if (!opened)
      return refuse(
          {Code::data_loss, "checkpoint: " + opened.error().what,
           "take the log's key from whoever runs the log, not from this folder; with the right key, this is no record of that log"});
    checkpoint_ = opened->checkpoint;
    verdict_.origin = checkpoint_.origin;
    verdict_.tree_size = checkpoint_.size;
    return true;
  }

  /// From the first to the last, without a hole.
  bool check_names_of_entries() {
    while (const auto* leaf = file(entry_path(bytes_.size(), ".json"))) bytes_.push_back({*leaf, std::nullopt, {}});
    verdict_.entries = bytes_.size();
    for (auto each = files_.lower_bound("entries/"); each != files_.end() && each->first.starts_with("entries/"); ++each) {
      auto number = number_in(each->first, "entries/", ".json");
      if (!number) number = number_in(each->first, "entries/", ".tlog-proof");
      if (!number) return refuse(each->first, "no file of a record is called so");
      if (*number >= bytes_.size()) return refuse(entry_path(bytes_.size(), ".json"), "it is missing, and " + each->first + " is there");
    }
    if (bytes_.size() < 2) return refuse("entries", "a record has at least two, and here are " + std::to_string(bytes_.size()));
    return true;
  }

  bool read_all_entries() {
    for (std::uint64_t i = 0; i < bytes_.size(); ++i) {
      auto leaf = evidence::decode(bytes_[i].leaf);
      if (!leaf) return refuse(leaf.error().about(entry_path(i, ".json")));
      if (const auto* payload = file(payload_path(*leaf))) {
        if (payload->size() < k_salt_bytes) return refuse(payload_path(*leaf), "it is shorter than its salt");
        bytes_[i].salt.assign(payload->begin(), payload->begin() + k_salt_bytes);
        bytes_[i].payload = payload->substr(k_salt_bytes);
        ++verdict_.payloads;
      } else {
        ++verdict_.erased;
      }
      if (i == last()) issue_ = std::move(*leaf);
    }
    // Chain, case, tenant, order, transitions, payloads: all but the last entry, which is not part of what the record was made from.
    auto read = evidence::read_entries(std::span(bytes_).first(bytes_.size() - 1));
    if (!read) return refuse(std::move(read.error()));
    read_ = std::move(*read);
    verdict_.tenant = read_.state.tenant;
    verdict_.case_id = read_.state.case_id;
    verdict_.subject = read_.person(read_.state.subject);
    for (const auto& entry : read_.entries) verdict_.earlier_records += entry.leaf.kind == LeafKind::record_issued ? 1 : 0;
    return true;
  }

  /// The last entry says what the record is: it must be its issue, and follow the ones before it.
  bool check_issue() {
    const std::string path = entry_path(last(), ".json");
    const auto& state = read_.state;
    if (issue_.kind != LeafKind::record_issued)
      return refuse(path, "the last entry does not say that a record was issued (record_issued): the end is cut off, or this is no record");
    if (issue_.tenant != state.tenant || issue_.case_id != state.case_id) return refuse(path, "it is an entry of another case");
    if (issue_.case_seq != last() || issue_.prev != state.head) return refuse(path, "it does not follow the entry before it");
    if (issue_.count != static_cast<std::int64_t>(last()) - 1)
      return refuse(path, "it says that the record covers another number of entries than there are before it");
    verdict_.through = last() - 1;
    verdict_.issued_at = issue_.t;
    return true;
  }

  bool check_proofs() {
    const std::string& note = *file("checkpoint");
    std::optional<std::uint64_t> place_before;
    for (std::uint64_t i = 0; i < bytes_.size(); ++i) {
      const std::string path = entry_path(i, ".tlog-proof");
      const auto* text = file(path);
      const LeafKind kind = i == last() ? issue_.kind : read_.entries[i].leaf.kind;
      if (text == nullptr) {
        if (bytes_.size() > k_entries_with_proof_max && !is_milestone(kind)) continue;
        return refuse(path, "the proof of this entry is missing");
      }
      auto proof = evidence::read_tlog_proof(*text);
      if (!proof) return refuse(proof.error().about(path));
      if (proof->checkpoint != note) return refuse(path, "it is a proof under another checkpoint than this record's");
      const auto leaf = evidence::leaf_hash(bytes_[i].leaf);
      std::vector<evidence::HashBytes> hashes;
      for (const auto& hash : proof->hashes) hashes.emplace_back(hash.begin(), hash.end());
      if (auto held = evidence::verify_inclusion(proof->index, checkpoint_.size, leaf, hashes, checkpoint_.root); !held)
        return refuse(held.error().about(path));
      if (place_before && proof->index <= *place_before) return refuse(path, "its entry stands in the log before the one that it follows");
      place_before = proof->index;
      known_.learn(proof->index, checkpoint_.size, leaf, proof->hashes);
      ++verdict_.proofs;
    }
    return true;
  }

  /// Those of the entries were compared with what the entries commit to; none may be more than that.
  void check_payloads() {
    std::set<std::string> committed{payload_path(issue_)};
    for (const auto& entry : read_.entries) committed.insert(payload_path(entry.leaf));
    for (auto each = files_.lower_bound("payload/"); each != files_.end() && each->first.starts_with("payload/"); ++each)
      if (!committed.contains(each->first)) refuse(each->first, "no entry commits to it");
  }

  void check_issued_files() {
    const auto& issue = bytes_.back();
    if (!issue.payload) {
      refuse(payload_path(issue_), "it is missing, and it is what names the record's other files");
      return;
    }
    if (evidence::commit_payload(issue.salt, *issue.payload) != issue_.commit) {
      refuse(payload_path(issue_), "its SHA-256 is not its name");
      return;
    }
    auto parsed = base::parse_json(*issue.payload, k_issued_limits);
    const auto* named = parsed && parsed->is_object() ? parsed->as_object().if_contains("files") : nullptr;
    if (named == nullptr || !named->is_object()) {
      refuse(payload_path(issue_), "it does not name the record's files");
      return;
    }
    std::set<std::string> issued{"SHA256SUMS", "checkpoint", payload_path(issue_)};
    for (const auto& [path, digest] : named->as_object()) {
      const std::string name(path);
      issued.insert(name);
      const auto* content = file(name);
      if (content == nullptr)
        refuse(name, "it was in the record when it was issued, and is missing");
      else if (!digest.is_string() || base::to_hex(base::sha256(*content)) != std::string_view(digest.as_string()))
        refuse(name, "it is not what was issued");
    }
    for (const auto& [path, content] : files_)
      if (!issued.contains(path) && !path.starts_with("entries/")) refuse(path, "it is none of the record's files");
    for (const std::string_view needed : {"README.txt", "log.vkey", "report.html"})
      if (!issued.contains(std::string(needed))) refuse(needed, "the record was issued without it");
    const auto* key = file("log.vkey");
    if (key != nullptr && *key != trust_.log.text() + "\n") refuse("log.vkey", "it is another key than the one that was given");
  }

  void check_derived_files() {
    const auto compare = [&](const std::string& path, const std::string& made) {
      const auto* content = file(path);
      if (content == nullptr)
        refuse(path, "it is missing");
      else if (*content != made)
        refuse(path, "it does not say what the entries say", "trust the entries; ask whoever issued it with which version of Exeunt");
    };
    compare("timeline.csv", evidence::timeline_csv(read_));
    compare("case.json", evidence::case_json(read_, issue_.t));
    compare("requirements.json", evidence::requirements_json(read_, issue_.t));
  }

  void check_approvals() {
    std::size_t n = 0;
    for (std::size_t i = 0; i < read_.entries.size(); ++i) {
      const auto& entry = read_.entries[i];
      if (!is_approval(entry.leaf)) continue;
      const std::string stem = "approvals/" + std::to_string(++n);
      auto seen = bytes_[i].payload ? check_approval(entry, trust_.signers) : base::Result<ApprovalSeen>(approval_of(entry.leaf));
      if (!seen) {
        refuse(seen.error().about(stem + ".json"));
        continue;
      }
      seen->n = n;
      check_copy(stem + ".json", evidence::told(entry.payload, "document"));
      check_copy(stem + ".sig", evidence::told(entry.payload, "signature"));
      if (!seen->of_exception) check_plan(seen->digest);
      verdict_.approvals.push_back(std::move(*seen));
    }
  }
  void check_copy(const std::string& path, const std::string& told) {
    const auto* content = file(path);
    if (content == nullptr ? !told.empty() : *content != told) refuse(path, "it is not what its entry holds");
  }
  void check_plan(const std::string& digest) {
    const std::string path = "plan/" + digest + ".json";
    const auto* content = file(path);
    if (content == nullptr)
      refuse(path, "the plan that was approved is missing");
    else if (base::to_hex(base::sha256(*content)) != digest)
      refuse(path, "it is not the plan that was approved");
  }

  void check_sums() {
    std::string sums;
    for (const auto& [path, content] : files_)
      if (path != "SHA256SUMS") sums += base::to_hex(base::sha256(content)) + "  " + path + "\n";
    const auto* written = file("SHA256SUMS");
    if (written == nullptr)
      refuse("SHA256SUMS", "it is missing");
    else if (*written != sums)
      refuse("SHA256SUMS", "it does not hold the sums of the files that are here");
  }

  void check_since() {
    if (!trust_.since) return;
    auto opened = evidence::open_checkpoint(*trust_.since, trust_.log, {});
    if (!opened) {
      refuse({Code::data_loss, "the earlier checkpoint: " + opened.error().what, "give one of the same log, signed by the same key"});
      return;
    }
    const auto& earlier = opened->checkpoint;
    if (earlier.size > checkpoint_.size) {
      refuse("checkpoint",
             "this record is older than what was seen: its tree has " + std::to_string(checkpoint_.size) + " entries, and one of " +
                 std::to_string(earlier.size) + " was seen",
             "ask for a record that is issued now");
      return;
    }
    const auto root = earlier.size == checkpoint_.size ? base::Result<evidence::Hash32>(checkpoint_.root)
                                                       : evidence::root_of(earlier.size, known_.source());
    if (root && *root != earlier.root) {
      refuse("checkpoint",
             "the log has another history than the one that was seen: its first " + std::to_string(earlier.size) + " entries are not those",
             "keep both checkpoints: together they prove it");
      return;
    }
    verdict_.since = root && earlier.size > 0 ? Since::contained : Since::not_shown;
  }

  BundleVerdict verdict_;
  const Files& files_;
  const BundleTrust& trust_;
  evidence::Checkpoint checkpoint_;
  std::vector<evidence::EntryBytes> bytes_;
  evidence::CaseEntries read_;  // all but the last
  evidence::Leaf issue_;        // the last
  KnownSubtrees known_;
};

}  // namespace

BundleVerdict check_bundle(const Files& files, const BundleTrust& trust) { return Checker(files, trust).run(); }

}  // namespace exeunt::verify
