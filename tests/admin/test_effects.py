"""What a draft would do to recorded calls, what two documents differ in, and what agents can do."""
import json
import time

from admin.api_case import ApiCase
from harness.api import bootstrap
from harness.fake_server import FakeServer, tool
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

AMOUNT = {"type": "object", "properties": {"amount": {"type": "number"}, "token": {"type": "string"}}}
LIVE = {"version": "1", "default": "deny", "tools": {
    "list_orders": {},
    "charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "on_deny": "100 at most."}]}}}


class EffectsCase(ApiCase):
    keep = "off"

    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream(FakeServer([tool("list_orders"), tool("charge", inputSchema=AMOUNT), tool("delete_order")]))
        config = {"log": {"arguments": {"store": cls.keep}}}
        cls.gateway = Gateway({"shop": cls.upstream.url}, {"shop": ("shop", LIVE)}, {"agent": ("shop", "shop"), "idle": ("shop", None)},
                              workers=1, **config)
        cls.gateway.start()
        cls.api = bootstrap(cls.gateway)
        cls.apis = [cls.api]
        client = cls.gateway.client("agent")
        client.initialize()
        client.tools()
        for name, arguments in (("list_orders", {}), ("list_orders", {}), ("charge", {"amount": 50}), ("charge", {"amount": 500}),
                                ("delete_order", {})):
            client.call(name, arguments)
        client.close()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            answer = cls.api.post("/api/v1/policies/simulate", {"policy": "shop"}).json
            if answer["calls"] == 5:
                break
            time.sleep(0.05)

    def simulate(self, document=None, api=None, **members):
        if document is not None:
            members["text"] = json.dumps(document)
        return self.ok((api or self.api).post("/api/v1/policies/simulate", {"server": "shop", **members}))

    def group(self, answer, change, name):
        return next(each for each in answer["groups"] if (each["change"], each["tool"]) == (change, name))

    def reads(self):
        return [each for each in self.ok(self.api.get("/api/v1/records", query={"event": "audit.read"}))["records"]]


class Simulate(EffectsCase):
    def test_the_policy_in_force_changes_nothing(self):
        answer = self.simulate(policy="shop")
        self.assertEqual(answer["counts"], {"newly_denied": 0, "newly_asks": 0, "newly_allowed": 0, "not_replayable": 0, "unchanged": 5})

    def test_a_stricter_draft_names_who_loses_what(self):
        answer = self.simulate({"version": "1", "default": "deny", "hide": ["list_orders"], "tools": {"charge": LIVE["tools"]["charge"]}})
        self.assertEqual((answer["counts"]["newly_denied"], answer["counts"]["unchanged"]), (2, 3))
        lost = self.group(answer, "newly_denied", "list_orders")
        self.assertEqual((lost["agent"], lost["was"], lost["now"], lost["rule"], lost["calls"], lost["succeeded"]),
                         ("agent", "allowed", "hidden", "(hidden)", 2, 2))
        self.assertEqual(len(lost["examples"]), 2)
        self.assertIn("list_orders is the tool most used", answer["lockout"])

    def test_a_wider_draft_says_what_it_lets_through(self):
        answer = self.simulate({"version": "1", "default": "allow"})
        self.assertEqual(answer["counts"]["newly_allowed"], 2)

    def test_rules_on_values_that_are_not_stored_cannot_be_replayed(self):
        draft = {**LIVE, "tools": {**LIVE["tools"], "charge": {"deny_if": [
            {"conditions": [{"path": "args.amount", "op": "gt", "value": 10}]}]}}}
        answer = self.simulate(draft)
        self.assertEqual((answer["counts"]["not_replayable"], answer["counts"]["unchanged"]), (2, 3))
        self.assertEqual(self.group(answer, "not_replayable", "charge")["reason"], "arguments_not_stored")
        self.assertEqual((answer["arguments_read"], self.reads()), (0, []))

    def test_what_is_wrong_is_refused(self):
        self.assert_refused(self.api.post("/api/v1/policies/simulate", {"server": "shop", "text": "{"}), 400, "invalid")
        self.assert_refused(self.api.post("/api/v1/policies/simulate", {"text": json.dumps(LIVE)}), 400, "invalid")
        self.assert_refused(self.api.post("/api/v1/policies/simulate", {"server": "none", "text": json.dumps(LIVE)}), 404, "not_found")
        self.assert_refused(self.outlaw().post("/api/v1/policies/simulate", {"policy": "shop", "limit": 0}), 400, "invalid")


class SimulateStored(EffectsCase):
    keep = "redacted"

    def test_stored_arguments_are_judged_and_that_is_recorded_once(self):
        draft = {**LIVE, "tools": {**LIVE["tools"], "charge": {"deny_if": [
            {"conditions": [{"path": "args.amount", "op": "gt", "value": 10}]}]}}}
        answer = self.simulate(draft)
        self.assertEqual((answer["counts"]["newly_denied"], answer["counts"]["unchanged"], answer["arguments_read"]), (1, 4, 2))
        reads = self.reads()
        self.assertEqual([(each["by"], each["count"]) for each in reads], [("simulation", 2)])
        self.ok(self.api.post("/api/v1/users", {"name": "vera", "roles": ["viewer"]}))
        token = self.ok(self.api.post("/api/v1/tokens", {"label": "v", "user": "vera"}))["token"]
        viewer = self.simulate(draft, api=self.other(token))
        self.assertEqual((viewer["counts"]["not_replayable"], viewer["arguments_read"]), (2, 0))
        self.assertEqual(self.group(viewer, "not_replayable", "charge")["reason"], "arguments_not_shown")
        self.assertEqual(len(self.reads()), 1)


class Permissions(EffectsCase):
    def test_of_a_grant(self):
        answer = self.ok(self.api.get("/api/v1/grants/agent/permissions"))
        can = {each["tool"]: each for each in answer["servers"][0]["tools"]}
        self.assertEqual({name: each["decision"] for name, each in can.items()},
                         {"list_orders": "allowed", "charge": "depends", "delete_order": "denied"})
        self.assertEqual((can["charge"]["rule"], can["charge"]["note"]), ("/tools/charge/deny_if/args.amount-gt", "100 at most."))
        self.assertEqual(can["delete_order"]["category"], "Destructive")
        idle = self.ok(self.api.get("/api/v1/grants/idle/permissions", query={"tool": "charge"}))
        self.assertEqual([(each["decision"], each["rule"]) for each in idle["servers"][0]["tools"]], [("denied", "(no policy)")])

    def test_of_a_server(self):
        answer = self.ok(self.api.get("/api/v1/servers/shop/permissions"))
        self.assertEqual([each["tool"] for each in answer["tools"]], ["charge", "delete_order", "list_orders"])
        column = {each["grant"]: answer["columns"][each["column"]] for each in answer["agents"]}
        self.assertEqual([cell["decision"] for cell in column["agent"]["cells"]], ["depends", "denied", "allowed"])
        self.assertIsNone(column["idle"]["policy"])

    def test_of_nobody(self):
        self.assert_refused(self.api.get("/api/v1/grants/nobody/permissions"), 404, "not_found")
        self.assert_refused(self.api.get("/api/v1/servers/none/permissions"), 404, "not_found")
        self.assert_refused(self.api.get("/api/v1/grants/agent/permissions", query={"tool": "none"}), 404, "not_found")
