// Secrets: a type without `<<`, comparison or copy, wiped on destruction; references to where they live; sealing at rest.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace exeunt::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);  // takes the value over and wipes the argument's storage
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  [[nodiscard]] Secret copy() const;
  [[nodiscard]] bool empty() const { return value_.empty(); }
  /// The only way out: hand it to the call that needs it, never to a message, log, argv or environment.
  [[nodiscard]] const std::string& reveal() const { return value_; }

 private:
  std::string value_;
};

/// Who else may be able to read a secret's file: a shared secret's vault file is read by the applications' group too.
enum class SecretReaders { owner = 1, owner_and_group = 2 };
/// `file:/path`: the file's content without one final newline; failed_precondition when others than `readers` can read the file.
/// `env:` and anything else, an empty file: invalid_argument.
[[nodiscard]] Result<Secret> read_secret(std::string_view reference, SecretReaders readers = SecretReaders::owner);
/// Writes the value to a `file:` reference: temporary file of the same mode and owner, fsync, rename. Idempotent.
[[nodiscard]] Status write_secret(std::string_view reference, const Secret& value);

/// XChaCha20-Poly1305 (libsodium secretbox family) under a key file of 32 bytes that never lies beside the store.
class Sealer {
 public:
  [[nodiscard]] static Result<Sealer> open(const std::filesystem::path& key_file);  // mode must be 0600 or 0400
  [[nodiscard]] static Status make_key(const std::filesystem::path& key_file, Random& random);
  [[nodiscard]] Bytes seal(const Secret& value, std::string_view context, Random& random) const;
  [[nodiscard]] Result<Secret> unseal(std::span<const std::uint8_t> sealed,
                                      std::string_view context) const;  // altered or other context: data_loss
  Sealer(Sealer&&) noexcept = default;
  Sealer& operator=(Sealer&&) noexcept = default;

 private:
  explicit Sealer(Secret key) : key_(std::move(key)) {}
  Secret key_;
};

}  // namespace exeunt::base
