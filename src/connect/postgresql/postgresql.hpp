// PostgreSQL 13-17 as a system of Exeunt: roles with LOGIN are accounts, found by OID. Come here for what is proven how.
//
// kind of path      | means, best first     | what a refusal looks like                              | best grade | settle | gaps
// ------------------+-----------------------+--------------------------------------------------------+------------+--------+------------------------
// account (role)    | gate; read_back       | login gate: 28000 of InitializeSessionUserId while the | refused    | 5 s    | password and expiry are
//                   | without a gate        | role is listed under that name before and after the try|            |        | not seen: says admitted
// session           | witness; observe      | 57P01 for a session of ours on the same role that held | witnessed  | 5 s    | poolers; prepared
//                   | (server's log);       | beside it, a session of our own role answers, neither  |            |        | transactions
//                   | read_back             | is listed; else no backend of that pid and start       |            |        |
// membership        | read_back             | no row in pg_auth_members                              | read_back  | 5 s    | SET ROLE in a held session
//                   |                       |                                                        |            |        | lasts until it is ended
// secret (password  | own (old value, with  | 28P01 for the old value while the new one logs in from | refused    | 5 s    | trust, peer and cert lines
// of a shared role) | the new one admitted) | the same place                                         |            |        | of pg_hba ask for none
// automation        | read_back             | function gone, SECURITY INVOKER, or another owner      | read_back  | 5 s    | a person reviews it; jobs
// (SECURITY DEFINER)|                       |                                                        |            |        | of schedulers not listed
//
// Settle: roles and passwords are read at each login, so a commit counts at once (measured on 15); 5 s leave room for a login that had
// passed the check just before.
// The witness: her password is replaced by the case's, a session is opened with it and held, then NOLOGIN destroys that password too. It survives
// NOLOGIN and ends with pg_terminate_backend, as hers do. twin is not used: the gate needs no credential, a second role would prove nothing.
// The login gate: pg_hba.conf, before other lines, `hostssl exeunt_login_gate all <engine's address>/32 trust` and a second line with
// `reject` for everybody else. The database must not exist: LOGIN says 3D000 (admitted), NOLOGIN and dropped say 28000, a role at its
// connection limit says 53300 (unknown). A database of that name would be open to everybody at that address: `check` looks for it.
// A wrong password is never a probe: live, disabled and unknown roles answer alike (28P01).
//
// SECURITY DEFINER functions: REASSIGN OWNED would make her code run with the heir's rights; SECURITY INVOKER would make it run with the
// rights of whoever calls it, an administrator's or a trigger's among them. So they stay with her disabled role, which has no
// memberships left, until a person has read them (Action::review); deleting the role is refused until then.
//
// Sign-ins: "connection authorized" of the csvlog (log_connections = on, lc_messages English; only what our role may read of it), unless the same
// session is refused while it starts: the server writes that line before it looks at LOGIN, database and limits. Without it the sessions that
// are open now, by their start (lower_bound). Not hers: the login gate's database, our own roles, and our witness, by pid and start. A login of
// the last second is told at the next look.
//
// Locking also takes CREATEROLE: with it a session that is still open gives LOGIN back to its own role.
// Roles that she created are read from the csvlog (log_statement = ddl): the catalogue does not remember who made a role.
//
// Given back (restore): LOGIN, a new password, the end of validity and CREATEROLE in one ALTER ROLE; memberships with their options (by our own role as
// grantor). That nothing else opens the role is tried: its one password is the new one, let in from here (the same pg_hba line as for a witness).
//
// Files: settings, wire (libpq), roles, sessions, witness, ownership and hand_over, gate (login tries), sign_ins (csv_log ->
// login_history), csv_log -> ddl_statement -> ddl_history ->
// created_roles, inventory, actions, restore, check, catalogue.
#pragma once

#include "connect/postgresql/catalogue.hpp"
#include "connect/registry.hpp"  // make_postgresql
