"""Section H of the attack cases: argument conditions, judged by the running gateway."""
import json
import pathlib
import tempfile
import time
import unittest

from attack.era import AttackCase
from harness.case import ALLOWED, NOTHING, answered, denied, log_denial


def deny(path, op, value):
    return {"deny_if": [{"conditions": [{"path": path, "op": op, "value": value}]}]}


def require(path, op, value):
    return {"require": [{"conditions": [{"path": path, "op": op, "value": value}]}]}


TOOLS = {
    "deny_gt": deny("args.amount", "gt", 10000),
    "need_lte": require("args.amount", "lte", 10000),
    "deny_eq": deny("args.kind", "eq", "drop"),
    "deny_neq": deny("args.kind", "neq", "keep"),
    "need_neq": require("args.kind", "neq", "drop"),
    "need_in": require("args.kind", "in", ["a", "b"]),
    "deny_not_in": deny("args.kind", "not_in", ["a", "b"]),
    "need_exists": require("args.force", "exists", True),
    "deny_exists": deny("args.force", "exists", True),
    "deny_missing": deny("args.force", "exists", False),
    "deny_dotted": deny('args["a.b"]', "eq", "x"),
    "deny_nested": deny("args.a.b", "eq", "x"),
    "deny_odd": deny('args["~/[\\"k\\"]"]', "eq", "x"),
    "deny_any": deny("args.to[*]", "eq", "bad@x.example"),
    "need_every": require("args.to[*]", "ends_with", "@good.example"),
    "need_nested": require("args.to[*][*]", "lte", 5),
    "deny_index": deny("args.to[0]", "eq", "bad"),
    "deny_regex": deny("args.q", "regex", "(?i)drop"),
    "need_regex": require("args.q", "regex", "^[a-z]+$"),
    "deny_slow": deny("args.q", "regex", "(a+)+$"),
    "deny_contains": deny("args.q", "contains", "rm"),
}
POLICY = {"version": "1", "default": "deny", "tools": TOOLS}


