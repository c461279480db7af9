#include "engine/sign_in_look.hpp"

#include <doctest/doctest.h>

using namespace exeunt;
using model::UseMoment;

TEST_CASE("sign_in_look: before or after the cut only where both clocks leave no doubt, and a path that is not ended has no cut") {
  const auto at = [](std::int64_t ms) { return base::Time(base::Duration(ms)); };
  struct Row {
    const char* what;
    std::int64_t use, error;
    bool ended;
    std::optional<std::int64_t> refused;
    UseMoment moment;
  };
  const Row rows[] = {
      {"long before", 1'000, 50, true, 5'000, UseMoment::before_cut},
      {"long after", 9'000, 50, true, 5'000, UseMoment::after_cut},
      {"after, within the error", 5'040, 50, true, 5'000, UseMoment::undecided},
      {"before, within the error", 4'960, 50, true, 5'000, UseMoment::undecided},
      {"at the edge before", 4'950, 50, true, 5'000, UseMoment::undecided},
      {"at the edge after", 5'050, 50, true, 5'000, UseMoment::undecided},
      {"in the moment of the refusal, clocks alike", 5'000, 0, true, 5'000, UseMoment::undecided},
      {"the clock was set by 90 s meanwhile", 60'000, 90'000, true, 5'000, UseMoment::undecided},
      {"ended, and nobody saw a refusal", 9'000, 50, true, std::nullopt, UseMoment::undecided},
      {"not ended", 9'000, 50, false, std::nullopt, UseMoment::before_cut},
      {"draining: what was refused is not over", 9'000, 50, false, 5'000, UseMoment::before_cut},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::optional<base::Time> refused;
    if (row.refused) refused = at(*row.refused);
    CHECK(engine::moment_of({at(row.use), base::Duration(row.error)}, row.ended, refused) == row.moment);
  }
}
