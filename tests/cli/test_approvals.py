"""`doorward approvals`: what a person sees and decides, and how the command says what came of it."""
import json
import os
import pty
import select
import subprocess
import threading
import time

from cli.tool import FAILED, OK, USAGE
from harness.approvals import Desk, held
from harness.case import GatewayCase
from harness.fake_server import FakeServer
from harness.gateway import BINARY, Gateway
from harness.upstream import RecordingUpstream

PENDING = 7
POLICY = {"version": "1", "default": "deny", "tools": {
    "pay": {"approve_if": [{"conditions": [], "approvers": ["payments"], "on_pending": "Large payments are checked."}]},
    "delete_customer": {"approve_if": [{"conditions": [], "approvers": ["ops"]}]},
    "brief": {"approve_if": [{"conditions": [], "expires": "1s"}]},
    "twice": {"approve_if": [{"conditions": [], "approvers": ["payments"], "approvals": 2}]}}}


class Commands(GatewayCase):
    policies = {"asks": ("up", POLICY)}
    grants = {"agent": ("up", "asks"), "mine": ("up", "asks", "--owner", "nobody-else")}

    @classmethod
    def make_upstream(cls):
        return RecordingUpstream(FakeServer(tuple(POLICY["tools"])))

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": cls.upstream.url}, cls.policies, cls.grants,
                       waiting={"clients": [{"name": "patient*", "hold": "20s", "hold_with_progress": "20s"},
                                            {"name": "hasty*", "hold": "100ms", "hold_with_progress": "100ms"}]})

    def setUp(self):
        super().setUp()
        self.desk = Desk(self.gateway)
        self.mark = self.upstream.mark()
        self.number = time.monotonic_ns()

    def tearDown(self):
        for row in self.desk.open():
            self.desk.deny(row["id"], "the test is over")

    def ask(self, tool="pay", arguments=None, name="hasty"):
        """A call that does not wait long; the id of its request."""
        self.client(name=name, timeout=30).call(tool, arguments or {"amount": self.number})
        return self.desk.wait(1, tool)[0]["id"]

    def run_command(self, *words, code=OK, **options):
        done = self.gateway.run("approvals", *words, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def typed(self, text, *words):
        """Runs a command whose standard input is a terminal at which `text` is typed: (exit status, what it wrote)."""
        keyboard, terminal = pty.openpty()
        try:
            done = subprocess.Popen([str(BINARY), "approvals", *words, "--state", str(self.gateway.state)], stdin=terminal,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            os.write(keyboard, text.encode())
            out = done.communicate(timeout=30)[0].decode()
            return done.returncode, out
        finally:
            os.close(keyboard)
            os.close(terminal)

    def test_what_is_shown(self):
        request = self.ask(arguments={"amount": self.number, "to": "DE89 3704"})
        out = self.run_command("show", request).stdout
        for part in (request + "  pending, expires in ", "agent      agent, client calls itself hasty", "call       up.pay",
                     "note       Large payments are checked.", "rule       /tools/pay/approve_if/0",
                     "asks       1 of payments", "2 keys, ", f'"amount": {self.number}', '"to": "DE89 3704"', "shown      "):
            self.assertIn(part, out)
        self.assertEqual(self.run_command("show", request[:12]).stdout.splitlines()[1:], out.splitlines()[1:])
        document = json.loads(self.run_command("show", request, "--json").stdout)["approval"]
        self.assertEqual(document["arguments"], {"amount": self.number, "to": "DE89 3704"})
        listed = self.run_command("list").stdout
        self.assertIn(request, listed)
        self.assertNotIn("DE89", listed)
        self.assertNotIn("DE89", json.dumps([record for record in self.gateway.log()]))
        self.assertIn("there is no approval request", self.run_command("show", "apr_" + "0" * 26, code=FAILED).stderr)

    def test_approve_wants_a_person_or_yes(self):
        request = self.ask()
        self.assertIn("add --yes", self.run_command("approve", request, input="", code=USAGE).stderr)
        self.assertIn("no approval request", self.run_command("approve", request[:11], "--yes", code=FAILED).stderr)
        code, out = self.typed("n\n", "approve", request)
        self.assertEqual(code, FAILED, out)
        self.assertEqual([row["id"] for row in self.desk.open()], [request])
        code, out = self.typed("y\n", "approve", request)
        self.assertEqual(code, OK, out)
        self.assertLess(out.index(str(self.number)), out.index("is approved once"), "the arguments come first")
        approved = self.gateway.log("--event", "approval.approved")[-1]
        self.assertEqual((approved["request"], approved["actor"]), (request, f"uid:{os.getuid()}"))
        shown = json.loads(self.run_command("show", request, "--json").stdout)["approval"]["shown"]
        self.assertEqual(approved["shown"], shown)
        self.assertIn("already", self.run_command("approve", request, "--yes", code=FAILED).stderr)
        self.run_command("deny", request, "--reason", "taken back")

    def test_a_destructive_call_wants_the_name_of_its_tool(self):
        request = self.ask("delete_customer")
        self.assertEqual(self.desk.open()[0]["category"], "Destructive")
        self.assertEqual(self.typed("y\n", "approve", request)[0], FAILED)
        self.assertEqual(self.typed("delete_custome\n", "approve", request)[0], FAILED)
        self.assertEqual(self.typed("delete_customer\n", "approve", request)[0], OK)

    def test_expired_is_seven(self):
        request = self.ask("brief")
        time.sleep(1.2)
        self.assertIn("has expired", self.run_command("approve", request, "--yes", code=PENDING).stderr)
        self.assertIn("has expired", self.run_command("deny", request, code=PENDING).stderr)
        self.assertEqual([row["state"] for row in json.loads(self.run_command("list", "--all", "--json").stdout)["approvals"]
                          if row["id"] == request], ["expired"])

    def test_one_of_two(self):
        request = self.ask("twice")
        self.assertIn("1 more of payments must agree", self.run_command("approve", request, "--yes").stdout)
        self.assertIn("has approved it already", self.run_command("approve", request, "--yes", code=FAILED).stderr)
        self.assertEqual(len(self.upstream.calls(self.mark)), 0)

    def test_for_a_while(self):
        self.run_command("approve", self.ask(), "--yes", "--for", "10m")
        client = self.client(name="hasty", timeout=30)
        for _ in range(3):
            self.assertNotIn("isError", client.call("pay", {"amount": self.number}).result)
        self.assertEqual(len(self.upstream.calls(self.mark)), 3)
        self.assertTrue(client.call("pay", {"amount": self.number + 1}).result["isError"])
        for words in ("soon", "0s", "25h", "-1m"):
            self.assertNotEqual(self.gateway.run("approvals", "approve", self.desk.open()[0]["id"], "--yes", "--for",
                                                 words).returncode, OK)

    def test_watch(self):
        known = self.ask()
        watching = subprocess.Popen([str(BINARY), "approvals", "list", "--watch", "--state", str(self.gateway.state)],
                                    stdout=subprocess.PIPE, text=True)
        try:
            self.assertIn("CALL", watching.stdout.readline())
            self.assertIn(known, watching.stdout.readline())
            self.client(name="hasty", timeout=30).call("pay", {"amount": self.number + 7})
            fresh = next(row["id"] for row in self.desk.wait(2) if row["id"] != known)
            self.assertIn(fresh, watching.stdout.readline())
        finally:
            watching.terminate()
            watching.wait(10)
            watching.stdout.close()

    def test_no_gateway(self):
        done = subprocess.run([str(BINARY), "approvals", "list", "--state", str(self.gateway.folder / "none")],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 4, done.stderr)
