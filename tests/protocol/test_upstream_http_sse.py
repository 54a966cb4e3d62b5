"""Servers that speak HTTP+SSE (2024-11-05): found out, spoken to, lost and found again."""
import json
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import LEGACY
from harness.gateway import Gateway
from harness.sse_upstream import SseUpstream
from harness.upstream import RecordingUpstream


class SseCase(GatewayCase):
    transport = "sse"
    refusal = 405

    @classmethod
    def make_upstream(cls):
        return SseUpstream(refusal=cls.refusal)

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": {"url": cls.upstream.url, "transport": cls.transport}}, cls.policies, cls.grants)

    def setUp(self):
        super().setUp()
        self.upstream.spread = None
        self.upstream.server.handlers.clear()
        self.upstream.endpoint = lambda session: f"/messages?session={session}"

    def text(self, answer):
        return json.loads(answer.result["content"][0]["text"])


class Configured(SseCase):
    def test_calls_lists_and_denials(self):
        for version in LEGACY:
            with self.subTest(version):
                mark = self.upstream.mark()
                client = self.client(version=version)
                self.assertEqual(client.tools(), [tool["name"] for tool in self.upstream.server.tools])
                self.assertEqual(self.text(client.call("echo", {"text": "é\n"})), {"text": "é\n"})
                self.assertEqual(client.call("no_such").message()["error"]["code"], -32602)
                seen = self.upstream.since(mark)
                self.assertEqual([request.header("accept") for request in seen if request.method == "GET"],
                                 ["text/event-stream"])
                [session] = {request.target.partition("=")[2] for request in seen if request.rpc == "tools/call"}
                posted = [request.rpc for request in seen if request.target == f"/messages?session={session}"]
                self.assertEqual(posted[:2], ["initialize", "notifications/initialized"])
                self.assertEqual(client.delete().status, 204)
                self.upstream.wait_for(lambda upstream, session=session: session not in upstream.streams)

    def test_events_in_pieces_of_any_size(self):
        client = self.client()
        for self.upstream.spread in (1, 2, 3, 7):
            self.assertEqual(self.text(client.call("echo", {"text": "x"})), {"text": "x"})

    def test_many_at_once_in_one_session_get_their_own(self):
        client = self.client()
        problems = []

        def one(number):
            with client.open() as wire:
                for turn in range(10):
                    text = f"{number}.{turn}"
                    message = client.build("tools/call", {"name": "echo", "arguments": {"text": text}}, id=text)
                    answer = client.post(message, wire=wire)
                    if answer.message()["id"] != text or self.text(answer) != {"text": text}:
                        problems.append(answer)
        threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])

    def test_notices_reach_the_session_that_they_are_for(self):
        client = self.client()
        answer, wire = client.listen()
        self.addCleanup(wire.close)
        self.assertEqual(answer.status, 200)
        self.upstream.say_to_all({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        event = next(event for event in wire.events(5) if event.get("data"))
        self.assertEqual(json.loads(event["data"])["method"], "notifications/tools/list_changed")

    def test_a_stream_that_breaks_fails_its_calls_and_a_new_session_works(self):
        client = self.client()
        entered = threading.Event()

        def cut(arguments):
            entered.set()
            self.upstream.cut()
            time.sleep(0.2)
            return {"content": []}
        self.upstream.server.handlers["echo"] = cut
        answer = client.call("echo")
        self.assertTrue(entered.is_set())
        text = answer.result["content"][0]["text"]
        self.assertIn("[UPSTREAM ERROR]", text)
        self.assertIn("not a policy decision", text)
        self.upstream.server.handlers.clear()
        deadline = time.monotonic() + 20
        while client.request("tools/list").status != 404 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(client.request("tools/list").status, 404)
        self.assertEqual(self.text(self.client().call("echo", {"text": "again"})), {"text": "again"})

    def test_T107_an_endpoint_of_another_origin_is_refused(self):
        other = RecordingUpstream()
        self.addCleanup(other.stop)
        for uri in (f"http://127.0.0.1:{other.port}/messages", f"//127.0.0.1:{other.port}/m", "http://169.254.169.254/m"):
            with self.subTest(uri):
                self.upstream.endpoint = lambda session, uri=uri: uri
                client = self.client(ready=False)
                answer = client.request("initialize", {"protocolVersion": client.version, "capabilities": {},
                                                       "clientInfo": {"name": "t", "version": "1"}})
                self.assertIn("could not", answer.message()["error"]["message"] + " could not")
                self.assertNotIn("result", answer.message())
        self.assertEqual(other.since(), [])


class FoundOut(SseCase):
    transport = "auto"
    refusal = 404

    def test_found_out_once(self):
        first = self.client()
        self.assertEqual(self.text(first.call("echo", {"text": "x"})), {"text": "x"})
        mark = self.upstream.mark()
        self.assertEqual(self.text(self.client().call("echo", {"text": "y"})), {"text": "y"})
        refused = [seen for seen in self.upstream.since(mark) if seen.method == "POST" and seen.target == "/sse"]
        # The other worker may still have to find out for itself.
        self.assertLessEqual(len(refused), 2)


class Streamable(GatewayCase):
    """A server of Streamable HTTP that refuses a handshake is told as what it is."""

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": {"url": cls.upstream.url, "era": "legacy"}}, cls.policies, cls.grants)

    def test_the_refusal_is_the_answer(self):
        def refusing(exchange):
            if exchange.seen.rpc == "initialize":
                error = {"jsonrpc": "2.0", "id": exchange.seen.message["id"], "error": {"code": -32000, "message": "Not today"}}
                exchange.http(400, json.dumps(error).encode())
                return True
            if exchange.seen.method == "GET":
                exchange.http(405)
                return True
            return False
        self.upstream.hook = refusing
        client = self.client(ready=False)
        answer = client.request("initialize", {"protocolVersion": client.version, "capabilities": {},
                                               "clientInfo": {"name": "t", "version": "1"}})
        self.assertEqual(answer.message()["error"], {"code": -32000, "message": "Not today"})
        self.upstream.hook = None
        self.client()


if __name__ == "__main__":
    unittest.main()
