"""What servers ask their clients (sampling, elicitation, roots) in the legacy revisions, and who may."""
import json
import sys
import threading
import unittest

from harness.case import GatewayCase
from harness.gateway import ROOT, Gateway
from harness.client import LEGACY
from harness.shows import shows

EVERYTHING = {"sampling": {}, "elicitation": {"form": {}, "url": {}}, "roots": {"listChanged": True}}
OPEN = {"version": "1", "default": "allow"}
STDIO = [sys.executable, str(ROOT / "tests" / "harness" / "asking_server.py")]
QUESTIONS = {
    "sampling/createMessage": {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}], "maxTokens": 5},
    "elicitation/create": {"message": "Sure?", "requestedSchema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}},
    "roots/list": None,
}


def question(method, id="s\"1", token=None):
    message = {"jsonrpc": "2.0", "id": id, "method": method}
    params = dict(QUESTIONS[method] or {})
    if token is not None:
        params["_meta"] = {"progressToken": token}
    if params:
        message["params"] = params
    return message


class AskingCase(GatewayCase):
    policies = {f"open-{name}": (name, OPEN) for name in ("all", "none", "child", "roots")}
    grants = {name: (name, f"open-{name}") for name in ("all", "none", "child", "roots")}

    @classmethod
    def make_gateway(cls):
        kinds = ["sampling", "elicitation", "roots"]
        return Gateway({"all": {"url": cls.upstream.url, "client_requests": kinds}, "none": cls.upstream.url,
                        "roots": {"url": cls.upstream.url, "client_requests": ["roots"]},
                        "child": {"command": STDIO, "client_requests": kinds}}, cls.policies, cls.grants, **cls.config)

    def asks(self, message, more=(), until=1):
        """The upstream asks `message` in the answer to a call, and goes on when `until` responses have come."""
        mark = self.upstream.mark()

        def responses(upstream):
            return [seen for seen in upstream.since(mark) if isinstance(seen.message, dict)
                    and "id" in seen.message and "method" not in seen.message]

        def hook(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.open_stream()
            exchange.event(message)
            for extra in more:
                exchange.event(extra)
            if until:
                self.upstream.wait_for(lambda upstream: len(responses(upstream)) >= until)
            exchange.event(exchange.default())
            exchange.end_stream()
            return True
        self.upstream.hook = hook
        return lambda: responses(self.upstream)

    def call(self, client, answer=None, seconds=20):
        """Calls a tool; `answer(message)` gives the response to each request of the server. All messages."""
        messages = []
        with client.open() as wire:
            opened = client.call("echo", {"a": 1}, stream=True, wire=wire)
            if not opened.is_stream:
                return [opened.message()]
            for event in wire.events(seconds):
                if not event.get("data"):
                    continue
                message = json.loads(event["data"])
                messages.append(message)
                if "method" in message and "id" in message and answer:
                    self.assertEqual(client.post(answer(message)).status, 202)
        return messages


class Allowed(AskingCase):
    @shows(("sampling", "roots"), LEGACY)
    @shows("elicitation: form", LEGACY[1:])
    def test_asked_and_answered(self):
        for version in LEGACY:
            for method in QUESTIONS:
                if method == "elicitation/create" and version == "2025-03-26":
                    continue
                with self.subTest(f"{version} {method}"):
                    client = self.client("all", version=version, capabilities=EVERYTHING)
                    responses = self.asks(question(method))
                    messages = self.call(client, lambda asked: {"jsonrpc": "2.0", "id": asked["id"], "result": {"x": [1, 2.50]}})
                    self.assertEqual(messages[0]["method"], method)
                    self.assertEqual(messages[0].get("params"), QUESTIONS[method])
                    self.assertNotEqual(messages[0]["id"], "s\"1", "the id toward the client is ours")
                    self.assertEqual(responses()[0].message, {"jsonrpc": "2.0", "id": "s\"1", "result": {"x": [1, 2.5]}})
                    self.assertEqual(messages[-1]["result"]["content"][0]["text"], '{"a": 1}')

    @shows("elicitation: url", "2025-11-25")
    def test_urls(self):
        """A question that leads to a page passes as it is, and so does the notice that the page was done with."""
        client = self.client("all", capabilities=EVERYTHING)
        params = {"mode": "url", "message": "Sign in", "url": "https://login.test/", "elicitationId": "e-1"}
        complete = {"jsonrpc": "2.0", "method": "notifications/elicitation/complete", "params": {"elicitationId": "e-1"}}
        responses = self.asks({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": params}, [complete])
        messages = self.call(client, lambda asked: {"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept"}})
        self.assertEqual(messages[0]["params"], params)
        self.assertIn(complete, messages)
        self.assertEqual(responses()[0].message["result"], {"action": "accept"})

    def test_it_is_recorded(self):
        client = self.client("all", capabilities=EVERYTHING)
        self.asks(question("sampling/createMessage"))
        self.gateway.new_records()
        self.call(client, lambda asked: {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -1, "message": "no"}})
        found = []

        def pair():
            """The record of this client's question and that of its answer."""
            found.extend(self.gateway.new_records())
            for asked in found:
                if asked["event"] == "server.asked" and asked["method"] == "sampling/createMessage":
                    for answered in found:
                        if answered["event"] == "client.answered" and answered["request"] == asked["request"]:
                            if answered["result"] == "error":
                                return asked, answered
            return None
        asked, answered = self.upstream.wait_for(lambda _: pair())
        self.assertEqual((asked["server"], answered["server"]), ("all", "all"))
        self.assertEqual(asked["session"], answered["session"])

    def test_errors_and_progress_pass(self):
        client = self.client("all", capabilities=EVERYTHING)
        responses = self.asks(question("sampling/createMessage", id=7, token="theirs"))

        def answer(asked):
            token = asked["params"]["_meta"]["progressToken"]
            self.assertNotEqual(token, "theirs")
            self.assertEqual(client.notify("notifications/progress", {"progressToken": token, "progress": 1}).status, 202)
            self.assertEqual(client.notify("notifications/progress", {"progressToken": 99, "progress": 1}).status, 202)
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -1, "message": "User rejected"}}
        mark = self.upstream.mark()
        self.call(client, answer)
        self.assertEqual(responses()[0].message["error"], {"code": -1, "message": "User rejected"})
        progress = [seen for seen in self.upstream.since(mark) if seen.rpc == "notifications/progress"]
        self.assertEqual([seen.params["progressToken"] for seen in progress], ["theirs"])

    def test_on_the_stream_of_the_session(self):
        client = self.client("all", capabilities=EVERYTHING)
        _, wire = client.listen()
        self.upstream.wait_for(lambda upstream: any(upstream.listeners.values()))
        mark = self.upstream.mark()
        self.upstream.push(question("roots/list"))
        asked = next(json.loads(event["data"]) for event in wire.events(5) if event.get("data"))
        self.assertEqual(asked["method"], "roots/list")
        self.assertEqual(client.post({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": []}}).status, 202)
        self.upstream.wait_for(lambda upstream: [seen for seen in upstream.since(mark) if seen.message
                                                 == {"jsonrpc": "2.0", "id": "s\"1", "result": {"roots": []}}])
        wire.close()

    def test_withdrawn_by_the_server(self):
        client = self.client("all", capabilities=EVERYTHING)
        self.asks(question("elicitation/create"), [{"jsonrpc": "2.0", "method": "notifications/cancelled",
                                                    "params": {"requestId": "s\"1"}}], until=0)
        messages = self.call(client)
        self.assertEqual([message.get("method") for message in messages],
                         ["elicitation/create", "notifications/cancelled", None])
        self.assertEqual(messages[1]["params"]["requestId"], messages[0]["id"])
        self.assertEqual(client.post({"jsonrpc": "2.0", "id": messages[0]["id"], "result": {}}).status, 400)

    def test_pings_are_answered_by_the_gateway(self):
        client = self.client("none")
        responses = self.asks({"jsonrpc": "2.0", "id": "p", "method": "ping"})
        messages = self.call(client)
        self.assertEqual(len(messages), 1)
        self.assertEqual(responses()[0].message, {"jsonrpc": "2.0", "id": "p", "result": {}})

    @shows(("sampling", "roots", "elicitation: form"), "2025-11-25", server="stdio")
    def test_over_stdio(self):
        for method in QUESTIONS:
            with self.subTest(method):
                client = self.client("child", capabilities=EVERYTHING)
                with client.open() as wire:
                    opened = client.call("ask", question(method, id="x"), stream=True, wire=wire)
                    self.assertTrue(opened.is_stream)
                    events = (json.loads(event["data"]) for event in wire.events(5) if event.get("data"))
                    asked = next(events)
                    self.assertEqual(asked["method"], method)
                    response = {"jsonrpc": "2.0", "id": asked["id"], "result": {"said": "yes"}}
                    self.assertEqual(client.post(response).status, 202)
                    text = next(events)["result"]["content"][0]["text"]
                self.assertEqual(json.loads(text), {"jsonrpc": "2.0", "id": "x", "result": {"said": "yes"}})
                client.delete()

    def test_a_patient_server_waits_for_the_client(self):
        """Silence of a server that waits for an answer of the client is no failure of the server."""
        with Gateway({"all": {"url": self.upstream.url, "client_requests": ["roots"], "timeouts": {"stream_idle": "300ms"}}},
                     {"open": ("all", OPEN)}, {"all": ("all", "open")}) as gateway:
            client = gateway.client("all", capabilities=EVERYTHING)
            client.initialize()
            self.asks(question("roots/list"))
            pause = threading.Event()

            def answer(asked):
                pause.wait(1.2)
                return {"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": []}}
            self.assertEqual(self.call(client, answer)[-1]["result"]["content"][0]["text"], '{"a": 1}')


class Refused(AskingCase):
    def test_T111_not_allowed(self):
        """By the server's setting, by the client's own capabilities, by the revision, by the kind."""
        cases = [("none", "2025-11-25", EVERYTHING, method) for method in QUESTIONS]
        cases += [("roots", "2025-11-25", EVERYTHING, "sampling/createMessage"),
                  ("roots", "2025-11-25", EVERYTHING, "elicitation/create"),
                  ("all", "2025-11-25", {}, "sampling/createMessage"), ("all", "2025-11-25", {"roots": {}}, "elicitation/create"),
                  ("all", "2025-03-26", EVERYTHING, "elicitation/create")]
        for grant, version, capabilities, method in cases:
            with self.subTest(f"T111 {grant} {version} {sorted(capabilities)} {method}"):
                client = self.client(grant, version=version, capabilities=capabilities)
                responses = self.asks(question(method))
                messages = self.call(client)
                self.assertEqual(len(messages), 1, "the client sees the answer alone")
                self.assertIn("error", responses()[0].message)

    def test_T111_the_server_is_told_of_allowed_capabilities_alone(self):
        wanted = {"all": EVERYTHING, "none": {}, "roots": {"roots": {"listChanged": True}}}
        for grant, capabilities in wanted.items():
            mark = self.upstream.mark()
            self.client(grant, capabilities={**EVERYTHING, "experimental": {"x": {}}, "tasks": {}})
            sent = next(seen for seen in self.upstream.since(mark) if seen.rpc == "initialize")
            self.assertEqual(sent.params["capabilities"], capabilities)
            mark = self.upstream.mark()
            modern = self.client(grant, version="2026-07-28", capabilities={**EVERYTHING, "extensions": {"com.example/x": {}}})
            modern.call("echo")
            sent = self.upstream.calls(mark)[0]
            self.assertEqual(sent.params["_meta"]["io.modelcontextprotocol/clientCapabilities"], capabilities)

    def test_T040_responses_to_no_question_of_this_session(self):
        first, second = (self.client("all", capabilities=EVERYTHING) for _ in range(2))
        self.asks(question("roots/list"))
        mark = self.upstream.mark()
        statuses = []

        def answer(asked):
            response = {"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": []}}
            statuses.append(second.post(response).status)
            statuses.append(first.post({**response, "id": asked["id"] + 256}).status)
            statuses.append(first.post({**response, "id": str(asked["id"])}).status)
            statuses.append(first.post(response).status)
            statuses.append(first.post(response).status)
            return None
        with first.open() as wire:
            opened = first.call("echo", stream=True, wire=wire)
            self.assertTrue(opened.is_stream)
            for event in wire.events(5):
                message = json.loads(event["data"]) if event.get("data") else {}
                if message.get("method") == "roots/list":
                    answer(message)
        self.assertEqual(statuses, [400, 400, 400, 202, 400])
        passed = [seen for seen in self.upstream.since(mark) if seen.message and "result" in seen.message]
        self.assertEqual(len(passed), 1)

    def test_too_many_questions(self):
        client = self.client("all", capabilities=EVERYTHING)
        responses = self.asks(question("roots/list", id=0), [question("roots/list", id=number) for number in range(1, 40)], until=8)
        messages = self.call(client)
        self.assertEqual(len(messages), 33)
        self.assertTrue(all("error" in seen.message for seen in responses()))


if __name__ == "__main__":
    unittest.main()
