"""Calls that need a person: how each kind of caller waits, and that an approved call runs once."""
import json
import re
import threading
import time
import unittest

from harness.approvals import Desk, held
from harness.case import GatewayCase
from harness.fake_server import FakeServer, tool
from harness.gateway import Gateway
from harness.sse_client import SseClient
from harness.upstream import RecordingUpstream
from harness.wire import Closed
from protocol.bundle_case import BundleCase

MODERN = "2026-07-28"
TASKS = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
URLS = {"elicitation": {"form": {}, "url": {}}}
ASK = [{"conditions": [], "approvers": ["payments"]}]
POLICY = {"version": "1", "default": "allow", "tools": {
    "pay": {"approve_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "approvers": ["payments"],
                            "on_pending": "Large payments are checked."}]},
    "wire": {"approve_if": ASK, "limits": [{"counter": "wires", "window": "day", "max": 1, "scope": "grant"}]},
    "brief": {"approve_if": [{"conditions": [], "expires": "1s"}]},
    "confirm": {"approve_if": [{"conditions": [], "self_confirm": True}]}}}
TOOLS = ("pay", "wire", "brief", "confirm", "echo")
WAITING = {"console": "https://console.test/", "progress": "50ms", "clients": [
    {"name": "hasty", "hold": "300ms", "hold_with_progress": "300ms"},
    {"name": "patient*", "hold": "20s", "hold_with_progress": "20s"}]}


class ApprovalCase(GatewayCase):
    policies = {"asks": ("up", POLICY), "asks-other": ("other", POLICY), "asks-too": ("up", POLICY)}
    grants = {"agent": ("up", "asks"), "second": ("up", "asks"), "elsewhere": ("other", "asks-other"),
              "under-another": ("up", "asks-too")}
    config = {"waiting": WAITING}

    @classmethod
    def make_upstream(cls):
        return RecordingUpstream(FakeServer(TOOLS))

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": cls.upstream.url, "other": cls.upstream.url}, cls.policies, cls.grants, **cls.config)

    def setUp(self):
        super().setUp()
        self.desk = Desk(self.gateway)
        self.mark = self.upstream.mark()
        self.number = 1000 + time.monotonic_ns() % 10**9  # no test meets another one's approvals

    def tearDown(self):
        for row in self.desk.open():
            self.desk.deny(row["id"], "the test is over")

    def args(self, step=0):
        return {"amount": self.number + step}

    def patient(self, **options):
        return self.client(name="patient", timeout=30, **options)

    def hasty(self, **options):
        return self.client(name="hasty", timeout=30, **options)

    def ran(self):
        return len(self.upstream.calls(self.mark))

    def assert_ran(self, answer, times=1):
        self.assertNotIn("isError", answer.result, answer)
        self.assertIn("amount", answer.text)
        self.assertEqual(self.ran(), times)

    def assert_told(self, answer, code, *parts):
        """A refusal as the agent reads it: short, plain, with a reference."""
        self.assertTrue(answer.result["isError"])
        text = answer.text
        self.assertEqual(answer.result["_meta"]["io.doorward/decision"]["code"], code)
        self.assertLess(len(text.split()), 100, text)
        self.assertRegex(text, r"Ref dec_[0-9a-z]{16}\.")
        for part in parts:
            self.assertIn(part, text)
        return text

    def records(self, event, **members):
        return [record for record in self.gateway.log() if record["event"] == event
                and all(record.get(key) == value for key, value in members.items())]


