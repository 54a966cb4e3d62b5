"""Requests spelled byte by byte, in both eras."""
from harness.case import NOTHING, GatewayCase
from harness.client import MODERN

ERAS = ("2025-11-25", MODERN)
META = ('"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
        '"io.modelcontextprotocol/clientCapabilities":{}}')

# One policy for the sections that ask little of it: every tool, one denied, one hidden, one numeric rule.
POLICY = {
    "version": "1", "default": "allow", "hide": ["secret_tool"],
    "tools": {
        "delete_file": {"deny_if": [{"conditions": [], "on_deny": "Files stay."}]},
        "delete": {"action": "deny", "reason": "Nothing is deleted."},
        "create_charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 10000}]}],
                          "limits": [{"counter": "charges", "window": "day", "max": 1000000, "scope": "grant"}]},
    },
}
CALL = '"name":"echo","arguments":{"text":"x"}'


def spell(era, params=CALL, id="1", method='"tools/call"', after=""):
    """A request's bytes; `params` are the members inside, `after` stands behind them at the top level."""
    inside = ",".join(piece for piece in (META if era == MODERN else "", params) if piece)
    identity = "" if id is None else f'"id":{id},'
    text = f'{{"jsonrpc":"2.0",{identity}"method":{method},"params":{{{inside}}}{after}}}'
    return text.encode("utf-8", "surrogateescape")


class AttackCase(GatewayCase):
    policies = {"open": ("up", POLICY)}

    @classmethod
    def make_upstream(cls):
        upstream = super().make_upstream()
        upstream.server.tools += [{"name": name, "inputSchema": {"type": "object"}}
                                  for name in ("secret_tool", "delete")]
        return upstream

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ready_clients = {}
        for era in ERAS:
            cls.greet(era)

    @classmethod
    def greet(cls, era):
        """Opens the era's session before any case looks at the upstream, and has the gateway learn the tools."""
        client = cls.ready_clients[era] = cls.gateway.client("agent", version=era)
        cls.addClassCleanup(client.close)
        client.initialize()
        client.tools()
        return client

    def ready(self, era):
        """A client of the era, kept for the test class so that a table does not open a session a row."""
        return self.ready_clients.get(era) or self.greet(era)

    def post(self, era, body, method="tools/call", name="echo", more=()):
        """POSTs the bytes with the headers of a good call in this era."""
        client = self.ready(era)
        params = {"name": name} if name is not None else {}
        headers = client.headers({"method": method, "params": params})
        return client.post_bytes(body, headers + list(more))

    def table(self, test_id, rows, expected, log, eras=ERAS, upstream=NOTHING):
        """Every row is (label, function of the era giving the body's bytes)."""
        for era in eras:
            self.ready(era)
            for label, body in rows:
                spelled = body(era) if callable(body) else body
                self.assert_case(f"{test_id} {era} {label}", lambda era=era, text=spelled: self.post(era, text),
                                 client=expected, upstream=upstream, log=log)
