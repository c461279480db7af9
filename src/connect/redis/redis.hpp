// Redis 7 as a system of Exeunt: users of its ACL are accounts, found by name (there is no immutable id). Come here for what is proven how.
//
// kind of path      | means, best first     | what a refusal looks like                              | best grade | settle | gaps
// ------------------+-----------------------+--------------------------------------------------------+------------+--------+------------------------
// account (user)    | own (the case's       | WRONGPASS for the password that this case set and that | refused    | 5 s    | after a restart of Exeunt
//                   | password); read_back  | was let in before `off`, while it is the user's only   |            |        | in mid-case: read back
//                   |                       | one and the user is off; alive: "on" is read back      |            |        |
// session           | witness; read_back    | EOF for a session of ours as the same user that held   | witnessed  | 5 s    | proxies
//                   |                       | beside it, one of our own user answers, neither is     |            |        |
//                   |                       | listed; else no connection with that id and address in |            |        |
//                   |                       | CLIENT LIST, whole by the server's own count           |            |        |
// secret (password  | own (old value, with  | WRONGPASS for the old value while the new one logs in  | refused    | 5 s    |
// of a shared user) | the new one admitted) | from the same place                                    |            |        |
//
// WRONGPASS is said alike for a wrong password, a disabled user and none at all: a wrong password is never a probe. So the lock is in two
// commands: (1) every password and right goes and the case's own password is the only one, (2) that password is tried and let in, (3) the
// user is set off. From then on the refusal of *that* password means something, as long as the ACL lists it as the only one.
// Before the lock there is no password that may be tried, and a listing is no try: the control identity's login is the answer of that
// moment, the user's own is the one inside the lock. Where that one was not let in, the ending is read back.
// twin is not used: a second password beside hers would have to be there before the cut; the user's one password after it serves as well.
//
// Also true on a real server: `off` and a new password leave sessions, subscribers and blocked pops alive; taking channels away ends
// subscribers at once; a blocked pop is served without another look at its rights; a client that logs in anew as somebody else keeps its id
// and address; ACL SETUSER on a name that is gone makes the user; ids begin at 1 again after a restart (run_id tells); ACL LOAD or a restart
// brings back whatever was not saved; ACL SAVE saves everybody's changes.
//
// Given back (restore): one ACL SETUSER sets the rules that the user had, a new password as the only one, and on; saved. That nothing else opens it is
// read: the ACL shows the hash of the new password alone. Not given back: her passwords, nopass, sessions.
//
// Sign-ins (use in the window): no log holds logins that were let in, and ACL LOG only refusals. What is told is which connections are open now and in
// which second they were opened: a lower bound.
//
// Files: settings, transport (sockets, TLS), reply (RESP through hiredis), wire (commands, logins), acl and client_list (readers), sessions,
// witness, persistence, logins (tries that prove), inventory, actions, restore, sign_ins, observe, check, catalogue.
#pragma once

#include "connect/redis/catalogue.hpp"
#include "connect/registry.hpp"  // make_redis
