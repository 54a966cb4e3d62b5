"""The reference evaluator on its own: the worked examples of policy.md and its sentences, one by one."""

import json
import unittest

import laws
import re2_client
from evaluator import evaluate
from generate import batch
from strict_json import Number, read

SECTION_2 = {
    "version": "1",
    "description": "Support agents on Stripe",
    "mode": "enforce",
    "default": "deny",
    "hide": ["delete_account", "admin_*"],
    "all_tools": {"limits": [{"counter": "calls-per-minute", "window": "minute", "max": 60,
                              "scope": "grant"}]},
    "risk": {"Destructive": {"action": "approve"}, "Read": {}},
    "tools": {"create_refund": {
        "require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}],
                     "on_deny": "Give a reason."}],
        "deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 10000}],
                     "on_deny": "Refunds stop at 10000."}],
        "approve_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 1000}],
                        "approvers": ["payments"],
                        "expires": "10m"}],
        "limits": [{"counter": "refund-total", "window": "day", "max": 50000, "scope": "grant",
                    "amount": "args.amount"}],
    }},
}


def ask(policy, tool="t", args="{}", **more):
    case = {"policy": policy if isinstance(policy, str) else json.dumps(policy), "tool": tool, "args": args,
            "category": "Other", "server": "stripe", "grant": {"label": "ci", "labels": {"team": "a"}},
            "identity": None,
            "time_us": 0, "known": True}
    case.update(more)
    answer = evaluate(case)
    return answer["decision"], answer["rule"], answer["pointer"]


def with_block(block, **top):
    return dict({"version": "1", "default": "deny", "tools": {"t": block}}, **top)


def judged(kind, path, op, value, args, **more):
    """"true", "false" or "error" of one condition, read off the answer."""
    spelled = value[4:] if isinstance(value, str) and value.startswith("raw:") else json.dumps(value)
    block = {kind: [{"conditions": [{"path": path, "op": op, "value": "VALUE"}]}]}
    text = json.dumps(with_block(block)).replace('"VALUE"', spelled)
    decision, rule, _ = ask(text, args=args if args is None or isinstance(args, str) else json.dumps(args),
                            **more)
    if decision in ("invalid", "malformed"):
        return decision
    if rule.endswith("-type"):
        return "error"
    return "true" if (decision == "allow") == (kind == "require") else "false"