class Held(ApprovalCase):
    """Clients of the legacy revisions: the answer is held, then told as text."""

    def test_a_held_call_runs_once_when_approved(self):
        answer = held(self.patient().call, "pay", self.args())
        request = self.desk.wait(1, "pay")[0]
        self.assertEqual(self.ran(), 0)
        self.desk.approve(request["id"])
        self.assert_ran(answer.result(20))
        intent = self.records("call.intent", approval=request["id"])
        self.assertEqual([(record["verdict"], record["rule"]) for record in intent],
                         [("approve", "/tools/pay/approve_if/args.amount-gt")])
        self.assertEqual(len(self.records("approval.used", request=request["id"])), 1)

    def test_what_is_not_asked_for_does_not_wait(self):
        self.assert_ran(self.patient().call("pay", {"amount": 5}))

    def test_denied_with_the_reviewers_reason(self):
        answer = held(self.patient().call, "pay", self.args())
        self.desk.deny(self.desk.wait(1, "pay")[0]["id"], "Use the invoice tool instead")
        self.assert_told(answer.result(20), "approval_denied", "[POLICY DENIED] Not run: ", "Use the invoice tool instead.",
                         "Do not repeat or rephrase")
        self.assert_told(self.patient().call("pay", self.args()), "approval_denied", "Use the invoice tool instead.")
        self.assertEqual(self.ran(), 0)

    def test_nobody_answers_in_time(self):
        self.assert_told(self.patient().call("brief", self.args()), "approval_expired", "nobody answered in time",
                         "Ask the user")
        self.assertEqual(self.ran(), 0)

    def test_a_late_decision_waits_for_the_next_identical_call(self):
        client = self.hasty()
        text = self.assert_told(client.call("pay", self.args()), "approval_pending", "[APPROVAL REQUIRED] Large payments are "
                                "checked. Not run yet", "payments", "https://console.test/approvals/apr_",
                                "at most once a minute and three times")
        request = re.search(r"request is (apr_\w+), open until \d\d:\d\d UTC", text)[1]
        self.desk.approve(request)
        self.assertEqual(self.ran(), 0, "nothing runs without a caller")
        # Key order and white space change nothing.
        body = client.build("tools/call", {"arguments": {"amount": self.number}, "name": "pay"})
        self.assert_ran(client.post_bytes(json.dumps(body, indent=2).encode(), client.headers(body)))
        self.assert_told(client.call("pay", self.args()), "approval_pending")
        self.assertEqual(self.ran(), 1, "an approval is good for one call")

    def test_progress_is_told_while_the_call_is_held(self):
        client = self.patient()
        with client.open() as wire:
            answer = client.call("pay", self.args(), meta={"progressToken": "mine"}, stream=True, wire=wire)
            self.assertTrue(answer.is_stream)
            steps, approved = [], False
            for event in wire.events(20):
                if not event.get("data"):
                    continue
                message = json.loads(event["data"])
                if message.get("method") != "notifications/progress":
                    break
                steps.append(message["params"])
                if len(steps) == 3 and not approved:
                    approved = True
                    self.desk.approve_next("pay")
        self.assertGreaterEqual(len(steps), 3)
        self.assertEqual({step["progressToken"] for step in steps}, {"mine"})
        self.assertTrue(all(a["progress"] < b["progress"] for a, b in zip(steps, steps[1:])), steps)
        self.assertRegex(steps[0]["message"], r"^waiting for payments, \d+ min left$")
        self.assertNotIn("isError", message["result"])
        self.assertEqual(self.ran(), 1)

    def test_T307_a_client_that_has_gone_runs_nothing(self):
        client = self.patient()
        wire = client.open()
        message = client.build("tools/call", {"name": "pay", "arguments": self.args()})
        wire.send(f"POST {client.path} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nContent-Type: application/json\r\n"
                  f"Accept: application/json, text/event-stream\r\nContent-Length: {len(json.dumps(message))}\r\n".encode()
                  + "".join(f"{k}: {v}\r\n" for k, v in client.headers(message)).encode() + b"\r\n"
                  + json.dumps(message).encode())
        request = self.desk.wait(1, "pay")[0]["id"]
        wire.close()
        self.desk.wait_for_log("call.denied", reason="client_gone", approval=request)
        self.desk.approve(request)
        self.assertEqual(self.ran(), 0)
        self.assert_ran(self.patient().call("pay", self.args()))

    def test_T307_a_stream_that_nobody_reads_runs_nothing(self):
        client = self.patient()
        wire = client.open()
        client.call("pay", self.args(), meta={"progressToken": 1}, stream=True, wire=wire)
        request = self.desk.wait(1, "pay")[0]["id"]
        wire.close()
        time.sleep(0.2)  # the next sign of life meets a closed connection
        self.desk.approve(request)
        self.desk.wait_for_log("approval.given_back", request=request)
        self.assertEqual(self.ran(), 0)
        self.assert_ran(self.patient().call("pay", self.args()))

    def test_the_client_cancels(self):
        client = self.patient()
        answer = held(client.call, "pay", self.args(), id=77)
        request = self.desk.wait(1, "pay")[0]["id"]
        with client.open() as wire:
            client.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}}, wire=wire)
        self.assertIn("cancelled", answer.result(20).error["message"])
        self.desk.approve(request)
        self.assertEqual([seen.rpc for seen in self.upstream.since(self.mark) if "cancelled" in seen.rpc], [])
        self.assertEqual(self.ran(), 0)

    def test_limits_without_room_give_the_approval_back(self):
        client = self.patient()
        for step in (0, 1):
            answer = held(client.call, "wire", self.args(step))
            request = self.desk.approve_next("wire")
            if step == 0:
                self.assert_ran(answer.result(20))
        self.assert_told(answer.result(20), "rate_limited")
        self.assertEqual(self.ran(), 1)
        self.desk.wait_for_log("approval.given_back", request=request)

    def test_a_call_that_was_not_sent_gives_the_approval_back(self):
        gone = RecordingUpstream(FakeServer(TOOLS))
        with Gateway({"up": gone.url}, {"asks": ("up", POLICY)}, {"agent": ("up", "asks")}, waiting=WAITING) as gateway:
            client = gateway.client("agent", name="patient", timeout=30)
            self.addCleanup(client.close)
            client.initialize()
            client.call("echo", {"amount": 1})
            answer = held(client.call, "pay", self.args())
            desk = Desk(gateway)
            request = desk.wait(1, "pay")[0]["id"]
            gone.stop()
            desk.approve(request)
            self.assertIn("The call did not run", answer.result(20).text)
            desk.wait_for_log("approval.given_back", request=request)

    def test_batch(self):
        client = self.client(name="patient", version="2025-03-26", timeout=30)
        calls = [client.build("tools/call", {"name": "pay", "arguments": self.args(step)}) for step in (0, 1)]
        calls.append(client.build("tools/call", {"name": "echo", "arguments": {"amount": 1}}))
        answer = held(client.post, calls)
        for row in self.desk.wait(2, "pay"):
            self.desk.approve(row["id"])
        found = [message for message in answer.result(20).message()]
        self.assertEqual(sorted(message["id"] for message in found), sorted(call["id"] for call in calls))
        self.assertTrue(all("isError" not in message["result"] for message in found))
        self.assertEqual(self.ran(), 3)

    def test_http_sse(self):
        client = SseClient(self.gateway, timeout=30)
        self.addCleanup(client.stream.close)
        client.initialize()
        answer = held(client.request, "tools/call", {"name": "pay", "arguments": self.args()})
        self.desk.approve_next("pay")
        self.assertNotIn("isError", answer.result(20)["result"])
        self.assertEqual(self.ran(), 1)


