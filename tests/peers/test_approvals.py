"""Calls that wait for people, made by real clients: which way each of them waits, and that the call runs once."""
import time
import unittest

from harness.approvals import Desk, held
from harness.case import GatewayCase
from harness.fake_server import FakeServer
from harness.upstream import RecordingUpstream
from peers.peer import drive, text_of

POLICY = {"version": "1", "default": "allow", "tools": {
    "pay": {"approve_if": [{"conditions": [], "approvers": ["payments"]}]},
    "confirm": {"approve_if": [{"conditions": [], "self_confirm": True}]}}}
PAGES = {"elicitation": {"form": {}, "url": {}}}
OPENED = {"elicitation/create": {"action": "accept"}}


class Clients(GatewayCase):
    policies = {"asks": ("up", POLICY)}
    grants = {"agent": ("up", "asks")}
    config = {"waiting": {"console": "https://console.test", "progress": "50ms", "clients": [
        {"name": "v1-client", "hold": "20s"}, {"name": "v2-client", "hold": "1s", "hold_with_progress": "20s"}]}}

    @classmethod
    def make_upstream(cls):
        return RecordingUpstream(FakeServer(("pay", "confirm", "echo")))

    def setUp(self):
        super().setUp()
        self.desk = Desk(self.gateway)
        self.mark = self.upstream.mark()

    def drive(self, script, era, step, decide, **more):
        """Lets a client do one step, and decides about it once its request waits."""
        request = {"era": era, "transport": {"url": f"http://127.0.0.1:{self.gateway.port}/mcp/up/",
                                             "token": self.gateway.tokens["agent"]}, "steps": [step], **more}
        done = held(drive, script, request)
        waiting = self.desk.wait(1)[0]["id"]
        self.assertEqual(self.upstream.calls(self.mark), [])
        decide(waiting)
        return done.result(60), waiting

    def step(self, tool="pay", **more):
        return {"call": tool, "arguments": {"amount": self.mark[0]}, **more}

    def assert_ran(self, step):
        self.assertFalse(step["result"].get("isError"), step)
        self.assertIn("amount", text_of(step["result"]))
        self.assertEqual(len(self.upstream.calls(self.mark)), 1)

    def approve_after_a_while(self, waiting):
        time.sleep(0.5)
        self.desk.approve(waiting)

    def legacy_sdks(self):
        return (("v1_client.mjs", "legacy"), ("v2_client.mjs", "legacy"))

    def test_held(self):
        done, _ = self.drive("v1_client.mjs", "legacy", self.step(), self.desk.approve)
        self.assert_ran(done["steps"][0])
        self.assertEqual((done["steps"][0]["requests"], done["asked"]), (1, []))

    def test_denied_while_held(self):
        done, _ = self.drive("v1_client.mjs", "legacy", self.step(), lambda waiting: self.desk.deny(waiting, "not today"))
        self.assertTrue(done["steps"][0]["result"]["isError"])
        self.assertIn("The reason: not today.", text_of(done["steps"][0]["result"]))
        self.assertEqual(self.upstream.calls(self.mark), [])

    def test_progress(self):
        for script, era in self.legacy_sdks():
            with self.subTest(script):
                self.mark = self.upstream.mark()
                done, _ = self.drive(script, era, self.step(progress=True), self.approve_after_a_while)
                self.assert_ran(done["steps"][0])
                self.assertEqual(done["steps"][0]["requests"], 1)
                self.assertTrue(done["steps"][0]["progress"], "no sign of life came")

    def test_the_users_page(self):
        for script, era in (*self.legacy_sdks(), ("v2_client.mjs", "modern")):
            with self.subTest(f"{script} {era}"):
                self.mark = self.upstream.mark()
                step = self.step("confirm", progress=era == "legacy")
                done, waiting = self.drive(script, era, step, self.desk.approve, answers=OPENED, capabilities=PAGES)
                self.assert_ran(done["steps"][0])
                self.assertEqual(done["urls"], [f"https://console.test/approvals/{waiting}"])

    def test_rounds(self):
        def approve_after_a_round(waiting):
            self.desk.wait_for_log("call.denied", approval=waiting)
            self.desk.approve(waiting)
        done, _ = self.drive("v2_client.mjs", "modern", self.step(), approve_after_a_round)
        self.assert_ran(done["steps"][0])
        self.assertGreater(done["steps"][0]["requests"], 1, "the SDK came back by itself")
        self.assertEqual(done["asked"], [])

    def test_task(self):
        done, _ = self.drive("tasks_client.mjs", "modern", self.step(), self.desk.approve)
        self.assertEqual(done["kinds"][0], "tools/call task working")
        self.assertEqual(done["kinds"][-1], "tasks/get complete completed")
        self.assert_ran(done)


if __name__ == "__main__":
    unittest.main()
