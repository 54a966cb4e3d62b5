"""`doorward catalogue recommend` and `apply`: what is put in force decides as it was promised."""
import json
import unittest

from catalogue.exposure_case import OPEN, SHOP, ExposureCase
from harness.fake_server import tool

NOTES = [tool("read_note", description="Reads a note.", annotations={"readOnlyHint": True}), tool("delete_note", description="Deletes a note for good.")]


class Recommend(ExposureCase):
    servers = {"shop": SHOP, "notes": NOTES}

    def answer(self, client, name, args=None):
        """`allow`, `deny`, `ask` or `hide`, as the client meets it."""
        message = client.request("tools/call", {"name": name, "arguments": args or {}}).message()
        if "error" in message:
            return "hide"
        text = "".join(block.get("text", "") for block in message["result"].get("content", []))
        if not message["result"].get("isError"):
            return "allow"
        return "ask" if text.startswith("[APPROVAL REQUIRED]") else "deny"

    def test_it_prints_a_valid_policy_and_changes_nothing(self):
        self.policy("open", OPEN)
        self.grant("agent", "open")
        self.meet("agent")
        for posture in ("recommended", "strict", "permissive"):
            done = self.gateway.run("catalogue", "recommend", "shop", "--posture", posture, check=True)
            self.assertEqual(json.loads(done.stdout)["version"], "1")
            (self.gateway.folder / "p.json").write_text(done.stdout)
            self.gateway.run("policy", "validate", str(self.gateway.folder / "p.json"), check=True)
        self.assertEqual(self.json("policy", "show", "open")["policy"]["version"], 1)

    def test_what_is_applied_decides_as_promised_and_can_be_undone(self):
        self.policy("open", OPEN)
        self.grant("agent", "open")
        client = self.meet("agent")
        self.assertEqual(self.answer(client, "delete_customer", {"id": "1"}), "allow")
        shown = self.gateway.run("catalogue", "apply", "shop", "--dry-run", check=True)
        self.assertIn("policy open of server shop, after version 1", shown.stdout)
        self.assertIn("  delete_customer: open -> blocked", shown.stdout)
        self.assertIn('+     "delete_customer"', shown.stdout)
        self.assertEqual(self.answer(client, "delete_customer", {"id": "1"}), "allow")

        self.assertEqual(self.gateway.run("catalogue", "apply", "shop", input="").returncode, 2)  # nobody can be asked
        done = self.gateway.run("catalogue", "apply", "shop", "--yes", check=True)
        self.assertIn("policy open of server shop is now version 2", done.stdout)
        self.assertIn("undo: doorward policy revert open --server shop --version 1", done.stdout)
        self.assertEqual({name: self.answer(client, name, {"id": "1", "amount": 5}) for name in
                          ("list_orders", "update_order", "create_refund", "delete_customer")},
                         {"list_orders": "allow", "update_order": "allow", "create_refund": "ask", "delete_customer": "hide"})
        self.assertIn("is that already", self.gateway.run("catalogue", "apply", "shop", "--yes", check=True).stderr)
        record = [each for each in self.gateway.log("--event", "policy.added")][-1]
        self.assertEqual((record["policy"], record["version"]), ("open", 2))

        self.gateway.run(*done.stdout.split("undo: doorward ")[1].split(), check=True)
        self.assertEqual(self.answer(client, "delete_customer", {"id": "1"}), "allow")

    def test_permissive_limits_and_strict_asks(self):
        self.grant("agent")
        self.meet("agent")
        for posture, wanted in (("permissive", ["allow", "allow", "allow", "allow"]), ("strict", ["allow", "ask", "hide", "hide"])):
            with self.subTest(posture):
                self.gateway.run("catalogue", "apply", "shop", "--posture", posture, "--policy", posture, "--yes", check=True)
                self.grant(posture, posture)
                client = self.client(posture)
                client.tools()
                self.assertEqual([self.answer(client, name, {"id": "1", "amount": 5}) for name in
                                  ("list_orders", "update_order", "create_refund", "delete_customer")], wanted)

    def test_a_rule_for_one_tool_leaves_the_others_as_they_were(self):
        self.policy("open", OPEN)
        self.grant("agent", "open")
        client = self.meet("agent")
        self.gateway.run("catalogue", "apply", "shop", "--tool", "delete_customer", "--yes", check=True)
        self.assertNotEqual(self.answer(client, "delete_customer", {"id": "1"}), "allow")
        self.assertEqual(self.answer(client, "create_refund", {"amount": 1}), "allow")
        near = self.gateway.run("catalogue", "recommend", "shop", "--tool", "delete_customr")
        self.assertEqual((near.returncode, 'did you mean "delete_customer"' in near.stderr), (1, True), near.stderr)

    def test_a_stack_is_applied_whole_or_not_at_all(self):
        self.grant("shopper")
        self.grant("noter", server="notes")
        self.meet("shopper")
        self.meet("noter", "notes")
        failed = self.gateway.run("catalogue", "apply", "shop", "nowhere", "--yes")
        self.assertEqual(failed.returncode, 1, failed.stderr)
        self.assertEqual(self.json("policy", "list")["policies"], [])
        done = self.json("catalogue", "apply", "shop", "notes", "--yes")
        self.assertEqual([(each["server"], each["policy"], each["version"]) for each in done["policies"]],
                         [("shop", "recommended", 1), ("notes", "recommended", 1)])
        self.assertEqual(done["policies"][0]["undo"], "doorward policy remove recommended --server shop")

    def test_what_it_refuses(self):
        self.policy("a", OPEN)
        self.policy("b", OPEN)
        self.grant("agent", "a")
        unmet = self.gateway.run("catalogue", "recommend", "shop")
        self.assertEqual((unmet.returncode, "no list of the server" in unmet.stderr), (1, True), unmet.stderr)
        self.meet("agent")
        several = self.gateway.run("catalogue", "apply", "shop", "--yes")
        self.assertEqual((several.returncode, "several policies" in several.stderr), (3, True), several.stderr)
        self.gateway.run("catalogue", "apply", "shop", "--policy", "b", "--yes", check=True)
        self.assertEqual(self.gateway.run("catalogue", "recommend", "nowhere").returncode, 1)
        self.assertEqual(self.gateway.run("catalogue", "recommend", "shop", "--posture", "lax").returncode, 2)


if __name__ == "__main__":
    unittest.main()