class Rounds(ApprovalCase):
    """Clients of 2026-07-28 without the tasks extension: rounds that require no input."""
    version = MODERN

    def retry(self, client, state, arguments=None, responses=None, name="pay"):
        params = {"name": name, "arguments": self.args() if arguments is None else arguments, "requestState": state}
        if responses is not None:
            params["inputResponses"] = responses
        return client.request("tools/call", params)

    def first_round(self, client, name="pay"):
        result = client.call(name, self.args()).result
        self.assertEqual(result["resultType"], "input_required")
        return result

    def test_a_round_is_held_and_the_retry_runs_once(self):
        client = self.hasty()
        result = self.first_round(client)
        self.assertEqual(set(result), {"resultType", "requestState"}, "nothing is asked of the client")
        result = self.retry(client, result["requestState"]).result
        self.assertEqual(result["resultType"], "input_required")
        self.assertEqual(len(self.desk.open("pay")), 1, "the rounds of a call are one request")
        answer = held(self.retry, self.patient(), result["requestState"])
        self.desk.approve_next("pay")
        answer = answer.result(20)
        self.assert_ran(answer)
        self.assertEqual(answer.result["resultType"], "complete")
        sent = self.upstream.calls(self.mark)[0].params
        self.assertEqual(set(sent), {"name", "arguments", "_meta"}, "the server knows nothing of the rounds")

    def test_after_ten_rounds_the_agent_is_told(self):
        client = self.client(name="hasty", timeout=30)
        answer = client.call("pay", self.args())
        rounds = 1
        while answer.result["resultType"] == "input_required":
            answer = self.retry(client, answer.result["requestState"])
            rounds += 1
        self.assertEqual(rounds, 10, "SDKs give up after ten")
        self.assert_told(answer, "approval_pending")
        self.assertEqual(self.ran(), 0)

    def test_a_denial_between_the_rounds(self):
        client = self.hasty()
        state = self.first_round(client)["requestState"]
        self.desk.deny(self.desk.wait(1, "pay")[0]["id"], "no")
        self.assert_told(self.retry(client, state), "approval_denied", "The reason: no.")
        self.assertEqual(self.ran(), 0)

    def test_an_expiry_between_the_rounds(self):
        client = self.hasty()
        state = self.first_round(client, "brief")["requestState"]
        time.sleep(1.2)
        self.assert_told(self.retry(client, state, name="brief"), "approval_expired")
        self.assertEqual(self.ran(), 0)

    def test_T301_a_state_is_good_for_its_call_alone(self):
        state = self.first_round(self.hasty())["requestState"]
        self.desk.approve_next("pay")
        broken = state[:-2] + ("AA" if state[-2:] != "AA" else "BB")
        for what, answer in {
                "another argument": self.retry(self.hasty(), state, self.args(1)),
                "another tool": self.retry(self.hasty(), state, name="wire"),
                "another identity": self.retry(self.hasty(grant="second"), state),
                "another server": self.retry(self.hasty(grant="elsewhere"), state),
                "a changed byte": self.retry(self.hasty(), broken)}.items():
            with self.subTest(what):
                self.assertEqual(answer.error["code"], -32602)
        self.assertEqual(self.ran(), 0)
        self.assert_ran(self.retry(self.hasty(), state))

    def test_T194_responses_never_count_as_consent(self):
        client = self.hasty()
        state = self.first_round(client)["requestState"]
        for responses in ({"approval": {"action": "accept", "content": {"approved": True}}}, {"x": {"approved": True}}):
            result = self.retry(client, state, responses=responses).result
            self.assertEqual(result["resultType"], "input_required")
            state = result["requestState"]
        self.assertEqual(self.ran(), 0)
        self.assertEqual(self.client(name="hasty").request("tools/call", {
            "name": "pay", "arguments": self.args(), "inputResponses": {"approval": {"action": "accept"}}}).error["code"], -32602)
        self.assertEqual(self.ran(), 0)

    def test_one_hundred_parallel_retries_run_one_call(self):
        state = self.first_round(self.hasty())["requestState"]
        self.desk.approve_next("pay")
        clients = [self.patient() for _ in range(100)]
        gate = threading.Barrier(100)

        def retry(client):
            gate.wait()
            return self.retry(client, state)
        answers = [answer.result(30) for answer in [held(retry, client) for client in clients]]
        ran = [answer for answer in answers if "isError" not in answer.result]
        self.assertEqual(len(ran), 1)
        self.assertEqual(self.ran(), 1)
        for answer in answers:
            if answer is not ran[0]:
                self.assert_told(answer, "approval_refused", "an identical call has used the approval")

    def test_the_users_page(self):
        client = self.hasty(capabilities=URLS)
        result = self.first_round(client, "confirm")
        question = result["inputRequests"]["approval"]
        request = self.desk.wait(1, "confirm")[0]["id"]
        self.assertEqual((question["method"], question["params"]["mode"], question["params"]["url"]),
                         ("elicitation/create", "url", f"https://console.test/approvals/{request}"))
        result = self.retry(client, result["requestState"], responses={"approval": {"action": "accept"}}, name="confirm").result
        self.assertEqual(set(result), {"resultType", "requestState"}, "to have opened a page approves nothing")
        self.assertEqual(self.ran(), 0)
        self.desk.approve(request)
        self.assert_ran(self.retry(client, result["requestState"], name="confirm"))

    def test_the_user_declines(self):
        client = self.hasty(capabilities=URLS)
        state = self.first_round(client, "confirm")["requestState"]
        self.assert_told(self.retry(client, state, responses={"approval": {"action": "decline"}}, name="confirm"),
                         "approval_denied", "declined")
        self.assertEqual(self.ran(), 0)

    def test_only_what_the_user_alone_may_approve_is_asked_of_the_user(self):
        self.assertNotIn("inputRequests", self.first_round(self.hasty(capabilities=URLS)))


