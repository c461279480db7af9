"""Canonical JSON, leaves, notes, checkpoints, proofs and SSH signatures, as docs/evidence-format.md has them. Pure but for ssh-keygen."""
import base64
import binascii
import calendar
import functools
import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import page

LEAF_MAX, NOTE_MAX, PROOF_MAX, PAYLOAD_MAX, DEPTH_MAX = 65_535, 1_000_000, 1_010_000, 16 * 1024 * 1024, 32
INTEGER_MAX = 2 ** 53 - 1
EM_DASH = "\u2014"


class Refused(Exception):
    """subject: cause; next says what to do."""

    def __init__(self, what, next_step="ask whoever made the record for another copy, and compare"):
        super().__init__(what)
        self.what, self.next = what, next_step


def sha256(data):
    return hashlib.sha256(data).digest()


def hexdigest(data):
    return hashlib.sha256(data).hexdigest()


# --- JSON -------------------------------------------------------------------------------------------------------------------------
def _pairs(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a name twice")
    return out


def _no_constant(text):
    raise ValueError(f"{text} is no JSON")


def deep(text, limit):
    """Whether brackets outside of strings nest deeper: looked at before the parser, which recurses."""
    depth = 0
    for bracket in re.finditer(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[{]|[\]}]', text, re.S):
        if bracket.group() in "[{":
            depth += 1
            if depth > limit:
                return True
        elif bracket.group() in "]}":
            depth -= 1
    return False


def parse_json(data):
    """ValueError for anything but one JSON value in UTF-8, at most 32 levels deep, no name twice."""
    text = data.decode("utf-8")
    if deep(text, DEPTH_MAX):
        raise ValueError(f"nested deeper than {DEPTH_MAX} levels")
    return json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant)


def _in_order(value):
    if isinstance(value, dict):
        return {k: _in_order(value[k]) for k in sorted(value, key=lambda k: k.encode("utf-16-be", "surrogatepass"))}
    return [_in_order(v) for v in value] if isinstance(value, list) else value


def canonical(value):
    """RFC 8785 of what these formats hold: texts, whole numbers, booleans, null."""
    return json.dumps(_in_order(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


# --- times ------------------------------------------------------------------------------------------------------------------------
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", re.A)


def milliseconds(text):
    """Since 1970; None where it is no time of the page's form."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, ms = map(int, match.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= (29 if month == 2 and leap else calendar.mdays[month]) or hour > 23 or minute > 59 or second > 59:
        return None
    return ((_days(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms


def _days(year, month, day):
    year -= month <= 2
    era, of_era = divmod(year, 400)
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1 - 719_468


def rfc3339(ms):
    days, rest = divmod(ms, 86_400_000)
    days += 719_468
    era, of_era = divmod(days, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return (f"{year + era * 400 + (month <= 2):04}-{month:02}-{of_year - (153 * shifted + 2) // 5 + 1:02}"
            f"T{rest // 3_600_000:02}:{rest // 60_000 % 60:02}:{rest // 1000 % 60:02}.{rest % 1000:03}Z")


# --- leaves -----------------------------------------------------------------------------------------------------------------------
TEXTS = frozenset("tenant case actor approver subject system target step outcome answer grade node means moment control state digest completeness kind".split())
HASHES, TIMES, NUMBERS = frozenset(("prev", "commit")), frozenset(("t", "until")), frozenset(("v", "case_seq", "attempt", "count"))
ALWAYS = frozenset(("v", "case_seq", "prev", "kind", "t", "commit", "tenant", "case"))
_HEX = re.compile("[0-9a-f]{64}")


@functools.lru_cache(maxsize=200_000)
def read_leaf(data):
    """A leaf's members; absent texts are not in it. Raises ValueError. The same object for the same bytes: leave it as it is."""
    if len(data) > LEAF_MAX:
        raise ValueError(f"longer than {LEAF_MAX} bytes")
    leaf = parse_json(data)
    if not isinstance(leaf, dict):
        raise ValueError("no object")
    for name, value in leaf.items():
        if name in NUMBERS:
            lowest = {"case_seq": 0, "attempt": 1, "v": 1}.get(name, -INTEGER_MAX)
            good = type(value) is int and lowest <= value <= (1_000_000 if name == "attempt" else INTEGER_MAX)
        elif name in HASHES:
            good = isinstance(value, str) and _HEX.fullmatch(value) is not None
        elif name in TIMES:
            good = isinstance(value, str) and milliseconds(value) is not None
        else:
            good = name in TEXTS and isinstance(value, str) and value != ""
        if not good:
            raise ValueError(f"member {name[:40]!r} is unknown or is not what it has to be")
    if not ALWAYS <= leaf.keys():
        raise ValueError("without " + ", ".join(sorted(ALWAYS - leaf.keys())))
    if leaf["v"] != 1 or leaf["kind"] not in page.LEAF_KINDS:
        raise ValueError("its version or kind is unknown")
    if canonical(leaf) != data:
        raise ValueError("not written canonically")
    return leaf


def leaf_hash(data):
    return sha256(b"\0" + data)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


# --- tree -------------------------------------------------------------------------------------------------------------------------
def root_of(hashes):
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:k]), root_of(hashes[k:]))


