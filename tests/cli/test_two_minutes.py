"""From a client's configuration to the first refused call, as a person does it: two commands, no file edited by hand."""
import json
import os
import subprocess
import time

from cli.test_connect import Shim
from cli.tool import CommandCase
from harness.gateway import BINARY


class TwoMinutes(CommandCase):
    def doorward(self, *words, code=0):
        done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=100, env=self.env, cwd=self.home,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, f"doorward {' '.join(words)}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def test_two_commands_and_a_refused_call_that_says_why(self):
        self.home = self.folder / "home"
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        self.state = self.home / ".local/state/doorward"
        config = self.write("home/.cursor/mcp.json", json.dumps(
            {"mcpServers": {"shop": {"command": str(BINARY), "args": ["demo-server"]}}}, indent=2) + "\n")
        before = config.read_bytes()
        begun = time.monotonic()
        self.doorward("init", "--yes", "--mode", "recommended")  # the first command
        self.addCleanup(lambda: self.doorward("stop"))
        entry = json.loads(config.read_text())["mcpServers"]["shop"]
        self.assertEqual(entry["args"][:2], ["connect", "shop"])
        # What the client does when it starts.
        client = Shim(*entry["args"][1:], program=entry["command"], env={**self.env, **entry.get("env", {})})
        client.initialize()
        self.assertIn("list_notes", [tool["name"] for tool in client.ask(1, "tools/list")["result"]["tools"]])
        allowed = client.call(2, "list_notes")["result"]
        self.assertNotIn("isError", allowed)
        refused = client.call(3, "delete_note", id="1")
        seconds = time.monotonic() - begun
        self.assertEqual(client.end(), 0)
        told = json.dumps(refused)
        self.assertTrue("[POLICY DENIED]" in told or "Unknown tool" in told or "[APPROVAL REQUIRED]" in told, told)
        # A refusal is recorded beside the answer, so it may be in the log a moment later.
        decided, end = [], time.monotonic() + 20
        while not decided and time.monotonic() < end:
            log = [json.loads(line) for line in self.doorward("log", "query", "--json").splitlines()]
            decided = [record for record in log if record.get("tool") == "delete_note" and record["event"].startswith("call.")]
        self.assertEqual([record["event"] for record in decided], ["call.denied"])
        self.assertEqual(decided[0]["grant"]["label"], "cursor-shop")
        explained = self.doorward("explain", decided[0]["id"])
        self.assertIn("delete_note", explained)
        self.assertIn("did not reach", explained)
        print(f"first refused call after {seconds:.1f} s and 1 command; explained by the second")
        self.doorward("uninit", "--yes")
        self.assertEqual(config.read_bytes(), before)