class Tasks(ApprovalCase):
    """Clients of 2026-07-28 with the tasks extension."""
    version = MODERN

    def begin(self, name="pay"):
        client = self.hasty(capabilities=TASKS)
        result = client.call(name, self.args()).result
        self.assertEqual((result["resultType"], result["status"], result["pollIntervalMs"]), ("task", "working", 5000))
        return client, result

    def task(self, client, method, task, **members):
        message = client.build(method, {"taskId": task["taskId"], **members})
        return client.post(message, client.headers(message) + [("Mcp-Name", task["taskId"])])

    def get(self, client, task):
        return self.task(client, "tasks/get", task).result

    def over(self, client, task):
        deadline = time.monotonic() + 10
        while (found := self.get(client, task))["status"] == "working":
            self.assertLess(time.monotonic(), deadline, found)
            time.sleep(0.02)
        return found

    def test_the_task_carries_the_result(self):
        client, task = self.begin()
        self.assertEqual(task["statusMessage"], "waiting for payments")
        self.assertLessEqual(task["ttlMs"], 600_000)
        self.assertGreater(task["ttlMs"], 590_000)
        self.assertEqual(self.get(client, task)["status"], "working")
        self.assertEqual(self.ran(), 0)
        self.desk.approve_next("pay")
        found = self.over(client, task)
        self.assertEqual(found["status"], "completed")
        self.assertIn(str(self.number), found["result"]["content"][0]["text"])
        self.assertEqual(self.ran(), 1)
        self.assertEqual(self.over(client, task), found, "as often as it is asked")
        self.assertEqual(self.ran(), 1)

    def test_denied(self):
        client, task = self.begin()
        self.desk.deny(self.desk.wait(1, "pay")[0]["id"], "too much")
        found = self.over(client, task)
        self.assertEqual(found["status"], "completed")
        self.assertTrue(found["result"]["isError"])
        self.assertIn("The reason: too much.", found["result"]["content"][0]["text"])
        self.assertEqual(self.ran(), 0)

    def test_expired(self):
        client, task = self.begin("brief")
        self.assertIn("nobody answered", self.over(client, task)["result"]["content"][0]["text"])
        self.assertEqual(self.ran(), 0)

    def test_cancelled(self):
        client, task = self.begin()
        request = self.desk.wait(1, "pay")[0]["id"]
        self.assertEqual(self.task(client, "tasks/cancel", task).result["resultType"], "complete")
        self.assertEqual(self.over(client, task)["status"], "cancelled")
        self.desk.approve(request)
        self.assertEqual(self.over(client, task)["status"], "cancelled")
        self.assertEqual(self.ran(), 0)

    def test_T196_T198_others_and_updates(self):
        client, task = self.begin()
        for method in ("tasks/get", "tasks/update", "tasks/cancel"):
            members = {"inputResponses": {}} if method == "tasks/update" else {}
            error = self.task(self.hasty(grant="second", capabilities=TASKS), method, task, **members).error
            self.assertEqual(error["message"], f"Task not found: {task['taskId']}")
        self.task(client, "tasks/update", task, inputResponses={"approval": {"action": "accept"}, "arguments": {"amount": 1}})
        self.assertEqual(self.get(client, task)["status"], "working")
        self.assertEqual(self.ran(), 0)

    def test_the_grant_is_revoked(self):
        self.gateway.create_grant("short-lived", "--server", "up", "--policy", "asks")
        client = self.gateway.client("agent", version=MODERN, capabilities=TASKS)
        client.token = self.gateway.tokens["short-lived"]
        self.addCleanup(client.close)
        client.call("pay", self.args())
        self.desk.wait(1, "pay")
        self.gateway.revoke("short-lived")
        self.desk.wait(0, "pay")
        self.assertEqual(self.ran(), 0)


