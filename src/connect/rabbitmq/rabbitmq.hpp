// RabbitMQ 3.10 as a system of Exeunt, over its management plugin. Users of its internal database are accounts, found by name (there is no
// immutable id). Come here for what is proven how.
//
// kind of path      | means, best first     | what a refusal looks like                              | best grade | settle | gaps
// ------------------+-----------------------+--------------------------------------------------------+------------+--------+------------------------
// account (user)    | own (the case's       | "Login failed" for the password that this case set and | refused    | 12 s   | after a restart of Exeunt
//                   | password); read_back  | that was let in before, while the user is listed       |            |        | in mid-case: read back;
//                   |                       | without a password and with max-connections 0; alive:  |            |        | other login backends
//                   |                       | a password or a connection allowed is read back        |            |        |
// session           | read_back             | neither in the broker's table of the user's            | read_back  | 12 s   | clients that do not
//  (with channels   |                       | connections nor in its statistics                      |            |        | answer: up to 30 s
//  and consumers)   |                       |                                                        |            |        |
// secret (password  | own (old value, with  | "Login failed" for the old value while the new one     | refused    | 12 s   |
// of a shared user) | the new one admitted) | logs in from the same place                            |            |        |
// automation        | read_back             | shovel or upstream gone, or under another name         | read_back  | 12 s   | a person reviews it
//
// The try: GET /api/whoami. The broker's own check of logins is asked first; a user without a management tag is told "Not management user"
// after its password was taken, and "Login failed" is said alike for a wrong password, a user without one and none at all. So the lock
// gives the user the case's password, tries it, and only then takes it away; a refusal counts while the broker lists no password.
// Before the lock there is no password that may be tried, and a listing is no try: the control identity's login is the answer of that
// moment, the user's own is the one inside the lock. Where that one was not let in, the ending is read back.
//
// Also true on a real broker (3.10.8): removing permissions leaves a consumer receiving, clearing the password too; closing connections
// lets her back in; DELETE user closes (320) and refuses. /api/connections lags by seconds, /api/connections/username/NAME does not; closing
// one by name answers 404 until the statistics know it, closing by user works at once; max-connections 0 refuses at Connection.Open, so
// also a handshake that had passed its login. Users named "." and ".." cannot be named in an address: refused before anything is sent.
//
// Sign-ins (use in the window): the API tells of no login that was let in. What is told is which connections are open now and when each was opened: a
// lower bound; logins over the management API are not among them.
//
// Files: settings, api (HTTP, login tries), listings (JSON readers), broker (users, connections), logins (tries that prove), inventory,
// actions, restore, sign_ins, look (observe, check), catalogue.
#pragma once

#include "connect/rabbitmq/catalogue.hpp"
#include "connect/registry.hpp"  // make_rabbitmq
