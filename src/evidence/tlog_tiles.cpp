#include "evidence/tlog_tiles.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "base/check.hpp"

namespace exeunt::evidence {
namespace {

constexpr int k_level_bits = 8;  // a tile spans so many levels of the tree
constexpr int k_level_max = 63;
constexpr std::size_t k_tiles_kept_max = 64;
constexpr std::uint64_t k_width = k_tile_hashes;
constexpr std::string_view k_folder = "tile/";
constexpr std::string_view k_entries = "entries/";

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::Code::data_loss, "tlog-tiles: " + std::move(what), "fetch it again, or from another copy");
}

std::string three_digits(std::uint64_t group) {
  const std::string digits = std::to_string(group);
  return std::string(3 - digits.size(), '0') + digits;
}

std::string place_text(std::uint64_t number, int width) {
  EXEUNT_CHECK(width >= 1 && width <= k_tile_hashes);
  std::string text = three_digits(number % 1000);
  for (number /= 1000; number > 0; number /= 1000) text = "x" + three_digits(number % 1000) + "/" + text;
  return width == k_tile_hashes ? text : text + ".p/" + std::to_string(width);
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

struct Place {
  std::uint64_t number = 0;
  int width = k_tile_hashes;
};
/// What place_text wrote, leniently: whoever calls compares with what it would write.
std::optional<Place> read_place(std::string_view text) {
  Place place;
  if (const std::size_t partial = text.find(".p/"); partial != std::string_view::npos) {
    const auto width = read_number(text.substr(partial + 3));
    if (!width || *width < 1 || *width >= k_width) return std::nullopt;
    place.width = static_cast<int>(*width);
    text = text.substr(0, partial);
  }
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != 'x' && c != '/'; });
  const auto number = read_number(digits);
  if (!number) return std::nullopt;
  place.number = *number;
  return place;
}

}  // namespace

std::string tile_path(const TilePlace& place) {
  EXEUNT_CHECK(place.level >= 0 && place.level <= k_level_max);
  return std::string(k_folder) + std::to_string(place.level) + "/" + place_text(place.number, place.width);
}

std::string bundle_path(const BundlePlace& place) {
  return std::string(k_folder) + std::string(k_entries) + place_text(place.number, place.width);
}

base::Result<std::variant<TilePlace, BundlePlace>> read_tile_path(std::string_view path) {
  const auto wrong = [] {
    return base::fail(base::Code::invalid_argument, "tlog-tiles: a path is neither tile/<L>/<N>[.p/<W>] nor tile/entries/<N>[.p/<W>]",
                      "name the file as c2sp.org/tlog-tiles does");
  };
  // The longest: a number of 20 digits in seven groups, with level and width.
  if (path.size() > 64 || !path.starts_with(k_folder)) return wrong();
  std::string_view rest = path.substr(k_folder.size());
  if (rest.starts_with(k_entries)) {
    const auto place = read_place(rest.substr(k_entries.size()));
    if (!place) return wrong();
    const BundlePlace bundle{place->number, place->width};
    if (bundle_path(bundle) != path) return wrong();
    return bundle;
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return wrong();
  const auto level = read_number(rest.substr(0, slash));
  const auto place = read_place(rest.substr(slash + 1));
  if (!level || *level > k_level_max || !place) return wrong();
  const TilePlace tile{static_cast<int>(*level), place->number, place->width};
  if (tile_path(tile) != path) return wrong();
  return tile;
}

std::uint64_t tile_count(int level, std::uint64_t size) {
  EXEUNT_CHECK(level >= 0);
  const std::uint64_t hashes = level > 7 ? 0 : size >> (level * k_level_bits);
  return hashes / k_width + (hashes % k_width != 0 ? 1 : 0);
}

TilePlace tile_of(int level, std::uint64_t number, std::uint64_t size) {
  EXEUNT_CHECK(number < tile_count(level, size));
  const std::uint64_t left = (size >> (level * k_level_bits)) - number * k_width;
  return {level, number, static_cast<int>(std::min(left, k_width))};
}

BundlePlace bundle_of(std::uint64_t number, std::uint64_t size) { return {number, tile_of(0, number, size).width}; }

std::string tile_bytes(std::span<const Hash32> hashes) {
  EXEUNT_CHECK(!hashes.empty() && hashes.size() <= k_width);
  std::string out;
  out.reserve(hashes.size() * sizeof(Hash32));
  for (const Hash32& hash : hashes) out.append(hash.begin(), hash.end());
  return out;
}

base::Result<std::vector<Hash32>> read_tile(std::string_view bytes, int width) {
  EXEUNT_CHECK(width >= 1 && width <= k_tile_hashes);
  const auto count = static_cast<std::size_t>(width);
  if (bytes.size() != count * sizeof(Hash32)) {
    return refuse("a tile of " + std::to_string(width) + " hashes has " + std::to_string(bytes.size()) + " bytes");
  }
  std::vector<Hash32> hashes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto part = base::as_bytes(bytes.substr(i * sizeof(Hash32), sizeof(Hash32)));
    std::copy(part.begin(), part.end(), hashes[i].begin());
  }
  return hashes;
}

