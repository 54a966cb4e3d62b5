"""A legacy client before a server that serves 2026-07-28 alone, over HTTP and stdio."""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

from cli.tool import CommandCase
from harness.case import GatewayCase
from harness.client import LEGACY, META, MODERN
from harness.fake_server import FakeServer
from harness.gateway import BINARY, ROOT, Gateway
from harness.modern_server import MEDIA, ModernUpstream
from harness.shows import shows
from harness.shows import shows
from harness.wire import request_bytes

EVERYTHING = {"sampling": {"tools": {}}, "elicitation": {"form": {}, "url": {}}, "roots": {"listChanged": True}}
OPEN = {"version": "1", "default": "allow"}
PROGRAM = str(ROOT / "tests" / "harness" / "modern_server.py")
FORM = {"mode": "form", "message": "Sure?", "requestedSchema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}
SAMPLE = {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}], "maxTokens": 5}
URL = {"mode": "url", "message": "Go there", "url": "https://login.test/"}
ROOTS = {"roots": [{"uri": "file:///home"}]}


BOTH = ("http", "stdio")


def bridged(feature, era=LEGACY, server=BOTH, client="http"):
    return shows(feature, era, client, server, MODERN)


def elicit(params):
    return {"method": "elicitation/create", "params": params}


def messages_of(answer, wire, seconds=20):
    if not answer.is_stream:
        yield answer.message()
        return
    for event in wire.events(seconds):
        if event.get("data"):
            yield json.loads(event["data"])


class Bridged(GatewayCase):
    """`era: modern` is not set: the gateway finds out."""

    @classmethod
    def make_upstream(cls):
        return ModernUpstream()

    @classmethod
    def make_gateway(cls):
        cls.record = pathlib.Path(tempfile.mkdtemp(prefix="doorward-record-")) / "lines"
        kinds = ["sampling", "elicitation", "roots"]
        servers = {"up": {"url": cls.upstream.url, "client_requests": kinds},
                   "said": {"url": cls.upstream.url, "era": "modern", "client_requests": kinds},
                   "shut": {"url": cls.upstream.url, "client_requests": ["roots"]},
                   "child": {"command": [sys.executable, PROGRAM, str(cls.record)], "client_requests": kinds}}
        policies = {f"open-{name}": (name, OPEN) for name in servers}
        policies["closed"] = ("up", {"version": "1", "default": "deny", "tools": {"echo": {}}, "hide": ["m*"]})
        grants = {name: (name, f"open-{name}") for name in servers}
        return Gateway(servers, policies, {**grants, "agent": ("up", "open-up"), "closed": ("up", "closed")}, workers=1)

    def client(self, grant="agent", version=None, ready=True, capabilities=EVERYTHING, **options):
        client = super().client(grant, version, ready, capabilities=capabilities, **options)
        # Closing a connection ends nothing: the client may come back to its streams.
        self.addCleanup(lambda: client.session and client.delete())
        return client

    def converse(self, client, tool, arguments, answer=None, meta=None):
        """All messages of a call; `answer(message)` gives the result, or the error, of each question."""
        with client.open() as wire:
            opened = client.call(tool, arguments, stream=True, wire=wire, meta=meta)
            seen = []
            for message in messages_of(opened, wire):
                seen.append(message)
                if "method" in message and "id" in message:
                    said = answer(message)
                    member = "error" if "code" in said else "result"
                    self.assertEqual(client.post({"jsonrpc": "2.0", "id": message["id"], member: said}).status, 202)
            return seen

    def asked(self, mark, rpc="tools/call"):
        return [seen for seen in self.upstream.since(mark) if seen.rpc == rpc]


