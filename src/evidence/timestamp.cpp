#include "evidence/timestamp.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>

#include "base/check.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::size_t k_der_bytes_max = 100'000;
constexpr std::size_t k_pem_bytes_max = 1'000'000;

struct Free {
  void operator()(TS_REQ* request) const { TS_REQ_free(request); }
  void operator()(TS_RESP* response) const { TS_RESP_free(response); }
  void operator()(TS_TST_INFO* info) const { TS_TST_INFO_free(info); }
  void operator()(TS_MSG_IMPRINT* imprint) const { TS_MSG_IMPRINT_free(imprint); }
  void operator()(TS_VERIFY_CTX* context) const { TS_VERIFY_CTX_free(context); }
  void operator()(PKCS7* token) const { PKCS7_free(token); }
  void operator()(X509_ALGOR* algorithm) const { X509_ALGOR_free(algorithm); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(STACK_OF(X509) * certificates) const { sk_X509_pop_free(certificates, X509_free); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(ASN1_INTEGER* number) const { ASN1_INTEGER_free(number); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

struct Hash {
  int nid;
  std::string_view name;
  const EVP_MD* (*algorithm)();
};
constexpr std::array<Hash, 3> k_hashes{
    {{NID_sha256, "sha256", EVP_sha256}, {NID_sha384, "sha384", EVP_sha384}, {NID_sha512, "sha512", EVP_sha512}}};

struct Reason {
  int bit;
  std::string_view words;
};
// PKIFailureInfo (RFC 3161 §2.4.2).
constexpr std::array<Reason, 8> k_reasons{{{0, "it does not know the hash"},
                                           {2, "it takes the request for a bad one"},
                                           {5, "it takes the request for a malformed one"},
                                           {14, "its clock is not available"},
                                           {15, "it does not stamp under this policy"},
                                           {16, "it does not know an extension of the request"},
                                           {17, "it does not have what was asked for besides"},
                                           {25, "a failure of its own system"}}};

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::Code::data_loss, "time-stamp: " + std::move(what), "take it from another copy, or have it stamped again");
}

/// The newest of OpenSSL's words for what went wrong; its queue is empty afterwards.
std::string openssl_words() {
  std::string words;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const char* reason = ERR_reason_error_string(code);
    words = reason != nullptr ? reason : "error " + std::to_string(code);
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') words += std::string(", ") + data;
  }
  return words.empty() ? "OpenSSL does not say why" : words;
}

std::string hex_of(const ASN1_INTEGER* number) {
  if (number == nullptr) return {};
  const auto length = static_cast<std::size_t>(ASN1_STRING_length(number));
  std::string hex = base::to_hex({ASN1_STRING_get0_data(number), length});
  if (ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER) hex.insert(0, "-");
  return hex;
}

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  const int length = object == nullptr ? 0 : OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  if (length <= 0 || static_cast<std::size_t>(length) >= text.size()) return {};
  return std::string(text.data(), static_cast<std::size_t>(length));
}

/// GeneralizedTime as RFC 3161 §2.4.2 restricts it: YYYYMMDDhhmmss[.s…]Z.
std::optional<base::Time> read_time(const ASN1_GENERALIZEDTIME* value) {
  if (value == nullptr) return std::nullopt;
  std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value)));
  if (text.size() < 15 || !text.ends_with('Z')) return std::nullopt;
  text.remove_suffix(1);
  std::string digits(text.substr(0, 14));
  if (text.size() > 14) {
    if (text[14] != '.' || text.size() == 15) return std::nullopt;
    digits += text.substr(15);
  }
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  digits.resize(17, '0');
  const auto part = [&](std::size_t at, std::size_t count) { return std::stoi(digits.substr(at, count)); };
  const std::chrono::year_month_day date{std::chrono::year{part(0, 4)}, std::chrono::month{static_cast<unsigned>(part(4, 2))},
                                         std::chrono::day{static_cast<unsigned>(part(6, 2))}};
  if (!date.ok() || part(8, 2) > 23 || part(10, 2) > 59 || part(12, 2) > 59) return std::nullopt;
  return base::Time(std::chrono::sys_days(date)) + std::chrono::hours(part(8, 2)) + std::chrono::minutes(part(10, 2)) +
         std::chrono::seconds(part(12, 2)) + std::chrono::milliseconds(part(14, 3));
}

