#include "evidence/ssh_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>
#include <memory>

#include "evidence/ssh_wire.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::size_t k_blob_bytes_max = 4096;  // an RSA key of 16,384 bits has half of it
constexpr int k_rsa_bits_min = 2048;
constexpr int k_rsa_bits_max = 16384;
constexpr std::size_t k_ed25519_bytes = 32;
constexpr std::string_view k_ed25519 = "ssh-ed25519";
constexpr std::string_view k_rsa = "ssh-rsa";

struct Curve {
  std::string_view type;  // of the key, and of its signatures (RFC 5656 §6.2.1)
  std::string_view name;
  const char* openssl_name;
  std::size_t coordinate_bytes;
  const EVP_MD* (*digest)();
};
constexpr std::array<Curve, 3> k_curves{{{"ecdsa-sha2-nistp256", "nistp256", "P-256", 32, EVP_sha256},
                                         {"ecdsa-sha2-nistp384", "nistp384", "P-384", 48, EVP_sha384},
                                         {"ecdsa-sha2-nistp521", "nistp521", "P-521", 66, EVP_sha512}}};

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;
using Key = Owned<EVP_PKEY>;

tl::unexpected<base::Error> wrong_key(std::string what) {
  return base::fail(base::Code::invalid_argument, "SSH key: " + std::move(what), "copy the public key again, whole");
}
tl::unexpected<base::Error> unsupported_key(std::string what) {
  return base::fail(base::Code::unimplemented, "SSH key: " + std::move(what), "sign with an ssh-ed25519, ecdsa-sha2 or RSA key");
}
tl::unexpected<base::Error> bad_signature(std::string what) {
  return base::fail(base::Code::data_loss, "SSH signature: " + std::move(what), "ask for the signature and what it is over again");
}

const Curve* curve_of(std::string_view type) {
  for (const Curve& curve : k_curves) {
    if (curve.type == type) return &curve;
  }
  return nullptr;
}

Owned<BIGNUM> number_of(std::span<const std::uint8_t> bytes) {
  return Owned<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

Key key_from(const char* algorithm, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return {};
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return {};
  return Key(key);
}

base::Result<Key> read_ed25519(SshReader& wire) {
  const auto bytes = wire.bytes();
  if (!bytes || bytes->size() != k_ed25519_bytes) return wrong_key("an ssh-ed25519 key is not 32 bytes long");
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes->data(), bytes->size()));
  if (!key) return wrong_key("OpenSSL does not take these 32 bytes for an Ed25519 key");
  return key;
}

base::Result<Key> read_ecdsa(const Curve& curve, SshReader& wire) {
  const auto name = wire.text();
  const auto point = wire.bytes();
  constexpr std::uint8_t k_uncompressed = 0x04;  // RFC 5656 §3.1 lets others be written; OpenSSH reads no other
  if (name != curve.name || !point || point->size() != 1 + 2 * curve.coordinate_bytes || (*point)[0] != k_uncompressed) {
    return wrong_key("its point is not one of " + std::string(curve.name));
  }
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.openssl_name, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point->data(), point->size()) != 1) {
    return wrong_key("OpenSSL has no " + std::string(curve.name));
  }
  Key key = key_from("EC", builder.get());
  if (!key) return wrong_key("its point is not on " + std::string(curve.name));
  return key;
}

base::Result<Key> read_rsa(SshReader& wire) {
  const auto exponent = wire.positive();
  const auto modulus = wire.positive();
  if (!exponent || !modulus) return wrong_key("its numbers are not two positive ones, each in its only encoding");
  const Owned<BIGNUM> e = number_of(*exponent);
  const Owned<BIGNUM> n = number_of(*modulus);
  if (!e || !n || BN_num_bits(n.get()) < k_rsa_bits_min || BN_num_bits(n.get()) > k_rsa_bits_max) {
    return unsupported_key("an RSA key has 2,048 to 16,384 bits, not " + std::to_string(n ? BN_num_bits(n.get()) : 0));
  }
  if (BN_is_one(e.get()) || !BN_is_odd(e.get()) || !BN_is_odd(n.get())) return wrong_key("its numbers are not those of an RSA key");
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return wrong_key("OpenSSL does not take its numbers");
  }
  Key key = key_from("RSA", builder.get());
  if (!key) return wrong_key("OpenSSL does not take its numbers");
  return key;
}

