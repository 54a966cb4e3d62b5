"""The legacy revisions through the gateway: sessions, streams, progress, cancellation, lists."""
import json
import re
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import LEGACY
from harness.shows import shows
from harness.wire import Closed, request_bytes

HIDING = {"version": "1", "default": "allow", "hide": ["delete_*", "secret"]}
CLOSED_WORLD = {"version": "1", "default": "deny", "tools": {"echo": {}}}


class LegacyCase(GatewayCase):
    policies = {"open": ("up", {"version": "1", "default": "allow"}), "hiding": ("up", HIDING), "closed": ("up", CLOSED_WORLD)}
    grants = {"agent": ("up", "open"), "other": ("up", "open"), "hider": ("up", "hiding"), "closed": ("up", "closed"),
              "bare": ("up", None)}

    def setUp(self):
        super().setUp()
        self.upstream.stream_answers = False
        self.upstream.server.page = None
        self.upstream.server.handlers.clear()

    def each(self, grant="agent", **options):
        for version in LEGACY:
            with self.subTest(version):
                yield self.client(grant, version=version, **options)


class Sessions(LegacyCase):
    def test_initialize(self):
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version, ready=False)
                answer = client.initialize()
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.result["protocolVersion"], version)
                self.assertEqual(answer.result["instructions"], "Be kind.")
                self.assertIn("tools", answer.result["capabilities"])
                # T221: at least 128 bits, visible ASCII; T223: ours, not the upstream's.
                self.assertRegex(client.session, r"^[!-~]{22,}$")
                sent = self.upstream.since()[-1]
                self.assertEqual(sent.rpc, "notifications/initialized")
                self.assertNotEqual(sent.header("mcp-session-id"), client.session)

    def test_T221_session_ids_do_not_repeat(self):
        ids = [self.client().session for _ in range(200)]
        self.assertEqual(len(set(ids)), 200)

    def test_version_negotiation(self):
        for asked in ("2024-11-05", "2099-01-01", "x"):
            with self.subTest(asked):
                client = self.client(ready=False)
                answer = client.initialize(asked)
                self.assertEqual(answer.status, 200)
                if "result" in answer.message():
                    self.assertIn(answer.result["protocolVersion"], ("2024-11-05", *LEGACY))

    def test_T223_a_proposed_session_id_is_ignored(self):
        client = self.client(ready=False)
        client.session = "proposed-by-the-client-0001"
        message = client.build("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                              "clientInfo": {"name": "x", "version": "1"}})
        answer = client.post(message)
        self.assertIn(answer.status, (200, 400, 404))
        self.assertNotEqual(answer.header("mcp-session-id"), "proposed-by-the-client-0001")

    def test_a_session_is_needed(self):
        client = self.client(ready=False)
        self.assertEqual(client.call("echo").status, 400)
        client.session = "0" * 32
        self.assertEqual(client.call("echo").status, 404)

    def test_T222_another_grants_session(self):
        first, second = self.client(), self.client("other")
        stolen = self.gateway.client("other", version="2025-11-25")
        stolen.session = first.session
        unknown = self.gateway.client("other", version="2025-11-25")
        unknown.session = "f" * len(first.session)
        mark = self.upstream.mark()
        one, two = stolen.call("echo"), unknown.call("echo")
        self.assertEqual((one.status, two.status), (404, 404))
        self.assertEqual(one.body, two.body)
        self.assertEqual(self.upstream.bytes_since(mark), b"")
        anonymous = self.gateway.client("other", version="2025-11-25")
        anonymous.session, anonymous.token = first.session, None
        self.assertEqual(anonymous.call("echo").status, 401)
        answer, _ = stolen.listen()
        self.assertEqual(answer.status, 404)
        self.assertEqual(stolen.delete().status, 404)
        self.assertEqual(first.call("echo").status, 200, "and the session lives on")
        self.assertEqual(second.call("echo").status, 200)

    def test_delete_ends_the_session(self):
        for client in self.each():
            upstream_session = self.upstream.since()[-1].header("mcp-session-id")
            self.assertIn(client.delete().status, (200, 202, 204))
            self.assertEqual(client.call("echo").status, 404)
            self.upstream.wait_for(lambda upstream, wanted=upstream_session: wanted in upstream.deleted)

    def test_protocol_version_header(self):
        for version in LEGACY[1:]:
            client = self.client(version=version)
            for value, status in ((None, 200), (version, 200), ("1999-01-01", 400), ("", 400), ("x", 400)):
                with self.subTest(f"{version} {value!r}"):
                    headers = [(name, text) for name, text in client.headers() if name != "MCP-Protocol-Version"]
                    if value is not None:
                        headers.append(("MCP-Protocol-Version", value))
                    message = client.build("tools/call", {"name": "echo", "arguments": {}})
                    self.assertEqual(client.post(message, headers).status, status)
            sent = self.upstream.calls()[-1]
            self.assertEqual(sent.header("mcp-protocol-version"), version)

    def test_notifications(self):
        """They are taken with 202; those about what the server was never promised go no further."""
        for client in self.each():
            mark = self.upstream.mark()
            answer = client.notify("notifications/roots/list_changed")
            self.assertEqual((answer.status, answer.body), (202, b""))
            self.assertEqual(client.request("ping").status, 200)
            self.assertEqual([seen.rpc for seen in self.upstream.since(mark)], ["ping"])

    @shows("ping", LEGACY)
    @shows("completion", LEGACY)
    @shows("resources: list, templates, read", LEGACY)
    @shows("prompts: list and get", LEGACY)
    def test_ping_and_the_rest(self):
        for client in self.each():
            self.assertEqual(client.request("ping").result, {})
            self.assertEqual(client.request("logging/setLevel", {"level": "info"}).result, {})
            self.assertEqual(client.request("resources/subscribe", {"uri": "memo://one"}).result, {})
            values = client.request("completion/complete", {"ref": {"type": "ref/prompt", "name": "greet"},
                                                            "argument": {"name": "a", "value": "al"}}).result
            self.assertEqual(values["completion"]["values"], ["alpha", "beta"])
            read = client.request("resources/read", {"uri": "memo://one"}).result
            self.assertEqual(read["contents"][0]["text"], "memo memo://one")
            self.assertEqual(len(client.request("prompts/get", {"name": "greet"}).result["messages"]), 1)

    def test_one_connection_many_sessions(self):
        """A kept connection may name sessions of several workers; each request finds its own."""
        clients = [self.client() for _ in range(8)]
        with clients[0].open() as wire:
            for round_ in range(40):
                client = clients[round_ % 8]
                answer = client.call("echo", {"round": round_}, wire=wire)
                self.assertIn(f'"round": {round_}', answer.text)

    def test_pipelined_requests_are_answered_in_order(self):
        client = self.client()
        bodies = [json.dumps(client.build("tools/call", {"name": "echo", "arguments": {"n": number}}, id=number)).encode()
                  for number in range(20)]
        with client.open() as wire:
            wire.send(b"".join(request_bytes(client.path, body, client.headers(), host=f"127.0.0.1:{self.gateway.port}")
                               for body in bodies))
            self.assertEqual([wire.answer().message()["id"] for _ in bodies], list(range(20)))

    def test_accept(self):
        client = self.client()
        body = json.dumps(client.build("tools/call", {"name": "echo", "arguments": {}})).encode()
        for accept, good in (("application/json, text/event-stream", True), ("*/*", None), ("text/html", False)):
            data = request_bytes(client.path, body, client.headers(), host=f"127.0.0.1:{self.gateway.port}").replace(
                b"application/json, text/event-stream", accept.encode())
            with client.open() as wire:
                wire.send(data)
                status = wire.answer().status
            self.assertIn(status, (200,) if good else (200, 400, 406))


class Streams(LegacyCase):
    @shows("tools: list and call", LEGACY)
    def test_stream_answers(self):
        self.upstream.stream_answers = True
        for client in self.each():
            answer = client.call("echo", {"a": 1}, id="abc")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.text, '{"a": 1}')
            self.assertEqual(answer.message()["id"], "abc")

    @shows("resources: subscribe", LEGACY)
    def test_get_stream(self):
        for client in self.each():
            answer, wire = client.listen()
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.is_stream)
            session = self.upstream.wait_for(lambda upstream: next((key for key, group in upstream.listeners.items() if group), None))
            self.upstream.push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "memo://one"}},
                               session)
            found = next(event for event in wire.events(3) if event.get("data"))
            self.assertEqual(json.loads(found["data"])["params"]["uri"], "memo://one")
            wire.close()
            client.delete()
            self.upstream.wait_for(lambda upstream: not any(upstream.listeners.values()))

    def test_get_needs_the_right_accept(self):
        client = self.client()
        with client.open() as wire:
            wire.send(request_bytes(client.path, headers=client.headers() + [("Accept", "application/json")], method="GET",
                                    host=f"127.0.0.1:{self.gateway.port}"))
            self.assertIn(wire.answer().status, (400, 405, 406))

    @shows("progress", LEGACY)
    def test_progress(self):
        """Progress of a call comes on its own stream, under the client's token; the upstream sees another one."""
        def slow(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            token = exchange.seen.params["_meta"]["progressToken"]
            exchange.open_stream()
            for step in (1, 2, 3):
                exchange.event({"jsonrpc": "2.0", "method": "notifications/progress",
                                "params": {"progressToken": token, "progress": step}})
            exchange.event(exchange.default())
            exchange.end_stream()
            return True
        for client in self.each():
            for token in ("mine", 7):
                self.upstream.hook = slow
                answer = client.call("echo", meta={"progressToken": token})
                self.upstream.hook = None
                self.assertTrue(answer.is_stream)
                progress = [message["params"] for message in answer.messages() if message.get("method") == "notifications/progress"]
                self.assertEqual([entry["progressToken"] for entry in progress], [token] * 3)
                self.assertEqual([entry["progress"] for entry in progress], [1, 2, 3])
                self.assertEqual(answer.text, "{}")

    def test_T048_equal_progress_tokens(self):
        """Two clients with one token each see their own progress."""
        barrier = threading.Barrier(2, timeout=20)

        def hook(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            params = exchange.seen.params
            exchange.open_stream()
            barrier.wait()
            exchange.event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {
                "progressToken": params["_meta"]["progressToken"], "progress": params["arguments"]["n"]}})
            exchange.event(exchange.default())
            exchange.end_stream()
            return True
        clients = [self.client(), self.client("other")]
        self.upstream.hook = hook
        answers = {}

        def call(number):
            answers[number] = clients[number].call("echo", {"n": number + 1}, id=1, meta={"progressToken": "same"})
        threads = [threading.Thread(target=call, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        for number in (0, 1):
            progress = [message["params"]["progress"] for message in answers[number].messages() if "method" in message]
            self.assertEqual(progress, [number + 1])

    @shows("cancellation", LEGACY)
    def test_cancellation(self):
        for client in self.each():
            arrived = threading.Event()

            def hang(exchange, arrived=arrived):
                if exchange.seen.rpc != "tools/call":
                    return False
                arrived.set()
                exchange.wait_closed(5)
                raise Closed("cancelled")
            self.upstream.hook = hang
            mark = self.upstream.mark()
            outcome = []

            def call(client=client, outcome=outcome):
                try:
                    with client.open() as wire:
                        outcome.append(client.call("echo", id="to-cancel", wire=wire))
                except (Closed, OSError) as error:
                    outcome.append(error)
            thread = threading.Thread(target=call)
            thread.start()
            self.assertTrue(arrived.wait(20))
            self.upstream.hook = lambda exchange, hang=hang: exchange.seen.rpc == "tools/call" and hang(exchange)
            answer = client.notify("notifications/cancelled", {"requestId": "to-cancel", "reason": "changed my mind"})
            self.assertEqual(answer.status, 202)
            sent = self.upstream.wait_for(lambda upstream, mark=mark: [
                seen for seen in upstream.since(mark) if seen.rpc == "notifications/cancelled"])
            call_id = self.upstream.calls(mark)[0].message["id"]
            self.assertEqual(sent[0].params["requestId"], call_id, "the upstream's own id is named")
            thread.join(10)
            self.assertFalse(thread.is_alive())
            deadline = time.monotonic() + 20
            while not any(record["event"] == "call.outcome" and record.get("result") == "cancelled" for record in self.gateway.log()):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.upstream.hook = None

    def test_cancelling_what_is_not_mine(self):
        first, second = self.client(), self.client()
        release, arrived = threading.Event(), threading.Event()

        def wait(exchange):
            if exchange.seen.rpc == "tools/call":
                arrived.set()
                release.wait(20)
            return False
        self.upstream.hook = wait
        answers = []
        thread = threading.Thread(target=lambda: answers.append(first.call("echo", id=1)))
        thread.start()
        self.assertTrue(arrived.wait(20))
        mark = self.upstream.mark()
        self.assertIn(second.notify("notifications/cancelled", {"requestId": 1}).status, (202, 400))
        time.sleep(0.2)
        self.assertEqual([seen.rpc for seen in self.upstream.since(mark)], [])
        release.set()
        thread.join(5)
        self.assertEqual(answers[0].status, 200)


class Lists(LegacyCase):
    def test_filtered_in_json_and_in_streams(self):
        everything = [tool["name"] for tool in self.upstream.server.tools]
        self.upstream.server.result_members = {"x-other": {"kept": [1, 2.50]}}
        for stream in (False, True):
            self.upstream.stream_answers = stream
            for client in self.each("hider"):
                answer = client.request("tools/list")
                self.assertEqual([tool["name"] for tool in answer.result["tools"]],
                                 [name for name in everything if not name.startswith("delete_")])
                self.assertEqual(answer.result["x-other"], {"kept": [1, 2.5]})
                self.assertIn(b"2.5", answer.body)
                kept = next(tool for tool in answer.result["tools"] if tool["name"] == "echo")
                self.assertEqual(kept, next(tool for tool in self.upstream.server.tools if tool["name"] == "echo"))
        self.upstream.server.result_members = {}

    @shows("lists by pages", LEGACY)
    def test_pages(self):
        """Every page is filtered; the pages together are the list; their order does not change."""
        for size in (1, 2, 3):
            self.upstream.server.page = size
            for client in self.each("hider"):
                names = client.tools()
                self.assertEqual(sorted(names), ["create_charge", "echo", "read_file"])
                self.assertEqual(names, client.tools())

    @shows("denials", LEGACY)
    def test_default_deny_lists_the_denied_tools(self):
        """Only `hide` takes a tool from the list: what `default` denies stays visible (policy.md section 2)."""
        for client in self.each("closed"):
            self.assertEqual(sorted(client.tools()), sorted(tool["name"] for tool in self.upstream.server.tools))
            denied = client.call("read_file")
            self.assertTrue(denied.is_denied)
            self.assertEqual(denied.result["_meta"]["io.doorward/decision"]["code"], "default_deny")

    def test_no_policy(self):
        for client in self.each("bare"):
            self.assertEqual(client.tools(), [])
            answer = client.call("echo")
            self.assertTrue(answer.is_denied)
            self.assertEqual(answer.result["_meta"]["io.doorward/decision"]["rule"], "(no policy)")

    def test_hidden_is_like_unknown(self):
        for client in self.each("hider"):
            hidden, unknown = client.call("delete_file", id=1), client.call("no_such_tool", id=1)
            self.assertEqual((hidden.status, hidden.error["code"]), (unknown.status, unknown.error["code"]))
            self.assertEqual(hidden.body.replace(b"delete_file", b"@"), unknown.body.replace(b"no_such_tool", b"@"))
            self.assertEqual(sorted(hidden.headers), sorted((name, value) if name.lower() != "content-length" else
                                                            (name, hidden.header("content-length")) for name, value in unknown.headers))
        rules = {record["tool"]: record["rule"] for record in self.gateway.log("--event", "call.denied")
                 if record.get("tool") in ("delete_file", "no_such_tool")}
        self.assertEqual(rules.get("delete_file"), "(hidden)")

    def test_resources_and_prompts_follow_the_default(self):
        for client in self.each("closed"):
            self.assertEqual(client.list("resources/list", "resources"), [])
            self.assertEqual(client.list("prompts/list", "prompts"), [])
            self.assertEqual(client.list("resources/templates/list", "resourceTemplates"), [])
            mark = self.upstream.mark()
            for method, params in (("resources/read", {"uri": "memo://one"}), ("prompts/get", {"name": "greet"}),
                                   ("resources/read", {"uri": "MEMO://one"}), ("resources/read", {"uri": "memo://one/../two"}),
                                   ("resources/subscribe", {"uri": "memo://one"})):
                answer = client.request(method, params)
                self.assertIn("error", answer.message(), (method, params))
            self.assertEqual([seen.rpc for seen in self.upstream.since(mark)], [])
        for client in self.each():
            self.assertEqual(len(client.list("resources/list", "resources")), 2)
            self.assertEqual(len(client.list("prompts/list", "prompts")), 2)

    def test_denial_text(self):
        client = self.client("closed")
        answer = client.call("delete_file")
        text = answer.text
        self.assertTrue(text.startswith("[POLICY DENIED] "))
        self.assertLessEqual(len(text.split()), 90)
        self.assertTrue(text.isascii())
        decision = answer.result["_meta"]["io.doorward/decision"]
        self.assertRegex(decision["id"], r"^dec_[A-Z2-7a-z0-9]+$")
        self.assertIn(decision["id"], text)
        self.assertEqual(decision["retry"], "never")
        record = json.loads(self.gateway.run("log", "show", decision["id"], "--json", check=True).stdout.splitlines()[0])
        self.assertEqual(record["id"], decision["id"])
        self.assertTrue(re.fullmatch(r"[0-9a-f]{64}", record["policy"]["sha256"]))


if __name__ == "__main__":
    unittest.main()
