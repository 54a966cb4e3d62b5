"""The three assertions of every attack case: what the client got, what the upstream saw, what the log says."""
import datetime
import json
import time
import unittest

from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

# The upstream saw no byte; where the call was judged, it may have seen the gateway's own tools/list, by which the
# gateway learns which tools exist (a hidden name takes the same steps as an unknown one).
NOTHING = "nothing"
SECONDS_FOR_LOG = 5.0


def has(text):
    """Expectation: a string that contains `text`."""
    def check(value):
        return isinstance(value, str) and text in value
    check.__name__ = f"has({text!r})"
    return check


def refused(status=400, code=-32600, closed=None):
    """Expectation for the client: refused before any decision."""
    return {"status": status, "code": code, "closed": closed}


def denied(text="", **members):
    """Expectation for the client: a denial that the model reads as text."""
    return {"status": 200, "denied": text, **members}


def unknown_tool(name):
    return {"status": 200, "code": -32602, "message": f"Unknown tool: {name}"}


def answered(**members):
    """Expectation for the client: the upstream's result."""
    return {"status": 200, "ok": True, **members}


REJECTED = {"event": "request.rejected"}
ALLOWED = [{"event": "call.intent", "verdict": "allow", "rule": ""}, {"event": "call.outcome"}]


def log_denial(rule, **members):
    return {"event": "call.denied", "verdict": "deny", "enforced": True, "rule": rule, **members}


def log_hidden(rule="(hidden)"):
    return {"event": "call.denied", "verdict": "hide", "rule": rule}


class GatewayCase(unittest.TestCase):
    """A test class (usually a whole module) with one gateway before one recording upstream.

    Subclasses set the class members; `setUpClass` starts both. `self.client(grant)` gives a ready client.
    """
    maxDiff = None
    policies = {"open": ("up", {"version": "1", "default": "allow"})}
    grants = {"agent": ("up", "open")}
    config = {}
    version = "2025-11-25"

    @classmethod
    def setUpClass(cls):
        cls.upstream = cls.make_upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.gateway = cls.make_gateway()
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()

    @classmethod
    def make_upstream(cls):
        return RecordingUpstream()

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": cls.upstream.url}, cls.policies, cls.grants, **cls.config)

    def setUp(self):
        self.upstream.hook = None
        self.started = time.time()

    def client(self, grant="agent", version=None, ready=True, **options):
        client = self.gateway.client(grant, version=version or self.version, **options)
        self.addCleanup(client.close)
        if ready:
            client.initialize()
        return client

    # ---- the three assertions ----

    def assert_case(self, case, send, *, client, upstream, log):
        """Runs `send()`, which returns the client's Answer (or None), as a subtest.

        client: a dict as `refused`, `denied`, `answered` make, a list of acceptable ones, or a function of the answer.
        upstream: NOTHING; the list of JSON-RPC methods that arrived, the gateway's own tools/list aside; or a function of
             the list of Seen.
        log: a dict of members (dotted paths) that one new record has, or a list of them, each another record.
             REJECTED also finds its rejection in a summary. What is not listed must not be there: no other record of
             a call, and no rejection, may be new.
        """
        with self.subTest(case):
            wanted = [log] if isinstance(log, dict) else log
            self.gateway.new_records()
            mark = self.upstream.mark()
            self.started = time.time()
            answer = send()
            self.assert_client(answer, client)
            self.assert_upstream(mark, upstream, judged=any(want["event"] != "request.rejected" for want in wanted))
            self.assert_log(wanted)
            return answer

    def assert_client(self, answer, expected):
        if callable(expected):
            expected(answer)
            return
        choices = expected if isinstance(expected, list) else [expected]
        found = [problems_of(answer, choice) for choice in choices]
        if all(found):
            self.fail(f"client: {found[0]}; the answer was {answer!r}")

    def assert_upstream(self, mark, expected, judged=True):
        seen = self.upstream.since(mark)
        if expected == NOTHING and not judged:
            self.assertEqual(self.upstream.bytes_since(mark), b"", "upstream: bytes arrived")
            return
        seen = [request for request in seen if request.rpc != "tools/list"]
        if callable(expected):
            expected(seen)
        else:
            self.assertEqual([request.rpc for request in seen], [] if expected == NOTHING else expected,
                             "upstream: other requests arrived")

    def assert_log(self, expected):
        """Waits until every expected record is there, then checks that there are no others of calls or rejections."""
        fresh, deadline = [], time.monotonic() + SECONDS_FOR_LOG
        while True:
            # What was asked before this case may reach its segment only now: it is neither wanted nor surplus.
            fresh += [record for record in self.gateway.new_records() if when(record) >= self.started]
            missing, others = match_records(fresh, expected)
            if not missing:
                break
            if time.monotonic() > deadline:
                self.fail(f"log: no record {missing[0]}; new records: {json.dumps(fresh, indent=1)}")
            time.sleep(0.01)
        self.assertEqual(others, [], "log: records that should not be there")


