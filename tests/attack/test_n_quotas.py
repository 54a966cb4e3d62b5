"""Section N of the attack cases: quotas."""
import json
import pathlib
import tempfile
import threading
import time
import unittest

from attack.era import ERAS
from harness.case import ALLOWED, NOTHING, GatewayCase, answered, denied, log_denial
from harness.client import MODERN
from harness.fake_server import Failure
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from harness.wire import Closed


def limit(counter, most, window="day", scope="grant", **more):
    return {"counter": counter, "window": window, "max": most, "scope": scope, **more}


POLICY = {"version": "1", "default": "allow", "tools": {
    "hundred": {"limits": [limit("hundred", 100)]},
    "three": {"limits": [limit("three", 3)]},
    "none": {"limits": [limit("none", 0)]},
    "spend": {"limits": [limit("spend", 100, amount="args.amount")]},
    "two_limits": {"limits": [limit("wide", 10), limit("narrow", 2)]},
    "wide_only": {"limits": [limit("wide", 10)]},
    "quick": {"rate_limit": {"max": 5, "window": 6}},
    "minute": {"limits": [limit("minute", 30, "minute")]},
    "guarded": {"deny_if": [{"conditions": [{"path": "args.x", "op": "eq", "value": 1}]}],
                "approve_if": [{"conditions": [{"path": "args.x", "op": "eq", "value": 2}], "approvers": ["a"]}],
                "limits": [limit("guarded", 1)]},
    "refund": {"limits": [limit("refund", 1)]},
}}


class QuotaCase(GatewayCase):
    policies = {"open": ("up", POLICY)}
    config = {"timeouts": {"first_byte": "1s"}, "limits": {"requests_in_flight_per_session": 2000},
              "waiting": {"clients": [{"name": "*", "hold": "50ms"}]}}

    @classmethod
    def make_upstream(cls):
        upstream = RecordingUpstream()
        upstream.server.tools = [{"name": name, "inputSchema": {"type": "object"}} for name in (*POLICY["tools"], "echo")]
        return upstream

    def setUp(self):
        super().setUp()
        self.upstream.server.handlers.clear()


