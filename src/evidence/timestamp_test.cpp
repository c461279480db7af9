#include "evidence/timestamp.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.hpp"

using namespace exeunt;

namespace {

// tests/golden/timestamp: made with `openssl ts` of OpenSSL 3.0.19 by an authority of this test, whose key is gone.
std::string golden(const std::string& name) {
  return base::read_file(std::filesystem::path(EXEUNT_PROJECT_ROOT) / "tests" / "golden" / "timestamp" / name).value();
}

base::Result<evidence::Timestamp> read(const std::string& der) { return evidence::read_timestamp(base::as_bytes(der)); }

}  // namespace

TEST_CASE("timestamp: the request is the one that openssl ts -query writes") {
  const auto request = evidence::timestamp_request(golden("message"), {});
  CHECK_EQ(std::string(request.begin(), request.end()), golden("request.tsq"));
  const base::Bytes nonce{0x00, 0xff, 1, 2, 3, 4, 5, 6, 7};
  const auto with_nonce = evidence::timestamp_request(golden("message"), nonce);
  // INTEGER 0x00ff01020304050607 before the BOOLEAN that asks for the certificates.
  CHECK_NE(base::to_hex(with_nonce).find("020900ff010203040506070101ff"), std::string::npos);
}

TEST_CASE("timestamp: what an authority answered is read, verifies over what it stamped and over nothing else") {
  const std::string message = golden("message");
  const std::string authorities = golden("ca.pem");
  struct Row {
    const char* file;
    const char* hash;
  };
  for (const Row& row : {Row{"response.tsr", "sha256"}, Row{"token.der", "sha256"}, Row{"sha512.tsr", "sha512"}}) {
    CAPTURE(row.file);
    const auto timestamp = read(golden(row.file));
    REQUIRE(timestamp.has_value());
    CHECK_EQ(timestamp->hash, row.hash);
    CHECK_EQ(timestamp->policy, "1.3.6.1.4.1.55555.1");
    CHECK(timestamp->serial.starts_with("0a1"));
    CHECK_EQ(base::to_rfc3339(timestamp->time).substr(0, 18), "2026-11-28T00:41:4");
    CHECK(evidence::covers(*timestamp, message).has_value());
    CHECK_FALSE(evidence::covers(*timestamp, message + "x").has_value());
    const auto verified = evidence::verify_timestamp(*timestamp, message, authorities);
    CHECK_MESSAGE(verified.has_value(), (verified ? "" : verified.error().text()));
    CHECK_FALSE(evidence::verify_timestamp(*timestamp, message + "x", authorities).has_value());
    CHECK_FALSE(evidence::verify_timestamp(*timestamp, message, golden("other_ca.pem")).has_value());
    CHECK(evidence::verify_timestamp(*timestamp, message, golden("other_ca.pem") + authorities).has_value());
  }
  const auto response = read(golden("response.tsr")).value();
  CHECK_EQ(response.time, base::from_rfc3339("2026-11-28T00:41:45.238Z").value());
  CHECK_EQ(response.serial, "0a11");
  CHECK_EQ(response.nonce, "0207907203b64559");
  CHECK_EQ(base::to_hex(response.imprint), "03e9eceb53a9e27b3d00acc284ab4274edb855c9effc642d2ea117c4f8369157");
  CHECK_EQ(read(std::string(response.token.begin(), response.token.end())).value().token, response.token);
}

TEST_CASE("timestamp: a certificate that was not valid at the time of the stamp is none, and the signer's may come from elsewhere") {
  const std::string message = golden("message");
  const auto early = read(golden("not_yet_valid.tsr")).value();
  CHECK_NE(evidence::verify_timestamp(early, message, golden("ca.pem")).error().what.find("not yet valid"), std::string::npos);
  const auto bare = read(golden("no_certificates.tsr")).value();
  CHECK_NE(evidence::verify_timestamp(bare, message, golden("ca.pem")).error().what.find("signer certificate not found"),
           std::string::npos);
  CHECK(evidence::verify_timestamp(bare, message, golden("ca.pem") + golden("authority.pem")).has_value());
  CHECK_FALSE(evidence::verify_timestamp(bare, message, golden("authority.pem")).has_value());
}

TEST_CASE("timestamp: an authority that refused is told with its reason") {
  const auto refused = read(golden("refused.tsr"));
  REQUIRE_FALSE(refused.has_value());
  CHECK_EQ(refused.error().code, base::Code::failed_precondition);
  CHECK_EQ(refused.error().what, "time-stamp: the authority refused: its status is 2, it does not know the hash");
}

TEST_CASE("timestamp: no altered byte of an answer changes what it says") {
  const std::string message = golden("message");
  const std::string whole = golden("response.tsr");
  std::string held;
  std::size_t count = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string altered = whole;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto timestamp = read(altered);
    if (!timestamp || !evidence::verify_timestamp(*timestamp, message, golden("ca.pem"))) continue;
    // Nobody signs the status, version numbers and the name of the signature's algorithm (RFC 5652 §5.3): what the stamp says is signed.
    held += " " + std::to_string(i);
    ++count;
    const auto good = read(whole).value();
    CHECK_EQ(timestamp->time, good.time);
    CHECK_EQ(timestamp->imprint, good.imprint);
    CHECK_EQ(timestamp->serial, good.serial);
    CHECK_EQ(timestamp->policy, good.policy);
    CHECK_EQ(timestamp->nonce, good.nonce);
  }
  CHECK_MESSAGE(count <= 16, held);
}

TEST_CASE("timestamp: a struct that says something else than its token is refused") {
  const std::string message = golden("message");
  auto forged = read(golden("response.tsr")).value();
  forged.time -= std::chrono::hours(24);
  CHECK_FALSE(evidence::verify_timestamp(forged, message, golden("ca.pem")).has_value());
  forged = read(golden("response.tsr")).value();
  const base::Hash32 other = base::sha256("x");
  forged.imprint.assign(other.begin(), other.end());
  CHECK_FALSE(evidence::verify_timestamp(forged, "x", golden("ca.pem")).has_value());
}

TEST_CASE("timestamp: what is no answer, and no certificate, is refused") {
  const std::string whole = golden("response.tsr");
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(read(whole.substr(0, size)).has_value());
  for (const std::string& bad :
       {whole + std::string(1, '\0'), golden("token.der") + "x", golden("request.tsq"), golden("ca.pem"), std::string(200'000, '0')}) {
    CHECK_EQ(read(bad).error().code, base::Code::data_loss);
  }
  const auto good = read(whole).value();
  const std::string pem = golden("ca.pem");
  for (const std::string& authorities : {std::string(), std::string("no certificate\n"), pem.substr(0, pem.size() / 2),
                                         pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    CAPTURE(authorities);
    CHECK_EQ(evidence::verify_timestamp(good, golden("message"), authorities).error().code, base::Code::invalid_argument);
  }
}