def when(record):
    return datetime.datetime.fromisoformat(record["time"]).timestamp()


def problems_of(answer, expected):
    """Why the answer is not the expected one; empty when it is."""
    if answer is None:
        return "no answer at all"
    for key, want in expected.items():
        if want is None:
            continue
        if key == "status":
            wanted = want if isinstance(want, (set, tuple)) else {want}
            if answer.status not in wanted:
                return f"status {answer.status}, not {want}"
        elif key == "closed":
            if answer.closed is not None and answer.closed != want:
                return "the connection stayed open" if want else "the connection was closed"
        elif key == "header":
            for name, value in want.items():
                if answer.header(name) is None or value not in answer.header(name):
                    return f"header {name} is {answer.header(name)!r}, not {value!r}"
        else:
            try:
                message = answer.message()
            except (AssertionError, ValueError) as error:
                return f"no JSON-RPC message: {error}"
            if problem := message_problem(message, key, want):
                return problem
    return ""


def message_problem(message, key, want):
    result = message.get("result") or {}
    text = "\n".join(block.get("text", "") for block in result.get("content", []))
    if key == "code":
        codes = want if isinstance(want, (set, tuple)) else {want}
        got = message.get("error", {}).get("code")
        return "" if got in codes else f"error code {got}, not {want}"
    if key == "message":
        got = message.get("error", {}).get("message", "")
        return "" if want in got else f"error message {got!r} without {want!r}"
    if key == "ok":
        return "" if "result" in message and not result.get("isError") else f"no good result: {message}"
    if key == "denied":
        if not result.get("isError") or not text.startswith("[POLICY DENIED] "):
            return f"no denial: {message}"
        return "" if want in text else f"denial {text!r} without {want!r}"
    if key == "text":
        return "" if want in text else f"text {text!r} without {want!r}"
    if key == "rule":
        got = result.get("_meta", {}).get("io.doorward/decision", {}).get("rule")
        return "" if got == want else f"rule {got!r}, not {want!r}"
    if key == "id":
        return "" if message.get("id") == want else f"id {message.get('id')!r}, not {want!r}"
    raise ValueError(f"no expectation is called {key}")


def match_records(records, expected):
    """(the expectations without a record, the records of calls and rejections that nobody expects)."""
    left = [record for record in records if record["event"].startswith(("call.", "request."))]
    missing = []
    for want in expected:
        # The newest first: an older one may be left over from what was asked before the case.
        found = next((record for record in reversed(left) if fits(record, want)), None)
        if found is None:
            missing.append(want)
        elif found["event"] == "request.rejected.summary" and found["count"] > 1:
            found["count"] -= 1
        else:
            left.remove(found)
    return missing, left


def fits(record, want):
    if record["event"] == "request.rejected.summary" and want.get("event") == "request.rejected":
        return all(fits_member(record, key, value) for key, value in want.items() if key in ("code", "http_status"))
    return all(fits_member(record, key, value) for key, value in want.items())


def fits_member(record, path, want):
    value = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if callable(want):
        return want(value)
    return value in want if isinstance(want, (set, tuple)) else value == want


__all__ = ["ALLOWED", "NOTHING", "REJECTED", "GatewayCase", "answered", "denied", "has", "log_denial", "log_hidden",
           "refused", "unknown_tool"]
