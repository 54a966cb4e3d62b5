"""The admin MCP server: the control plane as tools, behind a policy of its own, in both eras."""
import hashlib
import json
import threading
import time
import unittest

from harness.client import MODERN
from harness.gateway import ROOT, Gateway
from harness.upstream import RecordingUpstream
from harness.wire import Closed

OPEN = {"version": "1", "default": "allow"}
LOOKS = ["api_key_list", "approval_list", "audit_query", "catalogue_search", "gateway_status", "policy_explain",
         "policy_list", "policy_show", "server_list"]
DESTROYS = ["api_key_delete", "api_key_rotate"]


class AdminCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream()
        cls.gateway = Gateway({"up": cls.upstream.url, "control": {"builtin": "admin"}},
                              {"open": ("up", OPEN), "everything": ("control", OPEN)},
                              {"agent": ("up", "open"), "root": ("control", "everything"), "old": ("control", "everything")})
        cls.gateway.start()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()
        cls.upstream.stop()

    def client(self, version, label="root"):
        client = self.gateway.client(label, version=version)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def both(self):
        return [self.client(version) for version in ("2025-11-25", MODERN)]

    def call(self, client, name, /, **arguments):
        """`data` of a call that works; what the text says is what the structure says."""
        result = client.call(name, arguments).result
        self.assertFalse(result.get("isError"), result)
        self.assertEqual(json.loads(result["content"][0]["text"]), result["structuredContent"])
        self.assertIs(result["structuredContent"]["ok"], True)
        return result["structuredContent"]["data"]

    def refused(self, client, name, /, **arguments):
        """`error` of a call that does not."""
        result = client.call(name, arguments).result
        self.assertTrue(result["isError"], result)
        self.assertIs(result["structuredContent"]["ok"], False)
        return result["structuredContent"]["error"]


