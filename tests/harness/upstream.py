"""An HTTP MCP server that remembers every byte it saw and can misbehave in every way a test asks for."""
import json
import secrets
import socket
import threading
import time

from harness.fake_server import FakeServer, is_probe
from harness.wire import Closed, Wire


class Seen:
    """One request as it arrived."""

    def __init__(self, number, method, target, headers, body, connection):
        self.number, self.method, self.target, self.headers, self.body = number, method, target, headers, body
        self.connection = connection
        self.time = time.monotonic()
        self.aborted = threading.Event()  # the gateway closed the connection before the answer was whole
        try:
            self.message = json.loads(body) if body else None
        except ValueError:
            self.message = None

    @property
    def rpc(self):
        """The JSON-RPC method, or '' for what is no request."""
        return self.message.get("method", "") if isinstance(self.message, dict) else ""

    @property
    def params(self):
        return self.message.get("params") or {}

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def __repr__(self):
        return f"<{self.method} {self.target} {dict(self.headers)} {self.body[:300]!r}>"


class Exchange:
    """What an `on_request` hook answers with. The hook returns True when it has answered, False for the default."""

    def __init__(self, upstream, wire, seen):
        self.upstream, self.wire, self.seen = upstream, wire, seen

    def raw(self, data):
        self.wire.send(data)

    def http(self, status, body=b"", headers=(), content_type="application/json"):
        lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}"]
        if body:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"{name}: {value}" for name, value in headers]
        self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def json(self, message, headers=()):
        self.http(200, json.dumps(message).encode(), headers)

    def result(self, result):
        self.json({"jsonrpc": "2.0", "id": self.seen.message["id"], "result": result})

    def default(self):
        """The answer that the fake server gives to this request."""
        return self.upstream.server.answer(self.seen.message)

    def open_stream(self, headers=()):
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n")

    def chunk(self, data):
        self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, message, extra=b""):
        self.chunk(extra + b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n")

    def end_stream(self):
        self.raw(b"0\r\n\r\n")

    def wait_closed(self, seconds=10.0):
        """Waits until the gateway closes this connection; sets `aborted`."""
        gone = self.wire.ends(seconds)
        if gone:
            self.seen.aborted.set()
        return gone

    def close(self):
        self.wire.close()
        raise Closed("by the test")

    def reset(self):
        self.wire.reset()
        raise Closed("by the test")


class RecordingUpstream:
    """Threaded, one thread a connection. `hook(exchange)` sees every POST first; `server` gives the default answers.

    `sessions`: whether legacy sessions are minted. `stream_answers`: answer requests as event streams.
    """

    def __init__(self, server=None, sessions=True, stream_answers=False, port=0):
        self.server = server or FakeServer()
        self.sessions, self.stream_answers = sessions, stream_answers
        self.hook = None
        self.hook_probes = False  # whether the hook sees the gateway's question for the era, too
        self.probes = 0
        self.lock = threading.Lock()
        self.requests, self.octets, self.listeners, self.wires = [], bytearray(), {}, set()
        self.deleted, self.minted = [], set()
        self.stopping = False
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/mcp"

    # ---- what was seen ----

    def mark(self):
        with self.lock:
            return len(self.requests), len(self.octets)

    def since(self, mark=(0, 0)):
        with self.lock:
            return self.requests[mark[0]:]

    def bytes_since(self, mark=(0, 0)):
        with self.lock:
            return bytes(self.octets[mark[1]:])

    def calls(self, mark=(0, 0)):
        return [seen for seen in self.since(mark) if seen.rpc == "tools/call"]

    def wait_for(self, condition, seconds=20):
        """Waits until `condition(self)` holds and returns its value."""
        deadline = time.monotonic() + seconds
        while not (value := condition(self)):
            if time.monotonic() > deadline:
                raise AssertionError("the upstream did not see what was expected in time")
            time.sleep(0.005)
        return value

    # ---- serving ----

    def accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Recorder(self, sock),), daemon=True).start()

    def serve(self, wire):
        with self.lock:
            self.wires.add(wire)
        try:
            while True:
                self.one(wire)
        except (Closed, OSError, ValueError, TimeoutError):
            pass
        finally:
            with self.lock:
                self.wires.discard(wire)
            wire.close()

    def one(self, wire):
        wire.timeout = 3600
        start, headers = wire.head()
        method, target, _ = start.split(" ")
        named = {name.lower(): value for name, value in headers}
        body = b""
        if named.get("transfer-encoding", "").lower() == "chunked":
            body = b"".join(wire.chunks())
        elif "content-length" in named:
            body = wire.exactly(int(named["content-length"]))
        seen = Seen(len(self.requests), method, target, headers, body, wire)
        if is_probe(seen.message):
            return self.answer_probe(Exchange(self, wire, seen))
        with self.lock:
            seen.number = len(self.requests)
            self.requests.append(seen)
        exchange = Exchange(self, wire, seen)
        hook = self.hook
        if hook and hook(exchange):
            return
        self.answer(exchange)

    def answer_probe(self, exchange):
        """The gateway's own question for the era is no request that a test counts."""
        with self.lock:
            self.probes += 1
            start = self.octets.rfind(b"POST ", 0, self.octets.find(exchange.seen.body) + 1)
            if start >= 0:
                del self.octets[start:self.octets.find(exchange.seen.body) + len(exchange.seen.body)]
        if not self.hook_probes or not (self.hook and self.hook(exchange)):
            self.answer(exchange)

    def answer(self, exchange):
        seen = exchange.seen
        if seen.method == "DELETE":
            self.deleted.append(seen.header("mcp-session-id"))
            exchange.http(200)
        elif seen.method == "GET":
            self.listen(exchange)
        elif seen.method != "POST" or not isinstance(seen.message, dict):
            exchange.http(400)
        elif not self.server.modern and seen.rpc != "initialize" and seen.header("mcp-session-id") not in self.minted:
            # As the SDK's servers refuse what comes without their session.
            known = seen.header("mcp-session-id") is None
            error = {"code": -32000 if known else -32001, "message": "Bad Request: No valid session ID provided"}
            exchange.http(400 if known else 404, json.dumps({"jsonrpc": "2.0", "error": error, "id": None}).encode())
        elif (answer := exchange.default()) is None:
            exchange.http(202)
        elif self.stream_answers and seen.rpc != "initialize":
            exchange.open_stream()
            exchange.event(answer)
            exchange.end_stream()
        else:
            minted = []
            if seen.rpc == "initialize" and self.sessions:
                minted = [("Mcp-Session-Id", secrets.token_hex(16))]
                self.minted.add(minted[0][1])
            status = 404 if answer.get("error", {}).get("code") == -32601 and seen.header("mcp-method") else 200
            exchange.http(status, json.dumps(answer).encode(), minted)

    def listen(self, exchange):
        session = exchange.seen.header("mcp-session-id")
        exchange.open_stream()
        with self.lock:
            self.listeners.setdefault(session, []).append(exchange)
        exchange.wait_closed(3600)
        with self.lock:
            self.listeners[session].remove(exchange)
        raise Closed("listener gone")

    def push(self, message, session=None):
        """Sends a message on the GET streams (of one upstream session, or of all); how many were reached."""
        with self.lock:
            exchanges = [exchange for key, group in self.listeners.items() if session in (None, key)
                         for exchange in group]
        for exchange in exchanges:
            exchange.event(message)
        return len(exchanges)

    def stop(self):
        self.stopping = True
        # shutdown, unlike close, also wakes the thread that waits in accept.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            wires = list(self.wires)
        for wire in wires:
            try:
                wire.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Recorder(Wire):
    """A connection whose received bytes are kept by the upstream, also those that never become a request."""

    def __init__(self, upstream, sock):
        super().__init__(sock, timeout=3600)
        self.upstream = upstream

    def more(self, deadline=None):
        before = len(self.buffer)
        super().more(deadline)
        with self.upstream.lock:
            self.upstream.octets += self.buffer[before:]
