#include "base/process.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace exeunt::base {
namespace {

Result<ProcessOutput> sh(const std::string& script, std::string_view input = {}, ProcessLimits limits = {}) {
  return run_process({"sh", "-c", script}, input, limits);
}

TEST_CASE("process: output, error and exit code come back") {
  const auto ran = sh("printf out; printf err >&2; exit 7");
  REQUIRE(ran);
  CHECK(ran->out == "out");
  CHECK(ran->error == "err");
  CHECK(ran->exit_code == 7);
  CHECK(sh("kill -TERM $$").value().exit_code == 128 + 15);
}

TEST_CASE("process: arguments are never read by a shell") {
  CHECK(run_process({"printf", "%s|", "a b", "$(id)", "", "*"}).value().out == "a b|$(id)||*|");
}

TEST_CASE("process: input of any size goes in, also where the program does not read it") {
  const std::string large(3'000'000, 'i');
  CHECK(run_process({"cat"}, large).value().out == large);
  CHECK(sh("exec <&-; echo closed", large).value().out == "closed\n");
  CHECK(sh("head -c 3", "abcdef").value().out == "abc");
}

TEST_CASE("process: the environment is PATH and LC_ALL only") {
  const auto ran = run_process({"env"});
  REQUIRE(ran);
  CHECK(ran->out.find("LC_ALL=C\n") != std::string::npos);
  CHECK(ran->out.find("PATH=") != std::string::npos);
  CHECK(std::count(ran->out.begin(), ran->out.end(), '\n') == 2);
}

TEST_CASE("process: a program that is not there is not_found") {
  CHECK(run_process({"exeunt-no-such-program"}).error().code == Code::not_found);
  CHECK(run_process({"/etc/passwd"}).error().code == Code::not_found);
  CHECK(run_process({}).error().code == Code::invalid_argument);
}

TEST_CASE("process: past its time or its output it is stopped, and what it did is unknown") {
  const auto slow = sh("echo begun; sleep 60", {}, {.timeout = Duration(50)});
  REQUIRE_FALSE(slow);
  CHECK(slow.error().code == Code::outcome_unknown);
  const auto loud = sh("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", {}, {.output_bytes_max = 10'000});
  REQUIRE_FALSE(loud);
  CHECK(loud.error().code == Code::outcome_unknown);
}

TEST_CASE("process: its end is seen although something it started keeps the pipes open") {
  const auto ran = sh("sleep 30 & echo gone", {}, {.timeout = Duration(20'000)});
  REQUIRE(ran);
  CHECK(ran->out == "gone\n");
}

}  // namespace
}  // namespace exeunt::base
