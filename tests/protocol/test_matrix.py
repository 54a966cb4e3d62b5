"""The features of a session, one after the other, for every revision: clients over Streamable HTTP and HTTP+SSE before
servers over both and over stdio, and stdio client (`doorward run`) before a stdio server. What needs more than a
question and its answer has tests of its own."""
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import unittest

from harness.client import MODERN, Client
from harness.gateway import BINARY, ROOT, Gateway
from harness.matrix_server import MEDIA, STRUCTURED, matrix_server, notices
from harness.shows import LEGACY_REVISIONS as LEGACY
from harness.shows import shows
from harness.sse_client import SseClient
from harness.sse_upstream import SseUpstream
from harness.upstream import RecordingUpstream

PROGRAM = [sys.executable, str(ROOT / "tests/harness/matrix_server.py")]
OPEN = {"version": "1", "default": "allow", "hide": ["gone"], "tools": {"echo": {"deny_if": [
    {"conditions": [{"path": "args.key", "op": "exists", "value": True}], "on_deny": "No keys."}]}}}
ERAS = (*LEGACY, MODERN)
TWO_WAYS = [("http", "http"), ("http", "stdio")]
WAYS = [*TWO_WAYS, ("http", "sse"), ("stdio", "stdio")]
OLD_WAYS = [("sse", "http"), ("sse", "stdio"), ("sse", "sse")]
OLDEST = "2024-11-05"


def everywhere(feature, eras=ERAS, ways=WAYS):
    """The markers of a test that goes all ways, or the legacy eras all ways of WAYS and OLD_WAYS."""
    def decorate(test):
        if ways is WAYS:
            for client, server in OLD_WAYS:
                test = shows(feature, [era for era in eras if era != MODERN], client, server)(test)
        for client, server in ways:
            # HTTP+SSE is a transport of legacy servers alone.
            crossing = [MODERN] if server == "sse" and MODERN in eras else []
            test = shows(feature, [era for era in eras if era not in crossing], client, server)(test)
            test = shows(feature, crossing, client, server, server_era=OLDEST)(test)
        return test
    return decorate


class OverHttp:
    """A client of the running gateway."""

    def __init__(self, client):
        self.client, self.extra = client, []
        client.initialize()

    def ask(self, method, params=None):
        """The answer; what came before it is kept in `extra`."""
        *self.extra, last = self.client.request(method, params).messages()
        return last

    def close(self):
        if self.client.session:
            self.client.delete()
        self.client.close()


class OverSse:
    """A client of the running gateway over HTTP+SSE."""

    def __init__(self, gateway, server, version):
        self.sse, self.extra = SseClient(gateway, server, server), []
        self.client = Client(0, "/", version=version)
        self.sse.initialize(version)

    def ask(self, method, params=None):
        message = self.client.build(method, params)
        self.sse.post(message)
        self.extra = []
        while (got := self.sse.next()).get("id") != message["id"]:
            self.extra.append(got)
        return got

    def close(self):
        self.sse.close()


