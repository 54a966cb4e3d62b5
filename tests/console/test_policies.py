"""The pages of policies, and the model of a document below them, whose words the engine confirms."""
import json
import subprocess
import unittest

from console.case import NODE, ConsoleCase
from console.world import World
from harness.gateway import ROOT

# Spaced as nobody's tool writes, so that a byte too many shows.
REFUNDS = """{
  "version": "1",   "default": "deny",
  "hide": ["rotate_api_key"],
  "tools": {
     "list_charges"  :  {},
     "get_customer":{},
     "create_refund": {
        "deny_if": [ {"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "on_deny": "Refunds stop at 100."} ],
        "limits": [{"counter": "refunds", "window": "day", "max": 1000.50, "scope": "grant", "amount": "args.amount"}]
     }
  },
  "resources": {"default": "deny",
     "hide": ["file:///etc/*"]}
}
"""

EVIL = ["<img src=x onerror=window.doorwardHurt=1>", "\u202egnp.exe", "zero\u200bwidth", "</script><script>window.doorwardHurt=1</script>", "x" * 3000]
HOSTILE = {
    "version": "1", "description": EVIL[0] + EVIL[1], "default": "deny", "hide": [*EVIL, "*" + EVIL[1]],
    "tools": {**{name: {"deny_if": [{"conditions": [{"path": "args.path", "op": "eq", "value": evil}], "on_deny": evil[:400]}]}
                 for name, evil in zip(["read_file", "write_file", *["a" + one for one in EVIL]], EVIL * 2)}},
    "risk": {"Other": {"limits": [{"counter": EVIL[0], "window": "day", "max": 1, "scope": "grant"}]}},
    "tests": [{"name": evil, "tool": evil, "args": {"x": evil}, "expect": "hide"} for evil in EVIL]}

EVERYTHING = {
    "version": "1", "description": "Every construct of the language", "mode": "observe", "default": "deny", "hide": ["delete_file", "admin_*"],
    "all_tools": {"limits": [{"counter": "all", "window": "minute", "max": 60, "scope": "grant"}], "rate_limit": {"max": 10, "window": 60},
                  "deny_if": [{"conditions": [{"path": "time.hour", "op": "lt", "value": 6}], "on_deny": "Not at night."}]},
    "risk": {"Read": {}, "Execute": {"action": "approve", "approvers": ["platform"], "expires": "5m"}, "Other": {"action": "deny", "reason": "Unknown."}},
    "tools": {
        "read_file": {"require": [{"conditions": [{"path": "args.path", "op": "path_under", "value": ["/srv/a", "/srv/b"]},
                                                  {"path": "args.path", "op": "length", "value": {"lte": 200}}]}]},
        "write_file": {"approve_if": [{"conditions": [{"path": "args.path", "op": "regex", "value": "[.]sh$"}], "approvers": ["platform"]}],
                       "deny_if": [{"conditions": [{"path": "args.content", "op": "eq", "value": {"odd": 1}}]},
                                   {"conditions": [{"path": "args.path", "op": "in", "value": ["a", "b"]}]}],
                       "limits": [{"counter": "bytes", "window": 3600, "max": 10, "scope": "session", "on_deny": "Enough."}]},
        "search_files": {"action": "allow"}, "run_command": {}, "exec_*": {"action": "hide"}, "gone_tool": {"action": "deny"}},
    "prompts": {"default": "allow"}, "timezone": "Europe/Berlin",
    "tests": [{"name": "nothing is deleted", "tool": "delete_file", "args": {}, "expect": "hide"}]}