class Order(unittest.TestCase):
    def test_worked_example(self):
        refund = lambda args, **more: ask(SECTION_2, "create_refund", args, category="Financial", **more)
        self.assertEqual(refund('{"amount":5,"reason":"x"}'), ("allow", "", ""))
        self.assertEqual(refund('{"amount":5}'), (
            "deny", "/tools/create_refund/require/args.reason-exists",
            "/tools/create_refund/require/0/conditions/0"))
        self.assertEqual(refund('{"amount":10000.0000000000000001,"reason":"x"}'), (
            "deny", "/tools/create_refund/deny_if/args.amount-gt",
            "/tools/create_refund/deny_if/0/conditions/0"))
        self.assertEqual(refund('{"amount":10000,"reason":"x"}')[0], "approve")
        self.assertEqual(refund('{"amount":"10001","reason":"x"}')[1],
                         "/tools/create_refund/deny_if/args.amount-gt-type")
        self.assertEqual(refund('{"amount":1000,"reason":"x"}',
                                counts={"/tools/create_refund/limits/0": "49000.000001"}), (
            "deny", "/tools/create_refund/limits/refund-total", "/tools/create_refund/limits/0"))
        self.assertEqual(refund('{"amount":1000,"reason":"x"}',
                                counts={"/tools/create_refund/limits/0": "49000"})[0], "allow")
        self.assertEqual(refund('{"reason":"x"}')[1], "/tools/create_refund/limits/refund-total-type")
        self.assertEqual(ask(SECTION_2, "x", category="Read", counts={"/all_tools/limits/0": "60"}), (
            "deny", "/all_tools/limits/calls-per-minute", "/all_tools/limits/0"))
        self.assertEqual(ask(SECTION_2, "x", category="Read", counts={"/all_tools/limits/0": "59"})[0],
                         "allow")
        self.assertEqual(ask(SECTION_2, "x", category="Destructive"), (
            "approve", "/risk/Destructive/action", "/risk/Destructive/action"))
        self.assertEqual(ask(SECTION_2, "x"), ("deny", "(default deny)", "/default"))
        self.assertEqual(ask(SECTION_2, "admin_x"), ("hide", "(hidden)", "/hide/1"))
        self.assertEqual(ask(SECTION_2, "create_refund", known=False), ("hide", "(unknown tool)", ""))
        self.assertEqual(ask(SECTION_2, "admin_x", known=False)[1], "(hidden)")

    def test_published_policies(self):
        hide = {"version": "1", "default": "deny", "hide": ["api_key_delete"]}
        self.assertEqual(ask(hide, "api_key_delete")[1], "(hidden)")
        self.assertEqual(ask(hide, "list")[1], "(default deny)")
        self.assertEqual(ask(with_block({"action": "deny", "reason": "No."}))[1:],
                         ("/tools/t/action", "/tools/t/action"))
        limited = with_block({"rate_limit": {"max": 10, "window": 60}})
        self.assertEqual(ask(limited, counts={"/tools/t/rate_limit": "9"})[0], "allow")
        self.assertEqual(ask(limited, counts={"/tools/t/rate_limit": "10"})[1:],
                         ("/tools/t/rate_limit", "/tools/t/rate_limit"))

    def test_blocks_come_exact_globs_risk_all_tools(self):
        deny = lambda: {"deny_if": [{"conditions": []}]}
        document = {"version": "1", "default": "deny", "tools": {"t?": deny(), "*": deny(), "t1": deny()},
                    "risk": {"Other": deny()}, "all_tools": deny()}
        for expected in ("/tools/t1", "/tools/*", "/tools/t?", "/risk/Other", "/all_tools"):
            _, rule, pointer = ask(document, "t1")
            self.assertEqual(rule, expected + "/deny_if/0")
            self.assertEqual(pointer, rule)
            owner = document
            for step in expected.strip("/").split("/"):
                owner = owner[step]
            owner.clear()
        self.assertEqual(ask(document, "t1")[0], "allow")

    def test_all_tools_names_nothing(self):
        self.assertEqual(ask({"version": "1", "default": "deny", "all_tools": {}})[1], "(default deny)")
        self.assertEqual(ask({"version": "1", "default": "allow"})[0], "allow")

    def test_deny_beats_approve_and_its_errors_deny_at_their_place(self):
        condition = {"path": "args.a", "op": "gt", "value": 1}
        document = with_block({"approve_if": [{"conditions": [condition]}]},
                              all_tools={"deny_if": [{"conditions": []}]})
        self.assertEqual(ask(document, args='{"a":2}')[1], "/all_tools/deny_if/0")
        self.assertEqual(ask(document, args='{"a":"2"}')[1], "/tools/t/approve_if/args.a-gt-type")

    def test_every_condition_is_judged(self):
        entry = {"conditions": [{"path": "args.a", "op": "eq", "value": 1},
                                {"path": "args.b", "op": "gt", "value": 1}]}
        self.assertEqual(ask(with_block({"deny_if": [entry]}), args='{"a":2,"b":"x"}'), (
            "deny", "/tools/t/deny_if/args.b-gt-type", "/tools/t/deny_if/0/conditions/1"))
        self.assertEqual(ask(with_block({"require": [entry]}), args='{"a":1,"b":1}')[1:], (
            "/tools/t/require/args.b-gt", "/tools/t/require/0/conditions/1"))

    def test_hidden_by_action_and_pointer_escapes(self):
        document = {"version": "1", "default": "allow", "tools": {"x/y~z": {"action": "hide"}}}
        self.assertEqual(ask(document, "x/y~z"), ("hide", "(hidden)", "/tools/x~1y~0z/action"))
        document["tools"]["x/y~z"] = {"deny_if": [{"conditions": [{"path": 'args["a.b"]', "op": "exists",
                                                                   "value": True}]}]}
        self.assertEqual(ask(document, "x/y~z", '{"a.b":1}')[1:], (
            '/tools/x/y~z/deny_if/args["a.b"]-exists', "/tools/x~1y~0z/deny_if/0/conditions/0"))

    def test_observe_is_explained_as_enforce(self):
        self.assertEqual(ask(dict(SECTION_2, mode="observe"), "admin_x")[0], "hide")

    def test_action_tools(self):
        document = {"version": "1", "default": "allow", "hide": ["api_key_delete"], "tools": {
            "pool_create": {"deny_if": [{"conditions": [{"path": "args.n", "op": "gt", "value": 1}]}]},
            "truenas": {"require": [{"conditions": [{"path": "args.category", "op": "eq",
                                                     "value": "pool"}]}]}}}
        actions = [{"tool": "truenas", "name": "args.action", "args": "args.params",
                    "list": ["api_key_delete", "pool_create"]}]
        call = lambda args: ask(document, "truenas", json.dumps(args), actions=actions)
        self.assertEqual(call({"action": "api_key_delete"})[1:], ("(hidden)", "/hide/0"))
        self.assertEqual(call({"action": ["api_key_delete"]})[1], "(unknown tool)")
        self.assertEqual(call({"action": None})[1], "(unknown tool)")
        self.assertEqual(call({"action": "nowhere"})[1], "(unknown tool)")
        self.assertEqual(call({"action": "pool_create", "params": {"n": 2}})[1],
                         "/tools/pool_create/deny_if/args.n-gt")
        self.assertEqual(call({"action": "pool_create", "params": {"n": 1}})[0], "allow")
        self.assertEqual(call({"action": "pool_create"})[0], "allow")
        self.assertEqual(call({"action": "pool_create", "params": "x"})[1],
                         "/tools/pool_create/deny_if/args.n-gt-type")
        self.assertEqual(call({"category": "x"})[1], "/tools/truenas/require/args.category-eq")
        document["hide"] = ["truenas"]
        self.assertEqual(call({"action": "pool_create"})[1:], ("(hidden)", "/hide/0"))


