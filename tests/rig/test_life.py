"""Reload under load, drain, signals, revocation: no call is lost."""
import json
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from harness.client import MODERN
from harness.gateway import BINARY, Gateway
from harness.upstream import RecordingUpstream
from harness.wire import Closed, request_bytes
from rig.invariants import Books

ERAS = ("2025-11-25", MODERN)


def policy(reason):
    return {"version": "1", "default": "allow", "tools": {"delete_file": {"action": "deny", "reason": reason}}}


class LifeCase(unittest.TestCase):
    config = {}

    def setUp(self):
        self.upstream = RecordingUpstream()
        self.addCleanup(self.upstream.stop)
        self.gateway = Gateway({"up": self.upstream.url}, {"p": ("up", policy("v0"))},
                               {"one": ("up", "p"), "two": ("up", "p")}, **self.config)
        self.addCleanup(self.gateway.close)
        self.gateway.start()

    def client(self, grant="one", version=MODERN, **options):
        client = self.gateway.client(grant, version=version, **options)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def load(self, work, count=16):
        """Threads that run `work(client, stop)` each; returns (stop, join giving the errors)."""
        stop, errors = threading.Event(), []

        def run(number):
            try:
                work(self.client(version=ERAS[number % 2], timeout=20), stop)
            except Exception as error:
                errors.append(repr(error))
        threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()

        def join():
            stop.set()
            for thread in threads:
                thread.join(30)
            return errors
        return stop, join


class Reload(LifeCase):
    def test_R13_reload_under_load(self):
        """30 reloads, one in ten of them invalid, under load: no call fails, each is judged by one whole document."""
        seen, counts = set(), [0]

        def work(client, stop):
            while not stop.is_set():
                answer = client.call("echo", {"n": counts[0]})
                assert answer.status == 200 and "result" in answer.message(), answer
                denied = client.call("delete_file")
                assert denied.is_denied, denied
                seen.add(denied.text.split()[2])
                counts[0] += 1
                time.sleep(0.005)
        _, join = self.load(work)
        time.sleep(0.3)
        for version in range(1, 31):
            if version % 10 == 5:
                self.gateway.policies["p"] = ("up", '{"version":"1","default":"maybe"}')
            else:
                self.gateway.policies["p"] = ("up", policy(f"v{version}"))
            record = self.gateway.reload(10)
            self.assertEqual(record["event"], "config.reload_failed" if version % 10 == 5 else "config.reloaded")
        errors = join()
        self.assertEqual(errors, [])
        self.assertGreater(counts[0], 50)
        self.assertIn("v30", "".join(seen))
        hashes = {record["policy"]["sha256"] for record in self.gateway.log("--event", "call.denied")}
        self.assertGreater(len(hashes), 5)
        self.assertTrue(self.client().call("delete_file").text.startswith("[POLICY DENIED] v30"))

    def test_an_edit_is_taken_up_without_a_signal(self):
        client = self.client()
        self.gateway.policies["p"] = ("up", policy("edited"))
        self.gateway.write()
        deadline = time.monotonic() + 10
        while "edited" not in client.call("delete_file").text:
            self.assertLess(time.monotonic(), deadline, "the change was not seen")
            time.sleep(0.05)

    def test_T330_signals(self):
        """A storm of HUP, CHLD, PIPE and others loses no call."""
        def work(client, stop):
            while not stop.is_set():
                answer = client.call("echo")
                assert answer.status == 200, answer
                time.sleep(0.005)
        _, join = self.load(work, 8)
        for _ in range(100):
            for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
                os.kill(self.gateway.pid, number)
            time.sleep(0.005)
        self.assertEqual(join(), [])
        self.assertEqual(self.client().call("echo").status, 200)


