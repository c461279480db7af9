// MIT Kerberos 1.20 as a system of Exeunt: principals of one realm are accounts, found by name (there is no immutable id). Come here for what is proven how.
//
// kind of path      | means, best first | what a refusal looks like                               | best grade | settle | gaps
// ------------------+-------------------+---------------------------------------------------------+------------+--------+---------------------------
// account           | gate; read_back   | AS-REQ without a key: CLIENT_REVOKED, NAME_EXP, or      | refused    | 5 s    | the answer is not signed;
// (principal)       |                   | C_PRINCIPAL_UNKNOWN where it was listed before          |            |        | replicas lag
// key (password,    | read_back         | the key version is not listed any more                  | read_back  | 5 s    | copies of keytabs; the
// keytab copy)      |                   |                                                         |            |        | gate sees no new key
// token (tickets    | read_back, after  | none could be had for as long as one can last           | read_back  | 5 s    | not listed; only new
// in hand)          | draining          |                                                         |            |        | keys of others end them
//
// Settle: measured, the KDC reads its database at each request. The gate asks without a key, so no failure counter moves and no password is needed; a
// principal without requires_preauth is handed a ticket (that nobody can read), which is an admission as well. The control is the same
// request for a living principal that nobody uses.
//
// Also true on a real server: -allow_tix, expiry, a new key and even delprinc leave a held TGT getting tickets for services not yet cached, and renewing
// itself; a lockout after wrong passwords says CLIENT_REVOKED too, with another text, and passes by itself; a principal may by default have a ticket that
// begins years from now; krbtgt's limits hold for no ticket for a service that is asked for directly; kadmind says the same list of rights to everybody; a ticket is taken for clockskew longer than it says. Of a
// locked principal the time of its last change says since when it can have had no ticket, whoever asks, in whatever process.
//
// Sign-ins: AS_REQ … ISSUE lines of `kdc_log` (one KDC's; where there are several, bring their logs together), by authtime; without it the last
// success that the database remembers of a principal (lower_bound). A ticket for a service (TGS_REQ) is the use of one that drains, no sign-in. Our
// request at the gate brings no key and is answered NEEDED_PREAUTH; of a principal without requires_preauth it would be an ISSUE like hers, so
// nothing is told of that one (partial). Our own principals have other names.
//
// Given back (restore): behind the lock a new password in the place of every key, its version as the mark exeunt_restored, then +allow_tix. That nothing else
// opens it is read: there is one key version, and the mark, which a set password does not write, is of it. Not given back: old keys, keytabs, tickets.
//
// Files: settings, library (objects, names), sockets (deadlines), as_answer (reader), kdc (requests), kadmin (libkadm5clnt), draining, inventory,
// kdc_log and sign_ins, observe, actions, restore, check, catalogue.
#pragma once

#include "connect/kerberos/catalogue.hpp"
#include "connect/registry.hpp"  // make_kerberos