class Keys(AdminCase):
    def test_lists_its_tools(self):
        for client in self.both():
            self.assertEqual(client.tools(), sorted(["api_key_create", *LOOKS, *DESTROYS]))

    def test_creates_lists_and_deletes(self):
        for at, client in enumerate(self.both()):
            made = self.call(client, "api_key_create", label=f"made{at}", server="up", policy="open", owner="alice",
                             labels={"team": "core"}, expires="1d")
            token, key = made["key"], made["api_key"]
            self.assertTrue(token.startswith("dwt_"))
            self.assertEqual(key["key_id"], hashlib.sha256(token.encode()).hexdigest())
            self.assertEqual((key["owner"], key["labels"], key["state"]), ("alice", {"team": "core"}, "active"))
            listed = self.call(client, "api_key_list")["api_keys"]
            self.assertIn(key, listed)
            self.assertNotIn(token, json.dumps(listed))
            agent = self.gateway.client("agent", version=MODERN)
            self.addCleanup(agent.close)
            agent.token = token
            self.assertEqual(agent.call("echo", {}).status, 200)

            for name in (key["number"], str(key["number"]), key["uuid"], key["key_id"], token):
                preview = self.call(client, "api_key_delete", id=name)
                self.assertIs(preview["deleted"], False)
                self.assertEqual(preview["api_key"], key)
            self.assertEqual(agent.call("echo", {}).status, 200)
            name = (key["number"], token)[at]
            deleted = self.call(client, "api_key_delete", id=name, confirm=True)
            self.assertIs(deleted["deleted"], True)
            self.assertEqual(deleted["api_key"]["state"], "revoked")
            self.assertEqual(agent.call("echo", {}).status, 401)
            again = self.refused(client, "api_key_delete", id=key["uuid"], confirm=True)
            self.assertEqual(again["kind"], "conflict")
            self.assertNotIn(key["uuid"], [item["uuid"] for item in self.call(client, "api_key_list")["api_keys"]])
            self.assertIn(key["uuid"], [item["uuid"] for item in
                                        self.call(client, "api_key_list", include_revoked=True)["api_keys"]])
            self.assertEqual(self.call(client, "policy_show", name="open")["policy"]["name"], "open")

    def test_a_deleted_key_ends_its_open_streams(self):
        client = self.client(MODERN)
        made = self.call(client, "api_key_create", label="streams", server="up", policy="open")
        agent = self.gateway.client("agent", version="2025-11-25")
        agent.token = made["key"]
        self.addCleanup(agent.close)
        agent.initialize()
        answer, wire = agent.listen()
        self.addCleanup(wire.close)
        self.assertEqual(answer.status, 200)
        ended = threading.Event()

        def read_to_end():
            try:
                list(wire.events())
            except Closed:
                pass
            ended.set()
        threading.Thread(target=read_to_end, daemon=True).start()
        self.assertFalse(ended.is_set())
        self.call(client, "api_key_delete", id=made["api_key"]["number"], confirm=True)
        self.assertTrue(ended.wait(10))

    def test_rotates(self):
        for at, client in enumerate(self.both()):
            made = self.call(client, "api_key_create", label=f"turn{at}", server="up", policy="open")
            turned = self.call(client, "api_key_rotate", id=made["api_key"]["number"])
            self.assertNotEqual(turned["key"], made["key"])
            self.assertEqual(turned["api_key"]["number"], made["api_key"]["number"])
            agent = self.gateway.client("agent", version=MODERN)
            self.addCleanup(agent.close)
            agent.token = made["key"]
            self.assertEqual(agent.call("echo", {}).status, 401)
            agent.token = turned["key"]
            self.assertEqual(agent.call("echo", {}).status, 200)

    def test_refuses_what_is_wrong(self):
        for client in self.both():
            cases = [("api_key_create", {"label": "x", "server": "up", "role": "admin"}, "invalid"),
                     ("api_key_create", {"label": "x"}, "invalid"),
                     ("api_key_create", {"label": "a b", "server": "up"}, "invalid"),
                     ("api_key_create", {"label": "x", "server": "nowhere"}, "not_found"),
                     ("api_key_create", {"label": "x", "server": "up", "expires": "yesterday"}, "invalid"),
                     ("api_key_delete", {}, "invalid"),
                     ("api_key_delete", {"id": 987654}, "not_found"),
                     ("api_key_delete", {"id": 1.5}, "not_found"),
                     ("api_key_delete", {"id": ["agent"]}, "invalid"),
                     ("api_key_delete", {"id": "dwt_" + "A" * 49}, "not_found"),
                     ("policy_show", {"name": "nothing"}, "not_found"),
                     ("catalogue_search", {"category": "read"}, "invalid")]
            for tool, arguments, kind in cases:
                with self.subTest(tool, arguments=arguments):
                    self.assertEqual(self.refused(client, tool, **arguments)["kind"], kind)
            self.assertEqual(client.call("approval_approve", {}).message()["error"]["code"], -32602)

    def test_confirm_is_nothing_but_true(self):
        client = self.client(MODERN)
        made = self.call(client, "api_key_create", label="stays", server="up", policy="open")["api_key"]
        for confirm in (False, "true", 1, None, ["true"]):
            result = client.call("api_key_delete", {"id": made["number"], "confirm": confirm}).result
            self.assertIsNot(result["structuredContent"].get("data", {}).get("deleted"), True)
        self.assertIn(made, self.call(client, "api_key_list")["api_keys"])

    def test_an_agent_gets_no_key_to_the_control_plane(self):
        client = self.client(MODERN)
        self.assertEqual(self.refused(client, "api_key_create", label="more", server="control",
                                      policy="everything")["kind"], "denied")
        keys = self.call(client, "api_key_list")["api_keys"]
        old = next(key for key in keys if key["label"] == "old")
        self.assertEqual(self.refused(client, "api_key_rotate", id=old["number"])["kind"], "denied")

    def test_the_log_names_the_agent(self):
        client = self.client(MODERN)
        made = self.call(client, "api_key_create", label="logged", server="up", policy="open")
        root = next(key for key in self.call(client, "api_key_list")["api_keys"] if key["label"] == "root")
        self.call(client, "api_key_delete", id=made["api_key"]["uuid"], confirm=True)
        records = [record for record in self.gateway.log()
                   if record.get("grant") == made["api_key"]["uuid"] and record["event"].startswith("grant.")]
        self.assertEqual([record["event"] for record in records], ["grant.created", "grant.revoked"])
        self.assertEqual({record["actor"] for record in records}, {"grant:" + root["uuid"]})


