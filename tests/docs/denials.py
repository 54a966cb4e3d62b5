"""Every refusal that docs/denials.md shows, made by a gateway.

    python3 -m docs.denials     writes the blocks between the markers of the page anew
"""
import contextlib
import json
import sys

from docs.pages import masked, replaced
from harness.approvals import Desk
from harness.fake_server import tool
from harness.gateway import ROOT, Gateway
from harness.upstream import RecordingUpstream

PAGE = ROOT / "docs" / "denials.md"
WAITS = ROOT / "src" / "gateway" / "client_waits.data"
TOOLS = ("get_file", "list_files", "delete_file", "create_charge", "create_order", "send_report", "drop_table", "purge_cache",
         "rotate_logs", "broken", "shifting")
POLICY = {
    "version": "1", "default": "deny", "hide": ["delete_file"],
    "tools": {
        "get_file": {}, "list_files": {}, "broken": {}, "shifting": {}, "late": {},
        "send_report": {"action": "deny", "reason": "People send reports."},
        "create_charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 10000}],
                                       "on_deny": "Charges stop at 10000."}],
                          "require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}],
                                       "on_deny": "Give a reason."}],
                          "limits": [{"counter": "charges", "window": "hour", "max": 2, "scope": "grant"}]},
        "create_order": {"limits": [{"counter": "spent", "window": "day", "max": 100, "scope": "grant", "amount": "args.total"}]},
        "drop_table": {"action": "approve", "approvers": ["operations"], "expires": "10m"},
        "purge_cache": {"action": "approve", "approvers": ["operations"], "expires": "1s"}},
    "resources": {"default": "allow", "deny_if": [{"conditions": [{"path": "tool.name", "op": "eq", "value": "memo://one"}],
                                                   "on_deny": "That memo is closed."}]},
}


class Scenes(contextlib.ExitStack):
    """name of a block of the page -> what stands in it."""

    def __enter__(self):
        super().__enter__()
        self.upstream = RecordingUpstream()
        self.callback(self.upstream.stop)
        self.upstream.server.tools = [tool(name) for name in TOOLS]
        self.upstream.hook = self.fail
        self.gateway = Gateway({"payments": self.upstream.url}, {"desk": ("payments", POLICY)},
                               {"agent": ("payments", "desk"), "bare": ("payments", None), "busy": ("payments", "desk")},
                               approvals={"pending_per_grant": 2},
                               waiting={"clients": [{"name": "patient", "hold": "20s"}, {"name": "*", "hold": "50ms"}]})
        self.callback(self.gateway.close)
        self.gateway.start()
        return self

    @staticmethod
    def fail(exchange):
        if exchange.seen.rpc != "tools/call" or exchange.seen.params["name"] != "broken":
            return False
        exchange.http(500, b"stack trace")
        return True

    def client(self, grant="agent", name="tester"):
        client = self.enter_context(self.gateway.client(grant, name=name, timeout=30))
        client.initialize()
        return client

    def blocks(self):
        agent, desk = self.client(), Desk(self.gateway)
        agent.tools()

        def call(name, client=agent, **arguments):
            return client.call(name, arguments).message()

        made = {"tool_denied": call("send_report"), "default_deny": call("rotate_logs"),
                "argument_denied": call("create_charge", amount=12000, reason="invoice 7"),
                "require_missing": call("create_charge", amount=50)}
        for invoice in ("invoice 7", "invoice 8"):
            assert "isError" not in call("create_charge", amount=50, reason=invoice)["result"]
        made["rate_limited"] = call("create_charge", amount=50, reason="invoice 9")
        made["budget_exceeded"] = call("create_order", total=250)
        made["approval_pending"] = call("drop_table", table="old")
        request = desk.wait(1, "drop_table")[0]["id"]
        call("drop_table", table="older")
        made["approval_refused"] = call("drop_table", table="oldest")
        desk.deny(request, "Archive it first")
        made["approval_denied"] = call("drop_table", table="old")
        made["approval_expired"] = call("purge_cache", self.client(name="patient"))
        made["no_policy"] = call("get_file", self.client("bare"))
        made["tool_hidden"] = call("delete_file")
        made["unknown_tool"] = call("no_such_tool")
        made["upstream_error"] = call("broken")
        made["resource"] = agent.request("resources/read", {"uri": "memo://one"}).message()
        self.upstream.server.tools[-1]["description"] = "Now it does something else"
        self.upstream.server.tools.append(tool("late"))
        agent.tools()
        made["definition_changed"], made["not_reviewed"] = call("shifting"), call("late")
        return {"result": as_json(made["argument_denied"]), "waits": waits(), **{name: quoted(name, message) for name, message in made.items()}}


def as_json(message):
    """The whole answer, for programs."""
    return "```json\n" + json.dumps(message, indent=2) + "\n```\n"


def waits():
    """The table of clients."""
    lines = [line.split() for line in WAITS.read_text().splitlines() if line and line[0] not in "#R)"]
    head = "| Client, by `clientInfo` | Held | With progress |\n|---|---|---|\n"
    return head + "".join(f"| {'any other' if line[0] == '*' else '`' + ' '.join(line[:-2]) + '`'} | {line[-2]} s | {line[-1]} s |\n"
                          for line in lines)


# Blocks whose names are no codes.
CODES = {"definition_changed": "tool_changed", "not_reviewed": "tool_changed"}


def quoted(name, message):
    """What the model reads. The code must be the one that the block is named for."""
    if "error" in message:
        return f"> `{message['error']['message']}`\n"
    decision = message["result"]["_meta"]["io.doorward/decision"]
    assert decision["code"] == CODES.get(name, name), (name, message)
    return f"> `{message['result']['content'][0]['text']}`\n"


def write_page():
    text = old = PAGE.read_text()
    with Scenes() as scenes:
        for name, content in scenes.blocks().items():
            text = replaced(text, name, content)
    if masked(text) != masked(old):
        PAGE.write_text(text)
        print(PAGE.name, "is written anew")


if __name__ == "__main__":
    sys.exit(write_page())
