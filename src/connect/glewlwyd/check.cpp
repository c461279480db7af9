#include <algorithm>

#include "base/escape.hpp"
#include "connect/glewlwyd/operations.hpp"

namespace exeunt::connect::glewlwyd {

using base::Result;
using base::Status;
using model::NodeKind;

namespace {

class Checker {
 public:
  Checker(Api& api, const Until& until) : api_(api), until_(until) {}

  Result<CheckReport> run() {
    // /config is where a Glewlwyd tells itself from any other server; it tells no version.
    EXEUNT_TRY_ASSIGN(const std::string scope, admin_scope(api_, until_));
    report_.version = "Glewlwyd (tells no version)";
    EXEUNT_TRY_ASSIGN(const AccountListing accounts, list_accounts(api_, until_));
    report_.rights.push_back(
        "administrator by scope " + base::escape_terminal(scope, 40) +
        ": root-equivalent, the provider knows no lesser administrator; it may change every account, client and module");
    look_at_properties(accounts);
    EXEUNT_TRY(look_at_plugin());
    EXEUNT_TRY(look_at_client());
    report_.clock_offset = api_.clock_offset();
    return std::move(report_);
  }

 private:
  void missing(NodeKind kind, const std::string& what, const std::string& follows) {
    report_.missing.push_back(what + ": " + follows);
    report_.gaps.push_back({api_.settings().system, kind, what + ": " + follows});
  }

  void look_at_properties(const AccountListing& accounts) {
    const Settings& settings = api_.settings();
    if (accounts.completeness != model::Completeness::full)
      missing(NodeKind::account, "the listing of accounts is not whole", accounts.reason);
    if (settings.id_property.empty()) {
      missing(NodeKind::account, "no id_property is configured", "accounts are known by a login that can be given to somebody else");
    }
    const bool linked =
        std::any_of(accounts.accounts.begin(), accounts.accounts.end(), [](const AccountRecord& a) { return !a.hr_id.empty(); });
    if (!linked) missing(NodeKind::account, "no account carries an HR id", "links to people wait for a confirmation; set hr_id_property");
    if (settings.lock_property.empty()) {
      missing(NodeKind::account, "no lock_property is configured",
              "an account of a directory is not seen to be locked: its way in stays open here until somebody looks");
    }
  }

  Status look_at_plugin() {
    const auto life = access_token_life(api_, until_);
    if (life) {
      report_.rights.push_back("access tokens are valid for " + std::to_string(life->count() / 1000) +
                               " s: so long does an ending take for whoever checks them without asking");
      return {};
    }
    if (life.error().code != base::Code::failed_precondition) return base::fail(life.error());
    missing(NodeKind::token, life.error().what, life.error().next);
    return {};
  }

  Status look_at_client() {
    if (api_.settings().client_id.empty()) {
      missing(NodeKind::token, "no client_id is configured", "that tokens are issued and introspected is not checked");
      return {};
    }
    EXEUNT_TRY_ASSIGN(const std::string fault, api_.control_token(until_));
    if (!fault.empty()) {
      missing(NodeKind::token, fault, "what relying parties see is not known from here");
      return {};
    }
    report_.rights.push_back("our client is issued a token and its introspection says so");
    return {};
  }

  Api& api_;
  const Until& until_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check_provider(Api& api, const Until& until) { return Checker(api, until).run(); }

}  // namespace exeunt::connect::glewlwyd
