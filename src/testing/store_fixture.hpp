// A store in a throw-away folder, with its keys, for tests that need a real one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "evidence/leaf.hpp"
#include "evidence/merkle.hpp"
#include "store/open.hpp"
#include "testing/fake_clock.hpp"
#include "testing/temporary_folder.hpp"

namespace exeunt::testing {

struct StoreFixture {
  TemporaryFolder folder;
  FakeClock clock;
  base::SystemRandom random;
  evidence::SigningKey key = evidence::SigningKey::generate("exeunt.test/log/default", random);
  store::OpenOptions options = make_options();

  [[nodiscard]] store::OpenOptions make_options() const {
    store::OpenOptions made;
    made.database = folder.path() / "store.db";
    made.checkpoint_copy = folder.path() / "outside" / "checkpoint";
    std::filesystem::create_directories(made.checkpoint_copy.parent_path());
    made.origin = key.verifier().name;
    made.verifier = key.verifier();
    return made;
  }
  [[nodiscard]] base::Status create() { return store::create_store(options, random); }
  [[nodiscard]] base::Result<std::unique_ptr<store::Store>> open() { return store::open_store(options, clock, random); }
};

/// Entries that follow each other as a case's own writer makes them, without its fold.
class EntryMaker {
 public:
  explicit EntryMaker(std::string case_id, std::uint64_t next_seq = 0, base::Hash32 prev = {})
      : case_id_(std::move(case_id)), next_seq_(next_seq), prev_(prev) {}
  [[nodiscard]] store::NewEntry next(const std::string& words = "{\"words\":\"a noted thing\"}") {
    store::NewEntry entry;
    entry.case_id = model::CaseId(case_id_);
    entry.case_seq = next_seq_;
    entry.salt.assign(32, static_cast<std::uint8_t>(next_seq_ & 0xFFU));
    entry.payload = words;
    evidence::Leaf leaf;
    leaf.tenant = "default";
    leaf.case_id = case_id_;
    leaf.case_seq = next_seq_++;
    leaf.prev = prev_;
    leaf.kind = evidence::LeafKind::noted;
    leaf.t = base::Time(base::Duration(1'795'000'000'000));
    leaf.actor = "p_0123456789abcdefghjkmnpqrs";
    leaf.commit = evidence::commit_payload(entry.salt, entry.payload);
    entry.leaf = evidence::encode(leaf).value();
    entry.leaf_hash = prev_ = evidence::leaf_hash(entry.leaf);
    return entry;
  }
  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }

 private:
  std::string case_id_;
  std::uint64_t next_seq_;
  base::Hash32 prev_;
};

}  // namespace exeunt::testing
