"""Action tools: a server that hides its tools in the arguments of one, under the published policies as written."""
import json
import sys
import unittest

from harness.gateway import SHARED
from peers.peer import HERE, PeerCase, text_of
from peers.truenas_stand_in import OWN, actions_by_category

CAPTURED = SHARED / "data/tool-lists/truenas-mcp.json"
ACTIONS = actions_by_category(CAPTURED) if CAPTURED.exists() else OWN
NAMES = [name for names in ACTIONS.values() for name in names]

FIRST = '{"version":"1","default":"deny","hide":["api_key_delete"]}'
FIRST_ON_ALLOW = '{"version":"1","default":"allow","hide":["api_key_delete"]}'
LIMIT = """{"version": "1", "default": "deny", "hide": ["api_key_delete"],
  "tools": {"api_key_create": {"limits": [{"counter": "api-key-creates", "window": "minute", "max": 30,
                                           "scope": "grant"}]},
            "system_info": {}, "truenas": {}}}"""
ARGUMENTS = """{"version": "1", "default": "deny",
  "tools": {"dataset_delete": {
    "require": [{"conditions": [{"path": "args.id", "op": "starts_with", "value": "tank/tmp/"}],
                 "on_deny": "Only below tank/tmp."}],
    "deny_if": [{"conditions": [{"path": "args.force", "op": "eq", "value": true}]}]}}}"""
OUTER_HIDDEN = '{"version":"1","default":"allow","hide":["truenas"]}'


