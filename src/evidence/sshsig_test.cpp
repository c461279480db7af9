#include "evidence/sshsig.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/file.hpp"
#include "evidence/ssh_wire.hpp"

using namespace exeunt;

namespace {

// tests/golden/sshsig: made and verified with ssh-keygen of OpenSSH 9.2p1.
std::string golden(const std::string& name) {
  return base::read_file(std::filesystem::path(EXEUNT_PROJECT_ROOT) / "tests" / "golden" / "sshsig" / name).value();
}

constexpr std::string_view k_approval = "exeunt-approval";

/// The armored file around these bytes.
std::string armored(std::string_view blob) {
  return "-----BEGIN SSH SIGNATURE-----\n" + base::to_base64(base::as_bytes(blob)) + "\n-----END SSH SIGNATURE-----\n";
}

struct Parts {
  std::string preamble = "SSHSIG";
  std::string version{"\0\0\0\1", 4};
  std::string key{}, name_space = "file", reserved{}, hash = "sha512", signature = "x", tail{};
  [[nodiscard]] std::string blob() const {
    std::string out = preamble + version;
    for (const std::string* part : {&key, &name_space, &reserved, &hash, &signature}) evidence::append_ssh_text(out, *part);
    return out + tail;
  }
};

std::string ed25519_blob() {
  const auto key = evidence::read_sshsig(golden("ed25519.sig")).value().key;
  return std::string(key.blob.begin(), key.blob.end());
}

}  // namespace

TEST_CASE("sshsig: what ssh-keygen signed verifies with every kind of key and hash, and is written again as it was") {
  struct Row {
    const char* file;
    const char* type;
    const char* hash;
    const char* fingerprint;
  };
  const std::string message = golden("message");
  for (const Row& row : {Row{"ed25519.sig", "ssh-ed25519", "sha512", "SHA256:rHDEJHaC3LtiXqZCskPQEU/qxhkLB78wXUF/PkaXTxo"},
                         Row{"ed25519_sha256.sig", "ssh-ed25519", "sha256", "SHA256:rHDEJHaC3LtiXqZCskPQEU/qxhkLB78wXUF/PkaXTxo"},
                         Row{"ecdsa256.sig", "ecdsa-sha2-nistp256", "sha512", "SHA256:5soK7XLb8IzgGe5CJ0TA+9sVFtENLMe87Ifk2be148g"},
                         Row{"ecdsa384.sig", "ecdsa-sha2-nistp384", "sha512", "SHA256:fRNSoVL5Xbasth0Vaf7ARaBQp4Hr5MbyQ+upfsd9sC0"},
                         Row{"ecdsa521.sig", "ecdsa-sha2-nistp521", "sha512", "SHA256:nVdjk2nArdIw0+i+3teI2OcgX8Mpmvlfjs8RvSjSczQ"},
                         Row{"rsa.sig", "ssh-rsa", "sha512", "SHA256:qpstCuLiDQmm+cXsKgzWfj9DOSG2Toy7C5+/gz4fmco"},
                         Row{"rsa_sha256.sig", "ssh-rsa", "sha256", "SHA256:qpstCuLiDQmm+cXsKgzWfj9DOSG2Toy7C5+/gz4fmco"}}) {
    CAPTURE(row.file);
    const std::string text = golden(row.file);
    const auto signature = evidence::read_sshsig(text);
    REQUIRE(signature.has_value());
    CHECK_EQ(signature->key.type, row.type);
    CHECK_EQ(signature->key.fingerprint(), row.fingerprint);
    CHECK_EQ(signature->hash, row.hash);
    CHECK_EQ(signature->name_space, k_approval);
    CHECK_EQ(evidence::to_text(*signature), text);
    CHECK(evidence::verify_sshsig(*signature, message, k_approval).has_value());
    CHECK_FALSE(evidence::verify_sshsig(*signature, message + "\n", k_approval).has_value());
    CHECK_FALSE(evidence::verify_sshsig(*signature, "", k_approval).has_value());
    CHECK_FALSE(evidence::verify_sshsig(*signature, message, "exeunt-exception").has_value());
    CHECK_FALSE(evidence::verify_sshsig(*signature, message, "").has_value());
    auto other_hash = *signature;
    other_hash.hash = other_hash.hash == "sha256" ? "sha512" : "sha256";
    CHECK_FALSE(evidence::verify_sshsig(other_hash, message, k_approval).has_value());
    auto other_key = *signature;
    other_key.key = evidence::read_sshsig(golden("other.sig")).value().key;
    CHECK_FALSE(evidence::verify_sshsig(other_key, message, k_approval).has_value());
    auto moved = *signature;
    moved.name_space = "exeunt-exception";
    CHECK_EQ(evidence::verify_sshsig(moved, message, "exeunt-exception").error().code, base::Code::data_loss);
  }
}

