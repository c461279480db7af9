#include "base/csv.hpp"

#include "base/escape.hpp"

namespace exeunt::base {
namespace {

tl::unexpected<Error> bad_line(std::size_t line, std::string_view cause) {
  return fail(Code::invalid_argument, "line " + std::to_string(line) + ": " + std::string(cause));
}

class Reader {
 public:
  Reader(std::string_view text, CsvLimits limits) : text_(text), limits_(limits) {}

  Result<std::vector<CsvRow>> rows() {
    std::vector<CsvRow> out;
    while (at_ < text_.size()) {
      EXEUNT_TRY_ASSIGN(CsvRow row, next_row());
      const bool empty_line = row.fields.size() == 1 && row.fields[0].empty() && !quoted_;
      if (empty_line) continue;
      if (out.size() == limits_.rows_max) {
        return fail(Code::resource_exhausted,
                    "line " + std::to_string(row.line) + ": more than " + std::to_string(limits_.rows_max) + " rows");
      }
      out.push_back(std::move(row));
    }
    return out;
  }

 private:
  [[nodiscard]] bool at_line_end() const { return at_ == text_.size() || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n"; }

  void step_over_line_end() {
    if (at_ == text_.size()) return;
    at_ += text_[at_] == '\r' ? 2 : 1;
    ++line_;
  }

  Result<CsvRow> next_row() {
    CsvRow row{line_, {}};
    quoted_ = false;
    while (true) {
      EXEUNT_TRY_ASSIGN(std::string field, next_field());
      if (!is_valid_utf8(field)) return bad_line(line_, "a field is not UTF-8");
      if (field.find('\0') != std::string::npos) return bad_line(line_, "a field has a NUL character");
      row.fields.push_back(std::move(field));
      if (at_line_end()) {
        step_over_line_end();
        return row;
      }
      ++at_;  // the comma
    }
  }

  Result<std::string> next_field() {
    if (at_ < text_.size() && text_[at_] == '"') return next_quoted_field();
    const std::size_t begin = at_;
    while (!at_line_end() && text_[at_] != ',') {
      if (text_[at_] == '"') return bad_line(line_, "a quote inside a field that does not begin with one");
      if (text_[at_] == '\r') return bad_line(line_, "a carriage return without a line feed outside quotes");
      if (++at_ - begin > limits_.field_bytes_max) return field_too_long();
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<std::string> next_quoted_field() {
    quoted_ = true;
    const std::size_t opened = line_;
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (text_.substr(at_, 2) != "\"\"") break;
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      field.push_back(text_[at_]);
      if (field.size() > limits_.field_bytes_max) return field_too_long();
    }
    if (at_ == text_.size()) return bad_line(opened, "a quote is never closed");
    ++at_;
    if (!at_line_end() && text_[at_] != ',') return bad_line(line_, "text after a closing quote");
    return field;
  }

  [[nodiscard]] tl::unexpected<Error> field_too_long() const {
    return fail(Code::resource_exhausted,
                "line " + std::to_string(line_) + ": a field is longer than " + std::to_string(limits_.field_bytes_max) + " bytes");
  }

  std::string_view text_;
  CsvLimits limits_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  bool quoted_ = false;
};

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text, CsvLimits limits) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  return Reader(text, limits).rows();
}

Result<std::vector<CsvRow>> parse_csv_table(std::string_view text, const std::vector<std::string>& header, CsvLimits limits) {
  EXEUNT_TRY_ASSIGN(auto rows, parse_csv(text, limits));
  std::string wanted;
  for (const auto& name : header) wanted += (wanted.empty() ? "" : ",") + name;
  if (rows.empty() || rows.front().fields != header) {
    return fail(Code::invalid_argument, "line 1: the header is not as it should be", "write exactly: " + wanted);
  }
  rows.erase(rows.begin());
  for (const auto& row : rows) {
    if (row.fields.size() != header.size()) {
      return bad_line(row.line, "has " + std::to_string(row.fields.size()) + " fields instead of " + std::to_string(header.size()));
    }
  }
  return rows;
}

}  // namespace exeunt::base