class Handshake(Bridged):
    @shows("tools: list and call", ("2024-11-05", *LEGACY), server=("http", "stdio"), server_era=MODERN)
    @bridged(("tools: list and call", "server/discover"), ("2024-11-05", *LEGACY))
    def test_initialize_is_answered_from_what_the_server_discovers(self):
        for grant in ("agent", "said", "child"):
            for version in ("2024-11-05", *LEGACY):
                with self.subTest(f"{grant} {version}"):
                    client = self.client(grant, version, ready=False)
                    result = client.initialize().result
                    self.assertEqual(result["protocolVersion"], version)
                    self.assertEqual(result["serverInfo"], {"name": "fake", "version": "7"})
                    self.assertEqual(result["instructions"], "Be modern.")
                    self.assertNotIn("extensions", result["capabilities"])
                    self.assertEqual("completions" in result["capabilities"], version > "2024-11-05")
                    self.assertNotIn("resultType", result)
                    self.assertEqual(client.call("echo", {"a": 1}).text, '{"a": 1}')

    def test_an_unknown_version_gets_the_newest(self):
        client = self.client(ready=False)
        self.assertEqual(client.initialize("1999-01-01").result["protocolVersion"], "2025-11-25")

    def test_requests_describe_the_client(self):
        client = self.client(name="teller")
        mark = self.upstream.mark()
        client.call("echo", {"a": 1}, meta={"own": True, META + "logLevel": "alert"})
        sent, = self.asked(mark)
        meta = sent.params["_meta"]
        self.assertEqual(meta[META + "protocolVersion"], MODERN)
        self.assertEqual(meta[META + "clientInfo"]["name"], "teller")
        self.assertEqual(meta[META + "clientCapabilities"], {**EVERYTHING, "roots": {}})
        self.assertTrue(meta["own"])
        self.assertEqual(sent.header("mcp-name"), "echo")
        self.assertIsNone(sent.header("mcp-session-id"))

    def test_T111_capabilities_that_the_settings_do_not_allow_are_not_told(self):
        client = self.client("shut")
        mark = self.upstream.mark()
        client.call("echo")
        self.assertEqual(self.asked(mark)[0].params["_meta"][META + "clientCapabilities"], {"roots": {}})

    @shows("ping", "2025-11-25", server_era=MODERN)
    @bridged("ping", "2025-11-25", "http")
    def test_what_a_modern_server_has_not_is_done_here(self):
        client = self.client()
        mark = self.upstream.mark()
        self.assertEqual(client.request("ping").result, {})
        self.assertEqual(client.notify("notifications/roots/list_changed").status, 202)
        self.assertEqual(client.request("logging/setLevel", {"level": "loud"}).error["code"], -32602)
        self.assertEqual(self.upstream.since(mark), [])

    @shows("denials", "2025-11-25", server_era=MODERN)
    @bridged("denials", "2025-11-25", "http")
    def test_policy_is_applied(self):
        client = self.client("closed")
        mark = self.upstream.mark()
        self.assertTrue(client.call("noisy").is_denied)
        self.assertEqual(client.call("media").error["code"], -32602)
        self.assertNotIn("media", client.tools())
        self.assertEqual(self.asked(mark), [])

    def test_a_legacy_server_is_left_alone(self):
        """The first handshake goes to the server as it is."""
        client = self.client("agent")
        self.assertTrue(client.session)
        self.assertEqual(client.delete().status, 204)
        self.assertEqual(client.call("echo").status, 404)


