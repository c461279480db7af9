#include <algorithm>

#include "connect/openssh/host.hpp"
#include "connect/openssh/ssh_session.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;

base::Result<SshKey> import_public(std::string_view public_line) {
  const auto space = public_line.find(' ');
  const std::string type(public_line.substr(0, space));
  const std::string encoded(space == std::string_view::npos ? std::string_view{} : public_line.substr(space + 1));
  const auto kind = ssh_key_type_from_name(type.c_str());
  const bool certificate = type.ends_with("-cert-v01@openssh.com");
  ssh_key raw = nullptr;
  const int done =
      certificate ? ssh_pki_import_cert_base64(encoded.c_str(), kind, &raw) : ssh_pki_import_pubkey_base64(encoded.c_str(), kind, &raw);
  if (done != SSH_OK) return fail(Code::unimplemented, "libssh does not know the key type " + type + ", so it cannot ask for it");
  return SshKey(raw);
}

}  // namespace

base::Result<QueryAnswer> query_public_half(const OpenSshSettings& settings, const std::string& login, std::string_view public_line,
                                            const Deadline& deadline, const base::Clock& clock) {
  EXEUNT_TRY_ASSIGN(const auto key, import_public(public_line));
  const auto until = clock.steady() + deadline.timeout;
  EXEUNT_TRY_ASSIGN(const auto session, connect_pinned(settings, deadline.timeout));
  set_timeout(session.get(), std::max(base::Duration(1), until - clock.steady()));
  // The login goes here and not into libssh's options, which refuse names with shell characters; a host may well have such accounts.
  const int answer = ssh_userauth_try_publickey(session.get(), login.c_str(), key.get());
  if (answer == SSH_AUTH_SUCCESS) return QueryAnswer::taken;
  // libssh says "denied" by itself too, for an algorithm that it would not offer. Only a server's USERAUTH_FAILURE carries the list of
  // methods that can go on.
  const bool server_spoke = (ssh_userauth_list(session.get(), nullptr) & SSH_AUTH_METHOD_PUBLICKEY) != 0;
  if (answer == SSH_AUTH_DENIED && server_spoke) return QueryAnswer::refused;
  return fail(Code::unavailable, settings.system.text() + ": no answer to the public-key query: " + session_error(session.get()),
              "look at the server's log; nothing is concluded from this");
}

}  // namespace exeunt::connect
