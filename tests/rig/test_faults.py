"""Disks that fill, writes and syncs that fail: new calls are refused, nothing is forwarded unrecorded, it recovers."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from harness.client import MODERN
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from rig.invariants import Books

POLICY = {"version": "1", "default": "allow", "tools": {"delete_file": {"action": "deny", "reason": "No."}}}


class FaultCase(unittest.TestCase):
    def setUp(self):
        self.upstream = RecordingUpstream()
        self.addCleanup(self.upstream.stop)

    def gateway(self, **options):
        gateway = Gateway({"up": self.upstream.url}, {"p": ("up", POLICY)}, {"agent": ("up", "p")}, **options)
        self.addCleanup(gateway.close)
        return gateway

    def assert_recorded(self, gateway):
        """Every forwarded call has its intent, and the chain is whole."""
        books = Books(gateway.log())
        unrecorded = [seen.params["arguments"]["marker"] for seen in self.upstream.calls()
                      if seen.params["arguments"]["marker"] not in books.intents]
        self.assertEqual(unrecorded, [])
        status, report = gateway.verify()
        self.assertEqual(status, 0, report)

    def call(self, client, marker):
        return client.call("echo", {"marker": marker}, id=marker)


@unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
class DiskFull(FaultCase):
    def setUp(self):
        super().setUp()
        self.mount = tempfile.mkdtemp(prefix="doorward-small-")
        self.addCleanup(shutil.rmtree, self.mount, True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", self.mount], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"no tmpfs can be mounted here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.mount])

    def test_R3_disk_full(self):
        gateway = self.gateway(workers=1, log={"ring": "256KiB", "segment": "1MiB"})
        gateway.state = pathlib.Path(self.mount, "state")
        with gateway:
            client = gateway.client("agent", version=MODERN)
            self.assertEqual(self.call(client, "before").status, 200)
            filler = pathlib.Path(self.mount, "filler")
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(65536))
                except OSError:
                    pass
                try:
                    while True:
                        file.write(bytes(256))
                except OSError:
                    pass
            refused = None
            for number in range(20_000):
                answer = self.call(client, f"full-{number}")
                if answer.status != 200:
                    refused = answer
                    break
            self.assertIsNotNone(refused, "the disk is full and calls go on for ever")
            self.assertEqual(refused.status, 503)
            self.assertIsNotNone(refused.header("retry-after"))
            mark = self.upstream.mark()
            slowest = 0
            for number in range(20):
                started = time.monotonic()
                self.assertEqual(self.call(client, f"refused-{number}").status, 503)
                slowest = max(slowest, time.monotonic() - started)
            self.assertLess(slowest, 1.0, "ten times the bar of 100 ms")
            self.assertEqual(self.upstream.bytes_since(mark), b"", "nothing is forwarded unrecorded")
            self.assertTrue(client.call("delete_file").is_denied, "denials are still answered")
            filler.unlink()
            deadline = time.monotonic() + 50
            while self.call(client, f"after-{time.monotonic()}").status != 200:
                self.assertLess(time.monotonic(), deadline, "it does not recover")
                time.sleep(0.1)
            self.assertEqual(gateway.stop(), 0)
            self.assert_recorded(gateway)


@unittest.skipUnless(shutil.which("strace"), "strace is absent")
class InjectedFaults(FaultCase):
    """strace makes the system calls of the running gateway fail."""

    def inject(self, rule, on_segments):
        """Attaches to the running gateway; the returned function detaches. `on_segments`: only calls on the segments that
        exist now fail, since sockets and pipes are written by the same system calls."""
        arguments = ["strace", "-f", "-q", "-o", "/dev/null", "-p", str(self.running.pid)]
        for segment in self.running.state.glob("log/*/*.jsonl") if on_segments else ():
            arguments += ["-P", str(segment)]
        arguments += ["-e", f"inject={rule}"]
        tracer = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            status = pathlib.Path(f"/proc/{self.running.pid}/status").read_text()
            if f"TracerPid:\t{tracer.pid}" in status:
                break
            if tracer.poll() is not None:
                self.skipTest(f"strace cannot attach here: {tracer.stderr.read().strip()}")
            time.sleep(0.02)

        def detach():
            tracer.terminate()
            tracer.wait(10)
            tracer.stderr.close()
        self.addCleanup(lambda: tracer.poll() is None and detach())
        return detach

    def fail_and_recover(self, rule, durability, on_segments=False):
        self.running = gateway = self.gateway(workers=1, durability=durability, log={"sync": "100ms"})
        with gateway:
            client = gateway.client("agent", version=MODERN, timeout=20)
            self.assertEqual(self.call(client, "before").status, 200)
            detach = self.inject(rule, on_segments)
            statuses = []
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline and 503 not in statuses[-3:]:
                statuses.append(self.call(client, f"during-{len(statuses)}").status)
                time.sleep(0.02)
            self.assertIn(503, statuses, "the log cannot be stored and calls go on")
            mark = self.upstream.mark()
            for number in range(5):
                self.assertEqual(self.call(client, f"refused-{number}").status, 503)
            self.assertEqual(self.upstream.bytes_since(mark), b"")
            self.assertTrue(client.call("delete_file").is_denied, "denials are still answered")
            detach()
            deadline = time.monotonic() + 50
            while self.call(client, f"after-{time.monotonic()}").status != 200:
                self.assertLess(time.monotonic(), deadline, "it does not recover")
                time.sleep(0.1)
            self.assertEqual(gateway.stop(), 0)
            self.assert_recorded(gateway)

    def test_R3_sync_fails(self):
        self.fail_and_recover("fdatasync,fsync,sync_file_range,msync:error=EIO", "process")

    def test_R3_sync_fails_in_power_mode(self):
        self.fail_and_recover("fdatasync,fsync,sync_file_range,msync:error=EIO", "power")

    def test_R3_writes_fail(self):
        self.fail_and_recover("write,writev,pwrite64,pwritev:error=EIO", "process", on_segments=True)

    def test_R3_no_space(self):
        self.fail_and_recover("write,writev,pwrite64,pwritev,fallocate:error=ENOSPC", "process", on_segments=True)


class ReadOnlyStart(FaultCase):
    def test_a_state_folder_that_cannot_be_written(self):
        """The gateway does not start without a log; it says why."""
        gateway = self.gateway()
        gateway.state = pathlib.Path(gateway.folder, "file")
        gateway.state.write_text("no folder")
        with self.assertRaises(RuntimeError) as raised:
            gateway.start(5)
        self.assertIn("file", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
