#include "evidence/note.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "base/check.hpp"
#include "base/escape.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::size_t k_time_bytes = 8;  // of a cosignature, before its signature
constexpr std::size_t k_public_key_bytes = crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t k_seed_bytes = crypto_sign_SEEDBYTES;
constexpr std::size_t k_key_id_bytes = 4;
constexpr std::uint64_t k_time_s_max = INT64_MAX;    // c2sp.org/tlog-cosignature
constexpr std::size_t k_note_bytes_max = 1'000'000;  // as Go's note package
constexpr std::size_t k_signatures_max = 16;
constexpr std::string_view k_signature_lead = "\xE2\x80\x94 ";  // em dash and a space
constexpr std::string_view k_private_lead = "PRIVATE+KEY+";

struct KeyPair {
  std::array<std::uint8_t, k_public_key_bytes> open{};
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> hidden{};
  KeyPair() = default;
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
  ~KeyPair() { sodium_memzero(hidden.data(), hidden.size()); }
  void from_seed(const std::string& seed) {
    EXEUNT_CHECK(seed.size() == k_seed_bytes && sodium_init() >= 0);
    crypto_sign_seed_keypair(open.data(), hidden.data(), base::as_bytes(seed).data());
  }
};

tl::unexpected<base::Error> refuse_note(std::string what) {
  return base::fail(base::Code::data_loss, "note: " + std::move(what), "fetch it again, or from another copy");
}

std::uint32_t key_id(std::string_view name, KeyType type, std::span<const std::uint8_t> public_key) {
  const std::array<std::uint8_t, 2> between{'\n', static_cast<std::uint8_t>(type)};
  const base::Hash32 digest = base::sha256_parts({base::as_bytes(name), between, public_key});
  return static_cast<std::uint32_t>(digest[0]) << 24U | static_cast<std::uint32_t>(digest[1]) << 16U |
         static_cast<std::uint32_t>(digest[2]) << 8U | digest[3];
}

std::array<std::uint8_t, k_key_id_bytes> big_endian(std::uint32_t id) {
  return {static_cast<std::uint8_t>(id >> 24U), static_cast<std::uint8_t>(id >> 16U), static_cast<std::uint8_t>(id >> 8U),
          static_cast<std::uint8_t>(id)};
}

// Not empty, UTF-8, no plus and no white space (the Unicode spaces beyond ASCII included).
bool is_key_name(std::string_view name) {
  if (name.empty() || !base::is_valid_utf8(name)) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '+' || c == 0x7F) return false;
  }
  for (const std::string_view space :
       {"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    if (name.find(space) != std::string_view::npos) return false;
  }
  for (char last = '\x80'; last <= '\x8A'; ++last) {
    if (name.find(std::string("\xE2\x80") + last) != std::string_view::npos) return false;
  }
  return true;
}

std::string id_text(std::uint32_t id) { return base::to_hex(big_endian(id)); }

std::string key_text(const VerifierKey& of, std::span<const std::uint8_t> key) {
  base::Bytes typed{static_cast<std::uint8_t>(of.type)};
  typed.insert(typed.end(), key.begin(), key.end());
  std::string text = of.name + "+" + id_text(of.id) + "+" + base::to_base64(typed);
  sodium_memzero(typed.data(), typed.size());
  return text;
}

std::optional<KeyType> key_type(std::uint8_t number) {
  if (number == static_cast<std::uint8_t>(KeyType::ed25519)) return KeyType::ed25519;
  if (number == static_cast<std::uint8_t>(KeyType::cosignature_v1)) return KeyType::cosignature_v1;
  return std::nullopt;
}

struct KeyParts {
  std::string name;
  std::uint32_t id = 0;
  KeyType type = KeyType::ed25519;
  base::Bytes key;  // without the type
};