base::Status check_granted(TS_RESP* response) {
  TS_STATUS_INFO* info = TS_RESP_get_status_info(response);
  const ASN1_INTEGER* number = info == nullptr ? nullptr : TS_STATUS_INFO_get0_status(info);
  const long status = number == nullptr ? -1 : ASN1_INTEGER_get(number);
  if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS) return {};
  std::string why = "its status is " + std::to_string(status);
  const ASN1_BIT_STRING* failure = info == nullptr ? nullptr : TS_STATUS_INFO_get0_failure_info(info);
  for (const Reason& reason : k_reasons) {
    if (failure != nullptr && ASN1_BIT_STRING_get_bit(failure, reason.bit) == 1) why += ", " + std::string(reason.words);
  }
  return base::fail(base::Code::failed_precondition, "time-stamp: the authority refused: " + why,
                    "ask again as it wants, or ask another one");
}

/// Both forms, whole: what follows them would be signed by nobody.
base::Result<Owned<PKCS7>> read_token(std::span<const std::uint8_t> der) {
  const std::uint8_t* at = der.data();
  const Owned<TS_RESP> response(d2i_TS_RESP(nullptr, &at, static_cast<long>(der.size())));
  if (response && at == der.data() + der.size()) {
    EXEUNT_TRY(check_granted(response.get()));
    PKCS7* token = TS_RESP_get_token(response.get());
    if (token == nullptr) return refuse("the answer holds no token");
    return Owned<PKCS7>(PKCS7_dup(token));
  }
  at = der.data();
  Owned<PKCS7> token(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
  if (!token || at != der.data() + der.size()) return refuse("it is neither a TimeStampResp nor a token");
  return token;
}

const Hash* hash_of(TS_MSG_IMPRINT* imprint) {
  const X509_ALGOR* algorithm = TS_MSG_IMPRINT_get_algo(imprint);
  const ASN1_OBJECT* object = nullptr;
  if (algorithm != nullptr) X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  for (const Hash& hash : k_hashes) {
    if (object != nullptr && OBJ_obj2nid(object) == hash.nid) return &hash;
  }
  return nullptr;
}

base::Result<Timestamp> read_info(PKCS7* token) {
  const Owned<TS_TST_INFO> info(PKCS7_to_TS_TST_INFO(token));
  TS_MSG_IMPRINT* imprint = info ? TS_TST_INFO_get_msg_imprint(info.get()) : nullptr;
  const ASN1_OCTET_STRING* digest = imprint == nullptr ? nullptr : TS_MSG_IMPRINT_get_msg(imprint);
  if (digest == nullptr || TS_TST_INFO_get_version(info.get()) != 1) return refuse("its content is no TSTInfo of version 1");
  const Hash* hash = hash_of(imprint);
  if (hash == nullptr) {
    return base::fail(base::Code::unimplemented, "time-stamp: its imprint is by none of SHA-256, SHA-384, SHA-512",
                      "have it stamped again with SHA-256");
  }
  Timestamp out;
  out.hash = hash->name;
  out.imprint.assign(ASN1_STRING_get0_data(digest), ASN1_STRING_get0_data(digest) + ASN1_STRING_length(digest));
  if (out.imprint.size() != static_cast<std::size_t>(EVP_MD_get_size(hash->algorithm())))
    return refuse("its imprint has another length than its hash");
  const auto time = read_time(TS_TST_INFO_get_time(info.get()));
  if (!time) return refuse("its time is not YYYYMMDDhhmmss[.s]Z");
  out.time = *time;
  out.serial = hex_of(TS_TST_INFO_get_serial(info.get()));
  out.policy = dotted(TS_TST_INFO_get_policy_id(info.get()));
  out.nonce = hex_of(TS_TST_INFO_get_nonce(info.get()));
  const int size = i2d_PKCS7(token, nullptr);
  if (size <= 0) return refuse("its token cannot be written again");
  out.token.resize(static_cast<std::size_t>(size));
  std::uint8_t* written = out.token.data();
  EXEUNT_CHECK(i2d_PKCS7(token, &written) == size);
  return out;
}

base::Result<Owned<STACK_OF(X509)>> read_certificates(std::string_view pem) {
  const auto wrong = [](std::string what) {
    return base::fail(base::Code::invalid_argument, "time-stamp: the authorities' file " + std::move(what),
                      "give the authority's root certificate in PEM");
  };
  if (pem.size() > k_pem_bytes_max) return wrong("is longer than 1,000,000 bytes");
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<STACK_OF(X509)> certificates(sk_X509_new_null());
  EXEUNT_CHECK(bio && certificates);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    EXEUNT_CHECK(sk_X509_push(certificates.get(), certificate) > 0);
  }
  // The end of the file is told as an error too: the only one that may be.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return wrong("holds a certificate that cannot be read");
  if (sk_X509_num(certificates.get()) == 0) return wrong("holds no certificate");
  return certificates;
}

}  // namespace

