"""The invariants I1 to I8 of a gateway's life, checked against its log, its clients and its upstream."""
import json
import pathlib
import sys

REFERENCE = pathlib.Path(__file__).resolve().parent.parent / "reference"


class Violations(list):
    """What was found, one sentence each."""

    def claim(self, holds, sentence):
        if not holds:
            self.append(sentence)


class Reference:
    """The reference evaluator, asked what a call without limits deserves."""

    def __init__(self, policy):
        sys.path.insert(0, str(REFERENCE))
        try:
            import evaluator
        finally:
            sys.path.remove(str(REFERENCE))
        self.evaluate, self.policy, self.known = evaluator.evaluate, json.dumps(policy), {}

    def verdict(self, tool, arguments, label):
        """(decision, rule)."""
        text = json.dumps({key: value for key, value in arguments.items() if key != "marker"}, sort_keys=True)
        if (tool, text) not in self.known:
            answer = self.evaluate({"policy": self.policy, "tool": tool, "args": text, "category": None, "known": True,
                                    "grant": {"label": label, "labels": {}}, "identity": {}, "time_us": 0, "counts": {}})
            self.known[tool, text] = (answer["decision"], answer["rule"])
        return self.known[tool, text]


class Books:
    """What the log says, by the caller's id (unique over the whole rig)."""

    def __init__(self, records):
        self.intents, self.outcomes, self.denials, self.doubles = {}, {}, {}, []
        calls = {}  # by the gateway's id, whatever the method
        for record in records:
            if record["event"] in ("call.outcome", "call.outcome_unknown"):
                if record["id"] in self.outcomes:
                    self.doubles.append(record["id"])
                self.outcomes[record["id"]] = record
            elif record["event"] in ("call.intent", "call.denied"):
                if record["event"] == "call.intent":
                    calls[record["id"]] = record
                if record["method"] == "tools/call":
                    caller = record["request"]["id"]
                    book = self.intents if record["event"] == "call.intent" else self.denials
                    if caller in book:
                        self.doubles.append(caller)
                    book[caller] = record
        self.open = [id for id in calls if id not in self.outcomes]
        self.orphans = [id for id in self.outcomes if id not in calls]

    def outcome_of(self, caller):
        intent = self.intents.get(caller)
        return self.outcomes.get(intent["id"]) if intent else None


def check(violations, books, answered, seen_markers, reference=None):
    """answered: list of (marker, tool, arguments, label, denied, rule) of whole answers; seen_markers: at the upstream."""
    for marker in seen_markers:
        violations.claim(marker in books.intents, f"I1: {marker} was forwarded without an intent")
    for marker, tool, arguments, label, denied, rule in answered:
        if denied:
            violations.claim(marker in books.denials, f"I2: {marker} was denied without a record")
            violations.claim(marker not in seen_markers, f"I2: {marker} was denied and forwarded")
            recorded = books.denials.get(marker, {}).get("rule")
            violations.claim(recorded in (None, rule), f"I2: {marker} was told {rule}, the log says {recorded}")
        else:
            outcome = books.outcome_of(marker)
            violations.claim(outcome is not None, f"I2: {marker} was answered without an outcome")
            violations.claim(outcome is None or outcome["event"] == "call.outcome",
                             f"I2: {marker} was answered, its outcome is said to be unknown")
        if reference and tool not in ("spend", "transfer"):
            expected = reference.verdict(tool, arguments, label)
            got = ("deny", rule) if denied else ("allow", "")
            violations.claim(expected == got, f"I8: {tool} {arguments}: the gateway says {got}, the reference {expected}")
    for caller in books.doubles:
        violations.append(f"I2: two records of one kind for {caller}")
    for id in books.open:
        violations.append(f"I2: the intent {id} has no outcome, not even an unknown one")
    for id in books.orphans:
        violations.append(f"I1: the outcome {id} has no intent")


def check_approvals(violations, records, requests, decided, transfers):
    """I4. requests: what the store holds after the start; decided: id -> what a person was told had been done;
    transfers: shared marker -> calls that reached the upstream."""
    runs, given_back, approved, by_marker = {}, {}, set(), {}
    intents = {record["id"]: record for record in records if record["event"] == "call.intent"}
    for record in records:
        if record["event"] == "call.intent" and record.get("approval"):
            runs.setdefault(record["approval"], []).append(record["id"])
        elif record["event"] == "approval.given_back":
            given_back[record["request"]] = given_back.get(record["request"], 0) + 1
        elif record["event"] == "approval.approved":
            approved.add(record["request"])
    for record in intents.values():
        violations.claim(record.get("tool") != "transfer" or record.get("approval") in approved,
                         f"I4: {record['id']} ran without an approval in the log")
    for request, ids in runs.items():
        violations.claim(len(ids) - given_back.get(request, 0) <= 1, f"I4: {request} let {ids} run")
    states = {row["id"]: row for row in requests}
    for request, what in decided.items():
        state = states.get(request, {}).get("state")
        good = ("approved", "used", "expired") if what == "approve" else ("denied",)
        violations.claim(state in good, f"I4: {request} was told {what}, and is {state} after the start")
    for row in requests:
        uses = [use["decision"] for use in row["uses"]]
        violations.claim(len(uses) == (row["state"] == "used"), f"I4: {row['id']} is {row['state']} with the uses {uses}")
        for decision in uses:
            violations.claim(decision in intents, f"I4: {row['id']} was spent on {decision}, which never ran, and is lost")
        marker = (row.get("arguments") or {}).get("marker")
        by_marker[marker] = by_marker.get(marker, 0) + (row["id"] in approved)
    for marker, count in transfers.items():
        violations.claim(count <= by_marker.get(marker, 0),
                         f"I4: {marker} ran {count} times with {by_marker.get(marker, 0)} approvals")


def find_canaries(folder, canaries, skip=()):
    """I6: files under `folder` that hold one of the strings."""
    hits = []
    for file in pathlib.Path(folder).rglob("*"):
        if not file.is_file() or file.name in skip or file.is_symlink():
            continue
        data = file.read_bytes()
        hits += [f"I6: {file.name} holds a secret ({canary[:6]}...)" for canary in canaries if canary.encode() in data]
    return hits
