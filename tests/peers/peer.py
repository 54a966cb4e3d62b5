"""What the tests with real peers share: where the packages lie, servers over HTTP, client drivers, the assertions."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from harness.case import SECONDS_FOR_LOG, fits
from harness.gateway import ROOT, Gateway

CACHE = pathlib.Path(os.environ.get("DOORWARD_PEERS", ROOT / ".cache/peers")).absolute()
NODE = str(CACHE / "node-bin")
HERE = pathlib.Path(__file__).resolve().parent
SECONDS_TO_START = 30.0


def program(package, bin=None):
    """The file of a package that its `bin` entry names; the first one where no name is given."""
    folder = CACHE / "node_modules" / package
    try:
        bins = json.loads((folder / "package.json").read_text())["bin"]
    except FileNotFoundError:
        raise RuntimeError(f"{package} is not in {CACHE}: run scripts/install-peers") from None
    return str(folder / (bins[bin] if bin else next(iter(bins.values()))))


def node(package, *arguments, bin=None):
    """The command line of a package's program."""
    return [NODE, program(package, bin), *arguments]


def free_port():
    """A port that was free a moment ago, for servers that cannot tell which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class HttpServer:
    """A peer that listens on a port of 127.0.0.1 in a process of its own."""

    def __init__(self, command, port, env=None):
        self.output = tempfile.TemporaryFile()
        self.port = port
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
                                        env={**os.environ, **(env or {})})

    def wait(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        said = self.said()
        self.stop()
        raise RuntimeError(f"{self.process.args} does not listen on {self.port}: {said}")

    def said(self):
        self.output.seek(0)
        return self.output.read().decode("utf-8", "replace")[-2000:]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.output.close()


def drive(script, request, seconds=40.0, runtime=NODE):
    """Runs a client driver of this folder with `request` as JSON on its standard input; the JSON that it printed."""
    done = subprocess.run([runtime, str(HERE / script)], input=json.dumps(request), capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, "DOORWARD_PEERS": str(CACHE)})
    if done.returncode != 0:
        raise AssertionError(f"{script}: exit {done.returncode}: {done.stderr[-3000:]}{done.stdout[-1000:]}")
    return json.loads(done.stdout)


class PeerCase(unittest.TestCase):
    """A test class with one gateway before the servers that `make_servers` starts.

    servers, policies, grants, env and config as `Gateway` takes them. `cls.folder` is removed after the class.
    """
    maxDiff = None
    policies, grants, env, config = {}, {}, {}, {}

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-peers-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.started = []
        servers = cls.make_servers()
        for server in cls.started:
            server.wait()
        cls.gateway = cls.make_gateway(servers)
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()

    @classmethod
    def tearDownClass(cls):
        """After whatever the peers did, the gateway ends as asked and its log is whole."""
        status, (verified, report) = cls.gateway.stop(), cls.gateway.verify()
        if (status, verified) != (0, 0):
            raise AssertionError(f"exit {status}; audit verify: {verified} {report}; {cls.gateway.stderr()[-2000:]}")

    @classmethod
    def make_gateway(cls, servers):
        return Gateway(servers, cls.policies, cls.grants, env=cls.env, workers=1, **cls.config)

    @classmethod
    def make_servers(cls):
        raise NotImplementedError

    @classmethod
    def serve(cls, command, port, env=None):
        """Starts a peer that listens; all that are started are waited for together."""
        server = HttpServer(command, port, env)
        cls.addClassCleanup(server.stop)
        cls.started.append(server)
        return server

    def setUp(self):
        self.gateway.new_records()
        self.records = []

    def client(self, grant, **options):
        client = self.gateway.client(grant, timeout=SECONDS_TO_START, **options)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def url(self, grant):
        return f"http://127.0.0.1:{self.gateway.port}/mcp/{self.gateway.grants[grant][0]}/"

    # ---- assertions ----

    def assert_logged(self, *expected):
        """Each expectation (members by dotted path) has a record of its own, in this order within the test."""
        deadline = time.monotonic() + SECONDS_FOR_LOG
        while True:
            self.records += self.gateway.new_records()
            missing = first_missing(self.records, expected)
            if missing is None:
                return
            if time.monotonic() > deadline:
                self.fail(f"log: no record {missing}; records: {json.dumps(self.records, indent=1)}")
            time.sleep(0.02)

    def assert_forwarded(self, tool, id, result="ok"):
        """The intent of the caller's request and the outcome that carries the intent's id."""
        self.assert_logged({"event": "call.intent", "verdict": "allow", "rule": "", "tool": tool, "request.id": id})
        intent = next(record for record in reversed(self.records) if record["event"] == "call.intent"
                      and record.get("tool") == tool and record["request"]["id"] == id)
        self.assert_logged({"event": "call.outcome", "id": intent["id"], "tool": tool, "result": result})
        return intent

    def assert_called(self, client, tool, arguments, id):
        """The call is answered by the server and recorded; the result."""
        answer = client.call(tool, arguments, id=id)
        result = answer.result
        self.assertFalse(result.get("isError"), answer.text)
        self.assertEqual(answer.message()["id"], id)
        intent = self.assert_forwarded(tool, id)
        self.assertEqual(intent["args"]["keys"], sorted(arguments))
        return result

    def assert_denied(self, client, tool, arguments, id, rule, text="", logged=None):
        """The model reads a denial, and the log names the rule and the tool, or the action `logged`; the result."""
        answer = client.call(tool, arguments, id=id)
        self.assertTrue(answer.is_denied, answer)
        self.assertIn(text, answer.text)
        self.assert_logged({"event": "call.denied", "verdict": "deny", "rule": rule, "tool": logged or tool,
                            "request.id": id})
        return answer.result

    def assert_gone(self, client, tool, arguments, id, listed=None):
        """A hidden tool: not in the list, and called it answers like a name that never was."""
        self.assertNotIn(tool, client.tools() if listed is None else listed)
        hidden = client.call(tool, arguments, id=id)
        unknown = client.call(f"never_{tool}", arguments, id=id)
        self.assertEqual(hidden.error, {"code": -32602, "message": f"Unknown tool: {tool}"})
        self.assertEqual(unknown.error, {"code": -32602, "message": f"Unknown tool: never_{tool}"})
        self.assertEqual(hidden.status, unknown.status)
        self.assert_logged({"event": "call.denied", "rule": "(hidden)", "tool": tool, "request.id": id},
                           {"event": "call.denied", "rule": "(unknown tool)", "tool": f"never_{tool}"})


def text_of(result):
    """The text blocks of a tools/call result."""
    return "\n".join(block.get("text", "") for block in result["content"])


def direct_tools(command, env=None):
    """What a stdio server lists to a client without capabilities and without a gateway: all tools, as they come."""
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tester", "version": "1"}}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, **(env or {})}) as process:
        def send(message):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            process.stdin.flush()

        def answer(id):
            for line in process.stdout:
                message = json.loads(line)
                if message.get("id") == id and "method" not in message:
                    return message["result"]
            raise AssertionError(f"{command} ended without an answer")

        send({"id": 1, "method": "initialize", "params": hello})
        answer(1)
        send({"method": "notifications/initialized"})
        send({"id": 2, "method": "tools/list", "params": {}})
        try:
            return answer(2)["tools"]
        finally:
            process.kill()


def first_missing(records, expected):
    """The first expectation without a record behind the one before it; None when all are there."""
    at = 0
    for want in expected:
        while at < len(records) and not fits(records[at], want):
            at += 1
        if at == len(records):
            return want
        at += 1
    return None
