"""The recipes, run: one gateway with a server for each, the calls of docs/recipe_book.py, and the pages that show them.

    python3 -m docs.recipes     writes the blocks between the markers of docs/recipes/*.md anew

A text is written anew only where it says something else: ids and times of the page stay.
"""
import contextlib
import datetime
import json
import pathlib
import re
import shutil
import sys
import tempfile
import time

from docs.pages import masked, replaced
from docs.recipe_book import RECIPES, zone_where_it_is
from harness.api import Api
from harness.approvals import Desk
from harness.client import Client
from harness.fake_server import FakeServer, tool
from harness.gateway import ROOT, Gateway
from harness.issuer import Issuer
from harness.upstream import RecordingUpstream
from peers import peer

POLICIES = ROOT / "examples" / "recipes"
PAGES = ROOT / "docs" / "recipes"
NIGHT = 22
RUNS = {"resources/read": "is read", "prompts/get": "is given"}


def policy_text(name):
    return (POLICIES / f"{name}.json").read_text()


def policy_block(name):
    return f"```json\n{policy_text(name)}```\n"


class Kitchen(contextlib.ExitStack):
    """The gateway with all servers. `run(name)` makes a recipe's calls and gives the block of its page."""

    def __enter__(self):
        super().__enter__()
        try:
            self.begin()
        except BaseException:
            self.close()
            raise
        return self

    def begin(self):
        # As long as /srv/projects, since long values are shortened in what an agent is told.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="", dir="/tmp"))
        self.callback(shutil.rmtree, self.folder, True)
        self.issuer = Issuer()
        self.callback(self.issuer.stop)
        self.zone = zone_at_night()
        servers, policies, grants, ruled = {}, {}, {}, []
        for name, recipe in RECIPES.items():
            servers[recipe.server] = {**self.server(recipe), **recipe.settings}
            policies[name] = (recipe.server, self.moved(recipe, policy_text(name)))
            for label, labels in recipe.agents.items():
                words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
                grants[f"{name}.{label}"] = (recipe.server, name, *words)
            if recipe.identities:
                ruled.append({"label": f"{name}-people", "server": recipe.server, "policy": name,
                              "identity": {"issuer": self.issuer.url, "claims": {"aud": "reports"}}})
        self.gateway = Gateway(
            servers, policies, grants, waiting={"clients": [{"name": "*", "hold": "50ms"}]},
            identity={"issuers": [{"issuer": self.issuer.url, "audience": ["reports"]}]})
        self.gateway.config["grants"] = ruled
        self.callback(self.gateway.close)
        self.gateway.start(30)
        self.desk = Desk(self.gateway)
        self.people = {}

    def moved(self, recipe, text):
        """The policy with the folder that the server really has, and the time of night."""
        if recipe.timezone:
            text = re.sub(r'"timezone": "[^"]*"', f'"timezone": "{self.zone}"', text)
            text = re.sub(r',\s*"tests": \[.*\]\n\}', "\n}", text, flags=re.S)  # they tell times of another zone
        return text.replace(recipe.folder, str(self.folder)) if recipe.folder else text

    def server(self, recipe):
        if recipe.peer and (peer.CACHE / "node_modules" / recipe.peer).exists():
            (self.folder / "drafts").mkdir(exist_ok=True)
            for name in ("README.md", ".env"):
                (self.folder / name).write_text("text\n")
            return {"command": peer.node(recipe.peer, *([str(self.folder)] if recipe.folder else [])),
                    "env": {"MEMORY_FILE_PATH": {"value": str(self.folder / "memory.json")}}}
        server = FakeServer([tool(name, description=text) for name, text in recipe.tools.items()])
        server.resources = [{"uri": uri, "name": uri.rsplit("/", 1)[1]} for uri in recipe.resources]
        server.prompts = [{"name": name} for name in recipe.prompts]
        server.templates = []
        upstream = RecordingUpstream(server)
        self.callback(upstream.stop)
        return {"url": upstream.url}

    def client(self, name, agent):
        recipe = RECIPES[name]
        token = (self.issuer.token("reports", subject=agent, groups=recipe.identities[agent]) if agent in recipe.identities
                 else self.gateway.tokens[f"{name}.{agent}"])
        client = Client(self.gateway.port, f"/mcp/{recipe.server}/", token, timeout=30)
        client.initialize()
        return client

    def person(self, name):
        """An approver of operations, as a program with a token of theirs."""
        if name not in self.people:
            self.gateway.run("user", "add", name, "--role", "approver", "--group", "operations", "--no-password", check=True)
            made = self.gateway.run("token", "create", name, "--user", name, "--json", check=True)
            self.people[name] = Api(self.gateway, json.loads(made.stdout)["token"])
        return self.people[name]

    def run(self, name):
        """What the page shows between its markers."""
        return Run(self, name).block()