class Policies(ConsoleCase):
    @classmethod
    def fill(cls, world):
        agent = world.client("support-agent")
        agent.tools()
        world.client("coding-agent").tools()
        for name, server, text in (("refunds", "payments", REFUNDS), ("hostile", "files", json.dumps(HOSTILE, indent=1)),
                                   ("everything", "files", json.dumps(EVERYTHING, indent=2))):
            world.put_policy(name, server, text, EVIL[0] + EVIL[1] if name == "hostile" else "As the tests want it")
        world.gateway.grants["refund-agent"] = ("payments", "refunds")
        world.gateway.create_grant("refund-agent")

    def setUp(self):
        self.world.put_policy("refunds", "payments", REFUNDS, "As the tests want it")

    def version(self):
        return self.world.local.get("/api/v1/policies/refunds?server=payments").json["policy"]["version"]

    def test_from_a_refusal_to_a_published_rule_and_back(self):
        self.browse("policies.mjs journey")
        text = self.world.local.get("/api/v1/policies/refunds?server=payments").json["text"]
        self.assertEqual(text, REFUNDS)

    def test_a_state_changes_the_bytes_of_its_tool(self):
        self.browse("policies.mjs roundTrip", text=REFUNDS)

    def test_text_with_mistakes_and_with_a_second_editor(self):
        self.browse("policies.mjs text", text=REFUNDS)

    def test_rules_are_built_from_what_a_tool_takes(self):
        built = self.browse("policies.mjs builder")
        self.assertEqual(built, {
            "version": "1", "default": "deny", "mode": "observe", "hide": ["delete_customer"],
            "risk": {"Read": {}, "Financial": {"action": "approve"}},
            "tools": {"exec_*": {}, "create_charge": {
                "deny_if": [{"conditions": [{"path": "args.currency", "op": "eq", "value": "usd"}], "on_deny": "Euro only."}],
                "limits": [{"counter": "create_charge-per-day", "window": "day", "max": 1000.50, "scope": "grant", "amount": "args.amount"}]}}})

    def test_keyboard(self):
        self.browse("policies.mjs keyboard")

    def test_T279_hostile_policies(self):
        self.browse("policies.mjs hostile")

    def test_every_view_in_both_themes_and_widths(self):
        self.browse("policies.mjs views")


@unittest.skipUnless(NODE.exists(), "Node is absent; scripts/install-peers brings it")
class States(unittest.TestCase):
    """What the visual view says of a tool is what the engine decides."""

    def test_the_engine_agrees(self):
        done = subprocess.run([str(NODE), str(ROOT / "tests/console/policy_states.mjs"), str(ROOT), "300"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        cases, judged, seen = json.loads(done.stdout), 0, set()
        world = World()
        self.addCleanup(world.close)
        world.start()
        for case in cases:
            answer = world.local.post("/api/v1/policies/explain", {"text": case["text"], "server": "files", "tool": case["tool"],
                                                                  "category": case["category"], "args": {}})
            if answer.status != 200:
                continue  # refused for what the generator cannot know, such as limits that share a counter and disagree
            judged += 1
            decision, rule, state = answer.json["decision"], answer.json["rule"], case["state"]
            seen.add(state)
            with self.subTest(case=case, rule=rule):
                self.assertEqual(decision == "hide", state == "hide")
                if state == "deny":
                    self.assertEqual(decision, "deny")
                    self.assertEqual(rule == "(default deny)", case["path"] == [])
                if state in ("allow", "ask", "custom"):
                    self.assertNotEqual(rule, "(default deny)")
                    self.assertFalse(decision == "deny" and rule.endswith("/action"), rule)
                if state == "ask":
                    self.assertIn(decision, ("approve", "deny"))
        self.assertGreater(judged, 150)
        self.assertEqual(seen, {"allow", "deny", "hide", "ask", "custom"})


@unittest.skipUnless(NODE.exists(), "Node is absent; scripts/install-peers brings it")
class Model(unittest.TestCase):
    def test_what_needs_no_browser(self):
        """The tests beside the console's sources; ten thousand documents among them."""
        tests = sorted(str(one) for one in (ROOT / "console/test").glob("*.test.ts"))
        done = subprocess.run([str(NODE), "--test", *tests], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
