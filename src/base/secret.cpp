#include "base/secret.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/check.hpp"
#include "base/descriptor.hpp"
#include "base/file.hpp"

namespace exeunt::base {
namespace {

constexpr std::size_t k_secret_bytes_max = 64 * 1024;
constexpr std::uint8_t k_sealed_version = 1;
constexpr std::size_t k_nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t k_tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t k_key_bytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;

// A short string lives inside the object itself, and a moved-from one keeps its old characters there.
void wipe(std::string& value) {
  value.resize(value.capacity());
  sodium_memzero(value.data(), value.size());
  value.clear();
}

void start_sodium() {
  static const bool ready = sodium_init() >= 0;
  EXEUNT_CHECK(ready);
}

Result<std::filesystem::path> path_of(std::string_view reference) {
  constexpr std::string_view prefix = "file:";
  if (reference.substr(0, prefix.size()) == prefix && reference.size() > prefix.size()) {
    return std::filesystem::path(reference.substr(prefix.size()));
  }
  return fail(Code::invalid_argument, "a secret is named by reference as file:/path; env: and values are refused",
              "put the value into a file that only its owner can read, and write file: and its path");
}

const unsigned char* raw(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) { wipe(value); }

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { wipe(other.value_); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_ = std::move(other.value_);
    wipe(other.value_);
  }
  return *this;
}

Secret::~Secret() { wipe(value_); }

Secret Secret::copy() const { return Secret(value_); }

Result<Secret> read_secret(std::string_view reference, SecretReaders readers) {
  EXEUNT_TRY_ASSIGN(const auto path, path_of(reference));
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail(system_error(path.string(), "open", errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(path.string(), "stat", errno));
  if (!S_ISREG(status.st_mode)) return fail(Code::invalid_argument, path.string() + ": is not a regular file");
  const mode_t refused = readers == SecretReaders::owner_and_group ? 027 : 077;
  if ((status.st_mode & refused) != 0) {
    return fail(Code::failed_precondition, path.string() + ": others than its owner can read this secret", "chmod 600 " + path.string());
  }
  std::string value(k_secret_bytes_max, '\0');
  std::size_t length = 0;
  while (length < value.size()) {
    const ssize_t got = ::read(file.get(), value.data() + length, value.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(path.string(), "read", errno));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  const bool too_long = length == value.size();
  if (length > 0 && value[length - 1] == '\n') --length;
  Secret secret(value.substr(0, length));
  wipe(value);
  if (too_long) return fail(Code::invalid_argument, path.string() + ": is longer than a secret may be (64 KiB)");
  if (secret.empty()) return fail(Code::invalid_argument, path.string() + ": is empty", "put the secret into it");
  return secret;
}

Status write_secret(std::string_view reference, const Secret& value) {
  EXEUNT_TRY_ASSIGN(const auto path, path_of(reference));
  return write_file_atomically(path, value.reveal(), 0600);
}

Result<Sealer> Sealer::open(const std::filesystem::path& key_file) {
  start_sodium();
  struct stat status{};
  if (::stat(key_file.c_str(), &status) != 0) {
    return fail(system_error(key_file.string(), "stat", errno).about("sealing key"));
  }
  if ((status.st_mode & 07777U) != 0600 && (status.st_mode & 07777U) != 0400) {
    return fail(Code::failed_precondition, key_file.string() + ": the sealing key must have mode 0600 or 0400",
                "chmod 600 " + key_file.string());
  }
  auto content = read_file(key_file, k_key_bytes);
  if (!content) return fail(content.error().about("sealing key"));
  Secret key(std::move(*content));
  if (key.reveal().size() != k_key_bytes) {
    return fail(Code::data_loss, key_file.string() + ": a sealing key has 32 bytes", "restore it from its backup");
  }
  return Sealer(std::move(key));
}

Status Sealer::make_key(const std::filesystem::path& key_file, Random& random) {
  std::uint8_t key[k_key_bytes];
  random.fill(key);
  // O_EXCL: a key that is there is never written over, it may be the only one that opens what is sealed.
  const Descriptor file(::open(key_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return fail(system_error(key_file.string(), "create", errno));
  const ssize_t written = ::write(file.get(), key, sizeof key);
  const int number = errno;
  sodium_memzero(key, sizeof key);
  if (written != static_cast<ssize_t>(sizeof key) || ::fsync(file.get()) != 0) {
    ::unlink(key_file.c_str());
    return fail(system_error(key_file.string(), "write", written < 0 ? number : ENOSPC));
  }
  return {};
}

Bytes Sealer::seal(const Secret& value, std::string_view context, Random& random) const {
  Bytes out(1 + k_nonce_bytes + value.reveal().size() + k_tag_bytes);
  out[0] = k_sealed_version;
  random.fill({out.data() + 1, k_nonce_bytes});
  unsigned long long length = 0;
  const int failed =
      crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + 1 + k_nonce_bytes, &length, raw(value.reveal()), value.reveal().size(),
                                                 as_bytes(context).data(), context.size(), nullptr, out.data() + 1, raw(key_.reveal()));
  EXEUNT_CHECK(failed == 0 && length == value.reveal().size() + k_tag_bytes);
  return out;
}

Result<Secret> Sealer::unseal(std::span<const std::uint8_t> sealed, std::string_view context) const {
  if (sealed.size() < 1 + k_nonce_bytes + k_tag_bytes || sealed[0] != k_sealed_version) {
    return fail(Code::data_loss, "a sealed secret has an unknown form", "restore the store, or run a binary that knows this form");
  }
  const auto cipher = sealed.subspan(1 + k_nonce_bytes);
  std::string value(cipher.size() - k_tag_bytes, '\0');
  unsigned long long length = 0;
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(value.data()), &length, nullptr,
                                                                cipher.data(), cipher.size(), as_bytes(context).data(), context.size(),
                                                                sealed.data() + 1, raw(key_.reveal()));
  if (failed != 0) {
    return fail(Code::data_loss, "a sealed secret does not open: it was altered, moved, or sealed under another key",
                "check that the sealing key belongs to this store");
  }
  return Secret(std::move(value));
}

}  // namespace exeunt::base