base::Result<std::string> bundle_bytes(std::span<const std::string> entries) {
  EXEUNT_CHECK(!entries.empty() && entries.size() <= k_width);
  std::string out;
  for (const std::string& entry : entries) {
    if (entry.size() > k_entry_bytes_max) {
      return base::fail(base::Code::resource_exhausted, "tlog-tiles: an entry has " + std::to_string(entry.size()) + " bytes",
                        "an entry bundle holds entries of at most 65,535 bytes");
    }
    out.push_back(static_cast<char>(entry.size() >> 8U));
    out.push_back(static_cast<char>(entry.size() & 0xFFU));
    out += entry;
  }
  return out;
}

base::Result<std::vector<std::string_view>> read_bundle(std::string_view bytes, int width) {
  EXEUNT_CHECK(width >= 1 && width <= k_tile_hashes);
  std::vector<std::string_view> entries;
  while (!bytes.empty()) {
    if (entries.size() == static_cast<std::size_t>(width))
      return refuse("a bundle goes on after its " + std::to_string(width) + " entries");
    if (bytes.size() < 2) return refuse("a bundle ends within a length");
    const std::size_t length = std::size_t{static_cast<std::uint8_t>(bytes[0])} << 8U | static_cast<std::uint8_t>(bytes[1]);
    bytes.remove_prefix(2);
    if (length > bytes.size()) return refuse("a bundle ends within an entry");
    entries.push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (entries.size() != static_cast<std::size_t>(width)) {
    return refuse("a bundle has " + std::to_string(entries.size()) + " entries where it should have " + std::to_string(width));
  }
  return entries;
}

base::Result<Hash32> TileHashes::hash(const Subtree& subtree) {
  const int level = subtree.level / k_level_bits;
  const int height = subtree.level % k_level_bits;
  const std::uint64_t first = subtree.index << height;
  const std::uint64_t count = std::uint64_t{1} << height;
  EXEUNT_CHECK(first + count <= size_ >> (level * k_level_bits));
  const TilePlace place = tile_of(level, first / k_width, size_);
  auto tile = kept_.find(place);
  if (tile == kept_.end()) {
    EXEUNT_TRY_ASSIGN(const std::string bytes, reader_(place));
    auto hashes = read_tile(bytes, place.width);
    if (!hashes) return base::fail(std::move(hashes).error().about(tile_path(place)));
    if (kept_.size() == k_tiles_kept_max) kept_.clear();
    tile = kept_.emplace(place, std::move(*hashes)).first;
  }
  return root_of(std::span(tile->second).subspan(first % k_width, count));
}

SubtreeSource TileHashes::source() {
  return [this](const Subtree& subtree) { return hash(subtree); };
}

void each_tile(std::span<const Hash32> leaves, const std::function<void(const TilePlace&, std::span<const Hash32>)>& take) {
  std::vector<Hash32> above;
  for (int level = 0; !leaves.empty(); ++level) {
    std::vector<Hash32> roots;  // of the full tiles of this level: the hashes of the next one
    for (std::uint64_t number = 0; !leaves.empty(); ++number) {
      const auto tile = leaves.first(std::min<std::size_t>(leaves.size(), k_width));
      leaves = leaves.subspan(tile.size());
      take({level, number, static_cast<int>(tile.size())}, tile);
      if (tile.size() == k_width) roots.push_back(root_of(tile));
    }
    above = std::move(roots);
    leaves = above;
  }
}

base::Result<std::vector<Hash32>> rebuild_tree(std::uint64_t size, const Hash32& root, const BundleReader& reader,
                                               const std::function<void(std::uint64_t, std::string_view)>& take) {
  std::vector<Hash32> leaves;
  // The size may be a lie: nothing is reserved for it, and a bundle that is not there ends it.
  for (std::uint64_t number = 0; number < tile_count(0, size); ++number) {
    const BundlePlace place = bundle_of(number, size);
    EXEUNT_TRY_ASSIGN(const std::string bytes, reader(place));
    auto entries = read_bundle(bytes, place.width);
    if (!entries) return base::fail(std::move(entries).error().about(bundle_path(place)));
    for (const std::string_view entry : *entries) {
      if (take) take(leaves.size(), entry);
      leaves.push_back(leaf_hash(entry));
    }
  }
  if (root_of(leaves) != root) return refuse("the " + std::to_string(size) + " entries do not have this root");
  return leaves;
}

}  // namespace exeunt::evidence
