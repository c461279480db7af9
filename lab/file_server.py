#!/usr/bin/python3
"""The lab's file server, simulated: lets in whoever shows a Kerberos ticket for it, and never asks the KDC about anybody.

  file_server.py --port N --keytab FILE --config KRB5_CONF --replays FILE [--uid N]

This is what makes a ticket in hand a way in: whatever becomes of the principal, a ticket is taken here until it ends. One try is one connection: a token,
then one byte (0 let in, 1 refused) with a sealed answer or the words of the refusal.
"""
import argparse
import os
import socketserver
import sys
import time
from pathlib import Path

import processes

TOKEN_MAX = 64 << 10


def read_part(stream):
    size = int.from_bytes(stream.read(4), "big")
    data = stream.read(size) if size <= TOKEN_MAX else b""
    if len(data) != size:
        raise OSError("cut off")
    return data


def write_part(stream, data):
    stream.write(len(data).to_bytes(4, "big") + data)


class Desk(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self):
        import gssapi   # late: its library reads the environment
        try:
            token = read_part(self.rfile)
            context = gssapi.SecurityContext(creds=self.server.credentials, usage="accept")
            answer = context.step(token) or b""
            if not context.complete:
                raise OSError("not one token")
            sealed = context.wrap(f"figures of the quarter, for {context.initiator_name} (simulated)".encode(), True).message
        except OSError:
            return
        except gssapi.exceptions.GSSError as no:
            self.wfile.write(b"\1")
            return write_part(self.wfile, str(no).encode())
        self.wfile.write(b"\0")
        write_part(self.wfile, answer)
        write_part(self.wfile, sealed)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


def start(lab, config, keytab):
    """As a uid of its own (which need not be able to walk into somebody's checkout: it is taken late)."""
    log, pid_file = lab.run / "file-server-simulated.log", lab.run / "file-server-simulated.pid"
    replays = processes.make_dir(lab.run / "file-server-simulated", 0o700, lab.files_uid, lab.files_uid) / "replays"
    processes.start(["/usr/bin/python3", Path(__file__).resolve(), "--port", str(lab.files_port), "--keytab", keytab, "--config",
                     config, "--replays", replays, "--uid", str(lab.files_uid)], pid_file, log)
    processes.wait_until(lambda: processes.port_answers(lab.files_port), "simulated file server", pid_file, log)


def stop(lab):
    return processes.stop(lab.run / "file-server-simulated.pid")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--uid", type=int, default=os.getuid())
    for name in ("--keytab", "--config", "--replays"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    if options.uid != os.getuid():
        os.setgroups([])
        os.setgid(options.uid)
        os.setuid(options.uid)
    os.environ |= {"KRB5_CONFIG": options.config, "KRB5RCACHENAME": f"file2:{options.replays}"}
    import gssapi
    server = Server(("127.0.0.1", options.port), Desk)
    server.credentials = gssapi.Credentials(usage="accept", store={"keytab": options.keytab})
    print(f"{time.strftime('%FT%TZ', time.gmtime())} simulated file server on port {options.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
