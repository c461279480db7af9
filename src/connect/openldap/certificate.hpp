// Why a server's certificate was refused, in words: libldap over GnuTLS says "unknown error code" for every cause. Explains, never decides.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace exeunt::connect::openldap {

/// What to do about the certificate (DER) that a server of this host name shows; "" when nothing is found wrong with it here.
[[nodiscard]] std::string certificate_advice(std::span<const std::uint8_t> der, const std::string& host, const std::string& ca_file);

}  // namespace exeunt::connect::openldap