class Questions(ApprovalCase):
    """Clients of 2025-11-25 that show pages to their user."""

    def call(self, answer):
        client = self.patient(capabilities=URLS)
        with client.open() as wire:
            opened = client.call("confirm", self.args(), stream=True, wire=wire)
            self.assertTrue(opened.is_stream)
            for event in wire.events(20):
                if not event.get("data"):
                    continue
                message = json.loads(event["data"])
                if message.get("method") == "elicitation/create":
                    self.assertEqual(client.post(answer(message)).status, 202)
                elif "method" not in message:
                    return message["result"]

    def test_the_users_page(self):
        def answer(message):
            request = self.desk.wait(1, "confirm")[0]["id"]
            self.assertEqual(message["params"]["mode"], "url")
            self.assertEqual(message["params"]["url"], f"https://console.test/approvals/{request}")
            self.assertTrue(message["params"]["elicitationId"])
            held(lambda: (time.sleep(0.2), self.desk.approve(request)))
            return {"jsonrpc": "2.0", "id": message["id"], "result": {"action": "accept"}}
        self.assertNotIn("isError", self.call(answer))
        self.assertEqual(self.ran(), 1)

    def test_the_user_declines(self):
        result = self.call(lambda message: {"jsonrpc": "2.0", "id": message["id"], "result": {"action": "decline"}})
        self.assertIn("declined", result["content"][0]["text"])
        self.assertEqual(self.ran(), 0)

    def test_T194_an_answer_never_counts_as_consent(self):
        def answer(message):
            held(lambda: (time.sleep(0.2), self.desk.deny(self.desk.wait(1, "confirm")[0]["id"], "not so")))
            return {"jsonrpc": "2.0", "id": message["id"],
                    "result": {"action": "accept", "content": {"approved": True, "confirm": True}}}
        self.assertIn("not so", self.call(answer)["content"][0]["text"])
        self.assertEqual(self.ran(), 0)