class Conditions(unittest.TestCase):
    def check(self, rows):
        for kind, path, op, value, args, expected in rows:
            with self.subTest(kind=kind, path=path, op=op, value=value, args=args):
                self.assertEqual(judged(kind, path, op, value, args), expected)

    def test_missing(self):
        for kind in ("deny_if", "require"):
            for args in ({}, {"a": None}, None):
                self.check([(kind, "args.a", "exists", False, args, "true"),
                            (kind, "args.a", "exists", True, args, "false"),
                            (kind, "args.a", "eq", 1, args, "false"),
                            (kind, "args.a.b[3]", "lt", 1, args, "false")])
        self.check([("deny_if", "args.a", "neq", 1, {}, "true"),
                    ("deny_if", "args.a", "not_in", [1], {}, "true"),
                    ("require", "args.a", "neq", 1, {}, "false"),
                    ("require", "args.a", "not_in", [1], {"a": None}, "false"),
                    ("deny_if", "args.a[2]", "exists", False, {"a": [1, 2]}, "true")])

    def test_paths_in_error(self):
        self.check([("deny_if", "args.a.b", "exists", True, {"a": "x"}, "error"),
                    ("deny_if", "args.a[0]", "exists", True, {"a": {}}, "error"),
                    ("deny_if", "args.a[*]", "exists", False, {"a": "x"}, "error"),
                    ("require", "args.a[*].b", "eq", 1, {"a": [{"b": 1}, 2]}, "error")])

    def test_quantifiers(self):
        rows = []
        for args, any_holds, all_hold in (([1, 1], "true", "true"), ([1, 2], "true", "false"),
                                          ([2, 2], "false", "false"),
                                          ([], "false", "false"), (None, "false", "false"),
                                          ([None], "false", "false")):
            rows += [("deny_if", "args.a[*]", "eq", 1, {"a": args}, any_holds),
                     ("require", "args.a[*]", "eq", 1, {"a": args}, all_hold)]
        rows += [("require", "args.a[*][*]", "eq", 1, {"a": [[1], []]}, "false"),
                 ("require", "args.a[*][*]", "eq", 1, {"a": [[1], [1, 1]]}, "true"),
                 ("deny_if", "args.a[*].b", "exists", False, {"a": [{"b": 1}, {}]}, "true"),
                 ("deny_if", "args.a[*].b", "exists", False, {"a": []}, "false"),
                 ("require", "args.a[*]", "exists", False, {}, "true"),
                 ("deny_if", "args.a[*]", "gt", 1, {"a": [2, "x"]}, "error")]
        self.check(rows)

    def test_types_and_numbers(self):
        self.check([
            ("deny_if", "args.a", "eq", 10001, {"a": "10001"}, "error"),
            ("deny_if", "args.a", "eq", 1, {"a": True}, "error"),
            ("deny_if", "args.a", "in", [1, "b"], {"a": "c"}, "false"),
            ("deny_if", "args.a", "in", [1, "b"], {"a": True}, "error"),
            ("deny_if", "args.a", "eq", 100, '{"a":1.00e2}', "true"),
            ("deny_if", "args.a", "eq", 0, '{"a":-0e5}', "true"),
            ("deny_if", "args.a", "eq", {"x": [1]}, '{"a":{"x":[1.0]}}', "true"),
            ("deny_if", "args.a", "gt", "raw:9007199254740992", '{"a":9007199254740993}', "true"),
            ("deny_if", "args.a", "eq", "\u00e9", {"a": "e\u0301"}, "false"),
            ("deny_if", "args.a", "lt", "raw:1e399", '{"a":1e400}', "malformed"),
            ("deny_if", "args.a", "lt", "raw:1e400", '{"a":1}', "invalid"),
            ("deny_if", "args.a", "lt", "raw:1e-400", '{"a":0}', "true"),
            ("deny_if", "args.a", "lt", 1, '{"a":0,"z":[1e-401]}', "malformed"),
            ("deny_if", "args.a", "lt", 1, '{"a":0,"a":0}', "malformed"),
            ("deny_if", "args.a", "contains", "b", {"a": "abc"}, "true"),
            ("deny_if", "args.a", "contains", 1, {"a": [1]}, "true"),
            ("deny_if", "args.a", "contains", "b", {"a": [1]}, "false"),
            ("deny_if", "args.a", "contains", 1, {"a": "1"}, "error"),
            ("deny_if", "args.a", "starts_with", ["x", "ab"], {"a": "abc"}, "true"),
            ("deny_if", "args.a", "ends_with", "c", {"a": ["c"]}, "error"),
            ("deny_if", "args.a", "length", {"gt": 1, "lte": 2}, {"a": "\U0001f600e"}, "true"),
            ("deny_if", "args.a", "length", {"eq": 2}, {"a": [1]}, "false"),
            ("deny_if", "args.a", "length", {"eq": 2}, {"a": {}}, "error")])

    def test_typed_operators(self):
        tables = {
            "path_under": (["/data", "/srv/"], ["/data", "/data/", "//data//x", "/./data/./x", "/srv/..x"],
                           ["/database", "/", "/Data", "/dat%zz"],
                           ["data", "", "/data/../x", "/data/..", "/data/%2e", "/data\\x", "/data/\n",
                            "/data/\x7f"]),
            "url_host": (["example.com", "*.corp.test", "h:8443", "[::1]", "10.0.0.1"],
                         ["http://example.com", "HTTPS://EXAMPLE.com:443/x@y", "http://a.b.corp.test?q",
                          "https://h:8443/",
                          "http://[::1]/", "http://10.0.0.1/\\"],
                         ["http://corp.test", "http://example.com:443", "http://h",
                          "https://example.com.evil.test", "http://[::2]/"],
                         ["http://u@example.com", "http://example%2ecom", "http://example.com.",
                          "http://example.com\\", "/x",
                          "ftp://example.com", "http://0x7f.1", "http://127.1", "http://010.0.0.1",
                          "http://[::01]/", "http://",
                          "http://ex\u00e4mple.com", "http://exa\tmple.com", "http\u017f://example.com"]),
            "email_domain": (["example.com", "*.corp.test"],
                             ["a@example.com", "A.b+c@EXAMPLE.COM", "a@x.y.corp.test"],
                             ["a@corp.test", "a@sub.example.com", "a@example.com.evil.test"],
                             ["a@b@example.com", "a@example.com.", " a@example.com", "a@example.com\n",
                              '"a"@example.com', "a"]),
            "cidr": (["10.0.0.0/8", "::ffff:192.168.0.0/112", "2001:db8::/32"],
                     ["10.255.0.1", "::ffff:10.0.0.1", "192.168.7.7", "2001:db8:ffff::"],
                     ["11.0.0.0", "::1", "2001:db9::"],
                     ["010.0.0.1", "10.1", "10.0.0.0/8", "fe80::1%eth0", "x", "", "\uff110.0.0.1",
                      "10.0.0.256"]),
        }
        for op, (value, true, false, errors) in tables.items():
            for outcome, actuals in (("true", true), ("false", false), ("error", errors + [1])):
                self.check([("deny_if", "args.a", op, value, {"a": actual}, outcome) for actual in actuals])

    @unittest.skipUnless(re2_client.available(), "DOORWARD_RE2_MATCH names no re2_match")
    def test_regex(self):
        self.check([
            ("deny_if", "args.a", "regex", "b", {"a": "abc"}, "true"),
            ("deny_if", "args.a", "regex", "^a$", {"a": "a\n"}, "false"),
            ("deny_if", "args.a", "regex", "^b", {"a": "a\nb"}, "false"),
            ("deny_if", "args.a", "regex", r"\d", {"a": "\u0661"}, "false"),
            ("deny_if", "args.a", "regex", "a", {"a": 1}, "error"),
            ("deny_if", "args.a", "regex", r"[(?m]\Q(?m\C\E", {"a": "m(?m\\C"}, "true"),
            ("deny_if", "args.a", "regex", "(?P<m>a)", {"a": "a"}, "true")] + [
            ("deny_if", "args.a", "regex", bad, {"a": "a"}, "invalid")
            for bad in ("(", "(?m)a", "(?i-m:a)", r"\C", r"a\C", "(?=a)", r"\pL{200}", "a{1001}")])

    def test_other_roots(self):
        time = {"time_us": 1711846800 * 10**6}  # 2024-03-31T01:00:00Z, a Sunday
        for path, op, value, more in (
                ("tool.name", "eq", "t", {}), ("tool.category", "eq", "Other", {}),
                ("tool.server", "eq", "stripe", {}),
                ("grant.label", "eq", "ci", {}), ("grant.labels.team", "eq", "a", {}),
                ("grant.labels.none", "exists", False, {}),
                ("identity.sub", "exists", False, {}),
                ("identity.groups[*]", "eq", "x", {"identity": {"groups": ["x"]}}),
                ("time.hour", "eq", 1, time), ("time.weekday", "eq", "sun", time)):
            with self.subTest(path=path):
                self.assertEqual(judged("require", path, op, value, "{}", **more), "true")
        entry = {"require": [{"conditions": [{"path": "time.hour", "op": "eq", "value": 3}]}]}
        self.assertEqual(ask(with_block(entry, timezone="Europe/Zurich"), **time)[0], "allow")


