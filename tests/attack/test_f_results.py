"""Section F of the attack cases: event streams and results of the upstream."""
import json
import threading
import time
import unittest

from attack.era import ERAS, AttackCase
from harness.case import ALLOWED
from harness.client import MODERN
from harness.shows import shows
from harness.wire import Closed, request_bytes

UPSTREAM_ERROR = {"status": 200, "text": "[UPSTREAM ERROR]"}
FAILED = [ALLOWED[0], {"event": "call.outcome", "result": "upstream_error"}]
LEGACY = ERAS[0]


def only_calls(hook):
    """The hook for tools/call; the rest is answered as ever."""
    def wrapped(exchange):
        if exchange.seen.rpc != "tools/call":
            return False
        hook(exchange)
        return True
    return wrapped


def good(exchange, text="right"):
    return {"jsonrpc": "2.0", "id": exchange.seen.message["id"], "result": {
        **({"resultType": "complete"} if exchange.seen.header("mcp-method") else {}),
        "content": [{"type": "text", "text": text}]}}


class Results(AttackCase):
    config = {"timeouts": {"first_byte": "2s", "stream_idle": "2s"}}

    def call_case(self, case, hook, client, log, eras=ERAS, upstream=("tools/call",)):
        for era in eras:
            agent = self.ready(era)
            self.upstream.hook = only_calls(hook)
            self.assert_case(f"{case} {era}", lambda agent=agent: agent.call("echo"), client=client,
                             upstream=lambda seen: self.assertEqual([s.rpc for s in seen][:len(upstream)], list(upstream)),
                             log=log)

    def test_T107_fields_are_rebuilt(self):
        def stream(exchange):
            data = json.dumps(good(exchange)).encode()
            exchange.open_stream()
            exchange.chunk(b"event: endpoint\ndata: http://evil/steal\n\n")
            exchange.chunk(b"event: evil\r\nid: canary\nretry: 1\nunknown: x\n: canary comment\ndata: not json\n\n")
            exchange.chunk(b"id: canary\0\nretry: 999999999999999999999\nevent: message\ndata: " + data + b"\n\n")
            exchange.end_stream()

        def clean(answer):
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.text, "right")
            for word in (b"canary", b"endpoint", b"evil", b"retry: 1\n", b"99999999999", b"unknown"):
                self.assertNotIn(word, answer.body)
        self.call_case("T107", stream, clean, ALLOWED)

    def test_T108_every_split_and_line_end(self):
        """One stream, cut into chunks at every byte and written with each line end, always gives the same messages."""
        client = self.ready(LEGACY)
        for label, ends in (("CR", [b"\r"] * 5), ("LF", [b"\n"] * 5), ("CRLF", [b"\r\n"] * 5),
                            ("mixed", [b"\r\n", b"\n", b"\r", b"\r\n", b"\n"])):
            def text_of(exchange, ends=ends):
                data = json.dumps(good(exchange)).encode()
                half = data.index(b'"result"')
                lines = [b": hello", b"event: message", b"data: " + data[:half], b"data:" + data[half:], b""]
                return b"\xef\xbb\xbf" + b"".join(line + end for line, end in zip(lines, ends))

            def whole(exchange, text_of=text_of):
                exchange.open_stream()
                exchange.chunk(text_of(exchange))
                exchange.end_stream()

            def bytewise(exchange, text_of=text_of):
                exchange.open_stream()
                text = text_of(exchange)
                exchange.raw(b"".join(b"1\r\n%c\r\n" % octet for octet in text))
                exchange.end_stream()

            def slowly(exchange, text_of=text_of):
                exchange.open_stream()
                for octet in text_of(exchange):
                    exchange.raw(b"1\r\n%c\r\n" % octet)
                exchange.end_stream()
            for how, hook in (("whole", whole), ("a byte a chunk", bytewise), ("a byte a write", slowly)):
                self.upstream.hook = only_calls(hook)
                self.assert_case(f"T108 {label} {how}", lambda: client.call("echo"),
                                 client=lambda answer: self.assertEqual(answer.text, "right"), upstream=["tools/call"],
                                 log=ALLOWED)

    def test_T108_comment_flood(self):
        def flood(exchange):
            exchange.open_stream()
            for _ in range(200):
                exchange.chunk(b": " + b"x" * 10_000 + b"\n")
            exchange.event(good(exchange))
            exchange.end_stream()

        def small(answer):
            self.assertEqual(answer.text, "right")
            self.assertLess(len(answer.body), 10_000)
        self.call_case("T108 flood", flood, small, ALLOWED)

    def test_T110_answers_that_are_not_ours(self):
        def other_id(exchange):
            message = good(exchange, "wrong")
            message["id"] = "other" if isinstance(message["id"], str) else message["id"] + 1000
            exchange.json(message)
        self.call_case("T110 other id", other_id, UPSTREAM_ERROR, FAILED)

        def other_type(exchange):
            message = good(exchange, "wrong")
            message["id"] = str(message["id"]) if not isinstance(message["id"], str) else [message["id"]]
            exchange.json(message)
        self.call_case("T110 id of another type", other_type, UPSTREAM_ERROR, FAILED)

        def foreign_then_right(exchange):
            exchange.open_stream()
            exchange.event({"jsonrpc": "2.0", "id": "foreign", "result": {"content": [{"type": "text", "text": "wrong"}]}})
            exchange.event(good(exchange))
            exchange.end_stream()

        def right_only(answer):
            self.assertEqual([message.get("id") for message in answer.messages()].count("foreign"), 0)
            self.assertIn(answer.text[:5], ("right", "[UPST"))
            self.assertNotIn(b"wrong", answer.body)
        for era in ERAS:
            agent = self.ready(era)
            self.upstream.hook = only_calls(foreign_then_right)
            self.assert_case(f"T110 foreign first {era}", lambda agent=agent: agent.call("echo"), client=right_only,
                             upstream=["tools/call"], log=[ALLOWED[0], {"event": "call.outcome"}])

        def twice(exchange):
            exchange.open_stream()
            exchange.event(good(exchange))
            exchange.event(good(exchange, "again"))
            exchange.end_stream()

        def once(answer):
            self.assertEqual(answer.messages()[0]["result"]["content"][0]["text"], "right")
            self.assertNotIn(b"again", answer.body)
        self.call_case("T110 twice", twice, once, ALLOWED)

    def test_T110_never_answered(self):
        def silent(exchange):
            exchange.wait_closed(6)
            raise Closed("silent")
        self.call_case("T110 never", silent, UPSTREAM_ERROR,
                       [ALLOWED[0], {"event": "call.outcome", "result": ("timeout", "upstream_error")}])

        def stream_without_answer(exchange):
            exchange.open_stream()
            exchange.chunk(b": nothing\n\n")
            exchange.end_stream()
        self.call_case("T110 stream without the answer", stream_without_answer, UPSTREAM_ERROR, FAILED)

        def headers_then_silence(exchange):
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
            exchange.wait_closed(6)
            raise Closed("silent")
        self.call_case("R7 silence in the body", headers_then_silence, UPSTREAM_ERROR,
                       [ALLOWED[0], {"event": "call.outcome", "result": ("timeout", "upstream_error")}])

    def test_T111_requests_of_the_upstream(self):
        for method in ("sampling/createMessage", "roots/list", "elicitation/create"):
            answered = []

            def ask(exchange, method=method):
                exchange.open_stream()
                exchange.event({"jsonrpc": "2.0", "id": "ask", "method": method, "params": {"messages": [], "maxTokens": 1}})
                deadline = time.monotonic() + 1
                while time.monotonic() < deadline and not answered:
                    answered.extend(seen for seen in self.upstream.requests if isinstance(seen.message, dict)
                                    and seen.message.get("id") == "ask" and "method" not in seen.message)
                    time.sleep(0.02)
                exchange.event(good(exchange))
                exchange.end_stream()

            def unasked(answer, method=method):
                self.assertEqual(answer.status, 200)
                self.assertNotIn(method.encode(), answer.body)
            # Legacy: the upstream is told no, the call goes on. Modern: such a message is a breach of the protocol.
            for era in ERAS:
                answered.clear()
                with self.subTest(f"T111 {era} {method}"):
                    agent = self.ready(era)
                    mark = self.upstream.mark()
                    self.gateway.new_records()
                    self.upstream.hook = only_calls(ask)
                    unasked(agent.call("echo"))
                    for seen in self.upstream.since(mark):
                        if isinstance(seen.message, dict) and seen.message.get("id") == "ask":
                            self.assertIn("error", seen.message)
                    self.assert_log([ALLOWED[0], {"event": "call.outcome"}])

    def test_T112_notifications_nobody_asked_for(self):
        def chatty(exchange):
            exchange.open_stream()
            exchange.event({"jsonrpc": "2.0", "method": "notifications/progress",
                            "params": {"progressToken": "foreign", "progress": 1}})
            exchange.event(good(exchange))
            exchange.end_stream()

        def quiet(answer):
            self.assertEqual(answer.text, "right")
            self.assertNotIn(b"foreign", answer.body)
        self.call_case("T112", chatty, quiet, ALLOWED)

    def test_T115_hostile_results(self):
        def answer_with(make):
            def hook(exchange):
                exchange.http(200, make(json.dumps(exchange.seen.message["id"]).encode()))
            return hook

        def in_stream(make):
            def hook(exchange):
                exchange.open_stream()
                exchange.chunk(b"data: " + make(json.dumps(exchange.seen.message["id"]).encode()) + b"\n\n")
                exchange.end_stream()
            return hook
        head, tail = b'{"jsonrpc":"2.0","id":', b',"result":{"content":[{"type":"text","text":"%s"}]}}'
        for label, make in (
                ("duplicate keys", lambda id: head + id + b',"result":{"content":[],"isError":false,"isError":true}}'),
                ("duplicate id", lambda id: head + id + b',"id":' + id + b',"result":{"content":[]}}'),
                ("bad UTF-8", lambda id: head + id + tail % b"\xff"),
                ("lone surrogate", lambda id: head + id + tail % b"\\ud800"),
                ("depth", lambda id: head + id + b',"result":{"content":[],"x":' + b"[" * 5000 + b"]" * 5000 + b"}}"),
                ("cut", lambda id: head + id + b',"result":{"content":['),
                ("not JSON", lambda id: b"<html>"), ("nothing", lambda id: b""), ("array", lambda id: b"[" + head + id + tail % b"x" + b"]"),
                ("neither", lambda id: head + id + b"}"),
                ("both", lambda id: head + id + b',"result":{},"error":{"code":1,"message":"x"}}'),
                ("1e400", lambda id: head + id + b',"result":{"content":[],"n":1e400}}'),
                ("wrong version", lambda id: head.replace(b"2.0", b"1.0") + id + tail % b"x")):
            self.call_case(f"T115 {label}", answer_with(make), UPSTREAM_ERROR, FAILED)
            if label != "nothing":
                self.call_case(f"T115 {label} in a stream", in_stream(make), UPSTREAM_ERROR, FAILED, eras=(LEGACY,))

    def test_R8_truncated_and_reset_answers(self):
        """No partial answer is ever delivered as a whole one, and nothing is sent twice."""
        def cut(exchange, at, reset):
            body = json.dumps(good(exchange, "x" * 1000)).encode()
            data = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            exchange.raw(data[:at])
            exchange.reset() if reset else exchange.close()
        client = self.ready(LEGACY)
        for at in (0, 1, 8, 15, 17, 40, 70, 90, 100, 200, 1000, 1100):
            for reset in (False, True):
                self.upstream.hook = only_calls(lambda exchange, at=at, reset=reset: cut(exchange, at, reset))
                self.assert_case(f"R8 cut at {at} reset {reset}", lambda: client.call("echo"), client=UPSTREAM_ERROR,
                                 upstream=["tools/call"], log=FAILED)

    def test_R8_lies_about_length(self):
        client = self.ready(LEGACY)
        for label, framing in (("longer", "Content-Length: {0}9"), ("both", "Content-Length: {0}\r\nTransfer-Encoding: chunked"),
                               ("twice", "Content-Length: {0}\r\nContent-Length: 3"), ("negative", "Content-Length: -{0}"),
                               ("odd coding", "Transfer-Encoding: gzip, chunked"), ("folded", "X: a\r\n b\r\nContent-Length: {0}")):
            def lie(exchange, framing=framing):
                body = json.dumps(good(exchange)).encode()
                exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + framing.format(len(body)).encode()
                             + b"\r\n\r\n" + body)
                exchange.close()
            self.upstream.hook = only_calls(lie)
            self.assert_case(f"R8 {label}", lambda: client.call("echo"), client=UPSTREAM_ERROR, upstream=["tools/call"],
                             log=FAILED)

        def smuggle(exchange):
            body = json.dumps(good(exchange)).encode()
            exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                         + b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        self.upstream.hook = only_calls(smuggle)
        self.assert_case("R8 a second answer behind", lambda: client.call("echo"),
                         client=lambda answer: self.assertEqual(answer.text, "right"), upstream=["tools/call"], log=ALLOWED)
        self.upstream.hook = None
        self.assert_case("R8 the next call is not answered by it", lambda: client.call("echo", {"n": 1}),
                         client=lambda answer: self.assertIn('"n": 1', answer.text), upstream=["tools/call"], log=ALLOWED)

    def test_upstream_statuses(self):
        for era in ERAS:
            client = self.ready(era)
            for status, body in ((500, b"oops at http://10.0.0.1/internal"), (502, b""), (301, b""), (307, b""), (403, b"{}"),
                                 (401, b""), (200, b"<html>"), (429, b"")):
                def answer(exchange, status=status, body=body):
                    exchange.http(status, body, [("Location", "http://127.0.0.1:1/")] if status in (301, 307) else [],
                                  content_type="text/html")

                def told(got):
                    self.assertEqual(got.status, 200)
                    self.assertTrue(got.text.startswith("[UPSTREAM ERROR]"), got.text)
                    self.assertNotIn("10.0.0.1", got.text)
                    self.assertIn("policy", got.text, "it says that this is no policy decision")
                    self.assertEqual(got.result["_meta"]["io.doorward/decision"]["code"], "upstream_error")
                self.upstream.hook = only_calls(answer)
                self.assert_case(f"{era} upstream says {status}", lambda client=client: client.call("echo"), client=told,
                                 upstream=["tools/call"], log=FAILED)

    @shows("cancellation", MODERN)
    def test_T124_client_leaves(self):
        for era in ERAS:
            agent = self.ready(era)
            aborted, arrived = threading.Event(), threading.Event()

            def hang(exchange):
                exchange.open_stream()
                exchange.chunk(b": working\n\n")
                arrived.set()
                if exchange.wait_closed(5):
                    aborted.set()
                raise Closed("gone")
            with self.subTest(f"T124 {era}"):
                mark = self.upstream.mark()
                self.gateway.new_records()
                self.upstream.hook = only_calls(hang)
                wire = agent.open()
                message = agent.build("tools/call", {"name": "echo", "arguments": {}})
                wire.send(request_bytes(agent.path, json.dumps(message).encode(), agent.headers(message),
                                        host=f"127.0.0.1:{self.gateway.port}"))
                self.assertTrue(arrived.wait(20))
                time.sleep(0.1)
                wire.close()
                if era == MODERN:
                    # Closing the stream is the cancellation.
                    self.assertTrue(aborted.wait(20), "the upstream was not told")
                    self.assert_log([ALLOWED[0], {"event": "call.outcome", "result": "cancelled"}])
                else:
                    # Legacy: a disconnect alone cancels nothing; the upstream is told or the call times out as idle.
                    deadline = time.monotonic() + 20
                    while time.monotonic() < deadline and not aborted.is_set():
                        if any(seen.rpc == "notifications/cancelled" for seen in self.upstream.since(mark)):
                            break
                        time.sleep(0.05)
                    else:
                        self.assertTrue(aborted.is_set(), "the call was neither cancelled nor timed out")
                    self.assert_log([ALLOWED[0], {"event": "call.outcome"}])


if __name__ == "__main__":
    unittest.main()
