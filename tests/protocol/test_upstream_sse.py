"""Servers that answer by event streams which end before the answer: the gateway comes back for the rest."""
import json
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import LEGACY, MODERN
from harness.shows import shows
from harness.wire import request_bytes


def numbered(id, message=None, retry=None):
    """One event with an id; without a message, the priming event of 2025-11-25."""
    lines = [f"id: {id}"] + ([f"retry: {retry}"] if retry is not None else [])
    return ("\n".join(lines) + "\ndata: " + (json.dumps(message) if message else "") + "\n\n").encode()


class Polled:
    """A hook: answers each call by a stream of `events` (functions of the call), cut after `cut` of them; what is
    left comes by GET with Last-Event-ID."""

    def __init__(self, cut, retry=30, proper_end=True):
        self.cut, self.retry, self.proper_end = cut, retry, proper_end
        self.rest, self.resumed, self.lock = {}, [], threading.Lock()

    def events(self, seen):
        token = seen.params["_meta"]["progressToken"]
        prefix = f"s{seen.message['id']}"
        progress = [{"jsonrpc": "2.0", "method": "notifications/progress",
                     "params": {"progressToken": token, "progress": step}} for step in (1, 2)]
        result = {"jsonrpc": "2.0", "id": seen.message["id"],
                  "result": {"content": [{"type": "text", "text": seen.params["arguments"]["text"]}]}}
        messages = [None, *progress, result]
        return [(f"{prefix}-{at}", numbered(f"{prefix}-{at}", message, None if message else self.retry))
                for at, message in enumerate(messages)]

    def __call__(self, exchange):
        seen = exchange.seen
        last = seen.header("last-event-id")
        if seen.method == "GET" and last:
            with self.lock:
                self.resumed.append(seen)
                rest = self.rest[last]
            exchange.open_stream()
            for _, event in rest:
                exchange.chunk(event)
            exchange.end_stream()
            return True
        if seen.rpc != "tools/call":
            return False
        events = self.events(seen)
        with self.lock:
            for at, (name, _) in enumerate(events):
                self.rest[name] = events[at + 1:]
        exchange.open_stream()
        for _, event in events[:self.cut]:
            exchange.chunk(event)
        if self.proper_end or self.cut == len(events):
            exchange.end_stream()
            return True
        exchange.reset()


def texts(messages):
    return [message["result"]["content"][0]["text"] if "result" in message else message["params"]["progress"]
            for message in messages]


class Resumption(GatewayCase):
    def call(self, client, text):
        """The messages that the client gets for a call; a stream that ends before the answer is come back to."""
        answer = client.call("echo", {"text": text}, meta={"progressToken": "p"}, stream=True)
        if answer.header("content-type") != "text/event-stream":
            return [answer.message()]
        messages, last, wire = [], None, client.wire
        while True:
            for event in wire.events(10):
                last = event.get("id", last)
                if event.get("data"):
                    messages.append(json.loads(event["data"]))
            if client.modern or any("method" not in message for message in messages):
                return messages
            wire = client.open()
            self.addCleanup(wire.close)
            wire.send(request_bytes(client.path, method="GET", host=f"127.0.0.1:{self.gateway.port}", headers=[
                *client.headers(), ("Accept", "text/event-stream"), ("Last-Event-ID", last)]))
            self.assertEqual(wire.answer(stream=True).status, 200)

    @shows("resumption of streams", LEGACY)
    def test_cut_at_every_event_boundary(self):
        for version in LEGACY:
            client = self.client(version=version)
            for cut in (1, 2, 3, 4):
                for proper_end in (True, False):
                    with self.subTest(version=version, cut=cut, proper_end=proper_end):
                        self.upstream.hook = hook = Polled(cut, proper_end=proper_end)
                        self.assertEqual(texts(self.call(client, f"{cut}")), [1, 2, f"{cut}"])
                        self.assertEqual(len(hook.resumed), 0 if cut == 4 else 1)
                        for seen in hook.resumed:
                            self.assertEqual(seen.header("accept"), "text/event-stream")
                            self.assertEqual(seen.header("mcp-session-id"),
                                             self.upstream.calls()[-1].header("mcp-session-id"))
                            self.assertEqual(seen.header("mcp-protocol-version"),
                                             None if version == "2025-03-26" else version)

    def test_the_time_that_the_server_asks_for_is_waited(self):
        client = self.client()
        self.upstream.hook = hook = Polled(1, retry=700)
        self.assertEqual(texts(self.call(client, "x")), [1, 2, "x"])
        self.assertGreaterEqual(hook.resumed[0].time - self.upstream.calls()[-1].time, 0.7)

    def test_many_at_once_get_their_own(self):
        self.upstream.hook = Polled(2)
        problems = []

        def one(number):
            client = self.client()
            for turn in range(5):
                if (got := texts(self.call(client, f"{number}.{turn}"))) != [1, 2, f"{number}.{turn}"]:
                    problems.append(got)
        threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])

    def test_without_ids_a_broken_stream_loses_the_call_and_says_so(self):
        client = self.client()

        def broken(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.open_stream()
            exchange.chunk(b": nothing yet\n\n")
            exchange.reset()
        self.upstream.hook = broken
        [message] = self.call(client, "x")
        self.assertIn("[UPSTREAM ERROR]", message["result"]["content"][0]["text"])
        self.assertIn("not a policy decision", message["result"]["content"][0]["text"])

    def test_a_modern_stream_is_never_resumed(self):
        client = self.client(version=MODERN)
        self.upstream.hook = hook = Polled(2, proper_end=False)
        messages = self.call(client, "x")
        self.assertIn("[UPSTREAM ERROR]", messages[-1]["result"]["content"][0]["text"])
        self.assertEqual(hook.resumed, [])

    def test_a_server_that_refuses_to_go_on_fails_the_call(self):
        client = self.client()
        polled = Polled(1)

        def refusing(exchange):
            if exchange.seen.method == "GET":
                exchange.http(405)
                return True
            return polled(exchange)
        self.upstream.hook = refusing
        messages = self.call(client, "x")
        self.assertIn("[UPSTREAM ERROR]", messages[-1]["result"]["content"][0]["text"])
        self.upstream.hook = None
        self.assertEqual(client.call("echo", {"text": "y"}).status, 200)

    def test_the_stream_of_the_session_comes_back(self):
        client = self.client()
        first = threading.Event()

        def cutting(exchange):
            seen = exchange.seen
            if seen.method != "GET":
                return False
            change = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
            exchange.open_stream()
            if seen.header("last-event-id") is None:
                exchange.chunk(numbered("g-1", change, retry=20))
                exchange.end_stream()
                first.set()
            else:
                exchange.chunk(numbered("g-2", change))
                exchange.wait_closed(10)
            return True
        self.upstream.hook = cutting
        answer, wire = client.listen()
        self.addCleanup(wire.close)
        self.assertEqual(answer.status, 200)
        events = (event for event in wire.events() if event.get("data"))
        for _ in range(2):
            self.assertEqual(json.loads(next(events)["data"])["method"], "notifications/tools/list_changed")
        self.assertEqual([seen.header("last-event-id") for seen in self.upstream.since() if seen.method == "GET"][-2:],
                         [None, "g-1"])


if __name__ == "__main__":
    unittest.main()