class Changes(ApprovalCase):
    """What changes between the question and the answer (attack case T301)."""

    def pending(self, **options):
        client = self.hasty(**options)
        self.assert_told(client.call("pay", self.args()), "approval_pending")
        return client, self.desk.wait(1, "pay")[0]["id"]

    def test_T301_another_argument_tool_server_identity_or_policy(self):
        client, request = self.pending()
        self.desk.approve(request)
        others = {"argument": (client, "pay", self.args(1)), "more arguments": (client, "pay", {**self.args(), "to": "x"}),
                  "spelling": (client, "pay", {"amount": float(self.number)}), "tool": (client, "wire", self.args()),
                  "identity": (self.hasty(grant="second"), "pay", self.args()),
                  "server": (self.hasty(grant="elsewhere"), "pay", self.args()),
                  "policy": (self.hasty(grant="under-another"), "pay", self.args())}
        for what, (other, name, arguments) in others.items():
            with self.subTest(what):
                self.assert_told(other.call(name, arguments), "approval_pending")
                self.assertEqual(self.ran(), 0)
        self.assert_ran(client.call("pay", self.args()))

    def test_T301_after_its_expiry_an_approval_is_worth_nothing(self):
        client = self.hasty()
        self.assert_told(client.call("brief", self.args()), "approval_pending")
        self.desk.approve_next("brief")
        time.sleep(1.3)
        self.assert_told(client.call("brief", self.args()), "approval_pending")
        self.assertEqual(self.ran(), 0)


