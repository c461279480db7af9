// The terminal part of base/escape.hpp: what a character does to a terminal, and how many columns it takes there.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/escape.hpp"
#include "base/utf8.hpp"

namespace exeunt::base {
namespace {

struct Range {
  char32_t first, last;
};

// Moves the cursor, turns the direction of writing or hides text.
constexpr Range k_controls[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F},
    {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE007F},
};
// Unicode 15, East Asian Width W and F, coarsened to blocks.
constexpr Range k_wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},
    {0x26F2, 0x26F3},   {0x26FA, 0x26FA},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274C},
    {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF},
    {0x1AFF0, 0x1B2FF}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320},
    {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};
// Combining marks of the scripts that names are commonly written in.
constexpr Range k_combining[] = {
    {0x300, 0x36F},     {0x483, 0x489},   {0x591, 0x5BD},   {0x5BF, 0x5BF},   {0x5C1, 0x5C2},   {0x5C4, 0x5C5},   {0x5C7, 0x5C7},
    {0x610, 0x61A},     {0x64B, 0x65F},   {0x670, 0x670},   {0x6D6, 0x6DC},   {0x6DF, 0x6E4},   {0x6E7, 0x6E8},   {0x6EA, 0x6ED},
    {0x711, 0x711},     {0x730, 0x74A},   {0x900, 0x902},   {0x93A, 0x93A},   {0x93C, 0x93C},   {0x941, 0x948},   {0x94D, 0x94D},
    {0x951, 0x957},     {0x981, 0x981},   {0x9BC, 0x9BC},   {0x9C1, 0x9C4},   {0x9CD, 0x9CD},   {0xA01, 0xA02},   {0xA3C, 0xA3C},
    {0xE31, 0xE31},     {0xE34, 0xE3A},   {0xE47, 0xE4E},   {0xEB1, 0xEB1},   {0xEB4, 0xEBC},   {0xEC8, 0xECE},   {0x135D, 0x135F},
    {0x1AB0, 0x1ACE},   {0x1DC0, 0x1DFF}, {0x20D0, 0x20F0}, {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    {0xE0100, 0xE01EF},
};

template <std::size_t N>
bool contains(const Range (&ranges)[N], char32_t character) {
  const auto* range =
      std::lower_bound(std::begin(ranges), std::end(ranges), character, [](const Range& r, char32_t c) { return r.last < c; });
  return range != std::end(ranges) && range->first <= character;
}

struct Shown {
  std::string text;
  std::size_t columns = 0;
};

Shown show(std::string_view text, const Utf8Step& step) {
  if (!step.valid || (step.character < 0x80 && contains(k_controls, step.character))) {
    return {fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front())), 4};
  }
  if (contains(k_controls, step.character)) {
    std::string shown = fmt::format("\\u{{{:04x}}}", static_cast<std::uint32_t>(step.character));
    const std::size_t columns = shown.size();
    return {std::move(shown), columns};
  }
  const std::size_t columns = contains(k_combining, step.character) ? 0 : contains(k_wide, step.character) ? 2 : 1;
  return {std::string(text.substr(0, step.length)), columns};
}

}  // namespace

std::string escape_terminal(std::string_view text, std::size_t columns_max) {
  std::string out;
  std::size_t columns = 0;
  std::size_t cut_at = 0;  // bytes of `out` that leave one column for the ellipsis
  while (!text.empty()) {
    const Utf8Step step = next_character(text);
    const Shown shown = show(text, step);
    columns += shown.columns;
    if (columns_max > 0 && columns > columns_max) {
      out.resize(cut_at);
      return out + "…";
    }
    out += shown.text;
    if (columns < columns_max) cut_at = out.size();
    text.remove_prefix(step.length);
  }
  return out;
}

std::size_t terminal_columns(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Utf8Step step = next_character(text);
    columns += show(text, step).columns;
    text.remove_prefix(step.length);
  }
  return columns;
}

}  // namespace exeunt::base