class Quotas(QuotaCase):
    def test_T293_a_limit_under_contention(self):
        """1,000 calls at once, a limit of 100: exactly 100 pass, also the second time nothing more does."""
        passed, refused, failed = [], [], []

        def agent(era):
            client = self.gateway.client("agent", version=era, timeout=30)
            try:
                client.initialize()
                for _ in range(20):
                    answer = client.call("hundred")
                    (refused if answer.is_denied else passed).append(answer)
            except Exception as error:
                failed.append(error)
            finally:
                client.close()
        mark = self.upstream.mark()
        threads = [threading.Thread(target=agent, args=(ERAS[number % 2],)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(failed, [])
        self.assertEqual((len(passed), len(refused)), (100, 900))
        self.assertEqual(len(self.upstream.calls(mark)), 100)
        code = refused[0].result["_meta"]["io.doorward/decision"]
        self.assertEqual(code["rule"], "/tools/hundred/limits/hundred")
        self.assertGreater(code["retry_after_s"], 0)
        self.gateway.new_records()

    def test_T293_zero_amounts_and_fractions(self):
        client = self.client()
        rule = "/tools/none/limits/none"
        self.assert_case("max 0", lambda: client.call("none"), client=denied(rule=rule), upstream=NOTHING, log=log_denial(rule))
        rule = "/tools/spend/limits/spend"
        for amount, passes in ((60, True), (40.000001, False), (40, True), (0, True), (0.0000001, False), (1, False)):
            if passes:
                self.assert_case(f"spend {amount}", lambda amount=amount: client.call("spend", {"amount": amount}),
                                 client=answered(), upstream=["tools/call"], log=ALLOWED)
            else:
                self.assert_case(f"spend {amount}", lambda amount=amount: client.call("spend", {"amount": amount}),
                                 client=denied(rule=rule), upstream=NOTHING, log=log_denial(rule))
        for arguments in ({}, {"amount": "1"}, {"amount": -1}, {"amount": None}, {"amount": [1]}, {"amount": 10**13}):
            self.assert_case(f"spend {arguments}", lambda arguments=arguments: client.call("spend", arguments),
                             client=denied(), upstream=NOTHING,
                             log={"event": "call.denied", "verdict": "deny",
                                  "rule": lambda text: text.startswith(rule)})

    def test_T293_all_or_none(self):
        """A call that one limit refuses uses nothing of the other."""
        client = self.client()
        for _ in range(2):
            self.assertFalse(client.call("two_limits").is_denied)
        for _ in range(20):
            self.assertEqual(client.call("two_limits").result["_meta"]["io.doorward/decision"]["rule"],
                             "/tools/two_limits/limits/narrow")
        passed = sum(not client.call("wide_only").is_denied for _ in range(10))
        self.assertEqual(passed, 8)
        self.gateway.new_records()

    def test_T294_never_more_in_any_window(self):
        """A rolling window of 6 s: over 15 s of steady calling, no 6 s span holds more than five."""
        client = self.client(version=MODERN)
        times, end = [], time.monotonic() + 13
        while time.monotonic() < end:
            if not client.call("quick").is_denied:
                times.append(time.monotonic())
            time.sleep(0.02)
        for start in times:
            self.assertLessEqual(sum(start <= at < start + 5.9 for at in times), 5)
        self.assertGreaterEqual(len(times), 10, "and it is free again")
        self.gateway.new_records()

    def test_T295_what_is_given_back(self):
        """policy.md section 5: unsent calls and -32700, -32600, -32601 give back; every other answer keeps."""
        name = "refund"
        rule = "/tools/refund/limits/refund"

        def fail(code):
            def handler(_):
                raise Failure(code, "no")
            return handler

        def status(number):
            def hook(exchange):
                if exchange.seen.rpc != "tools/call":
                    return False
                exchange.http(number, b"")
                return True
            return hook

        def reset(exchange):
            if exchange.seen.rpc == "tools/call":
                exchange.reset()
            return False

        def silent(exchange):
            if exchange.seen.rpc == "tools/call":
                exchange.wait_closed(3)
                raise Closed("silent")
            return False

        def tool_error(_):
            return {"isError": True, "content": [{"type": "text", "text": "no"}]}
        for label, setting, kept in (
                ("-32601", ("handler", fail(-32601)), False), ("-32600", ("handler", fail(-32600)), False),
                ("-32700", ("handler", fail(-32700)), False), ("-32602", ("handler", fail(-32602)), True),
                ("-32603", ("handler", fail(-32603)), True), ("isError", ("handler", tool_error), True),
                ("500", ("hook", status(500)), True), ("reset", ("hook", reset), True), ("silence", ("hook", silent), True)):
            with self.subTest(f"T295 {label}"):
                grant = f"refund-{label.strip('-').lower()}"
                self.gateway.create_grant(grant, "--server", "up", "--policy", "open")
                self.gateway.grants[grant] = ("up", "open")
                client = self.client(grant)
                kind, value = setting
                self.upstream.hook = value if kind == "hook" else None
                if kind == "handler":
                    self.upstream.server.handlers[name] = value
                client.call(name)
                self.upstream.hook = None
                self.upstream.server.handlers.clear()
                second = client.call(name)
                self.assertEqual(second.is_denied, kept, second)
                if kept:
                    self.assertEqual(second.result["_meta"]["io.doorward/decision"]["rule"], rule)
        self.gateway.new_records()

    def test_T295_denied_and_waiting_calls_reserve_nothing(self):
        client = self.client()
        for _ in range(3):
            self.assertTrue(client.call("guarded", {"x": 1}).is_denied)
            self.assertTrue(client.call("guarded", {"x": 2}).text.startswith("[APPROVAL REQUIRED]"))
        self.assertFalse(client.call("guarded", {"x": 3}).is_denied)
        self.assertTrue(client.call("guarded", {"x": 3}).is_denied)
        self.gateway.new_records()

    def test_T299_bad_limits_are_refused_at_load(self):
        with tempfile.TemporaryDirectory() as folder:
            for most in ("-1", "NaN", '"5"', "9223372036854775808000000", "1.5", "null", "[1]", "true"):
                text = ('{"version":"1","default":"deny","tools":{"x":{"limits":[{"counter":"c","window":"day","max":%s,'
                        '"scope":"grant"}]}}}' % most)
                file = pathlib.Path(folder, "p.json")
                file.write_text(text)
                self.assertEqual(self.gateway.run("policy", "validate", str(file)).returncode, 3, most)


class Unreachable(unittest.TestCase):
    def test_T295_connection_refused_gives_back(self):
        upstream = RecordingUpstream()
        gateway = Gateway({"up": upstream.url}, {"open": ("up", POLICY)}, {"agent": ("up", "open")},
                          timeouts={"connect": "1s"})
        self.addCleanup(gateway.close)
        upstream.server.tools.append({"name": "refund", "inputSchema": {"type": "object"}})
        with gateway:
            client = gateway.client("agent")
            client.initialize()
            port = upstream.port
            upstream.stop()
            self.assertIn("[UPSTREAM ERROR]", client.call("refund").text)
            self.assertIn("[UPSTREAM ERROR]", client.call("refund").text, "the first call's reservation was given back")
            self.assertNotEqual(port, 0)


class Survival(QuotaCase):
    def test_T296_counts_survive_a_kill(self):
        """Calls that hang when the gateway is killed are counted: of a limit of 3, none is left afterwards."""
        arrived = threading.Semaphore(0)

        def hang(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            arrived.release()
            exchange.wait_closed(10)
            raise Closed("killed")
        clients = [self.client() for _ in range(3)]
        self.upstream.hook = hang

        def call(client):
            try:
                with client.open() as wire:
                    client.call("three", wire=wire)
            except (Closed, OSError):
                pass
        threads = [threading.Thread(target=call, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for _ in threads:
            self.assertTrue(arrived.acquire(timeout=20))
        self.gateway.kill()
        for thread in threads:
            thread.join(10)
        self.upstream.hook = None
        self.gateway.start()
        self.assertTrue(self.client().call("three").is_denied)
        self.gateway.new_records()

    def test_counts_survive_a_clean_restart(self):
        client = self.client()
        self.assertEqual(sum(not client.call("hundred").is_denied for _ in range(60)), 60)
        self.assertEqual(self.gateway.stop(), 0)
        self.gateway.start()
        client = self.client()
        self.assertEqual(sum(not client.call("hundred").is_denied for _ in range(60)), 40)
        self.gateway.new_records()


class Keys(GatewayCase):
    """T298: names that join to one text do not share a count."""
    LABELS = ["a.b", "a", "a-b", "ab"]
    policies = {"open": ("up", {"version": "1", "default": "deny", "tools": {
        "t": {"limits": [limit("c", 1)]}, "u": {"limits": [limit("c:day", 1)]}, "v": {"limits": [limit("c|day/", 1)]},
        "w": {"limits": [limit("c", 1, "hour")]}, "x": {"limits": [limit("c\nday", 1)]}}})}
    grants = {label: ("up", "open") for label in LABELS}

    @classmethod
    def make_upstream(cls):
        upstream = RecordingUpstream()
        upstream.server.tools = [{"name": name, "inputSchema": {"type": "object"}} for name in "tuvwx"]
        return upstream

    def test_T298_distinct_keys(self):
        for label in self.LABELS:
            client = self.client(label)
            for name in "tuvwx":
                first, second = client.call(name), client.call(name)
                self.assertFalse(first.is_denied, (label, name, json.dumps(first.message())))
                self.assertTrue(second.is_denied, (label, name))
        self.gateway.new_records()


if __name__ == "__main__":
    unittest.main()
