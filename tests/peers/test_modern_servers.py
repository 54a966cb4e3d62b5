"""Real legacy clients before a server of the v2 SDK that serves 2026-07-28 alone, over HTTP and stdio."""
import unittest

from harness.shows import shows
from peers.peer import CACHE, PeerCase, drive, free_port, text_of
from peers.test_clients import DUAL, DUAL_POLICY, DUAL_STEPS, MODERN, PEERS, check_dual, dual_records

YES = {"elicitation/create": {"action": "accept", "content": {"sure": True}}}
STAGING = [{"call": "deploy", "arguments": {"target": "staging"}}]


class ModernServers(PeerCase):
    policies = {"web": ("web", DUAL_POLICY), "child": ("child", DUAL_POLICY)}
    grants = {"web": ("web", "web"), "child": ("child", "child")}

    @classmethod
    def make_servers(cls):
        port = free_port()
        cls.serve([*DUAL, "http", str(port), "modern"], port, PEERS)
        return {"web": {"url": f"http://127.0.0.1:{port}/mcp", "client_requests": ["elicitation"]},
                "child": {"command": [*DUAL, "stdio", "modern"], "client_requests": ["elicitation"],
                          "env": {"DOORWARD_PEERS": {"value": str(CACHE)}}}}

    def drive(self, script, grant, steps, answers=None):
        transport = {"url": self.url(grant), "token": self.gateway.tokens[grant]}
        return drive(script, {"era": "legacy", "transport": transport, "steps": steps, "answers": answers or {}})

    def check(self, script, grant):
        done = self.drive(script, grant, DUAL_STEPS)
        self.assertEqual(done["version"], "2025-11-25")
        self.assertTrue(done["session"])
        steps = check_dual(self, done)
        self.assertEqual(steps[3]["progress"], [1, 2, 3])
        self.assert_logged(*dual_records(steps, "legacy"))

    def check_input(self, script, grant):
        done = self.drive(script, grant, STAGING, YES)
        self.assertEqual(done["asked"], ["elicitation/create"])
        self.assertEqual(text_of(done["steps"][0]["result"]), "deployed to staging, asked for staging")
        declined = self.drive(script, grant, STAGING, {"elicitation/create": {"action": "decline"}})
        self.assertEqual(set(declined["asked"]), {"elicitation/create"})

    @shows(("tools: list and call", "structured content, output schemas", "progress", "denials"), "2025-11-25",
           server=("http", "stdio"), server_era=MODERN)
    def test_v1_client(self):
        self.check("v1_client.mjs", "web")
        self.check("v1_client.mjs", "child")

    def test_v2_client(self):
        self.check("v2_client.mjs", "web")
        self.check("v2_client.mjs", "child")

    @shows(("elicitation: form", "input-required rounds"), "2025-11-25", server=("http", "stdio"), server_era=MODERN)
    def test_input_that_the_server_asks_for(self):
        for script in ("v1_client.mjs", "v2_client.mjs"):
            for grant in ("web", "child"):
                with self.subTest(f"{script} {grant}"):
                    self.check_input(script, grant)


if __name__ == "__main__":
    unittest.main()
