"""HTTP+SSE, the transport of 2024-11-05: one stream by GET, messages by POST to the URI that it names."""
import json
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import META, MODERN
from harness.shows import LEGACY_REVISIONS, shows
from harness.sse_client import SseClient
from harness.wire import request_bytes

POLICY = {"version": "1", "default": "allow", "tools": {"delete_file": {"action": "deny", "reason": "Files stay."}}}


class HttpSse(GatewayCase):
    policies = {"open": ("up", POLICY)}
    grants = {"agent": ("up", "open"), "other": ("up", "open"), "leaving": ("up", "open")}
    config = {"workers": 3, "allowed_origins": ["https://good.example"]}

    def setUp(self):
        super().setUp()
        self.upstream.stream_answers = False

    def sse(self, grant="agent", ready=True, version="2024-11-05"):
        client = SseClient(self.gateway, grant)
        self.addCleanup(client.close)
        if ready:
            client.initialize(version)
        return client

    def upstream_session(self, client):
        """What the upstream calls the client's session."""
        client.request("ping")
        return next(seen for seen in reversed(self.upstream.since()) if seen.rpc == "ping").header("mcp-session-id")

    @shows(("tools: list and call", "denials", "ping"), LEGACY_REVISIONS, client="sse")
    def test_the_handshake_and_a_call(self):
        for version in LEGACY_REVISIONS:
            with self.subTest(version):
                client = self.sse(ready=False)
                self.assertRegex(client.path, r"^/mcp/up/messages/[!-~]{22,}$")
                result = client.initialize(version)["result"]
                self.assertEqual(result["protocolVersion"], version)
                self.assertIn("echo", [tool["name"] for tool in client.request("tools/list")["result"]["tools"]])
                self.assertEqual(json.loads(client.call("echo", {"n": 1})["result"]["content"][0]["text"]), {"n": 1})
                self.assertTrue(client.call("delete_file")["result"]["isError"])
                self.assertEqual(client.request("ping")["result"], {})
                self.assertNotIn(client.path.rsplit("/", 1)[1], str(self.upstream.since()[-1].headers))

    def test_a_server_of_2024_11_05(self):
        """The revision itself passes where the server speaks it."""
        def old(exchange):
            if exchange.seen.rpc != "initialize":
                return False
            exchange.result({"protocolVersion": "2024-11-05", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}})
            return True
        self.upstream.hook = old
        client = self.sse(ready=False)
        self.assertEqual(client.initialize()["result"]["protocolVersion"], "2024-11-05")
        self.assertIn("echo", [tool["name"] for tool in client.request("tools/list")["result"]["tools"]])
        self.assertIn("content", client.call("echo")["result"])
        self.assertTrue(client.call("delete_file")["result"]["isError"])
        self.assertEqual(client.request("ping")["result"], {})
        self.assertIsNone(self.upstream.calls()[-1].header("mcp-protocol-version"))

    @shows("progress", "2024-11-05", client="sse")
    def test_streamed_answers_progress_and_the_servers_own_messages(self):
        client = self.sse()
        session = self.upstream_session(client)
        self.upstream.wait_for(lambda upstream: upstream.listeners.get(session))
        self.upstream.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}, session)
        self.assertEqual(client.next()["method"], "notifications/tools/list_changed")
        self.upstream.stream_answers = True
        self.assertIn("content", client.call("echo")["result"])

        def slow(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.open_stream()
            exchange.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {
                "progressToken": exchange.seen.params["_meta"]["progressToken"], "progress": 1}})
            exchange.event(exchange.default())
            exchange.end_stream()
            return True
        self.upstream.hook = slow
        progress = client.request("tools/call", {"name": "echo", "arguments": {}, "_meta": {"progressToken": "mine"}})
        self.assertEqual(progress["params"], {"progressToken": "mine", "progress": 1})
        self.assertIn("content", client.next()["result"])

    def test_concurrent_calls_find_their_answers(self):
        client = self.sse()
        numbers = range(20)
        threads = [threading.Thread(target=client.post, args=({
            "jsonrpc": "2.0", "id": f"c{number}", "method": "tools/call",
            "params": {"name": "echo", "arguments": {"n": number}}},)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        answers = {message["id"]: json.loads(message["result"]["content"][0]["text"])["n"] for message in
                   (client.next() for _ in numbers)}
        self.assertEqual(answers, {f"c{number}": number for number in numbers})

    @shows("batches", "2025-03-26", client="sse")
    def test_batches_of_2025_03_26(self):
        client = self.sse(version="2025-03-26")
        self.assertEqual(client.post([{"jsonrpc": "2.0", "id": "x", "method": "ping"},
                                      {"jsonrpc": "2.0", "id": "y", "method": "ping"}]).status, 202)
        self.assertEqual(sorted(message["id"] for message in client.next()), ["x", "y"])
        newer = self.sse(version="2025-06-18")
        answer = newer.post([{"jsonrpc": "2.0", "id": "x", "method": "ping"}])
        self.assertEqual((answer.status, answer.error["code"]), (400, -32600))

    def test_what_is_refused(self):
        client = self.sse(ready=False)
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}
        mark = self.upstream.mark()
        modern = {**call, "params": {**call["params"], "_meta": {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}}}
        for label, options, status in (
                ("before initialize", {"message": call}, 400),
                ("a modern request", {"message": modern}, 400),
                ("no JSON", {"message": None, "raw": b"{"}, 400),
                ("no version of ours", {"message": call, "headers": client.headers() + [("MCP-Protocol-Version", "1999-01-01")]}, 400),
                ("no token", {"message": call, "headers": []}, 401),
                ("a wrong origin", {"message": call, "headers": client.headers() + [("Origin", "https://evil.example")]}, 403),
                ("another grant", {"message": call, "headers": [("Authorization", f"Bearer {self.gateway.tokens['other']}")]}, 404),
                ("an unknown stream", {"message": call, "path": client.path[:-4] + "xx00"}, 404),
                ("no stream", {"message": call, "path": "/mcp/up/messages/"}, 404),
                ("a deeper path", {"message": call, "path": client.path + "/x"}, 404),
                ("another server", {"message": call, "path": client.path.replace("/up/", "/down/")}, 404)):
            with self.subTest(label):
                self.assertEqual(client.post(**options).status, status)
        # An earlier session may end only now.
        self.assertEqual([seen.rpc for seen in self.upstream.since(mark) if seen.method == "POST"], [])
        client.initialize()
        self.assertIn("content", client.call("echo")["result"], "and the stream stands")
        self.assertEqual(client.post({"jsonrpc": "2.0", "id": 9, "method": "initialize", "params": {
            "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}).status, 400)
        self.assertEqual(client.request("ping")["result"], {})

    def test_methods_origin_and_accept_of_the_stream(self):
        token = self.gateway.tokens["agent"]
        authorization = [("Authorization", f"Bearer {token}")]
        stream = [("Accept", "text/event-stream")]
        for method, path, headers, status in (
                ("POST", "/mcp/up/sse", authorization, 405), ("DELETE", "/mcp/up/sse", authorization, 405),
                ("GET", "/mcp/up/messages/x", authorization + stream, 405),
                ("GET", "/mcp/up/sse", stream, 401),
                ("GET", "/mcp/up/sse", authorization + [("Accept", "application/json")], 406),
                ("GET", "/mcp/up/sse", authorization + stream + [("Origin", "https://evil.example")], 403),
                ("GET", "/mcp/up/sse", authorization + stream + [("Origin", "https://good.example")], 200),
                ("GET", "/mcp/down/sse", authorization + stream, 404), ("GET", "/mcp/up/sse/", authorization + stream, 404)):
            with self.subTest(f"{method} {path} {len(headers)}"), self.gateway.client("agent").open() as wire:
                wire.send(request_bytes(path, headers=headers, method=method, host=f"127.0.0.1:{self.gateway.port}"))
                self.assertEqual(wire.answer(stream=True).status, status)

    def test_the_end_of_the_stream_ends_the_session(self):
        client = self.sse()
        minted = self.upstream_session(client)
        aborted, arrived = threading.Event(), threading.Event()

        def hang(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            arrived.set()
            if exchange.wait_closed(10):
                aborted.set()
            return False
        self.upstream.hook = hang
        client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}})
        self.assertTrue(arrived.wait(20))
        client.close()
        self.assertTrue(aborted.wait(20), "T124: the call is given up")
        self.upstream.wait_for(lambda upstream: minted in upstream.deleted)
        self.assertEqual(client.post({"jsonrpc": "2.0", "id": 2, "method": "ping"}).status, 404)

    def test_T217_revoked_while_the_stream_is_open(self):
        client, other = self.sse("leaving"), self.sse("other")
        self.gateway.revoke("leaving")
        self.assertTrue(client.stream.ends(20))
        self.assertEqual(client.post({"jsonrpc": "2.0", "id": 2, "method": "ping"}).status, 401)
        self.assertEqual(other.request("ping")["result"], {})

    def test_a_reload_that_changes_the_server_ends_the_stream(self):
        client = self.sse()
        self.gateway.servers["up"]["url"] += "/"
        try:
            self.gateway.reload()
            self.assertTrue(client.stream.ends(3))
        finally:
            self.gateway.servers["up"]["url"] = self.upstream.url
            self.gateway.reload()
        time.sleep(0.05)
        self.assertEqual(self.sse().request("ping")["result"], {})


if __name__ == "__main__":
    unittest.main()
