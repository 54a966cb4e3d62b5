"""Event streams of legacy sessions that a client comes back to: ids, replay, what a lost connection leaves running."""
import json
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import LEGACY, MODERN
from harness.shows import shows
from harness.wire import Closed, request_bytes


class Steps:
    """An upstream call that says what the test lets it say, and remembers whether it was given up."""

    def __init__(self):
        self.arrived, self.aborted, self.over = threading.Event(), threading.Event(), threading.Event()
        self.exchange = None

    def hook(self, exchange):
        if exchange.seen.rpc != "tools/call":
            return False
        self.exchange = exchange
        exchange.open_stream()
        self.arrived.set()
        while not self.over.wait(0.01):
            if exchange.wait_closed(0.02):
                self.aborted.set()
                raise Closed("given up")
        return True

    def progress(self, step):
        token = self.exchange.seen.params["_meta"]["progressToken"]
        self.exchange.event({"jsonrpc": "2.0", "method": "notifications/progress",
                             "params": {"progressToken": token, "progress": step}})

    def finish(self):
        self.exchange.event(self.exchange.default())
        self.exchange.end_stream()
        self.over.set()


class ResumeCase(GatewayCase):
    grants = {"agent": ("up", "open"), "other": ("up", "open"), "leaving": ("up", "open")}

    def setUp(self):
        super().setUp()
        self.upstream.stream_answers = False

    def start_call(self, client, arguments=None):
        """Opens a streamed call with one progress message: (steps, wire, the events so far)."""
        steps = Steps()
        self.upstream.hook = steps.hook
        wire = client.open()
        self.addCleanup(wire.close)
        message = client.build("tools/call", {"name": "echo", "arguments": arguments or {}, "_meta": {"progressToken": "t"}}, id="call")
        wire.send(request_bytes(client.path, json.dumps(message).encode(), client.headers(message),
                                host=f"127.0.0.1:{self.gateway.port}"))
        self.assertTrue(steps.arrived.wait(20))
        steps.progress(1)
        self.assertEqual(wire.answer(stream=True).status, 200)
        events = wire.events(5)
        seen = []
        while not seen or not seen[-1].get("data"):
            seen.append(next(events))
        return steps, wire, seen

    def get(self, client, last=None, headers=None):
        wire = client.open()
        self.addCleanup(wire.close)
        more = [("Accept", "text/event-stream")] + ([("Last-Event-ID", last)] if last is not None else [])
        wire.send(request_bytes(client.path, headers=(client.headers() if headers is None else headers) + more, method="GET",
                                host=f"127.0.0.1:{self.gateway.port}"))
        return wire.answer(stream=True), wire


class Ids(ResumeCase):
    def test_every_message_has_an_id_of_ours(self):
        """Unique in the session, and never the server's."""
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version)
                ids = []
                for _ in range(3):
                    steps, wire, events = self.start_call(client)
                    steps.progress(2)
                    steps.finish()
                    events += wire.events(5)
                    self.assertEqual(sum(bool(event.get("data")) for event in events), 3)
                    self.assertTrue(all(event.get("id") for event in events))
                    ids += [event["id"] for event in events]
                    wire.close()
                self.assertEqual(len(ids), len(set(ids)))

    def test_a_priming_event_comes_first_in_2025_11_25_alone(self):
        for version in LEGACY:
            with self.subTest(version):
                _, _, events = self.start_call(self.client(version=version))
                primed = [event for event in events if not event.get("data")]
                self.assertEqual(len(primed), 1 if version == "2025-11-25" else 0)
                self.assertEqual(len(events), len(primed) + 1)

    def test_T063_the_modern_era_has_none(self):
        client = self.client(version=MODERN)
        self.upstream.stream_answers = True
        answer = client.post(client.build("tools/call", {"name": "echo", "arguments": {}}),
                             client.headers({"method": "tools/call", "params": {"name": "echo"}}) + [("Last-Event-ID", "1-1")])
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.is_stream)
        self.assertNotIn(b"id: ", answer.body)


