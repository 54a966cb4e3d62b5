"""An MCP client over Streamable HTTP, in either era."""
import itertools
import json
import threading

from harness.wire import Closed, Wire, request_bytes

LEGACY = ("2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
ACCEPT = ("Accept", "application/json, text/event-stream")
# The parameter that the Mcp-Name header mirrors.
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


class Client:
    """One agent: a token, a path, and in the legacy era a session. One request at a time; not shared by threads."""

    def __init__(self, port, path, token=None, version="2025-11-25", name="tester", capabilities=None, timeout=10.0,
                 host="127.0.0.1", tls=None):
        self.port, self.path, self.token, self.version = port, path, token, version
        self.name, self.capabilities, self.timeout, self.host = name, capabilities or {}, timeout, host
        self.tls = tls  # an SSLContext, for https
        self.session = None
        self.ids = itertools.count(1)
        self.wire = None
        self.lock = threading.Lock()

    @property
    def modern(self):
        return self.version == MODERN

    # ---- messages ----

    def meta(self):
        return {META + "protocolVersion": self.version, META + "clientCapabilities": self.capabilities,
                META + "clientInfo": {"name": self.name, "version": "1"}}

    def build(self, method, params=None, id=None):
        """A request; `params` are left out when None, which the modern era never does."""
        message = {"jsonrpc": "2.0", "id": next(self.ids) if id is None else id, "method": method}
        if self.modern:
            params = dict(params or {})
            params["_meta"] = {**self.meta(), **params.get("_meta", {})}
        if params is not None:
            message["params"] = params
        return message

    def headers(self, message=None):
        """The headers that go with a message, as pairs."""
        headers = [("Authorization", f"Bearer {self.token}")] if self.token else []
        if self.modern:
            headers.append(("MCP-Protocol-Version", self.version))
            if isinstance(message, dict) and "method" in message:
                headers.append(("Mcp-Method", message["method"]))
                mirrored = message.get("params", {}).get(NAMED.get(message["method"], ""))
                if isinstance(mirrored, str):
                    headers.append(("Mcp-Name", mirrored))
        else:
            if self.session:
                headers.append(("Mcp-Session-Id", self.session))
            if self.session and self.version not in ("2024-11-05", "2025-03-26"):
                headers.append(("MCP-Protocol-Version", self.version))
        return headers

    # ---- transport ----

    def open(self):
        return Wire.to(self.port, self.timeout, self.host, self.tls)

    def post_bytes(self, body, headers, stream=False, wire=None):
        """POSTs raw body bytes with exactly these headers beside Host, Content-Type, Accept, Content-Length."""
        data = request_bytes(self.path, body, headers, host=f"{self.host}:{self.port}")
        if wire is not None:
            wire.send(data)
            return wire.answer(stream=stream)
        for last in (False, True):
            fresh = self.wire is None
            if fresh:
                self.wire = self.open()
            try:
                self.wire.send(data)
                answer = self.wire.answer(stream=stream)
            except (Closed, BrokenPipeError, ConnectionResetError):
                self.close()
                # A kept connection may have been closed as idle; a fresh one that closes is a finding.
                if fresh or last:
                    raise
                continue
            if (answer.header("connection") or "").lower() == "close":
                self.close()
            return answer

    def post(self, message, headers=None, stream=False, wire=None):
        return self.post_bytes(json.dumps(message).encode(), self.headers(message) if headers is None else headers,
                               stream, wire)

    def request(self, method, params=None, id=None, stream=False, wire=None):
        return self.post(self.build(method, params, id), stream=stream, wire=wire)

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        return self.post(message)

    def call(self, tool, arguments=None, id=None, meta=None, stream=False, wire=None):
        params = {"name": tool, "arguments": {} if arguments is None else arguments}
        if meta:
            params["_meta"] = meta
        return self.request("tools/call", params, id, stream, wire)

    def list(self, method="tools/list", member="tools"):
        """All items over all pages."""
        items, cursor = [], None
        while True:
            result = self.request(method, {"cursor": cursor} if cursor is not None else None).result
            items += result[member]
            cursor = result.get("nextCursor")
            if cursor is None:
                return items

    def tools(self):
        return [tool["name"] for tool in self.list()]

    def initialize(self, version=None):
        """The handshake of the legacy era; in the modern one there is none and the client is ready as it is."""
        if self.modern:
            return None
        answer = self.request("initialize", {"protocolVersion": version or self.version,
                                             "capabilities": self.capabilities,
                                             "clientInfo": {"name": self.name, "version": "1"}})
        self.session = answer.header("mcp-session-id")
        self.notify("notifications/initialized")
        return answer

    def listen(self):
        """Opens the GET stream of a legacy session: (answer, wire); the wire's `events` yields what comes."""
        wire = self.open()
        wire.send(request_bytes(self.path, headers=self.headers() + [("Accept", "text/event-stream")], method="GET",
                                host=f"{self.host}:{self.port}"))
        return wire.answer(stream=True), wire

    def delete(self):
        with self.open() as wire:
            wire.send(request_bytes(self.path, headers=self.headers(), method="DELETE",
                                    host=f"{self.host}:{self.port}"))
            return wire.answer()

    def close(self):
        if self.wire:
            self.wire.close()
        self.wire = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