class Results(Bridged):
    @bridged("tools: list and call")
    def test_lists_by_revision(self):
        for grant in ("agent", "child"):
            for version in LEGACY:
                with self.subTest(f"{grant} {version}"):
                    client = self.client(grant, version)
                    tools = {tool["name"]: tool for tool in client.list()}
                    structured = tools["structured"]
                    self.assertEqual("icons" in structured, version >= "2025-11-25")
                    for member in ("title", "outputSchema", "_meta"):
                        self.assertEqual(member in structured, version >= "2025-06-18", member)
                    self.assertIn("annotations", structured)
                    self.assertNotIn("outputSchema", tools["list"])

    @shows(("structured content, output schemas", "audio, resource links, icons"), "2025-11-25", server_era=MODERN)
    @bridged("lists by pages", "2025-11-25", "http")
    def test_pages(self):
        self.upstream.server.page = 2
        try:
            self.assertEqual(self.client().tools(), [tool["name"] for tool in self.upstream.server.tools])
        finally:
            self.upstream.server.page = None

    @bridged(("structured content, output schemas", "audio, resource links, icons"), LEGACY, "http")
    def test_results_by_revision(self):
        for version in LEGACY:
            with self.subTest(version):
                client = self.client(version=version)
                result = client.call("media").result
                self.assertNotIn("resultType", result)
                self.assertNotIn("_meta", result)
                if version == "2025-11-25":
                    self.assertEqual(result["content"], MEDIA)
                self.assertEqual(result["content"][0]["type"], "audio")
                link = result["content"][1]
                self.assertEqual(link["type"], "resource_link" if version >= "2025-06-18" else "text")
                self.assertEqual("icons" in link, version >= "2025-11-25")
                structured = client.call("structured").result
                self.assertEqual(structured.get("structuredContent"), {"n": 1} if version >= "2025-06-18" else None)
                self.assertEqual(client.call("list").result, {"content": [{"type": "text", "text": "[1, 2]"}]})

    @shows(("resources: list, templates, read", "prompts: list and get", "completion"), "2025-11-25", server=("http", "stdio"),
           server_era=MODERN)
    @bridged(("resources: list, templates, read", "prompts: list and get", "completion"), "2025-11-25")
    def test_other_requests(self):
        for grant in ("agent", "child"):
            with self.subTest(grant):
                client = self.client(grant)
                read = client.request("resources/read", {"uri": "memo://one"}).result
                self.assertEqual(read, {"contents": [{"uri": "memo://one", "text": "memo memo://one"}]})
                self.assertEqual(client.request("resources/read", {"uri": "memo://none"}).error["code"], -32002)
                got = client.request("prompts/get", {"name": "greet"}).result
                self.assertEqual(list(got), ["messages"])
                self.assertEqual(len(client.list("resources/templates/list", "resourceTemplates")), 1)
                completed = client.request("completion/complete", {"ref": {"type": "ref/prompt", "name": "greet"},
                                                                   "argument": {"name": "a", "value": "b"}}).result
                self.assertEqual(completed, {"completion": {"values": ["alpha", "beta"]}})

    def test_unknown_tool(self):
        self.assertEqual(self.client().call("nothing").error["code"], -32602)

    @shows("progress", "2025-11-25", server=("http", "stdio"), server_era=MODERN)
    @shows("logging", "2025-11-25", server_era=MODERN)
    @bridged(("progress", "logging"), "2025-11-25")
    def test_progress_and_logs(self):
        for grant in ("agent", "child"):
            with self.subTest(grant):
                client = self.client(grant)
                seen = self.converse(client, "noisy", {}, meta={"progressToken": "mine"})
                self.assertEqual([message.get("method") for message in seen],
                                 ["notifications/progress", "notifications/message", None])
                self.assertEqual(seen[0]["params"], {"progressToken": "mine", "progress": 1, "message": "half"})
        client = self.client()
        self.assertEqual(client.request("logging/setLevel", {"level": "error"}).result, {})
        seen = self.converse(client, "noisy", {})
        self.assertEqual(seen[0]["params"]["level"], "error")

    def test_modern_error_codes_stay_inside(self):
        for code, wanted in ((-32020, -32603), (-32021, -32602), (-32022, -32603)):
            def hook(exchange, code=code):
                if exchange.seen.rpc != "tools/call":
                    return False
                error = {"code": code, "message": "m", "data": {"supported": [MODERN]}}
                body = {"jsonrpc": "2.0", "id": exchange.seen.message["id"], "error": error}
                exchange.http(400, json.dumps(body).encode())
                return True
            client = self.client()
            client.tools()
            self.upstream.hook = hook
            answer = client.call("echo")
            self.upstream.hook = None
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.error, {"code": wanted, "message": "m"})

    @shows("x-mcp-header", "2025-11-25", server_era=MODERN)
    @bridged("x-mcp-header", "2025-11-25", "http")
    def test_mirrored_arguments(self):
        client = self.client()
        mark = self.upstream.mark()
        self.assertEqual(client.call("region", {"region": "eu"}).text, '{"region": "eu"}')
        self.assertEqual(self.asked(mark)[0].header("mcp-param-region"), "eu")

    def test_mirrored_arguments_are_learned_anew(self):
        """-32020: the gateway lists the tools again and repeats the call once, under a new id."""
        client = self.client()
        client.tools()
        refused = []

        def hook(exchange):
            if exchange.seen.rpc != "tools/call" or refused:
                return False
            refused.append(exchange.seen)
            error = {"code": -32020, "message": "Header mismatch"}
            exchange.http(400, json.dumps({"jsonrpc": "2.0", "id": exchange.seen.message["id"], "error": error}).encode())
            return True
        self.upstream.hook = hook
        mark = self.upstream.mark()
        self.assertEqual(client.call("region", {"region": "eu"}).text, '{"region": "eu"}')
        first, second = self.asked(mark)
        self.assertNotEqual(first.message["id"], second.message["id"])

    def test_an_unknown_result_type_is_no_answer(self):
        self.upstream.server.handlers["echo"] = lambda _: {"resultType": "task", "taskId": "t", "content": []}
        try:
            answer = self.client().call("echo")
        finally:
            del self.upstream.server.handlers["echo"]
        self.assertIn("[UPSTREAM ERROR]", answer.text)


