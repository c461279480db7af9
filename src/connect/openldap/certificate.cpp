#include "connect/openldap/certificate.hpp"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace exeunt::connect::openldap {
namespace {

struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct StoreFree {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
struct ContextFree {
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
};

/// libldap takes "localhost" for this machine's own name.
std::string name_to_carry(const std::string& host) {
  std::array<char, 256> own{};
  if (host != "localhost" || ::gethostname(own.data(), own.size() - 1) != 0) return host;
  return own.data();
}

bool carries(X509* certificate, const std::string& name) {
  return X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1 || X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
}

std::string chain_error(X509* certificate, const std::string& ca_file) {
  const std::unique_ptr<X509_STORE, StoreFree> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, ContextFree> context(X509_STORE_CTX_new());
  if (!store || !context || X509_STORE_load_file(store.get(), ca_file.c_str()) != 1) return "ca_file holds no certificate";
  if (X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr) != 1) return {};
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace

std::string certificate_advice(std::span<const std::uint8_t> der, const std::string& host, const std::string& ca_file) {
  const std::uint8_t* bytes = der.data();
  const std::unique_ptr<X509, CertificateFree> certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (!certificate) return {};
  const std::string name = name_to_carry(host);
  if (!carries(certificate.get(), name)) {
    return "the server's certificate does not name " + name + ": let `url` use a name that it carries; nothing was sent";
  }
  if (const std::string error = chain_error(certificate.get(), ca_file); !error.empty()) {
    return "the server's certificate is not from the authority in ca_file, or no longer good (" + error + "); nothing was sent";
  }
  return {};
}

}  // namespace exeunt::connect::openldap
