#include "service/report.hpp"

#include <doctest/doctest.h>

#include "base/escape.hpp"
#include "service/report_words.hpp"
#include "testing/golden.hpp"
#include "testing/small_case.hpp"

using namespace exeunt;
using service::Report;
using service::ReportPath;
using testing::SmallCase;

namespace {

const char* const k_bidi = "\xe2\x80\xae";

ReportPath way(const std::string& system, const std::string& kind, const std::string& id, const std::string& label, model::PathState state,
               model::Grade grade) {
  ReportPath out;
  out.line.system = system, out.line.kind = kind, out.line.id = id, out.line.label = label;
  out.line.action = "revoke_keys", out.line.step = "s01";
  out.line.fold.state = state, out.line.fold.grade = grade, out.line.fold.grade_required = model::Grade::refused;
  out.line.fold.means = "own", out.line.fold.control = "held";
  if (state == model::PathState::ended) out.line.fold.last_admitted = SmallCase::at(5), out.line.fold.first_refused = SmallCase::at(14);
  out.operator_name = "Olga Operator (E1003)", out.approver_name = "Anna Approver (E1002)";
  return out;
}

/// Every section has something in it, and every text wants to hurt.
Report hostile_report() {
  const auto entries = testing::hostile_case().read();
  Report out;
  out.tenant = "default", out.case_id = "c_1", out.log_key = "exeunt/default+01020304+AQID";
  out.subject = std::string("Mallory \"M\" <script>alert('x')</script> & ") + k_bidi + "moc.elpmaxe (E1001)";
  out.reason = "resigned</dd></dl><h1>All well</h1>";
  out.operators = {"Olga Operator (E1003)"}, out.approvers = {"Anna <b>Approver</b> (E1002)"};
  out.state = model::CaseState::waiting_draining;
  out.issued_at = SmallCase::at(100), out.through = 17;
  out.detected = SmallCase::at(0), out.approved = SmallCase::at(9), out.identity_cut = SmallCase::at(15);
  out.target_identity = base::Duration(5'000), out.target_zero = base::Duration(600'000);
  out.systems = {{"bastion", "openssh", false}, {"directory", "openldap", true}};
  using S = model::PathState;
  using G = model::Grade;
  out.paths = {way("bastion", "key", "1:SHA256:b", "laptop\" onload='x'", S::ended, G::refused),
               way("bastion", "session", "4711", "sshd <4711>", S::ended, G::read_back),
               way("directory", "account", "u1", "mallory\n\x1b[2J", S::live, G::unknown),
               way("directory", "session", "10", "a witness", S::ended, G::refused),
               way("directory", "token", "all", "access tokens", S::draining, G::unknown),
               way("directory", "grant", "g", "wiki", S::waived, G::waived)};
  out.paths[3].line.fold.ours = true, out.paths[3].line.required = false;
  out.paths[0].used_before = 2, out.paths[0].used_after = 1, out.paths[2].used_undecided = 1;
  out.paths[4].line.fold.until = SmallCase::at(4000), out.paths[5].line.fold.until = SmallCase::at(90'000);
  service::ExceptionLine exception;
  exception.paths = {"directory/grant/<g>"}, exception.reason = "handover & <i>more</i>", exception.asker = "Olga Operator (E1003)";
  exception.approver = "Anna Approver (E1002)", exception.state = "approved", exception.until = SmallCase::at(90'000);
  out.exceptions = {exception};
  out.tasks = {{"door badge <img src=x>", "asked"}};
  out.listings = {{"directory", "session", "u1", "partial", "cut at its <first> page"}};
  out.gaps = {{"warehouse", "session", "a pooler's sessions are not seen; ask <its> owner"}};
  out.sources = {{"bastion", "full", ""}, {"directory", "lower_bound", "only the last one"}};
  out.exposure = evidence::exposure(entries);
  out.requirements = evidence::requirement_rows(entries, out.issued_at);
  return out;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++out;
  return out;
}

}  // namespace

TEST_CASE("report: the page of a case with everything in it is this one") {
  testing::check_golden(EXEUNT_PROJECT_ROOT, "service/report.html", service::report_html(hostile_report()));
}

TEST_CASE("report: no text from outside becomes markup, and what turns text is shown") {
  const std::string page = service::report_html(hostile_report());
  CHECK(base::is_valid_utf8(page));
  for (const std::string_view never :
       {"<script", "<b>", "<i>", "<img", "onload='", "All well</h1>", "\x1b", k_bidi, "http:", "https:", "url("}) {
    CAPTURE(never);
    CHECK_EQ(page.find(never), std::string::npos);
  }
  CHECK_NE(page.find("\\u{202e}"), std::string::npos);
  CHECK_EQ(count_of(page, "<h1>"), 1U);
}

TEST_CASE("report: the first screen says what remains, until when, and what could not be seen") {
  Report report = hostile_report();
  std::string page = service::report_html(report);
  const auto says = [&](std::string_view words) { return page.find(words) != std::string::npos; };
  CHECK(says("5 known ways in. One has ended; 4 remain."));  // ours is none of them
  CHECK(says("is open"));
  CHECK(says("ends by itself, at the latest at 2026-11-18 12:13:20 UTC"));
  CHECK(says("stays by exception until 2026-11-19"));
  CHECK(says("ended, but shown only as &quot;read back&quot; where the policy asks for &quot;refused&quot;"));
  CHECK(says("<strong>Simulated:</strong> <bdi>directory</bdi>"));
  CHECK(says("ours: opened by this case"));
  CHECK(says("<strong>missed</strong>"));
  CHECK_FALSE(says("same person"));
  report.same_person = true;
  report.paths = {report.paths[0], report.paths[3]};
  page = service::report_html(report);
  CHECK(says("Approver and operator were the same person."));
  CHECK(says("1 known way in. It has ended, since 2026-11-18 11:06:54 UTC."));
  report.paths.clear();
  page = service::report_html(report);
  CHECK(says("No way in is known."));
}

TEST_CASE("report: five hundred ways in are a megabyte at most") {
  Report report = hostile_report();
  const auto model = report.paths[0];
  report.paths.clear();
  for (int i = 0; i < 500; ++i) {
    report.paths.push_back(model);
    report.paths.back().line.id = "2001:SHA256:" + std::string(43, 'a') + std::to_string(i);
    report.paths.back().line.label = "deployment key of the build machine number " + std::to_string(i);
  }
  CHECK_LE(service::report_html(report).size(), 1'000'000U);
}

TEST_CASE("report: lengths of time are said in words that fit them") {
  struct Row {
    std::int64_t ms;
    std::string_view words;
  };
  const Row rows[] = {{0, "0.0 s"},
                      {412, "0.4 s"},
                      {59'999, "59 s"},
                      {252'000, "4 min 12 s"},
                      {3'600'000, "1 h"},
                      {183'600'000, "2 d 3 h"},
                      {-5, "less than nothing (the clock was set back)"}};
  for (const auto& row : rows) {
    CAPTURE(row.ms);
    CHECK_EQ(service::length_words(base::Duration(row.ms)), row.words);
  }
}