class OverStdio:
    """A client that starts `doorward run` in front of the server."""

    def __init__(self, version, command):
        self.folder = tempfile.TemporaryDirectory(prefix="doorward-matrix-")
        policy = os.path.join(self.folder.name, "policy.json")
        with open(policy, "w") as out:
            json.dump(OPEN, out)
        self.process = subprocess.Popen(
            [str(BINARY), "run", "--policy", policy, "--server", "wrapped", "--state", os.path.join(self.folder.name, "state"),
             "--", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.lines, self.extra = queue.Queue(), []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.client = Client(0, "/", version=version)
        if not self.client.modern:
            self.ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
            self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, params=None):
        message = self.client.build(method, params)
        self.send(message)
        self.extra = []
        while (got := self.lines.get(timeout=10)).get("id") != message["id"]:
            self.extra.append(got)
        return got

    def close(self):
        self.process.stdin.close()
        if self.process.wait(10) != 0:
            raise AssertionError(f"doorward run ended with {self.process.returncode}")
        self.reader.join()
        self.process.stdout.close()
        self.folder.cleanup()


class NoisySse(SseUpstream):
    """Says on the stream of the session what `noisy` says before its answer."""

    def answer(self, exchange):
        if exchange.seen.rpc == "tools/call" and exchange.seen.params["name"] == "noisy":
            for notice in notices(exchange.seen.message):
                self.say_to_all(notice)
        return super().answer(exchange)


class Matrix(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.upstream.server = matrix_server()

        def hook(exchange):
            if exchange.seen.rpc != "tools/call" or exchange.seen.params["name"] != "noisy":
                return False
            exchange.open_stream()
            for notice in [*notices(exchange.seen.message), exchange.default()]:
                exchange.event(notice)
            exchange.end_stream()
            return True
        cls.upstream.hook = hook
        cls.sse = NoisySse(matrix_server())
        cls.addClassCleanup(cls.sse.stop)
        servers = {"http": cls.upstream.url, "sse": {"url": cls.sse.url, "transport": "sse"}, "stdio": {"command": PROGRAM}}
        cls.gateway = Gateway(servers, {f"open-{name}": (name, OPEN) for name in servers},
                              {name: (name, f"open-{name}") for name in servers})
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()

    def each(self, check, eras=ERAS, ways=WAYS):
        """Runs `check(peer)` with a client for each revision and way."""
        for version in eras:
            for front, back in ways + (OLD_WAYS if ways is WAYS and version != MODERN else []):
                with self.subTest(f"{version}: {front} to {back}"):
                    peer = self.peer(version, front, back)
                    try:
                        check(peer)
                    finally:
                        peer.close()

    def peer(self, version, front, back):
        if front == "stdio":
            return OverStdio(version, PROGRAM)
        return OverSse(self.gateway, back, version) if front == "sse" else OverHttp(self.gateway.client(back, version=version))

    def result(self, peer, method, params=None):
        message = peer.ask(method, params)
        self.assertIn("result", message, message)
        if peer.client.modern:
            self.assertEqual(message["result"]["resultType"], "complete")
        return message["result"]

    def call(self, peer, name, arguments=None, meta=None):
        params = {"name": name, "arguments": arguments or {}, **({"_meta": meta} if meta else {})}
        return self.result(peer, "tools/call", params)

    @everywhere("tools: list and call")
    def test_tools(self):
        def check(peer):
            listed = self.result(peer, "tools/list")["tools"]
            self.assertEqual(listed, matrix_server().tools)
            self.assertEqual(json.loads(self.call(peer, "echo", {"a": [1, "\u00e9"]})["content"][0]["text"]), {"a": [1, "\u00e9"]})
        self.each(check)

    @everywhere("structured content, output schemas", ERAS[2:])
    @everywhere("audio, resource links, icons", ERAS[1:])
    def test_contents(self):
        def check(peer):
            structured = self.call(peer, "structured")
            self.assertEqual({key: structured[key] for key in STRUCTURED}, STRUCTURED)
            self.assertEqual(self.call(peer, "media")["content"], MEDIA)
        self.each(check, ERAS[1:])

    @everywhere("resources: list, templates, read")
    def test_resources(self):
        def check(peer):
            self.assertEqual([one["uri"] for one in self.result(peer, "resources/list")["resources"]], ["memo://one", "memo://two"])
            self.assertEqual(len(self.result(peer, "resources/templates/list")["resourceTemplates"]), 1)
            self.assertEqual(self.result(peer, "resources/read", {"uri": "memo://one"})["contents"],
                             [{"uri": "memo://one", "text": "memo memo://one"}])
        self.each(check)

    @everywhere("prompts: list and get")
    @everywhere("completion")
    def test_prompts(self):
        def check(peer):
            self.assertEqual([one["name"] for one in self.result(peer, "prompts/list")["prompts"]], ["greet", "secret"])
            self.assertEqual(len(self.result(peer, "prompts/get", {"name": "greet"})["messages"]), 1)
            completed = self.result(peer, "completion/complete", {"ref": {"type": "ref/prompt", "name": "greet"},
                                                                  "argument": {"name": "a", "value": "al"}})
            self.assertEqual(completed["completion"]["values"], ["alpha", "beta"])
        self.each(check)

    @everywhere("ping", LEGACY)
    def test_ping(self):
        def check(peer):
            self.assertEqual(self.result(peer, "ping"), {})
        self.each(check, LEGACY)

    @everywhere("progress")
    def test_progress(self):
        def check(peer):
            self.call(peer, "noisy", meta={"progressToken": "mine"})
            progress = [one["params"] for one in peer.extra if one["method"] == "notifications/progress"]
            self.assertEqual(progress, [{"progressToken": "mine", "progress": 1}])
        self.each(check)

    @everywhere("logging", LEGACY, [("http", "http"), ("http", "sse"), ("stdio", "stdio")])
    def test_logging(self):
        def check(peer):
            self.assertEqual(self.result(peer, "logging/setLevel", {"level": "info"}), {})
            self.call(peer, "noisy", meta={"progressToken": 1})
            self.assertIn({"level": "error", "data": "loud"}, [one.get("params") for one in peer.extra])
        self.each(check, LEGACY, [("http", "http"), ("http", "sse"), ("stdio", "stdio")])

    @shows("logging", MODERN)
    def test_logging_in_the_modern_era(self):
        """A log message comes to a request that asked for a level, and to no other."""
        def check(peer):
            for level, count in (("info", 1), (None, 0)):
                meta = {"progressToken": 1, **({"io.modelcontextprotocol/logLevel": level} if level else {})}
                self.call(peer, "noisy", meta=meta)
                self.assertEqual([one["method"] for one in peer.extra].count("notifications/message"), count)
        self.each(check, [MODERN], [("http", "http")])

    @everywhere("list_changed", LEGACY, [("stdio", "stdio")])
    def test_list_changed(self):
        def check(peer):
            self.call(peer, "noisy", meta={"progressToken": 1})
            self.assertIn("notifications/tools/list_changed", [one["method"] for one in peer.extra])
        self.each(check, LEGACY, [("stdio", "stdio")])

    @shows("list_changed", LEGACY, server=("http", "stdio", "sse"))
    def test_list_changed_on_the_stream_of_a_session(self):
        for version in LEGACY:
            for back in ("http", "stdio", "sse"):
                with self.subTest(f"{version}: {back}"):
                    client = self.gateway.client(back, version=version)
                    self.addCleanup(client.close)
                    client.initialize()
                    _, wire = client.listen()
                    self.addCleanup(wire.close)
                    if back == "http":
                        self.upstream.wait_for(lambda upstream: any(upstream.listeners.values()))
                        self.upstream.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
                    elif back == "sse":
                        self.sse.say_to_all({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
                    else:
                        client.call("noisy", meta={"progressToken": 1})
                    heard = (json.loads(event["data"])["method"] for event in wire.events(5) if event.get("data"))
                    self.assertIn("notifications/tools/list_changed", heard)
                    client.delete()
                    wire.close()
                    self.upstream.wait_for(lambda upstream: not any(upstream.listeners.values()))

    @everywhere("cancellation", ERAS, [("stdio", "stdio")])
    def test_cancellation(self):
        """A call over stdio that is cancelled by a notification; the server is told in its own ids, and goes on."""
        def check(peer):
            message = peer.client.build("tools/call", {"name": "wait", "arguments": {}}, id="slow")
            peer.send(message)
            self.assertIn("result", peer.ask("tools/list"))
            peer.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
            self.assertIn("result", peer.ask("tools/list"))
            self.assertEqual([one for one in peer.extra if one.get("id") == "slow"], [], "it has no answer")
        self.each(check, ERAS, [("stdio", "stdio")])

    @everywhere("denials")
    def test_denials(self):
        def check(peer):
            denied = self.call(peer, "echo", {"key": 1})
            self.assertTrue(denied["isError"])
            self.assertTrue(denied["content"][0]["text"].startswith("[POLICY DENIED] No keys."))
            self.assertEqual(peer.ask("tools/call", {"name": "gone", "arguments": {}})["error"]["message"], "Unknown tool: gone")
        self.each(check)


if __name__ == "__main__":
    unittest.main()
