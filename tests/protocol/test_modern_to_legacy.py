"""Modern clients before legacy servers: the bridge that holds sessions for them, over HTTP and over stdio."""
import json
import pathlib
import sys
import tempfile
import threading
import time
import unittest

from harness.case import GatewayCase
from harness.client import META, MODERN
from harness.gateway import ROOT, Gateway
from harness.shows import shows
from harness.upstream import RecordingUpstream

OPEN = {"version": "1", "default": "allow"}
KINDS = ["sampling", "elicitation", "roots"]
EVERYTHING = {"sampling": {}, "elicitation": {"form": {}, "url": {}}, "roots": {}}
LEGACY = {"server_era": "2025-11-25"}
SERVER = str(ROOT / "tests" / "harness" / "legacy_server.py")
SAMPLING = {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}], "maxTokens": 5}
FORM = {"message": "Sure?", "requestedSchema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}
ACCEPT = {"action": "accept", "content": {"ok": True}}


def request(method, id, params=None):
    return {"jsonrpc": "2.0", "id": id, "method": method, **({"params": params} if params is not None else {})}


class BridgeCase(GatewayCase):
    version = MODERN
    names = ("child", "single", "shared", "closed", "up")
    policies = {f"open-{name}": (name, OPEN) for name in names}
    grants = {**{name: (name, f"open-{name}") for name in names}, "leaving": ("child", "open-child"),
              **{f"other-{name}": (name, f"open-{name}") for name in names}}

    @classmethod
    def make_upstream(cls):
        upstream = RecordingUpstream()
        upstream.server.modern = False
        return upstream

    @classmethod
    def make_gateway(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

        def child(name, **protocol):
            return {"command": [sys.executable, SERVER, str(pathlib.Path(cls.folder.name, name))], **protocol}
        return Gateway({"child": child("child", client_requests=KINDS),
                        "single": child("single", client_requests=KINDS, sessions="per_call"),
                        "shared": child("shared", client_requests=KINDS, sessions="shared"), "closed": child("closed"),
                        "up": {"url": cls.upstream.url, "client_requests": KINDS}}, cls.policies, cls.grants, **cls.config)

    def seen(self, name):
        """What the process of that server has read."""
        path = pathlib.Path(self.folder.name, name)
        return [json.loads(line)["message"] for line in path.read_text().splitlines()] if path.exists() else []

    def wait_seen(self, name, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while not (found := [message for message in self.seen(name) if condition(message)]):
            self.assertLess(time.monotonic(), deadline, f"{name} did not see it: {self.seen(name)[-5:]}")
            time.sleep(0.01)
        return found


class Lists(BridgeCase):
    @shows("server/discover", MODERN, server=("http", "stdio"), **LEGACY)
    def test_discovery_is_made_of_the_handshake(self):
        for grant in ("child", "up"):
            with self.subTest(grant):
                result = self.client(grant).request("server/discover").result
                self.assertEqual(result["resultType"], "complete")
                self.assertIn(MODERN, result["supportedVersions"])
                self.assertEqual(result["instructions"], "Be kind.")
                self.assertIn("tools", result["capabilities"])
                self.assertNotIn("tasks", result["capabilities"])
                self.assertEqual((result["ttlMs"], result["cacheScope"]), (0, "private"))
                self.assertEqual(result["_meta"][META + "serverInfo"], {"name": "fake", "version": "7"})

    @shows(("tools: list and call", "resources: list, templates, read", "prompts: list and get", "completion"), MODERN, server=("http", "stdio"), **LEGACY)
    def test_results_are_modern(self):
        for grant in ("child", "up"):
            with self.subTest(grant):
                client = self.client(grant)
                for method, params in (("tools/list", {}), ("resources/list", {}), ("resources/templates/list", {}),
                                       ("prompts/list", {}), ("resources/read", {"uri": "memo://one"})):
                    result = client.request(method, params).result
                    self.assertEqual((result["resultType"], result["ttlMs"], result["cacheScope"]),
                                     ("complete", 0, "private"), method)
                    self.assertEqual(result["_meta"][META + "serverInfo"]["name"], "fake")
                self.assertNotIn("execution", json.dumps(client.request("tools/list").result))
                for method, params in (("prompts/get", {"name": "greet"}), ("tools/call", {"name": "echo", "arguments": {"n": 1}}),
                                       ("completion/complete", {"ref": {"type": "ref/prompt", "name": "greet"},
                                                                "argument": {"name": "a", "value": "b"}})):
                    result = client.request(method, params).result
                    self.assertEqual(result["resultType"], "complete")
                    self.assertNotIn("ttlMs", result)

    def test_the_server_sees_a_legacy_client(self):
        client = self.client("up")
        mark = self.upstream.mark()
        client.call("echo", {"n": 1}, meta={"progressToken": "p", META + "logLevel": "debug", "mine": 1})
        calls = self.upstream.calls(mark)
        self.assertEqual(len(calls), 1)
        self.assertEqual(set(calls[0].params), {"name", "arguments", "_meta"})
        self.assertEqual(set(calls[0].params["_meta"]), {"progressToken", "mine"})
        self.assertEqual(calls[0].header("mcp-protocol-version"), "2025-11-25")
        self.assertIn(calls[0].header("mcp-session-id"), self.upstream.minted)
        self.assertIsNone(calls[0].header("mcp-method"))

    def test_one_session_for_many_calls(self):
        client = self.client("up", capabilities={"roots": {}})
        mark = self.upstream.mark()
        for number in range(5):
            self.assertEqual(client.call("echo", {"n": number}).text, f'{{"n": {number}}}')
        calls = self.upstream.calls(mark)
        self.assertEqual(len(calls), 5)
        self.assertEqual(len({call.header("mcp-session-id") for call in calls}), 1)

    def test_capabilities_choose_the_session(self):
        first = self.client("child", capabilities={"elicitation": {}}).call("hello")
        second = self.client("child", capabilities={}).call("hello")
        self.assertEqual(json.loads(first.text)["capabilities"], {"elicitation": {}})
        self.assertEqual(json.loads(second.text)["capabilities"], {})
        closed = self.client("closed", capabilities=EVERYTHING).call("hello")
        self.assertEqual(json.loads(closed.text)["capabilities"], {}, "what the server may not ask is not promised")

    def test_sharing(self):
        pids = {}
        for grant in ("child", "other-child", "single", "shared", "other-shared"):
            client = self.client(grant)
            pids[grant] = [client.call("pid").text for _ in range(2)]
        self.assertEqual(len(set(pids["child"])), 1)
        self.assertNotEqual(pids["child"][0], pids["other-child"][0])
        self.assertEqual(len(set(pids["single"])), 2)
        self.assertEqual(len(set(pids["shared"] + pids["other-shared"])), 1)

    def test_errors_keep_modern_codes(self):
        client = self.client("up")

        def fails(code, message="no", data=None):
            def hook(exchange):
                if exchange.seen.rpc != "resources/read":
                    return False
                error = {"code": code, "message": message, **({"data": data} if data else {})}
                exchange.json({"jsonrpc": "2.0", "id": exchange.seen.message["id"], "error": error})
                return True
            self.upstream.hook = hook
            return client.request("resources/read", {"uri": "memo://one"})
        answer = fails(-32002, "Resource not found", {"uri": "memo://one"})
        self.assertEqual((answer.error["code"], answer.error["message"]), (-32602, "Resource not found"))
        self.assertEqual(answer.status, 200)
        answer = fails(-32601)
        self.assertEqual((answer.error["code"], answer.status), (-32601, 404))
        self.assertEqual(fails(-32603).error["code"], -32603)

    def test_the_probe_is_no_call(self):
        """Nothing runs at a server of unknown era before it has told which it is of."""
        messages = self.seen("closed") or (self.client("closed").call("echo"), self.seen("closed"))[1]
        methods = [message.get("method") for message in messages]
        self.assertEqual(methods[0], "server/discover")
        self.assertLess(methods.index("initialize"), methods.index("tools/call") if "tools/call" in methods else 99)
        self.assertNotIn(META + "protocolVersion", json.dumps(messages[1:]))


class Questions(BridgeCase):
    def ask(self, client, *requests, **options):
        return client.call("ask", {"requests": list(requests)}, **options)

    def retry(self, client, result, responses, arguments):
        params = {"name": "ask", "arguments": arguments, "requestState": result["requestState"], "inputResponses": responses}
        return client.request("tools/call", params)

    @shows(("sampling", "roots", "elicitation: form", "input-required rounds"), MODERN, server="stdio", **LEGACY)
    def test_asked_and_answered(self):
        client = self.client("child", capabilities=EVERYTHING)
        arguments = {"requests": [request("elicitation/create", "s1", FORM), [request("sampling/createMessage", 7, SAMPLING),
                                                                             request("roots/list", 8)]]}
        result = client.call("ask", arguments).result
        self.assertEqual(result["resultType"], "input_required")
        (key, asked), = result["inputRequests"].items()
        self.assertEqual(asked, {"method": "elicitation/create", "params": FORM})
        result = self.retry(client, result, {key: ACCEPT}, arguments).result
        self.assertEqual(result["resultType"], "input_required")
        asked = {each["method"]: key for key, each in result["inputRequests"].items()}
        if len(asked) == 1:  # the two came in two reads
            self.assertIn("sampling/createMessage", asked)
        sampled = {"role": "assistant", "content": {"type": "text", "text": "x"}, "model": "m"}
        answers = {"sampling/createMessage": sampled, "roots/list": {"roots": []}}
        while result["resultType"] == "input_required":
            responses = {key: answers[each["method"]] for key, each in result["inputRequests"].items()}
            result = self.retry(client, result, responses, arguments).result
        self.assertEqual(json.loads(result["content"][0]["text"]),
                         [{"jsonrpc": "2.0", "id": "s1", "result": ACCEPT}, {"jsonrpc": "2.0", "id": 7, "result": sampled},
                          {"jsonrpc": "2.0", "id": 8, "result": {"roots": []}}])
        self.assertEqual(result["resultType"], "complete")

    @shows(("elicitation: form", "elicitation: url", "input-required rounds"), MODERN, **LEGACY)
    def test_over_http(self):
        client = self.client("up", capabilities=EVERYTHING)
        for extra in ({}, {"mode": "url", "url": "https://example.com", "elicitationId": "e"}):
            mark = self.upstream.mark()

            def answered(upstream, mark=mark):
                return [seen for seen in upstream.since(mark) if isinstance(seen.message, dict) and "result" in seen.message]

            def hook(exchange, extra=extra, answered=answered):
                if exchange.seen.rpc != "tools/call":
                    return False
                exchange.open_stream()
                exchange.event(request("elicitation/create", "q", {"message": "?", **extra}))
                exchange.event({"jsonrpc": "2.0", "id": exchange.seen.message["id"], "result": {"content": [
                    {"type": "text", "text": json.dumps(self.upstream.wait_for(answered)[0].message["result"])}]}})
                exchange.end_stream()
                return True
            self.upstream.hook = hook
            result = client.call("echo", {"n": 1}).result
            (key, asked), = result["inputRequests"].items()
            extra.pop("elicitationId", None)
            self.assertEqual(asked["params"], {"message": "?", **extra})
            again = client.request("tools/call", {"name": "echo", "arguments": {"n": 1}, "inputResponses": {key: ACCEPT},
                                                  "requestState": result["requestState"]})
            self.assertEqual(json.loads(again.text), ACCEPT)
            self.assertEqual(len(self.upstream.calls(mark)), 1, "the call was not sent twice")

    def test_a_missing_response_is_asked_for_again(self):
        client = self.client("child", capabilities=EVERYTHING)
        arguments = {"requests": [request("roots/list", 1)]}
        first = client.call("ask", arguments).result
        second = self.retry(client, first, {"other": {}}, arguments).result
        self.assertEqual(second["inputRequests"], first["inputRequests"])
        self.assertNotEqual(second["requestState"], first["requestState"])
        key, = second["inputRequests"]
        self.assertIn('"roots": []', self.retry(client, second, {key: {"roots": []}}, arguments).text)
        # A state is good once.
        self.assertEqual(self.retry(client, second, {key: {"roots": []}}, arguments).error["code"], -32602)

    def test_state_of_another(self):
        client = self.client("child", capabilities=EVERYTHING)
        arguments = {"requests": [request("roots/list", 1)]}
        first = client.call("ask", arguments).result
        key, = first["inputRequests"]
        for grant, changed in (("other-child", arguments), ("child", {"requests": []})):
            answer = self.retry(self.client(grant, capabilities=EVERYTHING), first, {key: {"roots": []}}, changed)
            self.assertEqual(answer.error["code"], -32602)
        self.assertIn('"roots": []', self.retry(client, first, {key: {"roots": []}}, arguments).text)

    def test_T111_what_may_not_be_asked(self):
        cases = {"nothing declared": ("child", {}, "roots/list"), "another declared": ("child", {"roots": {}}, "sampling/createMessage"),
                 "not allowed by the setting": ("closed", EVERYTHING, "roots/list"), "unknown": ("child", EVERYTHING, "made/up"),
                 "a task": ("child", EVERYTHING, "tasks/list")}
        for name, (grant, capabilities, method) in cases.items():
            with self.subTest(name):
                answer = self.ask(self.client(grant, capabilities=capabilities), request(method, 5, SAMPLING))
                self.assertEqual(json.loads(answer.text)[0]["error"]["code"], -32601)
        answer = self.ask(self.client("child"), request("ping", "p"))
        self.assertEqual(json.loads(answer.text)[0], {"jsonrpc": "2.0", "id": "p", "result": {}})

    def test_withdrawn(self):
        """What the server takes back at once is never asked."""
        client = self.client("child", capabilities=EVERYTHING)
        withdrawn = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "w"}}
        answer = self.ask(client, [request("roots/list", "w"), withdrawn, request("ping", 2)])
        self.assertEqual(json.loads(answer.text), [{"jsonrpc": "2.0", "id": 2, "result": {}}])

    def test_said_while_the_client_is_away(self):
        client = self.client("child", capabilities=EVERYTHING)
        arguments = {"requests": [[{"progress": 1}, request("roots/list", 1), {"pause": 0.2}, {"progress": 2}]]}
        *before, last = client.call("ask", arguments, meta={"progressToken": "first"}).messages()
        self.assertEqual([(each["params"]["progressToken"], each["params"]["progress"]) for each in before], [("first", 1)])
        time.sleep(0.4)  # if the progress comes later after all, it comes with the answer
        params = {"name": "ask", "arguments": arguments, "requestState": last["result"]["requestState"],
                  "inputResponses": {key: {"roots": []} for key in last["result"]["inputRequests"]}, "_meta": {"progressToken": 7}}
        *after, last = client.request("tools/call", params).messages()
        self.assertEqual([(each["params"]["progressToken"], each["params"]["progress"]) for each in after], [(7, 2)])
        self.assertIn("roots", last["result"]["content"][0]["text"])

    def test_a_grant_revoked_while_its_call_waits(self):
        client = self.client("leaving", capabilities=EVERYTHING)
        client.call("ask", {"requests": [request("roots/list", 1)]})
        asked = self.wait_seen("child", lambda seen: seen.get("params", {}).get("name") == "ask")[-1]
        self.gateway.revoke("leaving")
        self.wait_seen("child", lambda seen: seen.get("method") == "notifications/cancelled" and
                       seen["params"]["requestId"] == asked["id"])

    @shows("cancellation", MODERN, server="stdio", **LEGACY)
    def test_T124_gone_while_asked(self):
        """A client that closes its stream: the server is told."""
        client = self.client("child", capabilities=EVERYTHING)
        wire = client.open()
        message = client.build("tools/call", {"name": "sleep", "arguments": {"seconds": 1.5}})
        thread = threading.Thread(target=lambda: self.assertRaises(Exception, client.post, message, wire=wire))
        thread.start()
        self.wait_seen("child", lambda seen: seen.get("params", {}).get("name") == "sleep")
        wire.sock.shutdown(2)
        thread.join()
        slept = self.wait_seen("child", lambda seen: seen.get("params", {}).get("name") == "sleep")[-1]
        self.wait_seen("child", lambda seen: seen.get("method") == "notifications/cancelled" and
                       seen["params"]["requestId"] == slept["id"])

    @shows("elicitation: url", MODERN, server="stdio", **LEGACY)
    def test_url_elicitation_required(self):
        client = self.client("child", capabilities=EVERYTHING)
        count = len([seen for seen in self.seen("child") if seen.get("params", {}).get("name") == "urls"])
        arguments = {"times": count + 1}
        result = client.call("urls", arguments).result
        self.assertEqual(result["resultType"], "input_required")
        (key, asked), = result["inputRequests"].items()
        self.assertEqual(asked, {"method": "elicitation/create",
                                 "params": {"mode": "url", "url": "https://example.com/x", "message": "Sign in"}})
        again = {"name": "urls", "arguments": arguments}
        declined = client.request("tools/call", {**again, "inputResponses": {key: {"action": "decline"}}})
        self.assertEqual(declined.error["code"], -32603)
        done = client.request("tools/call", {**again, "inputResponses": {key: {"action": "accept"}}})
        self.assertTrue(done.text.startswith("called"), done)
        unable = self.client("child", capabilities={"elicitation": {}}).call("urls", {"times": 99})
        self.assertEqual((unable.status, unable.error["code"]), (400, -32021))
        self.assertEqual(unable.error["data"], {"requiredCapabilities": {"elicitation": {"url": {}}}})


class Streams(BridgeCase):
    def events(self, client, tool, arguments, meta):
        messages = []
        with client.open() as wire:
            opened = client.call(tool, arguments, stream=True, wire=wire, meta=meta)
            if not opened.is_stream:
                return [opened.message()]
            for event in wire.events(5):
                if event.get("data"):
                    messages.append(json.loads(event["data"]))
        return messages

    @shows("progress", MODERN, server="stdio", **LEGACY)
    def test_progress(self):
        for token in ("t", None):
            messages = self.events(self.client("child"), "progress", {}, {"progressToken": token} if token else {})
            self.assertEqual([each["params"]["progressToken"] for each in messages[:-1]], [token] * 3 if token else [])
            self.assertEqual(messages[-1]["result"]["resultType"], "complete")

    @shows("logging", MODERN, server="stdio", **LEGACY)
    def test_logs_of_the_level_asked_for(self):
        levels = ["debug", "info", "warning", "emergency"]
        client = self.client("child")
        for level, wanted in ((None, []), ("warning", levels[2:]), ("debug", levels), ("emergency", levels[3:])):
            messages = self.events(client, "log", {"levels": levels}, {META + "logLevel": level} if level else {})
            self.assertEqual([each["params"]["level"] for each in messages[:-1]], wanted, level)
        asked = [seen["params"]["level"] for seen in self.seen("child") if seen.get("method") == "logging/setLevel"]
        self.assertEqual(asked[-2:], ["warning", "debug"], "the most verbose that anybody wanted")

    def listen(self, client, wanted):
        wire = client.open()
        self.addCleanup(wire.close)
        opened = client.request("subscriptions/listen", {"notifications": wanted}, id="sub", stream=True, wire=wire)
        self.assertTrue(opened.is_stream, opened)
        events = (json.loads(event["data"]) for event in wire.events(10) if event.get("data"))
        return wire, events

    @shows(("list_changed", "subscriptions/listen", "resources: subscribe"), MODERN, server="stdio", **LEGACY)
    def test_listening(self):
        client = self.client("child")
        wire, events = self.listen(client, {"toolsListChanged": True, "resourceSubscriptions": ["memo://one"]})
        first = next(events)
        self.assertEqual(first["method"], "notifications/subscriptions/acknowledged")
        self.assertEqual(first["params"]["notifications"], {"toolsListChanged": True, "resourceSubscriptions": ["memo://one"]})
        self.assertEqual(first["params"]["_meta"], {META + "subscriptionId": "sub"})
        second, second_events = self.listen(self.client("child"), {"resourceSubscriptions": ["memo://one"]})
        self.assertEqual(next(second_events)["params"]["notifications"], {"resourceSubscriptions": ["memo://one"]})
        second.close()
        other = self.client("child")
        other.call("change", {"method": "notifications/prompts/list_changed"})
        other.call("change", {"method": "notifications/tools/list_changed"})
        other.call("change", {"method": "notifications/resources/updated", "params": {"uri": "memo://two"}})
        other.call("change", {"method": "notifications/resources/updated", "params": {"uri": "memo://one"}})
        self.assertEqual(next(events), {"jsonrpc": "2.0", "method": "notifications/tools/list_changed",
                                        "params": {"_meta": {META + "subscriptionId": "sub"}}})
        self.assertEqual(next(events), {"jsonrpc": "2.0", "method": "notifications/resources/updated",
                                        "params": {"uri": "memo://one", "_meta": {META + "subscriptionId": "sub"}}})
        wire.close()
        self.wait_seen("child", lambda seen: seen.get("method") == "resources/unsubscribe")

    @shows(("list_changed", "subscriptions/listen"), MODERN, **LEGACY)
    def test_listening_over_http(self):
        client = self.client("up")
        _, events = self.listen(client, {"promptsListChanged": True, "toolsListChanged": False})
        self.assertEqual(next(events)["params"]["notifications"], {"promptsListChanged": True})
        self.upstream.wait_for(lambda upstream: upstream.push(
            {"jsonrpc": "2.0", "method": "notifications/prompts/list_changed"}))
        self.assertEqual(next(events)["method"], "notifications/prompts/list_changed")


class Lost(BridgeCase):
    def test_a_session_that_the_server_forgot(self):
        client = self.client("up")
        self.assertEqual(client.call("echo", {"n": 1}).text, '{"n": 1}')
        self.upstream.minted.clear()
        self.assertEqual(client.call("echo", {"n": 2}).text, '{"n": 2}')

    @shows("restart of the server", MODERN, server="stdio", **LEGACY)
    def test_a_process_that_died(self):
        client = self.client("child")
        answer = client.call("crash")
        self.assertTrue(answer.text.startswith("[UPSTREAM ERROR]"), answer)
        self.assertIn("may or may not have run", answer.text)
        self.assertEqual(client.call("echo", {"n": 2}).text, '{"n": 2}')

    def test_a_server_that_is_down(self):
        upstream = RecordingUpstream()
        with Gateway({"up": {"url": upstream.url}}, {"p": ("up", OPEN)}, {"agent": ("up", "p")}) as gateway:
            upstream.stop()
            client = gateway.client("agent", version=MODERN)
            answer = client.call("echo")
            client.close()
            self.assertTrue(answer.text.startswith("[UPSTREAM ERROR]"), answer)
            self.assertIn("did not run", answer.text)


if __name__ == "__main__":
    unittest.main()
