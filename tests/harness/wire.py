"""HTTP/1.1 over a plain socket, byte for byte: what is sent is exactly what the test says."""
import json
import socket
import ssl
import time


class Closed(Exception):
    """The peer ended the connection before the message was whole."""


class Answer:
    """One HTTP answer. `body` is whole but for a stream, which is read by `Wire.events`."""

    def __init__(self, version, status, reason, headers, body=b""):
        self.version, self.status, self.reason = version, status, reason
        self.headers, self.body = headers, body
        self.closed = None  # whether the peer closed after it; None: nobody looked

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    @property
    def is_stream(self):
        return (self.header("content-type") or "").startswith("text/event-stream")

    def messages(self):
        """The JSON-RPC messages inside, from a JSON body or an event stream that has ended."""
        if not self.body:
            return []
        if self.is_stream:
            parser = EventParser()
            return [json.loads(event["data"]) for event in parser.feed(self.body) if event.get("data")]
        return [json.loads(self.body)]

    def message(self):
        """The answer to the request: the last message."""
        found = self.messages()
        if not found:
            raise AssertionError(f"no JSON-RPC message in {self!r}")
        return found[-1]

    @property
    def result(self):
        message = self.message()
        if "result" not in message:
            raise AssertionError(f"no result in {message}")
        return message["result"]

    @property
    def error(self):
        message = self.message()
        if "error" not in message:
            raise AssertionError(f"no error in {message}")
        return message["error"]

    @property
    def text(self):
        """The text blocks of a tools/call result."""
        return "\n".join(block.get("text", "") for block in self.result.get("content", []))

    @property
    def is_denied(self):
        message = self.message()
        return bool(message.get("result", {}).get("isError")) and self.text.startswith("[POLICY DENIED]")

    def __repr__(self):
        return f"<HTTP {self.status} {dict(self.headers)} {self.body[:400]!r}>"


class EventParser:
    """Server-sent events, after the WHATWG rules: CR, LF or CRLF end a line, an empty line ends an event."""

    def __init__(self):
        self.text, self.fields, self.comments = b"", {}, 0
        self.first = True

    def feed(self, data):
        self.text += data
        if self.first and self.text:
            self.text = self.text.removeprefix(b"\xef\xbb\xbf")
            self.first = False
        events = []
        while True:
            ends = [at for at in (self.text.find(b"\r"), self.text.find(b"\n")) if at >= 0]
            if not ends:
                return events
            at = min(ends)
            if self.text[at:at + 1] == b"\r" and at + 1 == len(self.text):
                return events
            after = at + 2 if self.text[at:at + 2] == b"\r\n" else at + 1
            line, self.text = self.text[:at], self.text[after:]
            if not line:
                if self.fields:
                    events.append(self.fields)
                self.fields = {}
            elif line.startswith(b":"):
                self.comments += 1
            else:
                name, _, value = line.decode("utf-8", "replace").partition(":")
                value = value.removeprefix(" ")
                if name == "data" and "data" in self.fields:
                    value = self.fields["data"] + "\n" + value
                self.fields[name] = value


class Wire:
    """A connected socket with a read buffer."""

    def __init__(self, sock, timeout=10.0):
        self.sock, self.timeout, self.buffer = sock, timeout, b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def to(cls, port, timeout=10.0, host="127.0.0.1", tls=None):
        """`tls`: an SSLContext, for https."""
        sock = socket.create_connection((host, port), timeout=timeout)
        return cls(tls.wrap_socket(sock, server_hostname=host) if tls else sock, timeout)

    def send(self, data):
        self.sock.settimeout(self.timeout)
        self.sock.sendall(data)

    def more(self, deadline=None):
        """Reads what is there into the buffer. Closed at the end of the stream, TimeoutError when nothing comes."""
        left = self.timeout if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("nothing came in time")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError) as error:
            raise Closed("reset") from error
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def until(self, mark, deadline=None):
        while mark not in self.buffer:
            self.more(deadline)
        head, _, self.buffer = self.buffer.partition(mark)
        return head + mark

    def exactly(self, count, deadline=None):
        while len(self.buffer) < count:
            self.more(deadline)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def head(self, deadline=None):
        """The start line and headers of the next message."""
        text = self.until(b"\r\n\r\n", deadline).decode("latin-1")
        start, *lines = text[:-4].split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return start, headers

    def chunks(self, deadline=None):
        """The chunks of a chunked body, each as it comes; ends after the last one and its trailers."""
        while True:
            size = int(self.until(b"\r\n", deadline).split(b";")[0], 16)
            if size == 0:
                while self.until(b"\r\n", deadline) != b"\r\n":
                    pass
                return
            data = self.exactly(size + 2, deadline)
            assert data.endswith(b"\r\n"), "a chunk without its end"
            yield data[:-2]

    def answer(self, seconds=None, stream=False):
        """Reads one answer. With `stream`, the body of an event stream stays for `events`."""
        deadline = time.monotonic() + (self.timeout if seconds is None else seconds)
        start, headers = self.head(deadline)
        version, status, reason = (start.split(" ", 2) + [""])[:3]
        answer = Answer(version, int(status), reason, headers)
        if 100 <= answer.status < 200 and answer.status != 101:
            return self.answer(deadline - time.monotonic(), stream)
        self.coding = (answer.header("transfer-encoding") or "").lower()
        if stream and answer.is_stream:
            return answer
        length = answer.header("content-length")
        if self.coding == "chunked":
            answer.body = b"".join(self.chunks(deadline))
        elif length is not None:
            answer.body = self.exactly(int(length), deadline)
        elif answer.status not in (202, 204, 304):
            try:
                while True:
                    self.more(deadline)
            except Closed:
                answer.body, self.buffer = self.buffer, b""
        return answer

    def events(self, seconds=None):
        """The events of the stream that `answer(stream=True)` opened, until it ends."""
        deadline = None if seconds is None else time.monotonic() + seconds
        parser = EventParser()

        def pieces():
            if self.coding == "chunked":
                yield from self.chunks(deadline)
                return
            try:
                while True:
                    if not self.buffer:
                        self.more(deadline)
                    data, self.buffer = self.buffer, b""
                    yield data
            except Closed:
                return

        for piece in pieces():
            yield from parser.feed(piece)

    def ends(self, seconds=1.0):
        """Whether the peer closes within `seconds`, sending nothing but what is in the buffer."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.more(deadline)
        except Closed:
            return True
        except TimeoutError:
            return False

    def finish(self):
        self.sock.settimeout(self.timeout)
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        """Closes with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def exchange(port, data, seconds=20, expect_close=False, keep=False):
    """Sends raw bytes on a fresh connection and returns the list of answers that came back.

    The first answer is waited for; the last one's `closed` says whether the peer then ended the connection.
    With `expect_close` the end is waited for longer.
    """
    wire = Wire.to(port, seconds)
    answers = []
    try:
        try:
            wire.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        deadline = time.monotonic() + seconds
        try:
            answers.append(wire.answer(seconds))
            quiet = 2.0 if expect_close else 0.15
            while True:
                try:
                    answers.append(wire.answer(min(quiet, deadline - time.monotonic())))
                except Closed:
                    answers[-1].closed = True
                    break
                except TimeoutError:
                    answers[-1].closed = False
                    break
        except Closed:
            pass
    finally:
        if not keep:
            wire.close()
    return answers


def request_bytes(path, body=b"", headers=(), method="POST", host="127.0.0.1", content_type="application/json"):
    """A well-formed request, to be bent by the caller."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if content_type is not None and method == "POST":
        lines += [f"Content-Type: {content_type}", "Accept: application/json, text/event-stream"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
