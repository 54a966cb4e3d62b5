"""Servers that fail: frozen, down, restarting, forgetful, cut off, lying about lengths. Each alone, none with it."""
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import MODERN
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from harness.upstream_process import UpstreamProcess

STDIO = str(pathlib.Path(__file__).resolve().parent.parent / "harness" / "stdio_upstream.py")


def text_of(answer):
    return answer.result["content"][0]["text"]


class Neighbours(unittest.TestCase):
    """Two servers and one gateway; the first one fails, and the calls to the second lose nothing."""

    def start(self, failing):
        self.healthy = RecordingUpstream()
        self.addCleanup(self.healthy.stop)
        open_policy = {"version": "1", "default": "allow"}
        self.gateway = Gateway({"bad": failing, "good": self.healthy.url},
                               {"open-bad": ("bad", open_policy), "open-good": ("good", open_policy)},
                               {"bad": ("bad", "open-bad"), "good": ("good", "open-good")}, workers=1)
        self.addCleanup(self.gateway.close)
        self.gateway.start()

    def load(self, fail):
        """Calls both servers from several threads; `fail` happens in the middle. (problems, bad ones answered)."""
        problems, over, begun = [], threading.Event(), threading.Event()

        def good(number):
            with self.gateway.client("good", version=MODERN if number % 2 else "2025-11-25") as client:
                client.initialize()
                turn = 0
                while not over.is_set() or turn < 50:
                    turn += 1
                    want = {"text": f"{number}.{turn}"}
                    answer = client.call("echo", want)
                    if answer.status != 200 or json.loads(text_of(answer)) != want:
                        problems.append(answer)
                    begun.set()

        def bad():
            try:
                with self.gateway.client("bad", version=MODERN, timeout=1.0) as client:
                    while not over.is_set():
                        client.call("echo", {"text": "x"})
            except OSError:
                pass
        threads = [threading.Thread(target=good, args=(number,)) for number in range(4)]
        threads += [threading.Thread(target=bad) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun.wait(10)
        fail()
        time.sleep(1.0)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])

    def test_a_frozen_http_server(self):
        bad = UpstreamProcess()
        self.addCleanup(bad.stop)
        self.start(bad.url)
        self.load(bad.freeze)
        bad.thaw()
        with self.gateway.client("bad", version=MODERN) as client:
            self.assertEqual(json.loads(text_of(client.call("echo", {"text": "y"}))), {"text": "y"})

    def test_a_frozen_child_process(self):
        record = os.devnull
        self.start({"command": [sys.executable, STDIO, record]})
        with self.gateway.client("bad") as client:
            client.initialize()
            pid = int(text_of(client.call("pid")))
        self.load(lambda: os.kill(pid, signal.SIGSTOP))
        os.kill(pid, signal.SIGCONT)

    def test_a_killed_http_server_and_its_return(self):
        bad = UpstreamProcess()
        self.start(bad.url)
        self.load(bad.stop)
        with self.gateway.client("bad", version=MODERN) as client:
            text = text_of(client.call("echo"))
            self.assertIn("it could not be reached", text)
            self.assertIn("This is not a policy decision", text)
            self.assertIn("The call did not run", text)
            back = UpstreamProcess(bad.port)
            self.addCleanup(back.stop)
            deadline = time.monotonic() + 10
            while "[UPSTREAM ERROR]" in text and time.monotonic() < deadline:
                time.sleep(0.1)
                text = text_of(client.call("echo", {"text": "z"}))
            self.assertEqual(json.loads(text), {"text": "z"})


class Faults(GatewayCase):
    config = {"workers": 1}

    def failed(self, answer, words):
        text = text_of(answer)
        self.assertIn("[UPSTREAM ERROR]", text)
        self.assertIn(words, text)

    def test_a_server_that_is_down_is_not_dialled_for_every_call(self):
        with socket.socket() as bound:  # it does not listen
            bound.bind(("127.0.0.1", 0))
            port = bound.getsockname()[1]
            gateway = Gateway({"up": f"http://127.0.0.1:{port}/mcp"}, self.policies, self.grants, workers=1)
            self.addCleanup(gateway.close)
            gateway.start()
            with gateway.client("agent", version=MODERN) as client:
                self.failed(client.call("echo"), "it could not be reached")
                for _ in range(20):
                    client.request("resources/list")
            reasons, deadline = [], time.monotonic() + 20
            while not any("the next try is in" in reason for reason in reasons) and time.monotonic() < deadline:
                reasons += [record.get("reason", "") for record in gateway.new_records() if record["event"] == "call.outcome"]
                time.sleep(0.05)
            self.assertTrue(any("the next try is in" in reason for reason in reasons), reasons[:5])

    def test_a_lost_session_is_told_by_404_and_the_client_begins_another(self):
        for version in ("2025-03-26", "2025-06-18", "2025-11-25"):
            with self.subTest(version):
                client = self.client(version=version)
                lost = self.upstream.since()[-1].header("mcp-session-id")

                def forgetful(exchange, lost=lost):
                    if exchange.seen.header("mcp-session-id") != lost:
                        return False
                    exchange.http(404)
                    return True
                self.upstream.hook = forgetful
                self.assertEqual(client.call("echo").status, 404)
                client.session = None
                client.initialize()
                self.assertEqual(json.loads(text_of(client.call("echo", {"text": "x"}))), {"text": "x"})

    def test_R8_lengths_that_lie(self):
        client = self.client()
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"content": []}}).encode()
        answers = {
            "too long": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body) + 9, body),
            "too short": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body) - 9, body),
            "none and cut": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body[:-5],
            "chunk cut": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + body,
        }
        for name, raw in answers.items():
            with self.subTest(name):
                def lying(exchange, raw=raw):
                    if exchange.seen.rpc != "tools/call":
                        return False
                    exchange.raw(raw)
                    exchange.close()
                self.upstream.hook = lying
                answer = client.call("echo")
                self.assertIn("[UPSTREAM ERROR]", text_of(answer))
                self.upstream.hook = None
                self.assertEqual(json.loads(text_of(client.call("echo", {"text": "x"}))), {"text": "x"})
        # None of them was sent twice (T252).
        self.assertEqual(len([seen for seen in self.upstream.calls() if seen.params["arguments"] == {}]), len(answers))

    def test_an_endless_answer_is_cut_and_memory_stays(self):
        def endless(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                exchange.chunk(b'"' + b"x" * 65536)
        self.upstream.hook = endless
        client = self.client()
        before = memory_of(self.gateway.pid)
        for _ in range(10):
            self.failed(client.call("echo"), "its answer was too large")
        self.assertLess(memory_of(self.gateway.pid) - before, 40 << 20)


def memory_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


if __name__ == "__main__":
    unittest.main()
