"""The life of the gateway as a process: ready line, reload, drain, signals, the service manager."""
import json
import os
import pathlib
import signal
import socket
import tempfile
import threading
import time
import unittest

from harness.client import MODERN
from harness.fake_server import FakeServer
from harness.gateway import BINARY, Gateway
from harness.upstream import RecordingUpstream
from harness.wire import request_bytes

OPEN = {"version": "1", "default": "allow"}
SHUT = {"version": "1", "default": "deny"}
SECONDS = 5.0


def eventually(check, seconds=SECONDS):
    """The first true value of `check`, or its last one."""
    deadline = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


class ServeCase(unittest.TestCase):
    def setUp(self):
        self.gateway = Gateway({"demo": {"command": [str(BINARY), "demo-server"]}}, {"p": ("demo", OPEN)},
                               {"agent": ("demo", "p")})
        self.addCleanup(self.gateway.close)
        self.gateway.start()

    def denied(self):
        with self.gateway.client("agent", version=MODERN) as client:
            return client.call("list_notes").result.get("isError", False)

    def config_records(self):
        return [record for record in self.gateway.log() if record["event"].startswith("config.")]


class Reload(ServeCase):
    def test_sighup(self):
        self.assertFalse(self.denied())
        self.gateway.policies["p"] = ("demo", SHUT)
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")
        self.assertTrue(self.denied())

    def test_a_change_of_a_policy_file(self):
        self.gateway.policies["p"] = ("demo", SHUT)
        self.gateway.write()
        self.assertTrue(eventually(self.denied))
        self.assertEqual(self.config_records()[-1]["cause"], "file change")

    def test_a_file_replaced_by_a_rename(self):
        path = self.gateway.folder / "p.json"
        fresh = self.gateway.folder / "p.new"
        fresh.write_text('{"version": "1", "default": "deny"}')
        fresh.replace(path)
        self.assertTrue(eventually(self.denied))

    def test_what_cannot_be_loaded_leaves_the_old_in_force(self):
        self.gateway.policies["p"] = ("demo", '{"version": "1", "default": "dney"}')
        record = self.gateway.reload()
        self.assertEqual(record["event"], "config.reload_failed")
        self.assertIn("p.json:1:29", record["first"])
        self.assertFalse(self.denied())
        self.assertIn("p.json:1:29", self.gateway.stderr())

    def test_every_finding_is_told(self):
        self.gateway.config.update(listne="x", workres=1)
        self.assertEqual(self.gateway.reload()["findings"], 2)

    def test_by_command(self):
        self.gateway.policies["p"] = ("demo", SHUT)
        self.gateway.write()
        self.assertEqual(self.gateway.run("reload").returncode, 0)
        self.assertTrue(self.denied())
        self.gateway.config["listne"] = "x"
        self.gateway.write()
        done = self.gateway.run("reload")
        self.assertEqual(done.returncode, 3)
        self.assertIn("listne", done.stderr)

    def test_a_touch_alone_is_no_reload(self):
        before = len(self.config_records())
        self.gateway.file.touch()
        time.sleep(0.6)
        self.assertEqual(len(self.config_records()), before)

    def test_counts_of_yaml_objects_outlive_a_restart(self):
        done = self.gateway.run("policy", "list", "--json")
        self.gateway.stop()
        self.gateway.policies["p"] = ("demo", SHUT)
        self.gateway.start()
        self.assertIn('"version":1', done.stdout)
        self.assertIn('"version":2', self.gateway.run("policy", "list", "--json").stdout)


class Signals(ServeCase):
    def test_term_ends_it_in_order(self):
        self.assertEqual(self.gateway.stop(), 0)
        self.assertFalse((self.gateway.state / "control.sock").exists())

    def test_t330_a_storm_of_signals(self):
        for _ in range(200):
            for name in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2):
                os.kill(self.gateway.pid, name)
        self.assertFalse(self.denied())
        self.assertEqual(self.gateway.stop(), 0)

    def test_int_drains_too(self):
        os.kill(self.gateway.pid, signal.SIGINT)
        self.assertEqual(self.gateway.ended(), 0)


