#include "connect/redis/client_list.hpp"

#include <charconv>
#include <map>

namespace exeunt::connect::redis {

namespace {

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::string Client::what() const {
  struct Word {
    char flag;
    const char* word;
  };
  static constexpr Word k_words[] = {{'P', "subscriber"}, {'b', "blocked"},      {'O', "monitor"},    {'S', "replica"},
                                     {'x', "in MULTI"},   {'t', "key tracking"}, {'U', "Unix socket"}};
  std::string out;
  for (const Word& one : k_words) {
    if (flags.find(one.flag) != std::string::npos) out += (out.empty() ? "" : ", ") + std::string(one.word);
  }
  return out;
}

std::optional<Client> parse_client(std::string_view line) {
  // No value holds a blank (the server refuses such names), so a name can look like a field only inside its own field.
  std::map<std::string_view, std::string_view> fields;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size() < line.size() ? word.size() + 1 : line.size());
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || !fields.emplace(word.substr(0, equals), word.substr(equals + 1)).second) return std::nullopt;
  }
  const auto id = number_of(fields["id"]);
  if (!id || *id <= 0 || fields["addr"].empty() || fields["user"].empty() || fields["flags"].empty()) return std::nullopt;
  return Client{*id,
                std::string(fields["addr"]),
                std::string(fields["name"]),
                std::string(fields["user"]),
                number_of(fields["age"]).value_or(-1),
                std::string(fields["flags"])};
}

ClientListing parse_client_list(std::string_view text) {
  ClientListing listing;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : text.size());
    if (line.empty()) continue;
    if (auto client = parse_client(line)) {
      listing.clients.push_back(std::move(*client));
    } else {
      ++listing.broken;
    }
  }
  return listing;
}

std::string info_value(std::string_view info, std::string_view key) {
  const std::string wanted = std::string(key) + ":";
  while (!info.empty()) {
    std::string_view line = info.substr(0, info.find('\n'));
    info.remove_prefix(line.size() < info.size() ? line.size() + 1 : info.size());
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.starts_with(wanted)) return std::string(line.substr(wanted.size()));
  }
  return {};
}

std::optional<std::int64_t> info_number(std::string_view info, std::string_view key) { return number_of(info_value(info, key)); }

}  // namespace exeunt::connect::redis
