"""A gateway that people would look at: two servers, four agents, policies of every kind, and what the agents really did.

All that the console shows of it was made by calls through the gateway and by its own commands.
"""
import os

from harness.api import Api
from harness.approvals import Desk, held
from harness.fake_server import Failure, FakeServer, tool
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream


def described(name, description, properties=None, required=(), **annotations):
    members = {"annotations": annotations} if annotations else {}
    return tool(name, description=description,
                inputSchema={"type": "object", "properties": properties or {}, "required": list(required)}, **members)


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
PAYMENTS = [
    described("list_charges", "Lists the newest charges of a customer.", {"customer": TEXT}, readOnlyHint=True),
    described("get_customer", "Shows a customer with address and plan.", {"customer": TEXT}, ["customer"], readOnlyHint=True),
    described("create_refund", "Refunds a charge to the customer's card.", {"charge": TEXT, "amount": NUMBER, "reason": TEXT},
              ["charge", "amount"]),
    described("create_charge", "Charges a customer's card.", {"customer": TEXT, "amount": NUMBER,
                                                            "currency": {"enum": ["eur", "usd"]}}, ["customer", "amount"]),
    described("delete_customer", "Deletes a customer with all charges. This cannot be undone.", {"customer": TEXT}, ["customer"],
              destructiveHint=True),
    described("rotate_api_key", "Makes a new API key and ends the old one.", {"name": TEXT}, ["name"], destructiveHint=True),
]
FILES = [
    described("read_file", "Reads a file of the workspace.", {"path": TEXT}, ["path"], readOnlyHint=True),
    described("search_files", "Finds files by a pattern.", {"pattern": TEXT}, ["pattern"], readOnlyHint=True),
    described("write_file", "Writes a file of the workspace.", {"path": TEXT, "content": TEXT}, ["path", "content"]),
    described("delete_file", "Deletes a file for good.", {"path": TEXT}, ["path"], destructiveHint=True),
    described("run_command", "Runs a shell command in the workspace.", {"command": TEXT}, ["command"], destructiveHint=True),
]

SUPPORT = {
    "version": "1", "description": "Support agents at the payment server", "default": "deny", "hide": ["rotate_api_key"],
    "all_tools": {"limits": [{"counter": "calls-per-minute", "window": "minute", "max": 60, "scope": "grant"}]},
    "tools": {
        "list_charges": {}, "get_customer": {},
        "create_refund": {
            "require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}], "on_deny": "Give a reason."}],
            "deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 1000}], "on_deny": "Refunds stop at 1000."}],
            "approve_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 200}],
                            "on_pending": "Refunds above 200 are looked at by a person.", "expires": "30m"}],
            "limits": [{"counter": "refund-total", "window": "day", "max": 5000, "scope": "grant", "amount": "args.amount"}]},
        "delete_customer": {"action": "approve", "expires": "20m", "on_pending": "Nobody deletes customers alone."},
    },
    "tests": [{"name": "a small refund", "tool": "create_refund", "args": {"amount": 20, "reason": "late"}, "expect": "allow"},
              {"name": "a large one", "tool": "create_refund", "args": {"amount": 2000, "reason": "late"}, "expect": "deny"}]}
NIGHTLY = {"version": "1", "description": "The nightly report reads, and no more", "default": "deny",
           "tools": {"list_charges": {"limits": [{"counter": "reads-per-hour", "window": "hour", "max": 6, "scope": "grant"}]}}}
TRIAL = {"version": "1", "description": "On trial: what would be refused", "mode": "observe", "default": "deny",
         "tools": {"read_file": {}, "search_files": {}, "write_file": {
             "deny_if": [{"conditions": [{"path": "args.path", "op": "starts_with", "value": "/etc/"}],
                          "on_deny": "Not outside the workspace."}]}}}
CODING = {"version": "1", "description": "Coding agents in the workspace", "default": "allow", "hide": ["delete_file"],
          "tools": {"run_command": {"deny_if": [{"conditions": [{"path": "args.command", "op": "regex", "value": "rm -rf"}],
                                                 "on_deny": "Delete by name, one at a time."}]}}}


