"""A gateway before stand-in servers, with policies that commands made, for what agents can reach through it."""
import json
import unittest

from harness.fake_server import FakeServer, tool
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from protocol.test_pinning import wait_for

SHOP = [
    tool("list_orders", description="Lists the orders.", annotations={"readOnlyHint": True}),
    tool("update_order", description="Updates an order.",
         inputSchema={"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}),
    tool("create_refund", description="Refunds a payment to the customer.",
         inputSchema={"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}),
    tool("delete_customer", description="Deletes a customer for good.",
         inputSchema={"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}),
]
OPEN = {"version": "1", "default": "allow"}


class ExposureCase(unittest.TestCase):
    maxDiff = None
    servers = {"shop": SHOP}

    def setUp(self):
        self.ups = {}
        for name, tools in self.servers.items():
            self.ups[name] = RecordingUpstream(FakeServer(tools))
            self.addCleanup(self.ups[name].stop)
        self.gateway = Gateway({name: up.url for name, up in self.ups.items()}, workers=1,
                               waiting={"clients": [{"name": "tester", "hold": "200ms", "hold_with_progress": "200ms"}]})
        self.addCleanup(self.gateway.close)
        self.gateway.start()

    def policy(self, name, document, server="shop"):
        self.gateway.run("policy", "add", name, "--server", server, "--file", "-", input=json.dumps(document), check=True)

    def grant(self, label, policy=None, server="shop"):
        self.gateway.create_grant(label, "--server", server, *(["--policy", policy] if policy else []))

    def client(self, label, server="shop"):
        client = self.gateway.client(label, server)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def meet(self, label, server="shop"):
        """Lets a client list the tools, so that the gateway knows them."""
        before = len(self.gateway.log("--event", "tool.first_list"))
        client = self.client(label, server)
        client.tools()
        wait_for(lambda: len(self.gateway.log("--event", "tool.first_list")) > before)
        return client

    def json(self, *words, check=True):
        done = self.gateway.run(*words, "--json", check=check)
        return json.loads(done.stdout)

    def coverage(self, *words):
        return self.json("coverage", *words)

    def states(self, *words):
        """tool -> state, of the only policy."""
        return {row["tool"]: row["state"] for row in self.coverage("--tools", *words)["tools"]}

    def pattern(self, id):
        return next(each for each in self.coverage()["patterns"] if each["id"] == id)
