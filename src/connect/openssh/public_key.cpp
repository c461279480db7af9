#include "connect/openssh/public_key.hpp"

#include <array>
#include <chrono>
#include <optional>

#include "base/bytes.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;

/// Reads RFC 4251 §5 values; every read fails past the end instead of reading on.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::uint32_t> u32() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = (value << 8U) | static_cast<std::uint8_t>(rest_[static_cast<std::size_t>(i)]);
    rest_.remove_prefix(4);
    return value;
  }
  std::optional<std::uint64_t> u64() {
    const auto high = u32();
    const auto low = u32();
    if (!high || !low) return std::nullopt;
    return (static_cast<std::uint64_t>(*high) << 32U) | *low;
  }
  std::optional<std::string_view> text() {
    const auto size = u32();
    if (!size || *size > rest_.size()) return std::nullopt;
    const auto value = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return value;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

void append_text(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((size >> static_cast<unsigned>(shift)) & 0xFFU));
  out.append(text);
}

/// RFC 4251 mpint without superfluous leading zeros; negative numbers are refused as OpenSSH refuses them.
std::optional<std::string> canonical_number(std::string_view number) {
  if (!number.empty() && (static_cast<std::uint8_t>(number.front()) & 0x80U) != 0) return std::nullopt;
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  std::string out;
  if (!number.empty() && (static_cast<std::uint8_t>(number.front()) & 0x80U) != 0) out.push_back('\0');
  out.append(number);
  return out;
}

enum class Part { text, number };
struct KeyShape {
  std::string_view type;
  std::string_view certificate_type;
  std::array<std::optional<Part>, 4> parts;
};
constexpr std::string_view k_suffix = "-cert-v01@openssh.com";
constexpr std::array<KeyShape, 8> k_shapes{{
    {"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", {Part::text}},
    {"ssh-rsa", "ssh-rsa-cert-v01@openssh.com", {Part::number, Part::number}},
    {"ssh-dss", "ssh-dss-cert-v01@openssh.com", {Part::number, Part::number, Part::number, Part::number}},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", {Part::text, Part::text}},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", {Part::text, Part::text}},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", {Part::text, Part::text}},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", {Part::text, Part::text}},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", {Part::text, Part::text, Part::text}},
}};

const KeyShape* shape_of(std::string_view type, bool certificate) {
  for (const auto& shape : k_shapes) {
    if ((certificate ? shape.certificate_type : shape.type) == type) return &shape;
  }
  return nullptr;
}

std::string fingerprint_of(std::string_view blob) { return "SHA256:" + base::to_base64_unpadded(base::sha256(blob)); }

/// The key's own fields, canonical, as a key blob of the plain type.
std::optional<PublicKey> read_key_fields(WireReader& reader, const KeyShape& shape) {
  PublicKey key;
  key.type = shape.type;
  append_text(key.blob, shape.type);
  for (const auto& part : shape.parts) {
    if (!part) break;
    const auto field = reader.text();
    if (!field || field->empty()) return std::nullopt;
    if (*part == Part::text) {
      append_text(key.blob, *field);
      continue;
    }
    const auto number = canonical_number(*field);
    if (!number) return std::nullopt;
    append_text(key.blob, *number);
  }
  key.fingerprint = fingerprint_of(key.blob);
  return key;
}

std::optional<PublicKey> parse_plain_key(std::string_view blob) {
  WireReader reader(blob);
  const auto type = reader.text();
  const auto* shape = type ? shape_of(*type, false) : nullptr;
  if (shape == nullptr) return std::nullopt;
  auto key = read_key_fields(reader, *shape);
  if (!key || !reader.at_end()) return std::nullopt;
  return key;
}

auto not_a_key() { return fail(Code::invalid_argument, "these bytes are not one SSH public key"); }
auto not_a_certificate() { return fail(Code::invalid_argument, "these bytes are not one SSH certificate"); }

