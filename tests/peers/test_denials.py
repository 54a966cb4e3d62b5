"""What each client shows of each refusal: the table of kinds of refusal x real clients."""
import concurrent.futures
import json
import os
import subprocess
import unittest

from harness.shows import shows
from harness.upstream import RecordingUpstream
from peers.peer import PeerCase, drive, node, text_of

INSPECTOR = node("@modelcontextprotocol/inspector", "--cli", bin="mcp-inspector")
MODERN = "2026-07-28"
CLIENTS = {"v1 SDK": ("v1_client.mjs", "legacy"), "v2 SDK, legacy": ("v2_client.mjs", "legacy"),
           "v2 SDK, modern": ("v2_client.mjs", "modern")}

POLICY = {
    "version": "1", "default": "deny", "hide": ["delete_file"],
    "tools": {
        "read_file": {"action": "deny", "reason": "Files stay closed."},
        "create_charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}],
                                       "on_deny": "Charges stop at 100."}],
                          "require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}],
                                       "on_deny": "Give a reason."}]},
        "echo": {"limits": [{"counter": "echoes", "window": "hour", "max": 0, "scope": "grant", "on_deny": "No echo today."}]},
        "approve_me": {"action": "approve", "approvers": ["finance"]},
        "broken": {}, "shifting": {}, "late": {}},
    "resources": {"default": "allow", "hide": ["memo://two"],
                  "deny_if": [{"conditions": [{"path": "tool.name", "op": "eq", "value": "memo://one"}],
                               "on_deny": "That memo is closed."}]},
    "prompts": {"default": "allow", "hide": ["secret"],
                "require": [{"conditions": [{"path": "args.name", "op": "exists", "value": True}], "on_deny": "Say who."}]},
}
DENIED = "[POLICY DENIED] "
CHARGE = {"amount": 500, "reason": "late"}


class Row:
    """A refusal: the step that meets it, under the policy or, `bare`, with no policy at all. `kind`: "result", which the
    model reads as the tool's text, or "error", which the client throws. What it reads or throws holds `text`. `listed`:
    whether the tool is in the list."""

    def __init__(self, step, kind, text, bare=False, listed=None, clients=(*CLIENTS, "Inspector")):
        self.step, self.kind, self.text, self.bare, self.clients = step, kind, text, bare, clients
        self.listed = not bare and kind == "result" if listed is None else listed


ROWS = {
    "hidden": Row({"call": "delete_file"}, "error", "Unknown tool: delete_file"),
    "unknown": Row({"call": "no_such_tool"}, "error", "Unknown tool: no_such_tool"),
    "action deny": Row({"call": "read_file"}, "result", DENIED + "Files stay closed."),
    "an argument": Row({"call": "create_charge", "arguments": CHARGE}, "result", DENIED + "Charges stop at 100."),
    "a missing argument": Row({"call": "create_charge", "arguments": {"amount": 5}}, "result", DENIED + "Give a reason."),
    "a limit": Row({"call": "echo"}, "result", DENIED + "No echo today."),
    "default deny": Row({"call": "plain"}, "result", DENIED + "Not run: up.plain"),
    "no policy": Row({"call": "echo"}, "result", DENIED + "Not run", bare=True),
    # The Inspector takes a task and waits for as long as it lasts.
    "an approval": Row({"call": "approve_me"}, "result", "[APPROVAL REQUIRED] ", clients=tuple(CLIENTS)),
    "the server failed": Row({"call": "broken"}, "result", "[UPSTREAM ERROR] The server up failed"),
    "a changed definition": Row({"call": "shifting"}, "result", DENIED + "Not run: up.shifting", listed=False),
    "a new tool": Row({"call": "late"}, "result", DENIED + "Not run: up.late", listed=False),
    "a resource": Row({"read": "memo://one"}, "error", DENIED + "That memo is closed."),
    "a hidden resource": Row({"read": "memo://two"}, "error", "Resource not found: memo://two"),
    "a resource spelled otherwise": Row({"read": "MEMO://one"}, "error", DENIED + "The URI can be spelled otherwise"),
    "a prompt": Row({"prompt": "greet"}, "error", DENIED + "Say who."),
    "a hidden prompt": Row({"prompt": "secret"}, "error", "Prompt not found: secret"),
    # Only revision 2025-11-25 has calls that ask for a task; their client takes a task or an error, and no result.
    "a task": Row({"call": "create_charge", "arguments": CHARGE, "task": True}, "error", DENIED + "Charges stop at 100.",
                  clients=("v1 SDK", "v2 SDK, legacy")),
    "a task of a hidden tool": Row({"call": "delete_file", "task": True}, "error", "Unknown tool: delete_file",
                                   clients=("v1 SDK", "v2 SDK, legacy")),
    "a task when the server failed": Row({"call": "broken", "task": True}, "error", "[UPSTREAM ERROR] The server up failed",
                                         clients=("v1 SDK", "v2 SDK, legacy")),
}


