"""Adversary and judge against a cut made by hand on the real servers: a whole cut is accepted, and each step left out is
seen. Shows that the oracle of the demo can say both yes and no. Needs root; says so loudly when it is skipped."""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import ldap  # noqa: E402
from psycopg2 import sql  # noqa: E402

import broker  # noqa: E402
import cache  # noqa: E402
import directory  # noqa: E402
import judge  # noqa: E402
import processes  # noqa: E402
import provider  # noqa: E402
import realm  # noqa: E402
import story  # noqa: E402
import warehouse  # noqa: E402
from judge_compare import fingerprint  # noqa: E402
from layout import Layout  # noqa: E402

LOOK_ON_S = 3
# How long what cannot be recalled is good for, by the end of its id.
DRAINS = {":access-tokens": provider.ACCESS_TOKEN_SECONDS, " tickets": realm.RENEWABLE_S + realm.SKEW_S}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")


def later(text, seconds):
    return (datetime.datetime.fromisoformat(text) + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def drains(native_id):
    """Seconds; None for what ends when it is ended."""
    return next((seconds for end, seconds in DRAINS.items() if native_id.endswith(end)), None)


class HandCut:
    """Ends one person's access with the engine's own rights; `without` names steps to leave out."""

    def __init__(self, lab, person, without=()):
        self.lab, self.without = lab, without
        self.secrets = json.loads((lab.root / "root-secrets.json").read_text())
        self.wallet = json.loads((lab.adversary / "wallets" / f"{person}.json").read_text())

    def cut(self, ways):
        """Twice, since a person who fights back may undo the first."""
        self.ids = {(s, k): [w["id"] for w in ways if (w["system"], w["kind"]) == (s, k)]
                    for s, k in {(w["system"], w["kind"]) for w in ways}}
        for _ in range(2):
            for step in ("directory_login", "directory_switch", "directory_groups", "role", "created_roles",
                         "shared_roles", "role_sessions", "memberships", "keys", "certificates", "ssh_sessions",
                         "cache_users", "cache_sessions", "broker_users", "provider_sessions", "provider_tokens",
                         "principals"):
                if step not in self.without:
                    getattr(self, step)()

    def _ldap(self):
        return directory.connect(self.lab, directory.ENGINE_DN, self.secrets["ldap-exeunt"])

    def directory_login(self):
        self._ldap().modify_s(self.wallet["directory"]["dn"], [
            (ldap.MOD_REPLACE, "userPassword", [os.urandom(12).hex().encode()]),
            (ldap.MOD_REPLACE, "pwdEndTime", [b"20200101000000Z"])])

    def directory_switch(self):
        self._member(ldap.MOD_ADD, "exeunt-departed")

    def directory_groups(self):
        for group in self.wallet["directory"]["groups"]:
            self._member(ldap.MOD_DELETE, group)

    def _member(self, change, group):
        try:
            self._ldap().modify_s(f"cn={group},ou=groups,dc=example,dc=org",
                                  [(change, "member", [self.wallet["directory"]["dn"].encode()])])
        except (ldap.TYPE_OR_VALUE_EXISTS, ldap.NO_SUCH_ATTRIBUTE):
            pass

    def _sql(self, statement, *names, values=None):
        with warehouse.connect(self.lab, warehouse.ENGINE, self.secrets["pg-exeunt"]).cursor() as engine:
            engine.execute(sql.SQL(statement).format(*map(sql.Identifier, names)), values)
            return engine.fetchall() if engine.description else []

    def _name(self, oid):
        return self._sql("SELECT rolname FROM pg_roles WHERE oid = %s", values=[oid])[0][0]

    def role(self):
        self._sql("ALTER ROLE {} NOLOGIN NOCREATEROLE PASSWORD NULL", self.wallet["warehouse"]["role"])

    def created_roles(self):
        for oid in self.ids["warehouse", "account"][1:]:
            self._sql("ALTER ROLE {} NOLOGIN", self._name(oid))

    def shared_roles(self):
        for oid in self.ids["warehouse", "secret"]:
            self._sql("ALTER ROLE {} PASSWORD %s", self._name(oid), values=[os.urandom(12).hex()])

    def role_sessions(self):
        for oid in self.ids["warehouse", "account"] + self.ids["warehouse", "secret"]:
            self._sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = %s", values=[oid])

    def memberships(self):
        for pair in self.ids["warehouse", "membership"]:
            self._sql("REVOKE {} FROM {}", self._name(pair.split(":")[1]), self.wallet["warehouse"]["role"])

    def keys(self):
        hers = {i.split(":", 1)[1] for i in self.ids["bastion", "key"]}
        for file in (self.lab.bastion / "homes").glob("*/.ssh/authorized_keys"):
            own = file.parent.parent.name == self.wallet["bastion"]["login"]
            lines = file.read_text().splitlines(keepends=True)
            kept = [] if own else [line for line in lines if fingerprint(line) not in hers]
            if kept != lines:
                state = file.stat()
                processes.write(file, "".join(kept), 0o600, state.st_uid, state.st_gid)

    def certificates(self):
        key = self.wallet["bastion"]["certificates"][0]["key"]
        new = self.lab.bastion / "krl.new"
        processes.run(["ssh-keygen", "-q", "-k", "-f", new, f"{key}.pub"])
        os.chmod(new, 0o644)
        os.replace(new, self.lab.bastion / "krl")

    def ssh_sessions(self):
        for endpoint in self.ids["bastion", "session"]:
            port = endpoint.rsplit(":", 1)[1]
            processes.run(["ss", "-K", "-Htn", f"( dport = :{port} and sport = :{self.lab.ssh_port} )"])


    def _cache_ids(self, kind):
        return self.ids.get(("cache", kind), [])

    def cache_users(self):
        engine = cache.connect(self.lab, cache.ENGINE, self.secrets["redis-exeunt"])
        for name in self._cache_ids("account"):
            engine.execute_command("ACL", "SETUSER", name, "off", "resetpass", "nocommands")
        for name in self._cache_ids("secret"):
            engine.execute_command("ACL", "SETUSER", name, "resetpass", f">{os.urandom(12).hex()}")
        engine.execute_command("ACL SAVE")

    def broker_users(self):
        """DELETE user closes what is open and refuses; a shared user gets a new password, then is closed."""
        def call(*request, **more):
            try:
                return broker.call(self.lab, broker.ENGINE, self.secrets["rabbit-exeunt"], *request, **more)
            except broker.urllib.error.HTTPError as answer:
                if answer.code != 404:
                    raise
        for name in self.ids.get(("broker", "account"), []):
            call("DELETE", "users", name)
        for name in self.ids.get(("broker", "secret"), []):
            call("PUT", "users", name, body={"password": os.urandom(12).hex(), "tags": ""})
            call("DELETE", "connections", "username", name)

    def cache_sessions(self):
        engine = cache.connect(self.lab, cache.ENGINE, self.secrets["redis-exeunt"])
        for name in self._cache_ids("account") + self._cache_ids("secret"):
            engine.execute_command("CLIENT", "KILL", "USER", name)

    def provider_sessions(self):
        self._empty("delegate/{login}/profile/session", "delegate/{login}/profile/session/{hash}", "session_hash")

    def provider_tokens(self):
        self._empty("oidc/token?impersonate={login}", "oidc/token/{hash}?impersonate={login}", "token_hash")

    def principals(self):
        for name in self.ids.get(("realm", "account"), []):
            for query in (("cpw", "-randkey"), ("modprinc", "-allow_tix")):
                realm.administer(self.lab, *query, name)

    def _empty(self, listing, one, name):
        if "provider" not in self.wallet:
            return
        engine = provider.Client(provider.url(self.lab))
        engine.sign_in(provider.ENGINE, self.secrets["op-exeunt"])
        login = urllib.parse.quote(self.wallet["provider"]["login"], safe="")
        for row in engine.call("GET", "/api/" + listing.format(login=login))[2]:
            path = one.format(login=login, hash=urllib.parse.quote(row[name], safe=""))
            assert not row["enabled"] or engine.call("DELETE", "/api/" + path)[0] == 200


@unittest.skipUnless(os.getuid() == 0, "SKIPPED LOUDLY: the lab's real servers need root")
class HandMadeCut(unittest.TestCase):
    """Each test takes one of the seed's leavers; they leave one after the other, as people do."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="exeunt-lab-test-")
        story.lab_command("up", "--seed", 8, "--dir", folder)
        cls.lab = Layout.load(folder)
        cls.leavers = [cls.lab.facts["by_exeunt"], *cls.lab.facts["other_leavers"]]

    @classmethod
    def tearDownClass(cls):
        story.lab_command("down", "--dir", cls.lab.root)

    def leave(self, person, without=(), last=(), over_at_once=()):
        """Cuts with the adversary at work; returns (missed, admitted after, untried, words on other accounts).
        `last`: steps made once, at the very end; `over_at_once`: ends of ids of which the record does not say that they drain."""
        before, after = self.lab.judge / "before.json", self.lab.judge / "after.json"
        story.lab_command("snapshot", "--dir", self.lab.root, "-o", before)
        adversary, path_ids = story.Adversary(self.lab, person), None
        try:
            hand = HandCut(self.lab, person, (*without, *last))
            approved = now()
            for _ in range(3):                       # listed anew until nothing new comes up
                ways = adversary.tell("status")["ways"]
                hand.cut(ways)
                time.sleep(1.5)
            for step in last:
                getattr(hand, step)()
            ended = now()
            time.sleep(LOOK_ON_S)
        finally:
            path_ids = [(w["system"], w["kind"], w["id"]) for w in adversary.stop()["ways"]]
        story.lab_command("snapshot", "--dir", self.lab.root, "-o", after)
        log = judge.read_log(adversary.folder / "log.jsonl")
        whole = {"state": "ended", "ended_since": {"first_refused": ended}}

        def state(native_id):
            if drains(native_id) is None or any(native_id.endswith(end) for end in over_at_once):
                return whole
            return {"state": "draining", "until": later(ended, drains(native_id))}
        record = {"intervals": {"approved": approved}, "gaps": [], "paths": [
            {"system": s, "kind": k, "id": i, **state(i)} for s, k, i in path_ids]}
        changed = judge.changed_for_others(*(json.loads(p.read_text()) for p in (before, after)), person, set(log))
        return (*judge.judge_ways(log, record)[:3], changed)

    def test_1_shared_password_left_as_it_was_is_seen(self):
        _, after, _, _ = self.leave(self.leavers[0], without=("shared_roles",))
        self.assertTrue(any("warehouse/secret" in words for words in after), after)

    def test_2_a_whole_cut_is_accepted_and_nobody_else_is_touched(self):
        self.assertEqual(self.leave(self.leavers[1]), ([], [], [], []))

    def test_3_a_whole_cut_of_another_person_too(self):
        self.assertEqual(self.leave(self.leavers[2]), ([], [], [], []))

    def test_4_certificate_principal_and_sessions_left_are_seen(self):
        _, after, _, _ = self.leave(self.leavers[3], without=("certificates", "ssh_sessions", "cache_sessions", "principals"))
        self.assertTrue(any("realm/account" in words for words in after), after)
        self.assertTrue(any("realm/key" in words for words in after), after)
        self.assertTrue(any("bastion/certificate" in words for words in after), after)
        self.assertTrue(any("bastion/session" in words for words in after), after)
        self.assertTrue(any("cache/session" in words for words in after), after)

    def test_6_a_refresh_token_left_at_the_provider_and_tickets_said_to_be_over_are_seen(self):
        person = self.lab.facts["usual_way"]
        _, after, _, _ = self.leave(person, without=("provider_tokens",), last=("principals",), over_at_once=(" tickets",))
        self.assertTrue(any("provider/token" in words for words in after), after)
        self.assertTrue(any("realm/token" in words for words in after), after)

    def test_5_switch_left_out_lets_her_unlock_herself_or_read_on(self):
        _, after, _, _ = self.leave(self.leavers[4], without=("directory_switch",))
        self.assertTrue(any("directory/session" in words for words in after), after)


if __name__ == "__main__":
    unittest.main()