def follow(index, size, leaf, path, seen=None):
    """RFC 9162 2.1.3.2: the root that the path leads to. `seen` learns each whole subtree on it: (level, place) -> hash."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} is not in a tree of {size}")
    fn, sn, r, level, place = index, size - 1, leaf, 0, index
    if seen is not None:
        seen[0, index] = leaf
    for p in path:
        if sn == 0:
            raise ValueError("the path is too long")
        if fn & 1 or fn == sn:
            while not fn & 1:
                fn, sn, level, place = fn >> 1, sn >> 1, level + 1, place >> 1
            if seen is not None:
                seen[level, fn - 1] = p
            r = node_hash(p, r)
        else:
            if seen is not None and (fn + 2 << level) <= size:
                seen[level, fn + 1] = p
            r = node_hash(r, p)
        fn, sn, level = fn >> 1, sn >> 1, level + 1
        if seen is not None and (fn + 1 << level) <= size:
            seen[level, fn] = r
    if sn:
        raise ValueError("the path is too short")
    return r


def first_root(size, seen):
    """Root of the first `size` leaves out of known subtrees; None where they do not tell."""
    def whole(level, place):
        if (level, place) in seen:
            return seen[level, place]
        if level == 0:
            return None
        left = whole(level - 1, 2 * place)
        right = whole(level - 1, 2 * place + 1) if left else None
        return node_hash(left, right) if right else None
    parts, begin = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            part = whole(level, begin >> level)
            if part is None:
                return None
            parts.append(part)
            begin += 1 << level
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


# --- notes ------------------------------------------------------------------------------------------------------------------------
def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("no base64") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 in another form than its own")
    return data


def decimal(text, limit=2 ** 64 - 1):
    if not re.fullmatch("0|[1-9][0-9]{0,19}", text, re.A) or int(text) > limit:
        raise ValueError(f"{text[:24]!r} is no number as it has to be written")
    return int(text)


class Key:
    """A verifier key of type 1."""

    def __init__(self, text):
        self.text = text.strip()
        name, plus, rest = self.text.partition("+")
        ident, plus2, key = rest.partition("+")
        try:
            raw = unbase64(key)
        except ValueError:
            raw = b""
        if not (name and plus and plus2) or re.search(r"\s", name) or not re.fullmatch("[0-9a-f]{8}", ident) or len(raw) != 33:
            raise Refused("key: it has not the form NAME+ID+BASE64", "give the line that `exeunt init` or `exeunt key show` printed")
        if raw[0] != 1:
            raise Refused(f"key: type {raw[0]} is no log's key", "give the log's own key, of type 1")
        self.name, self.raw = name, raw[1:]
        self.id = sha256(name.encode() + b"\n" + raw)[:4]
        if self.id.hex() != ident:
            raise Refused(f"key {name}: its id is {self.id.hex()}, not {ident}", "the line was mistyped or altered; get it again")

    @functools.lru_cache(maxsize=4096)
    def verifies(self, signature, text):
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


def open_note(data, key, check_key=True):
    """The text of a note that the key signed. Raises ValueError."""
    if len(data) > NOTE_MAX:
        raise ValueError(f"longer than {NOTE_MAX} bytes")
    note = data.decode("utf-8")
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note):
        raise ValueError("a control character")
    text, empty, signatures = note.rpartition("\n\n")
    text += "\n"
    if not empty or not signatures.endswith("\n"):
        raise ValueError("text and signatures are not two parts")
    lines = signatures[:-1].split("\n")
    if len(lines) > 16:
        raise ValueError("more than 16 signatures")
    signed = False
    for line in lines:
        match = re.fullmatch(EM_DASH + r" ([^\s+]+) (\S+)", line)
        raw = unbase64(match.group(2)) if match else b""
        if len(raw) < 5:
            raise ValueError("a signature line that is none")
        if match.group(1) == key.name and raw[:4] == key.id:
            if check_key and not key.verifies(raw[4:], text.encode()):
                raise ValueError(f"the signature of {key.name} does not hold")
            signed = True
    if check_key and not signed:
        raise ValueError(f"no signature by {key.name}+{key.id.hex()}")
    return text


def open_checkpoint(data, key, check_key=True):
    """(size, root) of a checkpoint of the key's log."""
    try:
        lines = open_note(data, key, check_key)[:-1].split("\n")
        if len(lines) < 3 or "" in lines:
            raise ValueError("not origin, size and root")
        if lines[0] != key.name:
            raise ValueError(f"it is of the log {lines[0][:80]!r}, not {key.name!r}")
        size, root = decimal(lines[1]), unbase64(lines[2])
        if len(root) != 32:
            raise ValueError("its root is not 32 bytes")
        return size, root
    except ValueError as error:
        raise Refused(f"checkpoint: {error}", "get the log's key from whoever runs it; a key that was changed has a new line") from None


