"""An MCP server that speaks HTTP+SSE (2024-11-05): GET opens the stream, its first event names where to POST."""
import contextlib
import json
import secrets
import socket
import threading

from harness.upstream import RecordingUpstream
from harness.wire import Closed


class SseUpstream(RecordingUpstream):
    """`refusal` answers a POST to the stream's own URL. `endpoint(session)` is what the first event names; None: there
    is none. `spread` splits each event of the stream into pieces of so many bytes."""

    def __init__(self, server=None, refusal=405):
        self.refusal, self.spread = refusal, None
        self.endpoint = lambda session: f"/messages?session={session}"
        self.streams, self.streams_lock = {}, threading.Lock()
        super().__init__(server)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/sse"

    def answer(self, exchange):
        seen = exchange.seen
        if seen.method == "GET" and seen.target == "/sse":
            return self.open(exchange)
        if seen.method == "POST" and seen.target.startswith("/messages?session="):
            with self.streams_lock:
                stream = self.streams.get(seen.target.partition("=")[2])
            if stream is None:
                return exchange.http(404)
            exchange.http(202, b"Accepted", content_type="text/plain")
            if (answer := exchange.default()) is not None:
                # A stream that is over is no reason to end this connection, which the next request may be on already.
                with contextlib.suppress(OSError):
                    self.say(stream, answer)
            return None
        return exchange.http(self.refusal, b"<p>Cannot POST</p>", content_type="text/html")

    def open(self, exchange):
        session = secrets.token_hex(8)
        exchange.open_stream()
        with self.streams_lock:
            self.streams[session] = exchange
            if (uri := self.endpoint(session)) is not None:
                exchange.chunk(f"event: endpoint\ndata: {uri}\n\n".encode())
        exchange.wait_closed(3600)
        with self.streams_lock:
            del self.streams[session]
        raise Closed("the stream is over")

    def say(self, stream, message):
        event = b"event: message\r\ndata: " + json.dumps(message).encode() + b"\r\n\r\n"
        with self.streams_lock:
            step = self.spread or len(event)
            for at in range(0, len(event), step):
                stream.chunk(event[at:at + step])

    def say_to_all(self, message):
        with self.streams_lock:
            streams = list(self.streams.values())
        for stream in streams:
            self.say(stream, message)
        return len(streams)

    def cut(self):
        """Ends every stream."""
        with self.streams_lock:
            streams = list(self.streams.values())
        for stream in streams:
            stream.wire.sock.shutdown(socket.SHUT_RDWR)
