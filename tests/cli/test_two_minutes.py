"""From a client's configuration to the first refused call, as a person does it: two commands, no file edited by hand."""
import json
import time

from cli.first_block import FirstBlock, refused
from cli.tool import CommandCase
from harness.gateway import BINARY


class TwoMinutes(CommandCase):
    program = BINARY

    def test_two_commands_and_a_refused_call_that_says_why(self):
        steps = FirstBlock(self.program, self.folder / "home")
        before = steps.config.read_bytes()
        steps.protect()  # the first command
        self.addCleanup(lambda: steps.doorward("stop"))
        entry = json.loads(steps.config.read_text())["mcpServers"]["shop"]
        self.assertEqual((entry["command"], entry["args"][:2]), (str(self.program), ["connect", "shop"]))
        client = steps.client()
        self.assertIn("list_notes", [tool["name"] for tool in client.ask(1, "tools/list")["result"]["tools"]])
        allowed = client.call(2, "list_notes")["result"]
        self.assertNotIn("isError", allowed)
        answer = client.call(3, "delete_note", id="1")
        self.assertEqual(client.end(), 0)
        self.assertTrue(refused(answer), answer)
        # A refusal is recorded beside the answer, so it may be in the log a moment later.
        decided, end = [], time.monotonic() + 20
        while not decided and time.monotonic() < end:
            log = [json.loads(line) for line in steps.doorward("log", "query", "--json").splitlines()]
            decided = [record for record in log if record.get("tool") == "delete_note" and record["event"].startswith("call.")]
        self.assertEqual([record["event"] for record in decided], ["call.denied"])
        self.assertEqual(decided[0]["grant"]["label"], "cursor-shop")
        explained = steps.doorward("explain", decided[0]["id"])
        self.assertIn("delete_note", explained)
        self.assertIn("did not reach", explained)
        steps.doorward("uninit", "--yes")
        self.assertEqual(steps.config.read_bytes(), before)
