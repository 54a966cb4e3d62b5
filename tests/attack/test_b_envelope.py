"""Section B of the attack cases: the JSON-RPC envelope."""
import json
import random
import threading
import time
import unittest

from attack.era import ERAS, AttackCase, spell
from harness.case import ALLOWED, NOTHING, REJECTED, answered, refused
from harness.client import MODERN
from harness.fake_server import echo

INVALID = refused(400, -32600)
ANY_INVALID = [refused(400, -32600), refused(400, -32602)]


class Envelope(AttackCase):
    def test_T030_jsonrpc(self):
        rows = [(raw, lambda era, raw=raw: spell(era).replace(b'"jsonrpc":"2.0"', f'"jsonrpc":{raw}'.encode()))
                for raw in ('"1.0"', "2.0", '"2.0 "', '" 2.0"', "null", "2", '["2.0"]', '""', '"2"')]
        rows.append(("missing", lambda era: spell(era).replace(b'"jsonrpc":"2.0",', b"")))
        self.table("T030", rows, INVALID, REJECTED)

    def test_T031_batches(self):
        ping = b'{"jsonrpc":"2.0","id":9,"method":"ping"}'
        self.table("T031", [
            ("ping and call", lambda era: b"[" + ping + b"," + spell(era) + b"]"),
            ("one element", lambda era: b"[" + spell(era) + b"]"),
            ("empty", b"[]"),
            ("nested", lambda era: b"[[" + spell(era) + b"]]"),
            ("spaces first", lambda era: b" \n\t [" + spell(era) + b"]"),
        ], INVALID, REJECTED, eras=(*ERAS, "2025-06-18"))
        self.table("T031", [("after a mark", lambda era: b"\xef\xbb\xbf[" + spell(era) + b"]")],
                   [INVALID, refused(400, -32700)], REJECTED)

    def test_T032_notification_forms(self):
        before = self.count("create_charge")
        for era in ERAS:
            for method, params, name in (("tools/call", '"name":"create_charge","arguments":{"amount":1}', "create_charge"),
                                         ("resources/read", '"uri":"memo://one"', "memo://one"),
                                         ("prompts/get", '"name":"greet"', "greet")):
                self.assert_case(f"T032 {era} {method}", lambda era=era, method=method, params=params, name=name: self.post(
                    era, spell(era, params, id=None, method=f'"{method}"'), method=method, name=name),
                    client={"status": (400, 404)}, upstream=NOTHING, log=REJECTED)
        self.assertEqual(self.count("create_charge"), before, "no quota was used")

    def count(self, tool):
        """How many calls of the tool the log holds as forwarded."""
        return sum(record["event"] == "call.intent" and record.get("tool") == tool for record in self.gateway.log())

    def test_T034_ids(self):
        rows = [(raw[:30], lambda era, raw=raw: spell(era, id=raw)) for raw in
                ("null", "true", "{}", "[]", "1.5", "1e3", '""', '"' + "x" * 10_240 + '"', '"a\\nb"', '"a\\u0000"', "-0.0",
                 "[1]")]
        self.table("T034", rows, INVALID, REJECTED)
        for era in ERAS:
            for raw in ("0", "-7", '"abc"', '"7"', "9007199254740991"):
                self.assert_case(f"T034 {era} good {raw}", lambda era=era, raw=raw: self.post(era, spell(era, id=raw)),
                                 client=answered(id=json.loads(raw)), upstream=["tools/call"],
                                 log=[{**ALLOWED[0], "request.id": json.loads(raw)}, ALLOWED[1]])

    def test_T036_same_id_twice_while_open(self):
        release = threading.Event()

        def wait(arguments):
            release.wait(10)
            return echo(arguments)
        self.upstream.server.handlers["read_file"] = wait
        for era in ERAS:
            release.clear()
            client = self.ready(era)
            mark = self.upstream.mark()
            self.gateway.new_records()
            answers = {}

            def send(marker):
                with client.open() as wire:
                    answers[marker] = client.call("read_file", {"marker": marker}, id=77, wire=wire)
            threads = [threading.Thread(target=send, args=(marker,)) for marker in ("one", "two")]
            for thread in threads:
                thread.start()
                time.sleep(0.2)
            release.set()
            for thread in threads:
                thread.join(10)
            with self.subTest(f"T036 {era}"):
                calls = self.upstream.calls(mark)
                self.assertIn('"one"', answers["one"].text)
                if len(calls) == 2:
                    self.assertIn('"two"', answers["two"].text)
                    self.assertNotEqual(calls[0].message["id"], calls[1].message["id"])
                    self.assert_log(ALLOWED + ALLOWED)
                else:
                    self.assertEqual(answers["two"].status, 400)
                    self.assert_log([*ALLOWED, REJECTED])
        del self.upstream.server.handlers["read_file"]

    def test_T037_ids_toward_the_upstream_are_ours(self):
        for era in ERAS:
            client = self.ready(era)
            mark = self.upstream.mark()
            for given in (5, "abc", 5, 6):
                self.assertEqual(client.call("echo", {}, id=given).message()["id"], given)
            ids = [seen.message["id"] for seen in self.upstream.calls(mark)]
            self.assertEqual(len(set(map(str, ids))), 4, ids)
            self.assertFalse({5, "abc", 6} & set(ids), ids)
        self.gateway.new_records()

    def test_T038_no_crossed_answers(self):
        """200 clients at once, each with the ids 0 to 9, answers in random order."""
        def shuffle(exchange):
            time.sleep(random.random() * 0.03)
            return False
        self.ready(ERAS[0])
        self.upstream.hook = shuffle
        crossed, failed = [], []

        def agent(number):
            era = ERAS[number % 2]
            client = self.gateway.client("agent", version=era, timeout=30)
            try:
                client.initialize()
                for id in range(10):
                    marker = f"{number}-{id}"
                    answer = client.call("echo", {"marker": marker}, id=id)
                    if f'"{marker}"' not in answer.text or answer.message()["id"] != id:
                        crossed.append((marker, answer))
            except Exception as error:
                failed.append((number, error))
            finally:
                client.close()
        threads = [threading.Thread(target=agent, args=(number,)) for number in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(crossed, [])
        self.assertEqual(failed, [])
        self.gateway.new_records()

    def test_T039_neither_request_nor_response(self):
        self.table("T039", [
            ("method and result", lambda era: spell(era, after=',"result":{}')),
            ("method and error", lambda era: spell(era, after=',"error":{"code":1,"message":"x"}')),
            ("result and error", b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}'),
            ("none", b'{"jsonrpc":"2.0","id":1}'),
            ("params alone", b'{"jsonrpc":"2.0","id":1,"params":{}}'),
            ("a string", b'"tools/call"'), ("a number", b"1"), ("null", b"null"),
            ("params an array", lambda era: spell(era).replace(b'"params":{', b'"params":[{')[:-1] + b"]}"),
            ("params null", b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}'),
            ("method a number", lambda era: spell(era, method="1")),
        ], [INVALID, refused(400, -32602), {"status": 400}], REJECTED)

    def test_T040_responses_nobody_asked_for(self):
        for body in (b'{"jsonrpc":"2.0","id":1,"result":{}}', b'{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"m"}}'):
            for era in ERAS:
                self.assert_case(f"T040 {era}", lambda era=era, body=body: self.post(era, body, method="", name=None),
                                 client={"status": (400, 404) if era == MODERN else (202, 400, 404)},
                                 upstream=NOTHING, log=REJECTED)

    def test_T040_answers_to_another_sessions_request(self):
        """A request of the upstream to session A cannot be answered by session B, and not twice by A."""
        first, second = self.client(), self.client()
        _, wire = first.listen()
        self.upstream.wait_for(lambda upstream: any(upstream.listeners.values()))
        mark = self.upstream.mark()
        self.gateway.new_records()
        self.upstream.push({"jsonrpc": "2.0", "id": "from-upstream", "method": "ping"})
        try:
            asked = json.loads(next(event for event in wire.events(2) if event.get("data"))["data"])["id"]
        except (TimeoutError, StopIteration):
            asked = None  # the gateway answered the ping itself
        for body in ({"jsonrpc": "2.0", "id": asked or "from-upstream", "result": {}},):
            answer = second.post(body)
            self.assertIn(answer.status, (202, 400, 404))
        time.sleep(0.2)
        stray = [seen for seen in self.upstream.since(mark) if seen.header("mcp-session-id") == second.session]
        self.assertEqual([seen for seen in stray if seen.message and "result" in seen.message], [])
        wire.close()

    def test_T041_methods_that_look_like_ours(self):
        rows = [(raw, lambda era, raw=raw: spell(era, '"name":"delete_file","arguments":{}', method=json.dumps(raw)))
                for raw in ("Tools/Call", " tools/call", "tools/call\n", "tools//call", "tools/call/", "tools\u2044call",
                            "\uff54ools/call", "tools/call\0", "tools/call ", "TOOLS/CALL", "tools.call", "tools\\call")]
        self.table("T041", rows, [{"status": (200, 404), "code": -32601}, {"status": 400, "code": (-32600, -32020)}],
                   REJECTED)

    def test_T042_unknown_methods(self):
        for era in ERAS:
            for method in ("rpc.discover", "$/x", "tools/callTool", "vendor/x", "tasks/lists", "elicitation/create",
                           "sampling/createMessage", "roots/list", "x", "__proto__", "initialize2"):
                self.assert_case(f"T042 {era} {method}", lambda era=era, method=method: self.post(
                    era, spell(era, "", method=json.dumps(method)), method=method, name=None),
                    client={"status": 404 if era == MODERN else 200, "code": -32601}, upstream=NOTHING, log=REJECTED)

    def test_T042_methods_of_the_other_era(self):
        for era, methods in ((MODERN, ("ping", "logging/setLevel", "resources/subscribe")),
                             (ERAS[0], ("server/discover", "subscriptions/listen"))):
            for method in methods:
                self.assert_case(f"T042 {era} {method}", lambda era=era, method=method: self.post(
                    era, spell(era, "", method=json.dumps(method)), method=method, name=None),
                    client=[{"status": 404 if era == MODERN else 200, "code": -32601}, {"status": 400}],
                    upstream=NOTHING, log=REJECTED)

    def test_T046_members_that_claim_rights(self):
        rows = [(name, lambda era, name=name: spell(era, f'"name":"echo","arguments":{{}},"{name}":"delete_file"'))
                for name in ("tool", "toolName", "server", "user", "identity", "allowedTools", "grant", "policy")]
        self.table("T046", rows, ANY_INVALID, REJECTED)
        self.table("T046", [("arguments a string", lambda era: spell(era, '"name":"echo","arguments":"{}"')),
                            ("arguments an array", lambda era: spell(era, '"name":"echo","arguments":[]')),
                            ("name a number", lambda era: spell(era, '"name":7,"arguments":{}')),
                            ("name an array", lambda era: spell(era, '"name":["echo"],"arguments":{}')),
                            ("no name", lambda era: spell(era, '"arguments":{}'))],
                   [*ANY_INVALID, refused(400, -32020)], REJECTED)

    def test_T050_before_initialize(self):
        self.assert_case("T050 call without a session", lambda: self.client(ready=False).call("echo"),
                         client={"status": 400}, upstream=NOTHING, log=REJECTED)
        client = self.client()
        self.assert_case("T050 second initialize", lambda: client.request("initialize", {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}),
            client={"status": (200, 400), "code": (-32600, -32602)}, upstream=NOTHING, log=REJECTED)


if __name__ == "__main__":
    unittest.main()