class Drain(unittest.TestCase):
    """With a call under way that ends when the test says so."""

    def start(self, drain):
        server = FakeServer(tools=("wait",))
        self.release = threading.Event()
        server.handlers["wait"] = lambda arguments: self.release.wait(60) and {"content": []}
        self.upstream = RecordingUpstream(server)
        self.addCleanup(self.upstream.stop)
        self.addCleanup(self.release.set)
        self.gateway = Gateway({"up": self.upstream.url}, {"p": ("up", OPEN)}, {"agent": ("up", "p")},
                               timeouts={"drain": drain})
        self.addCleanup(self.gateway.close)
        self.gateway.start()
        client = self.gateway.client("agent", version=MODERN)
        message = client.build("tools/call", {"name": "wait", "arguments": {}})
        wire = client.open()
        self.addCleanup(wire.close)
        wire.send(request_bytes(client.path, json.dumps(message).encode(), client.headers(message),
                                host=f"127.0.0.1:{self.gateway.port}"))
        self.upstream.wait_for(RecordingUpstream.calls)
        return wire

    def term(self):
        """SIGTERM, and the moment from which nobody gets in."""
        os.kill(self.gateway.pid, signal.SIGTERM)
        self.assertTrue(eventually(self.refused))

    def refused(self):
        try:
            socket.create_connection(("127.0.0.1", self.gateway.port), 1).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:  # the listener closed while this one waited in its queue
            pass
        return False

    def test_a_call_under_way_is_finished(self):
        wire = self.start("60s")
        self.term()
        self.release.set()
        self.assertEqual(wire.answer().result["content"], [])
        self.assertEqual(self.gateway.ended(), 0)

    def test_the_grace_ends(self):
        self.start("300ms")
        self.term()
        self.assertEqual(self.gateway.ended(), 1)

    def test_t330_a_second_term_ends_it_at_once(self):
        self.start("1h")
        self.term()
        os.kill(self.gateway.pid, signal.SIGTERM)
        self.assertEqual(self.gateway.ended(), 1)


class ServiceManager(unittest.TestCase):
    def test_it_is_told_of_start_reload_and_end(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            path = str(pathlib.Path(folder, "notify"))
            manager.bind(path)
            manager.settimeout(SECONDS)

            def told(first):
                """The next datagram that begins so, as a dictionary."""
                while not (said := manager.recv(1000).decode()).startswith(first):
                    pass
                return dict(line.split("=", 1) for line in said.splitlines())

            gateway = Gateway({"demo": {"command": [str(BINARY), "demo-server"]}}, {"p": ("demo", OPEN)},
                              env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"})
            self.addCleanup(gateway.close)
            gateway.start()
            ready = told("READY=1")
            self.assertRegex(ready["STATUS"], rf"^Agents at http://127\.0\.0\.1:{gateway.port}, console at http://127\.0\.0\.1:\d+$")
            self.assertEqual(told("WATCHDOG"), {"WATCHDOG": "1"})
            os.kill(gateway.pid, signal.SIGHUP)
            # systemd takes a reload's end for this one's only if the moment lies behind its own request.
            self.assertLessEqual(int(told("RELOADING=1")["MONOTONIC_USEC"]), time.monotonic_ns() // 1000)
            self.assertEqual(told("READY=1"), ready)
            gateway.policies["p"] = ("demo", "{")
            gateway.reload()
            told("RELOADING=1")
            self.assertIn("was not taken", told("READY=1")["STATUS"])
            self.assertEqual(gateway.stop(), 0)
            self.assertEqual(told("STOPPING"), {"STOPPING": "1"})


if __name__ == "__main__":
    unittest.main()
