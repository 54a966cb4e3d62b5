"""The v2 SDK's client in the modern era before a real legacy server: server-everything over each of its transports."""
import json
import unittest

from harness.shows import shows
from peers.peer import PeerCase, drive, free_port, node, text_of

EVERYTHING = "@modelcontextprotocol/server-everything"
MODERN = "2026-07-28"
ANSWERS = {"sampling/createMessage": {"role": "assistant", "content": {"type": "text", "text": "forty-two"}, "model": "m"},
           "elicitation/create": {"action": "accept", "content": {"name": "Ada", "check": True}},
           "roots/list": {"roots": [{"uri": "file:///home", "name": "home"}]}}
STEPS = [{"list": "tools"}, {"call": "echo", "arguments": {"message": "h\u00e9llo"}},
         {"call": "get-structured-content", "arguments": {"location": "Chicago"}},
         {"call": "trigger-long-running-operation", "arguments": {"duration": 0.3, "steps": 3}, "progress": True},
         {"call": "trigger-sampling-request", "arguments": {"prompt": "p", "maxTokens": 10}},
         {"call": "trigger-elicitation-request", "arguments": {}},
         {"call": "get-env", "arguments": {}}, {"list": "resources"}, {"list": "prompts"},
         {"prompt": "simple-prompt"},
         {"together": [{"call": "get-sum", "arguments": {"a": number, "b": 1}} for number in range(20)]}]


class Everything(PeerCase):
    names = ("stdio", "web", "sse")
    policies = {name: (name, {"version": "1", "default": "allow", "hide": ["get-env"]}) for name in names}
    grants = {name: (name, name) for name in names}

    @classmethod
    def make_servers(cls):
        ports = {"streamableHttp": free_port(), "sse": free_port()}
        for transport, port in ports.items():
            cls.serve(node(EVERYTHING, transport), port, {"PORT": str(port)})
        asks = {"client_requests": ["sampling", "elicitation", "roots"]}
        return {"stdio": {"command": node(EVERYTHING, "stdio"), **asks},
                "web": {"url": f"http://127.0.0.1:{ports['streamableHttp']}/mcp", **asks},
                "sse": {"url": f"http://127.0.0.1:{ports['sse']}/sse", "transport": "sse", **asks}}

    def check(self, name, script="v2_client.mjs"):
        request = {"era": "modern", "transport": {"url": self.url(name), "token": self.gateway.tokens[name]},
                   "answers": ANSWERS, "steps": STEPS}
        done = drive(script, request)
        self.assertEqual((done["era"], done["version"]), ("modern", MODERN))
        self.assertIn("tools", done["capabilities"])
        tools, echo, structured, slow, sampled, elicited, hidden, resources, prompts, prompt, sums = done["steps"]
        names = [tool["name"] for tool in tools["result"]["tools"]]
        self.assertIn("trigger-sampling-request", names, "which the server lists to those who can be asked")
        self.assertNotIn("get-env", names)
        self.assertNotIn("execution", json.dumps(tools["result"]))
        self.assertEqual(text_of(echo["result"]), "Echo: h\u00e9llo")
        self.assertEqual(set(structured["result"]["structuredContent"]), {"temperature", "conditions", "humidity"})
        # The SDK counts its rounds as progress, too.
        self.assertEqual(sorted(set(slow["progress"])), [1, 2, 3])
        self.assertIn("forty-two", text_of(sampled["result"]))
        self.assertIn("Ada", text_of(elicited["result"]))
        self.assertIn("Unknown tool: get-env", hidden["error"]["message"])
        self.assertTrue(resources["result"]["resources"])
        self.assertTrue(prompts["result"]["prompts"])
        self.assertTrue(prompt["result"]["messages"])
        self.assertEqual(len(sums["result"]), 20)
        for number, one in enumerate(sums["result"]):
            self.assertIn(f"{number + 1}", text_of(one))
        self.assertEqual({"sampling/createMessage", "elicitation/create"} - set(done["asked"]), set())
        self.assert_logged({"event": "call.intent", "tool": "echo", "era": "modern"})

    FEATURES = ("tools: list and call", "structured content, output schemas", "progress", "sampling", "elicitation: form",
                "resources: list, templates, read", "prompts: list and get", "server/discover", "input-required rounds")

    @shows(FEATURES, MODERN, server="stdio", server_era="2025-11-25")
    def test_stdio(self):
        self.check("stdio")

    @shows(FEATURES, MODERN, server="http", server_era="2025-11-25")
    def test_streamable_http(self):
        self.check("web")

    @shows(FEATURES, MODERN, server="sse", server_era="2025-11-25")
    def test_sse(self):
        self.check("sse")


if __name__ == "__main__":
    unittest.main()
