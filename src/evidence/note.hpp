// C2SP signed notes and tlog checkpoints (Ed25519). Pure but for the signing key that is handed in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace exeunt::evidence {

/// c2sp.org/signed-note verifier key: "name+hex(id)+base64(0x01 || public key)".
struct VerifierKey {
  std::string name;
  std::uint32_t id = 0;
  base::Bytes public_key;  // 32 bytes
  [[nodiscard]] std::string text() const;
};
[[nodiscard]] base::Result<VerifierKey> parse_verifier_key(std::string_view text);

class SigningKey {
 public:
  [[nodiscard]] static SigningKey generate(std::string name, base::Random& random);
  /// Text form "PRIVATE+KEY+name+hex(id)+base64(0x01 || seed)", as Go's note package writes it.
  [[nodiscard]] static base::Result<SigningKey> parse(const base::Secret& text);
  [[nodiscard]] base::Secret text() const;
  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  /// One signature line "— name base64\n" over `note_text`, which ends in a newline.
  [[nodiscard]] std::string sign(std::string_view note_text) const;

 private:
  SigningKey() = default;
  VerifierKey verifier_;
  base::Secret seed_;
};

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  base::Hash32 root{};
  bool operator==(const Checkpoint&) const = default;
};
[[nodiscard]] std::string checkpoint_text(const Checkpoint& checkpoint);  // "origin\nsize\nbase64 root\n"
[[nodiscard]] base::Result<Checkpoint> parse_checkpoint_text(std::string_view text);
[[nodiscard]] std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);  // the whole note

/// Verifies a note: text is split from signatures at the last empty line; at most 16 signatures; unknown keys are ignored; a known
/// key with a bad signature rejects the note; none by a known key rejects it. Returns the text. All failures: data_loss.
[[nodiscard]] base::Result<std::string> open_note(std::string_view note, const std::vector<VerifierKey>& known);

}  // namespace exeunt::evidence
