"""`doorward coverage`: what it says is what a real client meets."""
import json
import unittest

from catalogue.exposure_case import OPEN, ExposureCase
from harness.fake_server import tool

MIXED = {"version": "1", "default": "deny", "tools": {
    "list_orders": {}, "update_order": {"limits": [{"counter": "c", "window": "minute", "max": 2, "scope": "grant"}]},
    "create_refund": {"approve_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]}}}


class Coverage(ExposureCase):
    def test_the_sentence_counts_tools_and_agents(self):
        self.policy("open", OPEN)
        for label in ("one", "two", "three"):
            self.grant(label, "open")
        self.grant("bare")
        self.assertEqual(self.coverage()["sentence"], "No tool of any server was met yet.")
        self.meet("one")
        self.assertEqual(self.coverage()["sentence"], "2 of 2 critical tools can be used by 3 agents without a person.")
        self.gateway.revoke("three")
        self.policy("open", {**OPEN, "hide": ["delete_customer"]})
        self.assertEqual(self.coverage()["sentence"], "1 of 2 critical tools can be used by 2 agents without a person.")
        self.assertEqual(self.coverage("--grant", "bare")["sentence"],
                         "None of 2 critical tools can be used by an agent without a person.")
        text = self.gateway.run("coverage", check=True).stdout
        self.assertTrue(text.startswith("1 of 2 critical tools can be used by 2 agents without a person.\n"), text)
        self.assertIn("shop.create_refund  Open  policy open  agents one, two", text)

    def test_states_are_what_a_client_meets(self):
        self.policy("mixed", MIXED)
        self.grant("agent", "mixed")
        client = self.meet("agent")
        rows = {row["tool"]: row for row in self.coverage("--tools")["tools"]}
        self.assertEqual({name: row["state"] for name, row in rows.items()},
                         {"list_orders": "open", "update_order": "limited", "create_refund": "depends", "delete_customer": "blocked"})
        self.assertTrue(all(row["decided"] for row in rows.values()))
        self.assertEqual(rows["delete_customer"]["rule"], "(default deny)")
        self.assertEqual(rows["create_refund"]["rule"], "/tools/create_refund/approve_if/args.amount-gt")
        # The calls that it names do what it says of them.
        self.assertNotIn("isError", client.call("create_refund", rows["create_refund"]["passes"]).result)
        self.assertTrue(client.call("delete_customer", {"id": "7"}).result["isError"])
        self.assertNotIn("isError", client.call("list_orders", {}).result)
        for wanted in (False, False, True):
            self.assertEqual(client.call("update_order", {"id": "1"}).result.get("isError", False), wanted)

    def test_to_observe_is_to_let_pass(self):
        self.policy("watch", {**MIXED, "mode": "observe", "default": "deny"})
        self.grant("agent", "watch")
        client = self.meet("agent")
        self.assertEqual(set(self.states().values()), {"open"})
        self.assertNotIn("isError", client.call("delete_customer", {"id": "7"}).result)

    def test_a_changed_definition_is_blocked_until_it_is_reviewed(self):
        self.policy("open", OPEN)
        self.grant("agent", "open")
        client = self.meet("agent")
        server = self.ups["shop"].server
        server.tools[3] = {**server.tools[3], "description": "Deletes a customer. All of them."}
        client.tools()
        deadline = 200
        while self.states()["delete_customer"] != "blocked" and deadline:
            deadline -= 1
        row = next(row for row in self.coverage("--tools")["tools"] if row["tool"] == "delete_customer")
        self.assertEqual((row["state"], row["rule"]), ("blocked", "(definition changed)"))
        self.assertEqual(client.call("delete_customer", {"id": "7"}).result["_meta"]["io.doorward/decision"]["rule"], "(definition changed)")

    def test_the_drafted_fix_closes_the_pattern(self):
        self.policy("open", OPEN)
        self.grant("agent", "open")
        client = self.meet("agent")
        open_now = self.pattern("destructive-action-autonomy")
        self.assertEqual((open_now["state"], open_now["agents"]), ("open", ["agent"]))
        draft = self.gateway.run("coverage", "--fix", "destructive-action-autonomy", check=True).stdout
        self.assertNotIn("isError", client.call("delete_customer", {"id": "7"}).result)
        self.policy("open", json.loads(draft))
        self.assertIn(self.pattern("destructive-action-autonomy")["state"], ("blocked", "needs-person"))
        answer = client.request("tools/call", {"name": "delete_customer", "arguments": {"id": "7"}})
        self.assertTrue("error" in answer.message() or answer.message()["result"].get("isError"), answer)

    def test_fail_on_makes_the_exit_code(self):
        self.policy("mixed", {**MIXED, "tools": {**MIXED["tools"], "create_refund": {"action": "approve"}}})
        self.grant("agent", "mixed")
        self.meet("agent")
        for what, code in (("open-critical", 0), ("usable-medium", 1), ("open-medium", 0), ("open-low", 1), ("nonsense", 2), ("open-worst", 2)):
            with self.subTest(what):
                self.assertEqual(self.gateway.run("coverage", "--fail-on", what).returncode, code)

    def test_without_a_gateway_there_is_no_answer(self):
        self.gateway.kill()
        self.assertEqual(self.gateway.run("coverage").returncode, 4)


class Hostile(ExposureCase):
    servers = {"shop": [tool("evil\x1b[2J", description="\x1b[31m"), tool("read_it", description="Reads.\u202e")]}

    def test_nothing_that_a_server_says_reaches_the_terminal_as_it_is(self):
        self.policy("open", OPEN)
        self.grant("agent", "open")
        self.meet("agent")
        for words in (("coverage", "--tools"), ("catalogue", "recommend", "shop"), ("catalogue", "apply", "shop", "--dry-run")):
            text = self.gateway.run(*words, check=True).stdout
            self.assertTrue(text.isascii() and text.replace("\n", "").isprintable(), text)


if __name__ == "__main__":
    unittest.main()