class Denials(PeerCase):
    policies = {"rules": ("up", POLICY)}
    grants = {"agent": ("up", "rules"), "bare": ("up", None)}
    config = {"waiting": {"clients": [{"name": "*", "hold": "50ms"}]}}

    @classmethod
    def make_servers(cls):
        upstream = cls.upstream = RecordingUpstream()
        cls.addClassCleanup(upstream.stop)
        upstream.server.tools += [{"name": name, "inputSchema": {"type": "object"}} for name in ("approve_me", "plain", "broken", "shifting")]

        def fail(exchange):
            if exchange.seen.rpc != "tools/call" or exchange.seen.params["name"] != "broken":
                return False
            exchange.http(500, b"stack trace")
            return True
        upstream.hook = fail
        return {"up": upstream.url}

    @classmethod
    def setUpClass(cls):
        """The first list counts as reviewed; then a definition changes and a tool appears."""
        super().setUpClass()
        with cls.gateway.client("agent") as client:
            client.initialize()
            client.tools()
            cls.upstream.server.tools[-1]["description"] = "Now it does something else"
            cls.upstream.server.tools.append({"name": "late", "inputSchema": {"type": "object"}})
            assert not {"shifting", "late"} & set(client.tools())

    def rows(self, client):
        return {label: row for label, row in ROWS.items() if client in row.clients}

    def check_sdk(self, client):
        script, era = CLIENTS[client]
        for bare in (False, True):
            grant = "bare" if bare else "agent"
            rows = {label: row for label, row in self.rows(client).items() if row.bare == bare}
            transport = {"url": self.url(grant), "token": self.gateway.tokens[grant]}
            done = drive(script, {"era": era, "transport": transport, "steps": [row.step for row in rows.values()]})
            for (label, row), step in zip(rows.items(), done["steps"]):
                with self.subTest(label):
                    if row.kind == "error":
                        self.assertIn(row.text, step["error"]["message"])
                    else:
                        self.assertTrue(step["result"]["isError"], step)
                        self.assertTrue(text_of(step["result"]).startswith(row.text), step)

    @shows("denials", "2025-11-25")
    def test_v1_sdk(self):
        self.check_sdk("v1 SDK")

    @shows("denials", "2025-11-25")
    def test_v2_sdk_in_the_legacy_era(self):
        self.check_sdk("v2 SDK, legacy")

    @shows("denials", MODERN)
    def test_v2_sdk_in_the_modern_era(self):
        self.check_sdk("v2 SDK, modern")

    def inspect(self, era, row):
        """What the Inspector prints, and how it ends."""
        step, grant = row.step, "bare" if row.bare else "agent"
        if "read" in step:
            words = ["--method", "resources/read", "--uri", step["read"]]
        elif "prompt" in step:
            words = ["--method", "prompts/get", "--prompt-name", step["prompt"]]
        else:
            words = ["--method", "tools/call", "--tool-name", step["call"]]
            for name, value in step.get("arguments", {}).items():
                words += ["--tool-arg", f"{name}={json.dumps(value)}"]
        done = subprocess.run([*INSPECTOR, "--server-url", self.url(grant), "--transport", "http", "--protocol-era", era,
                               "--header", f"Authorization: Bearer {self.gateway.tokens[grant]}", "--format", "json", *words],
                              capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(self.folder)},
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    @shows("denials", ("2025-11-25", MODERN))
    def test_inspector(self):
        rows = self.rows("Inspector")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            shown = {(era, label): pool.submit(self.inspect, era, row) for era in ("legacy", "modern")
                     for label, row in rows.items()}
        for (era, label), done in shown.items():
            with self.subTest(f"{era}: {label}"):
                status, text = done.result()
                self.assertNotEqual(status, 0, text)
                # The Inspector looks a tool up in the list before it calls it, so it says itself what is not there.
                if "call" in rows[label].step and not rows[label].listed:
                    self.assertIn(rows[label].step["call"], text)
                    self.assertNotIn("POLICY", text)
                else:
                    self.assertIn(rows[label].text, text)


if __name__ == "__main__":
    unittest.main()
