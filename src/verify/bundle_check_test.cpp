#include "verify/bundle_check.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "base/random.hpp"
#include "testing/small_bundle.hpp"
#include "verify/words.hpp"

using namespace exeunt;
using testing::BundleFiles;
using testing::SmallBundle;

namespace {

evidence::SigningKey new_key(const std::string& name = "log.example/one") {
  base::SystemRandom random;
  return evidence::SigningKey::generate(name, random);
}

verify::BundleVerdict check(const BundleFiles& files, const evidence::SigningKey& key, std::optional<std::string> since = std::nullopt) {
  return verify::check_bundle(files, {key.verifier(), std::move(since), std::nullopt});
}

std::string reasons(const verify::BundleVerdict& verdict) {
  std::string out;
  for (const auto& error : verdict.refused) {
    CHECK_FALSE(error.next.empty());
    out += error.what + "\n";
  }
  return out;
}

/// A checkpoint of the first `size` entries of the log that SmallBundle::make writes.
std::string earlier(const testing::SmallCase& small, const evidence::SigningKey& key, std::uint64_t size) {
  const auto leaves = SmallBundle::log_of(small, 3, 1);
  return evidence::sign_checkpoint({key.verifier().name, size, evidence::root_of(std::span(leaves).first(size))}, key);
}

}  // namespace

TEST_CASE("bundle check: one that was written as the page says holds, and what it is is said") {
  const auto key = new_key();
  const auto verdict = check(SmallBundle::make(testing::quiet_case(), key), key);
  CHECK_EQ(reasons(verdict), "");
  CHECK_EQ(verdict.case_id, "c_1");
  CHECK_EQ(verdict.subject, "E1001");
  CHECK_EQ(verdict.entries, 5);
  CHECK_EQ(verdict.through, 3);
  CHECK_EQ(verdict.proofs, 5);
  CHECK_NE(verify::in_words(verdict).find("issued through entry 3 at"), std::string::npos);
}

