#include "evidence/tlog_tiles.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <filesystem>

#include "base/file.hpp"
#include "evidence/note.hpp"
#include "testing/vectors.hpp"

using namespace exeunt;
using evidence::BundlePlace;
using evidence::TilePlace;
namespace fs = std::filesystem;

namespace {

std::vector<base::Hash32> leaves_of(std::size_t count) {
  std::vector<base::Hash32> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(evidence::leaf_hash(std::to_string(i)));
  return out;
}

using Files = std::map<std::string, std::string>;

/// A log as files: tiles and bundles of the entries "0", "1", …
Files files_of(std::size_t count) {
  Files files;
  const auto leaves = leaves_of(count);
  evidence::each_tile(leaves, [&](const TilePlace& place, std::span<const base::Hash32> hashes) {
    REQUIRE(files.emplace(evidence::tile_path(place), evidence::tile_bytes(hashes)).second);
  });
  for (std::uint64_t number = 0; number < evidence::tile_count(0, count); ++number) {
    const BundlePlace place = evidence::bundle_of(number, count);
    std::vector<std::string> entries;
    for (int i = 0; i < place.width; ++i) entries.push_back(std::to_string(number * 256 + static_cast<std::uint64_t>(i)));
    files[evidence::bundle_path(place)] = evidence::bundle_bytes(entries).value();
  }
  return files;
}

base::Result<std::string> find(const Files& files, const std::string& path) {
  const auto file = files.find(path);
  if (file == files.end()) return base::fail(base::Code::not_found, path + " is not there", "copy it");
  return file->second;
}

evidence::TileReader tiles_in(const Files& files) {
  return [&files](const TilePlace& place) { return find(files, evidence::tile_path(place)); };
}
evidence::BundleReader bundles_in(const Files& files) {
  return [&files](const BundlePlace& place) { return find(files, evidence::bundle_path(place)); };
}

std::vector<evidence::HashBytes> as_spans(const std::vector<base::Hash32>& hashes) {
  std::vector<evidence::HashBytes> out;
  for (const auto& hash : hashes) out.emplace_back(hash.begin(), hash.end());
  return out;
}

}  // namespace

TEST_CASE("tlog_tiles: paths are those of c2sp.org/tlog-tiles, and read back") {
  struct Row {
    TilePlace place;
    std::string path;
  };
  for (const Row& row :
       {Row{{0, 0}, "tile/0/000"}, Row{{1, 5, 7}, "tile/1/005.p/7"}, Row{{0, 999}, "tile/0/999"}, Row{{0, 1000}, "tile/0/x001/000"},
        Row{{2, 1'234'067}, "tile/2/x001/x234/067"}, Row{{63, UINT64_MAX, 255}, "tile/63/x018/x446/x744/x073/x709/x551/615.p/255"}}) {
    CAPTURE(row.path);
    CHECK_EQ(evidence::tile_path(row.place), row.path);
    CHECK((evidence::read_tile_path(row.path).value() == std::variant<TilePlace, BundlePlace>(row.place)));
  }
  CHECK_EQ(evidence::bundle_path({1'234'067}), "tile/entries/x001/x234/067");
  CHECK((evidence::read_tile_path("tile/entries/x001/000.p/9").value() == std::variant<TilePlace, BundlePlace>(BundlePlace{1000, 9})));
}

