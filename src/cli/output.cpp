#include "cli/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::cli {

namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::none: return "";
    case Colour::good: return "\x1b[32m";
    case Colour::bad: return "\x1b[31m";
    case Colour::warn: return "\x1b[33m";
    case Colour::dim: return "\x1b[2m";
    case Colour::bold: return "\x1b[1m";
  }
  return "";
}

void write_line(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fputc('\n', stream);
}

}  // namespace

Output::Output(bool json) : json_(json), colours_(::isatty(STDOUT_FILENO) == 1 && !json), live_(::isatty(STDERR_FILENO) == 1) {}

void Output::line(std::string_view text) const { write_line(stdout, text); }

void Output::print_json(const base::Json& value) const { write_line(stdout, base::pretty_json(value)); }

std::string Output::paint(Colour colour, std::string_view text) const {
  if (!colours_ || colour == Colour::none) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(colour), text);
}

void Output::table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows, std::size_t width_max) const {
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size());
  for (const auto& row : rows) {
    auto& out = cells.emplace_back();
    for (const auto& cell : row) out.push_back(base::escape_terminal(cell, width_max));
  }
  std::vector<std::size_t> widths;
  for (const auto& title : head) widths.push_back(title.size());
  for (const auto& row : cells)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], base::terminal_columns(row[i]));
  std::string text = "  ";
  for (std::size_t i = 0; i < head.size(); ++i) text += head[i] + std::string(widths[i] - head[i].size() + 2, ' ');
  line(paint(Colour::bold, text));
  for (const auto& row : cells) {
    text = "  ";
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      text += paint(colour_of(row[i]), row[i]) + std::string(widths[i] - std::min(widths[i], base::terminal_columns(row[i])) + 2, ' ');
    line(text);
  }
}

void Output::progress(const engine::Progress& progress) const {
  const std::string words = base::escape_terminal(progress.words, 90);
  const std::string count = progress.paths == 0 ? "" : fmt::format("[{}/{} ended] ", progress.ended, progress.paths);
  if (live_)
    std::fprintf(stderr, "\r\x1b[2K%s%s", count.c_str(), words.c_str());
  else
    std::fprintf(stderr, "%s%s\n", count.c_str(), words.c_str());
  std::fflush(stderr);
}

void Output::end_progress() const {
  if (live_) std::fputs("\r\x1b[2K", stderr);
}

int Output::error(const base::Error& error) const {
  end_progress();
  if (json_)
    print_json(base::JsonObject{
        {"error", base::JsonObject{
                      {"code", base::code_name(error.code)}, {"what", error.what}, {"next", error.next}, {"exit", exit_of(error.code)}}}});
  std::fprintf(stderr, "exeunt: %s\n", base::escape_terminal(error.what).c_str());
  if (!error.next.empty()) std::fprintf(stderr, "  next: %s\n", base::escape_terminal(error.next).c_str());
  return exit_of(error.code);
}

int exit_of(base::Code code) {
  switch (code) {
    case base::Code::invalid_argument:
    case base::Code::not_found:
    case base::Code::already_exists:
    case base::Code::unimplemented: return 2;
    case base::Code::failed_precondition:
    case base::Code::permission_denied:
    case base::Code::cancelled:
    case base::Code::aborted: return 5;
    case base::Code::unavailable:
    case base::Code::resource_exhausted: return 6;
    case base::Code::data_loss: return 7;
    case base::Code::outcome_unknown:
    case base::Code::internal: return 4;
  }
  return 4;
}

Colour colour_of(std::string_view word) {
  for (const std::string_view good : {"ended", "refused", "witnessed", "observed", "read_back", "closed", "full", "held"})
    if (word == good) return Colour::good;
  for (const std::string_view bad : {"live", "admitted", "unknown", "failed", "missing", "halted", "none"})
    if (word == bad) return Colour::bad;
  for (const std::string_view warn :
       {"ending", "draining", "waived", "partial", "lower_bound", "waiting_approval", "waiting_person", "acknowledged", "attested"})
    if (word == warn) return Colour::warn;
  return Colour::none;
}

}  // namespace exeunt::cli
