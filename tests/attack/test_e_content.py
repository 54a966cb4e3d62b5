"""Section E of the attack cases: content type, coding, size, slowness."""
import gzip
import json
import threading
import time
import unittest

from attack.era import ERAS, spell
from attack.test_d_framing import FramingCase, cpu_seconds, resident
from harness.case import ALLOWED, NOTHING, REJECTED
from harness.wire import Closed, Wire

LEGACY = ERAS[0]


class Content(FramingCase):
    def test_T096_content_types(self):
        body = spell(LEGACY)
        framing = [f"Content-Length: {len(body)}"]
        for value in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                      "application/json, text/plain", "application/jsonp", "application/json-patch+json", "text/json", "",
                      "application/json; charset=utf-16", "application", "*/*", "application /json"):
            self.assert_case(f"T096 {value!r}", lambda value=value: self.send(
                self.raw([*framing, f"Content-Type: {value}"], body, drop=("content-type",)), expect_close=False),
                client={"status": (400, 415)}, upstream=NOTHING, log=REJECTED)
        self.assert_case("T096 missing", lambda: self.send(self.raw(framing, body, drop=("content-type",))),
                         client={"status": 415}, upstream=NOTHING, log=REJECTED)
        self.assert_case("T096 twice", lambda: self.send(self.raw([*framing, "Content-Type: application/json"], body)),
                         client={"status": (400, 415)}, upstream=NOTHING, log=REJECTED)
        for value in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=\"UTF-8\""):
            self.accept(f"T096 good {value}", self.raw([*framing, f"Content-Type: {value}"], body, drop=("content-type",)))

    def test_T099_content_codings(self):
        body = gzip.compress(spell(LEGACY))
        for value in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip", "identity, gzip", "unknown"):
            self.assert_case(f"T099 {value}", lambda value=value: self.send(
                self.raw([f"Content-Length: {len(body)}", f"Content-Encoding: {value}"], body), expect_close=False),
                client={"status": (400, 415)}, upstream=NOTHING, log=REJECTED)
        plain = spell(LEGACY)
        self.accept("T099 identity", self.raw([f"Content-Length: {len(plain)}", "Content-Encoding: identity"], plain))

    def test_T100_coded_answers(self):
        bomb = gzip.compress(b" " * (10 << 20))

        def answer_with(coding, body):
            def hook(exchange):
                if exchange.seen.rpc != "tools/call":
                    return False
                exchange.http(200, body, [("Content-Encoding", coding)])
                return True
            return hook
        for era in ERAS:
            for label, coding, body in (("bomb", "gzip", bomb), ("mislabelled", "gzip", b"{}"), ("unknown", "zstd", bomb),
                                        ("twice", "gzip, gzip", gzip.compress(bomb))):
                client = self.ready(era)
                self.upstream.hook = answer_with(coding, body)
                before = resident(self.gateway.pid)

                def identity(seen):
                    self.assertEqual(len(seen), 1)
                    self.assertIn(seen[0].header("accept-encoding"), (None, "identity"))
                self.assert_case(f"T100 {era} {label}", lambda client=client: client.call("echo"),
                                 client={"status": 200, "text": "[UPSTREAM ERROR]"}, upstream=identity,
                                 log=[ALLOWED[0], {"event": "call.outcome", "result": "upstream_error"}])
                self.assertLess(resident(self.gateway.pid) - before, 16 << 20)

    def test_result_over_the_cap(self):
        for era in ERAS:
            client = self.ready(era)

            def huge(exchange):
                if exchange.seen.rpc != "tools/call":
                    return False
                try:
                    exchange.http(200, b'{"jsonrpc":"2.0","id":1,"result":{"x":"' + b"x" * (11 << 20) + b'"}}')
                except OSError as error:
                    raise Closed("cut") from error
                return True
            self.upstream.hook = huge
            self.assert_case(f"R9 {era}", lambda client=client: client.call("echo"),
                             client={"status": 200, "text": "[UPSTREAM ERROR]"}, upstream=["tools/call"],
                             log=[ALLOWED[0], {"event": "call.outcome", "result": "upstream_error"}])


