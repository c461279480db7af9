// The programs that run on the host, whole: POSIX sh with ps, ss, ssh-keygen, base64, grep and coreutils. Values come as parameters or on
// stdin, never pasted into the text; what a subject can write travels as base64, one record a line, and `Z` is the last line.
#pragma once

#include <string_view>

namespace exeunt::connect::programs {

/// $1 passwd file or empty; stdin: logins (empty: all that the name services enumerate). passwd(5) lines.
extern const std::string_view k_accounts;
/// $1 session log, $2 ledger folder, $3 KRL, $4 uids whose processes are looked into; stdin: `K uid gid path` and `C uid login`.
extern const std::string_view k_survey;
/// $1 session log. `T ms` the host's clock, `A base64` the beginning of what is read of the log, `G base64` its lines of successes; `X` it
/// cannot be read.
extern const std::string_view k_sign_ins;
/// $1 KRL; stdin: public halves. `Q index 1` revoked, `Q index 0` not; `C code` and nothing else where ssh-keygen -Q ended with neither 0 nor 1.
extern const std::string_view k_krl_query;
/// $1 KRL, $2 CA public key or "none"; stdin: `S specification line`, `M public half that must be revoked`, `N … that must not`.
extern const std::string_view k_krl_update;
/// $1 path, $2 uid and $3 gid of the account, $4 SHA-256 of the present content; stdin: the new content.
extern const std::string_view k_replace_file;
/// $1 uid: ends every process of it. `ended left`.
extern const std::string_view k_end_uid;
/// stdin: `pid start-time`: ends exactly these processes. `ended left`.
extern const std::string_view k_end_processes;
/// $1 login, $2 uid: locks and expires a local account.
extern const std::string_view k_disable_account;
/// What the host offers: tools, our uid, the clock, the state of each file that is named on stdin as `kind path`.
extern const std::string_view k_check;

/// Exit codes of the programs above.
inline constexpr int k_exit_changed = 22;  // somebody else wrote meanwhile
inline constexpr int k_exit_absent = 21;
inline constexpr int k_exit_write_failed = 23;
inline constexpr int k_exit_foreign_folder = 24;  // the folder belongs to neither the account nor root, or is reached by a link
inline constexpr int k_exit_refused_uid = 30;
inline constexpr int k_exit_no_local_account = 31;
inline constexpr int k_exit_krl_absent = 40;
inline constexpr int k_exit_krl_not_made = 41;
inline constexpr int k_exit_krl_not_revoking = 42;
inline constexpr int k_exit_krl_refuses_living = 43;
inline constexpr int k_exit_krl_corrupt = 44;

}  // namespace exeunt::connect::programs
