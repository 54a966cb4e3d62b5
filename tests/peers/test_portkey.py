"""Portkey's real admin server, over stdio and HTTP, against a fake of its REST API; the published policies on it."""
import json
import unittest

from harness.client import Client
from peers.fake_portkey import FakePortkey
from peers.peer import PeerCase, direct_tools, free_port, node, text_of

PACKAGE = "portkey-admin-mcp"
API_KEY = "pk-admin-4711"
SERVER_TOKEN = "portkey-server-token-0123456789abcdef"
NEW_KEY = {"type": "organisation", "sub_type": "service", "name": "ci", "scopes": ["logs.read"]}
UUID = "6f1c0f8e-2f0b-4c3a-9a8e-0d6f3b1c2d4e"

HIDE = '{"version": "1", "default": "allow", "hide": ["delete_api_key"]}'
HIDE_ON_DENY = '{"version":"1","default":"deny","hide":["api_key_delete"]}'
LIMIT = """{"version": "1", "default": "deny",
  "tools": {"create_api_key": {"limits": [{"counter": "api-key-creates", "window": "minute", "max": 30,
                                           "scope": "grant"}]},
            "list_workspaces": {}}}"""
FAQ = """{"version": "1", "default": "allow", "hide": ["delete_api_key"],
  "tools": {"delete_user": {"action": "deny", "reason": "People are removed by people."},
            "list_workspaces": {"rate_limit": {"max": 10, "window": 60}}}}"""