class Edits(unittest.TestCase):
    """What changes the whole gateway; each test has one of its own."""

    def setUp(self):
        self.upstream = RecordingUpstream(FakeServer(TOOLS))
        self.addCleanup(self.upstream.stop)
        self.gateway = Gateway({"up": self.upstream.url}, {"asks": ("up", POLICY)}, {"agent": ("up", "asks")}, waiting=WAITING,
                               limits={"requests_in_flight_per_session": 3})
        self.addCleanup(self.gateway.close)
        self.gateway.start()
        self.desk = Desk(self.gateway)

    def client(self, name="patient"):
        client = self.gateway.client("agent", name=name, timeout=30)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def edit(self, **tools):
        self.gateway.policies["asks"] = ("up", {**POLICY, "tools": {**POLICY["tools"], **tools}})
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")

    def test_T301_the_policy_changes_between(self):
        client = self.client("hasty")
        client.call("pay", {"amount": 500})
        self.desk.approve_next("pay")
        self.edit(echo={"deny_if": [{"conditions": []}]})
        self.assertIn("[APPROVAL REQUIRED]", client.call("pay", {"amount": 500}).text)
        self.assertEqual(self.upstream.calls(), [])

    def test_T301_the_definition_changes_between(self):
        client = self.client("hasty")
        client.call("pay", {"amount": 500})
        self.desk.approve_next("pay")
        self.upstream.server.tools[0] = tool("pay", title="Pay somebody else")
        client.list()
        self.assertIn("[POLICY DENIED]", client.call("pay", {"amount": 500}).text)
        self.assertEqual(self.upstream.calls(), [])

    def test_an_edit_denies_what_waits_at_once(self):
        answer = held(self.client().call, "pay", {"amount": 500})
        self.desk.wait(1, "pay")
        self.edit(pay={"deny_if": [{"conditions": [], "on_deny": "Closed."}]})
        self.assertIn("Closed.", answer.result(10).text)
        self.assertEqual(self.upstream.calls(), [])

    def test_an_edit_lets_what_waits_go_on(self):
        answer = held(self.client().call, "pay", {"amount": 500})
        self.desk.wait(1, "pay")
        self.edit(pay={})
        self.assertIn("500", answer.result(10).text)
        self.assertEqual(len(self.upstream.calls()), 1)

    def test_a_revoked_grant_ends_what_waits(self):
        client = self.client()
        answer = held(client.call, "pay", {"amount": 500})
        self.desk.wait(1, "pay")
        self.gateway.revoke("agent")
        try:
            message = answer.result(10).message()
        except (Closed, OSError):
            return self.assertEqual(self.upstream.calls(), [])
        self.assertTrue("error" in message or message["result"]["isError"], message)
        self.assertEqual(self.upstream.calls(), [])

    def test_T307_restart_while_pending(self):
        for stop in (self.gateway.kill, self.gateway.stop):
            with self.subTest(stop.__name__):
                number = 500 if stop == self.gateway.kill else 600
                mark = self.upstream.mark()
                held(self.client().call, "pay", {"amount": number})
                request = self.desk.wait(1, "pay")[0]["id"]
                stop()
                self.gateway.start()
                self.assertEqual([row["id"] for row in self.desk.wait(1, "pay")], [request])
                self.desk.approve(request)
                self.assertEqual(self.upstream.calls(mark), [], "nothing runs without a caller")
                client = self.client("hasty")
                self.assertIn(str(number), client.call("pay", {"amount": number}).text)
                self.assertEqual(len(self.upstream.calls(mark)), 1)
                self.assertIn("[APPROVAL REQUIRED]", client.call("pay", {"amount": number}).text)
                self.desk.deny(self.desk.wait(1, "pay")[0]["id"], "over")

    def test_T306_what_waits_counts_among_the_requests_of_its_session(self):
        client = self.client()
        answers = []
        for number in range(4):
            message = client.build("tools/call", {"name": "pay", "arguments": {"amount": 500}})
            answers.append(held(self.post_apart, client, message))
            if number < 3:
                self.desk.wait_for_asked(number + 1, "pay")
        done = [answer for answer in answers if answer.done() or answer is answers[3]]
        self.assertEqual([answer.result(10).status for answer in done], [429], "the fourth one is refused, the others wait")
        self.assertEqual(len(self.desk.open("pay")), 1)
        self.desk.deny(self.desk.open("pay")[0]["id"], "enough")
        for answer in answers[:3]:
            self.assertIn("enough", answer.result(10).text)

    def post_apart(self, client, message):
        with client.open() as wire:
            return client.post(message, wire=wire)

    def test_a_stop_answers_what_waits(self):
        answer = held(self.client().call, "pay", {"amount": 500})
        self.desk.wait(1, "pay")
        self.assertEqual(self.gateway.stop(10), 0)
        self.assertIn("[APPROVAL REQUIRED]", answer.result(10).text)