class Conditions(AttackCase):
    policies = {"open": ("up", POLICY),
                "watch": ("up", {**POLICY, "mode": "observe", "hide": ["hidden_tool"]})}
    grants = {"agent": ("up", "open"), "watched": ("up", "watch")}

    @classmethod
    def make_upstream(cls):
        upstream = super().make_upstream()
        upstream.server.tools = [{"name": name, "inputSchema": {"type": "object"}} for name in (*TOOLS, "other", "hidden_tool")]
        return upstream

    def judge(self, case, tool, arguments, rule=""):
        """One call; `rule` empty: it passes. `arguments` may be JSON text, to keep a spelling."""
        agent = self.ready("2025-11-25")
        raw = arguments if isinstance(arguments, str) else json.dumps(arguments)
        body = json.dumps(agent.build("tools/call", {"name": tool, "arguments": "@"})).replace('"@"', raw).encode()
        send = lambda: agent.post_bytes(body, agent.headers())  # noqa: E731
        if rule:
            rule = f"/tools/{tool}/{rule}"
            self.assert_case(f"{case} {tool} {raw[:60]}", send, client=denied(rule=rule), upstream=NOTHING,
                             log=log_denial(rule))
        else:
            self.assert_case(f"{case} {tool} {raw[:60]}", send, client=answered(), upstream=["tools/call"], log=ALLOWED)

    def test_T157_no_coercion(self):
        for raw in ('"10001"', '"9"', "true", "[10001]", '{"value":10001}', "false", '""', "[]"):
            self.judge("T157", "need_lte", f'{{"amount":{raw}}}', "require/args.amount-lte-type")
        self.judge("T157", "need_lte", '{"amount":null}', "require/args.amount-lte")
        self.judge("T157", "need_lte", '{"amount":10000}')

    def test_T158_absence(self):
        for raw in ("{}", '{"amount":null}'):
            self.judge("T158", "need_lte", raw, "require/args.amount-lte")
            self.judge("T158", "deny_gt", raw)
        for raw, passes in (("{}", False), ('{"force":null}', False), ('{"force":""}', True), ('{"force":{}}', True),
                            ('{"force":false}', True), ('{"force":[]}', True)):
            self.judge("T158", "need_exists", raw, "" if passes else "require/args.force-exists")
            self.judge("T158", "deny_exists", raw, "deny_if/args.force-exists" if passes else "")
            self.judge("T158", "deny_missing", raw, "" if passes else "deny_if/args.force-exists")
        for raw in ("{}", '{"kind":null}'):
            self.judge("T158", "deny_neq", raw, "deny_if/args.kind-neq")
            self.judge("T158", "need_neq", raw, "require/args.kind-neq")
            self.judge("T158", "need_in", raw, "require/args.kind-in")
            self.judge("T158", "deny_not_in", raw, "deny_if/args.kind-not_in")
            self.judge("T158", "deny_eq", raw)

    def test_T159_a_wrong_type_does_not_dodge_a_deny(self):
        for raw in ('"10001"', '"1"', "true", "[10001]", '{"value":1}'):
            self.judge("T159", "deny_gt", f'{{"amount":{raw}}}', "deny_if/args.amount-gt-type")
        for raw in ("1", "true", '["drop"]', '{"a":1}'):
            self.judge("T159", "deny_eq", f'{{"kind":{raw}}}', "deny_if/args.kind-eq-type")
            self.judge("T159", "deny_not_in", f'{{"kind":{raw}}}', "deny_if/args.kind-not_in-type")
            self.judge("T159", "deny_regex", f'{{"q":{raw}}}', "deny_if/args.q-regex-type")
        self.judge("T159", "deny_nested", '{"a":"x"}', "deny_if/args.a.b-eq-type")
        self.judge("T159", "deny_any", '{"to":"bad@x.example"}', "deny_if/args.to[*]-eq-type")

    def test_T160_paths_are_unambiguous(self):
        self.judge("T160", "deny_dotted", '{"a.b":"x"}', 'deny_if/args["a.b"]-eq')
        self.judge("T160", "deny_dotted", '{"a":{"b":"x"}}')
        self.judge("T160", "deny_nested", '{"a":{"b":"x"}}', "deny_if/args.a.b-eq")
        self.judge("T160", "deny_nested", '{"a.b":"x"}')
        self.judge("T160", "deny_odd", '{"~/[\\"k\\"]":"x"}', 'deny_if/args["~/[\\"k\\"]"]-eq')
        self.judge("T160", "deny_odd", '{"~":{"[k]":"x"}}')

    def test_T161_indices(self):
        self.judge("T161", "deny_index", '{"to":{"0":"bad"}}', "deny_if/args.to[0]-eq-type")
        self.judge("T161", "deny_index", '{"to":["bad"]}', "deny_if/args.to[0]-eq")
        self.judge("T161", "deny_index", '{"to":[]}')
        self.assertEqual(self.validate({"version": "1", "default": "deny", "tools": {
            "x": deny("args.to[-1]", "eq", "bad")}}).returncode, 3)

    def test_T162_arrays(self):
        bad = "bad@x.example"
        ten = [f"a{number}@good.example" for number in range(9)]
        self.judge("T162", "deny_any", {"to": [*ten, bad]}, "deny_if/args.to[*]-eq")
        self.judge("T162", "deny_any", {"to": ten})
        self.judge("T162", "deny_any", {"to": []})
        self.judge("T162", "need_every", {"to": [*ten, bad]}, "require/args.to[*]-ends_with")
        self.judge("T162", "need_every", {"to": ten})
        for nothing in ({"to": []}, {}, {"to": None}):
            self.judge("T162", "need_every", nothing, "require/args.to[*]-ends_with")
        self.judge("T162", "need_every", {"to": [1]}, "require/args.to[*]-ends_with-type")
        self.judge("T162", "need_nested", {"to": [[1, 2], [5]]})
        self.judge("T162", "need_nested", {"to": [[1, 2], [6]]}, "require/args.to[*][*]-lte")
        self.judge("T162", "need_nested", {"to": [[1], []]}, "require/args.to[*][*]-lte")
        many = [f"a{number}@good.example" for number in range(10_000)]
        started = time.monotonic()
        self.judge("T162", "need_every", {"to": many})
        self.judge("T162", "need_every", {"to": [*many, bad]}, "require/args.to[*]-ends_with")
        self.assertLess(time.monotonic() - started, 10)

    def test_T164_an_omitted_argument(self):
        self.judge("T164", "need_exists", "{}", "require/args.force-exists")
        agent = self.ready("2025-11-25")
        message = agent.build("tools/call", {"name": "need_exists"})
        rule = "/tools/need_exists/require/args.force-exists"
        self.assert_case("T164 no arguments at all", lambda: agent.post(message), client=denied(rule=rule),
                         upstream=NOTHING, log=log_denial(rule))

    def test_T166_strings_are_bytes(self):
        self.judge("T166", "deny_eq", {"kind": "drop"}, "deny_if/args.kind-eq")
        for text in ("Drop", "drop ", " drop", "drop\t", "dro\u0301p", "drop\n", "ｄrop", ""):
            self.judge("T166", "deny_eq", {"kind": text})
            self.judge("T166", "need_in", {"kind": text}, "require/args.kind-in")

    def test_T167_regex_searches_and_ends_mean_the_text(self):
        self.judge("T167", "deny_regex", {"q": "x\nDROP y"}, "deny_if/args.q-regex")
        self.judge("T167", "need_regex", {"q": "abc"})
        for text in ("abc\n", "abc\nDROP", "\nabc", "ab c", ""):
            self.judge("T167", "need_regex", {"q": text}, "require/args.q-regex")

    def test_T168_regex_is_linear_and_bounded(self):
        started = time.monotonic()
        self.judge("T168", "deny_slow", {"q": "a" * 50_000 + "b"})
        self.assertLess(time.monotonic() - started, 5)
        # Alternatives without common beginnings, which the engine could fold.
        big = "|".join(f"{number * 2654435761 % 2**32:08x}" for number in range(10_000))
        done = self.validate({"version": "1", "default": "deny", "tools": {"x": deny("args.q", "regex", big)}})
        self.assertEqual(done.returncode, 3, done.stdout)
        for pattern in ("(?m)^a", "\\C", "(", "a{1000}{1000}"):
            done = self.validate({"version": "1", "default": "deny", "tools": {"x": deny("args.q", "regex", pattern)}})
            self.assertEqual(done.returncode, 3, pattern)

    def validate(self, document):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "p.json")
            file.write_text(document if isinstance(document, str) else json.dumps(document))
            return self.gateway.run("policy", "validate", str(file))

    def test_T174_numbers(self):
        for raw, passes in (("1e4", True), ("10000.0", True), ("1E+4", True), ("-0", True), ("0.1e5", True), ("10000.5", False),
                            ("1e5", False), ("9007199254740993", False), ("-9007199254740993", True), ("100000e-1", True),
                            ("100001e-1", False)):
            self.judge("T174", "need_lte", f'{{"amount":{raw}}}', "" if passes else "require/args.amount-lte")
            self.judge("T174", "deny_gt", f'{{"amount":{raw}}}', "" if passes else "deny_if/args.amount-gt")

    def test_T176_order_and_conflicts(self):
        """Two servers' policies may not share a name, and the order of a document's keys changes nothing."""
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "p.json").write_text(json.dumps({"version": "1", "default": "deny"}))
            config = pathlib.Path(folder, "doorward.yaml")
            config.write_text(json.dumps({
                "servers": [{"name": "up", "url": "http://127.0.0.1:1/mcp"}],
                "policies": [{"name": "a", "server": "up", "file": "p.json"}, {"name": "a", "server": "up", "file": "p.json"}]}))
            self.assertEqual(self.gateway.run("config", "check", str(config)).returncode, 3)
            rules = set()
            for keys in (["a*", "ab*", "*b"], ["*b", "ab*", "a*"], ["ab*", "*b", "a*"]):
                file = pathlib.Path(folder, "order.json")
                file.write_text(json.dumps({"default": "allow", "tools": {key: {"deny_if": [{"conditions": []}]} for key in keys},
                                            "version": "1"}))
                done = self.gateway.run("policy", "explain", str(file), "--tool", "abb", "--args", "{}", "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                rules.add(json.loads(done.stdout)["rule"])
            self.assertEqual(rules, {"/tools/*b/deny_if/0"})

    def test_T178_observe_mode(self):
        """A document that observes lets pass and records; one that enforces, on another grant, still denies."""
        watched = self.client("watched")
        rule = "/tools/deny_eq/deny_if/args.kind-eq"
        self.assert_case("T178 observed", lambda: watched.call("deny_eq", {"kind": "drop"}), client=answered(),
                         upstream=["tools/call"],
                         log=[{"event": "call.intent", "verdict": "deny", "enforced": False, "rule": rule},
                              {"event": "call.outcome"}])
        self.assert_case("T178 hidden, observed", lambda: watched.call("hidden_tool"), client=answered(),
                         upstream=["tools/call"],
                         log=[{"event": "call.intent", "verdict": "hide", "enforced": False, "rule": "(hidden)"},
                              {"event": "call.outcome"}])
        self.assertIn("hidden_tool", watched.tools())
        self.gateway.new_records()
        self.judge("T178 enforced beside it", "deny_eq", '{"kind":"drop"}', "deny_if/args.kind-eq")


if __name__ == "__main__":
    unittest.main()
