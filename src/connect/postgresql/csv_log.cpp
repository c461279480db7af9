#include "connect/postgresql/csv_log.hpp"

namespace exeunt::connect::postgresql {

namespace {
constexpr std::size_t k_fields_min = 23;                    // PostgreSQL 9.0; 26 since 14
constexpr std::size_t k_field_bytes_max = 4 * 1024 * 1024;  // what is longer is cut, never kept whole

bool looks_like_time(std::string_view text) { return text.size() >= 19 && text[4] == '-' && text[10] == ' ' && text[13] == ':'; }
}  // namespace

void CsvLogReader::feed(std::string_view bytes) {
  for (const char c : bytes) take(c);
}

void CsvLogReader::take(char c) {
  if (quoted_ && !quote_seen_) {
    if (c == '"') {
      quote_seen_ = true;
    } else if (field_.size() < k_field_bytes_max) {
      field_ += c;
    }
    return;
  }
  if (quoted_ && c == '"') {
    quote_seen_ = false;
    if (field_.size() < k_field_bytes_max) field_ += '"';
    return;
  }
  quoted_ = quote_seen_ = false;
  switch (c) {
    case ',': end_field(); break;
    case '\n': end_record(); break;
    case '"': quoted_ = true; break;
    default:
      if (field_.size() < k_field_bytes_max) field_ += c;
  }
}

void CsvLogReader::end_field() {
  fields_.push_back(std::move(field_));
  field_.clear();
}

void CsvLogReader::end_record() {
  end_field();
  if (fields_.size() >= k_fields_min && looks_like_time(fields_[0])) {
    on_record_({fields_[0], fields_[1], fields_[4], fields_[5], fields_[8], fields_[12], fields_[13], fields_[19], fields_[2], fields_[11],
                fields_[7]});
  } else {
    ++broken_;
  }
  fields_.clear();
}

void CsvLogReader::end_of_file() {
  if (!fields_.empty() || !field_.empty() || quoted_) ++broken_;
  fields_.clear();
  field_.clear();
  quoted_ = quote_seen_ = false;
}

}  // namespace exeunt::connect::postgresql