// "name+hex(id)+base64(type || key)"; the error never repeats the text, which may be a private key.
base::Result<KeyParts> split_key(std::string_view text) {
  const auto wrong = [](std::string what) {
    return base::fail(base::Code::invalid_argument, "note key: " + std::move(what), "expected name+id+base64, as `name+0123abcd+AQ…`");
  };
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return wrong("it does not have three parts");
  KeyParts parts;
  parts.name = text.substr(0, first);
  if (!is_key_name(parts.name)) return wrong("its name is empty or has a space, a plus or bytes that are not UTF-8");
  const auto id = base::from_hex(text.substr(first + 1, second - first - 1));
  if (!id || id->size() != k_key_id_bytes) return wrong("its id is not eight hex digits");
  for (const std::uint8_t byte : *id) parts.id = parts.id << 8U | byte;
  auto typed = base::from_base64(text.substr(second + 1));
  if (!typed || typed->empty()) return wrong("its last part is not base64");
  const auto type = key_type(typed->front());
  if (!type) {
    return base::fail(base::Code::unimplemented, "note key: type " + std::to_string(typed->front()) + " is not supported",
                      "use a key of type 1 (Ed25519) or 4 (Ed25519 cosignature)");
  }
  parts.type = *type;
  parts.key.assign(typed->begin() + 1, typed->end());
  sodium_memzero(typed->data(), typed->size());
  if (parts.key.size() != k_public_key_bytes) return wrong("the key is not 32 bytes long");
  return parts;
}

base::Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(k_signature_lead)) return refuse_note("a signature line does not begin with an em dash");
  line.remove_prefix(k_signature_lead.size());
  const std::size_t space = line.find(' ');
  const auto bytes = base::from_base64(space == std::string_view::npos ? "" : line.substr(space + 1));
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space)) || !bytes || bytes->size() <= k_key_id_bytes) {
    return refuse_note("a signature line is not `— name base64`");
  }
  NoteSignature out;
  out.name = line.substr(0, space);
  for (std::size_t i = 0; i < k_key_id_bytes; ++i) out.id = out.id << 8U | (*bytes)[i];
  out.bytes.assign(bytes->begin() + k_key_id_bytes, bytes->end());
  return out;
}

std::string cosigned_text(std::string_view checkpoint_text, std::uint64_t time_s) {
  return "cosignature/v1\ntime " + std::to_string(time_s) + "\n" + std::string(checkpoint_text);
}

bool verifies_ed25519(const base::Bytes& public_key, std::string_view text, std::span<const std::uint8_t> signature) {
  return sodium_init() >= 0 && public_key.size() == k_public_key_bytes && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), base::as_bytes(text).data(), text.size(), public_key.data()) == 0;
}

/// Who signed, when this signature of the key holds.
std::optional<Signer> verifies(const VerifierKey& key, std::string_view text, std::span<const std::uint8_t> signature) {
  switch (key.type) {
    case KeyType::ed25519:
      if (!verifies_ed25519(key.public_key, text, signature)) return std::nullopt;
      return Signer{key, std::nullopt};
    case KeyType::cosignature_v1: {
      if (signature.size() != k_time_bytes + crypto_sign_BYTES) return std::nullopt;
      std::uint64_t time_s = 0;
      for (const std::uint8_t byte : signature.first(k_time_bytes)) time_s = time_s << 8U | byte;
      if (time_s > k_time_s_max || !verifies_ed25519(key.public_key, cosigned_text(text, time_s), signature.subspan(k_time_bytes))) {
        return std::nullopt;
      }
      return Signer{key, time_s};
    }
  }
  return std::nullopt;
}

void add_signer(Signer signer, std::vector<Signer>& signers) {
  for (Signer& other : signers) {
    if (other.key.name != signer.key.name || other.key.id != signer.key.id) continue;
    other.time_s = std::max(other.time_s, signer.time_s);
    return;
  }
  signers.push_back(std::move(signer));
}

}  // namespace

std::string VerifierKey::text() const { return key_text(*this, public_key); }

