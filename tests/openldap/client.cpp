#include "openldap/client.hpp"

#include <arpa/inet.h>
#include <ldap.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>

namespace exeunt::tests::openldap {
namespace {

char* text_of(const std::string& text) { return const_cast<char*>(text.c_str()); }

/// LDAPMods that live as long as the object.
class Modifications {
 public:
  void add(int operation, const std::string& attribute, const std::vector<std::string>& values) {
    auto row = std::make_unique<Row>();
    row->attribute = attribute;
    row->texts = values;
    for (std::string& value : row->texts) row->values.push_back({value.size(), value.data()});
    for (berval& value : row->values) row->pointers.push_back(&value);
    row->pointers.push_back(nullptr);
    row->modification.mod_op = operation | LDAP_MOD_BVALUES;
    row->modification.mod_type = row->attribute.data();
    row->modification.mod_bvalues = values.empty() ? nullptr : row->pointers.data();
    rows_.push_back(std::move(row));
  }
  LDAPMod** get() {
    pointers_.clear();
    for (const auto& row : rows_) pointers_.push_back(&row->modification);
    pointers_.push_back(nullptr);
    return pointers_.data();
  }

 private:
  struct Row {
    std::string attribute;
    std::vector<std::string> texts;
    std::vector<berval> values;
    std::vector<berval*> pointers;
    LDAPMod modification{};
  };
  std::vector<std::unique_ptr<Row>> rows_;
  std::vector<LDAPMod*> pointers_;
};

}  // namespace

Client::Client(const std::string& url) {
  ldap_initialize(&handle_, url.c_str());
  const int version = LDAP_VERSION3;
  const timeval limit{10, 0};
  ldap_set_option(handle_, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(handle_, LDAP_OPT_NETWORK_TIMEOUT, &limit);
  ldap_set_option(handle_, LDAP_OPT_TIMEOUT, &limit);
}

Client::~Client() { ldap_unbind_ext_s(handle_, nullptr, nullptr); }

int Client::bind(const std::string& dn, const std::string& password) {
  berval credential{password.size(), text_of(password)};
  return ldap_sasl_bind_s(handle_, dn.c_str(), LDAP_SASL_SIMPLE, &credential, nullptr, nullptr, nullptr);
}

int Client::add(const std::string& dn, const Attributes& attributes) {
  Modifications all;
  for (const auto& [name, values] : attributes) all.add(LDAP_MOD_ADD, name, values);
  return ldap_add_ext_s(handle_, dn.c_str(), all.get(), nullptr, nullptr);
}

int Client::replace(const std::string& dn, const Attributes& attributes) {
  Modifications all;
  for (const auto& [name, values] : attributes) all.add(LDAP_MOD_REPLACE, name, values);
  return ldap_modify_ext_s(handle_, dn.c_str(), all.get(), nullptr, nullptr);
}

int Client::add_value(const std::string& dn, const std::string& attribute, const std::string& value) {
  Modifications all;
  all.add(LDAP_MOD_ADD, attribute, {value});
  return ldap_modify_ext_s(handle_, dn.c_str(), all.get(), nullptr, nullptr);
}

int Client::remove_value(const std::string& dn, const std::string& attribute, const std::string& value) {
  Modifications all;
  all.add(LDAP_MOD_DELETE, attribute, {value});
  return ldap_modify_ext_s(handle_, dn.c_str(), all.get(), nullptr, nullptr);
}

int Client::rename(const std::string& dn, const std::string& new_rdn) {
  return ldap_rename_s(handle_, dn.c_str(), new_rdn.c_str(), nullptr, 1, nullptr, nullptr);
}

int Client::remove(const std::string& dn) { return ldap_delete_ext_s(handle_, dn.c_str(), nullptr, nullptr); }

int Client::change_password(const std::string& dn, const std::string& new_password) {
  berval name{dn.size(), text_of(dn)}, fresh{new_password.size(), text_of(new_password)}, made{0, nullptr};
  const int code = ldap_passwd_s(handle_, &name, nullptr, &fresh, &made, nullptr, nullptr);
  ber_memfree(made.bv_val);
  return code;
}

std::optional<Attributes> Client::read(const std::string& dn) {
  std::array<char*, 3> names{const_cast<char*>("*"), const_cast<char*>("+"), nullptr};
  LDAPMessage* message = nullptr;
  const int code =
      ldap_search_ext_s(handle_, dn.c_str(), LDAP_SCOPE_BASE, "(objectClass=*)", names.data(), 0, nullptr, nullptr, nullptr, 0, &message);
  const std::unique_ptr<LDAPMessage, int (*)(LDAPMessage*)> owned(message, ldap_msgfree);
  LDAPMessage* entry = code == LDAP_SUCCESS ? ldap_first_entry(handle_, message) : nullptr;
  if (entry == nullptr) return std::nullopt;
  Attributes attributes;
  BerElement* position = nullptr;
  for (char* name = ldap_first_attribute(handle_, entry, &position); name != nullptr;
       name = ldap_next_attribute(handle_, entry, position)) {
    berval** values = ldap_get_values_len(handle_, entry, name);
    for (std::size_t i = 0; values != nullptr && values[i] != nullptr; ++i)
      attributes[name].emplace_back(values[i]->bv_val, values[i]->bv_len);
    ldap_value_free_len(values);
    ldap_memfree(name);
  }
  ber_free(position, 0);
  return attributes;
}

std::string Client::first(const std::string& dn, const std::string& attribute) {
  const auto entry = read(dn);
  if (!entry || entry->count(attribute) == 0) return {};
  return entry->at(attribute).front();
}

std::string Client::endpoint() {
  int descriptor = -1;
  ldap_get_option(handle_, LDAP_OPT_DESC, &descriptor);
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return std::string(::inet_ntoa(address.sin_addr)) + ":" + std::to_string(ntohs(address.sin_port));
}

}  // namespace exeunt::tests::openldap
