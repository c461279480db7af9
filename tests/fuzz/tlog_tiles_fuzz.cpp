// Paths, tiles and entry bundles of somebody's log. The first byte is a width; what is read is written again byte for byte.
#include "evidence/tlog_tiles.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto place = evidence::read_tile_path(text)) {
    const auto* tile = std::get_if<evidence::TilePlace>(&*place);
    fuzz::require((tile != nullptr ? evidence::tile_path(*tile) : evidence::bundle_path(std::get<evidence::BundlePlace>(*place))) == text);
  }
  if (size == 0) return 0;
  const int width = data[0] + 1;
  const std::string_view bytes = text.substr(1);
  if (const auto entries = evidence::read_bundle(bytes, width)) {
    fuzz::require(entries->size() == static_cast<std::size_t>(width));
    fuzz::require(evidence::bundle_bytes(std::vector<std::string>(entries->begin(), entries->end())).value() == bytes);
    const auto rebuilt = evidence::rebuild_tree(static_cast<std::uint64_t>(width), base::Hash32{},
                                                [&](const evidence::BundlePlace&) { return base::Result<std::string>(bytes); });
    fuzz::require(!rebuilt.has_value());
  }
  if (const auto hashes = evidence::read_tile(bytes, width)) fuzz::require(evidence::tile_bytes(*hashes) == bytes);
  return 0;
}
