#include "connect/simulated/catalogue.hpp"

#include "connect/catalogue_parts.hpp"
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
    // Not built for real hosts: there the old password's hash stands behind the lock.
    catalogue.restores.push_back(
        let_in_again(model::Action::disable_account, "her old password stays replaced: a new one is made and handed over"));
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