base::Bytes timestamp_request(std::string_view bytes, std::span<const std::uint8_t> nonce) {
  const base::Hash32 digest = base::sha256(bytes);
  const Owned<TS_REQ> request(TS_REQ_new());
  const Owned<TS_MSG_IMPRINT> imprint(TS_MSG_IMPRINT_new());
  const Owned<X509_ALGOR> algorithm(X509_ALGOR_new());
  EXEUNT_CHECK(request && imprint && algorithm);
  EXEUNT_CHECK(X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1);
  std::array<std::uint8_t, sizeof(base::Hash32)> message = digest;
  EXEUNT_CHECK(TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
               TS_MSG_IMPRINT_set_msg(imprint.get(), message.data(), static_cast<int>(message.size())) == 1 &&
               TS_REQ_set_version(request.get(), 1) == 1 && TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
               TS_REQ_set_cert_req(request.get(), 1) == 1);
  if (!nonce.empty()) {
    const Owned<BIGNUM> number(BN_bin2bn(nonce.data(), static_cast<int>(nonce.size()), nullptr));
    const Owned<ASN1_INTEGER> integer(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
    EXEUNT_CHECK(integer && TS_REQ_set_nonce(request.get(), integer.get()) == 1);
  }
  const int size = i2d_TS_REQ(request.get(), nullptr);
  EXEUNT_CHECK(size > 0);
  base::Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.data();
  EXEUNT_CHECK(i2d_TS_REQ(request.get(), &out) == size);
  return der;
}

base::Result<Timestamp> read_timestamp(std::span<const std::uint8_t> der) {
  if (der.size() > k_der_bytes_max) return refuse("it is longer than 100,000 bytes");
  if (der.empty()) return refuse("it is empty");
  auto token = read_token(der);
  ERR_clear_error();
  if (!token) return base::fail(std::move(token).error());
  auto read = read_info(token->get());
  ERR_clear_error();
  return read;
}

base::Status covers(const Timestamp& timestamp, std::string_view bytes) {
  for (const Hash& hash : k_hashes) {
    if (hash.name != timestamp.hash) continue;
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EXEUNT_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, hash.algorithm(), nullptr) == 1);
    if (std::equal(digest.begin(), digest.begin() + size, timestamp.imprint.begin(), timestamp.imprint.end())) return {};
  }
  return refuse("it is over other bytes");
}

base::Status verify_timestamp(const Timestamp& timestamp, std::string_view bytes, std::string_view authorities_pem) {
  EXEUNT_TRY(covers(timestamp, bytes));
  EXEUNT_TRY_ASSIGN(Owned<STACK_OF(X509)> certificates, read_certificates(authorities_pem));
  // What was read from the token is compared with it: a Timestamp is a struct that anybody can fill.
  EXEUNT_TRY_ASSIGN(const Timestamp signed_one, read_timestamp(timestamp.token));
  if (signed_one.hash != timestamp.hash || signed_one.imprint != timestamp.imprint || signed_one.time != timestamp.time) {
    return refuse("its token says something else");
  }
  EXEUNT_TRY_ASSIGN(const Owned<PKCS7> token, read_token(timestamp.token));
  Owned<X509_STORE> store(X509_STORE_new());
  const Owned<TS_VERIFY_CTX> context(TS_VERIFY_CTX_new());
  EXEUNT_CHECK(store && context);
  for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
    EXEUNT_CHECK(X509_STORE_add_cert(store.get(), sk_X509_value(certificates.get(), i)) == 1);
  }
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                             static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(timestamp.time).time_since_epoch().count()));
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE);
  TS_VERIFY_CTX_set_store(context.get(), store.release());
  // For a token that was stamped without its certificates: the signer's own may be among the given ones.
  TS_VERIFY_CTX_set_certs(context.get(), certificates.release());
  ERR_clear_error();
  if (TS_RESP_verify_token(context.get(), token.get()) != 1) return refuse("its signature does not hold: " + openssl_words());
  return {};
}

}  // namespace exeunt::evidence
