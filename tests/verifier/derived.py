"""case.json, timeline.csv and requirements.json out of entries and payloads, as docs/evidence-format.md has them."""
import functools
import re

import page
from fold import at_least
from formats import canonical, milliseconds, rfc3339

PATH_EVIDENCE = {"session": "session_ended", "token": "credential_revoked", "key": "credential_revoked", "certificate": "credential_revoked",
                 "secret": "secret_rotated", "device": "device_secured"}
CONTROL = re.compile("[\x00-\x1f\x7f]")
HIDING = re.compile("[\x80-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]")
LEADS = re.compile("((?:^|[,;\"]) *)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def told(payload, name):
    value = payload.get(name)
    return value if isinstance(value, str) else ""


class Names:
    """What payloads say that references stand for."""

    def __init__(self, entries):
        self.nodes, self.labels, self.people = {}, {}, {}
        for leaf, payload in entries:
            self._learn(self.nodes, leaf.get("target"), told(payload, "node"))
            for kind, names, reference, member in (("case_opened", self.people, "subject", "subject"), ("approved", self.people, "approver", "approver"),
                                                   ("exception_approved", self.people, "approver", "approver"), ("path_found", self.labels, "target", "label"),
                                                   ("link_confirmed", self.nodes, "target", "account"), ("task_changed", self.labels, "target", "task")):
                if leaf["kind"] == kind:
                    self._learn(names, leaf.get(reference), told(payload, member))

    @staticmethod
    def _learn(names, reference, value):
        if reference and value:
            names[reference] = value


def between(begin, end):
    return milliseconds(end) - milliseconds(begin) if begin and end else None


def approvals(entries, names):
    found = [leaf for leaf, _ in entries if leaf["kind"] in ("approved", "exception_approved")]
    return [{"n": n, "of": "plan" if leaf["kind"] == "approved" else "exception", "digest": leaf.get("digest", ""), "approver": leaf.get("approver", ""),
             "approver_name": names.people.get(leaf.get("approver")), "operator": leaf.get("actor", ""),
             "same_person": leaf.get("approver") == leaf.get("actor"), "approved_at": leaf["t"], "until": leaf.get("until"),
             "case_seq": leaf["case_seq"]} for n, leaf in enumerate(found, 1)]


def paths(case, names, now):
    for target in sorted(case.paths):
        path = case.paths[target]
        state, grade, until = path.at(now)
        yield {"target": target, "id": names.nodes.get(target), "label": names.labels.get(target), "system": path.system, "kind": path.node,
               "required": path.required, "ours": path.ours, "state": state, "grade": grade, "grade_required": path.grade_required,
               "means": path.means, "control": path.control, "step": path.step, "last_admitted": path.last_admitted,
               "first_refused": path.first_refused, "until": until}


def case_json(entries, names, case, issued_at):
    now = milliseconds(issued_at)
    return canonical({
        "v": 1, "tenant": case.tenant, "case": case.case, "through": len(entries) - 1, "issued_at": issued_at, "subject": case.subject,
        "subject_name": names.people.get(case.subject), "state": case.state, "exit": case.exit(now),
        "intervals": {"detected": case.detected, "approved": case.approved, "identity_cut": case.identity_cut, "zero": case.zero,
                      "detected_to_approved_ms": between(case.detected, case.approved),
                      "approved_to_identity_cut_ms": between(case.approved, case.identity_cut), "approved_to_zero_ms": between(case.approved, case.zero)},
        "approvals": approvals(entries, names), "paths": list(paths(case, names, now)),
        "exceptions": [{"digest": digest, **{name: each[name] for name in ("paths", "until", "asked_by", "approver", "asked_at", "approved_at", "expired_at")}}
                       for digest, each in sorted(case.exceptions.items())],
        "listings": [{"system": system, "kind": kind, "account": account, "completeness": completeness, "count": count}
                     for (system, account, kind), (completeness, count) in sorted(case.listings.items())],
        "gaps": [{"system": system, "kind": kind} for system, kind in sorted(case.gaps)],
        "tasks": [{"target": target, "task": names.labels.get(target), "state": state} for target, state in sorted(case.tasks.items())],
        "used": [{"target": leaf["target"], "system": leaf["system"], "at": rfc3339(leaf["count"]), "moment": leaf["moment"], "case_seq": leaf["case_seq"]}
                 for leaf, _ in entries if leaf["kind"] == "used"],
        "sign_in_sources": [{"system": system, "completeness": completeness, "clock_offset_ms": offset}
                            for system, (completeness, offset) in sorted(case.sign_ins.items())]}) + b"\n"


@functools.lru_cache(maxsize=100_000)
def cell(text):
    shown = HIDING.sub(lambda c: f"\\u{{{ord(c[0]):04x}}}", CONTROL.sub(lambda c: f"\\x{ord(c[0]):02x}", text))
    shown = LEADS.sub(r"\1'", shown)
    return '"' + shown.replace('"', '""') + '"' if "," in shown or '"' in shown else shown


def timeline_csv(entries, names):
    columns = page.TIMELINE_HEADER.split(",")
    rows = [page.TIMELINE_HEADER]
    for leaf, payload in entries:
        def value(column):
            reference = leaf.get({"way_in": "target"}.get(column, column), "")
            if column == "way_in":
                return names.nodes.get(reference, reference)
            if column in ("actor", "approver"):
                return names.people.get(reference, reference)
            if column == "words":
                return next((told(payload, name) for name in ("words", "reason", "why") if told(payload, name)), "")
            return str(reference)
        rows.append(",".join(cell(value(column)) for column in columns))
    return "".join(row + "\r\n" for row in rows).encode()


def evidence(entries, case, now):
    """kind -> case_seq of the entries that hold it."""
    found = {}
    for leaf, _ in entries:
        kind, seq = leaf["kind"], leaf["case_seq"]
        shown = ["logged"] + {"case_opened": ["trigger_received"], "listed": ["inventory"], "approved": ["plan_approved"]}.get(kind, [])
        for of, member, values, name in (("step_outcome", "outcome", ("acknowledged", "ended"), "step_executed"),
                                         ("milestone", "outcome", ("identity_cut",), "identity_disabled"),
                                         ("task_changed", "outcome", ("done",), "person_attested"), ("state_changed", "state", ("closed",), "case_closed")):
            if kind == of and leaf.get(member) in values:
                shown.append(name)
        if kind in ("probed", "path_changed"):
            path = case.paths.get(leaf.get("target"))
            if path and leaf.get("state") == "ended" and path.required and not path.ours:
                shown.append(PATH_EVIDENCE.get(path.node, "access_removed"))
                shown += ["refusal_probed"] if leaf.get("grade") in ("refused", "witnessed") else []
            shown += ["probed_again"] if leaf.get("moment") == "settled" else []
        for name in shown:
            found.setdefault(name, []).append(seq)
    for path in case.paths.values():
        state, grade, _ = path.at(now)
        if path.required and not path.ours and not (state == "ended" and at_least(grade, path.grade_required)):
            found.pop(PATH_EVIDENCE.get(path.node, "access_removed"), None)
            found.pop("refusal_probed", None)
    if case.state != "closed":
        found.pop("case_closed", None)
    return found


def requirements_json(entries, case, issued_at):
    found, rows = evidence(entries, case, milliseconds(issued_at)), []
    for row in page.REQUIREMENTS:
        all_of, any_of = row["all_of"].split(), row["any_of"].split()
        here = [kind for kind in all_of + any_of if kind in found]
        missing = [kind for kind in all_of if kind not in found] + (any_of if not any(kind in found for kind in any_of) else [])
        rows.append({**{name: row[name] for name in ("framework", "id", "title", "paraphrase", "reach")}, "left_to_the_organisation": row["left"],
                     "evidence": "complete" if not missing else "partial" if here else "none", "missing": missing,
                     "found": [{"kind": kind, "count": len(found[kind]), "entries": found[kind][:3]} for kind in here]})
    return canonical({"v": 1, "case": case.case, "note": page.REQUIREMENTS_NOTE, "requirements": rows}) + b"\n"
