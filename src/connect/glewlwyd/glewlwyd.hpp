// Glewlwyd 2.7, an OpenID provider, as a system of Exeunt: people sign in once here and are let in elsewhere. Come here for what is proven how.
//
// kind of path      | means     | what an ending looks like                             | best grade | settle | gaps
// ------------------+-----------+-------------------------------------------------------+------------+--------+---------------------------------
// account           | read_back | enabled: false; for an account of a directory, its    | read_back  | 5 s    | schemes beside the password;
//                   |           | lock as the provider reads it; or not listed any more |            |        | a lock that is not seen
// session (browser) | read_back | listed with enabled: false                            | read_back  | 5 s    | sessions that the applications
//                   |           |                                                       |            |        | keep for themselves
// token (refresh)   | read_back | listed with enabled: false                            | read_back  | 5 s    |
// token (access)    | read_back | nothing can mint one for as long as one is valid      | read_back  | 5 s    | drains: not listed, not revocable
// grant (consent)   | read_back | the client is not among the consents                  | read_back  | 5 s    |
//
// No probe without her secrets discriminates here: a wrong password is answered 401 for a live account too, introspection by a client that a token was not
// issued to says "inactive" of a live token, and `prompt=none` without a cookie says nothing. So nothing is graded better than read_back, and
// probe() is unimplemented.
//
// What survives a disabled account (each measured on 2.7.5): the browser's session is issued authorization codes although /profile_list answers 401;
// refresh tokens mint; introspection says active; re-enabling brings everything back. So sessions and refresh tokens are ended one by one.
// When a directory's filter hides the account, the provider answers 401 for its sessions and tokens, keeps them, and a refresh ends in a 500: none
// of it means that they are over. A login of a directory with letters past ASCII is listed and cannot be looked up (its LDAP module; nor can it
// sign in): what such an account holds is listed as unseen, completeness none.
//
// Sign-ins (use in the window): each session and refresh token is kept with the instant of its last use, ended ones too; earlier uses of the same one are
// not, and what others do with an access token the provider never sees: a lower bound.
//
// Files: settings, api (HTTP), accounts, held (sessions, tokens, consents), draining, inventory, apply, sign_ins, observe, check,
// catalogue.
#pragma once

#include "connect/glewlwyd/catalogue.hpp"
#include "connect/registry.hpp"  // make_glewlwyd