class Portkey(PeerCase):
    policies = {"stdio": ("stdio", HIDE), "web": ("web", HIDE), "published": ("web", HIDE_ON_DENY),
                "limit": ("web", LIMIT), "faq": ("web", FAQ)}
    grants = {"stdio": ("stdio", "stdio"), "web": ("web", "web"), "published": ("web", "published"),
              "limited": ("web", "limit"), "also-limited": ("web", "limit"), "faq": ("web", "faq")}

    @classmethod
    def make_servers(cls):
        cls.fake = FakePortkey(API_KEY)
        cls.addClassCleanup(cls.fake.stop)
        cls.env = {"PORTKEY_BASE_URL": cls.fake.url, "PORTKEY_ALLOW_PRIVATE_BASE_URL": "true",
                   "PORTKEY_ALLOW_INSECURE_HTTP": "true", "PORTKEY_API_KEY": API_KEY}
        cls.port = free_port()
        cls.serve(node(PACKAGE, bin="portkey-admin-mcp-http"), cls.port,
                  {**cls.env, "MCP_PORT": str(cls.port), "MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": SERVER_TOKEN,
                   "RATE_LIMIT_ENABLED": "false"})
        token = cls.folder / "token"
        token.touch(0o600)
        token.write_text(SERVER_TOKEN + "\n")
        return {"stdio": {"command": node(PACKAGE, bin="portkey-admin-mcp"),
                          "env": {name: {"env": name} for name in cls.env}},
                "web": {"url": f"http://127.0.0.1:{cls.port}/mcp",
                        "headers": {"authorization": {"file": str(token), "prefix": "Bearer "}}}}

    def setUp(self):
        super().setUp()
        self.fake.seen.clear()

    def check(self, grant, tools):
        """`hide: ["delete_api_key"]` on the real tools: that one is gone, all others are as they were and work."""
        client = self.client(grant)
        listed = client.list()
        self.assertEqual(len(tools), 181)
        self.assertEqual(listed, [tool for tool in tools if tool["name"] != "delete_api_key"])
        self.assert_gone(client, "delete_api_key", {"id": UUID}, "p-1", listed=[tool["name"] for tool in listed])
        self.assertEqual(self.fake.asked("DELETE", "/"), [])
        users = self.assert_called(client, "list_all_users", {}, "p-2")
        self.assertTrue(users["structuredContent"]["ok"])
        self.assertEqual(users["structuredContent"]["data"]["users"][0]["email"], "ada@example.com")
        self.assertTrue(self.assert_called(client, "delete_user", {"user_id": "u-1"}, "p-3")["structuredContent"]["ok"])
        self.assertEqual([one["path"] for one in self.fake.asked("DELETE", "/")], ["/v1/admin/users/u-1"])
        for request in self.fake.seen:
            self.assertEqual(request["headers"]["x-portkey-api-key"], API_KEY)
            self.assertNotIn(client.token, json.dumps(request))

    def test_hide_over_stdio(self):
        self.check("stdio", direct_tools(node(PACKAGE, bin="portkey-admin-mcp"), self.env))

    def test_hide_over_http(self):
        with Client(self.port, "/mcp", SERVER_TOKEN, timeout=20) as direct:
            direct.initialize()
            self.check("web", direct.list())

    def test_the_first_policy_denies_what_it_does_not_name(self):
        client = self.client("published")
        self.assertEqual(len(client.tools()), 181)
        for id, tool in enumerate(("delete_api_key", "list_all_users", "get_model_pricing"), 1):
            self.assert_denied(client, tool, {}, id, "(default deny)")
        answer = client.call("api_key_delete", {"id": UUID}, id=9)
        self.assertEqual(answer.error, {"code": -32602, "message": "Unknown tool: api_key_delete"})
        self.assert_logged({"event": "call.denied", "rule": "(hidden)", "tool": "api_key_delete", "request.id": 9})
        self.assertEqual(self.fake.seen, [])

    def test_thirty_keys_a_minute(self):
        client, other = self.client("limited"), self.client("also-limited")
        for number in range(1, 31):
            made = client.call("create_api_key", {**NEW_KEY, "name": f"ci-{number}"}, id=number).result
            self.assertTrue(made["structuredContent"]["ok"], made)
        again = self.client("limited")  # a new session has no count of its own
        rule = "/tools/create_api_key/limits/api-key-creates"
        result = self.assert_denied(again, "create_api_key", NEW_KEY, 31, rule)
        decision = result["_meta"]["io.doorward/decision"]
        self.assertEqual(decision["code"], "rate_limited")
        self.assertTrue(1 <= decision["retry_after_s"] <= 61, decision)
        self.assertRegex(text_of(result), rf"\b{decision['retry_after_s']} s")
        self.assertEqual(len(self.fake.asked("POST", "/v1/api-keys/")), 30)
        self.assertEqual([one["body"]["name"] for one in self.fake.seen], [f"ci-{number}" for number in range(1, 31)])
        self.assert_forwarded("create_api_key", 30)

        workspaces = self.assert_called(client, "list_workspaces", {}, 32)
        self.assertEqual(workspaces["structuredContent"]["data"]["workspaces"][0]["slug"], "core")
        self.assertTrue(self.assert_called(other, "create_api_key", NEW_KEY, 33)["structuredContent"]["ok"])

    def test_the_two_forms_of_the_questions_page(self):
        client = self.client("faq")
        self.assert_denied(client, "delete_user", {"user_id": "u-1"}, "q-0", "/tools/delete_user/action",
                           "[POLICY DENIED] People are removed by people.")
        for number in range(10):
            self.assertTrue(client.call("list_workspaces").result["structuredContent"]["ok"], number)
        result = self.assert_denied(client, "list_workspaces", {}, "q-11", "/tools/list_workspaces/rate_limit")
        self.assertTrue(1 <= result["_meta"]["io.doorward/decision"]["retry_after_s"] <= 61)
        self.assertEqual(len(self.fake.asked("GET", "/v1/admin/workspaces")), 10)
        self.assertTrue(self.assert_called(client, "list_all_users", {}, "q-12")["structuredContent"]["ok"])
        again = self.client("faq")  # a new session has a count of its own
        self.assertTrue(self.assert_called(again, "list_workspaces", {}, "q-13")["structuredContent"]["ok"])
        self.assert_gone(client, "delete_api_key", {"id": UUID}, "q-14")
        self.assertEqual(self.fake.asked("DELETE", "/"), [])


if __name__ == "__main__":
    unittest.main()
