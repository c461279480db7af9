#!/usr/bin/python3
"""Stand-ins for OpenLDAP, PostgreSQL and OpenSSH that keep their effects in this process and its files, with faults to switch.

    simulated_systems.py --dir DIR --system directory=openldap --system warehouse=postgresql [--people N] [--until-stdin-closes]

One Unix socket a system (DIR/<id>.sock). The server says {"hello":1}; then one JSON line a request, one JSON line an answer. The state
(DIR/<id>.state.json) and the line of DIR/<id>.effects.jsonl are written before the answer, so an answer that is lost leaves its effect.
The engine's tests are the clients; the real servers' traps are those of docs (systems.md): each has a comment below.
"""
import argparse
import hashlib
import json
import os
import random
import secrets
import socketserver
import sys
import threading
import time
import uuid
from pathlib import Path

PAGE = 2
NAMES = ["Ann Example", 'Zoë "Zed" O\'Hara; DROP ROLE x; --', "*)(uid=*", "Li, Wei + 李", "=cmd|'/c calc'!A1", "\u202eEvil\x1b[2J", "Ann Example"]
FAULTS = {"answer_lost_after": 0, "answer_lost_before": 0, "silent_noop": False, "slow_ms": 0, "down": False, "cut_listing": "",
          "prober_broken": False, "blind_probe": "", "refuse_apply": "", "drain_ms": 0, "refuse_witness": False, "witness_lost": 0,
          "witness_dies": "", "control_witness": True, "sign_ins": "", "clock_ms": 0, "revives": "", "no_before": False}


class Refusal(Exception):
    """An error answer: code, what, next."""


