#include "connect/sign_ins.hpp"

#include <algorithm>

namespace exeunt::connect {

namespace {
constexpr base::Duration k_clock_set_max{600'000};
}

void set_clock(SignInListing& listing, base::Time asked, base::Time answered, base::Time theirs, base::Duration step) {
  const base::Duration half = std::max(base::Duration{0}, (answered - asked) / 2);
  listing.clock_offset = theirs - (asked + half);
  listing.clock_error = half + step;
}

void limit_to(SignInListing& listing, model::Completeness completeness, std::string_view reason) {
  listing.completeness = std::max(listing.completeness, completeness);
  listing.reason += (listing.reason.empty() ? "" : "; ") + std::string(reason);
}

bool is_before_since(const SignInListing& listing, const SignInRequest& request, base::Time instant) {
  return instant - listing.clock_offset + listing.clock_error < request.since;
}

void trim(SignInListing& listing, const SignInRequest& request) {
  auto& all = listing.sign_ins;
  std::erase_if(all, [&](const SignIn& one) { return is_before_since(listing, request, one.at + k_clock_set_max); });
  std::stable_sort(all.begin(), all.end(), [](const SignIn& a, const SignIn& b) { return a.at < b.at; });
  if (all.size() <= request.limit) return;
  const std::size_t left_out = all.size() - request.limit;
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(left_out));
  limit_to(
      listing, model::Completeness::partial,
      std::to_string(left_out) + " older sign-ins are left out: only the newest " + std::to_string(request.limit) + " are read at once");
}

}  // namespace exeunt::connect
