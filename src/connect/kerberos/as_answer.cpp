#include "connect/kerberos/as_answer.hpp"

#include <memory>

#include "base/escape.hpp"

namespace exeunt::connect::kerberos {

using model::ProbeAnswer;
using model::ProbeMeans;

namespace {

// [APPLICATION 11] and [APPLICATION 30], constructed (RFC 4120 §5.4.2, §5.9.1).
constexpr unsigned char k_as_rep = 0x6b;
constexpr unsigned char k_krb_error = 0x7e;
constexpr int k_name_exp = 1, k_principal_unknown = 6, k_client_revoked = 18, k_preauth_required = 25;

/// Whether the one DER element that begins the bytes is all of them.
bool is_whole(const std::string& bytes) {
  if (bytes.size() < 2) return false;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (at(1) < 0x80) return bytes.size() == 2U + at(1);
  const std::size_t count = at(1) & 0x7fU;
  if (count == 0 || count > 4 || bytes.size() < 2 + count) return false;
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) length = (length << 8U) | at(2 + i);
  return bytes.size() == 2 + count + length;
}

ProbeResult said(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, ProbeMeans::gate, std::move(reason), std::move(words)};
}

}  // namespace

AsAnswer read_as_answer(krb5_context context, const std::string& bytes) {
  AsAnswer answer;
  if (!is_whole(bytes)) return answer;
  const auto tag = static_cast<unsigned char>(bytes.front());
  if (tag == k_as_rep) answer.kind = AsAnswer::Kind::ticket;
  if (tag != k_krb_error) return answer;
  krb5_data data{};
  data.data = const_cast<char*>(bytes.data());
  data.length = static_cast<unsigned>(bytes.size());
  krb5_error* decoded = nullptr;
  if (krb5_rd_error(context, &data, &decoded) != 0 || decoded == nullptr) return answer;
  answer.kind = AsAnswer::Kind::error;
  answer.code = static_cast<int>(decoded->error);
  answer.text.assign(decoded->text.data == nullptr ? "" : decoded->text.data, decoded->text.length);
  answer.kdc_time = base::Time(base::Duration(static_cast<std::uint32_t>(decoded->stime) * 1000LL + decoded->susec / 1000));
  krb5_free_error(context, decoded);
  return answer;
}

ProbeResult gate_answer(const AsAnswer& answer, bool was_listed) {
  if (answer.kind == AsAnswer::Kind::ticket) {
    return said(ProbeAnswer::admitted, "AS-REP", "the KDC hands out a ticket without asking for a key first");
  }
  if (answer.kind == AsAnswer::Kind::nonsense) return said(ProbeAnswer::unknown, "not understood", "that is no answer of a KDC");
  const std::string text = base::escape_terminal(answer.text, 60);
  switch (answer.code) {
    case k_preauth_required:
      return said(ProbeAnswer::admitted, "PREAUTH_REQUIRED", "the KDC asks for a key: the principal may have tickets");
    case k_client_revoked:
      if (answer.text.find("LOCKED_OUT") != std::string::npos) {
        return said(ProbeAnswer::unknown, "CLIENT_REVOKED+LOCKED_OUT",
                    "locked out after wrong passwords, which passes by itself; whether it is locked for good is not said");
      }
      return said(ProbeAnswer::refused, "CLIENT_REVOKED", "the KDC gives the principal no tickets (" + text + ")");
    case k_name_exp: return said(ProbeAnswer::refused, "NAME_EXP", "the principal has expired (" + text + ")");
    case k_principal_unknown:
      if (was_listed) return said(ProbeAnswer::refused, "C_PRINCIPAL_UNKNOWN", "the KDC knows the principal no more; it was listed before");
      return said(ProbeAnswer::unknown, "never listed", "the KDC knows no such principal, and it was never listed: that ends nothing");
    default: return said(ProbeAnswer::unknown, "KRB-ERROR " + std::to_string(answer.code), "neither a yes nor a no (" + text + ")");
  }
}

}  // namespace exeunt::connect::kerberos
