"""Section D of the attack cases: HTTP/1.1 framing, targets and headers."""
import ast
import json
import re
import resource
import time
import unittest

from attack.era import ERAS, AttackCase, spell
from harness.case import ALLOWED, NOTHING, REJECTED, answered, denied, log_denial
from harness.gateway import SHARED
from harness.wire import Closed, Wire, exchange

LEGACY = ERAS[0]
DENIED_RULE = "/tools/delete_file/deny_if/0"


class FramingCase(AttackCase):
    def lines(self, more=(), drop=(), host=None):
        """The headers of a good legacy call, without its framing."""
        client = self.ready(LEGACY)
        headers = [("Host", host or f"127.0.0.1:{self.gateway.port}"), ("Content-Type", "application/json"),
                   ("Accept", "application/json, text/event-stream"), *client.headers(), *more]
        return [(name, value) for name, value in headers if name.lower() not in drop]

    def raw(self, framing, body, start="POST /mcp/up/ HTTP/1.1", more=(), drop=(), host=None, end="\r\n"):
        """A request whose `framing` lines stand last, as they are."""
        head = [start, *(f"{name}: {value}" for name, value in self.lines(more, drop, host)), *framing]
        return (end.join(head) + end + end).encode("latin-1") + body

    def good(self, body=None, **options):
        body = spell(LEGACY) if body is None else body
        return self.raw([f"Content-Length: {len(body)}"], body, **options)

    def chunked(self, body, framing=("Transfer-Encoding: chunked",), **options):
        return self.raw(list(framing), b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), **options)

    def send(self, data, expect_close=True, seconds=20):
        """The last of the answers; None when the gateway only closed."""
        answers = exchange(self.gateway.port, data, seconds, expect_close)
        self.answers = answers
        return answers[-1] if answers else None

    def refuse(self, case, data, status=400, log=REJECTED, closed=True):
        self.assert_case(case, lambda: self.send(data), client={"status": status, "closed": closed}, upstream=NOTHING,
                         log=log)
        self.assertLessEqual(len(self.answers), 1, f"{case}: one answer at most")

    def accept(self, case, data):
        self.assert_case(case, lambda: self.send(data, expect_close=False), client=answered(), upstream=["tools/call"],
                         log=ALLOWED)