class Looks(AdminCase):
    def test_servers_policies_status(self):
        for client in self.both():
            self.assertEqual({server["name"] for server in self.call(client, "server_list")["servers"]}, {"up", "control"})
            self.assertEqual({policy["name"] for policy in self.call(client, "policy_list")["policies"]},
                             {"open", "everything"})
            self.assertEqual(len(self.call(client, "policy_list", server="up")["policies"]), 1)
            status = self.call(client, "gateway_status")
            self.assertEqual(status["servers"], 2)
            self.assertNotIn(str(self.gateway.folder), json.dumps(status))

    def test_searches_the_catalogue(self):
        agent = self.gateway.client("agent", version=MODERN)
        self.addCleanup(agent.close)
        self.assertIn("echo", agent.tools())
        for client in self.both():
            deadline = time.monotonic() + 10  # what a worker has met reaches the store a little later
            found = {"tools": []}
            while not found["tools"] and time.monotonic() < deadline:
                found = self.call(client, "catalogue_search", query="delete API KEY numeric")
            self.assertEqual([tool["tool"] for tool in found["tools"]], ["api_key_delete"])
            self.assertEqual((found["tools"][0]["category"], found["tools"][0]["reviewed"]), ("Destructive", True))
            few = self.call(client, "catalogue_search", server="control", limit=2)
            self.assertEqual((len(few["tools"]), few["found"]), (2, 12))
            self.assertEqual(self.call(client, "catalogue_search", query="nothing of that kind")["tools"], [])


    def test_queries_the_log(self):
        agent = self.gateway.client("agent", version=MODERN)
        self.addCleanup(agent.close)
        agent.call("echo", {"text": "canary-2290"})
        for client in self.both():
            deadline = time.monotonic() + 10  # a record reaches the log's files a little later
            found = {"records": []}
            while not found["records"] and time.monotonic() < deadline:
                found = self.call(client, "audit_query", agent="agent", tool="echo", limit=1)
            self.assertEqual([(record["tool"], record["server"]) for record in found["records"]], [("echo", "up")])
            self.assertNotIn("canary-2290", json.dumps(found))
            self.assertEqual(self.call(client, "audit_query", agent="nobody")["records"], [])
            self.assertEqual(self.refused(client, "audit_query", since="whenever")["kind"], "invalid")

    def test_explains_a_call(self):
        for client in self.both():
            said = self.call(client, "policy_explain", grant="agent", tool="echo", arguments={"text": "x"})
            self.assertEqual(said["decision"], "allow")
            self.assertEqual(self.refused(client, "policy_explain", grant="nobody", tool="echo")["kind"], "not_found")

    def test_lists_approvals_without_arguments(self):
        for client in self.both():
            self.assertEqual(self.call(client, "approval_list")["approvals"], [])


class Shipped(unittest.TestCase):
    """`server add --builtin admin` brings the policy that ships with the server."""

    def test_shows_what_looks_and_hides_what_destroys(self):
        with Gateway({}) as gateway:
            gateway.run("server", "add", "control", "--builtin", "admin", check=True)
            shipped = json.loads(gateway.run("policy", "show", "admin", "--json", check=True).stdout)
            self.assertEqual(shipped["text"], (ROOT / "examples/policies/control-plane.json").read_text())
            gateway.create_grant("helper", "--server", "control", "--policy", "admin")
            for version in ("2025-11-25", MODERN):
                client = gateway.client("helper", "control", version=version)
                client.initialize()
                self.assertEqual(client.tools(), sorted([*LOOKS, "api_key_create"]))
                for tool in DESTROYS:
                    self.assertEqual(client.call(tool, {"id": 1, "confirm": True}).message()["error"]["code"], -32602)
                self.assertIs(client.call("server_list", {}).result["structuredContent"]["ok"], True)
                client.close()


class Asked(unittest.TestCase):
    """Under the policy that ships, a new key asks a person."""

    def test_a_person_approves_a_key(self):
        with Gateway({}) as gateway:
            gateway.run("server", "add", "control", "--builtin", "admin", check=True)
            gateway.create_grant("helper", "--server", "control", "--policy", "admin", "--owner", "alice")
            upstream = RecordingUpstream()
            self.addCleanup(upstream.stop)
            gateway.run("server", "add", "up", "--url", upstream.url, check=True)
            client = gateway.client("helper", "control", version=MODERN, timeout=30)
            self.addCleanup(client.close)
            answers = []
            calling = threading.Thread(target=lambda: answers.append(
                client.call("api_key_create", {"label": "made", "server": "up"})))
            calling.start()
            deadline, waiting = time.monotonic() + 20, []
            while not waiting and time.monotonic() < deadline:
                waiting = json.loads(gateway.run("approvals", "list", "--json", check=True).stdout)["approvals"]
            self.assertEqual([row["tool"] for row in waiting], ["api_key_create"])
            self.assertNotIn("made", gateway.run("grant", "list", check=True).stdout)
            gateway.run("approvals", "approve", waiting[0]["id"], "--yes", check=True)
            calling.join(20)
            made = answers[0].result["structuredContent"]
            self.assertIs(made["ok"], True)
            self.assertEqual(made["data"]["api_key"]["label"], "made")


if __name__ == "__main__":
    unittest.main()
