// authorized_keys files as sshd reads them (sshd(8), AUTHORIZED_KEYS FILE FORMAT): line by line, comments never trusted, edited byte for byte.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connect/openssh/public_key.hpp"

namespace exeunt::connect {

struct AuthorizedLine {
  std::size_t begin = 0;  // byte range in the file, the line's end included
  std::size_t end = 0;
  PublicKey key;
  std::string options;                                                           // hostile; empty when there are none
  std::string comment;                                                           // hostile
  bool certificate_authority = false;                                            // whoever holds a certificate signed by this key is let in
  [[nodiscard]] std::optional<std::string> option(std::string_view name) const;  // value without its quotes: from, command
};

struct AuthorizedKeys {
  std::vector<AuthorizedLine> keys;
  std::size_t unclear = 0;  // lines with what looks like a key of a type that we do not know; mere rubbish is no way in and not counted
};

/// Never fails. A newline ends a line wherever it stands, in a comment too: what follows is a line by itself.
[[nodiscard]] AuthorizedKeys parse_authorized_keys(std::string_view file);
/// The file without the lines of these fingerprints; every other byte as it was.
[[nodiscard]] std::string without_keys(std::string_view file, const std::set<std::string>& fingerprints);
/// AuthorizedKeysFile tokens of sshd_config(5): %u login, %U uid, %h home, %% percent; a relative path starts at the home.
/// invalid_argument for another token.
[[nodiscard]] base::Result<std::string> expand_key_file(std::string_view pattern, std::string_view login, std::string_view uid,
                                                        std::string_view home);

}  // namespace exeunt::connect
