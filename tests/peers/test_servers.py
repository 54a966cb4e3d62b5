"""Real upstream servers from npm behind the gateway: everything (stdio, Streamable HTTP, HTTP+SSE), filesystem, memory."""
import json
import unittest

from harness.client import Client
from harness.shows import shows
from peers.peer import PeerCase, direct_tools, free_port, node, text_of

EVERYTHING = "@modelcontextprotocol/server-everything"
FILESYSTEM = "@modelcontextprotocol/server-filesystem"
MEMORY = "@modelcontextprotocol/server-memory"


class Everything(PeerCase):
    policy = {"version": "1", "default": "deny", "hide": ["get-env"],
              "tools": {"echo": {"deny_if": [{"on_deny": "Echo no keys.", "conditions": [
                            {"path": "args.message", "op": "contains", "value": "key"}]}]},
                        "get-sum": {"deny_if": [{"conditions": [{"path": "args.b", "op": "gt", "value": 10}]}]},
                        "get-structured-content": {}, "trigger-long-running-operation": {},
                        "toggle-simulated-logging": {}}}
    policies = {"stdio": ("stdio", policy), "web": ("web", policy), "old": ("old", policy)}
    grants = {"stdio": ("stdio", "stdio"), "web": ("web", "web"), "old": ("old", "old")}

    @classmethod
    def make_servers(cls):
        cls.port = free_port()
        cls.serve(node(EVERYTHING, "streamableHttp"), cls.port, {"PORT": str(cls.port)})
        old = free_port()
        cls.serve(node(EVERYTHING, "sse"), old, {"PORT": str(old)})
        return {"stdio": {"command": node(EVERYTHING, "stdio")}, "web": f"http://127.0.0.1:{cls.port}/mcp",
                "old": f"http://127.0.0.1:{old}/sse"}

    def check(self, grant, tools):
        client = self.client(grant)
        self.assertEqual(client.list(), [tool for tool in tools if tool["name"] != "get-env"])
        self.assertIn("get-env", [tool["name"] for tool in tools])
        echo = self.assert_called(client, "echo", {"message": "h\u00e9llo"}, "e-1")
        self.assertEqual(text_of(echo), "Echo: h\u00e9llo")
        self.assertIn("13", text_of(self.assert_called(client, "get-sum", {"a": 6, "b": 7}, 2 ** 53 - 1)))
        weather = self.assert_called(client, "get-structured-content", {"location": "Chicago"}, "e-2")
        self.assertEqual(set(weather["structuredContent"]), {"temperature", "conditions", "humidity"})
        self.assert_denied(client, "echo", {"message": "my key"}, "e-3", "/tools/echo/deny_if/args.message-contains",
                           "[POLICY DENIED] Echo no keys.")
        self.assert_denied(client, "get-sum", {"a": 1, "b": 11}, "e-4", "/tools/get-sum/deny_if/args.b-gt", "11")
        self.assert_denied(client, "get-sum", {"a": 1, "b": "11"}, "e-5", "/tools/get-sum/deny_if/args.b-gt-type")
        self.assert_denied(client, "get-tiny-image", {}, "e-6", "(default deny)")
        self.assert_gone(client, "get-env", {}, "e-7")
        self.assertEqual(client.list("resources/list", "resources"), [])
        self.check_progress(client)
        self.check_stream(client)

    def check_progress(self, client):
        answer = client.call("trigger-long-running-operation", {"duration": 0.3, "steps": 3}, id="slow",
                             meta={"progressToken": "mine"})
        *events, last = answer.messages()
        self.assertEqual([event["method"] for event in events], ["notifications/progress"] * 3)
        self.assertEqual([event["params"]["progress"] for event in events], [1, 2, 3])
        self.assertEqual({event["params"]["progressToken"] for event in events}, {"mine"})
        self.assertIn("Duration: 0.3 seconds", text_of(last["result"]))
        self.assert_forwarded("trigger-long-running-operation", "slow")

    def check_stream(self, client):
        """What the server says outside of any call reaches the client's GET stream."""
        answer, wire = client.listen()
        self.addCleanup(wire.close)
        self.assertTrue(answer.is_stream, answer)
        self.assert_called(client, "toggle-simulated-logging", {}, "log")
        messages = (json.loads(event["data"]) for event in wire.events(20) if event.get("data"))
        message = next(one for one in messages if one["method"] == "notifications/message")
        self.assertIn("level", message["params"])

    @shows(("tools: list and call", "structured content, output schemas", "progress", "logging", "denials"), "2025-11-25", server="stdio")
    def test_stdio(self):
        self.check("stdio", direct_tools(node(EVERYTHING, "stdio")))

    @shows(("tools: list and call", "structured content, output schemas", "progress", "logging", "denials"), "2025-11-25", server="sse")
    def test_http_sse(self):
        """The transport is found out."""
        self.check("old", direct_tools(node(EVERYTHING, "stdio")))

    @shows(("tools: list and call", "structured content, output schemas", "progress", "logging", "denials"), "2025-11-25", server="http")
    def test_streamable_http(self):
        with Client(self.port, "/mcp", timeout=10) as direct:
            direct.initialize()
            self.check("web", direct.list())


