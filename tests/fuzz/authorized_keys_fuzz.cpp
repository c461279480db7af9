// authorized_keys is written by the subject: ranges stay inside the file, and taking keys out takes out exactly those.
#include "connect/openssh/authorized_keys.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file = fuzz::text_of(data, size);
  const auto parsed = connect::parse_authorized_keys(file);
  std::set<std::string> all;
  std::size_t end = 0;
  for (const auto& line : parsed.keys) {
    fuzz::require(line.begin >= end && line.begin < line.end && line.end <= file.size());
    end = line.end;
    all.insert(line.key.fingerprint);
  }
  fuzz::require(connect::without_keys(file, {}) == file);
  const std::string without = connect::without_keys(file, all);
  const auto left = connect::parse_authorized_keys(without);
  fuzz::require(left.keys.empty() && left.unclear == parsed.unclear);
  return 0;
}
