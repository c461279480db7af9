#include "base/bytes.hpp"

#include <openssl/evp.h>

#include <memory>

#include "base/check.hpp"

namespace exeunt::base {
namespace {

constexpr std::string_view k_hex = "0123456789abcdef";
constexpr std::string_view k_base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetching the algorithm costs more than hashing a leaf: once a process, and one context a thread.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, FreeDigest> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  EXEUNT_CHECK(algorithm != nullptr);
  return algorithm.get();
}

EVP_MD_CTX* fresh_context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  thread_local bool bound = false;
  EXEUNT_CHECK(context != nullptr);
  // Without a type OpenSSL keeps the algorithm and its state block and only starts over.
  EXEUNT_CHECK(EVP_DigestInit_ex2(context.get(), bound ? nullptr : sha256_algorithm(), nullptr) == 1);
  bound = true;
  return context.get();
}

Hash32 finish(EVP_MD_CTX* context) {
  Hash32 out{};
  unsigned int length = 0;
  EXEUNT_CHECK(EVP_DigestFinal_ex(context, out.data(), &length) == 1 && length == out.size());
  return out;
}

}  // namespace

std::span<const std::uint8_t> as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(k_hex[byte >> 4U]);
    out.push_back(k_hex[byte & 15U]);
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::invalid_argument, "hex text has an odd number of characters");
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(Code::invalid_argument, "hex text has a character that is no hex digit");
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::string to_base64_unpadded(std::span<const std::uint8_t> bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8U | byte) & 0xFFFFU;
    for (bits += 8; bits >= 6; bits -= 6) out.push_back(k_base64[buffer >> (bits - 6) & 63U]);
  }
  if (bits > 0) out.push_back(k_base64[buffer << (6 - bits) & 63U]);
  return out;
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string out = to_base64_unpadded(bytes);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(Code::invalid_argument, "base64 text is not padded to a multiple of 4 characters");
  std::size_t length = text.size();
  while (length > 0 && text.size() - length < 2 && text[length - 1] == '=') --length;
  Bytes out;
  out.reserve(length / 4 * 3 + 2);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text.substr(0, length)) {
    const int value = base64_value(c);
    if (value < 0) return fail(Code::invalid_argument, "base64 text has a character outside its alphabet");
    buffer = (buffer << 6U | static_cast<std::uint32_t>(value)) & 0xFFFFU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(buffer >> bits & 0xFFU));
    }
  }
  // Left-over bits that are not zero would give one value two texts.
  if ((buffer & ((1U << bits) - 1U)) != 0) return fail(Code::invalid_argument, "base64 text ends in bits that are not zero");
  return out;
}

Result<Hash32> hash32_from_hex(std::string_view text) {
  EXEUNT_TRY_ASSIGN(const Bytes bytes, from_hex(text));
  Hash32 out{};
  if (bytes.size() != out.size()) return fail(Code::invalid_argument, "a SHA-256 digest is 64 hex characters");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Hash32 sha256(std::span<const std::uint8_t> bytes) {
  EVP_MD_CTX* context = fresh_context();
  EXEUNT_CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
  return finish(context);
}

Hash32 sha256(std::string_view text) { return sha256(as_bytes(text)); }

Hash32 sha256_parts(std::initializer_list<std::span<const std::uint8_t>> parts) {
  EVP_MD_CTX* context = fresh_context();
  for (const auto part : parts) EXEUNT_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
  return finish(context);
}

}  // namespace exeunt::base