base::Result<VerifierKey> parse_verifier_key(std::string_view text) {
  EXEUNT_TRY_ASSIGN(KeyParts parts, split_key(text));
  if (key_id(parts.name, parts.type, parts.key) != parts.id) {
    return base::fail(base::Code::invalid_argument, "note key " + parts.name + ": its id does not belong to it",
                      "copy the key again, whole");
  }
  return VerifierKey{std::move(parts.name), parts.id, std::move(parts.key), parts.type};
}

SigningKey SigningKey::generate(std::string name, base::Random& random, KeyType type) {
  EXEUNT_CHECK(is_key_name(name));
  std::string seed(k_seed_bytes, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(seed.data()), seed.size()});
  SigningKey key;
  key.seed_ = base::Secret(std::move(seed));
  KeyPair pair;
  pair.from_seed(key.seed_.reveal());
  key.verifier_.id = key_id(name, type, pair.open);
  key.verifier_.type = type;
  key.verifier_.name = std::move(name);
  key.verifier_.public_key.assign(pair.open.begin(), pair.open.end());
  return key;
}

base::Result<SigningKey> SigningKey::parse(const base::Secret& text) {
  std::string_view rest = text.reveal();
  if (!rest.starts_with(k_private_lead)) {
    return base::fail(base::Code::invalid_argument, "log key: it does not begin with PRIVATE+KEY+", "name the file of the signing key");
  }
  rest.remove_prefix(k_private_lead.size());
  EXEUNT_TRY_ASSIGN(KeyParts parts, split_key(rest));
  SigningKey key;
  key.seed_ = base::Secret(std::string(parts.key.begin(), parts.key.end()));
  sodium_memzero(parts.key.data(), parts.key.size());
  KeyPair pair;
  pair.from_seed(key.seed_.reveal());
  // The id is over the public half, so a damaged seed shows here.
  if (key_id(parts.name, parts.type, pair.open) != parts.id) {
    return base::fail(base::Code::invalid_argument, "log key " + parts.name + ": its id does not belong to it", "restore the key file");
  }
  key.verifier_ = VerifierKey{std::move(parts.name), parts.id, base::Bytes(pair.open.begin(), pair.open.end()), parts.type};
  return key;
}

base::Secret SigningKey::text() const {
  std::string body = key_text(verifier_, base::as_bytes(seed_.reveal()));
  std::string whole = std::string(k_private_lead) + body;
  sodium_memzero(body.data(), body.size());
  return base::Secret(std::move(whole));
}

std::string SigningKey::line(std::string_view before_signature, std::string_view signed_bytes) const {
  KeyPair pair;
  pair.from_seed(seed_.reveal());
  const auto id = big_endian(verifier_.id);
  base::Bytes whole(id.begin(), id.end());
  whole.insert(whole.end(), before_signature.begin(), before_signature.end());
  const std::size_t at = whole.size();
  whole.resize(at + crypto_sign_BYTES);
  crypto_sign_detached(whole.data() + at, nullptr, base::as_bytes(signed_bytes).data(), signed_bytes.size(), pair.hidden.data());
  return std::string(k_signature_lead) + verifier_.name + " " + base::to_base64(whole) + "\n";
}

std::string SigningKey::sign(std::string_view note_text) const {
  EXEUNT_CHECK(note_text.ends_with('\n') && verifier_.type == KeyType::ed25519);
  return line({}, note_text);
}

std::string SigningKey::cosign(std::string_view checkpoint_text, std::uint64_t time_s) const {
  EXEUNT_CHECK(checkpoint_text.ends_with('\n') && verifier_.type == KeyType::cosignature_v1 && time_s <= k_time_s_max);
  std::string time;
  for (int shift = 56; shift >= 0; shift -= 8) time.push_back(static_cast<char>(time_s >> shift & 0xFFU));
  return line(time, cosigned_text(checkpoint_text, time_s));
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + base::to_base64(checkpoint.root) + "\n";
}

