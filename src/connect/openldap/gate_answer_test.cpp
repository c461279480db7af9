#include "connect/openldap/gate_answer.hpp"

#include <doctest/doctest.h>

#include "base/bytes.hpp"

namespace exeunt::connect::openldap {
namespace {

using model::ProbeAnswer;

const base::Time k_now = base::from_rfc3339("2026-11-20T17:00:00Z").value();
const Lock k_none{}, k_good{"000001010000Z", "", 0}, k_for_a_time{"20261120165500Z", "", 5}, k_ended{"", "19700101000000Z", 0},
    k_ends_later{"", "20300101000000Z", 0};

Reply reply(int code, const char* policy_hex, const char* diagnostic = "") {
  Reply made{code, diagnostic, std::nullopt};
  if (policy_hex != nullptr) made.policy = base::from_hex(policy_hex).value();
  return made;
}

}  // namespace

TEST_CASE("openldap: only a named lock that lasts is a refusal, over every pair of answer and lock") {
  struct Row {
    const char* what;
    Reply reply;
    ProbeAnswer none, good, for_a_time, ended, ends_later;
  };
  constexpr auto R = ProbeAnswer::refused, A = ProbeAnswer::admitted, U = ProbeAnswer::unknown;
  const Row rows[] = {
      {"accepted", reply(0, "3000"), A, A, A, A, A},
      {"wrong password, alive", reply(49, "3000"), A, A, A, A, A},
      {"locked", reply(49, "3003810101"), U, R, U, R, U},
      {"wrong password, no policy", reply(49, nullptr), U, U, U, U, U},
      {"policy says expired", reply(49, "3003810100"), U, U, U, U, U},
      {"policy is malformed", reply(49, "30038101"), U, U, U, U, U},
      {"policy is empty", reply(49, ""), U, U, U, U, U},
      {"unwilling", reply(53, "3003810101"), U, U, U, U, U},
      {"disabled as Active Directory says it", reply(49, nullptr, "80090308: LdapErr: DSID-0C090446, data 533, v4563"), U, U, U, U, U},
      {"no such object", reply(32, "3003810101"), U, U, U, U, U},
      {"busy", reply(51, nullptr), U, U, U, U, U},
      {"insufficient access", reply(50, nullptr), U, U, U, U, U},
      {"other", reply(80, nullptr), U, U, U, U, U},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(gate_answer(row.reply, k_none, k_now).answer == row.none);
    CHECK(gate_answer(row.reply, k_good, k_now).answer == row.good);
    CHECK(gate_answer(row.reply, k_for_a_time, k_now).answer == row.for_a_time);
    CHECK(gate_answer(row.reply, k_ended, k_now).answer == row.ended);
    CHECK(gate_answer(row.reply, k_ends_later, k_now).answer == row.ends_later);
    CHECK_FALSE(gate_answer(row.reply, k_none, k_now).words.empty());
  }
  CHECK(gate_answer(reply(49, nullptr, "data 533"), k_none, k_now).words.find("data 533") != std::string::npos);
}

TEST_CASE("openldap: a time of the directory is past only when it is one and is past") {
  for (const char* past : {"19700101000000Z", "20261120165959Z", "20261120165959.123456Z", "00000101000000Z"}) {
    CAPTURE(past);
    CHECK(is_past(past, k_now));
  }
  for (const char* not_past :
       {"", "Z", "20261120170000Z", "20300101000000Z", "19700101000000", "19700101000000+0100", "1970010100000xZ", "000001010000Z"}) {
    CAPTURE(not_past);
    CHECK_FALSE(is_past(not_past, k_now));
  }
}

TEST_CASE("openldap: an entryUUID is the text form of a UUID and nothing else") {
  CHECK(is_uuid("8d0f4a2e-1c2b-4d3e-9f00-0123456789ab"));
  CHECK(is_uuid("8D0F4A2E-1C2B-4D3E-9F00-0123456789AB"));
  for (const char* wrong : {"", "*", "8d0f4a2e-1c2b-4d3e-9f00-0123456789a", "8d0f4a2e-1c2b-4d3e-9f00-0123456789ab)",
                            "8d0f4a2e11c2b-4d3e-9f00-0123456789ab", "8d0f4a2e-1c2b-4d3e-9f00-0123456789a*"}) {
    CAPTURE(wrong);
    CHECK_FALSE(is_uuid(wrong));
  }
}

}  // namespace exeunt::connect::openldap