class Framing(FramingCase):
    def test_T069_length_and_chunked(self):
        body = spell(LEGACY)
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        length, coding = f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"
        for framing in ([length, coding], [coding, length], ["Content-Length: 4", coding], [coding, "Content-Length: 0"]):
            self.refuse(f"T069 {framing}", self.raw(framing, chunks))
            self.refuse(f"T069 {framing} plain body", self.raw(framing, body))

    def test_T070_length_twice(self):
        body = spell(LEGACY)
        n = len(body)
        for framing in ([f"Content-Length: {n}", f"Content-Length: {n}"], [f"Content-Length: {n}", "Content-Length: 2"],
                        [f"Content-Length: {n}, {n}"], [f"Content-Length: {n},"], [f"Content-Length: ,{n}"]):
            self.refuse(f"T070 {framing}", self.raw(framing, body))

    def test_T071_odd_lengths(self):
        body = spell(LEGACY)
        n = len(body)
        for value in (f"+{n}", f"0x{n:x}", f"{n // 10} {n % 10}", "", f"-{n}", "-1", f"{n}.0", str(2**64 + n), f"{n}e0",
                      f"{n}\t1", f"'{n}'", f"{n};", "9" * 30):
            self.refuse(f"T071 {value!r}", self.raw([f"Content-Length: {value}"], body), status=(400, 413))

    def test_T072_odd_codings(self):
        body = spell(LEGACY)
        for value in (",chunked", "xchunked", "gzip, chunked", "chunked, identity", "\x0bchunked", "chunked,chunked",
                      "identity", "chunked;q=1", "\"chunked\"", "chunked\x0b", "gzip", "chunke\u0064\u00a0"):
            self.refuse(f"T072 {value!r}", self.chunked(body, [f"Transfer-Encoding: {value}"]), status=(400, 501))
        self.refuse("T072 twice", self.chunked(body, ["Transfer-Encoding: chunked"] * 2))
        self.refuse("T072 HTTP/1.0", self.chunked(body, start="POST /mcp/up/ HTTP/1.0"), status=(400, 505))
        self.accept("T072 the right one", self.chunked(body))
        self.accept("T072 in another case", self.chunked(body, ["transfer-encoding: CHUNKED"]))

    def test_T072_handed_over(self):
        """A connection may reach another worker than the session's: the chunked body arrives there whole."""
        body = spell(LEGACY)
        idle = []
        for number in range(8):
            self.accept(f"T072 connection {number}", self.chunked(body))
            # New connections go to the worker that has fewest.
            idle.append(Wire.to(self.gateway.port))
            time.sleep(0.01)
        for wire in idle:
            wire.close()

    def test_T074_chunk_floods(self):
        body = spell(LEGACY)
        big = b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"x" * 1_000_000, body)
        self.refuse("T074 1 MB extension", self.raw(["Transfer-Encoding: chunked"], big), status=(400, 413, 431))
        before = cpu_seconds(self.gateway.pid)
        ones = b"".join(b"1\r\n%c\r\n" % octet for octet in body + b" " * (100_000 - len(body))) + b"0\r\n\r\n"
        answer = self.send(self.raw(["Transfer-Encoding: chunked"], ones), seconds=10)
        self.assertIn(answer.status, (200, 400, 413))
        self.assertLess(cpu_seconds(self.gateway.pid) - before, 0.5, "ten times the bar of 50 ms")
        self.gateway.new_records()

    def test_T075_trailers_are_discarded(self):
        body = spell(LEGACY, '"name":"delete_file","arguments":{}')
        for trailer in ("Authorization: Bearer x", "Mcp-Name: echo", "Content-Length: 4", "Host: evil"):
            data = self.raw(["Transfer-Encoding: chunked"],
                            b"%x\r\n%s\r\n0\r\n%s\r\n\r\n" % (len(body), body, trailer.encode()))
            self.assert_case(f"T075 {trailer}", lambda data=data: self.send(data, expect_close=False),
                             client=denied(rule=DENIED_RULE), upstream=NOTHING, log=log_denial(DENIED_RULE))
        stray = self.raw(["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n0\r\nAuthorization: Bearer %s\r\n\r\n" % (
            len(body), body, self.ready(LEGACY).token.encode()), drop=("authorization",))
        self.assert_case("T075 the only token is in a trailer", lambda: self.send(stray),
                         client={"status": 401}, upstream=NOTHING, log=REJECTED)

    def test_T077_hosts(self):
        port = self.gateway.port
        body = spell(LEGACY)
        framing = [f"Content-Length: {len(body)}"]
        self.refuse("T077 missing", self.raw(framing, body, drop=("host",)))
        self.refuse("T077 twice", self.raw([*framing, f"Host: 127.0.0.1:{port}"], body))
        for host in ("", "127.0.0.1/x", "user@127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:", "[::1",
                     "127.0.0.1 x", "a\x00b", f"127.0.0.1:{port}, evil"):
            self.refuse(f"T077 {host!r}", self.raw(framing, body, host=host or " "))
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.", "0.0.0.0", "[::2]",
                     "127.0.0.2", "localhost.evil.example"):
            self.refuse(f"T077 {host!r}", self.raw(framing, body, host=host), status=(400, 403, 421), closed=None)
        for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
            self.accept(f"T077 good {host}", self.raw(framing, body, host=host))

    def test_T079_targets(self):
        body = spell(LEGACY)
        framing = [f"Content-Length: {len(body)}"]
        for target in ("/mcp/../admin", "/mcp/up/../up/", "/mcp/%2e%2e/admin", "/mcp/up%2f", "//mcp/up/", "/mcp//up/", "/mcp;x/up/",
                       "/mcp/up;x/", "/mcp/up%00/", "/mcp/up/%00", "/MCP/up/", "/mcp/UP/", "/mcp./up/", "/mcp/up./", "/mcp/%75p/",
                       "/mcp/%2575p/", "/mcp/./up/", "/mcp/up/x", "/", "/admin", "/mcp", "/mcp/", "/mcp/other/", "/health/../mcp/up/",
                       "http://127.0.0.1/mcp/up/", "*", "/mcp/up/#x", "mcp/up/", "/mcp\\up/", "/mcp/up/\x80", "/mcp/\u00fcp/"):
            self.refuse(f"T079 {target!r}", self.raw(framing, body, start=f"POST {target} HTTP/1.1"), status=(400, 404),
                        closed=None)

    def test_T082_hidden_second_request(self):
        """Bytes behind an early refusal are never taken for a request, also where its body was empty."""
        hidden = self.good(spell(LEGACY, '"name":"echo","arguments":{"text":"hidden"}'))
        cases = {
            "401": self.raw(["Content-Length: 0"], hidden, drop=("authorization",)),
            "413": self.raw([f"Content-Length: {100 << 20}"], hidden),
            "415": self.raw(["Content-Length: 0"], hidden, drop=("content-type",)),
            "404": self.raw(["Content-Length: 0"], hidden, start="POST /other/ HTTP/1.1"),
            "417": self.raw(["Content-Length: 0", "Expect: 200-ok"], hidden),
        }
        for label, data in cases.items():
            self.assert_case(f"T082 {label}", lambda data=data: self.send(data), client={"status": int(label)},
                             upstream=NOTHING, log=REJECTED)
            self.assertEqual(len(self.answers), 1, label)

    def test_T082_a_bad_message_that_was_read_whole(self):
        """Its framing is not in doubt: what follows on the connection is a request of its own."""
        answers = exchange(self.gateway.port, self.raw(["Content-Length: 4"], b"oops" + self.good()))
        self.assertEqual([answer.status for answer in answers], [400, 200])

    def test_T082_body_of_a_refused_request_is_no_request(self):
        """The hidden request is the body of one that is refused by its head alone."""
        hidden = self.good()
        for label, data in (
                ("401", self.raw([f"Content-Length: {len(hidden)}"], hidden, drop=("authorization",))),
                ("404", self.raw([f"Content-Length: {len(hidden)}"], hidden, start="POST /other/ HTTP/1.1")),
                ("415", self.raw([f"Content-Length: {len(hidden)}"], hidden, drop=("content-type",))),
                ("421", self.raw([f"Content-Length: {len(hidden)}"], hidden, host="evil.example"))):
            self.assert_case(f"T082 {label}", lambda data=data: self.send(data),
                             client={"status": int(label)}, upstream=NOTHING, log=REJECTED)
            self.assertEqual(len(self.answers), 1, label)

    def test_T083_other_protocols(self):
        body = spell(LEGACY)
        framing = [f"Content-Length: {len(body)}"]
        self.refuse("T083 HTTP/0.9", b"GET /mcp/up/\r\n\r\n", status=(400, 505))
        self.refuse("T083 h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status=(400, 405, 505))
        for version in ("HTTP/1.2", "HTTP/2.0", "HTTP/1.0", "HTTP/1", "http/1.1", "HTTP/01.1", "HTTP/1.1 ", "XTTP/1.1", ""):
            self.refuse(f"T083 {version!r}", self.raw(framing, body, start=f"POST /mcp/up/ {version}"), status=(400, 505))
        for name, value in (("Upgrade", "h2c"), ("Upgrade", "websocket")):
            data = self.raw([*framing, "Connection: upgrade", f"{name}: {value}"], body)
            self.assert_case(f"T083 {name}: {value}", lambda data=data: self.send(data, expect_close=False),
                             client={"status": (400, 501)}, upstream=NOTHING, log=REJECTED)
        self.refuse("T088 PROXY v1", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + self.good())
        self.refuse("T088 PROXY v2", b"\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c" + bytes(12) + self.good())

    def test_T085_expect(self):
        body = spell(LEGACY)
        framing = [f"Content-Length: {len(body)}", "Expect: 100-continue"]
        self.assert_case("T085 without a token", lambda: self.send(self.raw(framing, b"", drop=("authorization",))),
                         client={"status": 401}, upstream=NOTHING, log=REJECTED)
        with Wire.to(self.gateway.port) as wire:
            wire.send(self.raw(framing, b""))
            start, _ = wire.head()
            self.assertIn(" 100 ", start + " ")
            wire.send(body)
            self.assertEqual(wire.answer().status, 200)
        self.gateway.new_records()
        self.assert_case("T085 unknown", lambda: self.send(self.raw([framing[0], "Expect: 200-ok"], body)),
                         client={"status": 417}, upstream=NOTHING, log=REJECTED)

    def test_T086_hop_by_hop_names(self):
        body = spell(LEGACY, '"name":"delete_file","arguments":{}')
        framing = [f"Content-Length: {len(body)}"]
        for value in ("authorization, mcp-name, content-type", "keep-alive, authorization", "host", "content-length",
                      "mcp-session-id"):
            data = self.raw([*framing, f"Connection: {value}"], body)
            self.assert_case(f"T086 {value}", lambda data=data: self.send(data, expect_close=False),
                             client=[denied(rule=DENIED_RULE), {"status": 400}], upstream=NOTHING,
                             log={"event": ("call.denied", "request.rejected")})

    def test_T089_large_heads(self):
        body = spell(LEGACY)
        framing = [f"Content-Length: {len(body)}"]
        many = [(f"X-{number}", "y") for number in range(101)]
        self.refuse("T089 over 100 headers", self.raw(framing, body, more=many), status=431)
        self.refuse("T089 long line", self.raw(framing, body, more=[("X-A", "y" * 8300)]), status=431)
        self.refuse("T089 long name", self.raw(framing, body, more=[("X" * 8300, "y")]), status=431)
        block = [(f"X-{number}", "y" * 8000) for number in range(9)]
        self.refuse("T089 64 KB", self.raw(framing, body, more=block), status=431)
        self.refuse("T089 long URL", self.raw(framing, body, start=f"POST /mcp/up/?{'y' * 65536} HTTP/1.1"), status=(414, 431))
        self.refuse("T089 long URL of 9 KB", self.raw(framing, body, start=f"POST /mcp/up/?{'y' * 9000} HTTP/1.1"), status=414)

        def endless():
            with Wire.to(self.gateway.port) as wire:
                try:
                    wire.send(b"POST /mcp/up/ HTTP/1.1\r\n")
                    for _ in range(1000):
                        wire.send(b"X-A: " + b"y" * 1000 + b"\r\n")
                except (BrokenPipeError, ConnectionResetError):
                    pass
                try:
                    return wire.answer(2)
                except (Closed, OSError):
                    return None
        before = resident(self.gateway.pid)
        endless()
        self.assertLess(resident(self.gateway.pid) - before, 8 << 20)
        self.gateway.new_records()

    def test_T090_internal_headers_change_nothing(self):
        client = self.ready(LEGACY)
        forged = [("X-Forwarded-For", "10.0.0.1"), ("Forwarded", "for=10.0.0.1"), ("Via", "1.1 x"), ("X-Doorward-Grant", "admin"),
                  ("Doorward-Hop", "1"), ("X-Real-IP", "10.0.0.1"), ("Cookie", "a=b"), ("X-Api-Key", "k"), ("Traceparent", "00-x"),
                  ("Proxy-Authorization", "Basic eA=="), ("Mcp-Param-Region", "eu"), ("TE", "trailers"), ("X-Secret", "canary")]

        def arrived(seen):
            self.assertEqual(len(seen), 1)
            text = self.upstream.bytes_since()
            for name, value in forged:
                self.assertEqual(seen[0].all(name), [], f"{name} reached the upstream")
                if len(value) > 5:
                    self.assertNotIn(value.encode(), text)
            self.assertNotIn(client.token.encode(), text)
            self.assertEqual(seen[0].all("authorization"), [])
        self.assert_case("T090", lambda: client.post_bytes(spell(LEGACY), client.headers() + forged),
                         client=answered(), upstream=arrived, log=ALLOWED)
        self.assert_case("T090 denied all the same", lambda: client.post_bytes(
            spell(LEGACY, '"name":"delete_file","arguments":{}'), client.headers() + forged),
            client=denied(rule=DENIED_RULE), upstream=NOTHING, log=log_denial(DENIED_RULE))

    def test_T093_upstream_headers_are_not_copied(self):
        def answer(exchange_):
            if exchange_.seen.rpc != "tools/call":
                return False
            body = json.dumps({"jsonrpc": "2.0", "id": exchange_.seen.message["id"], "result": {"content": []}}).encode()
            exchange_.raw(b"HTTP/1.1 200 Perfectly <b>Fine</b>\r\nContent-Type: application/json\r\nSet-Cookie: a=b\r\n"
                          b"X-Evil: 1\r\nServer: Evil/1\r\nLocation: http://evil/\r\nAccess-Control-Allow-Origin: *\r\n"
                          b"WWW-Authenticate: Bearer x\r\nMcp-Session-Id: evil\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return True
        for era in ERAS:
            self.ready(era)
            self.upstream.hook = answer

            def fixed(got):
                self.assertEqual(got.status, 200)
                self.assertNotIn("Perfectly", got.reason)
                names = {name.lower() for name, _ in got.headers}
                self.assertLessEqual(names, {"content-type", "content-length", "date", "cache-control", "connection",
                                             "mcp-session-id", "mcp-protocol-version", "x-accel-buffering", "keep-alive",
                                             "x-content-type-options", "transfer-encoding"}, names)
                self.assertNotIn("evil", str(got.headers).lower())
            self.assert_case(f"T093 {era}", lambda era=era: self.post(era, spell(era)), client=fixed,
                             upstream=["tools/call"], log=ALLOWED)


@unittest.skipUnless(SHARED.is_dir(), "the shared data folder is absent")
class RawCases(FramingCase):
    # What is right, for those of the 50 that are not refused.
    GOOD = {"valid POST CL", "valid POST chunked", "trailer Authorization", "Expect 100"}

    def test_the_50_raw_requests(self):
        """The probe set, with our path, token, host and a real call in the place of its own."""
        namespace = {}
        for node in ast.parse((SHARED / "tools/http_raw_cases.py").read_text()).body:
            if isinstance(node, ast.Assign):
                exec(compile(ast.Module([node], []), "http_raw_cases", "exec"), namespace)
        self.assertEqual(len(namespace["C"]), 50)
        body = spell(LEGACY)
        for name, raw in namespace["C"]:
            data = self.adapt(raw, namespace["B"], body)
            if name in self.GOOD:
                self.assert_case(f"raw {name}", lambda data=data: self.send(data, expect_close=False), client=answered(),
                                 upstream=["tools/call"], log=ALLOWED)
            else:
                self.assert_case(f"raw {name}", lambda data=data: self.send(data),
                                 client={"status": (400, 404, 405, 413, 414, 417, 421, 431, 501, 505)}, upstream=NOTHING,
                                 log=REJECTED)
                self.assertEqual(len(self.answers), 1, name)

    def adapt(self, raw, old, body):
        end = b"\r\n" if b"\r\n" in raw else b"\n"
        more = end.join(f"{key}: {value}".encode() for key, value in self.lines(drop=("host",)))
        raw = raw.replace(old, b"@BODY@")
        raw = re.sub(rb"(?<![0-9])24(?![0-9])", str(len(body)).encode(), raw)
        raw = re.sub(rb"(?<![0-9])18(?=[\r\n;])", b"%x" % len(body), raw)
        raw = raw.replace(b"Host: a", f"Host: 127.0.0.1:{self.gateway.port}".encode(), 1)
        raw = re.sub(rb"/mcp(?=[ \t])", b"/mcp/up/", raw)
        if raw.startswith(b"GET /mcp/up/\r\n\r\n") or b"HTTP/" not in raw:
            return raw
        head, mark, rest = raw.partition(end + end)
        return (head + end + more + mark + rest).replace(b"@BODY@", body)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    unittest.main()