class Inputs(Bridged):
    REQUESTS = {"a b": elicit(FORM), "s": {"method": "sampling/createMessage", "params": SAMPLE}, "r": {"method": "roots/list"}}
    ANSWERS = {"elicitation/create": {"action": "accept", "content": {"ok": True}, "_meta": {"x": 1}},
               "sampling/createMessage": {"role": "assistant", "model": "m", "content": {"type": "text", "text": "1.50"}},
               "roots/list": ROOTS}

    def answer(self, question):
        return self.ANSWERS[question["method"]]

    @shows(("sampling", "roots", "elicitation: form", "input-required rounds"), "2025-11-25", server=("http", "stdio"), server_era=MODERN)
    @bridged(("sampling", "roots", "elicitation: form", "input-required rounds"), "2025-11-25")
    def test_the_client_is_asked_as_a_legacy_server_would(self):
        for grant in ("agent", "said", "child"):
            with self.subTest(grant):
                client = self.client(grant)
                mark = self.upstream.mark()
                seen = self.converse(client, "ask", {"requests": self.REQUESTS, "state": "x"}, self.answer)
                self.assertEqual([message.get("method") for message in seen],
                                 ["elicitation/create", "sampling/createMessage", "roots/list", None])
                self.assertEqual(seen[0]["params"], FORM)
                self.assertEqual(seen[1]["params"], SAMPLE)
                got = json.loads(seen[-1]["result"]["content"][0]["text"])
                self.assertEqual(got["responses"]["a b"], {"action": "accept", "content": {"ok": True}})
                self.assertEqual(got["responses"]["s"], self.ANSWERS["sampling/createMessage"])
                self.assertEqual(got["responses"]["r"], ROOTS)
                self.assertEqual(got["state"], '1:\u00e9"x')
                if grant != "child":
                    first, second = self.asked(mark)
                    self.assertNotEqual(first.message["id"], second.message["id"])
                    self.assertEqual(first.params["arguments"], second.params["arguments"])
                    self.assertNotIn("inputResponses", first.params)

    def test_several_rounds(self):
        seen = self.converse(self.client(), "ask", {"requests": {"r": {"method": "roots/list"}}, "rounds": 3}, self.answer)
        self.assertEqual([message.get("method") for message in seen], ["roots/list"] * 3 + [None])
        self.assertTrue(json.loads(seen[-1]["result"]["content"][0]["text"])["state"].startswith("3:"))

    def test_no_state_was_given(self):
        seen = self.converse(self.client(), "ask", {"requests": {"r": {"method": "roots/list"}}, "stateless": True}, self.answer)
        self.assertIsNone(json.loads(seen[-1]["result"]["content"][0]["text"])["state"])

    def test_nothing_is_asked_for(self):
        seen = self.converse(self.client(), "ask", {"rounds": 2})
        self.assertEqual(len(seen), 1)
        self.assertTrue(json.loads(seen[0]["result"]["content"][0]["text"])["state"].startswith("2:"))

    def test_a_server_that_asks_for_ever(self):
        mark = self.upstream.mark()
        seen = self.converse(self.client(), "forever", {})
        self.assertIn("[UPSTREAM ERROR]", seen[-1]["result"]["content"][0]["text"])
        self.assertEqual(len(self.asked(mark)), 33)

    @shows("elicitation: url", "2025-11-25", server_era=MODERN)
    @bridged("elicitation: url", "2025-11-25", "http")
    def test_urls(self):
        seen = self.converse(self.client(), "ask", {"requests": {"u": elicit(URL)}}, lambda _: {"action": "accept"})
        self.assertTrue(seen[0]["params"].pop("elicitationId"))
        self.assertEqual(seen[0]["params"], URL)
        for version in ("2025-03-26", "2025-06-18"):
            seen = self.converse(self.client(version=version), "ask", {"requests": {"u": elicit(URL)}})
            self.assertEqual(json.loads(seen[-1]["result"]["content"][0]["text"])["responses"], {"u": {"action": "decline"}})

    def test_errors_of_the_client(self):
        no = {"code": -1, "message": "User rejected"}
        seen = self.converse(self.client(), "ask", {"requests": {"e": elicit(FORM)}}, lambda _: no)
        self.assertEqual(json.loads(seen[-1]["result"]["content"][0]["text"])["responses"], {"e": {"action": "decline"}})
        mark = self.upstream.mark()
        seen = self.converse(self.client(), "ask", {"requests": {"s": self.REQUESTS["s"]}}, lambda _: no)
        self.assertTrue(seen[-1]["result"]["isError"])
        self.assertIn("User rejected", seen[-1]["result"]["content"][0]["text"])
        self.assertEqual(len(self.asked(mark)), 1)

    def test_T111_questions_that_the_settings_do_not_allow(self):
        client = self.client("shut")
        seen = self.converse(client, "ask", {"requests": {"e": elicit(FORM)}})
        self.assertEqual(len(seen), 1)
        self.assertEqual(json.loads(seen[-1]["result"]["content"][0]["text"])["responses"], {"e": {"action": "decline"}})
        seen = self.converse(client, "ask", {"requests": {"s": self.REQUESTS["s"]}})
        self.assertEqual(len(seen), 1)
        self.assertTrue(seen[-1]["result"]["isError"])

    def test_a_session_that_ends_ends_its_calls(self):
        client = self.client()
        with client.open() as wire:
            opened = client.call("ask", {"requests": {"r": {"method": "roots/list"}}}, stream=True, wire=wire)
            messages = messages_of(opened, wire)
            next(messages)
            self.assertEqual(client.delete().status, 204)
            self.assertIn("[UPSTREAM ERROR]", next(messages)["result"]["content"][0]["text"])