class Filesystem(PeerCase):
    grants = {"agent": ("files", "agent")}

    @classmethod
    def make_servers(cls):
        cls.root = cls.folder.resolve() / "root"
        for name, text in {"public/notes.txt": "three small notes", "private/plan.txt": "the plan"}.items():
            path = cls.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        public = {"require": [{"on_deny": "Only the public folder.", "conditions": [
            {"path": "args.path", "op": "path_under", "value": [f"{cls.root}/public"]}]}]}
        cls.policies = {"agent": ("files", {"version": "1", "default": "deny", "hide": ["move_*"],
                                            "tools": {"read_text_file": public, "write_file": public,
                                                      "list_allowed_directories": {}}})}
        return {"files": {"command": node(FILESYSTEM, str(cls.root))}}

    def test_files(self):
        client = self.client("agent")
        listed = direct_tools(node(FILESYSTEM, str(self.root)))
        self.assertEqual(client.list(), [tool for tool in listed if tool["name"] != "move_file"])
        public, private = self.root / "public", self.root / "private"

        read = self.assert_called(client, "read_text_file", {"path": f"{public}/notes.txt"}, "f-1")
        self.assertEqual(read["structuredContent"], {"content": "three small notes"})
        self.assert_called(client, "write_file", {"path": f"{public}/new.txt", "content": "written\n"}, "f-2")
        self.assertEqual((public / "new.txt").read_text(), "written\n")
        self.assertIn(str(self.root), text_of(self.assert_called(client, "list_allowed_directories", {}, "f-3")))

        outside = "/tools/read_text_file/require/args.path-path_under"
        result = self.assert_denied(client, "read_text_file", {"path": f"{private}/plan.txt"}, "f-4", outside,
                                    "Only the public folder.")
        self.assertNotIn("the plan", json.dumps(result))
        around = {"path": f"{public}/../private/plan.txt"}
        self.assert_denied(client, "read_text_file", around, "f-5", f"{outside}-type")
        self.assert_denied(client, "write_file", {"path": f"{private}/x.txt", "content": "no"}, "f-6",
                           "/tools/write_file/require/args.path-path_under")
        self.assertFalse((private / "x.txt").exists())
        self.assert_denied(client, "create_directory", {"path": f"{public}/new"}, "f-7", "(default deny)")
        self.assertFalse((public / "new").exists())

        move = {"source": f"{public}/notes.txt", "destination": f"{public}/gone.txt"}
        self.assert_gone(client, "move_file", move, "f-8")
        self.assertTrue((public / "notes.txt").exists())

    def test_an_error_of_the_server_is_no_denial(self):
        client = self.client("agent")
        answer = client.call("read_text_file", {"path": f"{self.root}/public/none.txt"}, id="f-9")
        self.assertTrue(answer.result["isError"])
        self.assertIn("ENOENT", answer.text)
        self.assertFalse(answer.is_denied)
        self.assert_forwarded("read_text_file", "f-9", result="tool_error")


class Memory(PeerCase):
    policies = {"agent": ("memory", {
        "version": "1", "default": "allow", "hide": ["delete_entities"],
        "tools": {"create_entities": {
            "deny_if": [{"conditions": [{"path": "args.entities[*].entityType", "op": "eq", "value": "person"}],
                         "on_deny": "Nothing about people."}],
            "limits": [{"counter": "memories", "window": "hour", "max": 2, "scope": "grant"}]},
            "delete_relations": {"action": "deny", "reason": "Relations stay."}}})}
    grants = {"agent": ("memory", "agent")}

    @classmethod
    def make_servers(cls):
        cls.file = cls.folder / "memory.jsonl"
        return {"memory": {"command": node(MEMORY), "env": {"MEMORY_FILE_PATH": {"value": str(cls.file)}}}}

    def test_memory(self):
        client = self.client("agent")

        def entity(kind, name="Doorward"):
            return {"entities": [{"name": "oak", "entityType": "tree", "observations": []},
                                 {"name": name, "entityType": kind, "observations": ["guards"]}]}

        made = self.assert_called(client, "create_entities", entity("gateway"), "m-1")
        self.assertEqual([one["name"] for one in made["structuredContent"]["entities"]], ["oak", "Doorward"])
        self.assertIn("Doorward", self.file.read_text())
        self.assert_denied(client, "create_entities", entity("person", "Ada"), "m-2",
                           "/tools/create_entities/deny_if/args.entities[*].entityType-eq", "Nothing about people.")
        self.assert_called(client, "create_entities", entity("tool", "Lock"), "m-3")
        result = self.assert_denied(client, "create_entities", entity("tool", "Key"), "m-4",
                                    "/tools/create_entities/limits/memories")
        decision = result["_meta"]["io.doorward/decision"]
        self.assertEqual(decision["code"], "rate_limited")
        self.assertTrue(0 < decision["retry_after_s"] <= 3660, decision)
        found = self.assert_called(client, "search_nodes", {"query": "guards"}, "m-5")
        self.assertEqual({one["name"] for one in found["structuredContent"]["entities"]}, {"Doorward", "Lock"})
        self.assert_denied(client, "delete_relations", {"relations": []}, "m-6", "/tools/delete_relations/action",
                           "Relations stay.")
        self.assert_gone(client, "delete_entities", {"entityNames": ["Doorward"]}, "m-7")
        self.assertIn("Doorward", self.file.read_text())
        self.assertNotIn("Ada", self.file.read_text())


if __name__ == "__main__":
    unittest.main()
