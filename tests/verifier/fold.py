"""The fold of docs/evidence-format.md: what a case's leaves say together."""
import page
from formats import Refused, milliseconds

WITHOUT_CASE = {"log_succeeded", "noted", "halted", "resumed", "clock_stepped", "watch_summary"}
FIRST_ONLY = {"case_opened", "log_succeeded"}
RESTORE = "restore"


def at_least(have, wanted):
    return page.GRADES.index(have) <= page.GRADES.index(wanted)


class Path:
    def __init__(self, system, node, state):
        self.system, self.node, self.state = system, node, state
        self.required, self.ours, self.grade, self.grade_required = True, False, "unknown", "unknown"
        self.means = self.control = self.step = ""
        self.until = self.last_admitted = self.first_refused = None

    def at(self, now):
        """(state, grade, until) as they stand at that time."""
        if self.state == "waived" and self.until is not None and milliseconds(self.until) <= now:
            return "live", "unknown", None
        return self.state, self.grade, self.until


class Case:
    def __init__(self):
        self.tenant = self.case = self.subject = ""
        self.entries, self.state, self.halted = 0, "draft", False
        self.detected = self.approved = self.identity_cut = self.zero = None
        self.plans, self.steps, self.paths, self.listings, self.gaps, self.tasks, self.exceptions, self.sign_ins = {}, {}, {}, {}, set(), {}, {}, {}

    # Each checks before it changes anything.
    def apply(self, leaf, prev, check_prev=True):
        def need(good, what):
            if not good:
                raise Refused(f"entry {leaf['case_seq']}: {what}")
        kind = leaf["kind"]
        need(leaf["case_seq"] == self.entries, f"its case_seq does not follow: expected {self.entries}")
        need(not check_prev or leaf["prev"] == prev, "its prev is not the hash of the entry before it")
        if self.entries:
            need((leaf["tenant"], leaf["case"]) == (self.tenant, self.case), "it belongs to another case or tenant")
        need(kind not in FIRST_ONLY or self.entries == 0, f"{kind} can only stand first")
        need(kind in FIRST_ONLY or self.detected or kind in WITHOUT_CASE, f"{kind} before the case was opened")
        getattr(self, "_" + kind, lambda *_: None)(leaf.get, need)
        self.tenant, self.case = leaf["tenant"], leaf["case"]
        self.entries += 1

    def _case_opened(self, get, need):
        need(get("subject"), "a case without a subject")
        self.subject, self.detected = get("subject"), get("t")

    def _plan_compiled(self, get, need):
        need(get("digest"), "a plan without a digest")
        name = get("step", "")
        if name not in self.plans or self.plans[name]["digest"] != get("digest"):
            self.plans[name] = {"digest": get("digest"), "approver": None}

    def _approved(self, get, need):
        found = next((name for name, plan in self.plans.items() if plan["digest"] == get("digest", "")), None)
        need(found is not None, "an approval of a plan that is not there")
        need(get("approver"), "an approval without an approver")
        self.plans[found]["approver"] = get("approver")
        if found == "" and self.approved is None:
            self.approved = get("t")

    def _state_changed(self, get, need):
        state = get("state", "")
        need(state in page.CASE[self.state], f"a case does not go from {self.state} to {state}")
        need(state != "restoring" or self.plans.get(RESTORE, {}).get("approver"), "restoring without an approved plan for it")
        if self.state == "halted":
            self.halted = False
        self.state = state

    def _path_found(self, get, need):
        need(get("target") and get("system") and get("node") in page.NODE_KINDS, "a path without target, system or kind")
        need(get("outcome") in ("required", "watched"), "a path is neither required nor watched")
        need(get("state", "live") in ("live", "unknown"), "a path is found live or unknown")
        need(get("means", "witness") == "witness", "a path is found by itself or opened as a witness")
        need(get("grade", "unknown") in page.GRADES, "its grade is unknown")
        path = self.paths.get(get("target"))
        need(path is None or (path.system, path.node) == (get("system"), get("node")), "a path changes its system or kind")
        if path is None:
            path = self.paths[get("target")] = Path(get("system"), get("node"), get("state", "live"))
        path.required, path.grade_required = get("outcome") == "required", get("grade", "unknown")
        path.ours = path.ours or get("means") == "witness"

    def _witness_intended(self, get, need):
        need(get("step") and get("target") and get("system") and get("node") in page.NODE_KINDS, "a witness without step, account, system or kind")
        need(not self.halted, "a witness while the case is halted")

    def _listed(self, get, need):
        need(get("node") in page.NODE_KINDS and get("completeness") in page.COMPLETENESS, "a listing of an unknown kind or completeness")
        self.listings[get("system", ""), get("target", ""), get("node")] = (get("completeness"), get("count", 0))

    def _gap_declared(self, get, need):
        need(get("node") in page.NODE_KINDS, "a gap of an unknown kind")
        self.gaps.add((get("system", ""), get("node")))

    def _step_intended(self, get, need):
        need(get("step"), "an intent without a step")
        need(not self.halted, "an intent while the case is halted")
        state, _ = self.steps.get(get("step"), ("pending", 0))
        need("intended" in page.STEP[state], f"a step does not go from {state} to intended")
        self.steps[get("step")] = ("intended", get("attempt", 0))

    def _step_outcome(self, get, need):
        need(get("step"), "an outcome without a step")
        state, attempt = self.steps.get(get("step"), ("pending", 0))
        need(get("outcome", "") in page.STEP[state], f"a step does not go from {state} to {get('outcome', '')}")
        need(state != "intended" or get("attempt", 0) in (0, attempt), "an outcome of another attempt than the one that is out")
        self.steps[get("step")] = (get("outcome"), attempt)

    def _path_changed(self, get, need):
        path, state, grade = self.paths.get(get("target", "")), get("state", ""), get("grade", "unknown")
        need(path is not None, "a change of a path that was never found")
        need(state in page.PATH and grade in page.GRADES, "its state or grade is unknown")
        need(state != "waived" or path.state == state, "waived without an approved exception")
        need(state != "restored" or self.state == "restoring", "given back in a case that is not being restored")
        need(state == path.state or state in page.PATH[path.state], f"a path does not go from {path.state} to {state}")
        need(state != "ended" or grade != "unknown", "an ending without a grade")
        path.state, path.grade, path.means, path.control, path.until = state, grade, get("means", ""), get("control", ""), get("until")
        path.step = get("step", path.step)
        if state in ("live", "restored"):
            path.first_refused = None
        if state == "live" and path.required:
            self.zero = None

    def _probed(self, get, need):
        answer, moment, outcome = get("answer", ""), get("moment", ""), get("outcome")
        need(answer in page.ANSWERS and moment in page.MOMENTS, "its answer or moment is unknown")
        if get("state"):
            self._path_changed(get, need)
        path = self.paths.get(get("target", ""))
        if path is None or moment == "control":
            return
        if answer == "admitted" or outcome == "present":
            path.last_admitted, path.first_refused = get("t"), None
        elif (answer == "refused" or outcome == "absent") and moment != "before" and path.first_refused is None:
            path.first_refused = get("t")

    def _milestone(self, get, need):
        need(get("outcome") in ("identity_cut", "zero"), "an unknown milestone")
        setattr(self, get("outcome"), get("t"))

    def _task_changed(self, get, need):
        need(get("outcome") in ("asked", "done", "overdue"), "a task's outcome is unknown")
        self.tasks[get("target", "")] = get("outcome")

    def _halted(self, get, need):
        self.halted = True

    def _resumed(self, get, need):
        self.halted = False

    def _exception_asked(self, get, need):
        need(get("digest") and get("until") and get("count", 0) >= 1, "an exception without digest, end or number of paths")
        need(get("target", "") in self.paths, "an exception for a path that was never found")
        known = self.exceptions.get(get("digest"))
        if known:
            need(not known["approved_at"] and (known["until"], known["count"]) == (get("until"), get("count")), "an exception changes after it was asked for")
            need(get("target") not in known["paths"] and len(known["paths"]) < known["count"], "an exception names a path twice, or more than it said")
        else:
            known = self.exceptions[get("digest")] = {"paths": [], "until": get("until"), "count": get("count"), "asked_at": get("t"),
                                                      "approver": None, "approved_at": None, "expired_at": None}
        known["paths"].append(get("target"))
        known["asked_by"] = get("actor", "")

    def _waived_until(self, target):
        return max((e["until"] for e in self.exceptions.values() if e["approved_at"] and not e["expired_at"] and target in e["paths"]), default=None)

    def _exception_approved(self, get, need):
        granted = self.exceptions.get(get("digest", ""))
        need(granted, "an approval of an exception that was not asked for")
        need(get("approver") and not granted["approved_at"], "an exception without an approver, or approved twice")
        need(get("approver") not in (granted["asked_by"], self.subject), "an exception is approved by who asked for it, or by the subject")
        need(len(granted["paths"]) == granted["count"], "an exception was not asked for to its end")
        need(get("until") == granted["until"] and get("t") < granted["until"], "an exception has another end, or has passed it")
        paths = {target: self.paths[target] for target in granted["paths"]}
        need(all(p.state == "waived" or "waived" in page.PATH[p.state] for p in paths.values()), "a path may not be waived from what it is")
        granted["approver"], granted["approved_at"] = get("approver"), get("t")
        for target, path in paths.items():
            path.state = path.grade = "waived"
            path.means = path.control = ""
            path.first_refused, path.until = None, self._waived_until(target)

    def _exception_expired(self, get, need):
        ended = self.exceptions.get(get("digest", ""))
        need(ended and ended["approved_at"] and not ended["expired_at"], "an exception ends that did not stand")
        ended["expired_at"] = get("t")
        for target in ended["paths"]:
            path = self.paths[target]
            if path.state != "waived":
                continue
            path.until = self._waived_until(target)
            if path.until is None:
                path.state, path.grade = "live", "unknown"
                if path.required:
                    self.zero = None

    def _used(self, get, need):
        need(get("node") in page.NODE_KINDS and get("moment") in page.USE_MOMENTS, "a sign-in of an unknown kind or moment")
        need(get("target") and get("system") and get("count") is not None and not get("until"), "a sign-in without target, system or instant, or with an end")
        if get("state"):
            path = self.paths.get(get("target"))
            need(path and path.state == "ended" and get("state") == "live" and get("moment") == "after_cut", "a sign-in only makes an ended path live, after its cut")
            self._path_changed(get, need)

    def _sign_ins_listed(self, get, need):
        need(get("system") and get("completeness") in page.COMPLETENESS, "a listing of sign-ins without system or completeness")
        self.sign_ins[get("system")] = (get("completeness"), get("count", 0))

    # --- how it stands ------------------------------------------------------------------------------------------------------------
    def _of_path(self, path, now):
        state, grade, _ = path.at(now)
        if state == "ended":
            return 0 if at_least(grade, path.grade_required) else 4
        if state == "ending":
            return 3 if path.last_admitted and not path.first_refused else 4
        return {"waived": 0, "restored": 0, "draining": 8, "unknown": 4, "live": 3}[state]

    def _covers(self, account, completeness):
        path = self.paths.get(account) if account else None
        if completeness == "full":
            return True
        return (path is not None and path.node == "account"
                and (path.state in ("waived", "restored") or path.state == "ended" and at_least(path.grade, "witnessed")))

    def exit(self, now):
        found = {self._of_path(path, now) for path in self.paths.values() if path.required}
        found |= {4 for (_, account, _), (completeness, _) in self.listings.items() if not self._covers(account, completeness)}
        if (self.halted or self.state in ("draft", "waiting_approval", "halted", "restoring")
                or any(plan["approver"] is None for name, plan in self.plans.items() if name != RESTORE)
                or any(state == "held" for state, _ in self.steps.values())):
            found.add(5)
        elif not self.paths and not self.listings and self.state not in ("closed", "cancelled", "superseded", "restored"):
            found.add(4)
        return next((code for code in (3, 4, 8, 5) if code in found), 0)
