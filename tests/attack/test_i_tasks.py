"""Section I: input-required rounds and tasks, in the revisions that have them."""
import itertools
import json
import unittest

from harness.case import GatewayCase
from harness.client import MODERN
from harness.gateway import Gateway
from harness.shows import shows

LEGACY = "2025-11-25"
OPEN = {"version": "1", "default": "allow", "tools": {"charge": {"deny_if": [
    {"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]}}}
CLOSED = {"version": "1", "default": "allow", "hide": ["build"]}
RELATED = "io.modelcontextprotocol/related-task"
ELICIT = {"method": "elicitation/create", "params": {"mode": "form", "message": "Sure?",
                                                     "requestedSchema": {"type": "object", "properties": {}}}}
SAMPLE = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 5}}
CAPABILITIES = {"elicitation": {"form": {}}, "extensions": {"io.modelcontextprotocol/tasks": {}}}


class SurfaceCase(GatewayCase):
    policies = {"open": ("up", OPEN), "closed": ("up", CLOSED), "mute": ("mute", OPEN)}
    grants = {"agent": ("up", "open"), "other": ("up", "open"), "closed": ("up", "closed"), "mute": ("mute", "mute")}

    @classmethod
    def make_upstream(cls):
        upstream = super().make_upstream()
        upstream.server.tools += [{"name": name, "inputSchema": {"type": "object"}} for name in ("build", "charge")]
        return upstream

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": {"url": cls.upstream.url, "client_requests": ["elicitation"]}, "mute": cls.upstream.url},
                       cls.policies, cls.grants, **cls.config)

    def modern(self, grant="agent"):
        return self.client(grant, version=MODERN, capabilities=CAPABILITIES)

    def call(self, client, state=None, responses=None, tool="echo", arguments=None):
        params = {"name": tool, "arguments": {"n": 1} if arguments is None else arguments}
        if state is not None:
            params["requestState"] = state
        if responses is not None:
            params["inputResponses"] = responses
        return client.request("tools/call", params)


class Rounds(SurfaceCase):
    def always_asks(self, requests):
        def hook(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.result({"resultType": "input_required", "requestState": "theirs", "inputRequests": requests})
            return True
        self.upstream.hook = hook

    def test_T193_each_retry_is_judged(self):
        self.always_asks({"a": ELICIT})
        client = self.modern()
        state = self.call(client, tool="charge", arguments={"amount": 5}).result["requestState"]
        mark = self.upstream.mark()
        answer = self.call(client, state, {"a": {"action": "accept"}}, "charge", {"amount": 500})
        self.assertIn("error", answer.message(), "the state belongs to the arguments that it was given for")
        self.assertEqual(self.upstream.calls(mark), [])
        self.assertEqual(self.call(client, state, {"a": {"action": "accept"}}, "charge", {"amount": 5}).result["resultType"],
                         "input_required")
        self.assertEqual([seen.params["requestState"] for seen in self.upstream.calls(mark)], ["theirs"])

    def test_T193_a_revoked_grant_cannot_go_on(self):
        self.gateway.grants["leaving"] = ("up", "open")
        self.gateway.create_grant("leaving")
        self.always_asks({"a": ELICIT})
        client = self.modern("leaving")
        state = self.call(client).result["requestState"]
        self.gateway.revoke("leaving")
        mark = self.upstream.mark()
        self.assertEqual(self.call(client, state, {"a": {"action": "accept"}}).status, 401)
        self.assertEqual(self.upstream.calls(mark), [])

    def test_T193_rounds_end(self):
        self.always_asks({"a": ELICIT})
        client, state = self.modern(), None
        for number in itertools.count():
            message = self.call(client, state, {"a": {"action": "accept"}} if state else None).message()
            if "error" in message:
                break
            state = message["result"]["requestState"]
        self.assertEqual(number, 32)
        self.assertIn("too many times", message["error"]["message"])

    def test_T194_an_answer_is_no_approval(self):
        """inputResponses that say `approved` change no verdict."""
        client = self.modern()
        mark = self.upstream.mark()
        answer = self.call(client, responses={"approval": {"action": "accept", "content": {"approved": True}}},
                           tool="charge", arguments={"amount": 500})
        self.assertTrue(answer.is_denied)
        self.assertEqual(self.upstream.calls(mark), [])

    def test_T111_kinds_that_the_server_may_not_ask(self):
        for grant, requests in (("mute", {"a": ELICIT}), ("agent", {"a": ELICIT, "b": SAMPLE}),
                                ("agent", {"a": {"method": "tools/call", "params": {}}}), ("agent", {"a": {}})):
            with self.subTest(f"T111 {grant} {sorted(requests)}"):
                self.always_asks(requests)
                answer = self.call(self.modern(grant))
                self.assertTrue(answer.is_denied)
                self.assertIn("client_requests", answer.text)
                self.assertNotIn("inputRequests", answer.result)
        self.assert_log([{"event": "call.intent"}] * 4 + [{"event": "call.outcome", "code": "client_request_denied"}] * 4)

    def test_answers_to_a_server_that_may_not_ask(self):
        mark = self.upstream.mark()
        answer = self.call(self.modern("mute"), responses={"a": {"action": "accept"}})
        self.assertEqual(answer.message()["error"]["code"], -32602)
        self.assertEqual(self.upstream.calls(mark), [])

    def test_results_of_a_kind_that_nobody_knows(self):
        self.upstream.hook = lambda exchange: exchange.seen.rpc == "tools/call" and (
            exchange.result({"resultType": "com.example/magic", "content": []}) or True)
        answer = self.call(self.modern())
        self.assertIn("[UPSTREAM ERROR]", answer.text)


class LegacyTasks(SurfaceCase):
    """2025-11-25: `task` in tools/call, tasks/get, tasks/result, tasks/list, tasks/cancel."""

    def setUp(self):
        super().setUp()
        self.upstream.hook = self.serve

    def state(self, id, status="working"):
        return {"taskId": id, "status": status, "createdAt": "2026-01-01T00:00:00Z",
                "lastUpdatedAt": "2026-01-01T00:00:00Z", "ttl": 60000}

    def serve(self, exchange):
        rpc, params = exchange.seen.rpc, exchange.seen.params if isinstance(exchange.seen.message, dict) else {}
        if rpc == "tools/call" and "task" in params:
            exchange.result({"task": self.state(params["arguments"].get("id", "t-1"))})
        elif rpc in ("tasks/get", "tasks/cancel"):
            exchange.result(self.state(params["taskId"], "cancelled" if rpc == "tasks/cancel" else "working"))
        elif rpc == "tasks/result":
            exchange.result({"content": [{"type": "text", "text": "built"}], "_meta": {RELATED: {"taskId": params["taskId"]}}})
        elif rpc == "tasks/list":
            exchange.result({"tasks": [self.state("t-1"), self.state("of-somebody-else")], "nextCursor": "c"})
        else:
            return False
        return True

    def begin(self, client, tool="build", **arguments):
        return client.request("tools/call", {"name": tool, "arguments": arguments, "task": {"ttl": 60000}})

    def test_T195_judged_like_a_plain_call(self):
        mark = self.upstream.mark()
        # What asks for a task takes a task or an error: the reason is the error's text.
        error = self.begin(self.client(), "charge", amount=500).error
        self.assertEqual(error["code"], -31403)
        self.assertIn("[POLICY DENIED]", error["message"])
        self.assertEqual(self.begin(self.client("closed")).message()["error"]["message"], "Unknown tool: build")
        self.assertEqual(self.upstream.calls(mark), [])

    @shows("tasks in the core", LEGACY)
    def test_a_task_from_beginning_to_end(self):
        client = self.client()
        handle = self.begin(client).result["task"]["taskId"]
        self.assertRegex(handle, "^task_[a-z0-9]{26}$")
        mark = self.upstream.mark()
        got = client.request("tasks/get", {"taskId": handle}).result
        self.assertEqual((got["taskId"], got["status"]), (handle, "working"))
        result = client.request("tasks/result", {"taskId": handle}).result
        self.assertEqual(result, {"content": [{"type": "text", "text": "built"}], "_meta": {RELATED: {"taskId": handle}}})
        self.assertEqual(client.request("tasks/cancel", {"taskId": handle}).result["taskId"], handle)
        self.assertEqual([seen.params["taskId"] for seen in self.upstream.since(mark)], ["t-1"] * 3)
        listed = client.request("tasks/list", {}).result
        self.assertEqual([task["taskId"] for task in listed["tasks"]], [handle], "only its own")
        self.assertEqual(listed["nextCursor"], "c")

    def test_T196_tasks_of_others(self):
        client = self.client()
        handle = self.begin(client).result["task"]["taskId"]
        mark = self.upstream.mark()
        for stranger in (self.client("other"), self.client("mute"), self.client("closed")):
            for method in ("tasks/get", "tasks/result", "tasks/cancel"):
                for id in (handle, "t-1", "task_" + "a" * 26):
                    with self.subTest(f"{method} {id}"):
                        error = stranger.request(method, {"taskId": id}).message()["error"]
                        self.assertEqual(error, {"code": -32602, "message": f"Task not found: {id}"})
            self.assertEqual(stranger.request("tasks/list", {}).result["tasks"], [])
        self.assertEqual([seen.rpc for seen in self.upstream.since(mark) if seen.rpc in ("tasks/get", "tasks/result", "tasks/cancel")], [])

    def test_T196_notices_of_tasks(self):
        client, other = self.client(), self.client("other")
        handle = self.begin(client).result["task"]["taskId"]
        streams = [agent.listen()[1] for agent in (client, other)]
        self.upstream.wait_for(lambda upstream: sum(map(len, upstream.listeners.values())) >= 2)
        self.upstream.push({"jsonrpc": "2.0", "method": "notifications/tasks/status", "params": self.state("t-1", "completed")})
        self.upstream.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        seen = []
        for wire in streams:
            messages = []
            for event in wire.events(5):
                if event.get("data"):
                    messages.append(json.loads(event["data"]))
                    if messages[-1]["method"] == "notifications/tools/list_changed":
                        break
            seen.append(messages)
            wire.close()
        self.assertEqual([message["params"]["taskId"] for message in seen[0][:-1]], [handle])
        self.assertEqual(len(seen[1]), 1, "nothing of another's task")

    def test_T198_an_answer_that_speaks_of_another_task(self):
        client = self.client()
        handle = self.begin(client).result["task"]["taskId"]
        self.upstream.hook = lambda exchange: exchange.seen.rpc == "tasks/get" and (
            exchange.result(self.state("another")) or True)
        self.assertIn("[UPSTREAM ERROR]", client.request("tasks/get", {"taskId": handle}).message()["error"]["message"])


class TasksExtension(SurfaceCase):
    """2026-07-28: io.modelcontextprotocol/tasks."""

    def setUp(self):
        super().setUp()
        self.asked = {"confirm": ELICIT}
        self.upstream.hook = self.serve

    def serve(self, exchange):
        rpc, params = exchange.seen.rpc, exchange.seen.params if isinstance(exchange.seen.message, dict) else {}
        state = {"resultType": "complete", "status": "input_required", "ttlMs": 60000, "pollIntervalMs": 10}
        if rpc == "tools/call" and params["name"] == "build":
            exchange.result({**state, "resultType": "task", "taskId": "t-1", "status": "working"})
        elif rpc == "tasks/get":
            exchange.result({**state, "taskId": params["taskId"], "inputRequests": self.asked})
        elif rpc in ("tasks/update", "tasks/cancel"):
            exchange.result({"resultType": "complete"})
        else:
            return False
        return True

    def task(self, client, method, id, **members):
        message = client.build(method, {"taskId": id, **members})
        return client.post(message, client.headers(message) + [("Mcp-Name", id)])

    @shows("tasks extension", MODERN)
    def test_a_task_from_beginning_to_end(self):
        client = self.modern()
        begun = self.call(client, tool="build").result
        self.assertEqual(begun["resultType"], "task")
        handle = begun["taskId"]
        self.assertNotEqual(handle, "t-1")
        mark = self.upstream.mark()
        got = self.task(client, "tasks/get", handle).result
        self.assertEqual((got["taskId"], got["inputRequests"]), (handle, self.asked))
        self.assertEqual(self.task(client, "tasks/update", handle, inputResponses={"confirm": {"action": "accept"}}).status, 200)
        self.assertEqual(self.task(client, "tasks/cancel", handle).status, 200)
        sent = self.upstream.since(mark)
        self.assertEqual([seen.params["taskId"] for seen in sent], ["t-1"] * 3)
        self.assertEqual([seen.header("mcp-name") for seen in sent], ["t-1"] * 3)

    def test_T196_tasks_of_others(self):
        handle = self.call(self.modern(), tool="build").result["taskId"]
        mark = self.upstream.mark()
        for grant in ("other", "mute", "closed"):
            for method in ("tasks/get", "tasks/cancel"):
                for id in (handle, "t-1"):
                    error = self.task(self.modern(grant), method, id).message()["error"]
                    self.assertEqual(error, {"code": -32602, "message": f"Task not found: {id}"})
        self.assertEqual([seen.rpc for seen in self.upstream.since(mark) if seen.rpc.startswith("tasks/")], [])

    def test_T197_header_and_body_name_the_same_task(self):
        client = self.modern()
        handle = self.call(client, tool="build").result["taskId"]
        message = client.build("tasks/get", {"taskId": handle})
        for headers in ([], [("Mcp-Name", "task_other")]):
            answer = client.post(message, client.headers(message) + headers)
            self.assertEqual((answer.status, answer.message()["error"]["code"]), (400, -32020))

    def test_T198_only_answers_to_open_questions_pass(self):
        client = self.modern()
        handle = self.call(client, tool="build").result["taskId"]
        mark = self.upstream.mark()
        smuggled = {"confirm": {"action": "accept"}, "approval": {"action": "accept"}}
        self.task(client, "tasks/update", handle, inputResponses=smuggled)  # nothing is known to be open yet
        self.task(client, "tasks/get", handle)
        self.task(client, "tasks/update", handle, inputResponses=smuggled)
        self.assertIn("error", self.task(client, "tasks/update", handle, inputResponses={}, arguments={"x": 1}).message())
        self.assertEqual([seen.params["inputResponses"] for seen in self.upstream.since(mark) if seen.rpc == "tasks/update"],
                         [{}, {"confirm": {"action": "accept"}}])

    def test_undeclared(self):
        """A client that did not declare the extension has no tasks."""
        handle = self.call(self.modern(), tool="build").result["taskId"]
        client = self.client(version=MODERN, capabilities={"elicitation": {}})
        mark = self.upstream.mark()
        for method in ("tasks/get", "tasks/cancel"):
            answer = self.task(client, method, handle)
            error = answer.message()["error"]
            self.assertEqual((answer.status, error["code"]), (400, -32021))
            self.assertEqual(error["data"], {"requiredCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}})
        self.assertEqual(self.upstream.since(mark), [])

    def test_T111_kinds_that_the_server_may_not_ask(self):
        client = self.modern()
        handle = self.call(client, tool="build").result["taskId"]
        self.asked = {"a": SAMPLE}
        self.assertIn("client_requests", self.task(client, "tasks/get", handle).message()["error"]["message"])


if __name__ == "__main__":
    unittest.main()
