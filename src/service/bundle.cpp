#include "service/bundle.hpp"

#include <algorithm>
#include <iterator>

#include "evidence/derived_files.hpp"
#include "evidence/subtree_hashes.hpp"
#include "evidence/tlog_proof.hpp"
#include "service/bundle_folder.hpp"
#include "service/bundle_readme.hpp"
#include "service/report.hpp"
#include "service/running.hpp"
#include "service/who.hpp"
#include "store/case_stream.hpp"

namespace exeunt::service {

using base::Code;
using base::Result;
using base::Status;
using evidence::LeafKind;

namespace {

constexpr std::size_t k_page = 1000;
constexpr std::size_t k_entries_with_proof_max = 1000;  // above: milestones only

Result<std::vector<store::StoredEntry>> read_all(store::Store& store, const model::CaseId& case_id, std::uint64_t from) {
  std::vector<store::StoredEntry> out;
  while (true) {
    EXEUNT_TRY_ASSIGN(auto page, store.read_case(case_id, from + out.size(), k_page));
    const bool last = page.size() < k_page;
    std::move(page.begin(), page.end(), std::back_inserter(out));
    if (last) return out;
  }
}

std::vector<evidence::EntryBytes> bytes_of(const std::vector<store::StoredEntry>& stored) {
  std::vector<evidence::EntryBytes> out;
  out.reserve(stored.size());
  for (const auto& entry : stored) out.push_back({entry.leaf, entry.payload, entry.salt});
  return out;
}

/// Salt and payload in one file, whose SHA-256 is what the leaf commits to.
void add_payload(BundleFiles& files, const evidence::EntryBytes& entry, const evidence::Leaf& leaf) {
  if (!entry.payload) return;
  files["payload/" + base::to_hex(leaf.commit)] = std::string(entry.salt.begin(), entry.salt.end()) + *entry.payload;
}

/// n counts approvals of plans and exceptions in the order of their entries, as case.json does. What was erased is left out.
Status add_approvals(BundleFiles& files, store::Store& store, const evidence::CaseEntries& read) {
  std::size_t n = 0;
  for (const auto& entry : read.entries) {
    const auto& leaf = entry.leaf;
    if (leaf.kind != LeafKind::approved && leaf.kind != LeafKind::exception_approved) continue;
    const std::string stem = "approvals/" + std::to_string(++n);
    const std::string document = evidence::told(entry.payload, "document");
    const std::string signature = evidence::told(entry.payload, "signature");
    if (!document.empty()) files[stem + ".json"] = document;
    if (!signature.empty()) files[stem + ".sig"] = signature;
    if (leaf.kind != LeafKind::approved) continue;
    auto plan = store.document("plan", leaf.digest);
    if (!plan) return base::fail(plan.error().about("plan " + leaf.digest));
    files["plan/" + leaf.digest + ".json"] = std::move(*plan);
  }
  return {};
}

/// Everything but what itself comes from the tree.
Result<BundleFiles> files_beside_the_tree(Home& home, const std::vector<evidence::EntryBytes>& entries, const evidence::CaseEntries& read,
                                          base::Time issued_at) {
  BundleFiles files;
  for (std::size_t i = 0; i < entries.size(); ++i) add_payload(files, entries[i], read.entries[i].leaf);
  EXEUNT_TRY(add_approvals(files, *home.store, read));
  files["timeline.csv"] = evidence::timeline_csv(read);
  files["case.json"] = evidence::case_json(read, issued_at);
  files["requirements.json"] = evidence::requirements_json(read, issued_at);
  EXEUNT_TRY_ASSIGN(const Report report, make_report(home, read, issued_at));
  files["report.html"] = report_html(report);
  const auto& key = home.log_key->verifier();
  files["log.vkey"] = key.text() + "\n";
  files["README.txt"] = bundle_readme(
      {read.state.case_id, read.state.tenant, read.state.entries - 1, issued_at, key, read.entries.size() < k_entries_with_proof_max});
  return files;
}

Status journal_issue(store::CaseStream& stream, const BundleFiles& files, std::uint64_t through, base::Time issued_at, std::string actor) {
  base::JsonObject hashes;
  for (const auto& [path, content] : files) hashes[path] = base::to_hex(base::sha256(content));
  evidence::Leaf leaf;
  leaf.kind = LeafKind::record_issued;
  leaf.t = issued_at;
  leaf.count = static_cast<std::int64_t>(through);
  leaf.actor = std::move(actor);
  return stream.append(std::move(leaf), base::JsonObject{{"files", std::move(hashes)}});
}

bool is_milestone(LeafKind kind) {
  return kind == LeafKind::case_opened || kind == LeafKind::approved || kind == LeafKind::exception_approved ||
         kind == LeafKind::milestone || kind == LeafKind::record_issued;
}

/// Leaves and their proofs under the last checkpoint, which covers them all. Returns the size of its tree.
Result<std::uint64_t> add_tree_files(BundleFiles& files, Home& home, const std::vector<store::StoredEntry>& stored) {
  EXEUNT_TRY_ASSIGN(const auto note, home.store->last_checkpoint());
  if (!note) return base::fail(Code::internal, "the log has no checkpoint although one was just signed", "run `exeunt doctor`");
  EXEUNT_TRY_ASSIGN(const auto opened, evidence::open_checkpoint(*note, home.log_key->verifier(), {}));
  const evidence::Checkpoint& checkpoint = opened.checkpoint;
  EXEUNT_TRY_ASSIGN(auto leaves, home.store->leaf_hashes(0, checkpoint.size));
  const evidence::SubtreeHashes tree(std::move(leaves));
  EXEUNT_TRY_ASSIGN(const evidence::Hash32 root, evidence::root_of(tree.size(), tree.source()));
  if (root != checkpoint.root || stored.back().tree_index >= checkpoint.size)
    return base::fail(Code::data_loss, "the signed checkpoint is not the root of the stored tree, or does not cover the record",
                      "run `exeunt doctor`");
  files["checkpoint"] = *note;
  for (const auto& entry : stored) {
    const std::string stem = "entries/" + std::to_string(entry.case_seq);
    files[stem + ".json"] = entry.leaf;
    EXEUNT_TRY_ASSIGN(const evidence::Leaf leaf, evidence::decode(entry.leaf));
    if (stored.size() > k_entries_with_proof_max && !is_milestone(leaf.kind)) continue;
    EXEUNT_TRY_ASSIGN(auto path, evidence::inclusion_path(entry.tree_index, checkpoint.size, tree.source()));
    files[stem + ".tlog-proof"] = evidence::to_text({entry.tree_index, std::move(path), *note});
  }
  return checkpoint.size;
}

void add_sums(BundleFiles& files) {
  std::string sums;
  for (const auto& [path, content] : files) sums += base::to_hex(base::sha256(content)) + "  " + path + "\n";
  files["SHA256SUMS"] = std::move(sums);
}

}  // namespace

Result<BundleWritten> write_bundle(Home& home, const Operator& who, const model::CaseId& case_id, const std::filesystem::path& folder,
                                   const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY(check_bundle_folder(folder));
  EXEUNT_TRY_ASSIGN(std::string actor, person_reference(*home.store, home.people, who.person));
  BundleWritten out;
  out.case_id = case_id;
  out.folder = folder;
  BundleFiles files;
  std::vector<store::StoredEntry> stored;
  {
    // Its lease: between reading the entries and journalling the issue nobody else appends.
    EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(*home.store, clock, random, home.config.tenant, case_id, "record"));
    EXEUNT_TRY_ASSIGN(stored, read_all(*home.store, case_id, 0));
    if (stored.empty()) return base::fail(Code::not_found, "case " + case_id.text() + ": there is none", "`exeunt status` lists the cases");
    const auto entries = bytes_of(stored);
    EXEUNT_TRY_ASSIGN(const evidence::CaseEntries read, evidence::read_entries(entries));
    const base::Time issued_at = clock.now();
    out.through = stored.back().case_seq;
    out.exit = evidence::exit_code(read.state, issued_at);
    EXEUNT_TRY_ASSIGN(files, files_beside_the_tree(home, entries, read, issued_at));
    EXEUNT_TRY(journal_issue(*stream, files, out.through, issued_at, std::move(actor)));
  }
  EXEUNT_TRY(sign_checkpoint(home));
  EXEUNT_TRY_ASSIGN(auto issued, read_all(*home.store, case_id, out.through + 1));
  if (issued.empty()) return base::fail(Code::internal, "the entry that the record was issued is not there", "run `exeunt doctor`");
  EXEUNT_TRY_ASSIGN(const evidence::Leaf leaf, evidence::decode(issued.front().leaf));
  add_payload(files, {issued.front().leaf, issued.front().payload, issued.front().salt}, leaf);
  stored.push_back(std::move(issued.front()));
  EXEUNT_TRY_ASSIGN(out.tree_size, add_tree_files(files, home, stored));
  add_sums(files);
  out.files = files.size();
  EXEUNT_TRY(write_bundle_folder(folder, files));
  return out;
}

}  // namespace exeunt::service