class Lost(Exception):
    """The connection closes without an answer."""


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class System:
    """State, listings, probes and actions common to the three; the models below add their traps."""

    kinds = ()

    def __init__(self, name, folder, people, seed):
        self.name, self.folder, self.people, self.seed = name, folder, people, seed
        self.state_file = folder / f"{name}.state.json"
        self.effects_file = folder / f"{name}.effects.jsonl"
        self.lock = threading.RLock()
        self.random = random.Random()
        if self.state_file.exists():
            self.faults, self.state = dict(FAULTS), json.loads(self.state_file.read_text())
        else:
            self.reset()

    def reset(self):
        self.faults = dict(FAULTS)
        self.random = random.Random(f"{self.seed} {self.name}")  # same seed, same company, passwords of its people included
        self.state = {"model": self.model, "effects": 0, "items": {}, "accounts": {}, "past": [], "sign_ins": []}
        self.found(self.people)
        self.save()

    def value(self):
        return "%032x" % self.random.getrandbits(128)

    # --- state -----------------------------------------------------------------------------------------------------------------
    def save(self):
        temporary = self.state_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.state, sort_keys=True))
        os.replace(temporary, self.state_file)

    def account(self, ident, login, **more):
        self.state["accounts"][ident] = {"login": login, "enabled": True, "locked": False, "password": digest(self.value()),
                                         "hr_id": "", "email": "", "name": "", "administrator": False, **more}

    def item(self, kind, ident, account, label, edge=None, **more):
        """A path below an account. `below` is what it hangs on: the account unless said otherwise."""
        below = more.pop("below", ["account", account])
        self.state["items"][f"{kind}/{ident}"] = {"kind": kind, "id": ident, "account": account, "label": label, "below": below,
                                                  "edge": edge or "holds", "facts": more}

    def items(self, kind=None, account=None):
        return [i for i in self.state["items"].values() if kind in (None, i["kind"]) and account in (None, i["account"])]

    def drop(self, kind, ident):
        self.state["past"].append(f"{kind}/{ident}")
        return self.state["items"].pop(f"{kind}/{ident}", None) is not None

    # --- listings --------------------------------------------------------------------------------------------------------------
    def page(self, rows, request):
        """Page by page, with a count to hold against it, as a careful client of the real system asks for both."""
        begin = int(request.get("cursor") or 0)
        more = begin + PAGE < len(rows)
        answer = {"rows": rows[begin:begin + PAGE], "next": begin + PAGE if more else None, "total": len(rows)}
        if more and self.faults["cut_listing"] == "said":
            answer.update(next=None, cut="size limit exceeded")
        if more and self.faults["cut_listing"] == "unsaid":
            answer.update(next=None)
        return answer

    def op_accounts(self, request):
        rows = [{"id": i, **{k: a[k] for k in ("login", "hr_id", "email", "name", "administrator")}, "enabled": self.usable(a)}
                for i, a in sorted(self.state["accounts"].items())]
        return self.page(rows, request)

    def op_list(self, request):
        answer = self.page(self.listed(request["kind"], request), request)
        for row in answer["rows"]:
            if row.get("closes_when_listed"):
                self.drop(row["kind"], row["id"])
        return answer

    def listed(self, kind, request):
        return sorted(self.items(kind, request["account"]), key=lambda i: i["id"])

    # --- probes ----------------------------------------------------------------------------------------------------------------
    def usable(self, account):
        return account["enabled"] and not account["locked"]

    def op_probe(self, request):
        if self.faults["prober_broken"]:
            return {"answer": "refused", "reason": "prober-credentials", "words": "our own credentials are not taken"}
        if self.faults["blind_probe"]:
            return {"answer": self.faults["blind_probe"], "reason": "same-for-all", "words": "this gate answers everybody alike"}
        answer, reason = self.probe(request)
        return {"answer": answer, "reason": reason, "words": f"{self.model} answered {reason}"}

    def op_probe_control(self, request):
        if self.faults["prober_broken"]:
            return {"answer": "refused", "reason": "prober-credentials", "words": "our own credentials are not taken"}
        control = self.state["accounts"].get(self.control)
        admitted = control is not None and self.usable(control)
        return {"answer": "admitted" if admitted else "refused", "reason": "control", "words": "control identity"}

    def probe_account(self, ident, admitted, refused, nobody):
        account = self.state["accounts"].get(ident)
        if account is None:
            return "unknown", nobody
        return ("admitted", admitted) if self.usable(account) else ("refused", refused)

    def op_observe(self, request):
        kind, ident = request["kind"], request["id"]
        if kind == "account":
            account = self.state["accounts"].get(ident)
            present = account is not None and self.usable(account)
            return {"presence": "present" if present else "absent", "grade": "read_back"}
        if kind == "secret":
            return {"presence": "unknown", "grade": "read_back"}
        grade = "observed" if kind == "session" and self.model != "openldap" else "read_back"
        until = self.state["items"].get(f"{kind}/{ident}", {}).get("until_ms")
        if until and until > time.time() * 1000:
            return {"presence": "present", "grade": grade, "until_ms": until}
        if until:
            self.drop(kind, ident)
        listing = "partial" if self.faults["cut_listing"] else "full"
        return {"presence": "present" if f"{kind}/{ident}" in self.state["items"] else "absent", "grade": grade, "listing": listing}

    # --- successful sign-ins ---------------------------------------------------------------------------------------------------
    def sign_in(self, account, kind="account", ident=None, session="", ago_ms=0, source="10.0.0.7", words="password"):
        """A line in this system's log, by its own clock."""
        self.state["sign_ins"].append({"account": account, "kind": kind, "id": ident or account, "session": session, "from": source,
                                       "words": words, "at": int(time.time() * 1000) + self.faults["clock_ms"] - ago_ms})

    def op_sign_ins(self, request):
        fault, rows = self.faults["sign_ins"], self.state["sign_ins"]
        if fault == "fails":
            raise Refusal("permission_denied", f"{self.name}: the log is not for us", "grant it")
        answer = {"rows": rows, "now": int(time.time() * 1000) + self.faults["clock_ms"]}
        if fault == "unreadable":
            answer.update(rows=[], unreadable="the log cannot be read: Permission denied")
        if fault == "cut":
            answer.update(rows=rows[-1:], cut="the log begins later than the departure")
        return answer

    # --- witnesses: sessions of the engine's own on a person's account ---------------------------------------------------------------
    CONTROL_WITNESS = "control"

    def op_open_witness(self, request):
        account = self.target(request)
        if not self.usable(account):
            raise Refusal("failed_precondition", f"{self.name}: the account is shut already", "")
        if self.faults["refuse_witness"]:
            raise Refusal("failed_precondition", f"{self.name}: the login was refused", "")
        account["password"] = request["new_secret"]
        self.witnesses = getattr(self, "witnesses", 0) + 1
        ident, label = f"127.0.0.1:{60000 + self.witnesses}", "exeunt witness"
        self.item(request["kind"], ident, request["target"]["id"], label)
        self.sign_in(request["target"]["id"], session=ident, words="password of the case")
        self.state["effects"] += 1
        self.save()
        with open(self.effects_file, "a") as log:
            log.write(json.dumps({"t": time.time(), "action": "open_witness", "target": request["target"], "covered": [],
                                  "effects": self.state["effects"]}) + "\n")
        if self.take_fault("witness_lost"):
            raise Lost
        if self.faults["witness_dies"] == "at_once":
            self.drop(request["kind"], ident)
            self.save()
        return {"id": ident, "label": label}

    def op_open_control_witness(self, request):
        return {"id": self.CONTROL_WITNESS}

    def op_witness_use(self, request):
        if self.faults["prober_broken"]:
            return {"answer": "refused", "reason": "prober-credentials"}
        if request["id"] == self.CONTROL_WITNESS:
            return {"answer": "admitted" if self.faults["control_witness"] else "refused", "reason": "control"}
        item = self.state["items"].get(f"{request['kind']}/{request['id']}")
        held = item is not None and item.get("until_ms", float("inf")) > time.time() * 1000
        return {"answer": "admitted" if held else "refused", "reason": "served" if held else "57P01"}

    def op_witness_close(self, request):
        if self.drop(request["kind"], request["id"]) is not None:
            self.save()
        return {}

    # --- changes ---------------------------------------------------------------------------------------------------------------
    def op_apply(self, request):
        if self.faults["refuse_apply"]:
            raise Refusal(self.faults["refuse_apply"], f"{self.name}: told to refuse {request['action']}", "switch the fault off")
        covered = [(c["kind"], c["id"]) for c in request.get("covered", [])]
        named = [f"{self.name}/{k}/{i}" for k, i in covered] + [f"{self.name}/{request['target']['kind']}/{request['target']['id']}"]
        answer = {"words": f"{request['action']} acknowledged", "acknowledged": named, "calls": 1}
        if self.faults["silent_noop"] in (True, request["action"]):
            return answer
        if self.take_fault("answer_lost_before"):
            raise Lost
        before = json.dumps({**self.state, "effects": 0, "past": []}, sort_keys=True)
        action = getattr(self, "do_" + request["action"], None)
        if action is None:
            raise Refusal("unimplemented", f"{self.name}: {self.model} cannot {request['action']}", "")
        action(request, covered)
        if before != json.dumps({**self.state, "effects": 0, "past": []}, sort_keys=True):
            self.state["effects"] += 1
        self.save()
        with open(self.effects_file, "a") as log:
            log.write(json.dumps({"t": time.time(), "action": request["action"], "target": request["target"], "covered": request.get("covered", []),
                                  "effects": self.state["effects"]}) + "\n")
        if self.take_fault("answer_lost_after"):
            raise Lost
        return answer

    # --- giving back --------------------------------------------------------------------------------------------------------------
    def op_before(self, request):
        """What the action is about to take, as it is now; never a password or its digest."""
        if self.faults["no_before"]:
            raise Refusal("unavailable", f"{self.name}: told not to look", "switch the fault off")
        if request["action"] == "remove_memberships":
            taken = [self.state["items"].get(f"{c['kind']}/{c['id']}") for c in request["covered"]]
            return {"taken": [{k: i[k] for k in ("kind", "id", "label", "facts")} for i in taken if i]}
        account = self.state["accounts"].get(request["target"]["id"])
        if account is None or not self.usable(account):
            return {"taken": []}
        return {"taken": [{"kind": "account", "id": request["target"]["id"], "label": account["login"], "facts": {"login": account["login"]}}]}

    def op_look_restored(self, request):
        there, gone, old_way = [], [], "absent"
        account = self.state["accounts"].get(request["target"]["id"])
        for node in request["covered"]:
            ident = f"{self.name}/{node['kind']}/{node['id']}"
            if account is None or node["id"] in self.state.get("deleted", []):
                gone.append(ident)
            elif self.usable(account) if node["kind"] == "account" else f"{node['kind']}/{node['id']}" in self.state["items"]:
                there.append(ident)
        if request["action"] == "restore_account" and account and self.usable(account):
            old_way = "absent" if account["password"] == request["new_secret"] else "present"
        return {"there": there, "gone": gone, "old_way": old_way, "words": f"{len(there)} of {len(request['covered'])} are there"}

    def do_restore_account(self, request, covered):
        # With `revives` what opened the account before comes back with it: the reset did not hold, or a session was only shadowed.
        account = self.target(request)
        account.update(enabled=True, locked=False, password=request["new_secret"])
        if self.faults["revives"] == "password":
            account["password"] = digest("the old one")
        if self.faults["revives"] == "session":
            past = [p for p in self.state["past"] if p.startswith("session/")]
            self.item("session", past[0].split("/", 1)[1], request["target"]["id"], "back again")

    def do_restore_memberships(self, request, covered):
        self.target(request)
        for node in request["covered"]:
            if node["id"] not in self.state.get("deleted", []):
                self.item(node["kind"], node["id"], request["target"]["id"], node["label"], edge="member_of", **node["facts"])

    def person_delete_group(self, request):
        self.state.setdefault("deleted", []).append(request["membership"])
        self.drop("membership", request["membership"])

    def person_give_membership(self, request):
        self.item("membership", request["id"], request["account"], request.get("label", "given"), edge="member_of")

    def take_fault(self, name):
        """A number is how many times; -1 is always."""
        left = self.faults[name]
        if left > 0:
            self.faults[name] -= 1
        return left != 0

    def target(self, request):
        account = self.state["accounts"].get(request["target"]["id"])
        if account is None:
            raise Refusal("not_found", f"{self.name}: there is no account {request['target']['id']}", "list the accounts again")
        return account

    def drop_covered(self, request, covered, kind):
        for k, ident in covered:
            if k == kind:
                self.drop(k, ident)

    def do_end_sessions(self, request, covered):
        """With `drain_ms` sessions cannot be recalled: each goes on for that long and then is over by itself."""
        for kind, ident in covered:
            if not self.faults["drain_ms"]:
                self.drop_covered(request, [(kind, ident)], "session")
            elif (item := self.state["items"].get(f"{kind}/{ident}")) and kind == "session":
                item.setdefault("until_ms", int(time.time() * 1000) + self.faults["drain_ms"])

    def do_remove_memberships(self, request, covered):
        self.drop_covered(request, covered, "membership")

    # --- what people and other systems do --------------------------------------------------------------------------------------
    def op_person(self, request):
        getattr(self, "person_" + request["act"])(request)
        self.save()
        return {}

    def person_open_session(self, request):
        self.item("session", request["id"], request["account"], request.get("label", "opened by herself"), **request.get("facts", {}))
        if request.get("closes_when_listed"):  # the server ends it, for whatever reason, just after a listing showed it
            self.state["items"][f"session/{request['id']}"]["closes_when_listed"] = True

    def person_sign_in(self, request):
        """She gets in; the log says so, whatever the account looks like now."""
        self.sign_in(request["account"], request.get("kind", "account"), request.get("id"), ago_ms=request.get("ago_ms", 0),
                     words=request.get("words", "password"), source=request.get("from", "10.0.0.7"))

    def person_enable(self, request):
        """A sync, or somebody who means well: what was shut is open again."""
        self.state["accounts"][request["account"]].update(enabled=True, locked=False)

    def op_check(self, request):
        return {"version": f"simulated {self.model}", "rights": ["everything: it is simulated"], "missing": []}

    def op_own_accounts(self, request):
        return {"accounts": [i for i in (self.engine, self.control) if i in self.state["accounts"]]}

    def op_control(self, request):
        unknown = set(request.get("set", {})) - set(FAULTS)
        if unknown:
            raise Refusal("invalid_argument", f"no such fault: {sorted(unknown)}", "")
        if request.get("reset"):
            self.reset()
        self.faults.update(request.get("set", {}))
        for account in self.state["accounts"].values():      # as an administrator would, or a restored backup
            if account["login"] in request.get("passwords", {}):
                account["password"] = digest(request["passwords"][account["login"]])
        return {"faults": self.faults, "state": self.state}

    def handle(self, request):
        if request["op"] != "control" and self.faults["slow_ms"]:
            time.sleep(self.faults["slow_ms"] / 1000)
        with self.lock:
            try:
                return {"ok": True, **getattr(self, "op_" + request["op"])(request)}
            except Refusal as refusal:
                return {"ok": False, **dict(zip(("code", "what", "next"), refusal.args))}


