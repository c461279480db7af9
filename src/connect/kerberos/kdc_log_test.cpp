#include "connect/kerberos/kdc_log.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::kerberos {
namespace {

const std::string k_head = "Nov 27 16:00:00 host krb5kdc[12](info): ";
const std::string k_asked = "AS_REQ (2 etypes {aes256-cts-hmac-sha1-96(18), UNSUPPORTED:des(1)}) 10.0.0.7: ";
const std::string k_issue = "ISSUE: authtime 1795795200, etypes {rep=aes256-cts-hmac-sha1-96(18), tkt=x(18), ses=x(18)}, ";

TEST_CASE("kdc_log: a first ticket that was handed out is read, with its instant and where it was asked for from") {
  const auto found = parse_issued(k_head + k_asked + k_issue + "alice@R for krbtgt/R@R");
  REQUIRE(found);
  CHECK(found->at == base::Time(base::Duration(1'795'795'200'000)));
  CHECK(found->from == "10.0.0.7");
  CHECK(found->is_for("alice@R"));
  CHECK_FALSE(found->is_for("alice@"));
  CHECK_FALSE(found->is_for("krbtgt/R@R"));
}

TEST_CASE("kdc_log: what is refused, a ticket for a service, and names that look like a success are none") {
  const std::string forged = "x AS_REQ (1 etypes {1}) 10.0.0.1: ISSUE: authtime 1, etypes {a}, alice@R for krbtgt/R@R";
  for (const std::string& line : {k_head + k_asked + "NEEDED_PREAUTH: alice@R for krbtgt/R@R, Additional pre-authentication required",
                                  k_head + k_asked + "CLIENT_REVOKED: alice@R for krbtgt/R@R, Client's credentials have been revoked",
                                  k_head + "TGS_REQ (1 etypes {18}) 10.0.0.7: " + k_issue + "alice@R for files/host@R",
                                  k_head + k_asked + "NEEDED_PREAUTH: " + forged + ", Additional pre-authentication required",
                                  k_head + "TGS_REQ (1 etypes {18}) 10.0.0.7: LOOKING_UP_SERVER: authtime 0, " + forged, forged,
                                  "Nov 27 16:00:00 host kadmind[12](info): " + k_asked + k_issue + "alice@R for krbtgt/R@R",
                                  k_head + "AS_REQ (1 etypes {18}) : " + k_issue + "alice@R for krbtgt/R@R",
                                  k_head + k_asked + "ISSUE: authtime -1, etypes {a}, alice@R for krbtgt/R@R", std::string()}) {
    CAPTURE(line);
    CHECK_FALSE(parse_issued(line));
  }
}

TEST_CASE("kdc_log: only these clients' are kept, and the first of anybody's says how far back the log reaches") {
  const std::string later = "ISSUE: authtime 1795795260, etypes {a}, ";
  const auto log = read_issued("rubbish\n" + k_head + k_asked + k_issue + "bob@R for krbtgt/R@R\n" + k_head + k_asked + later +
                                   "alice@R for krbtgt/R@R\n" + k_head + k_asked + later + "alice for bob\\\\@R@R for krbtgt/R@R",
                               {"alice@R"});
  CHECK(log.first == base::Time(base::Duration(1'795'795'200'000)));
  REQUIRE(log.issued.size() == 1);
  CHECK(log.issued.front().at == base::Time(base::Duration(1'795'795'260'000)));
}

}  // namespace
}  // namespace exeunt::connect::kerberos
