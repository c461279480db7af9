#include "connect/openssh/public_key.hpp"

#include <doctest/doctest.h>

#include "base/bytes.hpp"
#include "connect/openssh/authorized_keys.hpp"

using namespace exeunt;
using namespace exeunt::connect;

namespace {
// Made with ssh-keygen of OpenSSH 9.2; the fingerprints are what `ssh-keygen -l` prints.
const std::string k_ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIOtbTj5ryatSOeHn79HuKD61EgZ0SpFN2JrDiWWevKqQ";
const std::string k_ed25519_print = "SHA256:xspUFJeCy1pfplZzwRxQGwCL5EIeLTJ16KphZ2OEBIs";
const std::string k_rsa =
    "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDKoX+cvSYcDO89rhPxr6OMd2LQGTkRz2zXs2tQqI4jTSHrfMKML66eBRPVCAXFck/"
    "Q0PV1KE7K2THhSIySiDIOcrbjKFsUlszVTzOsKoKedpnVoQ1HaD+z8Xn5nt2W2Yw3k+hz8USBvVna8OCBHEIx7wu6Q+5E2RgUwHL8p6z8Gw==";
const std::string k_rsa_print = "SHA256:PSrKE4YozNHbGUX4JwCImkb407EOUY3SiwRpEdMELcU";
const std::string k_certificate =
    "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIE6LZER5eAfCD5kott+"
    "dkiQlkHY4T4oGs9jrLQB3NRqNAAAAIOtbTj5ryatSOeHn79HuKD61EgZ0SpFN2JrDiWWevKqQ//////////"
    "8AAAABAAAABmlkICJ4IgAAABMAAAAFYWxpY2UAAAAGZGVwbG95AAAAAGlVuQAAAAAAazbsgAAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0"
    "LWFnZW50LWZvcndhcmRpbmcA"
    "AAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIA"
    "Irq0jEgII7Zfshk/"
    "E83GQlMWtreL6Ji2rXpSH4kEnHAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEDVcM0fXsHVPgc/aE5ZcMPH7D+V00byCvM5d6+p2Pgm/"
    "THDxjZt6Bfc3aZCLEFAAtTnXv+AtR6YRvHKHqlaEywI";

std::string bytes_of(const std::string& base64) { return decode_base64_leniently(base64).value(); }
}  // namespace

TEST_CASE("public_key: fingerprints are those that ssh-keygen prints") {
  CHECK(parse_public_line("ssh-ed25519 " + k_ed25519 + " c")->fingerprint == k_ed25519_print);
  CHECK(parse_public_line("ssh-rsa " + k_rsa)->fingerprint == k_rsa_print);
  CHECK(parse_public_line("ssh-ed25519 " + k_ed25519)->line() == "ssh-ed25519 " + k_ed25519);
}

TEST_CASE("public_key: a number with leading zeros is the same key with the same fingerprint") {
  auto blob = bytes_of(k_rsa);
  const auto exponent = std::string("\0\0\0\3\1\0\1", 7);
  const auto at = blob.find(exponent);
  REQUIRE(at != std::string::npos);
  blob.replace(at, exponent.size(), std::string("\0\0\0\5\0\0\1\0\1", 9));
  CHECK(parse_key_blob(blob)->fingerprint == k_rsa_print);
  CHECK(parse_key_blob(blob)->base64() == k_rsa);
}

TEST_CASE("public_key: a certificate tells key, serial, key id, principals and times") {
  const auto certificate = parse_certificate_line("ssh-ed25519-cert-v01@openssh.com " + k_certificate + " c\r");
  REQUIRE(certificate);
  CHECK(certificate->key.fingerprint == k_ed25519_print);
  CHECK(certificate->serial == 18446744073709551615ULL);
  CHECK(certificate->for_login);
  CHECK(certificate->key_id == "id \"x\"");
  CHECK(certificate->principals == std::vector<std::string>{"alice", "deploy"});
  CHECK(certificate->authority == "SHA256:Qi3bOtYIsoUFk/C7Ybd1YS2NZ1U9iQXDtqGdw3iVE0k");
  CHECK(certificate->valid_at(base::from_rfc3339("2026-06-01T00:00:00Z").value()));
  CHECK_FALSE(certificate->valid_at(base::from_rfc3339("2027-01-01T00:00:00Z").value()));
  CHECK_FALSE(certificate->valid_at(base::from_rfc3339("2025-12-31T23:59:59Z").value()));
  CHECK(parse_key_blob(bytes_of(k_certificate))->fingerprint == k_ed25519_print);  // a certificate stands for the key that it certifies
}

TEST_CASE("public_key: every shortened or lengthened certificate and key is refused") {
  for (const auto& whole : {bytes_of(k_certificate), bytes_of(k_rsa), bytes_of(k_ed25519)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(parse_key_blob(whole.substr(0, size)));
      CHECK_FALSE(parse_certificate_blob(whole.substr(0, size)));
    }
    CHECK_FALSE(parse_key_blob(whole + "x"));
  }
}

