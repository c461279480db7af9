// What every connector's catalogue has to say, whatever it says besides.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "model/catalogue.hpp"

namespace exeunt::testing {

/// Every kind of path has an action that ends it, a refusal in words and a settle window with its source; every action says why.
inline void check_says_all(const model::Catalogue& catalogue) {
  for (const model::PathSpec& path : catalogue.paths) {
    CAPTURE(std::string(model::name(path.kind)));
    CHECK(std::any_of(catalogue.actions.begin(), catalogue.actions.end(), [&](const model::ActionSpec& action) {
      return std::find(action.covers.begin(), action.covers.end(), path.kind) != action.covers.end();
    }));
    CHECK_FALSE(path.refusal.empty());
    CHECK_FALSE(path.settle_source.empty());
    CHECK(path.settle > base::Duration{0});
  }
  for (const model::ActionSpec& action : catalogue.actions) CHECK_FALSE(action.why.empty());
}

[[nodiscard]] inline bool has_law(const model::Catalogue& catalogue, model::Action first, model::Action then) {
  return std::any_of(catalogue.laws.begin(), catalogue.laws.end(),
                     [&](const model::OrderLaw& law) { return law.first == first && law.then == then; });
}

}  // namespace exeunt::testing
