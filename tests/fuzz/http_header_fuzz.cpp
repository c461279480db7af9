// Header lines are the other side's: whatever they are, the block stays bounded and answers without a fault.
#include "fuzz/fuzz_input.hpp"
#include "net/header_block.hpp"
#include "net/url.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  net::HeaderBlock block(1000);
  std::size_t taken = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (!block.add_line(rest.substr(0, end))) break;
    taken += end;
    rest.remove_prefix(end);
  }
  fuzz::require(taken <= 1000);
  (void)block.date();
  (void)block.cookie("session");
  (void)net::parse_http_date(text);
  if (const auto url = net::Url::parse(text)) {
    const net::Url longer = url->segment(text).query("q", text);
    fuzz::require(longer.text().starts_with(url->origin()));
    fuzz::require(longer.text().find_first_of("\r\n \"#") == std::string::npos);
  }
  return 0;
}