class OverStdio(CommandCase):
    """A client that speaks stdio, by `doorward run`."""

    def setUp(self):
        super().setUp()
        policy = self.write("p.json", {"version": "1", "default": "allow", "tools": {"media": {"action": "deny"}}})
        self.process = subprocess.Popen([str(BINARY), "run", "--policy", str(policy), "--server", "up", "--state", str(self.state),
                                         "--", sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def say(self, message):
        print(json.dumps(message), file=self.process.stdin, flush=True)

    def ask(self, method, params, id):
        self.say({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        seen = []
        while not seen or seen[-1].get("id") != id:
            seen.append(json.loads(self.process.stdout.readline()))
        return seen

    @bridged(("tools: list and call", "progress", "logging", "denials", "resources: subscribe", "list_changed"), "2025-11-25",
             "stdio", "stdio")
    def test_a_session(self):
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        self.assertEqual(self.ask("initialize", hello, "i")[-1]["result"]["protocolVersion"], "2025-11-25")
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.assertIn("echo", [tool["name"] for tool in self.ask("tools/list", {}, 1)[-1]["result"]["tools"]])
        seen = self.ask("tools/call", {"name": "noisy", "arguments": {}, "_meta": {"progressToken": "p"}}, 2)
        self.assertEqual([message.get("method") for message in seen], ["notifications/progress", "notifications/message", None])
        self.assertTrue(self.ask("tools/call", {"name": "media", "arguments": {}}, 3)[-1]["result"]["isError"])
        self.assertEqual(self.ask("resources/subscribe", {"uri": "memo://one"}, 4)[-1]["result"], {})
        seen = self.ask("tools/call", {"name": "change", "arguments": {}}, 5)
        self.assertIn("notifications/tools/list_changed", [message.get("method") for message in seen])


class Cancellation(Bridged):
    @shows("cancellation", "2025-11-25", server_era=MODERN)
    @bridged("cancellation", "2025-11-25", "http")
    def test_over_http_the_stream_closes(self):
        aborted = []

        def hook(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            aborted.append(exchange.wait_closed(5))
            exchange.close()
        client = self.client()
        client.tools()
        self.upstream.hook = hook
        mark = self.upstream.mark()
        with client.open() as wire:
            wire.send(self.request_of(client, client.build("tools/call", {"name": "echo", "arguments": {}}, id="c")))
            self.upstream.wait_for(lambda _: self.asked(mark))
            self.assertEqual(client.notify("notifications/cancelled", {"requestId": "c"}).status, 202)
            self.upstream.wait_for(lambda _: aborted)
        self.assertEqual(aborted, [True])
        self.assertEqual(self.asked(mark, "notifications/cancelled"), [])

    def request_of(self, client, message):
        return request_bytes(client.path, json.dumps(message).encode(), client.headers(message),
                             host=f"127.0.0.1:{self.gateway.port}")


class Failures(Bridged):
    def closing(self, rounds):
        """The upstream breaks off the call of this round."""
        seen = []

        def hook(exchange):
            if exchange.seen.rpc == "tools/call":
                seen.append(exchange.seen)
                if len(seen) == rounds:
                    exchange.reset()
            return False
        self.upstream.hook = hook

    def test_a_server_that_breaks_off(self):
        for rounds in (1, 2):
            client = self.client()
            client.tools()
            self.closing(rounds)
            seen = self.converse(client, "ask", {"requests": {"r": {"method": "roots/list"}}}, lambda _: ROOTS)
            self.upstream.hook = None
            self.assertEqual(len(seen), rounds)
            self.assertIn("[UPSTREAM ERROR]", seen[-1]["result"]["content"][0]["text"])
            self.assertIn("may or may not have run", seen[-1]["result"]["content"][0]["text"])
            self.assertEqual(client.call("echo").text, "{}")

    def test_a_stream_that_breaks_is_not_resumed(self):
        """In the modern era a broken stream has lost its request, ids on its events or not."""
        def hook(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.open_stream()
            exchange.chunk(b"id: 1\nretry: 10\ndata: \n\n")
            exchange.end_stream()
            return True
        client = self.client()
        client.tools()
        self.upstream.hook = hook
        mark = self.upstream.mark()
        self.assertIn("[UPSTREAM ERROR]", client.call("echo").text)
        self.upstream.hook = None
        self.assertEqual([seen.method for seen in self.upstream.since(mark)], ["POST"])

    def test_what_is_no_message(self):
        bodies = [b"{", b"[]", b'{"jsonrpc":"2.0","id":1,"result":{}}', b'{"jsonrpc":"2.0","id":1,"result":[]}',
                  b'{"jsonrpc":"2.0","id":%d,"result":{"resultType":"input_required"}}',
                  b'{"jsonrpc":"2.0","id":%d,"result":{"resultType":"input_required","requestState":5}}',
                  b'{"jsonrpc":"2.0","id":%d,"result":{"resultType":"input_required","inputRequests":[]}}',
                  b'{"jsonrpc":"2.0","id":%d,"result":{"resultType":7}}']
        client = self.client()
        client.tools()
        for body in bodies:
            with self.subTest(body):
                def hook(exchange, body=body):
                    if exchange.seen.rpc != "tools/call":
                        return False
                    exchange.http(200, body.replace(b"%d", str(exchange.seen.message["id"]).encode()))
                    return True
                self.upstream.hook = hook
                answer = client.call("echo")
                self.assertTrue(answer.result["isError"], answer)
        self.upstream.hook = None
        self.assertEqual(client.call("echo").text, "{}")


class Replaced(Bridged):
    """With a gateway of its own: which era a server has is not doubted again within seconds."""

    def test_a_server_that_is_replaced_by_a_legacy_one(self):
        """Its sessions are lost; the next handshake goes to the server as it is."""
        client = self.client()
        client.tools()
        self.upstream.legacy = FakeServer()
        try:
            self.assertIn("it has lost the session", client.call("echo").text)
            self.assertEqual(client.call("echo").status, 404)
            again = self.client(ready=False)
            self.assertEqual(again.initialize().result["instructions"], "Be kind.")
            mark = self.upstream.mark()
            self.assertEqual(again.call("echo", {"a": 1}).text, '{"a": 1}')
            sent, = self.asked(mark)
            self.assertTrue(sent.header("mcp-session-id"))
            self.assertNotIn("_meta", sent.params)
        finally:
            self.upstream.legacy = None


class Subscriptions(Bridged):
    LISTS = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}

    def setUp(self):
        super().setUp()
        self.upstream.wait_filter([])

    def heard(self, wire):
        return next(json.loads(event["data"]) for event in wire.events(5) if event.get("data"))

    @shows(("list_changed", "subscriptions/listen"), "2025-11-25", server_era=MODERN)
    @bridged("list_changed", "2025-11-25", "http")
    def test_changes_reach_the_stream(self):
        client = self.client()
        opened, wire = client.listen()
        self.assertEqual(opened.status, 200)
        self.upstream.wait_filter([self.LISTS])
        self.assertEqual(self.upstream.change(), 1)
        self.assertEqual(self.heard(wire), {"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {}})
        client.delete()
        wire.close()
        self.upstream.wait_filter([])

    @shows("resources: subscribe", "2025-11-25", server_era=MODERN)
    @bridged(("resources: subscribe", "subscriptions/listen"), "2025-11-25", "http")
    def test_resources(self):
        client = self.client()
        _, wire = client.listen()
        for uri in ("memo://one", "memo://two"):
            self.assertEqual(client.request("resources/subscribe", {"uri": uri}).result, {})
        self.upstream.wait_filter([{**self.LISTS, "resourceSubscriptions": ["memo://one", "memo://two"]}])
        self.assertEqual(self.upstream.change("memo://two"), 1)
        heard = self.heard(wire)
        self.assertEqual((heard["method"], heard["params"]), ("notifications/resources/updated", {"uri": "memo://two"}))
        self.assertEqual(client.request("resources/unsubscribe", {"uri": "memo://two"}).result, {})
        self.upstream.wait_filter([{**self.LISTS, "resourceSubscriptions": ["memo://one"]}])
        client.delete()
        self.upstream.wait_filter([])
        wire.close()

    def test_a_resource_that_the_server_does_not_grant(self):
        self.upstream.server.granted = lambda uri: uri != "memo://two"
        try:
            client = self.client()
            self.assertEqual(client.request("resources/subscribe", {"uri": "memo://one"}).result, {})
            self.assertEqual(client.request("resources/subscribe", {"uri": "memo://two"}).error["code"], -32602)
        finally:
            self.upstream.server.granted = lambda uri: True
        client.delete()

    def test_a_subscription_that_the_server_ends_is_opened_again(self):
        client = self.client()
        _, wire = client.listen()
        self.upstream.wait_filter([self.LISTS])
        with self.upstream.lock:
            (_, stream), = self.upstream.streams.items()
        stream.wire.sock.shutdown(socket.SHUT_RDWR)
        self.upstream.wait_for(lambda upstream: stream not in upstream.streams.values())
        self.upstream.wait_for(lambda upstream: upstream.streams)
        self.assertEqual(self.upstream.change(), 1)
        self.assertEqual(self.heard(wire)["method"], "notifications/tools/list_changed")
        wire.close()

    @shows(("list_changed", "subscriptions/listen", "resources: subscribe"), "2025-11-25", server="stdio", server_era=MODERN)
    @bridged(("resources: subscribe", "subscriptions/listen", "list_changed"), "2025-11-25", "stdio")
    def test_over_stdio(self):
        client = self.client("child")
        opened, wire = client.listen()
        self.assertEqual(client.request("resources/subscribe", {"uri": "memo://one"}).result, {})
        client.call("change")
        self.assertEqual(self.heard(wire)["method"], "notifications/tools/list_changed")
        client.call("change", {"uri": "memo://one"})
        self.assertEqual(self.heard(wire)["params"], {"uri": "memo://one"})
        client.delete()
        wire.close()
        sent = [json.loads(line) for line in self.record.read_text().splitlines()]
        listens = [message["id"] for message in sent if message.get("method") == "subscriptions/listen"]

        def cancelled(_):
            lines = [json.loads(line) for line in self.record.read_text().splitlines()]
            return {message["params"]["requestId"] for message in lines if message.get("method") == "notifications/cancelled"}
        self.upstream.wait_for(lambda _: set(listens) <= cancelled(_))


if __name__ == "__main__":
    unittest.main()