class Limits(unittest.TestCase):
    def limited(self, args, count="0", most=100, amount="args.n"):
        limit = {"counter": "c", "window": "day", "max": most, "scope": "grant", "amount": amount}
        return ask(with_block({"limits": [limit]}), args=args, counts={"/tools/t/limits/0": count})[:2]

    def test_amounts(self):
        full, wrong, fine = ("deny", "/tools/t/limits/c"), ("deny", "/tools/t/limits/c-type"), ("allow", "")
        for args, count, expected in (
                ('{"n":100}', "0", fine), ('{"n":100.0000001}', "0", full), ('{"n":0}', "100", fine),
                ('{"n":-0}', "100", fine),
                ('{"n":1e-400}', "100", full), ('{"n":1e-400}', "99.999999", fine),
                ('{"n":0}', "100.000001", full),
                ('{"n":-1e-400}', "0", wrong), ('{"n":"1"}', "0", wrong), ("{}", "0", wrong),
                ('{"n":null}', "0", wrong)):
            with self.subTest(args=args, count=count):
                self.assertEqual(self.limited(args, count), expected)
        self.assertEqual(self.limited('{"n":1000000000000}', most=10**12), fine)
        self.assertEqual(self.limited('{"n":1000000000000.0000001}', most=10**12), full)
        self.assertEqual(self.limited('{"n":{"m":1}}', amount="args.n.m"), fine)
        self.assertEqual(self.limited('{"n":1}', amount="args.n.m"), wrong)

    def test_zero_denies_and_approval_comes_before(self):
        none = {"counter": "c", "window": 60, "max": 0, "scope": "grant"}
        self.assertEqual(ask(with_block({"limits": [none]}))[1], "/tools/t/limits/c")
        self.assertEqual(ask(with_block({"limits": [none], "approve_if": [{"conditions": []}]}))[:2],
                         ("approve", "/tools/t/approve_if/0"))


