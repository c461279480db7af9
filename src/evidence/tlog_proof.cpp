#include "evidence/tlog_proof.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/check.hpp"
#include "evidence/merkle.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::string_view k_first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view k_extra = "extra ";
constexpr std::string_view k_index = "index ";
constexpr std::size_t k_hashes_max = 64;             // depth of the tallest tree whose size fits 64 bits
constexpr std::size_t k_text_bytes_max = 1'010'000;  // a note, and room for the path and something extra

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::Code::data_loss, "tlog-proof: " + std::move(what), "fetch it again, or from another copy");
}

/// The next line without its newline; nothing where no newline follows.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

base::Result<std::uint64_t> read_index(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || std::to_string(value) != text) {
    return refuse("its index is no decimal number without leading zeros");
  }
  return value;
}

/// How many hashes lead from entry `index` to the root of a tree of `size` (RFC 9162 §2.1.3.2): those that are needed until only the right edge
/// is left, then one for each subtree to the left of it.
std::size_t path_length(std::uint64_t index, std::uint64_t size) {
  const auto inner = static_cast<std::size_t>(std::bit_width(index ^ (size - 1)));
  const std::uint64_t edge = inner == 64 ? 0 : index >> inner;
  return inner + static_cast<std::size_t>(std::popcount(edge));
}

}  // namespace

std::string to_text(const TlogProof& proof) {
  EXEUNT_CHECK(proof.hashes.size() <= k_hashes_max && !proof.checkpoint.empty());
  std::string text = std::string(k_first_line) + "\n";
  if (!proof.extra.empty()) text += std::string(k_extra) + base::to_base64(proof.extra) + "\n";
  text += std::string(k_index) + std::to_string(proof.index) + "\n";
  for (const base::Hash32& hash : proof.hashes) text += base::to_base64(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

base::Result<TlogProof> read_tlog_proof(std::string_view text) {
  if (text.size() > k_text_bytes_max) return refuse("it is longer than 1,010,000 bytes");
  std::string_view rest = text;
  if (take_line(rest) != k_first_line) return refuse("its first line is not " + std::string(k_first_line));
  TlogProof proof;
  auto line = take_line(rest);
  if (line && line->starts_with(k_extra)) {
    auto extra = base::from_base64(line->substr(k_extra.size()));
    if (!extra || extra->empty()) return refuse("its extra line is not base64 of something");
    proof.extra = std::move(*extra);
    line = take_line(rest);
  }
  if (!line || !line->starts_with(k_index)) return refuse("it has no line `index` where it must stand");
  EXEUNT_TRY_ASSIGN(proof.index, read_index(line->substr(k_index.size())));
  for (line = take_line(rest); line && !line->empty(); line = take_line(rest)) {
    const auto hash = base::from_base64(*line);
    if (!hash || hash->size() != sizeof(base::Hash32)) return refuse("a line of its path is not 32 bytes of base64");
    if (proof.hashes.size() == k_hashes_max) return refuse("its path has more than 64 hashes");
    std::copy(hash->begin(), hash->end(), proof.hashes.emplace_back().begin());
  }
  if (!line) return refuse("it ends before the empty line and the checkpoint");
  proof.checkpoint = rest;
  EXEUNT_TRY_ASSIGN(const Note note, read_note(rest));
  EXEUNT_TRY_ASSIGN(const Checkpoint checkpoint, parse_checkpoint_text(note.text));
  if (proof.index >= checkpoint.size) {
    return refuse("entry " + std::to_string(proof.index) + " is not in a tree of " + std::to_string(checkpoint.size));
  }
  if (proof.hashes.size() != path_length(proof.index, checkpoint.size)) {
    return refuse("its path has " + std::to_string(proof.hashes.size()) + " hashes where " +
                  std::to_string(path_length(proof.index, checkpoint.size)) + " lead to the root");
  }
  return proof;
}

base::Result<SignedCheckpoint> verify_tlog_proof(const TlogProof& proof, const base::Hash32& leaf, const VerifierKey& log,
                                                 const std::vector<VerifierKey>& witnesses, std::optional<std::string_view> origin) {
  EXEUNT_TRY_ASSIGN(SignedCheckpoint opened, open_checkpoint(proof.checkpoint, log, witnesses, origin));
  std::vector<HashBytes> path;
  for (const base::Hash32& hash : proof.hashes) path.emplace_back(hash.begin(), hash.end());
  EXEUNT_TRY(verify_inclusion(proof.index, opened.checkpoint.size, leaf, path, opened.checkpoint.root));
  return opened;
}

}  // namespace exeunt::evidence