base::Result<Key> to_openssl(std::span<const std::uint8_t> blob, std::string& type) {
  if (blob.size() > k_blob_bytes_max) return wrong_key("it is longer than 4,096 bytes");
  SshReader wire(blob);
  const auto named = wire.text();
  if (!named) return wrong_key("its bytes end within its type");
  type = *named;
  base::Result<Key> key;
  if (type == k_ed25519) {
    key = read_ed25519(wire);
  } else if (type == k_rsa) {
    key = read_rsa(wire);
  } else if (const Curve* curve = curve_of(type)) {
    key = read_ecdsa(*curve, wire);
  } else if (type.find("-cert-") != std::string::npos) {
    return unsupported_key("certificates are not read");
  } else if (type.starts_with("sk-")) {
    return unsupported_key("keys on FIDO devices (sk-…) are not read");
  } else {
    return unsupported_key("its type is none that is read");
  }
  ERR_clear_error();
  if (key && !wire.at_end()) return wrong_key("it has bytes after its end");
  return key;
}

/// The two numbers of an ECDSA signature (RFC 5656 §3.1.2) as OpenSSL takes them.
base::Bytes ecdsa_to_der(std::span<const std::uint8_t> bytes) {
  SshReader wire(bytes);
  const auto r = wire.positive();
  const auto s = wire.positive();
  if (!r || !s || !wire.at_end()) return {};
  const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
  Owned<BIGNUM> first = number_of(*r);
  Owned<BIGNUM> second = number_of(*s);
  if (!signature || !first || !second || ECDSA_SIG_set0(signature.get(), first.get(), second.get()) != 1) return {};
  (void)first.release();
  (void)second.release();
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return {};
  base::Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.data();
  if (i2d_ECDSA_SIG(signature.get(), &out) != size) return {};
  return der;
}

bool holds(EVP_PKEY* key, const EVP_MD* digest, std::span<const std::uint8_t> signature, std::string_view bytes) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const auto message = base::as_bytes(bytes);
  const bool good = context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

std::string SshKey::fingerprint() const { return "SHA256:" + base::to_base64_unpadded(base::sha256(blob)); }

base::Result<SshKey> read_ssh_key(std::span<const std::uint8_t> blob) {
  SshKey out;
  EXEUNT_TRY(to_openssl(blob, out.type));
  out.blob.assign(blob.begin(), blob.end());
  return out;
}

base::Result<SshKey> read_ssh_key(std::string_view type, std::string_view base64) {
  const auto blob = base::from_base64(base64);
  if (!blob) return wrong_key("what follows its type is not base64");
  EXEUNT_TRY_ASSIGN(SshKey key, read_ssh_key(*blob));
  if (key.type != type) return wrong_key("its bytes are of another type than the word before them");
  return key;
}

base::Status verify_ssh_signature(const SshKey& key, std::span<const std::uint8_t> signature, std::string_view bytes) {
  std::string type;
  EXEUNT_TRY_ASSIGN(const Key opened, to_openssl(key.blob, type));
  SshReader wire(signature);
  const auto algorithm = wire.text();
  auto value = wire.bytes();
  if (!algorithm || !value || !wire.at_end()) return bad_signature("it is not an algorithm and its bytes");
  const EVP_MD* digest = nullptr;  // Ed25519 has its own
  base::Bytes der;
  if (type == k_rsa) {
    if (*algorithm != "rsa-sha2-256" && *algorithm != "rsa-sha2-512") {
      return bad_signature("an RSA key signs with rsa-sha2-256 or rsa-sha2-512");
    }
    digest = *algorithm == "rsa-sha2-256" ? EVP_sha256() : EVP_sha512();
  } else if (*algorithm != type) {
    return bad_signature("its algorithm is not that of the key");
  } else if (const Curve* curve = curve_of(type)) {
    digest = curve->digest();
    der = ecdsa_to_der(*value);
    if (der.empty()) return bad_signature("it is not the two numbers of an ECDSA signature");
    value = der;
  }
  if (!holds(opened.get(), digest, *value, bytes)) return bad_signature("it is not by this key over these bytes");
  return {};
}

}  // namespace exeunt::evidence
