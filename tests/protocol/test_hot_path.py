"""What a forwarded call costs the worker that carries it: allocations and system calls, counted from outside."""
import collections
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

from harness.client import MODERN, Client
from harness.gateway import BUILD, Gateway
from harness.issuer import Issuer
from harness.upstream import RecordingUpstream

COUNTER = BUILD / "liballoc_counter.so"
CALLS = 1000
MOVES = ("read", "write", "readv", "writev", "recvfrom", "sendto", "recvmsg", "sendmsg", "splice", "pread64", "pwrite64")


def policy():
    """20 conditions and 3 limits, as the benchmark has them."""
    conditions = [{"path": f"args.k{number}", "op": "eq", "value": "never"} for number in range(20)]
    limits = [{"counter": f"c{number}", "window": window, "max": 1_000_000, "scope": "grant"}
              for number, window in enumerate(("minute", "hour", "day"))]
    return {"version": "1", "default": "deny", "tools": {"echo": {
        "deny_if": [{"conditions": [condition]} for condition in conditions], "limits": limits}}}


class HotPath(unittest.TestCase):
    def setUp(self):
        self.upstream = RecordingUpstream()
        self.addCleanup(self.upstream.stop)

    def start(self, **options):
        self.gateway = self.make_gateway(**options)
        self.addCleanup(self.gateway.close)
        self.gateway.start()
        client = self.client()
        self.addCleanup(client.close)
        client.initialize()
        # The server's first list is stored once, and every worker then goes by what was stored.
        self.calls(client, 1)
        deadline = time.monotonic() + 10
        while not any(record.get("event") == "tool.first_list" for record in self.gateway.new_records()):
            self.assertLess(time.monotonic(), deadline, "the first list was not stored")
            time.sleep(0.02)
        return client

    def make_gateway(self, **options):
        return Gateway({"up": self.upstream.url}, {"p": ("up", policy())}, {"agent": ("up", "p")}, workers=1, **options)

    def client(self):
        return self.gateway.client("agent", version=self.version)

    def calls(self, client, count):
        for number in range(count):
            answer = client.call("echo", {"text": "x" * 900, "n": 1_000_000 + number}, id=1_000_000 + number)
            self.assertEqual(answer.status, 200)
            self.assertFalse(answer.result.get("isError"))

    def worker(self, load):
        """The thread id of the only worker: the thread that used the processor while `load` ran."""
        def used():
            times = {}
            for task in pathlib.Path(f"/proc/{self.gateway.pid}/task").iterdir():
                switches = re.search(r"voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text())
                times[int(task.name)] = int(switches[1])
            return times
        before = used()
        load()
        after = used()
        named = [thread for thread in after if "worker" in
                 pathlib.Path(f"/proc/{self.gateway.pid}/task/{thread}/comm").read_text()]
        return named[0] if len(named) == 1 else max(after, key=lambda thread: after[thread] - before.get(thread, 0))

    version = MODERN

    @unittest.skipUnless(COUNTER.exists(), "the counting library is not built")
    def test_no_allocation(self):
        stored = {"arguments": {"store": "redacted"}}
        for version, log in ((MODERN, {}), ("2025-11-25", {}), (MODERN, stored), ("2025-11-25", stored)):
            with self.subTest(version, **log), tempfile.NamedTemporaryFile() as file:
                self.version = version
                file.truncate(256 * 16)
                client = self.start(log=log, env={"LD_PRELOAD": str(COUNTER), "DOORWARD_ALLOC_COUNTER": file.name})

                def counts(name=file.name):
                    data = pathlib.Path(name).read_bytes()
                    return dict(pair for pair in struct.iter_unpack("qq", data) if pair[0])
                self.calls(client, 200)
                worker = self.worker(lambda client=client: self.calls(client, 200))
                before = counts()
                self.assertIn(worker, before)
                self.calls(client, CALLS)
                after = counts()
                print(f"{version} {log}: allocations in {CALLS} calls: worker {after[worker] - before[worker]}, "
                      f"others {sum(after.values()) - sum(before.values()) - after[worker] + before[worker]}")
                self.assertEqual(after[worker] - before[worker], 0)
                self.gateway.close()

    @unittest.skipUnless(shutil.which("strace"), "strace is absent")
    def test_five_system_calls(self):
        for version in (MODERN, "2025-11-25"):
            with self.subTest(version):
                self.version = version
                client = self.start()
                worker = self.worker(lambda client=client: self.calls(client, 200))
                output = pathlib.Path(self.gateway.folder, "strace")
                tracer = subprocess.Popen(["strace", "-q", "-o", str(output), "-p", str(worker)], stderr=subprocess.PIPE, text=True)
                try:
                    deadline = time.monotonic() + 20
                    status = pathlib.Path(f"/proc/{self.gateway.pid}/task/{worker}/status")
                    while f"TracerPid:\t{tracer.pid}" not in status.read_text():
                        if tracer.poll() is not None or time.monotonic() > deadline:
                            self.skipTest(f"strace cannot attach here: {tracer.stderr.read() if tracer.poll() else ''}")
                        time.sleep(0.02)
                    self.calls(client, CALLS)
                finally:
                    tracer.terminate()
                    tracer.wait(10)
                    tracer.stderr.close()
                moved, idle, kinds = 0, 0, collections.Counter()
                for line in output.read_text().splitlines():
                    call = re.match(r"(\w+)\(.*\)\s*= (-?\d+)", line)
                    if not call:
                        continue
                    kinds[call[1]] += 1
                    if call[1] in MOVES:
                        if int(call[2]) > 0:
                            moved += 1
                        else:
                            idle += 1
                print(f"{version}: {moved / CALLS:.2f} system calls that moved bytes a call, {idle / CALLS:.2f} that moved none; "
                      f"{dict(kinds)}")
                self.assertLessEqual(moved, 5 * CALLS)
                self.gateway.close()


class AgentsHotPath(HotPath):
    """The same with an access token of an authorization server, which was verified before."""

    def setUp(self):
        super().setUp()
        self.issuer = Issuer()
        self.addCleanup(self.issuer.stop)

    def make_gateway(self, **options):
        gateway = super().make_gateway(identity={"issuers": [{"issuer": self.issuer.url}]}, **options)
        gateway.grants = {}
        gateway.config["grants"] = [{"label": "agents", "server": "up", "policy": "p",
                                     "identity": {"issuer": self.issuer.url, "claims": {"groups": "payments"}}}]
        return gateway

    def client(self):
        token = self.issuer.token(f"http://127.0.0.1:{self.gateway.port}/mcp/up", groups=["payments"])
        return Client(self.gateway.port, "/mcp/up/", token, version=self.version)


if __name__ == "__main__":
    unittest.main()
