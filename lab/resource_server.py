#!/usr/bin/python3
"""The lab's reports application, simulated: takes an access token by its signature alone, and never asks the provider about it.

  resource_server.py --port N --jwks URL --issuer URL

This is what makes an ending drain: whatever is revoked at the provider, a token lets in here until it expires.
"""
import argparse
import base64
import http.server
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

import jwt

import processes

CLOCK_TOLERANCE_S = 2
SCOPE = "reports"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Keys:
    """The provider's public keys, fetched once and again when a token names one that is not known."""

    def __init__(self, url):
        self.url, self.keys = url, {}

    def find(self, key_id):
        if key_id not in self.keys:
            with _OPENER.open(self.url, timeout=5) as answer:
                self.keys = {key["kid"]: jwt.PyJWK(_whole(key)).key for key in json.load(answer)["keys"]}
        return self.keys.get(key_id)


def _whole(key):
    """RFC 7518 §6.2.1.2 wants every octet of a coordinate; the provider leaves out leading zeros, one key in 128 has some."""
    return key | {name: base64.urlsafe_b64encode(base64.urlsafe_b64decode(key[name] + "==").rjust(32, b"\0")).decode().rstrip("=")
                  for name in ("x", "y") if key.get("kty") == "EC"}


class Desk(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            return self._say(200, {"simulated": True, "what": "a resource server of the lab"})
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        try:
            key = self.server.keys.find(jwt.get_unverified_header(token).get("kid"))
            # The algorithm is ours to say, never the token's.
            claims = jwt.decode(token, key, algorithms=["ES256"], issuer=self.server.issuer, leeway=CLOCK_TOLERANCE_S,
                                options={"require": ["exp", "iss", "sub"], "verify_aud": False})
        except (jwt.InvalidTokenError, ValueError, TypeError) as no:
            return self._say(401, {"simulated": True, "refused": type(no).__name__})
        except (OSError, jwt.PyJWTError, KeyError) as problem:
            return self._say(503, {"simulated": True, "problem": str(problem)})
        if claims.get("type") != "access_token" or SCOPE not in str(claims.get("scope", "")).split():
            return self._say(403, {"simulated": True, "refused": "scope"})
        self._say(200, {"simulated": True, "reports": "figures of the quarter", "expires": claims["exp"]})

    def _say(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def start(lab, provider_url, plugin):
    """Beside the provider, as that server's uid (which need not be able to walk into somebody's checkout: it is taken late)."""
    uid, _ = lab.server_ids("glewlwyd")
    log, pid_file = lab.run / "resource-server-simulated.log", lab.run / "resource-server-simulated.pid"
    processes.start(["/usr/bin/python3", Path(__file__).resolve(), "--port", str(lab.resource_port), "--jwks",
                     f"{provider_url}/api/{plugin}/jwks", "--issuer", provider_url, "--uid", str(uid)], pid_file, log)
    processes.wait_until(lambda: processes.port_answers(lab.resource_port), "simulated resource server", pid_file, log)


def stop(lab):
    return processes.stop(lab.run / "resource-server-simulated.pid")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--jwks", required=True)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--uid", type=int, default=os.getuid())
    options = parser.parse_args()
    if options.uid != os.getuid():
        os.setgroups([])
        os.setgid(options.uid)
        os.setuid(options.uid)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Desk)
    server.daemon_threads = True
    server.keys, server.issuer = Keys(options.jwks), options.issuer
    print(f"{time.strftime('%FT%TZ', time.gmtime())} simulated resource server on port {options.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
