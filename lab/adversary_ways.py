"""The adversary's ways in: what a try is, and what its answers mean.

A try answers (outcome, words): `admitted` = the server did it; `refused` = the server said no; `error` = neither
(server down, connection lost). A held connection that the server closed is an `error` whose words begin with `ended`.
"""
import os
import secrets
import socket

ADMITTED, REFUSED, ERROR = "admitted", "refused", "error"


def new_password():
    return "Adv-" + secrets.token_urlsafe(18)


class Way:
    """One way in, with the immutable id that the server itself told us."""

    def __init__(self, words, system, kind, native_id, attempt, held=False):
        self.words, self.system, self.kind, self.id = words, system, kind, native_id
        self.attempt, self.held = attempt, held

    def key(self):
        return self.system, self.kind, self.id, self.words   # several ways may lead over one path


def endpoint(descriptor):
    """Our own `ip:port` of a connected socket."""
    probe = socket.socket(fileno=os.dup(descriptor))
    try:
        host, port = probe.getsockname()[:2]
        return f"{host.removeprefix('::ffff:')}:{port}"
    finally:
        probe.close()
