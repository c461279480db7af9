// The other side: a plain LDAP client for people, helpdesk and root. Shares no code with the connector.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

struct ldap;

namespace exeunt::tests::openldap {

using Attributes = std::map<std::string, std::vector<std::string>>;

class Client {
 public:
  explicit Client(const std::string& url);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  int bind(const std::string& dn, const std::string& password);
  int add(const std::string& dn, const Attributes& attributes);
  int replace(const std::string& dn, const Attributes& attributes);  // in one modify; empty values: removed
  int add_value(const std::string& dn, const std::string& attribute, const std::string& value);
  int remove_value(const std::string& dn, const std::string& attribute, const std::string& value);
  int rename(const std::string& dn, const std::string& new_rdn);
  int remove(const std::string& dn);
  int change_password(const std::string& dn, const std::string& new_password);  // RFC 3062
  /// All attributes, operational ones too; nullopt when nothing is to be seen.
  std::optional<Attributes> read(const std::string& dn);
  std::string first(const std::string& dn, const std::string& attribute);
  /// Our end of the connection: "127.0.0.1:41234".
  std::string endpoint();

 private:
  struct ldap* handle_ = nullptr;
};

}  // namespace exeunt::tests::openldap
