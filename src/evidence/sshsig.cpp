#include "evidence/sshsig.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/check.hpp"
#include "evidence/ssh_wire.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::string_view k_begin = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view k_end = "-----END SSH SIGNATURE-----";
constexpr std::string_view k_preamble = "SSHSIG";
constexpr std::uint32_t k_version = 1;
constexpr std::size_t k_armored_bytes_max = 32'768;
constexpr std::size_t k_line_characters = 70;

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::Code::invalid_argument, "SSH signature: " + std::move(what), "make it again with `ssh-keygen -Y sign`");
}
tl::unexpected<base::Error> unsupported(std::string what) {
  return base::fail(base::Code::unimplemented, "SSH signature: " + std::move(what),
                    "make it with `ssh-keygen -Y sign` of OpenSSH 8.2 or later");
}

base::Result<base::Bytes> unarmor(std::string_view text) {
  if (text.size() > k_armored_bytes_max) return refuse("it is longer than 32,768 bytes");
  if (!text.starts_with(k_begin)) return refuse("it does not begin with BEGIN SSH SIGNATURE");
  text.remove_prefix(k_begin.size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!text.ends_with(k_end)) return refuse("it does not end with END SSH SIGNATURE");
  text.remove_suffix(k_end.size());
  std::string base64;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || end == 0) return refuse("its lines are not lines of base64");
    base64 += text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  auto bytes = base::from_base64(base64);
  if (!bytes || bytes->empty()) return refuse("its lines are not lines of base64");
  return std::move(*bytes);
}

/// H(message), as PROTOCOL.sshsig names the hash. Empty: not one that it names.
std::string digest(std::string_view hash, std::string_view message) {
  const EVP_MD* algorithm = hash == "sha512" ? EVP_sha512() : hash == "sha256" ? EVP_sha256() : nullptr;
  if (algorithm == nullptr) return {};
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  EXEUNT_CHECK(EVP_Digest(message.data(), message.size(), out.data(), &size, algorithm, nullptr) == 1);
  return std::string(out.begin(), out.begin() + size);
}

}  // namespace

base::Result<SshSignature> read_sshsig(std::string_view armored) {
  EXEUNT_TRY_ASSIGN(const base::Bytes bytes, unarmor(armored));
  const auto blob = std::span<const std::uint8_t>(bytes);
  if (blob.size() < k_preamble.size() || !std::equal(k_preamble.begin(), k_preamble.end(), blob.begin())) {
    return refuse("its bytes do not begin with SSHSIG");
  }
  SshReader wire(blob.subspan(k_preamble.size()));
  const auto version = wire.number();
  if (!version) return refuse("its bytes end too early");
  if (*version != k_version) return unsupported("its version is " + std::to_string(*version) + ", not 1");
  const auto key = wire.bytes();
  const auto name_space = wire.text();
  const auto reserved = wire.bytes();
  const auto hash = wire.text();
  const auto signature = wire.bytes();
  if (!key || !name_space || !reserved || !hash || !signature) return refuse("its bytes end too early");
  if (!wire.at_end()) return refuse("it has bytes after its end");
  if (name_space->empty()) return refuse("its namespace is empty");
  // ssh-keygen signs and verifies over an empty one, whatever stands here: a signature with one is good for nobody.
  if (!reserved->empty()) return unsupported("its reserved part is not empty");
  if (*hash != "sha256" && *hash != "sha512") return unsupported("its hash is neither sha256 nor sha512");
  SshSignature out;
  EXEUNT_TRY_ASSIGN(out.key, read_ssh_key(*key));
  out.name_space = *name_space;
  out.hash = *hash;
  out.signature.assign(signature->begin(), signature->end());
  return out;
}

std::string to_text(const SshSignature& signature) {
  std::string blob(k_preamble);
  for (int shift = 24; shift >= 0; shift -= 8) blob.push_back(static_cast<char>(k_version >> shift & 0xFFU));
  append_ssh_text(blob, {reinterpret_cast<const char*>(signature.key.blob.data()), signature.key.blob.size()});
  append_ssh_text(blob, signature.name_space);
  append_ssh_text(blob, {});
  append_ssh_text(blob, signature.hash);
  append_ssh_text(blob, {reinterpret_cast<const char*>(signature.signature.data()), signature.signature.size()});
  const std::string base64 = base::to_base64(base::as_bytes(blob));
  std::string out(k_begin);
  for (std::size_t at = 0; at < base64.size(); at += k_line_characters) out += base64.substr(at, k_line_characters) + "\n";
  return out + std::string(k_end) + "\n";
}

base::Status verify_sshsig(const SshSignature& signature, std::string_view message, std::string_view name_space) {
  if (name_space.empty() || signature.name_space != name_space) {
    return base::fail(base::Code::data_loss, "SSH signature: it is not for " + std::string(name_space),
                      "sign with `ssh-keygen -Y sign -n " + std::string(name_space) + "`");
  }
  const std::string hashed = digest(signature.hash, message);
  if (hashed.empty()) return unsupported("its hash is neither sha256 nor sha512");
  std::string to_verify(k_preamble);
  append_ssh_text(to_verify, name_space);
  append_ssh_text(to_verify, {});
  append_ssh_text(to_verify, signature.hash);
  append_ssh_text(to_verify, hashed);
  return verify_ssh_signature(signature.key, signature.signature, to_verify);
}

}  // namespace exeunt::evidence
