"""`doorward connect`: a stdio client, and the one gateway of the state directory that it starts and finds again."""
import concurrent.futures
import json
import os
import queue
import signal
import subprocess
import threading
import time

from cli.tool import OK, UNREACHABLE, USAGE, CommandCase
from harness.gateway import BINARY

POLICY = {"version": "1", "default": "deny", "hide": ["read_note"],
          "tools": {"list_notes": {}, "create_note": {
              "approve_if": [{"conditions": [{"path": "args.title", "op": "eq", "value": "ask"}]}]}}}
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "modern", "version": "1"}}


class Shim:
    """One client on a shim's standard input and output."""

    def __init__(self, *words, state=None, program=BINARY, env=None, wrap=()):
        command = [*wrap, str(program), "connect", *words, *(["--state", str(state)] if state else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.messages = queue.Queue()
        self.stash = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.messages.put(json.loads(line))

    def send(self, text):
        self.process.stdin.write((text if isinstance(text, str) else json.dumps(text)) + "\n")
        self.process.stdin.flush()

    def request(self, id, method, params=None):
        self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}})

    def wait(self, wanted, seconds=20.0):
        """The next message that `wanted` (a function) takes; others stay for later."""
        deadline = time.monotonic() + seconds
        for message in self.stash:
            if wanted(message):
                self.stash.remove(message)
                return message
        while True:
            message = self.messages.get(timeout=max(0.01, deadline - time.monotonic()))
            if wanted(message):
                return message
            self.stash.append(message)

    def answer(self, id):
        return self.wait(lambda message: message.get("id") == id and "method" not in message)

    def ask(self, id, method, params=None):
        self.request(id, method, params)
        return self.answer(id)

    def call(self, number, tool, **arguments):
        return self.ask(number, "tools/call", {"name": tool, "arguments": arguments})

    def modern(self, number, tool, **arguments):
        return self.ask(number, "tools/call", {"name": tool, "arguments": arguments, "_meta": META})

    def initialize(self):
        answer = self.ask("i", "initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                              "clientInfo": {"name": "legacy", "version": "1"}})
        self.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
        return answer

    def end(self, seconds=20):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(seconds)
        self.reader.join(5)
        self.errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.returncode


class Connect(CommandCase):
    def setUp(self):
        super().setUp()
        self.run_command("server", "add", "notes", "--", BINARY, "demo-server")
        self.run_command("policy", "add", "p", "--server", "notes", "--file", self.write("p.json", POLICY))
        self.give("claude-code-notes")
        self.addCleanup(self.run_command, "stop")

    def give(self, label):
        token = self.json("grant", "create", label, "--server", "notes", "--policy", "p")["token"]
        self.write(f"state/clients/{label}.token", token + "\n", mode=0o600)

    def shim(self, *words):
        shim = Shim("notes", *(words or ("--client", "claude-code")), state=self.state)
        self.addCleanup(lambda: shim.process.poll() is None and shim.end())
        return shim

    def records(self):
        return [json.loads(line) for line in self.run_command("log", "query", "--json")[0].splitlines()]

    def pid(self):
        return int((self.state / "lock").read_text())

    def test_both_eras_and_the_log_has_the_grant(self):
        shim = self.shim()
        self.assertEqual(shim.initialize()["result"]["protocolVersion"], "2025-11-25")
        names = [tool["name"] for tool in shim.ask(1, "tools/list")["result"]["tools"]]
        self.assertIn("list_notes", names)
        self.assertNotIn("read_note", names)
        self.assertIn("Groceries", shim.call(2, "list_notes")["result"]["content"][0]["text"])
        self.assertIn("[POLICY DENIED]", shim.call(3, "delete_note", id="1")["result"]["content"][0]["text"])
        other = self.shim()
        self.assertIn("Groceries", other.modern("m", "list_notes")["result"]["content"][0]["text"])
        self.assertTrue(other.modern("d", "delete_note", id="1")["result"]["isError"])
        self.assertEqual((shim.end(), other.end()), (0, 0))
        self.assertEqual(shim.errors + other.errors, "")
        self.run_command("status")  # the gateway stays
        denied = [record for record in self.records() if record["event"] == "call.denied"]
        self.assertEqual([(record["grant"]["label"], record["client"]["name"], record["tool"]) for record in denied],
                         [("claude-code-notes", "legacy", "delete_note"), ("claude-code-notes", "modern", "delete_note")])

    def test_shims_at_once_start_one_gateway(self):
        shims = [self.shim() for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(Shim.initialize, shims))
        self.assertTrue(all("result" in answer for answer in answers), answers)
        starts = [line for line in (self.state / "gateway.log").read_text().splitlines() if "listening on" in line]
        self.assertEqual(len(starts), 1, starts)
        for shim in shims:
            self.assertEqual(shim.end(), 0)

    def test_a_gateway_that_dies_and_one_that_is_stopped(self):
        shim = self.shim()
        shim.initialize()
        shim.call(1, "list_notes")
        first = self.pid()
        shim.request(2, "tools/call", {"name": "create_note", "arguments": {"title": "ask", "text": "x"}})
        self.wait_for_approval()
        os.kill(first, signal.SIGKILL)
        error = shim.answer(2)["error"]
        self.assertEqual(error["code"], -32603)
        self.assertIn("Whether this request ran is not known", error["message"])
        # The session is there again, though this client never says more than it did.
        self.assertIn("Groceries", shim.call(3, "list_notes")["result"]["content"][0]["text"])
        self.assertNotEqual(self.pid(), first)
        self.assertEqual(json.loads(self.run_command("stop", "--json")[0])["stopped"], True)
        self.run_command("status", code=UNREACHABLE)
        self.assertIn("Groceries", shim.call(4, "list_notes")["result"]["content"][0]["text"])
        self.assertEqual(shim.end(), 0)
        self.run_command("audit", "verify")

    def wait_for_approval(self, count=1):
        """The id of the latest request, once so many wait."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            waiting = [each for each in self.json("approvals", "list")["approvals"] if each["state"] == "pending"]
            if len(waiting) == count:
                return max(waiting, key=lambda each: each["created"])["id"]
            time.sleep(0.05)
        self.fail("nothing waits for approval")

    def wait_for_record(self, **wanted):
        """A call that waits for people is recorded when it ends: at once where its client has cancelled it."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if any(all(record.get(key) == value for key, value in wanted.items()) for record in self.records()):
                return
            time.sleep(0.05)
        self.fail(f"no record of {wanted}")

    def test_a_call_that_waits_holds_up_no_other_and_can_be_cancelled(self):
        shim = self.shim()
        shim.initialize()
        shim.request(1, "tools/call", {"name": "create_note", "arguments": {"title": "ask", "text": "a"}})
        id = self.wait_for_approval()
        self.assertIn("Groceries", shim.call(2, "list_notes")["result"]["content"][0]["text"])
        self.run_command("approvals", "approve", id, "--yes")
        self.assertNotIn("isError", shim.answer(1)["result"])
        for number, meta in ((3, {}), (4, {"_meta": META})):
            shim.request(number, "tools/call", {"name": "create_note", "arguments": {"title": "ask", "text": str(number)}, **meta})
            self.wait_for_approval(number - 2)
            shim.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number, **meta}})
            self.wait_for_record(event="call.denied", code="approval_pending", request={"id": number})
        self.assertEqual(shim.end(), 0)

    def test_garbage_and_long_messages(self):
        shim = self.shim()
        shim.initialize()
        for line in ("", "{", "[]", "null", '{"jsonrpc":"2.0","id":1}', "\x00", '{"a":1,"a":2}'):
            shim.send(line)
        self.assertEqual(shim.ask("p", "ping")["result"], {})
        self.assertIn("limit", shim.call("big", "list_notes", pad="x" * (5 << 20))["error"]["message"])
        long = shim.call("long", "list_notes", pad="y" * (2 << 20))
        self.assertIn("result", long)
        self.assertEqual(shim.end(), 0)

    def test_input_that_ends_at_once_is_answered(self):
        lines = "".join(json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {
            "name": "list_notes", "arguments": {}, "_meta": META}}) + "\n" for number in range(3)).rstrip("\n")
        path = self.write("input", lines)
        with path.open() as input:
            done = subprocess.run([str(BINARY), "connect", "notes", "--state", str(self.state)], stdin=input,
                                  capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(json.loads(line)["id"] for line in done.stdout.splitlines()), [0, 1, 2])

    def test_a_grant_that_is_revoked_missing_or_open_to_others(self):
        shim = self.shim()
        shim.initialize()
        self.run_command("grant", "revoke", "claude-code-notes")
        error = self.until_error(shim)
        self.assertIn("the grant was revoked", error["message"])
        self.assertIn("doorward init", error["message"])
        self.assertEqual(shim.end(), 0)
        self.assertIn("doorward: error: the gateway does not let this client in", shim.errors)

        missing = self.shim("--grant", "nobody")
        error = missing.initialize()["error"]
        self.assertIn("the grant nobody has no token on this computer", error["message"])
        self.assertEqual(missing.end(), 0)
        self.assertIn("nobody", missing.errors)

        (self.state / "clients/claude-code-notes.token").chmod(0o644)
        self.assertIn("chmod 600", self.shim().initialize()["error"]["message"])

    def until_error(self, shim):
        """The first error; until the revocation is noticed an answer may be one that the gateway gave before."""
        for number in range(100, 110):
            answer = shim.ask(number, "ping")
            if "error" in answer and "Whether" not in answer["error"]["message"]:
                return answer["error"]
        self.fail("a revoked grant goes on")

    def test_a_grant_for_another_server_and_a_gateway_that_cannot_start(self):
        self.run_command("server", "add", "others", "--", BINARY, "demo-server")
        shim = Shim("others", "--grant", "claude-code-notes", state=self.state)
        self.assertIn("is for the server notes", shim.initialize()["error"]["message"])
        self.assertEqual(shim.end(), 0)
        self.run_command("stop")
        # What the state directory last ran with is missing now: nothing may run without it.
        config = self.write("doorward.yaml", {"listen": "127.0.0.1:0", "admin": {"listen": ""}})
        served = subprocess.Popen([str(BINARY), "serve", "--config", str(config), "--state", str(self.state)],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        served.stdout.readline()
        served.send_signal(signal.SIGTERM)
        served.wait(20)
        served.stdout.close()
        config.unlink()
        shim = self.shim()
        error = shim.initialize()["error"]
        self.assertIn("the gateway could not be started: ", error["message"])
        self.assertIn("doorward.yaml", error["message"])
        self.assertIn("gateway.log", error["message"])
        self.assertEqual(shim.end(), 0)

    def test_usage_and_stop_without_a_gateway(self):
        self.run_command("connect", "A B", code=USAGE)
        self.run_command("connect", "notes", "--grant", "../x", code=USAGE)
        out, err = self.run_command("stop", code=OK)
        self.assertIn("no gateway runs", err)


if __name__ == "__main__":
    import unittest
    unittest.main()
