"""Where everything of one running lab lies, and who owns it. lab.json holds the public facts only."""
import json
import os
import pwd
from pathlib import Path

from processes import LabError, make_dir, write

SYSTEMS = ("directory", "warehouse", "bastion", "cache", "broker", "provider", "realm")


class Layout:
    """Paths, ports and uids of one lab."""

    def __init__(self, root, facts):
        self.root = Path(root).resolve()
        self.facts = facts
        self.seed, self.slot = facts["seed"], facts["slot"]
        first = facts["uid_first"]
        self.engine_uid, self.adversary_uid, self.approver_uid = first, first + 1, first + 2
        self.people_uid, self.shared_uid, self.control_uid = first + 10, first + 100, first + 150
        self.realm_uid, self.files_uid = first + 160, first + 161   # Debian's krb5kdc runs as root; here it need not
        self.ldap_port, self.ldaps_port, self.pg_port, self.ssh_port = facts["ports"][:4]
        self.kdc_port, self.kadmin_port, self.kpasswd_port, self.files_port = facts["ports"][4:8]
        self.cache_port, self.amqp_port, self.broker_port = facts["ports"][8:11]
        self.broker_ports = facts["ports"][11:13]   # the node's distribution, epmd
        self.op_port, self.resource_port = facts["ports"][-2:]

    def __getattr__(self, name):
        places = {"run": "run", "tls": "tls", "directory": "directory", "warehouse": "warehouse", "bastion": "bastion",
                  "cache": "cache", "broker": "broker",
                  "vault": "vault", "home": "engine/home", "keys": "sealed/exeunt-keys", "credentials":
                  "engine/credentials", "approver": "approver", "adversary": "adversary", "judge": "judge",
                  "checkpoint": "outside/checkpoint", "nss": "nss", "provider": "provider", "realm": "realm"}
        if name in places:
            return self.root / places[name]
        raise AttributeError(name)

    @property
    def ca(self):
        return self.tls / "ca.pem"

    def save(self):
        write(self.root / "lab.json", json.dumps(self.facts, indent=1) + "\n")

    @staticmethod
    def load(root):
        try:
            return Layout(root, json.loads((Path(root) / "lab.json").read_text()))
        except OSError as problem:
            raise LabError(f"no lab in {root}: {problem.strerror}; start one with: lab.py up --seed 1 --dir {root}")

    def make_dirs(self):
        everyone, server = 0o755, self.server_ids
        make_dir(self.root, everyone)
        make_dir(self.run)
        make_dir(self.nss)
        make_dir(self.root / "outside", everyone)
        make_dir(self.root / "outside", everyone, self.engine_uid, self.engine_uid)
        make_dir(self.root / "sealed", everyone, self.engine_uid, self.engine_uid)
        make_dir(self.root / "engine", everyone)
        make_dir(self.home, 0o750, self.engine_uid, self.engine_uid)
        make_dir(self.credentials, 0o700, self.engine_uid, self.engine_uid)
        make_dir(self.vault, 0o750, self.engine_uid, self.engine_uid)
        make_dir(self.approver, 0o700, self.approver_uid, self.approver_uid)
        make_dir(self.adversary, 0o700, self.adversary_uid, self.adversary_uid)
        make_dir(self.root / "desk", 0o755, self.engine_uid, self.engine_uid)
        make_dir(self.judge, 0o700)
        make_dir(self.directory, 0o755, *server("openldap"))
        make_dir(self.warehouse, 0o755, *server("postgres"))
        make_dir(self.bastion)
        # The server's own and, for what it saved, the engine's: hashes of passwords are nobody else's to read.
        make_dir(self.broker, 0o755, *server("rabbitmq"))
        make_dir(self.cache, 0o750, server("redis")[0], self.engine_uid)

    @staticmethod
    def server_ids(name):
        """uid and gid that a server of Debian's package runs as (ourselves when we are not root)."""
        if os.getuid() != 0:
            return os.getuid(), os.getgid()
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise LabError(f"account {name} is absent: install Debian's package (slapd, postgresql-15, redis-server, rabbitmq-server)")
        return entry.pw_uid, entry.pw_gid
