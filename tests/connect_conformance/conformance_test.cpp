#include "connect/conformance.hpp"

#include <doctest/doctest.h>

#include "connect_conformance/planted_faults.hpp"
#include "connect_conformance/simulated_bench.hpp"

namespace exeunt::testing {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

TEST_CASE("conformance: every simulated system conforms, and nothing is skipped") {
  for (const char* system_model : {"openldap", "postgresql", "openssh"}) {
    CAPTURE(system_model);
    SimulatedBench bench(system_model);
    const auto report = connect::run_conformance(bench);
    CHECK_MESSAGE(report.findings.empty(), joined(report.findings));
    CHECK_MESSAGE(report.skipped.empty(), joined(report.skipped));
    CHECK(report.checks > 100);
  }
}

TEST_CASE("conformance: a connector with any one of the planted faults is found out") {
  struct Row {
    const char* system_model;
    Planted planted;
    const char* words;  // of one finding
  };
  const Row rows[] = {{"openldap", Planted::probe_is_blind_and_refuses, "a live path reads refused"},
                      {"postgresql", Planted::probe_is_blind_and_refuses, "a live path is not admitted"},
                      {"openssh", Planted::probe_is_blind_and_admits, "a path is not refused"},
                      {"openldap", Planted::acknowledged_is_refused, "silent no-op: a live path reads refused"},
                      {"postgresql", Planted::acknowledged_is_refused, "silent no-op: a live path reads absent"},
                      {"openssh", Planted::lost_answer_is_unavailable, "a lost answer is not outcome_unknown"},
                      {"openldap", Planted::lost_answer_is_success, "a lost answer is not outcome_unknown"},
                      {"postgresql", Planted::first_page_is_full, "says that it is full"},
                      {"openldap", Planted::control_is_always_admitted, "the control does not notice"},
                      {"openssh", Planted::control_is_missing, "the control identity is not admitted"},
                      {"postgresql", Planted::secret_in_words, "the new secret stands in a message"},
                      {"openssh", Planted::repeat_fails, "a second apply fails"},
                      {"openldap", Planted::down_is_refused, "down: a live path reads refused"},
                      {"postgresql", Planted::catalogue_without_path, "of which no path is described"},
                      {"postgresql", Planted::witness_never_refused, "a witness is not refused after the cut"},
                      {"postgresql", Planted::witness_refused_at_once, "a witness ends with another account's"},
                      {"postgresql", Planted::witness_refused_at_once, "a witness is refused after an ending without effect"},
                      {"postgresql", Planted::witness_of_the_shut, "a witness is opened on an account that is shut"},
                      {"openssh", Planted::sign_ins_never_fail, "what could not be read is listed as if there were none"},
                      {"openldap", Planted::reset_without_lock, "undoes what no order law puts after it"}};
  for (const Row& row : rows) {
    CAPTURE(row.system_model);
    CAPTURE(row.words);
    FaultyBench bench(row.system_model, row.planted);
    const auto report = connect::run_conformance(bench);
    const std::string findings = joined(report.findings);
    CHECK_MESSAGE(findings.find(row.words) != std::string::npos, findings);
  }
}

}  // namespace
}  // namespace exeunt::testing
