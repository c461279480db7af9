#include "connect/simulated/catalogue.hpp"

#include "connect/openldap/catalogue.hpp"
#include "connect/openssh/catalogue.hpp"
#include "connect/postgresql/catalogue.hpp"

namespace exeunt::connect::simulated {

base::Result<model::Catalogue> catalogue_of(std::string_view system_model) {
  model::Catalogue catalogue;
  if (system_model == "openldap") {
    catalogue = openldap_catalogue();
  } else if (system_model == "postgresql") {
    catalogue = postgresql_catalogue();
  } else if (system_model == "openssh") {
    catalogue = openssh_catalogue();
  } else {
    return base::fail(base::Code::invalid_argument, "unknown model `" + std::string(system_model) + "`",
                      "write openldap, postgresql or openssh");
  }
  catalogue.simulated = true;
  return catalogue;
}

std::vector<model::NodeKind> listed_kinds(std::string_view system_model) {
  using model::NodeKind;
  if (system_model == "openldap") return {NodeKind::session, NodeKind::membership};
  if (system_model == "postgresql") return {NodeKind::account, NodeKind::session, NodeKind::membership, NodeKind::automation};
  return {NodeKind::key, NodeKind::certificate, NodeKind::session};
}

}  // namespace exeunt::connect::simulated