class Replay(ResumeCase):
    @shows("resumption of streams", LEGACY)
    def test_the_rest_comes_by_get_and_goes_on_live(self):
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version)
                steps, wire, events = self.start_call(client)
                wire.close()
                steps.progress(2)
                time.sleep(0.1)
                answer, again = self.get(client, events[-1]["id"])
                self.assertEqual(answer.status, 200)
                more = again.events(5)
                self.assertEqual(json.loads(next(more)["data"])["params"]["progress"], 2)
                steps.progress(3)
                self.assertEqual(json.loads(next(more)["data"])["params"]["progress"], 3)
                steps.finish()
                last = list(more)
                self.assertEqual([json.loads(event["data"])["id"] for event in last], ["call"])
                self.assertFalse(steps.aborted.is_set())

    def test_the_answer_came_meanwhile(self):
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version)
                steps, wire, events = self.start_call(client, {"n": version})
                wire.reset()
                steps.progress(2)
                steps.finish()
                time.sleep(0.2)
                answer, again = self.get(client, events[-1]["id"])
                self.assertEqual(answer.status, 200)
                rest = list(again.events(5))
                self.assertEqual(len(rest), 2)
                self.assertIn(version, rest[-1]["data"])
                # What was replayed can be asked for again, from any event on.
                _, third = self.get(client, rest[0]["id"])
                self.assertEqual([event["id"] for event in third.events(5)], [rest[1]["id"]])

    def test_another_streams_messages_never_come(self):
        client = self.client()
        first, wire, events = self.start_call(client, {"which": "first"})
        second, other_wire, other_events = self.start_call(client, {"which": "second"})
        wire.close()
        other_wire.close()
        first.finish()
        second.finish()
        time.sleep(0.2)
        _, again = self.get(client, events[0]["id"])
        self.assertNotIn("second", json.dumps(list(again.events(5))))
        _, again = self.get(client, other_events[0]["id"])
        self.assertNotIn("first", json.dumps(list(again.events(5))))

    def test_another_sessions_or_grants_id(self):
        victim = self.client()
        steps, wire, events = self.start_call(victim, {"secret": "hers"})
        wire.close()
        steps.finish()
        same_grant, other_grant = self.client(), self.client("other")
        for thief in (same_grant, other_grant):
            answer, _ = self.get(thief, events[0]["id"])
            self.assertEqual(answer.status, 400)
        stolen = self.gateway.client("other", version="2025-11-25")
        stolen.session = victim.session
        answer, _ = self.get(stolen, events[0]["id"])
        self.assertEqual(answer.status, 404)

    def test_ids_that_were_never_given(self):
        client = self.client()
        for last in ("x", "7-1", "1-99", "-", "1", "0-5", "1-1-1"):
            with self.subTest(last):
                answer, _ = self.get(client, last)
                self.assertEqual(answer.status, 400)

    def test_a_client_that_did_not_notice_the_loss_takes_its_stream_over(self):
        client = self.client()
        steps, wire, events = self.start_call(client)
        answer, again = self.get(client, events[-1]["id"])
        self.assertEqual(answer.status, 200)
        self.assertEqual(list(wire.events(5)), [], "the first connection's response ends")
        steps.finish()
        self.assertEqual(len(list(again.events(5))), 1)

    def test_on_whatever_worker_the_client_comes_back(self):
        for _ in range(6):
            client = self.client()
            steps, wire, events = self.start_call(client)
            wire.close()
            steps.finish()
            time.sleep(0.05)
            answer, again = self.get(client, events[-1]["id"])
            self.assertEqual(answer.status, 200)
            self.assertEqual(len(list(again.events(5))), 1)

    def test_the_sessions_own_stream(self):
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version)
                answer, wire = self.get(client)
                self.assertEqual(answer.status, 200)
                session = self.upstream.wait_for(lambda upstream: next((key for key, group in upstream.listeners.items() if group), None))
                note = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
                self.upstream.push(note, session)
                first = next(event for event in wire.events(5) if event.get("data"))
                wire.close()
                time.sleep(0.1)
                self.upstream.push({**note, "method": "notifications/prompts/list_changed"}, session)
                time.sleep(0.1)
                _, again = self.get(client, first["id"])
                self.assertIn("prompts", next(event for event in again.events(5) if event.get("data"))["data"])
                again.close()
                time.sleep(0.1)
                answer, fresh = self.get(client)
                self.assertEqual(answer.status, 200)
                self.upstream.push(note, session)
                self.assertIn("tools", next(event for event in fresh.events(5) if event.get("data"))["data"])
                self.assertEqual(self.get(client)[0].status, 409, "one at a time")
                client.delete()
                self.assertEqual([event for event in fresh.events(3) if event.get("data")], [], "its response ends")
                self.upstream.wait_for(lambda upstream: not any(upstream.listeners.values()))


class Leaving(ResumeCase):
    def test_a_lost_connection_cancels_nothing(self):
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version)
                mark = self.upstream.mark()
                steps, wire, _ = self.start_call(client)
                wire.close()
                self.assertFalse(steps.aborted.wait(0.6))
                self.assertNotIn("notifications/cancelled", [seen.rpc for seen in self.upstream.since(mark)])
                steps.finish()

    def test_but_a_cancellation_does(self):
        client = self.client()
        steps, wire, events = self.start_call(client)
        wire.close()
        time.sleep(0.05)
        self.upstream.hook = None
        self.assertEqual(client.notify("notifications/cancelled", {"requestId": "call"}).status, 202)
        self.assertTrue(steps.aborted.wait(20))
        _, again = self.get(client, events[-1]["id"])
        self.assertEqual([json.loads(event["data"])["id"] for event in again.events(5)], ["call"])

    def test_the_end_of_the_session_does(self):
        client = self.client()
        steps, wire, _ = self.start_call(client)
        wire.close()
        time.sleep(0.05)
        self.upstream.hook = None
        client.delete()
        self.assertTrue(steps.aborted.wait(20))

    def test_T217_revocation_does(self):
        client = self.client("leaving")
        steps, wire, _ = self.start_call(client)
        open_steps, open_wire, _ = self.start_call(client)
        _, own = self.get(client)
        wire.close()
        time.sleep(0.05)
        self.gateway.revoke("leaving")
        self.assertTrue(steps.aborted.wait(20))
        self.assertTrue(open_steps.aborted.wait(20))
        self.assertTrue(open_wire.ends(20))
        self.assertTrue(own.ends(20))

    def test_before_the_stream_is_open_it_is_given_up(self):
        """Nobody could come back for the answer."""
        client = self.client()
        steps = Steps()
        self.upstream.hook = steps.hook
        wire = client.open()
        message = client.build("tools/call", {"name": "echo", "arguments": {}})
        wire.send(request_bytes(client.path, json.dumps(message).encode(), client.headers(message),
                                host=f"127.0.0.1:{self.gateway.port}"))
        self.assertTrue(steps.arrived.wait(20))
        time.sleep(0.05)
        wire.close()
        self.assertTrue(steps.aborted.wait(20))


if __name__ == "__main__":
    unittest.main()
