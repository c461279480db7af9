#include "connect/sign_ins.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect {
namespace {

base::Time at(std::int64_t ms) { return base::Time(base::Duration(ms)); }

SignInListing listing_of(std::initializer_list<std::int64_t> instants) {
  SignInListing out;
  out.completeness = model::Completeness::full;
  for (const std::int64_t ms : instants) out.sign_ins.push_back({{}, {}, at(ms), "", ""});
  return out;
}

TEST_CASE("sign_ins: the offset is measured against the middle of the question, and half of it is in doubt") {
  SignInListing listing;
  set_clock(listing, at(1'000), at(1'400), at(91'200), base::Duration{1'000});
  CHECK(listing.clock_offset == base::Duration{90'000});
  CHECK(listing.clock_error == base::Duration{1'200});
}

TEST_CASE("sign_ins: what may have been since the departure stays, by our clock, whichever way theirs goes wrong") {
  for (const std::int64_t offset : {0, 90'000, -90'000}) {
    CAPTURE(offset);
    SignInListing listing = listing_of({offset + 999'800, offset + 999'800 - 600'000, offset + 998'800 - 600'000, offset + 1'020'000});
    set_clock(listing, at(1'030'000), at(1'030'000), at(1'030'000 + offset), base::Duration{1'000});
    SignInRequest request;
    request.since = at(1'000'000);
    CHECK(is_before_since(listing, request, at(offset + 998'800)));
    CHECK_FALSE(is_before_since(listing, request, at(offset + 999'800)));
    trim(listing, request);
    REQUIRE(listing.sign_ins.size() == 3);
    CHECK(listing.sign_ins.front().at == at(offset + 399'800));
    CHECK(listing.completeness == model::Completeness::full);
  }
}

TEST_CASE("sign_ins: more than the limit leaves the newest and says so") {
  SignInListing listing = listing_of({5, 1, 3, 2, 4});
  SignInRequest request;
  request.limit = 2;
  trim(listing, request);
  REQUIRE(listing.sign_ins.size() == 2);
  CHECK(listing.sign_ins.front().at == at(4));
  CHECK(listing.completeness == model::Completeness::partial);
  CHECK(listing.reason.starts_with("3 older sign-ins"));
}

TEST_CASE("sign_ins: a listing is only ever worth less") {
  SignInListing listing = listing_of({});
  limit_to(listing, model::Completeness::none, "one");
  limit_to(listing, model::Completeness::partial, "two");
  CHECK(listing.completeness == model::Completeness::none);
  CHECK(listing.reason == "one; two");
}

}  // namespace
}  // namespace exeunt::connect
