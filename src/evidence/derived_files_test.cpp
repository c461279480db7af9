#include "evidence/derived_files.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/csv.hpp"
#include "evidence/exposure.hpp"
#include "evidence/requirements.hpp"
#include "testing/golden.hpp"
#include "testing/small_case.hpp"

using namespace exeunt;
using testing::SmallCase;

namespace {

const base::Time k_issued = SmallCase::at(100);

evidence::RequirementRow row_of(const evidence::CaseEntries& entries, std::string_view id) {
  const auto rows = evidence::requirement_rows(entries, k_issued);
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.requirement->id == id; });
  REQUIRE(found != rows.end());
  return *found;
}

bool has(const std::vector<evidence::EvidenceKind>& kinds, evidence::EvidenceKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

TEST_CASE("derived files: the same entries give the same bytes, which are these") {
  const auto entries = testing::hostile_case().read();
  testing::check_golden(EXEUNT_PROJECT_ROOT, "evidence/timeline.csv", evidence::timeline_csv(entries));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "evidence/case.json", evidence::case_json(entries, k_issued));
  testing::check_golden(EXEUNT_PROJECT_ROOT, "evidence/requirements.json", evidence::requirements_json(entries, k_issued));
}

TEST_CASE("derived files: no cell is a formula, whatever a reader splits at") {
  struct Row {
    std::string_view text, cell;
  };
  const Row rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"=1+1", "'=1+1"},
      {"+43 1", "'+43 1"},
      {"  @SUM(A1)", "  '@SUM(A1)"},
      {"a=b", "a=b"},
      {"n_-x", "n_-x"},
      {"a;=1", "a;'=1"},
      {"a; -1", "a; '-1"},
      {"a,=1", "\"a,'=1\""},
      {"\"=1", "\"\"\"'=1\""},
      {"\t=1", "\\x09=1"},
      {"a\n=1", "a\\x0a=1"},
      {"\xEF\xBC\x9D"
       "1",
       "'\xEF\xBC\x9D"
       "1"},
      {"\xE2\x80\xAE"
       "x",
       "\\u{202e}x"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK_EQ(evidence::safe_cell(row.text), row.cell);
  }
}

TEST_CASE("derived files: every entry is one row of the timeline, with as many cells as the head") {
  const auto made = testing::hostile_case();
  const auto rows = base::parse_csv(evidence::timeline_csv(made.read()));
  REQUIRE(rows.has_value());
  REQUIRE_EQ(rows->size(), made.entries.size() + 1);
  for (const auto& row : *rows) CHECK_EQ(row.fields.size(), rows->front().fields.size());
}

TEST_CASE("derived files: what was erased is told by its reference, and the state stays what it was") {
  auto made = testing::hostile_case();
  const auto before = made.read();
  for (auto& entry : made.entries) entry.payload.reset(), entry.salt.clear();
  const auto after = made.read();
  CHECK_EQ(after.node("n_key"), "n_key");
  CHECK_EQ(before.node("n_key"), "bastion/key/1:SHA256:b");
  CHECK_EQ(evidence::timeline_csv(after).find("laptop"), std::string::npos);
  CHECK_EQ(evidence::requirements_json(before, k_issued), evidence::requirements_json(after, k_issued));
  CHECK_EQ(evidence::exposure(before), evidence::exposure(after));
}

TEST_CASE("derived files: entries that are not a case's are refused") {
  const auto made = testing::hostile_case();
  const auto refused = [](std::vector<evidence::EntryBytes> entries) { return !evidence::read_entries(entries).has_value(); };
  CHECK_FALSE(refused(made.entries));
  SUBCASE("one is left out") {
    auto entries = made.entries;
    entries.erase(entries.begin() + 4);
    CHECK(refused(entries));
  }
  SUBCASE("two change places") {
    auto entries = made.entries;
    std::swap(entries[2], entries[3]);
    CHECK(refused(entries));
  }
  SUBCASE("payloads and salts change places") {
    auto entries = made.entries;
    std::swap(entries[2].payload, entries[3].payload);
    std::swap(entries[2].salt, entries[3].salt);
    CHECK(refused(entries));
  }
  SUBCASE("the first is missing") { CHECK(refused({made.entries.begin() + 1, made.entries.end()})); }
}

TEST_CASE("requirements: an ending speaks for a requirement only while nothing of its kind is left") {
  auto made = testing::hostile_case();
  using K = evidence::EvidenceKind;
  CHECK_EQ(row_of(made.read(), "AC-2(3)").shown, evidence::Shown::complete);
  CHECK_EQ(row_of(made.read(), "AC-12").shown, evidence::Shown::none);
  CHECK(has(row_of(made.read(), "AC-2(13)").missing, K::refusal_probed));
  made.ended("n_session", "read_back");  // weaker than its policy asks for
  CHECK(has(row_of(made.read(), "AC-12").missing, K::session_ended));
  made.ended("n_session", "refused");
  CHECK_EQ(row_of(made.read(), "AC-12").shown, evidence::Shown::complete);
  CHECK_EQ(row_of(made.read(), "MP-6").shown, evidence::Shown::none);
  CHECK(has(row_of(made.read(), "PS-4").missing, K::case_closed));
}

TEST_CASE("exposure: it grows with what is found, falls with what ends, and leaves out what is ours or only watched") {
  auto made = testing::hostile_case();
  made.path("n_watched", "licence", "directory/licence/1", "a seat", "watched");
  using P = evidence::ExposurePoint;
  CHECK_EQ(
      evidence::exposure(made.read()),
      std::vector<P>{{SmallCase::at(1), 1}, {SmallCase::at(2), 2}, {SmallCase::at(3), 3}, {SmallCase::at(13), 2}, {SmallCase::at(14), 1}});
}

TEST_CASE("exposure: a clock that steps back does not turn the curve round") {
  SmallCase made;
  made.add(evidence::LeafKind::case_opened, {}, [](evidence::Leaf& leaf) { leaf.subject = "p_1"; });
  made.path("n_1", "account", "directory/account/1", "one");
  made.add(evidence::LeafKind::path_found, {}, [](evidence::Leaf& leaf) {
    leaf.target = "n_2", leaf.system = "directory", leaf.node = "key", leaf.outcome = "required", leaf.t = SmallCase::at(-500);
  });
  CHECK_EQ(evidence::exposure(made.read()), std::vector<evidence::ExposurePoint>{{SmallCase::at(1), 2}});
}
