// Who was handed a first ticket, from krb5kdc's log. Pure. A client chooses the names in it: only a line whose whole head is the server's counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace exeunt::connect::kerberos {

/// `… AS_REQ (8 etypes {…}) 10.0.0.7: ISSUE: authtime 1795795200, etypes {…}, alice@REALM for krbtgt/REALM@REALM`
struct Issued {
  base::Time at{};  // authtime: whole seconds
  std::string from;
  std::string client_and_service;  // "alice@REALM for krbtgt/REALM@REALM"; either may hold " for "
  /// The name stands at the front: in a name an "@" is written "\\@", so none is the beginning of another.
  [[nodiscard]] bool is_for(std::string_view client) const;
};
[[nodiscard]] std::optional<Issued> parse_issued(std::string_view line);

struct IssuedLog {
  std::optional<base::Time> first;  // of anybody: how far back the log reaches
  std::vector<Issued> issued;       // of these clients, in the order of the log
};
[[nodiscard]] IssuedLog read_issued(std::string_view log, const std::vector<std::string>& clients);

}  // namespace exeunt::connect::kerberos
