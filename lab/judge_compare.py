"""Compares two snapshots of every account: whatever is not the subject's must be byte for byte the same.

What is the subject's comes from the adversary's log (what she was seen to hold), never from the engine's record.
"""
import base64
import hashlib

ENGINES_PROVIDER_LOGIN = "exeunt"
ENGINES_PRINCIPAL = "exeunt/admin@LAB.EXAMPLE"
ENGINES_CONTROL = "cn=exeunt-control,ou=services,dc=example,dc=org"


def changed_for_others(before, after, subject, held):
    """Words for every difference that does not belong to the subject."""
    return (_directory(before["directory"], after["directory"], subject)
            + _warehouse(before["warehouse"], after["warehouse"], held)
            + _bastion(before["bastion"], after["bastion"], held) + _cache(before["cache"], after["cache"], held)
            + _broker(before["broker"], after["broker"], held)
            + _provider(before, after, subject) + _realm(before["realm"], after["realm"], held))


def _directory(before, after, subject):
    hr_id = subject.encode().hex()
    hers = {dn for dn, entry in before.items() if hr_id in entry.get("employeeNumber", [])}
    if len(hers) != 1:
        return [f"directory: {len(hers)} entries carry employeeNumber {subject}; nothing can be compared"]
    dn_of_hers = next(iter(hers)).encode().hex()
    words = [f"directory: entry {dn!r} {'is gone' if dn in before else 'is new'}"
             for dn in sorted((set(before) ^ set(after)) - hers)]
    for dn in sorted((set(before) & set(after)) - hers):
        for name in sorted(set(before[dn]) | set(after[dn])):
            was, now = before[dn].get(name, []), after[dn].get(name, [])
            if was == now:
                continue
            if name in ("member", "owner", "manager") and _without(was, dn_of_hers) == _without(now, dn_of_hers):
                continue
            if dn == ENGINES_CONTROL and name in ("userPassword", "pwdChangedTime"):
                continue                             # nobody's account: the engine's own instrument
            if name in ("owner", "manager") and was == [dn_of_hers]:
                continue                             # what she owned went to somebody else
            words.append(f"directory: {dn!r} {name}: {_shown(was)} became {_shown(now)}")
    return words


def _without(values, dn):
    """DNs of one attribute but hers; slapd keeps the case as written, we compare without it."""
    fold = lambda v: bytes.fromhex(v).decode("utf-8", "replace").lower()  # noqa: E731
    return sorted(fold(v) for v in values if fold(v) != fold(dn))


def _shown(values):
    return [bytes.fromhex(v).decode("utf-8", "backslashreplace") if len(v) < 200 else "…" for v in values][:4]


def _warehouse(before, after, held):
    hers = {i for system, kind, i in held if system == "warehouse" and kind in ("account", "secret")}
    words = []
    for oid in sorted(set(before["roles"]) | set(after["roles"])):
        if oid not in hers and before["roles"].get(oid) != after["roles"].get(oid):
            words.append(f"warehouse: role {oid}: {_role(before, oid)} became {_role(after, oid)}")
    for pair in sorted(set(before["members"]) | set(after["members"])):
        if pair.split(":")[0] not in hers and before["members"].get(pair) != after["members"].get(pair):
            words.append(f"warehouse: membership {pair} differs")
    for thing in sorted(set(before["owners"]) | set(after["owners"])):
        was, now = before["owners"].get(thing), after["owners"].get(thing)
        if was != now and was not in hers:
            words.append(f"warehouse: owner of {thing}: {was} became {now}")
    return words


def _role(snapshot, oid):
    """A role in words, without its password hash."""
    text = snapshot["roles"].get(oid)
    return "nothing" if text is None else text.split('"rolpassword"')[0] + "…"


def _bastion(before, after, held):
    her_keys = {i for system, kind, i in held if system == "bastion" and kind == "key"}
    uid_of = {}
    for line in bytes.fromhex(before["nss/passwd"]).decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        uid_of[f"homes/{fields[0]}/.ssh/authorized_keys"] = fields[2]
    words = []
    for file in sorted(set(before) | set(after)):
        was, now = (bytes.fromhex(s.get(file, "")).decode("utf-8", "replace") for s in (before, after))
        if was == now:
            continue
        uid = uid_of.get(file, "?")
        rest = [line for line in was.splitlines() if f"{uid}:{fingerprint(line)}" not in her_keys]
        kept = [line for line in now.splitlines() if f"{uid}:{fingerprint(line)}" not in her_keys]
        if rest != kept:
            words.append(f"bastion: {file} changed beyond her keys")
    return words


def _cache(before, after, held):
    hers = {i for system, kind, i in held if system == "cache" and kind in ("account", "secret")}
    return [f"cache: user {name!r} {'as saved ' if part == 'saved' else ''}differs" for part in ("now", "saved")
            for name in sorted(set(before[part]) | set(after[part]))
            if name not in hers and before[part].get(name) != after[part].get(name)]


def _broker(before, after, held):
    hers = {i for system, kind, i in held if system == "broker" and kind in ("account", "secret")}
    return [f"broker: user {name!r} differs" for name in sorted(set(before) | set(after))
            if name not in hers and before.get(name) != after.get(name)]


def _provider(before, after, subject):
    """Accounts, sessions, refresh tokens and consents of everybody else. The engine's own account signs in as it works."""
    hr_id = subject.encode().hex()
    hers = {bytes.fromhex(mail).decode("utf-8", "replace") for entry in before["directory"].values()
            if hr_id in entry.get("employeeNumber", []) for mail in entry.get("mail", [])}
    was, now = before.get("provider", {}), after.get("provider", {})
    return [f"provider: what is kept of {login!r} differs" for login in sorted(set(was) | set(now))
            if login not in hers | {ENGINES_PROVIDER_LOGIN} and was.get(login) != now.get(login)]


def _realm(before, after, held):
    """Each principal whole, keys and all. Of the engine's own the KDC notes when it signs in."""
    hers = {i for system, kind, i in held if system == "realm" and kind == "account"} | {ENGINES_PRINCIPAL}
    return [f"realm: principal {name!r} differs" for name in sorted(set(before) | set(after))
            if name not in hers and before.get(name) != after.get(name)]


def fingerprint(line):
    for word in line.split():
        if word.startswith("AAAA"):
            try:
                digest = hashlib.sha256(base64.b64decode(word)).digest()
            except ValueError:
                return ""
            return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    return ""
