// How the command line speaks: tables and colours for a terminal, one progress line for long work, JSON for programs, errors with cause and next step.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "engine/run_context.hpp"

namespace exeunt::cli {

enum class Colour { none, good, bad, warn, dim, bold };

class Output {
 public:
  explicit Output(bool json);
  [[nodiscard]] bool json() const { return json_; }
  /// Outside text is escaped by whoever makes the line (base::escape_terminal).
  void line(std::string_view text) const;
  void print_json(const base::Json& value) const;
  [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;  // plain when stdout is no terminal
  /// Columns are as wide as their widest cell, at most `width_max`; cells are outside text and are escaped here.
  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows, std::size_t width_max = 48) const;
  /// One line that is written over on a terminal; a line each time otherwise (stderr).
  void progress(const engine::Progress& progress) const;
  void end_progress() const;
  /// "exeunt: what" and "  next: …" on stderr; with --json also {"error": …} on stdout. Returns the exit code for it.
  int error(const base::Error& error) const;

 private:
  bool json_;
  bool colours_;
  bool live_;
};

/// The exit code that an error stands for.
[[nodiscard]] int exit_of(base::Code code);
[[nodiscard]] Colour colour_of(std::string_view state_or_grade);

}  // namespace exeunt::cli