struct Line {
  std::string_view type;
  std::string_view encoded;
};
std::optional<Line> split_line(std::string_view line) {
  constexpr std::string_view k_space = " \t\r\n\v\f";
  const auto start = line.find_first_not_of(k_space);
  if (start == std::string_view::npos) return std::nullopt;
  line.remove_prefix(start);
  const auto type_end = line.find_first_of(k_space);
  if (type_end == std::string_view::npos) return std::nullopt;
  Line out;
  out.type = line.substr(0, type_end);
  line.remove_prefix(type_end);
  const auto second = line.find_first_not_of(k_space);
  if (second == std::string_view::npos) return std::nullopt;
  line.remove_prefix(second);
  out.encoded = line.substr(0, line.find_first_of(k_space));
  return out;
}

}  // namespace

std::string PublicKey::base64() const { return base::to_base64(base::as_bytes(blob)); }
std::string PublicKey::line() const { return type + " " + base64(); }
std::string Certificate::line() const { return type + " " + base::to_base64(base::as_bytes(blob)); }

bool Certificate::valid_at(base::Time now) const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (seconds < 0) return false;
  const auto at = static_cast<std::uint64_t>(seconds);
  return at >= valid_after && at < valid_before;
}

Result<PublicKey> parse_key_blob(std::string_view blob) {
  if (auto key = parse_plain_key(blob)) return std::move(*key);
  if (auto certificate = parse_certificate_blob(blob)) return std::move(certificate->key);
  return not_a_key();
}

Result<Certificate> parse_certificate_blob(std::string_view blob) {
  WireReader reader(blob);
  const auto type = reader.text();
  if (!type) return not_a_certificate();
  const auto* shape = shape_of(*type, true);
  if (shape == nullptr) return not_a_certificate();
  Certificate out;
  out.type = *type;
  out.blob = blob;
  if (!reader.text()) return not_a_certificate();  // nonce
  auto key = read_key_fields(reader, *shape);
  const auto serial = reader.u64();
  const auto kind = reader.u32();
  const auto key_id = reader.text();
  const auto principals = reader.text();
  const auto after = reader.u64();
  const auto before = reader.u64();
  const auto critical = reader.text();
  const auto extensions = reader.text();
  const auto reserved = reader.text();
  const auto authority = reader.text();
  const auto signature = reader.text();
  if (!key || !serial || !kind || !key_id || !principals || !after || !before || !critical || !extensions || !reserved || !authority ||
      !signature || !reader.at_end()) {
    return not_a_certificate();
  }
  WireReader names(*principals);
  while (!names.at_end()) {
    const auto name = names.text();
    if (!name) return not_a_certificate();
    out.principals.emplace_back(*name);
  }
  const auto authority_key = parse_plain_key(*authority);  // never a certificate again: OpenSSH refuses it, and nesting has no bound
  if (!authority_key) return not_a_certificate();
  out.key = std::move(*key);
  out.serial = *serial;
  out.for_login = *kind == 1;
  out.key_id = *key_id;
  out.valid_after = *after;
  out.valid_before = *before;
  out.authority = authority_key->fingerprint;
  return out;
}

Result<std::string> decode_base64_leniently(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (std::string_view(" \t\r\n\v\f").find(c) == std::string_view::npos) packed.push_back(c);
  }
  EXEUNT_TRY_ASSIGN(const auto bytes, base::from_base64(packed));
  return std::string(bytes.begin(), bytes.end());
}

Result<PublicKey> parse_public_line(std::string_view line) {
  const auto parts = split_line(line);
  if (!parts) return not_a_key();
  auto blob = decode_base64_leniently(parts->encoded);
  if (!blob) return not_a_key();
  return parse_key_blob(*blob);
}

Result<Certificate> parse_certificate_line(std::string_view line) {
  const auto parts = split_line(line);
  if (!parts || !parts->type.ends_with(k_suffix)) return not_a_certificate();
  auto blob = decode_base64_leniently(parts->encoded);
  if (!blob) return not_a_certificate();
  return parse_certificate_blob(*blob);
}

bool is_fingerprint(std::string_view text) {
  constexpr std::string_view k_prefix = "SHA256:";
  if (!text.starts_with(k_prefix) || text.size() != k_prefix.size() + 43) return false;
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k_prefix.size()) ==
         std::string_view::npos;
}

}  // namespace exeunt::connect