TEST_CASE("authorized_keys: what sshd takes for a key is one, what it does not is none") {
  struct Row {
    std::string line;
    std::size_t keys;
    std::string options, comment;
  };
  const std::string key = "ssh-ed25519 " + k_ed25519;
  for (const auto& row : std::vector<Row>{
           {key, 1, "", ""},
           {key + " a comment # \x1b[31m", 1, "", "a comment # \x1b[31m"},
           {"  \t" + key + "\r", 1, "", ""},
           {"ED25519 " + k_ed25519 + " short name", 1, "", "short name"},
           {"no-pty,command=\"echo \\\"a b\\\" ssh-rsa x\" " + key + " c", 1, "no-pty,command=\"echo \\\"a b\\\" ssh-rsa x\"", "c"},
           {"from=\"10.0.0.0/8\"\t\t" + key, 1, "from=\"10.0.0.0/8\"", ""},
           {"command=\"never closed " + key, 0, "", ""},
           {"# " + key, 0, "", ""},
           {"", 0, "", ""},
           {" ", 0, "", ""},
           {k_ed25519, 0, "", ""},
           {"ssh-ed25519", 0, "", ""},
           {"ssh-ed25519 " + k_ed25519.substr(0, 40), 0, "", ""},
           {std::string("x\0", 2) + key, 0, "", ""},
           {key + std::string("\0 more", 6), 1, "", ""},
       }) {
    CAPTURE(row.line);
    const auto parsed = parse_authorized_keys(row.line + "\n");
    REQUIRE(parsed.keys.size() == row.keys);
    if (row.keys == 0) continue;
    CHECK(parsed.keys[0].key.fingerprint == k_ed25519_print);
    CHECK(parsed.keys[0].options == row.options);
    CHECK(parsed.keys[0].comment == row.comment);
  }
}

TEST_CASE("authorized_keys: options are read as sshd reads them") {
  const auto parsed =
      parse_authorized_keys("CERT-authority,no-pty,From=\"a,\\\"b\\\",c\",principals=\"x\",expiry-time=20260101 ssh-ed25519 " + k_ed25519);
  REQUIRE(parsed.keys.size() == 1);
  const auto& line = parsed.keys[0];
  CHECK(line.certificate_authority);
  CHECK(line.option("from") == "a,\"b\",c");
  CHECK(line.option("expiry-time") == "20260101");
  CHECK(line.option("no-pty") == "");
  CHECK_FALSE(line.option("command"));
  CHECK_FALSE(parse_authorized_keys("command=\"cert-authority\" ssh-ed25519 " + k_ed25519).keys.at(0).certificate_authority);
}

TEST_CASE("authorized_keys: only her lines go, every other byte stays") {
  const std::string hers = "ssh-ed25519 " + k_ed25519 + " hers\n";
  const std::string other = "from=\"x\" ssh-rsa " + k_rsa + " \xff\xfe\x1b]0;x\x07\r\n";
  const std::set<std::string> gone{k_ed25519_print};
  struct Row {
    std::string before, after;
  };
  for (const auto& row : std::vector<Row>{{hers, ""},
                                          {other + hers, other},
                                          {hers + other, other},
                                          {"# " + hers + "\n\n" + hers + other + hers, "# " + hers + "\n\n" + other},
                                          {other + hers.substr(0, hers.size() - 1), other},
                                          {other, other},
                                          {"", ""},
                                          {std::string("rubbish\0\n", 9) + hers, std::string("rubbish\0\n", 9)}}) {
    CAPTURE(row.before);
    CHECK(without_keys(row.before, gone) == row.after);
  }
}

TEST_CASE("authorized_keys: a key of an unknown type is counted as unclear, rubbish is not") {
  const auto future = base::to_base64(base::as_bytes(std::string("\0\0\0\x0bssh-mldsa65\0\0\0\4abcd", 22)));
  CHECK(parse_authorized_keys("ssh-mldsa65 " + future + " c\n").unclear == 1);
  CHECK(parse_authorized_keys("no-pty ssh-mldsa65 " + future + "\nrubbish rubbish rubbish\nAAAA AAAA\n").unclear == 1);
}

TEST_CASE("authorized_keys: file names expand as sshd_config says") {
  CHECK(expand_key_file("/etc/keys/%u", "o%h$x", "7", "/home/o").value() == "/etc/keys/o%h$x");
  CHECK(expand_key_file(".ssh/authorized_keys", "a", "7", "/home/a").value() == "/home/a/.ssh/authorized_keys");
  CHECK(expand_key_file("%h/k/%U%%", "a", "7", "/home/a").value() == "/home/a/k/7%");
  CHECK_FALSE(expand_key_file("/x/%q", "a", "7", "/"));
  CHECK_FALSE(expand_key_file("/x/%", "a", "7", "/"));
}