def read_proof(data):
    """(index, path, checkpoint's bytes). An `extra` is passed over. Raises ValueError."""
    if len(data) > PROOF_MAX:
        raise ValueError(f"longer than {PROOF_MAX} bytes")
    head, empty, checkpoint = data.partition(b"\n\n")
    lines = head.decode("utf-8").split("\n")
    if not empty or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise ValueError("no c2sp.org/tlog-proof@v1")
    if lines and lines[0].startswith("extra ") and not unbase64(lines.pop(0)[6:]):
        raise ValueError("an empty extra")
    if not lines or not lines[0].startswith("index "):
        raise ValueError("no index")
    index = decimal(lines.pop(0)[6:])
    path = [unbase64(line) for line in lines]
    if len(path) > 64 or any(len(p) != 32 for p in path):
        raise ValueError("a path of something else than at most 64 hashes")
    return index, path, checkpoint


# --- SSH signatures ---------------------------------------------------------------------------------------------------------------
def _keygen(arguments, document, signature):
    with tempfile.TemporaryDirectory(prefix="exeunt-verify-") as folder:
        file = Path(folder) / "sig"
        file.write_bytes(signature)
        return subprocess.run(["ssh-keygen", "-Y", *arguments, "-s", str(file)], input=document, capture_output=True)


@functools.lru_cache(maxsize=4096)
def ssh_signature_holds(document, signature, namespace):
    """The fingerprint of the key that signed; None where it does not hold."""
    done = _keygen(["check-novalidate", "-n", namespace], document, signature)
    found = re.search(rb"SHA256:[A-Za-z0-9+/]{43}", done.stdout)
    return found.group().decode() if done.returncode == 0 and found else None


@functools.lru_cache(maxsize=4096)
def signed_by(document, signature, namespace, principal, signers, at):
    """Whether allowed_signers has the key for this person at the time `at`."""
    moment = re.sub(r"[-:T]", "", at)[:14] + "Z"
    return _keygen(["verify", "-n", namespace, "-f", str(signers), "-I", principal, f"-Overify-time={moment}"], document, signature).returncode == 0
