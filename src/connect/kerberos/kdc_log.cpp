#include "connect/kerberos/kdc_log.hpp"

#include <algorithm>
#include <charconv>

namespace exeunt::connect::kerberos {

namespace {

constexpr std::size_t k_address_bytes_max = 100;
constexpr std::int64_t k_seconds_max = 4'294'967'295;  // a KerberosTime of the library is 32 bits

/// Takes all up to and including `mark` off the front; nullopt: it does not stand there.
std::optional<std::string_view> take_to(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto before = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return before;
}

bool is_server_head(std::string_view head) {
  // "Nov 27 16:00:00 host krb5kdc[123]" — nothing of a client's stands before it.
  return head.find("krb5kdc[") != std::string_view::npos && head.ends_with(']') && head.find('(') == std::string_view::npos;
}

}  // namespace

bool Issued::is_for(std::string_view client) const {
  return client_and_service.starts_with(client) && std::string_view(client_and_service).substr(client.size()).starts_with(" for ");
}

std::optional<Issued> parse_issued(std::string_view line) {
  const auto head = take_to(line, "(info): ");
  if (!head || !is_server_head(*head) || !line.starts_with("AS_REQ (")) return std::nullopt;
  if (!take_to(line, "}) ")) return std::nullopt;  // the types that the client can do: numbers and the server's names for them
  const auto address = take_to(line, ": ");
  if (!address || address->empty() || address->size() > k_address_bytes_max || address->find(' ') != std::string_view::npos)
    return std::nullopt;
  constexpr std::string_view k_issue = "ISSUE: authtime ";
  if (!line.starts_with(k_issue)) return std::nullopt;
  line.remove_prefix(k_issue.size());
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), seconds);
  if (error != std::errc{} || seconds <= 0 || seconds > k_seconds_max) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.starts_with(", etypes {") || !take_to(line, "}, ")) return std::nullopt;
  return Issued{base::Time(base::Duration(seconds * 1000)), std::string(*address), std::string(line)};
}

IssuedLog read_issued(std::string_view log, const std::vector<std::string>& clients) {
  IssuedLog out;
  while (!log.empty()) {
    const auto line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(log.size(), line.size() + 1));
    auto issued = parse_issued(line);
    if (!issued) continue;
    if (!out.first) out.first = issued->at;
    const bool hers = std::any_of(clients.begin(), clients.end(), [&](const std::string& client) { return issued->is_for(client); });
    if (hers) out.issued.push_back(std::move(*issued));
  }
  return out;
}

}  // namespace exeunt::connect::kerberos