class OpenLdap(System):
    model, kinds = "openldap", ("session", "membership")

    def found(self, people):
        self.state["engine"] = self.engine
        self.account(self.engine, "exeunt", name="Exeunt", administrator=True)
        self.account(self.control, "exeunt-control", name="Control")
        for i in range(people):
            ident, login = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}-{i}")), f"person{i}"
            self.account(ident, login, hr_id=f"E{1001 + i}", email=f"{login}@example.org", name=NAMES[i % len(NAMES)], administrator=i == 1)
            for k in range(3 if i == 0 else 1):
                self.item("session", f"127.0.0.1:{41000 + 10 * i + k}", ident, f"bound connection {k}")
            for k in range(3):
                group = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}-group-{k}")
                self.item("membership", f"{ident}:{group}", ident, f"group {k}", edge="member_of")

    engine, control = "00000000-0000-4000-8000-0000000000e0", "00000000-0000-4000-8000-0000000000e1"

    def probe(self, request):
        if request["kind"] != "account":
            return "unknown", "no-probe"
        return self.probe_account(request["id"], "49", "49+accountLocked", "49 without a policy answer")

    def do_disable_account(self, request, covered):
        self.target(request)["locked"] = True

    def do_replace_password(self, request, covered):
        # Trap: a password change after the lock silently clears the lock.
        self.target(request).update(password=request["new_secret"], locked=False)

    def do_lock_and_replace(self, request, covered):
        self.target(request).update(password=request["new_secret"], locked=True)

    def person_change_password(self, request):
        # Trap: a locked person with an open bound connection changes her own password, which clears the lock.
        if not self.items("session", request["account"]):
            raise Refusal("permission_denied", "no bound connection", "")
        self.state["accounts"][request["account"]].update(password=digest(self.value()), locked=False)

    def person_delete_password_value(self, request):
        # Trap: taking a twin's value away after the lock clears the lock too.
        self.state["accounts"][request["account"]]["locked"] = False


