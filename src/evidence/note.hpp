// C2SP signed notes, tlog checkpoints and witness cosignatures (Ed25519). Pure but for the signing key that is handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace exeunt::evidence {

/// Signature types of c2sp.org/signed-note. The numbers stand in keys and key ids.
enum class KeyType : std::uint8_t {
  ed25519 = 0x01,         // over the note's text
  cosignature_v1 = 0x04,  // c2sp.org/tlog-cosignature: a witness's Ed25519 over the time and a checkpoint's text
};

/// c2sp.org/signed-note verifier key: "name+hex(id)+base64(type || public key)".
struct VerifierKey {
  std::string name;
  std::uint32_t id = 0;
  base::Bytes public_key;  // 32 bytes
  KeyType type = KeyType::ed25519;
  [[nodiscard]] std::string text() const;
};
/// invalid_argument: not one, or its id is not its own. unimplemented: another type (ECDSA, ML-DSA).
[[nodiscard]] base::Result<VerifierKey> parse_verifier_key(std::string_view text);

class SigningKey {
 public:
  [[nodiscard]] static SigningKey generate(std::string name, base::Random& random, KeyType type = KeyType::ed25519);
  /// Text form "PRIVATE+KEY+name+hex(id)+base64(type || seed)", as Go's note package writes it.
  [[nodiscard]] static base::Result<SigningKey> parse(const base::Secret& text);
  [[nodiscard]] base::Secret text() const;
  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  /// One signature line "— name base64\n" over `note_text`, which ends in a newline. For a key of type ed25519.
  [[nodiscard]] std::string sign(std::string_view note_text) const;
  /// The same of a witness, for a key of type cosignature_v1; `time_s` is seconds since 1970, at most 2^63-1.
  [[nodiscard]] std::string cosign(std::string_view checkpoint_text, std::uint64_t time_s) const;

 private:
  SigningKey() = default;
  [[nodiscard]] std::string line(std::string_view before_signature, std::string_view signed_bytes) const;
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
/// c2sp.org/tlog-checkpoint: further lines are extensions, signed and without meaning here. data_loss: not exactly one.
[[nodiscard]] base::Result<Checkpoint> parse_checkpoint_text(std::string_view text);
[[nodiscard]] std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);  // the whole note

struct NoteSignature {
  std::string name;
  std::uint32_t id = 0;
  base::Bytes bytes;  // without the id; what they are depends on the key's type
};
struct Note {
  std::string text;  // ends in a newline
  std::vector<NoteSignature> signatures;
};
/// Shape only, no signature is checked: UTF-8 of at most 1,000,000 bytes without control characters, text and 1 to 16 signature lines parted
/// by the last empty line. data_loss: anything else.
[[nodiscard]] base::Result<Note> read_note(std::string_view note);

/// A known key whose signature held.
struct Signer {
  VerifierKey key;
  std::optional<std::uint64_t> time_s;  // of a cosignature, seconds since 1970, as the witness says; the newest of several by one key
};
struct SignedText {
  std::string text;
  std::vector<Signer> signers;  // each key once; at least one
};
/// Signatures by unknown keys are ignored; a known key with a bad signature rejects the note; none by a known key rejects it. A witness's
/// key among the known ones is enough to open a note: a log's checkpoint is for open_checkpoint. All failures: data_loss.
[[nodiscard]] base::Result<SignedText> verify_note(std::string_view note, const std::vector<VerifierKey>& known);
/// The same, and only the text.
[[nodiscard]] base::Result<std::string> open_note(std::string_view note, const std::vector<VerifierKey>& known);

struct SignedCheckpoint {
  Checkpoint checkpoint;
  std::vector<Signer> witnesses;  // of those asked for, whose cosignature is there and good
};
/// A checkpoint that the log's own key signed, whose origin is that key's name (or `origin`, for a log whose key is called otherwise).
/// How many witnesses are enough, and how old a cosignature may be, the caller decides. All failures: data_loss.
[[nodiscard]] base::Result<SignedCheckpoint> open_checkpoint(std::string_view note, const VerifierKey& log,
                                                             const std::vector<VerifierKey>& witnesses,
                                                             std::optional<std::string_view> origin = std::nullopt);

}  // namespace exeunt::evidence