class World:
    """`ids`: what pages are about, by name: `denied`, `allowed`, `would_deny`, `approval`, ... `tokens`: of each agent."""

    GRANTS = {"support-agent": ("payments", "support", "--owner", "alice", "--label", "team=support"),
              "nightly-report": ("payments", "nightly", "--owner", "bob"),
              "coding-agent": ("files", "coding", "--owner", "carol", "--label", "team=platform"),
              "trial-agent": ("files", "trial", "--owner", "dave"),
              "unused-agent": ("files", "coding", "--owner", "erin")}
    POLICIES = {"support": ("payments", SUPPORT), "nightly": ("payments", NIGHTLY), "trial": ("files", TRIAL),
                "coding": ("files", CODING)}

    def __init__(self, **config):
        self.payments, self.files = RecordingUpstream(FakeServer(PAYMENTS)), RecordingUpstream(FakeServer(FILES))
        self.payments.server.handlers["create_charge"] = failing
        self.gateway = Gateway({"payments": self.payments.url, "files": self.files.url}, self.POLICIES, self.GRANTS,
                               **{"log": {"arguments": {"store": "redacted"}}, **config})
        self.ids, self.held = {}, []

    def start(self):
        # The binary's own console, or that of a folder where somebody works on it.
        folder = os.environ.get("DOORWARD_CONSOLE_DIR")
        self.gateway.options = ["--console-dir", folder] if folder else []
        self.gateway.start()
        self.local = Api(self.gateway, local=True)
        return self

    def close(self):
        self.gateway.close()
        self.payments.stop()
        self.files.stop()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.local.port}"

    def code(self):
        """A code that signs the user of this machine in, once."""
        return self.local.post("/api/v1/login/code").json["code"]

    def put_policy(self, name, server, text, comment):
        """A policy of the store, which the console may change."""
        answer = self.local.put(f"/api/v1/policies/{name}", {"server": server, "text": text, "comment": comment})
        if answer.status != 200:
            raise AssertionError(answer)

    def client(self, agent, name="claude-code"):
        client = self.gateway.client(agent, name=name, timeout=60.0)
        client.initialize()
        return client

    def decision_of(self, answer):
        """The id of a decision, as the agent was told it."""
        return answer.result["_meta"]["io.doorward/decision"]["id"]

    def live(self):
        """What happens on an ordinary morning. Leaves two calls waiting for people."""
        support, nightly = self.client("support-agent"), self.client("nightly-report", "nightly")
        coding, trial = self.client("coding-agent", "cursor"), self.client("trial-agent", "vs-code")
        for agent in (support, nightly, coding, trial):
            agent.tools()
        for customer in ("cus_1", "cus_2", "cus_3", "cus_4"):
            support.call("list_charges", {"customer": customer})
            support.call("get_customer", {"customer": customer})
        support.call("create_refund", {"charge": "ch_1", "amount": 20, "reason": "late"})
        support.call("create_refund", {"charge": "ch_2", "amount": 45.5, "reason": "damaged"})
        self.ids["denied"] = self.decision_of(support.call("create_refund", {"charge": "ch_3", "amount": 12000, "reason": "asked"}))
        support.call("create_refund", {"charge": "ch_3", "amount": 20})
        support.call("create_charge", {"customer": "cus_1", "amount": 3})
        support.call("rotate_api_key", {"name": "main"})
        for _ in range(9):
            nightly.call("list_charges", {"customer": "cus_1"})
        for path in ("README.md", "src/main.c", "Makefile", "src/util.c"):
            coding.call("read_file", {"path": path})
        coding.call("write_file", {"path": "src/main.c", "content": "int main(void) { return 0; }\n"})
        coding.call("run_command", {"command": "make test"})
        for _ in range(4):
            coding.call("run_command", {"command": "rm -rf build"})
        coding.call("delete_file", {"path": "notes.txt"})
        trial.call("read_file", {"path": "README.md"})
        trial.call("write_file", {"path": "/etc/hosts", "content": "127.0.0.1 example"})
        trial.call("run_command", {"command": "uname -a"})
        self.approve_some()
        self.wait_for_people("support-agent", "create_refund", {"charge": "ch_9", "amount": 450, "reason": "The parcel never came"})
        self.wait_for_people("support-agent", "delete_customer", {"customer": "cus_4"})
        self.ids["approval"] = self.desk.open("create_refund")[0]["id"]
        records = self.gateway.log()
        self.ids["allowed"] = next(one["id"] for one in records if one.get("tool") == "read_file" and one["event"] == "call.intent")
        self.ids["would_deny"] = next(one["id"] for one in records if one.get("enforced") is False and one.get("verdict") == "deny")
        return self

    @property
    def desk(self):
        return Desk(self.gateway)

    def approve_some(self):
        for amount, charge in ((250, "ch_5"), (300, "ch_6"), (260, "ch_7")):
            call = self.wait_for_people("support-agent", "create_refund", {"charge": charge, "amount": amount, "reason": "late"})
            request = self.desk.wait(1, "create_refund")[0]["id"]
            if charge == "ch_7":
                self.desk.deny(request, "This one was refunded already")
            else:
                self.desk.approve(request)
            call.result()
        self.held.clear()

    def wait_for_people(self, agent, tool, arguments):
        """A call that is held for people, in a thread; its future."""
        before = len(self.desk.open(tool))
        call = held(self.client(agent).call, tool, arguments)
        self.held.append(call)
        self.desk.wait(before + 1, tool)
        return call


def failing(_):
    raise Failure(-32000, "card_declined: the issuer refused")
