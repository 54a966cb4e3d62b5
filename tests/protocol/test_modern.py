"""Revision 2026-07-28 through the gateway: no session, mirrored headers, discovery, sealed state, subscriptions."""
import json
import pathlib
import sys
import tempfile
import threading
import unittest

from harness.case import GatewayCase
from harness.client import META, MODERN
from harness.gateway import ROOT, Gateway
from harness.shows import shows
from harness.wire import request_bytes


class Modern(GatewayCase):
    version = MODERN
    policies = {"open": ("up", {"version": "1", "default": "allow"}),
                "hiding": ("up", {"version": "1", "default": "allow", "hide": ["delete_*"]}),
                "closed": ("up", {"version": "1", "default": "deny", "tools": {"echo": {}}})}
    grants = {"agent": ("up", "open"), "other": ("up", "open"), "hider": ("up", "hiding"), "closed": ("up", "closed")}

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": {"url": cls.upstream.url, "client_requests": ["elicitation"]}}, cls.policies, cls.grants)

    def setUp(self):
        super().setUp()
        self.upstream.stream_answers = False
        self.upstream.server.page = None

    @shows("tools: list and call", MODERN)
    def test_calls(self):
        client = self.client()
        for id in (1, "x"):
            answer = client.call("echo", {"n": 1}, id=id)
            self.assertEqual(answer.message()["id"], id)
            self.assertEqual(answer.text, '{"n": 1}')
            self.assertEqual(answer.result["resultType"], "complete")
            self.assertIsNone(answer.header("mcp-session-id"))
        sent = self.upstream.calls()[-1]
        self.assertEqual(sent.header("mcp-protocol-version"), MODERN)
        self.assertEqual((sent.header("mcp-method"), sent.header("mcp-name")), ("tools/call", "echo"))
        self.assertIsNone(sent.header("mcp-session-id"))
        self.assertIn("application/json", sent.header("accept"))
        self.assertIn("text/event-stream", sent.header("accept"))
        self.upstream.stream_answers = True
        self.assertEqual(client.call("echo", {"n": 2}).text, '{"n": 2}')

    @shows("denials", MODERN)
    def test_denials_carry_the_result_type(self):
        answer = self.client("closed").call("read_file")
        self.assertTrue(answer.is_denied)
        self.assertEqual(answer.result["resultType"], "complete")

    @shows("server/discover", MODERN)
    def test_discover(self):
        for grant in ("agent", "closed"):
            result = self.client(grant).request("server/discover").result
            self.assertIn(MODERN, result["supportedVersions"])
            self.assertIn("tools", result["capabilities"])
            self.assertEqual(result["resultType"], "complete")
            self.assertEqual(result["cacheScope"], "private")
            self.assertIn("ttlMs", result)

    def test_get_and_delete_are_not_allowed(self):
        client = self.client()
        for method in ("GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"):
            with client.open() as wire:
                wire.send(request_bytes(client.path, headers=client.headers() + [("Accept", "text/event-stream")],
                                        method=method, host=f"127.0.0.1:{self.gateway.port}"))
                start, headers = wire.head()
                status = int(start.split(" ")[1])
                # A GET or DELETE without a session may also be read as a legacy one that lacks its session.
                self.assertIn(status, (400, 405), method)
                if status == 405:
                    self.assertIn("allow", {name.lower() for name, _ in headers})

    @shows("lists by pages", MODERN)
    def test_lists(self):
        for stream in (False, True):
            self.upstream.stream_answers = stream
            for size in (None, 1, 3):
                self.upstream.server.page = size
                client = self.client("hider")
                names = client.tools()
                self.assertEqual(sorted(names), ["create_charge", "echo", "read_file"])
                self.assertEqual(names, client.tools())
                result = client.request("tools/list").result
                self.assertEqual(result["cacheScope"], "private", "a list that differs by grant is nobody else's")
                self.assertIn("ttlMs", result)

    def test_hidden_is_like_unknown(self):
        client = self.client("hider")
        hidden, unknown = client.call("delete_file", id=1), client.call("no_such_tool", id=1)
        self.assertEqual(hidden.error["code"], -32602)
        self.assertEqual((hidden.status, hidden.body.replace(b"delete_file", b"@")),
                         (unknown.status, unknown.body.replace(b"no_such_tool", b"@")))

    def test_required_headers(self):
        client = self.client()
        body = json.dumps(client.build("tools/call", {"name": "echo", "arguments": {}})).encode()
        good = client.headers({"method": "tools/call", "params": {"name": "echo"}})
        self.assertEqual(client.post_bytes(body, good).status, 200)
        for name in ("MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"):
            answer = client.post_bytes(body, [(key, value) for key, value in good if key != name])
            self.assertEqual(answer.status, 400, name)

    @shows("input-required rounds", MODERN)
    def test_state_is_sealed(self):
        """A requestState of the upstream passes the client only sealed, and comes back as it was."""
        state = "upstream-state-Ä-é"

        def ask(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            if exchange.seen.params.get("requestState") is None:
                exchange.result({"resultType": "input_required", "requestState": state, "inputRequests": {
                    "confirm": {"method": "elicitation/create", "params": {"mode": "form", "message": "Sure?", "requestedSchema": {
                        "type": "object", "properties": {}}}}}})
                return True
            return False
        self.upstream.hook = ask
        client = self.client(capabilities={"elicitation": {"form": {}}})
        first = client.call("echo", {"n": 1}).result
        self.assertEqual(first["resultType"], "input_required")
        sealed = first["requestState"]
        self.assertNotIn("upstream-state", sealed)

        def retry(agent, arguments, sealed_state, tool="echo"):
            return agent.request("tools/call", {"name": tool, "arguments": arguments, "requestState": sealed_state,
                                                "inputResponses": {"confirm": {"action": "accept", "content": {}}}})
        mark = self.upstream.mark()
        done = retry(client, {"n": 1}, sealed)
        self.assertEqual(done.result["resultType"], "complete")
        self.assertEqual(self.upstream.calls(mark)[0].params["requestState"], state)
        for label, agent, arguments, text, tool in (
                ("changed", client, {"n": 1}, sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB"), "echo"),
                ("made up", client, {"n": 1}, state, "echo"), ("empty", client, {"n": 1}, "", "echo"),
                ("of another grant", self.client("other"), {"n": 1}, sealed, "echo"),
                ("of another tool", client, {"n": 1}, sealed, "read_file")):
            with self.subTest(label):
                mark = self.upstream.mark()
                answer = retry(agent, arguments, text, tool)
                self.assertIn("error", answer.message(), label)
                self.assertEqual(self.upstream.calls(mark), [], label)

    @shows("subscriptions/listen", MODERN)
    @shows("list_changed", MODERN)
    def test_subscriptions(self):
        release = threading.Event()
        seen_ids = []

        def serve(exchange):
            if exchange.seen.rpc != "subscriptions/listen":
                return False
            id = exchange.seen.message["id"]
            seen_ids.append(id)
            exchange.open_stream()
            exchange.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": {
                "_meta": {META + "subscriptionId": id}, "notifications": {"toolsListChanged": True}}})
            exchange.event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {
                "_meta": {META + "subscriptionId": id}}})
            release.wait(20)
            exchange.end_stream()
            return True
        self.upstream.hook = serve
        client = self.client()
        with client.open() as wire:
            answer = client.request("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, id="listen-1",
                                    stream=True, wire=wire)
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.is_stream)
            found = []
            for event in wire.events(5):
                if event.get("data"):
                    found.append(json.loads(event["data"]))
                    if len(found) == 2:
                        break
            release.set()
        self.assertEqual([message["method"] for message in found],
                         ["notifications/subscriptions/acknowledged", "notifications/tools/list_changed"])
        self.assertEqual([message["params"]["_meta"][META + "subscriptionId"] for message in found], ["listen-1"] * 2)
        self.assertNotEqual(seen_ids, ["listen-1"])

    @shows("resources: list, templates, read", MODERN)
    @shows("prompts: list and get", MODERN)
    def test_resources_and_prompts_follow_the_default(self):
        client = self.client("closed")
        self.assertEqual(client.list("resources/list", "resources"), [])
        self.assertEqual(client.list("prompts/list", "prompts"), [])
        mark = self.upstream.mark()
        self.assertIn("error", client.request("resources/read", {"uri": "memo://one"}).message())
        self.assertIn("error", client.request("prompts/get", {"name": "greet"}).message())
        self.assertEqual([seen.rpc for seen in self.upstream.since(mark)], [])
        self.assertEqual(self.client().request("resources/read", {"uri": "memo://one"}).result["contents"][0]["uri"], "memo://one")


class OneProcess(unittest.TestCase):
    def test_all_workers_share_the_process(self):
        """What one call leaves in a server's process the next one finds, whatever worker its connection is on."""
        with tempfile.TemporaryDirectory() as folder:
            record = pathlib.Path(folder) / "record"
            server = {"command": [sys.executable, str(ROOT / "tests" / "harness" / "stdio_upstream.py"), str(record)]}
            with Gateway({"child": server}, {"open": ("child", {"version": "1", "default": "allow"})},
                         {"agent": ("child", "open")}, workers=4) as gateway:
                for _ in range(12):
                    with gateway.client("agent", version=MODERN) as client:
                        self.assertEqual(client.call("echo", {"n": 1}).status, 200)
            pids = {json.loads(line)["pid"] for line in record.read_text().splitlines()
                    if json.loads(json.loads(line)["line"]).get("method") == "tools/call"}
            self.assertEqual(len(pids), 1)


if __name__ == "__main__":
    unittest.main()
