"""Batches, which 2025-03-26 alone has: split, each member judged alone, the answers together."""
import json
import threading
import unittest

from harness.case import ALLOWED, NOTHING, REJECTED, GatewayCase, refused
from harness.client import LEGACY
from harness.shows import shows

POLICY = {"version": "1", "default": "allow", "tools": {"delete_file": {"action": "deny", "reason": "Files stay."}}}
INVALID = refused(400, -32600)


def call(id, tool="echo", arguments=None, meta=None):
    params = {"name": tool, "arguments": arguments or {}, **({"_meta": meta} if meta else {})}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}


def ping(id):
    return {"jsonrpc": "2.0", "id": id, "method": "ping"}


def note(method="notifications/roots/list_changed", params=None):
    return {"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})}


class Batches(GatewayCase):
    policies = {"open": ("up", POLICY)}
    version = "2025-03-26"

    def setUp(self):
        super().setUp()
        self.upstream.stream_answers = False

    def ready(self, **options):
        client = self.client(**options)
        client.tools()
        return client

    @shows("batches", "2025-03-26")
    def test_T031_each_member_is_judged_alone(self):
        client = self.ready()
        batch = [call("a", arguments={"n": 1}), ping(2), call("c", "delete_file"), call("d", "no_such_tool"), note()]
        self.gateway.new_records()
        answer = None

        def send():
            nonlocal answer
            answer = client.post(batch)
            return answer
        self.assert_case("T031 batch", send, client=lambda got: self.assertEqual(got.status, 200),
                         upstream=lambda seen: self.assertEqual(sorted(each.rpc for each in seen), ["ping", "tools/call"]),
                         log=[*ALLOWED, *ALLOWED, {"event": "call.denied", "verdict": "deny", "tool": "delete_file"},
                              {"event": "call.denied", "tool": "no_such_tool"}])
        answers = {each["id"]: each for each in json.loads(answer.body)}
        self.assertEqual(sorted(map(str, answers)), ["2", "a", "c", "d"])
        self.assertEqual(answers["a"]["result"]["content"][0]["text"], '{"n": 1}')
        self.assertEqual(answers[2]["result"], {})
        self.assertTrue(answers["c"]["result"]["isError"])
        self.assertEqual(answers["d"]["error"]["code"], -32602)

    def test_T031_what_reaches_the_server_are_single_messages(self):
        client = self.ready()
        mark = self.upstream.mark()
        self.assertEqual(client.post([call(number, arguments={"n": number}) for number in range(100)]).status, 200)
        calls = self.upstream.calls(mark)
        self.assertEqual(sorted(seen.params["arguments"]["n"] for seen in calls), list(range(100)))
        self.assertEqual(len({seen.message["id"] for seen in calls}), 100)

    def test_notifications_and_answers_alone(self):
        client = self.ready()
        for batch in ([note()], [note(), note("notifications/initialized")]):
            answer = client.post(batch)
            self.assertEqual((answer.status, answer.body), (202, b""))
        self.assert_case("an answer that nobody asked for",
                         lambda: client.post([{"jsonrpc": "2.0", "id": 1, "result": {}}, note()]),
                         client={"status": 202}, upstream=NOTHING, log=REJECTED)

    def test_one_element_and_unknown_methods(self):
        client = self.ready()
        self.assertEqual([each["id"] for each in json.loads(client.post([ping(7)]).body)], [7])
        answers = json.loads(client.post([{"jsonrpc": "2.0", "id": 1, "method": "tools/destroy"}, ping(2)]).body)
        self.assertEqual({each["id"]: each.get("error", {}).get("code") for each in answers}, {1: -32601, 2: None})

    def test_T031_what_is_no_batch(self):
        client = self.ready()
        initialize = {"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {
            "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}
        for label, batch in (("empty", []), ("initialize inside", [ping(1), initialize]), ("one id twice", [ping(1), call(1)]),
                             ("nested", [[ping(1)]]), ("no message", [ping(1), 7]), ("a member without a version", [{"id": 1}]),
                             ("too many", [ping(number) for number in range(101)])):
            self.assert_case(f"T031 {label}", lambda batch=batch: client.post(batch), client=INVALID, upstream=NOTHING, log=REJECTED)
        self.assertEqual(client.post([ping(1), ping("1")]).status, 200, "a number and a string are two ids")

    def test_T031_before_there_is_a_session(self):
        client = self.client(ready=False)
        self.assert_case("T031 no session", lambda: client.post([call(1)]), client=INVALID, upstream=NOTHING, log=REJECTED)

    def test_other_revisions_have_none(self):
        for version in LEGACY[1:]:
            client = self.ready(version=version)
            self.assert_case(f"T031 {version}", lambda client=client: client.post([ping(1)]), client=INVALID, upstream=NOTHING,
                             log=REJECTED)

    def test_the_version_header_speaks_for_its_request(self):
        client = self.ready(version="2025-06-18")
        headers = [(name, value) for name, value in client.headers() if name != "MCP-Protocol-Version"]
        answer = client.post([ping(1)], headers + [("MCP-Protocol-Version", "2025-03-26")])
        self.assertEqual([each["id"] for each in json.loads(answer.body)], [1])

    def test_a_member_that_streams(self):
        """Then each answer is an event of its own, and can be come back to."""
        client = self.ready()

        def stream(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.open_stream()
            exchange.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {
                "progressToken": exchange.seen.params["_meta"]["progressToken"], "progress": 1}})
            exchange.event(exchange.default())
            exchange.end_stream()
            return True
        self.upstream.hook = stream
        answer = client.post([ping(1), call(2, meta={"progressToken": "t"}), ping(3)])
        self.assertTrue(answer.is_stream)
        messages = answer.messages()
        self.assertTrue(all(isinstance(message, dict) for message in messages))
        self.assertEqual(sorted(message["id"] for message in messages if "id" in message), [1, 2, 3])
        self.assertEqual([message["params"]["progressToken"] for message in messages if "method" in message], ["t"])

    def test_cancelling_a_member(self):
        client, other = self.ready(), None
        release, arrived = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def hang(exchange):
            if exchange.seen.rpc == "tools/call":
                arrived.set()
                release.wait(10)
            return False
        self.upstream.hook = hang
        answers = []
        with client.open() as wire:
            thread = threading.Thread(target=lambda: answers.append(client.post([ping(1), call("slow")], wire=wire)))
            thread.start()
            self.assertTrue(arrived.wait(20))
            other = self.gateway.client("agent", version=self.version)
            self.addCleanup(other.close)
            other.session = client.session
            self.assertEqual(other.notify("notifications/cancelled", {"requestId": "slow"}).status, 202)
            thread.join(5)
        self.assertEqual(sorted(str(each["id"]) for each in json.loads(answers[0].body)), ["1", "slow"])

    def test_T124_the_client_leaves(self):
        client = self.ready()
        aborted, arrived = threading.Event(), threading.Event()

        def hang(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            arrived.set()
            if exchange.wait_closed(10):
                aborted.set()
            return False
        self.upstream.hook = hang
        with client.open() as wire:
            thread = threading.Thread(target=lambda: self.assertRaises(Exception, client.post, [call(1), ping(2)], wire=wire))
            thread.start()
            self.assertTrue(arrived.wait(20))
            wire.sock.shutdown(2)
            thread.join(5)
        self.assertTrue(aborted.wait(20))


if __name__ == "__main__":
    unittest.main()
