#include "connect/kerberos/kdc.hpp"
#include "connect/kerberos/operations.hpp"

namespace exeunt::connect::kerberos {

using base::Code;
using base::Result;
using base::Status;
using model::NodeKind;

namespace {

// kadmind looks at rights before it looks for the principal, so one that never existed tells whether we may, without an effect.
constexpr const char* k_nobody = "exeunt-checks-its-rights-on-nobody";

class Checker {
 public:
  Checker(const Settings& settings, Kadmin& kadmin) : settings_(settings), kadmin_(kadmin) {}

  Result<CheckReport> run(const base::Clock& clock, const Until& until) {
    report_.version = "MIT Kerberos, realm " + settings_.realm;
    const auto offset = clock_offset(kadmin_.context(), settings_, clock, until);
    if (offset) {
      report_.clock_offset = *offset;
    } else if (offset.error().code == Code::failed_precondition) {
      missing(NodeKind::account, "the control principal is not asked for a key", "the KDC's clock is not known; give it +requires_preauth");
    } else {
      return base::fail(offset.error());
    }
    EXEUNT_TRY(look_at_rights());
    EXEUNT_TRY(look_at_realm());
    return std::move(report_);
  }

 private:
  void missing(NodeKind kind, const std::string& what, const std::string& follows) {
    report_.missing.push_back(what + ": " + follows);
    report_.gaps.push_back({settings_.system, kind, what + ": " + follows});
  }

  Status right(const Status& tried, const char* letter, const char* may, const char* follows) {
    if (tried || tried.error().code == Code::not_found) {
      report_.rights.emplace_back(may);
      return {};
    }
    if (tried.error().code != Code::permission_denied) return base::fail(tried.error());
    missing(NodeKind::account, std::string("our principal lacks the right ") + letter + " in kadm5.acl", follows);
    return {};
  }

  static Status status_of(const auto& result) { return result ? Status{} : Status(base::fail(result.error())); }

  Status look_at_rights() {
    const std::string nobody = std::string(k_nobody) + "@" + settings_.realm;
    EXEUNT_TRY(right(status_of(kadmin_.names()), "l (list)", "lists principals", "accounts cannot be listed"));
    EXEUNT_TRY(right(status_of(kadmin_.find(nobody)), "i (inquire)", "looks at principals", "nothing can be listed or read back"));
    // A look before the change needs i as well: without it this says "no right" and is right.
    EXEUNT_TRY(right(kadmin_.forbid_tickets_unseen(nobody), "m (modify)",
                     "modifies principals: root-equivalent, for it may let anybody in again", "no account can be shut"));
    EXEUNT_TRY(right(kadmin_.replace_keys(nobody), "c (changepw)", "replaces keys: root-equivalent, for it may set anybody's",
                     "no key can be replaced: a keytab copy lives on behind the lock"));
    EXEUNT_TRY(right(kadmin_.remove(nobody), "d (delete)", "deletes principals", "no account can be deleted; shutting it needs no d"));
    return {};
  }

  Status look_at_realm() {
    const auto control = kadmin_.find(settings_.control_principal + "@" + settings_.realm);
    if (!control) return {};
    if (!*control) {
      missing(NodeKind::account, "the control principal is not there", "nothing is graded refused");
      return {};
    }
    // One principal as the realm makes them; what holds for a person stands in the map.
    const TicketLimits limits = ticket_limits(**control);
    if (!limits.life) {
      missing(NodeKind::token, "the control principal has no maxlife", "of principals made like it when tickets end is not known");
    }
    if (limits.postdatable) {
      missing(NodeKind::token, "postdated tickets are allowed (the control principal may have them)",
              "of principals made like it a leaver may hold one that begins when all others have ended; modprinc -allow_postdated for "
              "each, and "
              "default_principal_flags = -postdateable for new ones");
    }
    return {};
  }

  const Settings& settings_;
  Kadmin& kadmin_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check_realm(const Settings& settings, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  return Checker(settings, *kadmin).run(clock, until);
}

Result<ProbeResult> probe_gate(const Settings& settings, const std::string& native_id, bool was_listed, const Until& until) {
  const auto unknown = [](std::string reason, std::string words) {
    return ProbeResult{model::ProbeAnswer::unknown, model::ProbeMeans::gate, std::move(reason), std::move(words)};
  };
  EXEUNT_TRY_ASSIGN(const Context context, make_context(settings.realm));
  const auto client = parse_principal(context.get(), native_id, settings.realm);
  if (!client) return unknown("no name", client.error().text());
  const auto answer = ask_without_key(context.get(), settings, client->get(), until);
  if (!answer) return unknown("no answer", answer.error().text());
  return gate_answer(*answer, was_listed);
}

}  // namespace exeunt::connect::kerberos
