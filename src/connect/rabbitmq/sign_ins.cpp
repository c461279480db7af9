#include "connect/rabbitmq/sign_ins.hpp"

#include "connect/rabbitmq/broker.hpp"
#include "connect/sign_ins.hpp"

namespace exeunt::connect::rabbitmq {

using base::Result;
using model::Completeness;
using model::Node;

namespace {
constexpr base::Duration k_step{1'000};  // the broker's clock is known in whole seconds
}

Result<SignInListing> list_sign_ins(const Api& api, const SignInRequest& request, const base::Clock& clock, const Until& until) {
  SignInListing out;
  out.completeness = Completeness::lower_bound;
  out.reason = "the broker's API tells of no login that was let in: only connections that are open now are told, by when they were opened";
  const base::Time asked = clock.now();
  EXEUNT_TRY_ASSIGN(const base::Time theirs, api.server_time(until));
  set_clock(out, asked, clock.now(), theirs, k_step);
  for (const Node& account : request.accounts) {
    EXEUNT_TRY_ASSIGN(const LinkListing listing, links_of(api, account.key.native_id, until));
    if (!listing.cut.empty()) limit_to(out, Completeness::partial, listing.cut);
    std::size_t too_new = 0;
    for (const Link& link : listing.links) {
      if (!link.connected_at_ms) {
        ++too_new;
        continue;
      }
      out.sign_ins.push_back({account.key, account.id(), base::Time(base::Duration(*link.connected_at_ms)), link.endpoint(),
                              "connection still open, vhost " + link.vhost});
    }
    // The next look knows when it began.
    if (too_new > 0) limit_to(out, Completeness::lower_bound, std::to_string(too_new) + " connections are too new for the statistics");
  }
  trim(out, request);
  return out;
}

}  // namespace exeunt::connect::rabbitmq
