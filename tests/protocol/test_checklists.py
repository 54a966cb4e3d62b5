"""What the legacy revisions ask of a server over Streamable HTTP, line by line, where no other module shows it."""
import json
import unittest

from harness.case import GatewayCase
from harness.client import LEGACY, MODERN
from harness.wire import request_bytes

STREAM = ("Accept", "text/event-stream")


class Checklists(GatewayCase):
    config = {"allowed_origins": ["https://good.example"]}

    def ask(self, client, method="GET", headers=(), body=b"", without=()):
        """One request with the client's own headers, those named in `without` left out."""
        own = [(name, value) for name, value in client.headers() if name not in without]
        with client.open() as wire:
            wire.send(request_bytes(client.path, body, own + list(headers), method=method, host=f"127.0.0.1:{self.gateway.port}"))
            return wire.answer(stream=True)

    def each(self):
        for version in LEGACY:
            with self.subTest(version):
                yield version, self.client(version=version)

    def test_sessions(self):
        for version, client in self.each():
            self.assertRegex(client.session, r"^[!-~]+$")
            ping = client.build("ping")
            bare = [(name, value) for name, value in client.headers() if name != "Mcp-Session-Id"]
            self.assertEqual(client.post(ping, bare).status, 400)
            self.assertEqual(client.post(ping, bare + [("Mcp-Session-Id", "0" * 28)]).status, 404)
            self.assertEqual(client.post(ping).status, 200)
            self.assertIn(client.delete().status, (200, 204))
            self.assertEqual(client.post(ping).status, 404)
            self.assertEqual(self.ask(client, headers=[STREAM]).status, 404)
            self.assertEqual(client.delete().status, 404)

    def test_get_and_delete_without_a_session(self):
        for version, client in self.each():
            for method in ("GET", "DELETE"):
                answer = self.ask(client, method, [STREAM], without=("Mcp-Session-Id",))
                self.assertEqual((answer.status, answer.header("allow")), (405, "POST"))

    def test_T063_get_and_delete_of_the_modern_era(self):
        client = self.client()
        for method in ("GET", "DELETE"):
            answer = self.ask(client, method, [STREAM, ("MCP-Protocol-Version", MODERN), ("Last-Event-ID", "0-0")],
                              without=("MCP-Protocol-Version",))
            self.assertEqual((answer.status, answer.header("allow")), (405, "POST"))
        self.assertEqual(client.request("ping").status, 200, "the session stands")

    def test_other_methods(self):
        client = self.client()
        for method in ("PUT", "PATCH", "OPTIONS"):
            answer = self.ask(client, method, [STREAM])
            self.assertEqual((answer.status, answer.header("allow")), (405, "POST, GET, DELETE"))

    def test_the_version_header(self):
        """Absent: the session tells. Named: any legacy version that is served, for GET and DELETE as well."""
        for version, client in self.each():
            without = ("MCP-Protocol-Version",)
            self.assertEqual(client.post(client.build("ping"), [pair for pair in client.headers() if pair[0] not in without]).status, 200)
            for other in LEGACY:
                headers = [pair for pair in client.headers() if pair[0] not in without] + [("MCP-Protocol-Version", other)]
                self.assertEqual(client.post(client.build("ping"), headers).status, 200)
            for bad in ("1999-01-01", "", "2025-11-25x", "draft"):
                for method in ("GET", "DELETE"):
                    self.assertEqual(self.ask(client, method, [STREAM, ("MCP-Protocol-Version", bad)], without=without).status, 400)
            self.assertEqual(client.request("ping").status, 200)

    def test_accept(self):
        for version, client in self.each():
            body = json.dumps(client.build("ping")).encode()
            for accept, status in (("application/json, text/event-stream", 200), ("text/event-stream, application/json;q=0.5", 200),
                                   ("*/*", 200), ("application/json", 406), ("text/event-stream", 406), ("text/html", 406)):
                data = request_bytes(client.path, body, client.headers(), host=f"127.0.0.1:{self.gateway.port}").replace(
                    b"application/json, text/event-stream", accept.encode())
                with client.open() as wire:
                    wire.send(data)
                    self.assertEqual(wire.answer().status, status, accept)
            self.assertEqual(self.ask(client, headers=[("Accept", "application/json")]).status, 406)
            self.assertEqual(self.ask(client, headers=[STREAM]).status, 200)

    def test_an_origin_that_is_not_allowed(self):
        for version, client in self.each():
            for origin, status in (("https://evil.example", 403), ("null", 403), ("https://good.example", 200)):
                self.assertEqual(client.post(client.build("ping"), client.headers() + [("Origin", origin)]).status, status)
                self.assertEqual(self.ask(client, headers=[STREAM, ("Origin", origin)]).status, status)

    def test_initialize_answered_by_a_stream(self):
        """Also behind another message the session is told in the header; the answer has an id to come back to."""
        def stream(exchange):
            if exchange.seen.rpc != "initialize":
                return False
            exchange.open_stream([("Mcp-Session-Id", "theirs")])
            exchange.event({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "hello"}})
            exchange.event(exchange.default())
            exchange.end_stream()
            return True
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version, ready=False)
                self.upstream.hook = stream
                answer = client.initialize()
                self.upstream.hook = None
                self.assertTrue(answer.is_stream)
                self.assertEqual(answer.result["protocolVersion"], version)
                self.assertIsNotNone(client.session)
                self.assertEqual(client.request("ping").result, {})
                self.assertEqual(self.upstream.since()[-1].header("mcp-session-id"), "theirs")

    def test_notifications_and_responses(self):
        for version, client in self.each():
            answer = client.notify("notifications/initialized")
            self.assertEqual((answer.status, answer.body), (202, b""))
            self.assertEqual(client.post({"jsonrpc": "2.0", "id": 7, "result": {}}).status, 400, "nothing was asked")


if __name__ == "__main__":
    unittest.main()
