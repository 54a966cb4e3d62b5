"""Agents with tokens of a real authorization server: real clients find it by the gateway's own words and log in."""
import base64
import json
import unittest
import urllib.parse
import urllib.request

from harness.client import MODERN, Client
from peers.peer import CACHE, HERE, NODE, PeerCase, drive, free_port, node, text_of

POLICY = {"version": "1", "default": "deny", "tools": {
    "echo": {"require": [{"conditions": [{"path": "identity.groups[*]", "op": "in", "value": ["payments", "support"]}],
                          "on_deny": "Not your group."}]},
    "get-sum": {"require": [{"conditions": [{"path": "identity.sub", "op": "eq", "value": "payer"}],
                             "on_deny": "Only the payer adds."}]}}}
CLIENTS = {"payer": {"secret": "s-payer", "groups": ["payments"]}, "helper": {"secret": "s-helper", "groups": ["support"]},
           "visitor": {"secret": "s-visitor", "groups": []}}


class Oidc(PeerCase):
    policies = {"shop": ("shop", POLICY)}

    @classmethod
    def setUpClass(cls):
        # The tokens name the gateway's address, and the gateway names the issuer's: both are chosen first.
        cls.port, cls.issuer_port = free_port(), free_port()
        cls.resource = f"http://127.0.0.1:{cls.port}/mcp/shop"
        cls.issuer = f"http://127.0.0.1:{cls.issuer_port}"
        super().setUpClass()

    @classmethod
    def make_gateway(cls, servers):
        gateway = super().make_gateway(servers)
        rule = lambda group: {"issuer": cls.issuer, "claims": {"groups": group}}
        gateway.config.update(listen=f"127.0.0.1:{cls.port}", identity={"issuers": [{"issuer": cls.issuer}]}, grants=[
            {"label": label, "server": "shop", "policy": "shop", "identity": rule(label)} for label in ("payments", "support")])
        return gateway

    @classmethod
    def make_servers(cls):
        cls.serve([NODE, str(HERE / "oidc_provider.mjs"), str(cls.issuer_port),
                            json.dumps([cls.resource]), json.dumps(CLIENTS)], cls.issuer_port, {"DOORWARD_PEERS": str(CACHE)})
        return {"shop": {"command": node("@modelcontextprotocol/server-everything", "stdio")}}

    def drive(self, script, era, client, steps):
        secret = CLIENTS[client]["secret"]
        return drive(script, {"era": era, "steps": steps, "transport": {"url": self.resource, "client": {
            "clientId": client, "clientSecret": secret, "expectedIssuer": self.issuer}}})

    def token(self, client, resource=None):
        basic = base64.b64encode(f"{client}:{CLIENTS[client]['secret']}".encode()).decode()
        data = urllib.parse.urlencode({"grant_type": "client_credentials", "resource": resource or self.resource})
        request = urllib.request.Request(self.issuer + "/token", data.encode(), {"Authorization": f"Basic {basic}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["access_token"]

    def agent(self, client):
        agent = Client(self.gateway.port, "/mcp/shop", self.token(client), version=MODERN, timeout=30)
        self.addCleanup(agent.close)
        return agent

    def check(self, script, era):
        steps = [{"call": "echo", "arguments": {"message": "hi"}}, {"call": "get-sum", "arguments": {"a": 1, "b": 2}}]
        payer = self.drive(script, era, "payer", steps)
        self.assertIn("hi", text_of(payer["steps"][0]["result"]))
        self.assertFalse(payer["steps"][1]["result"].get("isError"))
        self.assert_logged({"event": "call.intent", "tool": "get-sum", "identity.issuer": self.issuer,
                            "identity.subject": "payer", "identity.credential": "jwt", "grant.label": "payments"})
        helper = self.drive(script, era, "helper", steps)
        self.assertIn("hi", text_of(helper["steps"][0]["result"]))
        self.assertIn("Only the payer adds.", text_of(helper["steps"][1]["result"]))
        self.assert_logged({"event": "call.denied", "tool": "get-sum", "identity.subject": "helper", "grant.label": "support"})

    def test_v1_clients_find_the_issuer_and_log_in(self):
        self.check("v1_client.mjs", "legacy")

    def test_v2_clients_find_the_issuer_and_log_in(self):
        self.check("v2_client.mjs", "modern")

    def test_who_has_no_grant_finds_nothing(self):
        self.assertEqual(self.agent("visitor").call("echo", {"message": "x"}).status, 404)

    def test_a_rotated_key_is_found(self):
        before = self.agent("payer")
        self.assertEqual(before.call("echo", {"message": "x"}).status, 200)
        urllib.request.urlopen(urllib.request.Request(self.issuer + "/rotate", b""), timeout=10).close()
        after = self.agent("payer")
        self.assertNotEqual(after.token, before.token)
        self.assertEqual(after.call("echo", {"message": "x"}).status, 200)
        self.assertEqual(before.call("echo", {"message": "x"}).status, 200)


if __name__ == "__main__":
    unittest.main()