class PostgreSql(System):
    model, kinds = "postgresql", ("account", "session", "membership", "automation")
    engine, control, shared = "10", "11", "16500"

    def found(self, people):
        self.account(self.engine, "exeunt", name="exeunt", administrator=True)
        self.account(self.control, "exeunt_control", name="exeunt_control")
        vault = self.folder / f"{self.name}.report_rw.secret"
        value = self.value()
        with open(os.open(vault, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(value + "\n")
        self.account(self.shared, "report_rw", name="report_rw", password=digest(value))
        for i in range(people):
            ident, login = str(16400 + i), f"person{i}"
            self.account(ident, login, hr_id=f"E{1001 + i}", name=NAMES[i % len(NAMES)])
            for k in range(3 if i == 0 else 1):
                self.item("session", f"127.0.0.1:{42000 + 10 * i + k}", ident, f"backend {k}")
            self.item("membership", f"{ident}:16600", ident, "analysts", edge="member_of")
        # Traps: a role she created logs in after she is gone; her SECURITY DEFINER function runs on with its owner's rights.
        self.account("16700", "person0_etl", name="person0_etl", owner="16400")
        self.item("automation", "5:16800", "16400", "refresh_report()", edge="owns")
        self.item("session", "127.0.0.1:42900", self.shared, "report job", below=["secret", self.shared])

    def listed(self, kind, request):
        if kind == "account":
            owned = [i for i, a in sorted(self.state["accounts"].items()) if a.get("owner") == request["account"]]
            return [{"kind": "account", "id": i, "account": request["account"], "label": self.state["accounts"][i]["login"],
                     "below": ["account", request["account"]], "edge": "owns", "facts": {}} for i in owned]
        return super().listed(kind, request)

    def probe(self, request):
        if request["kind"] == "account":
            return self.probe_account(request["id"], "3D000", "28000 not permitted to log in", "28000 role does not exist")
        if request["kind"] != "secret":
            return "unknown", "no-probe"
        account = self.state["accounts"].get(request["id"])
        if account is None or not request.get("old_secret"):
            return "unknown", "28P01"
        if request["old_secret"] == account["password"]:
            return "admitted", "AuthenticationOk"
        # A refused old value says nothing unless the new one is let in from the same place.
        return ("refused", "28P01") if request.get("new_secret") == account["password"] else ("unknown", "28P01 for both values")

    def do_disable_account(self, request, covered):
        self.target(request)["enabled"] = False  # Trap: NOLOGIN leaves open sessions.

    def do_lock_and_replace(self, request, covered):
        self.target(request).update(enabled=False, password="")
        if self.faults["witness_dies"] == "at_lock":
            for item in [i for i in self.items("session") if i["label"] == "exeunt witness"]:
                self.drop("session", item["id"])

    def do_rotate_secret(self, request, covered):
        self.target(request)["password"] = request["new_secret"]
        self.drop_covered(request, covered, "session")

    def do_transfer_ownership(self, request, covered):
        self.target(request)["handed_over"] = True

    def do_delete_account(self, request, covered):
        if request["target"]["id"] in self.state["accounts"]:  # a repeat finds nothing, which is ok
            del self.state["accounts"][request["target"]["id"]]

    def person_create_role(self, request):
        self.account(request["id"], request["id"], owner=request["account"])


class OpenSsh(System):
    model, kinds = "openssh", ("key", "certificate", "session")
    engine, control, shared = "0", "1999", "2900"

    def found(self, people):
        self.state["krl"] = []
        self.account(self.engine, "root", administrator=True)
        self.account(self.control, "exeunt-control")
        self.account(self.shared, "deploy", shared=True)
        for i in range(people):
            uid = str(2001 + i)
            self.account(uid, f"person{i}", name=NAMES[i % len(NAMES)])
            print_of = "SHA256:" + hashlib.sha256(f"{self.name}-key-{i}".encode()).hexdigest()[:43]
            own, there, cert = f"{uid}:{print_of}", f"{self.shared}:{print_of}", f"{print_of}:{100 + i}"
            self.item("key", own, uid, "laptop\ncommand=\"x\" ssh-ed25519 AAAA second", fingerprint=print_of)
            self.item("certificate", cert, uid, "issued by the CA", fingerprint=print_of, below=["key", own])
            self.item("session", f"127.0.0.1:{43000 + 10 * i}", uid, "shell", fingerprint=print_of, below=["key", own])
            self.item("session", f"127.0.0.1:{43001 + 10 * i}", uid, "ControlMaster", fingerprint=print_of, below=["certificate", cert])
            if i < 2:
                self.item("key", there, self.shared, "deploy", fingerprint=print_of, below=["key", own])
                self.item("session", f"127.0.0.1:{43002 + 10 * i}", self.shared, "deploy", fingerprint=print_of, below=["key", there])

    def listed(self, kind, request):
        """What hangs on the account, and what her fingerprints open in shared accounts. All of a shared account is never hers."""
        hers = {i["facts"]["fingerprint"] for i in self.items(None, request["account"])} | set(request.get("fingerprints", []))
        shared = {i for i, a in self.state["accounts"].items() if a.get("shared")}
        rows = [i for i in self.items(kind) if i["facts"].get("fingerprint") in hers and i["account"] in shared | {request["account"]}]
        live = [i for i in rows if kind != "certificate" or i["facts"]["fingerprint"] not in self.state["krl"]]
        return sorted(live, key=lambda i: i["id"])

    def probe(self, request):
        kind, ident = request["kind"], request["id"]
        if kind not in ("key", "certificate"):
            return "unknown", "no-probe"
        item = self.state["items"].get(f"{kind}/{ident}")
        if item is None:
            return ("refused", "USERAUTH_FAILURE") if f"{kind}/{ident}" in self.state["past"] else ("unknown", "never seen here")
        revoked = item["facts"]["fingerprint"] in self.state["krl"]
        return ("refused", "USERAUTH_FAILURE") if revoked else ("admitted", "PK_OK")

    def revoke(self, covered, kind):
        # The key's hash in the KRL ends every line and every certificate, re-issued ones too; sessions go on.
        for k, ident in covered:
            item = self.state["items"].get(f"{k}/{ident}")
            if k == kind and item is not None:
                self.state["krl"] = sorted({*self.state["krl"], item["facts"]["fingerprint"]})
                self.drop(k, ident)

    def do_revoke_keys(self, request, covered):
        self.revoke(covered, "key")

    def do_revoke_certificates(self, request, covered):
        self.revoke(covered, "certificate")

    def do_end_sessions(self, request, covered):
        self.drop_covered(request, covered, "session")
        self.revoke(covered, "key")  # what she added over a session until then

    def person_remove_line(self, request):
        # Trap: with only the authorized_keys line gone a certificate for the same key still logs in.
        self.drop("key", request["id"])

    def do_disable_account(self, request, covered):
        self.target(request)["locked"] = True

    def person_add_key(self, request):
        self.item("key", f"{request['account']}:{request['fingerprint']}", request["account"], "added by herself", fingerprint=request["fingerprint"])

    def person_issue_certificate(self, request):
        self.item("certificate", f"{request['fingerprint']}:{request['serial']}", request["account"], "re-issued", fingerprint=request["fingerprint"])


MODELS = {m.model: m for m in (OpenLdap, PostgreSql, OpenSsh)}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        system = self.server.system
        try:
            first = True
            while True:
                if first:
                    # Down: closed before the greeting, so that the client knows that nothing of it was read. `control` gets in all the same.
                    self.wfile.write(b'{"hello":0}\n' if system.faults["down"] else b'{"hello":1}\n')
                    first = False
                line = self.rfile.readline(4 * 1024 * 1024)
                if not line.endswith(b"\n"):
                    return
                request = json.loads(line)
                if system.faults["down"] and request["op"] not in ("control", "person"):
                    return
                self.wfile.write(json.dumps(system.handle(request)).encode() + b"\n")
        except (Lost, BrokenPipeError, ConnectionResetError):
            return


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 256


def serve(system, folder):
    path = folder / f"{system.name}.sock"
    path.unlink(missing_ok=True)
    server = Server(str(path), Handler)
    server.system = system
    os.chmod(path, 0o600)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return str(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--system", action="append", default=[], metavar="ID=MODEL", required=True)
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--seed", default=secrets.token_hex(8), help="random when absent; what is there already is kept")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with whoever started this")
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    ready = {}
    for entry in arguments.system:
        name, _, model = entry.partition("=")
        if model not in MODELS:
            parser.error(f"{entry}: the model is none of {', '.join(MODELS)}")
        ready[name] = serve(MODELS[model](name, arguments.dir, arguments.people, arguments.seed), arguments.dir)
    print(json.dumps({"ready": ready}), flush=True)
    if arguments.until_stdin_closes:
        sys.stdin.read()
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main()