TEST_CASE("bundle check: what the holder of the log's key issues falsely is refused too") {
  struct Row {
    const char* what;
    std::function<void(BundleFiles&, base::JsonObject&)> change;
    const char* reason;
  };
  const auto issued_as = [](const std::string& path, const std::string& content) {
    return [=](BundleFiles& files, base::JsonObject& named) {
      files[path] = content;
      named[path] = base::to_hex(base::sha256(content));
    };
  };
  const Row rows[] = {
      {"another verdict", issued_as("case.json", "{}\n"), "case.json: it does not say what the entries say"},
      {"another timeline", issued_as("timeline.csv", ""), "timeline.csv: it does not say what the entries say"},
      {"another key", issued_as("log.vkey", new_key("log.example/two").verifier().text() + "\n"), "log.vkey: it is another key"},
      {"a payload of nobody", issued_as("payload/x", std::string(40, 'x')), "payload/x: no entry commits to it"},
      {"no report",
       [](BundleFiles& files, base::JsonObject& named) {
         files.erase("report.html");
         named.erase("report.html");
       },
       "report.html: the record was issued without it"},
      {"a path that leaves the folder", [](BundleFiles&, base::JsonObject& named) { named["../outside"] = std::string(64, '0'); },
       "../outside: it was in the record when it was issued, and is missing"},
      {"a digest that is none", [](BundleFiles&, base::JsonObject& named) { named["report.html"] = 7; },
       "report.html: it is not what was issued"},
      {"a file that was not named", [](BundleFiles& files, base::JsonObject&) { files["more.txt"] = "x"; },
       "more.txt: it is none of the record's files"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const auto key = new_key();
    const auto verdict = check(SmallBundle::make(testing::quiet_case(), key, 3, 1, {row.change, {}}), key);
    CHECK_FALSE(verdict.holds());
    CHECK_NE(reasons(verdict).find(row.reason), std::string::npos);
  }
}

TEST_CASE("bundle check: an issue that is none, or is another's, and places in the log that contradict the chain are refused") {
  struct Row {
    const char* what;
    testing::BundleLies lies;
    const char* reason;
  };
  using evidence::Leaf;
  const Row rows[] = {
      {"no issue",
       {{}, [](Leaf& leaf) { leaf.kind = evidence::LeafKind::noted, leaf.count.reset(); }},
       "does not say that a record was issued"},
      {"after another entry", {{}, [](Leaf& leaf) { leaf.prev = base::Hash32{1}; }}, "it does not follow the entry before it"},
      {"with another number", {{}, [](Leaf& leaf) { leaf.case_seq = 40; }}, "it does not follow the entry before it"},
      {"covers less", {{}, [](Leaf& leaf) { leaf.count = 1; }}, "covers another number of entries"},
      {"covers nothing", {{}, [](Leaf& leaf) { leaf.count.reset(); }}, "covers another number of entries"},
      {"of another case", {{}, [](Leaf& leaf) { leaf.case_id = "c_2"; }}, "it is an entry of another case"},
      {"of another tenant", {{}, [](Leaf& leaf) { leaf.tenant = "another"; }}, "it is an entry of another case"},
      {"places swapped", {{}, {}, true}, "its entry stands in the log before the one that it follows"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const auto key = new_key();
    const auto verdict = check(SmallBundle::make(testing::quiet_case(), key, 3, 1, row.lies), key);
    CHECK_NE(reasons(verdict).find(row.reason), std::string::npos);
  }
}

TEST_CASE("bundle check: an approval whose payload is there and holds no signature is no erased one") {
  auto small = testing::quiet_case();
  const std::string digest(64, 'a');
  small.add(evidence::LeafKind::plan_compiled, {{"words", "2 ways in"}}, [&](evidence::Leaf& leaf) { leaf.digest = digest; });
  small.state("waiting_approval");
  small.add(evidence::LeafKind::approved, {},
            [&](evidence::Leaf& leaf) { leaf.digest = digest, leaf.approver = "p_approver", leaf.until = testing::SmallCase::at(3600); });
  const auto key = new_key();
  CHECK_NE(reasons(check(SmallBundle::make(small, key), key)).find("approvals/1.json"), std::string::npos);
}

TEST_CASE("bundle check: an earlier checkpoint is contained, not shown, or of another history") {
  const auto key = new_key();
  const auto small = testing::quiet_case();
  const auto files = SmallBundle::make(small, key);
  const std::uint64_t size = 3 + 2 * 4;  // all before the issue
  CHECK_EQ(check(files, key).since, verify::Since::not_asked);
  CHECK_EQ(check(files, key, files.at("checkpoint")).since, verify::Since::contained);
  // After an entry of the case: its own proof shows it.
  for (const std::uint64_t seen : {4U, 6U, 8U, 10U}) {
    CAPTURE(seen);
    CHECK_EQ(check(files, key, earlier(small, key, seen)).since, verify::Since::contained);
  }
  const auto unknown = check(files, key, earlier(small, key, 1));
  CHECK(unknown.holds());
  CHECK_EQ(unknown.since, verify::Since::not_shown);
  CHECK_NE(verify::in_words(unknown).find("that the log contains the earlier checkpoint"), std::string::npos);
  const auto forked = evidence::sign_checkpoint({key.verifier().name, 6, evidence::leaf_hash("another history")}, key);
  CHECK_NE(reasons(check(files, key, forked)).find("another history"), std::string::npos);
  const auto beyond = evidence::sign_checkpoint({key.verifier().name, size + 100, evidence::leaf_hash("later")}, key);
  CHECK_NE(reasons(check(files, key, beyond)).find("older than what was seen"), std::string::npos);
  const auto empty = evidence::sign_checkpoint({key.verifier().name, 0, evidence::empty_root()}, key);
  CHECK_EQ(check(files, key, empty).since, verify::Since::not_shown);
  CHECK_NE(reasons(check(files, key, evidence::sign_checkpoint({"log.example/two", 4, {}}, new_key("log.example/two"))))
               .find("earlier checkpoint"),
           std::string::npos);
}

TEST_CASE("bundle check: nothing, and nothing of it, is refused without falling over") {
  const auto key = new_key();
  CHECK_FALSE(check({}, key).holds());
  const auto whole = SmallBundle::make(testing::quiet_case(), key);
  for (const auto& [path, content] : whole) {
    CAPTURE(path);
    auto without = whole;
    without.erase(path);
    CHECK_FALSE(check(without, key).holds());
    without["SHA256SUMS"] = testing::sums_of(without);
    if (path != "SHA256SUMS") CHECK_FALSE(check(without, key).holds());
    for (const std::size_t keep : {std::size_t{0}, content.size() / 2, content.size() - 1}) {
      auto cut = whole;
      cut[path] = content.substr(0, keep);
      if (path != "SHA256SUMS") cut["SHA256SUMS"] = testing::sums_of(cut);
      CHECK_FALSE(check(cut, key).holds());
    }
  }
}

TEST_CASE("bundle check: one bit anywhere, with every sum made right again, is refused") {
  const auto key = new_key();
  const auto whole = SmallBundle::make(testing::quiet_case(), key, 1, 0);
  for (const auto& [path, content] : whole) {
    if (path == "SHA256SUMS") continue;
    for (std::size_t i = 0; i < content.size(); i += 7) {
      auto edited = whole;
      edited[path][i] = static_cast<char>(edited[path][i] ^ 1);
      edited["SHA256SUMS"] = testing::sums_of(edited);
      if (!check(edited, key).holds()) continue;
      CAPTURE(path);
      CAPTURE(i);
      FAIL_CHECK("accepted");
    }
  }
}
