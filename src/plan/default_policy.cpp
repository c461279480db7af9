// What `exeunt init` writes: every key with what it means. Its figures are the defaults of plan/policy.hpp (a test compares them).
#include "plan/policy.hpp"

namespace exeunt::plan {

namespace {

constexpr std::string_view k_default_policy =
    R"yaml(# The policy: what must end and how well that must be shown, who and what is protected, and how much may happen at once.
# Two persons change it. An unknown key, a wrong word or a negative figure is refused with file, line and key.
# Lengths of time: a whole number and a unit (500ms, 30s, 5min, 24h, 7d).
version: 1

# Systems whose accounts are cut first (stage 1). `tier: identity` in exeunt.yaml says the same.
identity_systems: []

# The grade at which a way in counts as ended, by its kind; kinds that are not named: read_back. Best first:
#   refused       a probe at its gate was refused, and the same probe lets a living identity in
#   witnessed     a session of the same account that we had opened was refused, and the listing no longer shows hers
#   observed      a second source says it is gone (a process table, a log)
#   read_back     the system itself says it is gone
#   acknowledged  the system said yes to the call
#   attested      a named person said so
required_grade:
  account: read_back
  session: read_back
  key: refused
  certificate: refused
  membership: read_back
  secret: refused
# The same for one system, where it differs:
# required_grade_on:
#   warehouse: { account: refused }

# Kinds that are listed and watched but do not hold a case open.
watched_only: []

# How long stage 0 (prepare) may take before the cut goes ahead all the same; an immediate departure has none.
prepare_max: 0s
# A broken identity provider holds the other systems back no longer than this.
identity_confirm_max: 60s
# An approval that was not used by then has to be given again.
approval_valid: 24h
# How long an exception may last (a way in that stays for a time, for a reason, by a signature); then it is work again. 0s: no exceptions.
exception_max: 30d

# Never touched, whoever asks: nodes by immutable id (`exeunt map --json` prints them), people by HR id.
protected_nodes: []
protected_people: []

# How much may be destroyed within a window, over all cases. Past it every destructive call is refused.
blast_radius:
  subjects_max: 1
  destructive_calls_max: 200
  window: 1h

# Accounts are disabled, never deleted, unless this says true; a deletion cannot be undone.
delete_accounts: false
# Who takes over what the subject owns (HR id). Without this line: the subject's manager.
# heir: E0004

# Calls that a system can take; without a line: the connector's own figures.
# budgets:
#   warehouse: { calls_per_second: 20, burst: 20, concurrency: 4 }

# Measured and reported for each case (OpenID IPSIE AL1 asks for 5 and 10 minutes).
targets:
  identity: 5min
  zero: 10min

# A closed case is looked at again this often, for this long (0s: never): an account that was made again, a key that came back from a backup,
# a sync that enables what was disabled reopens the case. `exeunt watch` does it.
watch:
  every: 1h
  for: 90d

# Sessions, keys and tokens are listed anew until nothing new is found twice in a row, at most this often.
relist_rounds_max: 10

# Secrets that several people know: rotated when one of them leaves. The value itself stays in vault_file, never here.
secrets: []
#  - id: report-role
#    system: warehouse
#    account: report_rw                     # login of the shared account
#    known_to: [E0007, E0011]               # HR ids; or:
#    known_to_group: report-team            # a group of the directory
#    vault_file: file:/srv/vault/report_rw.secret

# What no connector can end: a task for a named person (without assignee: the subject's manager), due after the approval.
tasks: []
#  - { id: door-badge, words: "collect the door badge and block it", assignee: E0012, due: 24h }
)yaml";

}  // namespace

std::string_view default_policy_yaml() { return k_default_policy; }

}  // namespace exeunt::plan