class Bundles(BundleCase):
    """Calls of a bundle wait as those of one server do."""
    members = {"alpha": TOOLS, "beta": ("echo",)}
    documents = {"alpha": POLICY}
    config = {"waiting": WAITING}

    def setUp(self):
        super().setUp()
        self.desk = Desk(self.gateway)
        self.mark = self.ups["alpha"].mark()

    def agent(self, **options):
        client = self.gateway.client("desk", timeout=30, **options)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def ran(self):
        return len(self.ups["alpha"].calls(self.mark))

    def test_held_with_progress(self):
        client = self.agent(name="patient")
        answer = held(client.call, "alpha_pay", {"amount": 501}, meta={"progressToken": 1})
        self.desk.wait_for_log("approval.requested")
        self.assertEqual(self.ran(), 0)
        self.desk.approve_next("pay")
        messages = answer.result(20).messages()
        self.assertNotIn("isError", messages[-1]["result"])
        self.assertEqual({message["method"] for message in messages[:-1]} | {"notifications/progress"},
                         {"notifications/progress"})
        self.assertEqual(self.ran(), 1)

    def test_told_by_the_name_that_the_agent_knows(self):
        text = self.agent(name="hasty").call("alpha_pay", {"amount": 502}).text
        self.assertIn("Not run yet: alpha_pay needs", text)
        self.desk.deny(self.desk.wait(1, "pay")[0]["id"], "over")
        self.assertEqual(self.ran(), 0)

    def test_rounds(self):
        client = self.agent(name="hasty", version=MODERN)
        result = client.call("alpha_pay", {"amount": 503}).result
        self.assertEqual(set(result), {"resultType", "requestState"})
        self.desk.approve_next("pay")
        answer = client.request("tools/call", {"name": "alpha_pay", "arguments": {"amount": 503},
                                               "requestState": result["requestState"]})
        self.assertIn("503", answer.text)
        self.assertEqual(self.ran(), 1)

    def test_a_task(self):
        client = self.agent(name="hasty", version=MODERN, capabilities=TASKS)
        task = client.call("alpha_pay", {"amount": 504}).result
        self.assertEqual((task["resultType"], task["status"]), ("task", "working"))
        self.desk.approve_next("pay")
        message = client.build("tasks/get", {"taskId": task["taskId"]})
        deadline = time.monotonic() + 10
        while (found := client.post(message, client.headers(message) + [("Mcp-Name", task["taskId"])]).result)["status"] == "working":
            self.assertLess(time.monotonic(), deadline, found)
            time.sleep(0.02)
        self.assertIn("504", found["result"]["content"][0]["text"])
        self.assertEqual(self.ran(), 1)


if __name__ == "__main__":
    unittest.main()