class Run:
    def __init__(self, kitchen, name):
        self.kitchen, self.name, self.recipe = kitchen, name, RECIPES[name]
        self.clients = {agent: kitchen.client(name, agent) for agent in {step.agent for step in self.recipe.steps
                                                                         if step.agent in self.known()}}
        self.request = None

    def known(self):
        return {*self.recipe.agents, *self.recipe.identities}

    def block(self):
        try:
            return "\n".join(self.show(step) for step in self.recipe.steps)
        finally:
            for client in self.clients.values():
                client.close()

    def show(self, step):
        said = f"{step.said}\n\n" if step.said else ""
        if step.kind in ("approve", "deny"):
            getattr(self, step.kind)(step.tool)
            return said.removesuffix("\n")
        if step.kind == "log":
            return said + self.log(step)
        if step.kind == "lists":
            names = [tool for tool in self.clients[step.agent].tools()]
            return said + ("The agent's list of tools: " + ", ".join(f"`{tool}`" for tool in sorted(names)) + ".\n" if names
                           else "The agent's list of tools is empty.\n")
        for _ in range(step.repeat):
            self.expect(step, "runs", self.ask(step))
        message = self.ask(step)
        self.expect(step, step.kind, message)
        who = f"**{step.agent}**: " if len(self.known()) > 1 else ""
        called = f"{who}`{step.tool}`" + (f" `{json.dumps(step.args, ensure_ascii=False)}`" if step.args else "")
        if step.kind == "runs":
            return f"{said}{called} {RUNS.get(step.method, 'runs')}.\n"
        verb = {"refused": "is refused", "hidden": "is unknown to the agent", "asks": "waits for a person"}[step.kind]
        return f"{said}{called} {verb}:\n\n> `{self.back(told(message))}`\n"

    def ask(self, step):
        client = self.clients[step.agent]
        args = json.loads(json.dumps(step.args).replace(self.recipe.folder, str(self.kitchen.folder))
                          if self.recipe.folder else json.dumps(step.args))
        if step.method == "resources/read":
            return client.request(step.method, {"uri": step.tool}).message()
        return client.request(step.method, {"name": step.tool, "arguments": args}).message()

    def back(self, text):
        return text.replace(str(self.kitchen.folder), self.recipe.folder) if self.recipe.folder else text

    def expect(self, step, kind, message):
        got = kind_of(message)
        if got != kind:
            raise AssertionError(f"{self.name}: {step.tool} {step.args} {got}, not {kind}: {message}")

    def waiting(self):
        return next(row["id"] for row in self.kitchen.desk.open() if row["server"] == self.recipe.server)

    def approve(self, who):
        request = self.waiting()
        if who:
            answer = self.kitchen.person(who).post(f"/api/v1/approvals/{request}/approve")
            assert answer.status == 200, answer.body
        else:
            self.kitchen.desk.approve(request)

    def deny(self, _):
        self.kitchen.desk.deny(self.waiting(), "Pay this by invoice")

    def log(self, step):
        """The newest decisions, by the members that matter here."""
        deadline = time.monotonic() + 10
        while len(found := [record for record in self.kitchen.gateway.log("--server", self.recipe.server)
                            if record["event"] in ("call.intent", "call.denied")]) < step.repeat:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {found}")
            time.sleep(0.05)
        lines = [json.dumps({key: record[key] for key in ("tool", "verdict", "rule", "enforced")}) for record in found[-step.repeat:]]
        return "```json\n" + "\n".join(lines) + "\n```\n"


def told(message):
    if "error" in message:
        return message["error"]["message"]
    return message["result"]["content"][0]["text"]


def kind_of(message):
    """One of the kinds of a step, or "failed"."""
    if "error" in message:
        text = message["error"]["message"]
        return ("hidden" if text.startswith(("Unknown tool", "Resource not found", "Prompt not found"))
                else "refused" if text.startswith("[POLICY DENIED]") else "failed")
    if not message["result"].get("isError"):
        return "runs"
    text = told(message)
    return ("refused" if text.startswith("[POLICY DENIED]") else "asks" if text.startswith("[APPROVAL REQUIRED]") else "failed")


def zone_at_night():
    """A zone where it is night, and will be for as long as the recipes take."""
    now = datetime.datetime.now(datetime.UTC)
    if now.minute == 59 and now.second > 20:
        time.sleep(61 - now.second)
    return zone_where_it_is(NIGHT)


def page(name):
    return PAGES / f"{name}.md"


def write_pages():
    with Kitchen() as kitchen:
        for name in RECIPES:
            text = old = page(name).read_text()
            text = replaced(text, "policy", policy_block(name))
            text = replaced(text, "agent", kitchen.run(name))
            if masked(text) != masked(old):
                page(name).write_text(text)
                print(page(name).name, "is written anew")


if __name__ == "__main__":
    sys.exit(write_pages())