TEST_CASE("sshsig: no altered byte of a signature verifies") {
  const std::string message = golden("message");
  for (const char* file : {"ed25519.sig", "ecdsa256.sig", "ecdsa521.sig", "rsa.sig"}) {
    CAPTURE(file);
    const std::string text = golden(file);
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      CAPTURE(i);
      std::string altered = text;
      altered[i] = altered[i] == 'A' ? 'B' : 'A';
      if (altered == text) continue;
      const auto signature = evidence::read_sshsig(altered);
      CHECK_FALSE((signature.has_value() && evidence::verify_sshsig(*signature, message, k_approval).has_value()));
    }
  }
}

TEST_CASE("sshsig: armor that is not exact is refused") {
  const std::string good = golden("ed25519.sig");
  REQUIRE(evidence::read_sshsig(good).has_value());
  CHECK(evidence::read_sshsig(good.substr(0, good.size() - 1)).has_value());
  std::string crlf;
  for (const char c : good) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::string begin = "-----BEGIN SSH SIGNATURE-----\n", end = "-----END SSH SIGNATURE-----\n";
  const std::vector<std::string> bad{
      "",
      begin,
      end,
      begin + end,
      "\n" + good,
      good + "\n",
      good + good,
      " " + good,
      crlf,
      begin + "\n" + good.substr(begin.size()),
      begin + good.substr(begin.size() + 1),
      good.substr(0, good.size() / 2),
      begin + "U1NIU0lH" + end,
      begin + "U1NIU0lH\n" + end,
      begin + std::string(40'000, 'A') + "\n" + end,
  };
  for (const std::string& text : bad) {
    CAPTURE(text.substr(0, 100));
    CHECK_EQ(evidence::read_sshsig(text).error().code, base::Code::invalid_argument);
  }
}

TEST_CASE("sshsig: bytes that are not exactly a signature of version 1 are refused, and what is not supported in words") {
  const std::string key = ed25519_blob();
  REQUIRE(evidence::read_sshsig(armored(Parts{.key = key}.blob())).has_value());
  using base::Code;
  struct Row {
    Parts parts;
    Code code;
    std::string_view words;
  };
  for (const Row& row : {Row{{.preamble = "SSHSIX", .key = key}, Code::invalid_argument, "do not begin with SSHSIG"},
                         Row{{.version = std::string("\0\0\0\2", 4), .key = key}, Code::unimplemented, "its version is 2"},
                         Row{{.version = std::string("\0\0\0\0", 4), .key = key}, Code::unimplemented, "its version is 0"},
                         Row{{.key = key, .name_space = ""}, Code::invalid_argument, "its namespace is empty"},
                         Row{{.key = key, .reserved = "r"}, Code::unimplemented, "its reserved part is not empty"},
                         Row{{.key = key, .hash = "sha1"}, Code::unimplemented, "neither sha256 nor sha512"},
                         Row{{.key = key, .tail = "x"}, Code::invalid_argument, "bytes after its end"},
                         Row{{.key = ""}, Code::invalid_argument, "end within its type"},
                         Row{{.key = key + "x"}, Code::invalid_argument, "bytes after its end"},
                         Row{{.key = key.substr(0, key.size() - 1)}, Code::invalid_argument, "32 bytes"}}) {
    CAPTURE(row.words);
    const auto read = evidence::read_sshsig(armored(row.parts.blob()));
    REQUIRE_FALSE(read.has_value());
    CHECK_EQ(read.error().code, row.code);
    CHECK_NE(read.error().what.find(row.words), std::string::npos);
    CHECK_FALSE(read.error().next.empty());
  }
  const std::string whole = Parts{.key = key}.blob();
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(evidence::read_sshsig(armored(whole.substr(0, size))).has_value());
}

TEST_CASE("sshsig: keys that are not read are refused in words") {
  CHECK_EQ(evidence::read_sshsig(golden("certificate.sig")).error().what, "SSH key: certificates are not read");
  CHECK_EQ(evidence::read_sshsig(golden("rsa1024.sig")).error().what, "SSH key: an RSA key has 2,048 to 16,384 bits, not 1024");
  for (const std::string type : {"sk-ssh-ed25519@openssh.com", "ssh-dss", "ssh-xmss@openssh.com", ""}) {
    CAPTURE(type);
    std::string blob;
    evidence::append_ssh_text(blob, type);
    const auto read = evidence::read_ssh_key(base::as_bytes(blob));
    REQUIRE_FALSE(read.has_value());
    CHECK_EQ(read.error().code, base::Code::unimplemented);
  }
}

TEST_CASE("sshsig: a key has one encoding only") {
  const auto rsa = evidence::read_sshsig(golden("rsa.sig")).value().key;
  evidence::SshReader wire(rsa.blob);
  const std::string type(wire.text().value());
  const std::string exponent(wire.text().value());
  const std::string modulus(wire.text().value());
  const auto written = [&](const std::string& e, const std::string& n) {
    std::string blob;
    for (const std::string& part : {type, e, n}) evidence::append_ssh_text(blob, part);
    return blob;
  };
  CHECK(evidence::read_ssh_key(base::as_bytes(written(exponent, modulus))).has_value());
  const std::string zero(1, '\0');
  for (const auto& [e, n] :
       {std::pair(zero + exponent, modulus), std::pair(exponent, zero + modulus), std::pair(exponent, modulus.substr(1)),
        std::pair(std::string(), modulus), std::pair(std::string("\1"), modulus), std::pair(std::string("\2"), modulus)}) {
    CHECK_FALSE(evidence::read_ssh_key(base::as_bytes(written(e, n))).has_value());
  }
  const auto ecdsa = evidence::read_sshsig(golden("ecdsa256.sig")).value().key;
  for (std::size_t i = ecdsa.blob.size() - 65; i < ecdsa.blob.size(); ++i) {
    CAPTURE(i);
    auto altered = ecdsa.blob;
    altered[i] ^= 1;  // not a point of the curve, or not in its uncompressed form
    CHECK_FALSE(evidence::read_ssh_key(altered).has_value());
  }
  CHECK_FALSE(evidence::read_ssh_key("ssh-rsa", base::to_base64(ecdsa.blob)).has_value());
  CHECK_EQ(evidence::read_ssh_key("ecdsa-sha2-nistp256", base::to_base64(ecdsa.blob)).value(), ecdsa);
}

TEST_CASE("sshsig: an RSA signature by SHA-1, and one by another algorithm than the key's, are refused") {
  const auto rsa = evidence::read_sshsig(golden("rsa.sig")).value();
  evidence::SshReader wire(rsa.signature);
  CHECK_EQ(wire.text(), "rsa-sha2-512");
  const std::string value(wire.text().value());
  for (const std::string algorithm : {"ssh-rsa", "rsa-sha2-256", "ssh-ed25519", ""}) {
    CAPTURE(algorithm);
    std::string bytes;
    evidence::append_ssh_text(bytes, algorithm);
    evidence::append_ssh_text(bytes, value);
    auto altered = rsa;
    altered.signature.assign(bytes.begin(), bytes.end());
    CHECK_FALSE(evidence::verify_sshsig(altered, golden("message"), k_approval).has_value());
  }
}