class Drain(LifeCase):
    config = {"timeouts": {"drain": "10s"}}

    def test_R15_drain(self):
        """Calls in flight at SIGTERM finish; new connections are not served; streams end; the exit status is 0."""
        release, arrived = threading.Event(), threading.Semaphore(0)

        def slow(exchange):
            if exchange.seen.rpc == "tools/call":
                arrived.release()
                release.wait(10)
            return False
        self.upstream.hook = slow
        streamer = self.client("two", "2025-11-25")
        answer, stream = streamer.listen()
        self.assertEqual(answer.status, 200)
        answers = []

        def call(client):
            answers.append(client.call("echo"))
        clients = [self.client(version=ERAS[number % 2], timeout=20) for number in range(40)]
        threads = [threading.Thread(target=call, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for _ in threads:
            self.assertTrue(arrived.acquire(timeout=20))
        os.kill(self.gateway.pid, signal.SIGTERM)
        time.sleep(0.5)
        late = None
        try:
            late = self.gateway.client("one", version=MODERN, timeout=2).call("echo")
        except (OSError, Closed, TimeoutError):
            pass
        self.assertTrue(late is None or late.status == 503, f"a call after SIGTERM was served: {late}")
        release.set()
        for thread in threads:
            thread.join(20)
        self.assertEqual([answer.status for answer in answers], [200] * 40)
        self.assertTrue(stream.ends(5), "the stream stays open")
        self.assertEqual(self.gateway.ended(15), 0)
        status, report = self.gateway.verify()
        self.assertEqual(status, 0, report)

    def test_R15_drain_grace_exceeded(self):
        def stuck(exchange):
            if exchange.seen.rpc == "tools/call":
                exchange.wait_closed(60)
                raise Closed("stuck")
            return False
        self.gateway.config["timeouts"] = {"drain": "1s"}
        self.gateway.stop()
        self.gateway.start()
        self.upstream.hook = stuck
        client = self.client()

        def call():
            try:
                client.call("echo")
            except (Closed, OSError):
                pass
        thread = threading.Thread(target=call)
        thread.start()
        self.upstream.wait_for(lambda upstream: upstream.calls())
        started = time.monotonic()
        self.assertEqual(self.gateway.stop(20), 1, "the exit status says that the grace was exceeded")
        self.assertLess(time.monotonic() - started, 10)
        thread.join(10)

    def test_R15_second_term_forces(self):
        def stuck(exchange):
            if exchange.seen.rpc == "tools/call":
                exchange.wait_closed(60)
                raise Closed("stuck")
            return False
        self.upstream.hook = stuck
        client = self.client()

        def call():
            try:
                client.call("echo")
            except (Closed, OSError):
                pass
        thread = threading.Thread(target=call)
        thread.start()
        self.upstream.wait_for(lambda upstream: upstream.calls())
        started = time.monotonic()
        os.kill(self.gateway.pid, signal.SIGTERM)
        time.sleep(0.3)
        self.assertNotEqual(self.gateway.stop(20), None)
        self.assertLess(time.monotonic() - started, 5)
        thread.join(10)

    def test_two_gateways_on_one_state(self):
        """The second is refused, and the first goes on."""
        done = subprocess.run([str(BINARY), "serve", "--config", str(self.gateway.file)], capture_output=True, text=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotEqual(done.stderr.strip(), "")
        self.assertEqual(self.client().call("echo").status, 200)


class Leavers(LifeCase):
    def test_R11_clients_leave_in_the_middle(self):
        """Connections closed or reset before, in and after a call: every call has an outcome, nothing stays open."""
        random_ = random.Random(11)

        def slow(exchange):
            if exchange.seen.rpc == "tools/call":
                time.sleep(random_.random() * 0.02)
            return False
        self.upstream.hook = slow
        self.upstream.stream_answers = True
        clients = [self.client(version=version) for version in ERAS]
        clients[0].call("echo"), clients[1].call("echo")
        time.sleep(0.2)

        def descriptors():
            return len(os.listdir(f"/proc/{self.gateway.pid}/fd"))
        before = descriptors()

        def leave(client, number):
            message = client.build("tools/call", {"name": "echo", "arguments": {"text": "x" * 500}}, id=f"leaver-{number}")
            data = request_bytes(client.path, json.dumps(message).encode(), client.headers(message),
                                 host=f"127.0.0.1:{self.gateway.port}")
            wire = client.open()
            wire.send(data[:random_.randrange(len(data)) if number % 3 == 0 else len(data)])
            time.sleep(random_.random() * 0.03)
            wire.reset() if number % 2 else wire.close()

        def leaver(client, numbers):
            for number in numbers:
                leave(client, number)
        threads = [threading.Thread(target=leaver, args=(clients[index % 2], range(index, 600, 8))) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        deadline = time.monotonic() + 10
        while descriptors() > before + 8:
            self.assertLess(time.monotonic(), deadline, f"{descriptors()} descriptors, {before} before")
            time.sleep(0.1)
        for client in clients:
            self.assertEqual(client.call("echo").status, 200)
        # The last outcomes may still be on their way from the ring to the segment.
        deadline = time.monotonic() + 10
        while (books := Books(self.gateway.log())).open:
            self.assertLess(time.monotonic(), deadline, f"calls without an outcome: {books.open}")
            time.sleep(0.05)
        self.assertGreater(len(books.intents), 300)
        self.assertEqual(books.orphans, [])
        self.assertEqual([id for id in books.doubles if str(id).startswith("leaver")], [])


class Revocation(LifeCase):
    def test_T217_revoked_while_calls_and_streams_are_open(self):
        release = threading.Event()

        def slow(exchange):
            if exchange.seen.rpc == "tools/call" and exchange.seen.params["arguments"].get("slow"):
                release.wait(10)
            return False
        self.upstream.hook = slow
        legacy, modern, other = self.client("one", "2025-11-25"), self.client("one"), self.client("two", "2025-11-25")
        _, stream = legacy.listen()
        _, others_stream = other.listen()
        started = time.monotonic()
        self.gateway.revoke("one")
        returned = time.monotonic()
        self.assertEqual(legacy.call("echo").status, 401)
        self.assertEqual(modern.call("echo").status, 401)
        self.assertTrue(stream.ends(1.0 - min(0.5, returned - started) + 0.5), "the revoked grant's stream stays open")
        self.assertFalse(others_stream.ends(0.2), "the other grant's stream was closed")
        self.assertEqual(other.call("echo").status, 200)
        release.set()

    def test_rotation(self):
        client = self.client()
        done = self.gateway.run("grant", "rotate", "one", "--json", check=True)
        token = json.loads(done.stdout)["token"]
        self.assertEqual(client.call("echo").status, 401)
        client.token = token
        self.assertEqual(client.call("echo").status, 200)

    def test_a_revocation_survives_a_restart(self):
        self.gateway.revoke("one")
        self.gateway.kill()
        self.gateway.start()
        self.assertEqual(self.gateway.client("one", version=MODERN).call("echo").status, 401)
        self.assertEqual(self.client("two").call("echo").status, 200)

    def test_revoked_while_the_gateway_is_down(self):
        self.gateway.stop()
        self.gateway.revoke("one")
        self.gateway.start()
        self.assertEqual(self.gateway.client("one", version=MODERN).call("echo").status, 401)


if __name__ == "__main__":
    unittest.main()
