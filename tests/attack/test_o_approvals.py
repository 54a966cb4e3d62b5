"""Section O: approvals. What a person sees and who may decide; the calls themselves: protocol/test_approvals.py."""
import datetime
import json
import os
import pwd
import time

from harness.approvals import Desk
from harness.case import GatewayCase
from harness.fake_server import FakeServer
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

ASK = {"approve_if": [{"conditions": [], "approvers": ["payments"]}]}
POLICY = {"version": "1", "default": "deny", "tools": {"pay": ASK, "p\u0430y": ASK}}
ME = pwd.getpwuid(os.getuid()).pw_name


class Approvals(GatewayCase):
    policies = {"asks": ("up", POLICY)}
    grants = {"agent": ("up", "asks"), "own": ("up", "asks", "--owner", ME.upper()), "flood": ("up", "asks")}

    @classmethod
    def make_upstream(cls):
        return RecordingUpstream(FakeServer(("pay",)))

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": cls.upstream.url}, cls.policies, cls.grants, approvals={"pending_per_grant": 5},
                       waiting={"clients": [{"name": "hasty*", "hold": "50ms", "hold_with_progress": "50ms"}]})

    def setUp(self):
        super().setUp()
        self.desk = Desk(self.gateway)
        self.mark = self.upstream.mark()
        self.number = time.monotonic_ns()

    def tearDown(self):
        for row in self.desk.open():
            self.desk.deny(row["id"], "the test is over")

    def ask(self, arguments, grant="agent"):
        answer = self.client(grant, name="hasty", timeout=30).call("pay", arguments)
        self.assertTrue(answer.result["isError"], answer)
        return answer

    def test_T303_who_asks_does_not_approve(self):
        """The person at this machine owns the grant: their agent's call is somebody else's to approve."""
        self.ask({"amount": self.number}, "own")
        request = self.desk.wait(1)[0]["id"]
        refused = self.gateway.run("approvals", "approve", request, "--yes")
        self.assertEqual(refused.returncode, 5, refused.stderr)
        self.assertIn("somebody else must approve", refused.stderr)
        self.assertEqual(self.desk.open()[0]["state"], "pending")
        self.assertEqual(len(self.upstream.calls(self.mark)), 0)

    def test_T304_a_guess_finds_nothing_and_looking_decides_nothing(self):
        self.ask({"amount": self.number})
        request = self.desk.wait(1)[0]["id"]
        for guess in ("", "apr_", "apr_%", "apr_________", "apr_" + "0" * 26, request[:11], request + "0", request.upper()):
            done = self.gateway.run("approvals", "show", guess)
            self.assertEqual(done.returncode, 1, guess)
        for _ in range(3):
            self.gateway.run("approvals", "show", request, check=True)
            self.gateway.run("approvals", "list", check=True)
        self.assertEqual([row["state"] for row in self.desk.open()], ["pending"])
        self.assertRegex(request, r"^apr_[0-9a-hjkmnp-tv-z]{26}$")

    def test_T305_hostile_text_is_seen(self):
        """The harm at the end of 100 KB, characters that turn, hide or imitate text, markup: every byte is reachable."""
        hostile = {"aaa": "x" * 100_000 + " and then rm -rf /",
                   "bidi": "safe \u202e/ fr- mr", "zero": "a\u200bd\u200dmin\ufeff", "look": "p\u0430ypal",
                   "tag": "\U000e0041hidden", "html": "<script>alert(1)</script>", "ansi": "\x1b[2J\x1b[1;32mapproved\r\n\x07",
                   "k\u202eey": 1, "n": 12345678901234567890123}
        self.ask(hostile)
        request = self.desk.wait(1)[0]["id"]
        out = self.gateway.run("approvals", "show", request, check=True).stdout
        self.assertTrue(out.isascii())
        self.assertFalse([c for c in out if ord(c) < 0x20 and c != "\n"])
        for part in (" and then rm -rf /", "safe \\u202e/ fr- mr", "a\\u200bd\\u200dmin\\ufeff", "p\\u0430ypal",
                     "\\udb40\\udc41hidden", "<script>alert(1)</script>", "\\u001b[2J\\u001b[1;32mapproved\\r\\n\\u0007",
                     '"k\\u202eey": 1', "12345678901234567890123", "9 keys, ", "characters that turn the direction of text",
                     "invisible characters", "control characters", "letters beyond ASCII"):
            self.assertIn(part, out)
        whole = json.loads(self.gateway.run("approvals", "show", request, "--json", check=True).stdout)["approval"]
        self.assertEqual(whole["arguments"], hostile)
        self.assertRegex(whole["shown"], "^[0-9a-f]{64}$")
        self.assertIn(whole["shown"], out)
        self.assertNotIn("rm -rf", self.gateway.run("approvals", "list", check=True).stdout)

    def test_T306_a_flood_is_capped_and_coalesced(self):
        for index in range(5):
            self.ask({"amount": self.number + index}, "flood")
        refused = self.ask({"amount": self.number + 99}, "flood")
        self.assertIn("waiting for approval already", refused.text)
        for _ in range(20):
            self.ask({"amount": self.number}, "flood")
        rows = self.desk.wait(5)
        self.assertEqual(sorted(row["asked"] for row in rows), [1, 1, 1, 1, 21])
        self.ask({"amount": self.number}, "agent")
        self.assertEqual(len(self.desk.wait(6)), 6, "another agent is not harmed")
        self.assertEqual(len(self.upstream.calls(self.mark)), 0)

    def test_T307_a_kill_leaves_what_waits(self):
        self.ask({"amount": self.number})
        request = self.desk.wait(1)[0]
        self.gateway.kill()
        self.gateway.start()
        again = self.desk.wait(1)[0]
        self.assertEqual(again["id"], request["id"])
        ends = [datetime.datetime.fromisoformat(row["expires"]) for row in (request, again)]
        self.assertLess(abs(ends[1] - ends[0]), datetime.timedelta(seconds=1), "a restart gives no more time")
        self.desk.approve(request["id"])
        self.gateway.kill()
        self.gateway.start()
        answer = self.client("agent", name="hasty", timeout=30).call("pay", {"amount": self.number})
        self.assertNotIn("isError", answer.result, answer)
        self.ask({"amount": self.number})
        self.assertEqual(len(self.upstream.calls(self.mark)), 1)