class Slowness(FramingCase):
    config = {"timeouts": {"header": "1s", "body": "1s", "idle": "2s"}, "limits": {"connections": 500, "requests_in_flight_per_session": 8}}

    def good_seconds(self, rounds=30):
        client = self.ready(LEGACY)
        times = []
        for _ in range(rounds):
            start = time.monotonic()
            self.assertEqual(client.call("echo").status, 200)
            times.append(time.monotonic() - start)
        return sorted(times)[-2]

    def test_T102_slow_peers(self):
        """Slow heads, bodies and readers are cut; others are served as before. A ceiling ten times the bar is checked."""
        baseline = self.good_seconds()
        wires, stop = [], threading.Event()
        body = spell(LEGACY)
        head = self.raw([f"Content-Length: {len(body)}"], b"")
        for number in range(120):
            wire = Wire.to(self.gateway.port)
            wire.send(head[:20] if number % 3 == 0 else head + body[:10] if number % 3 == 1 else b"")
            wires.append(wire)

        def drip():
            while not stop.wait(0.2):
                for number, wire in enumerate(wires):
                    if number % 3 != 2:
                        try:
                            wire.sock.send(b"X" if number % 3 == 0 else b" ")
                        except OSError:
                            pass
        thread = threading.Thread(target=drip)
        thread.start()
        during = self.good_seconds()
        time.sleep(3)
        stop.set()
        thread.join()
        self.assertLess(during, max(20 * baseline, 0.5))
        cut = [wire.ends(2.0) for wire in wires]
        self.assertEqual(cut.count(False), 0, "connections that dripped were not cut")
        for wire in wires:
            wire.close()
        self.gateway.new_records()

    def test_T102_slow_reader(self):
        """A client that does not read its answers holds neither memory beyond a bound nor the others."""
        client = self.ready(LEGACY)
        self.upstream.server.handlers["read_file"] = lambda _: {"content": [{"type": "text", "text": "x" * (4 << 20)}]}
        before = resident(self.gateway.pid)
        wires = []
        for _ in range(8):
            wire = client.open()
            wire.sock.setsockopt(1, 8, 4096)
            message = client.build("tools/call", {"name": "read_file", "arguments": {}})
            body = json.dumps(message).encode()
            wire.send(self.raw([f"Content-Length: {len(body)}"], body))
            wires.append(wire)
        time.sleep(0.5)
        self.assertLess(self.good_seconds(), 1.0)
        self.assertLess(resident(self.gateway.pid) - before, 8 * (24 << 20))
        for wire in wires:
            wire.close()
        del self.upstream.server.handlers["read_file"]
        self.gateway.new_records()

    def test_T103_connect_and_say_nothing(self):
        """Silent plain connections are cut and cost no processor time."""
        wires = [Wire.to(self.gateway.port) for _ in range(300)]
        before = cpu_seconds(self.gateway.pid)
        self.assertLess(self.good_seconds(), 1.0)
        time.sleep(2.5)
        self.assertLess(cpu_seconds(self.gateway.pid) - before, 1.0)
        open_still = [wire for wire in wires if not wire.ends(2.0)]
        self.assertEqual(len(open_still), 0, "silent connections outlive the idle time")
        for wire in wires:
            wire.close()

    def test_T104_connections_over_the_cap(self):
        """The cap of 500 holds: what is over it is closed at once, and the gateway recovers."""
        wires = [Wire.to(self.gateway.port) for _ in range(600)]
        time.sleep(0.2)
        cut = sum(wire.ends(0.001) for wire in wires)
        self.assertGreaterEqual(cut, 100)
        for wire in wires:
            wire.close()
        time.sleep(0.2)
        self.assertEqual(self.client().call("echo").status, 200, "the gateway recovers")

    def test_in_flight_per_session(self):
        """No session has more than its share of calls under way; those over it are told to come back."""
        client, release, answers = self.client(), threading.Event(), []

        def wait(exchange):
            if exchange.seen.rpc == "tools/call":
                release.wait(20)
            return False
        self.upstream.hook = wait
        mark = self.upstream.mark()

        def call():
            with client.open() as wire:
                answers.append(client.call("echo", wire=wire))
        threads = [threading.Thread(target=call) for _ in range(20)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        forwarded = len(self.upstream.calls(mark))
        release.set()
        for thread in threads:
            thread.join(10)
        self.assertEqual(forwarded, 8)
        refused = [answer for answer in answers if answer.status != 200]
        self.assertEqual(len(refused), 12)
        self.assertLessEqual({answer.status for answer in refused}, {429, 503})
        self.assertTrue(all(answer.header("retry-after") for answer in refused))


if __name__ == "__main__":
    unittest.main()