base::Result<Checkpoint> parse_checkpoint_text(std::string_view text) {
  const auto wrong = [](std::string what) {
    return base::fail(base::Code::data_loss, "checkpoint: " + std::move(what), "fetch it again, or from another copy");
  };
  if (!text.ends_with('\n')) return wrong("its text does not end with a newline");
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    lines.push_back(rest.substr(0, end));
    if (lines.back().empty()) return wrong("a line is empty");
    rest.remove_prefix(end + 1);
  }
  if (lines.size() < 3) return wrong("it has fewer than three lines");
  Checkpoint out;
  out.origin = lines[0];
  const auto [end, error] = std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), out.size);
  if (error != std::errc{} || end != lines[1].data() + lines[1].size() || std::to_string(out.size) != lines[1]) {
    return wrong("its size is no decimal number without leading zeros");
  }
  const auto root = base::from_base64(lines[2]);
  if (!root || root->size() != out.root.size()) return wrong("its root is not 32 bytes of base64");
  std::copy(root->begin(), root->end(), out.root.begin());
  return out;
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  const std::string text = checkpoint_text(checkpoint);
  return text + "\n" + key.sign(text);
}

base::Result<Note> read_note(std::string_view note) {
  if (note.size() > k_note_bytes_max) return refuse_note("it is longer than 1,000,000 bytes");
  if (!base::is_valid_utf8(note)) return refuse_note("it is not UTF-8");
  if (std::any_of(note.begin(), note.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; })) {
    return refuse_note("it has control characters");
  }
  const std::size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos || !note.ends_with('\n')) return refuse_note("it has no signatures after an empty line");
  Note out;
  out.text = note.substr(0, split + 1);
  for (std::string_view rest = note.substr(split + 2); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    EXEUNT_TRY_ASSIGN(out.signatures.emplace_back(), parse_signature(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
    if (out.signatures.size() > k_signatures_max) return refuse_note("it has more than 16 signatures");
  }
  if (out.signatures.empty()) return refuse_note("it has no signatures after an empty line");
  return out;
}

base::Result<SignedText> verify_note(std::string_view note, const std::vector<VerifierKey>& known) {
  EXEUNT_TRY_ASSIGN(Note read, read_note(note));
  SignedText out;
  for (const NoteSignature& signature : read.signatures) {
    for (const VerifierKey& key : known) {
      if (key.name != signature.name || key.id != signature.id) continue;
      auto signer = verifies(key, read.text, signature.bytes);
      if (!signer) return refuse_note("the signature by " + key.name + " is bad");
      add_signer(std::move(*signer), out.signers);
    }
  }
  if (out.signers.empty()) return refuse_note("no known key signed it");
  out.text = std::move(read.text);
  return out;
}

base::Result<std::string> open_note(std::string_view note, const std::vector<VerifierKey>& known) {
  EXEUNT_TRY_ASSIGN(SignedText verified, verify_note(note, known));
  return std::move(verified.text);
}

base::Result<SignedCheckpoint> open_checkpoint(std::string_view note, const VerifierKey& log, const std::vector<VerifierKey>& witnesses,
                                               std::optional<std::string_view> origin) {
  std::vector<VerifierKey> known{log};
  known.insert(known.end(), witnesses.begin(), witnesses.end());
  EXEUNT_TRY_ASSIGN(SignedText verified, verify_note(note, known));
  SignedCheckpoint out;
  bool by_log = false;
  for (Signer& signer : verified.signers) {
    if (signer.key.name == log.name && signer.key.id == log.id) {
      by_log = log.type == KeyType::ed25519;
    } else {
      out.witnesses.push_back(std::move(signer));
    }
  }
  if (!by_log) return refuse_note("the log's own key, " + log.name + ", did not sign it");
  EXEUNT_TRY_ASSIGN(out.checkpoint, parse_checkpoint_text(verified.text));
  if (out.checkpoint.origin != origin.value_or(log.name)) {
    return base::fail(base::Code::data_loss,
                      "checkpoint: its origin is " + out.checkpoint.origin + ", not " + std::string(origin.value_or(log.name)),
                      "take the key of that log, or name its origin");
  }
  return out;
}

}  // namespace exeunt::evidence