TEST_CASE("tlog_tiles: paths that are not exact are refused") {
  for (const std::string path : {"",
                                 "tile",
                                 "tile/",
                                 "tile/0",
                                 "tile/0/",
                                 "tile/0/00",
                                 "tile/0/0000",
                                 "tile/00/000",
                                 "tile/64/000",
                                 "tile/-1/000",
                                 "tile/0/x000",
                                 "tile/0/x000/000",
                                 "tile/0/001/000",
                                 "tile/0/x001/x000",
                                 "tile/0/x001000",
                                 "tile/0/000.p/0",
                                 "tile/0/000.p/256",
                                 "tile/0/000.p/07",
                                 "tile/0/000.p/",
                                 "tile/0/000/",
                                 "/tile/0/000",
                                 "tile/0/../000",
                                 "tile/entries/",
                                 "tile/entries/00",
                                 "tile/entries/000.p/256",
                                 "tile/Entries/000",
                                 "tile/0/x018/x446/x744/x073/x709/x551/616",
                                 "tile/0/000.p/1.p/1",
                                 "tile/0/000\n"}) {
    CAPTURE(path);
    CHECK_EQ(evidence::read_tile_path(path).error().code, base::Code::invalid_argument);
  }
}

TEST_CASE("tlog_tiles: a tree of 70,000 has the tiles that the specification names") {
  CHECK_EQ(evidence::tile_count(0, 70'000), 274);
  CHECK_EQ(evidence::tile_of(0, 272, 70'000), TilePlace{0, 272, 256});
  CHECK_EQ(evidence::tile_of(0, 273, 70'000), TilePlace{0, 273, 112});
  CHECK_EQ(evidence::tile_count(1, 70'000), 2);
  CHECK_EQ(evidence::tile_of(1, 0, 70'000), TilePlace{1, 0, 256});
  CHECK_EQ(evidence::tile_of(1, 1, 70'000), TilePlace{1, 1, 17});
  CHECK_EQ(evidence::tile_count(2, 70'000), 1);
  CHECK_EQ(evidence::tile_of(2, 0, 70'000), TilePlace{2, 0, 1});
  CHECK_EQ(evidence::tile_count(3, 70'000), 0);
  CHECK_EQ(evidence::tile_count(0, 256), 1);
  CHECK_EQ(evidence::tile_of(1, 0, 256), TilePlace{1, 0, 1});
  CHECK_EQ(evidence::tile_count(0, 0), 0);
  CHECK_EQ(evidence::tile_count(7, UINT64_MAX), 1);
  CHECK_EQ(evidence::tile_count(8, UINT64_MAX), 0);
  std::map<int, std::vector<TilePlace>> seen;
  evidence::each_tile(leaves_of(70'000), [&](const TilePlace& place, std::span<const base::Hash32> hashes) {
    CHECK_EQ(hashes.size(), place.width);
    seen[place.level].push_back(place);
  });
  for (int level = 0; level < 3; ++level) {
    REQUIRE_EQ(seen[level].size(), evidence::tile_count(level, 70'000));
    for (std::uint64_t number = 0; number < seen[level].size(); ++number) {
      CHECK_EQ(seen[level][number], evidence::tile_of(level, number, 70'000));
    }
  }
  CHECK_EQ(seen.size(), 3);
}

TEST_CASE("tlog_tiles: roots and paths made from tiles are those made from the leaves") {
  for (const std::size_t size : {1, 2, 255, 256, 257, 511, 512, 1000, 65'536, 65'793, 70'000}) {
    CAPTURE(size);
    const auto leaves = leaves_of(size);
    const auto root = evidence::root_of(leaves);
    const Files files = files_of(size);
    evidence::TileHashes tiles(size, tiles_in(files));
    CHECK_EQ(evidence::root_of(size, tiles.source()).value(), root);
    for (const std::uint64_t index : {std::size_t{0}, size / 3, size / 2, size - 1}) {
      CAPTURE(index);
      const auto path = evidence::inclusion_path(index, size, tiles.source()).value();
      CHECK_EQ(path, evidence::inclusion_path(leaves, index));
      CHECK(evidence::verify_inclusion(index, size, leaves[index], as_spans(path), root).has_value());
      const auto grown = evidence::consistency_path(index + 1, size, tiles.source()).value();
      const auto old_root = evidence::root_of(std::span(leaves).first(index + 1));
      CHECK(evidence::verify_consistency(index + 1, size, as_spans(grown), old_root, root).has_value());
    }
  }
}

TEST_CASE("tlog_tiles: a tile or bundle that is missing, short or long is told by its path") {
  Files files = files_of(300);
  REQUIRE(evidence::TileHashes(300, tiles_in(files)).hash({8, 0}).has_value());
  files["tile/1/000.p/1"] += "x";
  CHECK_EQ(evidence::TileHashes(300, tiles_in(files)).hash({8, 0}).error().what,
           "tile/1/000.p/1: tlog-tiles: a tile of 1 hashes has 33 bytes");
  files.erase("tile/0/001.p/44");
  CHECK_EQ(evidence::TileHashes(300, tiles_in(files)).hash({0, 299}).error().code, base::Code::not_found);
  CHECK(evidence::TileHashes(300, tiles_in(files)).hash({0, 255}).has_value());
}

TEST_CASE("tlog_tiles: entries are read back from their bundles, whatever they are") {
  CHECK(rc::check("bundle", [](const std::vector<std::string>& some) {
    std::vector<std::string> entries(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(some.size(), 256)));
    if (entries.empty()) entries.emplace_back();
    const std::string bytes = evidence::bundle_bytes(entries).value();
    const auto read = evidence::read_bundle(bytes, static_cast<int>(entries.size()));
    RC_ASSERT(read.has_value());
    RC_ASSERT(std::equal(read->begin(), read->end(), entries.begin(), entries.end()));
  }));
  const std::vector<std::string> longest{std::string(65'535, 'x')};
  CHECK_EQ(evidence::read_bundle(evidence::bundle_bytes(longest).value(), 1).value()[0], longest[0]);
  CHECK_EQ(evidence::bundle_bytes(std::vector<std::string>{std::string(65'536, 'x')}).error().code, base::Code::resource_exhausted);
}

TEST_CASE("tlog_tiles: bundles with another number of entries, or bytes left over, are refused") {
  using namespace std::string_literals;
  CHECK(evidence::read_bundle("\0\1a\0\0"s, 2).has_value());
  for (const std::string& bytes : {""s, "\0\1a"s, "\0\1a\0"s, "\0\1a\0\1"s, "\0\1a\0\0\0\0"s, "\xff\xff\0\0"s}) {
    CAPTURE(bytes.size());
    CHECK_EQ(evidence::read_bundle(bytes, 2).error().code, base::Code::data_loss);
  }
}

TEST_CASE("tlog_tiles: a tree is rebuilt from its bundles, and no other root is taken for it") {
  for (const std::size_t size : {0, 1, 256, 257, 1000}) {
    CAPTURE(size);
    const auto leaves = leaves_of(size);
    Files files = files_of(size);
    std::uint64_t next = 0;
    const auto rebuilt =
        evidence::rebuild_tree(size, evidence::root_of(leaves), bundles_in(files), [&](std::uint64_t index, std::string_view entry) {
          CHECK_EQ(index, next++);
          CHECK_EQ(entry, std::to_string(index));
        });
    REQUIRE(rebuilt.has_value());
    CHECK_EQ(*rebuilt, leaves);
    CHECK_EQ(evidence::rebuild_tree(size, evidence::leaf_hash("x"), bundles_in(files)).error().code, base::Code::data_loss);
    CHECK_FALSE(evidence::rebuild_tree(size + 1, evidence::root_of(leaves), bundles_in(files)).has_value());
    if (size == 0) continue;
    std::string& last = files[evidence::bundle_path(evidence::bundle_of((size - 1) / 256, size))];
    last.back() = static_cast<char>(last.back() ^ 1);
    CHECK_FALSE(evidence::rebuild_tree(size, evidence::root_of(leaves), bundles_in(files)).has_value());
  }
}

TEST_CASE("tlog_tiles: vectors: every checkpoint, tile and bundle of a real log is rebuilt byte for byte, and no altered copy") {
  const auto folder = testing::vectors("tlog_tiles: a real tlog-tiles log", "tessera-log");
  if (!folder) return;
  const auto key = evidence::parse_verifier_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx").value();
  const auto read = [&](const std::string& path) { return base::read_file(*folder / path); };
  std::size_t checkpoints = 0, tiles = 0, bundles = 0;
  std::vector<std::string> entries;
  for (const auto& file : fs::recursive_directory_iterator(*folder)) {
    const std::string path = fs::relative(file.path(), *folder).generic_string();
    if (!file.is_regular_file() || !path.starts_with("checkpoint")) continue;
    CAPTURE(path);
    ++checkpoints;
    const std::string note = read(path).value();
    const auto opened = evidence::open_checkpoint(note, key, {});
    REQUIRE(opened.has_value());
    const auto [origin, size, root] = opened->checkpoint;
    CHECK_EQ(origin, "example.com/log/testdata");
    std::vector<std::string> of_this;
    const auto leaves = evidence::rebuild_tree(
        size, root, [&](const BundlePlace& place) { return read(evidence::bundle_path(place)); },
        [&](std::uint64_t, std::string_view entry) { of_this.emplace_back(entry); });
    REQUIRE(leaves.has_value());
    if (of_this.size() > entries.size()) entries = of_this;
    evidence::each_tile(*leaves, [&](const TilePlace& place, std::span<const base::Hash32> hashes) {
      CHECK_EQ(evidence::tile_bytes(hashes), read(evidence::tile_path(place)).value_or("missing"));
    });
    evidence::TileHashes from_tiles(size, [&](const TilePlace& place) { return read(evidence::tile_path(place)); });
    CHECK_EQ(evidence::root_of(size, from_tiles.source()).value(), root);
    for (std::size_t i = 0; i < note.size(); ++i) {
      std::string altered = note;
      altered[i] = static_cast<char>(altered[i] ^ 1);
      CHECK_FALSE(evidence::open_checkpoint(altered, key, {}).has_value());
    }
  }
  REQUIRE_EQ(entries.size(), 15);
  // Every file under tile/ stands where its content says, and is made again from the entries alone.
  for (const auto& file : fs::recursive_directory_iterator(*folder / "tile")) {
    if (!file.is_regular_file()) continue;
    const std::string path = fs::relative(file.path(), *folder).generic_string();
    CAPTURE(path);
    const std::string bytes = read(path).value();
    const auto place = evidence::read_tile_path(path);
    REQUIRE(place.has_value());
    if (const auto* bundle = std::get_if<BundlePlace>(&*place)) {
      ++bundles;
      CHECK_EQ(evidence::bundle_path(*bundle), path);
      CHECK_EQ(evidence::bundle_bytes(std::span(entries).first(static_cast<std::size_t>(bundle->width))).value(), bytes);
      CHECK_FALSE(evidence::read_bundle(bytes + '\0', bundle->width).has_value());
      const auto size = static_cast<std::uint64_t>(bundle->width);
      const auto root = evidence::open_checkpoint(read("checkpoint." + std::to_string(size)).value(), key, {}).value().checkpoint.root;
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string altered = bytes;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        CHECK_FALSE(evidence::rebuild_tree(size, root, [&](const BundlePlace&) { return base::Result<std::string>(altered); }).has_value());
      }
    } else {
      ++tiles;
      CHECK_EQ(evidence::tile_path(std::get<TilePlace>(*place)), path);
      const auto hashes = evidence::read_tile(bytes, std::get<TilePlace>(*place).width);
      REQUIRE(hashes.has_value());
      CHECK_EQ(evidence::tile_bytes(*hashes), bytes);
      for (std::size_t i = 0; i < hashes->size(); ++i) CHECK_EQ((*hashes)[i], evidence::leaf_hash(entries[i]));
    }
  }
  CHECK_EQ(checkpoints, 17);
  CHECK_EQ(tiles, 15);
  CHECK_EQ(bundles, 15);
}