class ActionTools(PeerCase):
    policies = {"first": ("nas", FIRST), "allow": ("nas", FIRST_ON_ALLOW), "limit": ("nas", LIMIT),
                "arguments": ("nas", ARGUMENTS), "outer": ("nas", OUTER_HIDDEN)}
    grants = {name: ("nas", name) for name in policies} | {"also": ("nas", "limit")}

    @classmethod
    def make_servers(cls):
        cls.record = cls.folder / "ran"
        cls.record.touch()
        command = [sys.executable, str(HERE / "truenas_stand_in.py"), str(cls.record)]
        return {"nas": {"command": command + ([str(CAPTURED)] if CAPTURED.exists() else []),
                        "actions": [{"tool": "truenas", "name": "args.action", "args": "args.params", "list": NAMES}]}}

    def setUp(self):
        super().setUp()
        self.record.write_text("")

    def ran(self):
        return [json.loads(line) for line in self.record.read_text().splitlines()]

    def act(self, client, action, params=None, id=1):
        arguments = {"category": "system", "action": action}
        return client.call("truenas", arguments if params is None else {**arguments, "params": params}, id=id)

    def assert_runs(self, client, action, params, id):
        result = self.act(client, action, params, id).result
        self.assertEqual(json.loads(text_of(result)), {"action": action, "params": params})
        self.assert_forwarded(action, id)

    def assert_refused(self, client, action, params, id, rule, text=""):
        arguments = {"action": action, "params": params}
        return self.assert_denied(client, "truenas", arguments, id, rule, text, logged=action)

    def assert_unknown(self, client, action, name, id, rule="(unknown tool)"):
        """Answered by the name that was asked for, exactly as for a tool that is not there."""
        self.assertEqual(self.act(client, action, {"id": 1}, id).error,
                         {"code": -32602, "message": f"Unknown tool: {name}"})
        self.assert_logged({"event": "call.denied", "rule": rule, "tool": name, "request.id": id})

    def test_the_actions_are_all_there(self):
        self.assertEqual(len(set(NAMES)), len(NAMES))
        if CAPTURED.exists():
            self.assertEqual((len(NAMES), len(ACTIONS)), (278, 18))
        self.assertIn("api_key_delete", NAMES)

    def test_the_first_policy_as_written(self):
        client = self.client("first")
        self.assertEqual(client.tools(), ["truenas"])
        self.assert_unknown(client, "api_key_delete", "api_key_delete", 1, "(hidden)")
        self.assert_unknown(client, "api_key_destroy", "api_key_destroy", 2)
        for id, action in enumerate(NAMES, 100):
            if action != "api_key_delete":
                self.assertTrue(self.act(client, action, {}, id).is_denied, action)
        self.assert_logged({"event": "call.denied", "rule": "(default deny)", "tool": NAMES[0], "request.id": 100})
        self.assertEqual(self.ran(), [])

    def test_hidden_in_every_spelling(self):
        client = self.client("allow")
        for id, action in enumerate((["api_key_delete"], [["api_key_delete"]], None, 5, True, {}), 1):
            self.assert_unknown(client, action, "truenas", id)
        for id, action in enumerate(("API_KEY_DELETE", " api_key_delete", "api_key_delete\u0000", "api_key_delet\u0435",
                                     "nothing", "", "constructor", "truenas"), 20):
            answer = self.act(client, action, {}, id)
            self.assertEqual(answer.error["code"], -32602, action)
            self.assert_logged({"event": "call.denied", "rule": "(unknown tool)", "request.id": id})
        body = b'{"jsonrpc":"2.0","id":40,"method":"tools/call","params":{"name":"truenas","arguments":%s}}'
        self.assertEqual(client.post_bytes(body % rb'{"action":"\u0061pi_key_delete"}', client.headers()).error,
                         {"code": -32602, "message": "Unknown tool: api_key_delete"})
        twice = client.post_bytes(body % b'{"action":"system_info","action":"api_key_delete"}', client.headers())
        self.assertEqual(twice.status, 400)
        self.assertEqual(client.call("api_key_delete", {"id": 1}, id=41).error,
                         {"code": -32602, "message": "Unknown tool: api_key_delete"})
        self.assertEqual(self.ran(), [])
        self.assert_runs(client, "api_key_list", {}, 42)
        self.assert_runs(client, "system_info", {"deep": [1, {"x": "\u00e9"}]}, 43)

    def test_the_outer_tool(self):
        allowed, denied = self.client("allow"), self.client("first")
        helped = self.assert_called(allowed, "truenas", {"category": "system"}, 1)
        for action in ACTIONS["system"]:
            self.assertIn(action, text_of(helped))
        self.assert_denied(denied, "truenas", {"category": "system"}, 2, "(default deny)")
        self.assert_denied(denied, "truenas", {}, 3, "(default deny)")
        hidden = self.client("outer")
        self.assertEqual(hidden.tools(), [])
        for arguments in ({}, {"action": "system_info"}, {"action": "api_key_delete"}):
            self.assertEqual(hidden.call("truenas", arguments).error["code"], -32602)
        self.assertEqual(self.ran(), [])

    def test_thirty_keys_a_minute(self):
        client, also = self.client("limit"), self.client("also")
        for number in range(1, 31):
            self.assertFalse(self.act(client, "api_key_create", {"name": f"k{number}"}, number).result.get("isError"))
        result = self.assert_refused(self.client("limit"), "api_key_create", {"name": "k31"}, 31,
                                     "/tools/api_key_create/limits/api-key-creates")
        seconds = result["_meta"]["io.doorward/decision"]["retry_after_s"]
        self.assertTrue(1 <= seconds <= 61, seconds)
        self.assertRegex(text_of(result), rf"\b{seconds} s")
        self.assertEqual([one["params"]["name"] for one in self.ran()], [f"k{number}" for number in range(1, 31)])
        self.assert_runs(client, "system_info", {}, 32)
        self.assert_runs(also, "api_key_create", {"name": "other"}, 33)
        self.assert_unknown(client, "api_key_delete", "api_key_delete", 34, "(hidden)")

    def test_conditions_are_rooted_at_the_actions_own_arguments(self):
        client = self.client("arguments")
        self.assert_runs(client, "dataset_delete", {"id": "tank/tmp/a"}, 1)
        require = "/tools/dataset_delete/require/args.id-starts_with"
        self.assert_refused(client, "dataset_delete", {"id": "tank/home"}, 2, require, "Only below tank/tmp.")
        self.assert_refused(client, "dataset_delete", {}, 3, require)
        self.assert_refused(client, "dataset_delete", {"id": "tank/tmp/a", "force": True}, 4,
                            "/tools/dataset_delete/deny_if/args.force-eq")
        # What stands beside the parameters is not the action's.
        beside = {"action": "dataset_delete", "params": {"id": "tank/home"}, "id": "tank/tmp/a"}
        self.assert_denied(client, "truenas", beside, 5, require, logged="dataset_delete")
        self.assertTrue(self.act(client, "dataset_delete", None, 6).is_denied)
        self.assertTrue(self.act(client, "dataset_delete", [{"id": "tank/tmp/a"}], 7).is_denied)
        self.assertTrue(self.act(client, "pool_list", {}, 8).is_denied)
        self.assertEqual(self.ran(), [{"action": "dataset_delete", "params": {"id": "tank/tmp/a"}}])


if __name__ == "__main__":
    unittest.main()