class Documents(unittest.TestCase):
    def test_spoiled_documents_are_refused_and_others_are_not(self):
        if not re2_client.available():
            self.skipTest("DOORWARD_RE2_MATCH names no re2_match")
        met = set()
        for case in batch(7, 0, 3000):
            refused = evaluate(read(case.line))["decision"] == "invalid"
            self.assertEqual(refused, bool(case.policy.spoiled), (case.policy.spoiled, case.policy.text))
            met.add(case.policy.spoiled)
        self.assertGreater(len(met), 15)

    def test_numbers_keep_their_spelling_and_are_exact(self):
        self.assertEqual(read("1.50e1").lexeme, "1.50e1")
        self.assertEqual(Number("1e399").value, 10**399)
        for lexeme in ("1e400", "1e-401", "9" * 401, "1e99999999999999"):
            with self.assertRaises(ValueError):
                Number(lexeme)
        for lexeme in ("0e999999", "10e-401", "1." + "0" * 500, "0.0e-900"):
            Number(lexeme)

    def test_laws_can_fail(self):
        allow, deny = {"decision": "allow", "rule": "", "pointer": ""}, {"decision": "deny", "rule": "r",
                                                                         "pointer": "p"}
        self.assertIsNone(laws.broken("one more rule allows no more", allow, deny))
        self.assertIsNotNone(laws.broken("one more rule allows no more", deny, allow))
        self.assertIsNotNone(laws.broken("order of members means nothing", deny, dict(deny, rule="s")))
        case = {"policy": '{"hide":["a*"]}', "category": "Read"}
        self.assertIsNone(laws.broken_listing(case, {"ab": dict(allow, decision="hide"), "b": allow}))
        self.assertIsNotNone(laws.broken_listing(case, {"ab": allow, "b": allow}))
        self.assertIsNotNone(laws.broken_listing(case, {"ab": deny, "b": allow}))


if __name__ == "__main__":
    unittest.main()
