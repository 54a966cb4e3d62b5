"""Messages about approvals: a webhook's receiver that checks signatures, an SMTP sink, Slack, the desktop."""
import email
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import socketserver
import tempfile
import threading
import time
import unittest

from harness.approvals import Desk
from harness.case import GatewayCase
from harness.fake_server import FakeServer
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

SECRET = "hook-secret-7c1d"
POLICY = {"version": "1", "default": "deny", "tools": {
    "pay": {"approve_if": [{"conditions": [], "approvers": ["payments"]}]},
    "brief": {"approve_if": [{"conditions": [], "expires": "2s"}]}}}


class Receiver:
    """An HTTP receiver that keeps what it gets and answers each kind of message as it is told, then with 204."""

    def __init__(self):
        self.got, self.answers = [], {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                told = outer.answers.get(json.loads(body).get("type", "").removeprefix("io.doorward."))
                status = told.pop(0) if told else 204
                outer.got.append((self.path, dict(self.headers), body, status))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Sink(socketserver.ThreadingTCPServer):
    """An SMTP relay (RFC 5321) that keeps the mails."""
    allow_reuse_address, daemon_threads = True, True

    def __init__(self):
        self.mails = []
        super().__init__(("127.0.0.1", 0), self.Session)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    class Session(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self):
            self.say("220 sink.test")
            sender, to = None, []
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                if verb.startswith("MAIL FROM:"):
                    sender = line[10:]
                elif verb.startswith("RCPT TO:"):
                    to.append(line[8:])
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(part)
                    self.server.mails.append((sender, to, b"".join(lines)))
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                self.say("250 ok")


def until(look, seconds=15.0):
    """What `look` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come")
        time.sleep(0.02)
    return found


class Messages(GatewayCase):
    policies = {"asks": ("up", POLICY)}
    grants = {"agent": ("up", "asks")}

    @classmethod
    def make_upstream(cls):
        return RecordingUpstream(FakeServer(("pay", "brief")))

    @classmethod
    def make_gateway(cls):
        cls.hook, cls.slack, cls.sink = Receiver(), Receiver(), Sink()
        cls.bin = pathlib.Path(tempfile.mkdtemp(prefix="doorward-desktop-"))
        tool = cls.bin / "notify-send"
        tool.write_text(f"#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done >> {cls.bin}/shown\n")
        tool.chmod(0o755)
        channels = [
            {"name": "hook", "type": "webhook", "url": cls.hook.url + "/in", "secret": {"env": "HOOK_SECRET"}},
            {"name": "desk", "type": "desktop", "events": ["approval.requested"]},
            {"name": "post", "type": "mail", "relay": f"smtp://127.0.0.1:{cls.sink.port}", "starttls": False,
             "from": "doorward@gateway.test", "to": ["ops@example.test", "lee@example.test"],
             "events": ["approval.requested"]},
            {"name": "chat", "type": "slack", "url": {"env": "SLACK_URL"}, "events": ["approval.requested"]}]
        return Gateway({"up": cls.upstream.url}, cls.policies, cls.grants,
                       env={"HOOK_SECRET": SECRET, "SLACK_URL": cls.slack.url + "/services/T0/B0/canary-slack",
                            "PATH": f"{cls.bin}:{os.environ['PATH']}"},
                       notifications={"channels": channels},
                       waiting={"console": "https://console.test/",
                                "clients": [{"name": "hasty*", "hold": "50ms", "hold_with_progress": "50ms"}]})

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.hook.close()
        cls.slack.close()
        cls.sink.shutdown()
        cls.sink.server_close()

    def setUp(self):
        super().setUp()
        self.desk = Desk(self.gateway)
        self.number = time.monotonic_ns()
        self.seen = len(self.hook.got), len(self.slack.got), len(self.sink.mails)

    def tearDown(self):
        for row in self.desk.open():
            self.desk.deny(row["id"], "the test is over")

    def ask(self, tool="pay"):
        self.client(name="hasty", timeout=30).call(tool, {"amount": self.number, "card": "canary-4111"})
        return self.desk.wait(1, tool)[0]["id"]

    def hooks(self, request, kind):
        return [(headers, body, status) for _, headers, body, status in list(self.hook.got)
                if json.loads(body).get("subject") == request and json.loads(body)["type"] == "io.doorward." + kind]

    def deliveries(self, channel):
        done = self.gateway.run("notify", "log", channel, "--json", check=True)
        return json.loads(done.stdout)["deliveries"]

    def test_a_webhook_is_signed_and_told_once(self):
        request = self.ask()
        for _ in range(3):
            self.client(name="hasty", timeout=30).call("pay", {"amount": self.number, "card": "canary-4111"})
        headers, body, _ = until(lambda: self.hooks(request, "approval.requested"))[0]
        names = {name.lower(): value for name, value in headers.items()}
        found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", names["doorward-signature"])
        expected = hmac.new(SECRET.encode(), found[1].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.assertEqual(found[2], expected)
        self.assertLess(abs(int(found[1]) - time.time()), 60)
        self.assertEqual(names["content-type"], "application/cloudevents+json")
        event = json.loads(body)
        self.assertEqual((event["specversion"], event["source"]), ("1.0", "https://console.test"))
        self.assertEqual(event["id"], names["doorward-delivery"])
        data = event["data"]
        self.assertEqual((data["tool"], data["server"], data["agent"], data["state"]), ("pay", "up", "agent", "pending"))
        self.assertEqual(data["link"], f"https://console.test/approvals/{request}")
        self.assertNotIn(b"canary-4111", body)
        self.assertNotIn(str(self.number).encode(), body)
        self.desk.approve(request)
        decided = until(lambda: self.hooks(request, "approval.decided"))[0]
        self.assertEqual(json.loads(decided[1])["data"]["state"], "approved")
        self.assertEqual(json.loads(decided[1])["data"]["decided_by"], f"uid:{os.getuid()}")
        self.assertEqual(len(self.hooks(request, "approval.requested")), 1, "one message for one request")
        self.gateway.run("approvals", "deny", request, check=True)

    def test_what_is_about_to_expire_and_what_did(self):
        request = self.ask("brief")
        until(lambda: self.hooks(request, "approval.expiring"))
        until(lambda: self.hooks(request, "approval.expired"))

    def test_a_failure_is_tried_again_and_noted(self):
        self.hook.answers["approval.requested"] = [503]
        request = self.ask()
        tries = until(lambda: len(self.hooks(request, "approval.requested")) == 2 and
                      self.hooks(request, "approval.requested"))
        self.assertEqual([status for _, _, status in tries], [503, 204])
        self.assertEqual(json.loads(tries[0][1])["id"], json.loads(tries[1][1])["id"], "the receiver can tell")
        rows = until(lambda: [row for row in self.deliveries("hook")
                              if row["request"] == request and row["event"] == "approval.requested"
                              and row["state"] == "delivered"] and self.deliveries("hook"))
        mine = [row for row in rows if row["request"] == request and row["event"] == "approval.requested"]
        self.assertEqual([(row["attempt"], row["state"], row["status"]) for row in mine],
                         [(2, "delivered", 204), (1, "will be tried again", 503)])

    def test_what_a_receiver_refuses_is_not_repeated(self):
        self.hook.answers["notify.test"] = [400]
        done = self.gateway.run("notify", "test", "hook")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("400", done.stderr)
        self.gateway.run("notify", "test", "hook", check=True)
        self.assertEqual([row["state"] for row in self.deliveries("hook")][:2], ["delivered", "failed"])
        self.assertEqual(self.gateway.run("notify", "test", "nobody").returncode, 1)

    def test_mail_carries_a_link_and_no_argument(self):
        request = self.ask()
        sender, to, text = until(lambda: [mail for mail in self.sink.mails if request.encode() in mail[2]])[0]
        self.assertIn("doorward@gateway.test", sender)
        self.assertEqual(len(to), 2)
        mail = email.message_from_bytes(text)
        self.assertIn("agent asks to run up.pay", mail["subject"])
        self.assertIn(f"https://console.test/approvals/{request}", mail.get_payload())
        self.assertNotIn(b"canary-4111", text)
        self.assertNotIn(str(self.number).encode(), text)

    def test_slack_gets_names_only(self):
        request = self.ask()
        path, _, body, _ = until(lambda: [got for got in self.slack.got if request.encode() in got[2]])[0]
        self.assertEqual(path, "/services/T0/B0/canary-slack")
        self.assertEqual(list(json.loads(body)), ["text"])
        self.assertIn("agent asks to run up.pay", json.loads(body)["text"])
        self.assertNotIn(b"canary-4111", body)
        self.assertNotIn(str(self.number).encode(), body)

    def test_the_desktop_is_told_and_cannot_approve(self):
        request = self.ask()
        shown = until(lambda: (self.bin / "shown").exists() and request in (self.bin / "shown").read_text() and
                      (self.bin / "shown").read_text())
        self.assertIn("agent asks to run up.pay", shown)
        self.assertNotIn("--action", shown)
        self.assertNotIn("canary-4111", shown)

    def test_no_secret_leaves(self):
        self.ask()
        for words in (("notify", "list", "--json"), ("notify", "log", "--json"), ("config", "check", str(self.gateway.file))):
            done = self.gateway.run(*words)
            self.assertNotIn(SECRET, done.stdout + done.stderr)
            self.assertNotIn("canary-slack", done.stdout + done.stderr)
        self.assertNotIn("canary-slack", self.gateway.stderr())


class Broken(unittest.TestCase):
    def test_a_channel_without_its_secret_stops_the_start_and_names_it(self):
        gateway = Gateway({"up": "http://127.0.0.1:9/mcp"}, notifications={
            "channels": [{"name": "hook", "type": "webhook", "url": "https://x.test/", "secret": {"env": "NOT_THERE"}}]})
        self.addCleanup(gateway.close)
        with self.assertRaises(RuntimeError):
            gateway.start()
        self.assertIn("NOT_THERE", gateway.stderr())
        self.assertIn('channel "hook"', gateway.stderr())


if __name__ == "__main__":
    unittest.main()
