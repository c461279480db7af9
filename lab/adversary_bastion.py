"""The adversary on the bastion: keys, certificates, live shell, ControlMaster on shared accounts, keys added meanwhile."""
import os
import secrets
import select
import subprocess
import threading
import time

from adversary_ways import ADMITTED, ERROR, REFUSED, Way


class Bastion:
    """Keys, certificates, live sessions, a ControlMaster on the shared account; adds keys while it can."""

    def __init__(self, wallet, me):
        self.wallet, self.me = wallet["bastion"], me
        self.live, self.masters, self.added, self.lock = None, {}, 0, threading.RLock()

    def _ssh(self, login, *more, key=None, certificate=None):
        argv = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10",
                "-o", f"UserKnownHostsFile={self.me.folder}/known_hosts", "-o", "StrictHostKeyChecking=accept-new",
                "-o", "LogLevel=ERROR", "-o", "KexAlgorithms=curve25519-sha256", "-p", str(self.wallet["port"])]
        argv += ["-i", key] if key else []
        argv += ["-o", f"CertificateFile={certificate}"] if certificate else []
        return argv + list(more) + ["-l", login, self.wallet["host"]]

    def _run(self, argv):
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                              env=self.me.ssh_env)

    def _login(self, login, key, certificate=None):
        try:
            done = self._run(self._ssh(login, key=key, certificate=certificate) + ["id -u"])
        except subprocess.TimeoutExpired:
            return ERROR, "timeout"
        if done.returncode == 0:
            return ADMITTED, f"uid {done.stdout.strip()}"
        if "Permission denied" in done.stderr:
            return REFUSED, "Permission denied"
        return ERROR, " ".join(done.stderr.split())[:120] or f"exit {done.returncode}"

    def _uid(self, login, key, certificate=None):
        return self._run(self._ssh(login, key=key, certificate=certificate) + ["id -u"]).stdout.strip()

    def fingerprint(self, key):
        return self._run(["ssh-keygen", "-l", "-f", f"{key}.pub"]).stdout.split()[1]

    def ways(self):
        login, opener = self.wallet["login"], None
        for key in self.wallet["keys"]:
            opener = opener or (key, None)
            yield self._key_way(login, key, "own key")
        for c in self.wallet["certificates"]:
            opener = opener or (c["key"], c["certificate"])
            yield Way(f"certificate, serial {c['serial']}", "bastion", "certificate",
                      f"{self.fingerprint(c['key'])}:{c['serial']}",
                      lambda c=c: self._login(login, c["key"], c["certificate"]))
        if opener:
            self.opener = opener
            yield from self.open_live()
        for shared in self.wallet["shared"]:
            yield self._key_way(shared["account"], shared["key"], f"key in shared account {shared['account']}")
            yield from self.open_master(shared["account"], shared["key"])

    def _key_way(self, login, key, words):
        return Way(words, "bastion", "key", f"{self._uid(login, key)}:{self.fingerprint(key)}",
                   lambda: self._login(login, key))

    def open_live(self):
        """A shell that stays; every try sends one line and waits for its echo."""
        key, certificate = self.opener
        shell = subprocess.Popen(self._ssh(self.wallet["login"], key=key, certificate=certificate) + ["sh"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 env=self.me.ssh_env, bufsize=0)
        where = self._say(shell, "echo $SSH_CONNECTION").split()
        if len(where) < 2:
            return []
        self.live = shell

        def use():
            token = secrets.token_hex(4)
            if self._say(shell, f"echo {token}") == token:
                return ADMITTED, "shell answered"
            shell.kill()
            shell.wait()
            self.live = None if self.live is shell else self.live
            return ERROR, "ended: shell closed"
        return [Way("live shell", "bastion", "session", f"{where[0]}:{where[1]}", use, held=True)]

    def _say(self, shell, line, seconds=10):
        with self.lock:
            try:
                shell.stdin.write(line.encode() + b"\n")
                text, until = b"", time.monotonic() + seconds
                while not text.endswith(b"\n") and time.monotonic() < until:
                    if select.select([shell.stdout], [], [], 0.5)[0]:
                        piece = os.read(shell.stdout.fileno(), 4096)
                        if not piece:
                            return ""
                        text += piece
                return text.decode(errors="replace").strip()
            except OSError:
                return ""

    def open_master(self, account, key):
        """A multiplexing master: later commands need no login of their own."""
        path = f"{self.me.folder}/mux-{secrets.token_hex(3)}"
        master = subprocess.Popen(self._ssh(account, "-M", "-S", path, "-N", key=key), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.me.ssh_env)
        over = self._ssh(account, "-S", path, "-o", "ProxyCommand=false", key=key)
        until, where = time.monotonic() + 10, []
        while len(where) < 2 and time.monotonic() < until and master.poll() is None:
            where = self._run(over + ["echo $SSH_CONNECTION"]).stdout.split() if os.path.exists(path) else []
            time.sleep(0.05)
        if len(where) < 2:
            return []
        self.masters[account] = (master, key)

        def use():
            done = self._run(over + ["id -u"])
            if done.returncode == 0:
                return ADMITTED, f"uid {done.stdout.strip()} through the master"
            master.kill()
            master.wait()
            if self.masters.get(account, (None,))[0] is master:
                self.masters[account] = (None, key)
            return ERROR, "ended: master gone"
        return [Way(f"ControlMaster on shared account {account}", "bastion", "session", f"{where[0]}:{where[1]}",
                    use, held=True)]

    def reopen(self):
        fresh = []
        if self.live is None and getattr(self, "opener", None):
            fresh += self.open_live()
        for account, (master, key) in list(self.masters.items()):
            if master is None and self._login(account, key)[0] == ADMITTED:
                fresh += self.open_master(account, key)
        return fresh

    def add_key(self):
        """A new key of ours into her own account, over whatever shell is still open."""
        self.added += 1
        while os.path.exists(key := f"{self.me.folder}/added{self.added}"):   # from an earlier life: she left, returned and leaves again
            self.added += 1
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "new laptop", "-f", key], check=True,
                       env=self.me.ssh_env, stdin=subprocess.DEVNULL)
        self.me.keep_key("key added over a live session", key)
        with open(f"{key}.pub", encoding="utf-8") as public:
            line = public.read().strip()
        command = f"echo '{line}' >> ~/.ssh/authorized_keys && echo added $(id -u)"
        said = self._say(self.live, command) if self.live else ""
        if not said.startswith("added"):
            return []
        return [Way("key added over a live session", "bastion", "key", f"{said.split()[1]}:{self.fingerprint(key)}",
                    lambda: self._login(self.wallet["login"], key))]
