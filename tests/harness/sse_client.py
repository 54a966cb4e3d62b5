"""A client of HTTP+SSE, the transport of 2024-11-05."""
import json

from harness.wire import EventParser, request_bytes


class SseClient:
    """A client of this transport: `next` gives the next message of the stream."""

    def __init__(self, gateway, grant="agent", server="up", token=None, timeout=10.0):
        self.gateway, self.grant, self.token = gateway, grant, token or gateway.tokens[grant]
        self.stream = gateway.client(grant, server).open()
        self.stream.timeout = timeout
        self.stream.send(request_bytes(f"/mcp/{server}/sse", headers=self.headers() + [("Accept", "text/event-stream")],
                                       method="GET", host=f"127.0.0.1:{gateway.port}"))
        self.answer = self.stream.answer(stream=True)
        self.ids = 0
        self.path = None
        if self.answer.is_stream:
            self.parser, self.waiting = EventParser(), []
            self.chunks = self.stream.chunks()
            first = self.event()
            assert first["event"] == "endpoint", first
            self.path = first["data"]

    def headers(self):
        return [("Authorization", f"Bearer {self.token}")]

    def event(self):
        while not self.waiting:
            self.waiting += self.parser.feed(next(self.chunks))
        return self.waiting.pop(0)

    def next(self):
        event = self.event()
        assert event["event"] == "message", event
        assert "id" not in event, event
        return json.loads(event["data"])

    def post(self, message, path=None, headers=None, raw=None):
        body = json.dumps(message).encode() if raw is None else raw
        with self.gateway.client(self.grant).open() as wire:
            data = request_bytes(path or self.path, body, self.headers() if headers is None else headers,
                                 host=f"127.0.0.1:{self.gateway.port}")
            # Accept is no part of this transport's POST.
            wire.send(data.replace(b"Accept: application/json, text/event-stream\r\n", b""))
            return wire.answer()

    def request(self, method, params=None, **post):
        self.ids += 1
        message = {"jsonrpc": "2.0", "id": self.ids, "method": method, **({} if params is None else {"params": params})}
        answer = self.post(message, **post)
        assert (answer.status, answer.body) == (202, b""), answer
        return self.next()

    def initialize(self, version="2024-11-05"):
        answer = self.request("initialize", {"protocolVersion": version, "capabilities": {},
                                             "clientInfo": {"name": "old", "version": "1"}})
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def call(self, tool, arguments=None):
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}})

    def close(self):
        self.stream.close()
