"""Hostile text in everything that agents, servers, people and errors can fill, before the eyes of a browser (T277, T279)."""
import json
import unittest

from console.case import ConsoleCase
from console.pages import PAGES
from console.people import NamingIssuer
from console.payloads import DECEITS, SCRIPTS
from console.world import World, described
from harness.approvals import held
from harness.client import Client
from harness.fake_server import Failure, FakeServer
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

ASKING = {"version": "1", "default": "deny", "description": SCRIPTS[0],
          "tools": {"ask": {"action": "approve", "expires": "1h", "on_pending": SCRIPTS[10]},
                    "fail": {}, "refused": {"action": "deny", "reason": SCRIPTS[19]}}}


class HostileWorld(World):
    """Grants, clients, tools and arguments whose texts are payloads."""

    def __init__(self, payloads):
        self.payloads = payloads
        self.payments = self.files = self.server = RecordingUpstream(FakeServer([
            described("ask", SCRIPTS[1]), described("fail", SCRIPTS[2]), described("refused", SCRIPTS[3]),
            *({"name": f"tool_{i}", "title": text, "description": text, "icons": [{"src": text}],
               "inputSchema": {"type": "object", "title": text, "properties": {
                   text[:64]: {"type": "string", "description": text, "enum": [text], "default": text}}},
               "annotations": {"title": text}, "_meta": {"x": text}} for i, text in enumerate(payloads) if len(text) < 10_000)]))
        self.server.server.handlers["fail"] = self.fail
        self.gateway = Gateway({"hostile": self.server.url}, {"asking": ("hostile", ASKING)}, {}, workers=1,
                               log={"arguments": {"store": "redacted"}},
                               approvals={"pending_per_grant": 50, "pending": 1000})
        self.ids, self.held = {}, []

    def fail(self, arguments):
        raise Failure(-32000, arguments["text"])

    def agent(self, number, text):
        """A grant of which the payload is owner and label, and a client that calls itself so."""
        own = text[:200].replace("\0", "")
        made = self.local.post("/api/v1/grants", {"label": f"agent-{number}", "server": "hostile", "policy": "asking",
                                                  "owner": own, "labels": {"team": own}})
        assert made.status == 200, made.body
        client = Client(self.gateway.port, "/mcp/hostile/", made.json["token"], name=own, timeout=120.0)
        client.initialize()
        return client

    def live(self):
        opened = []
        for number, text in enumerate(self.payloads):
            agent = self.agent(number, text)
            if number == 0:
                agent.tools()
            agent.call(text[:1000], {text[:1000]: text})  # a name that no tool has
            opened.append(agent.call("refused", {text[:1000]: text}).result["_meta"]["io.doorward/decision"]["id"])
            agent.call("fail", {"text": text[:4000]})
            self.held.append(held(agent.call, "ask", {text[:1000]: text}))
        self.ids["opened"] = opened
        self.desk.wait(len(self.payloads))
        self.ids["approval"] = self.desk.open()[0]["id"]
        self.ids.update(denied=opened[0], allowed=opened[1], would_deny=opened[2])
        return self


class PeopledWorld(HostileWorld):
    """Beside that: what people write, and people whom an issuer names so."""

    def __init__(self, payloads):
        super().__init__(payloads)
        self.issuer = NamingIssuer()
        self.gateway.config["people"] = {"oidc": self.issuer.config}

    def close(self):
        super().close()
        self.issuer.stop()

    def live(self):
        super().live()
        for number, text in enumerate(self.payloads):
            assert self.issuer.log_in(self.local.port, text, f"{text}@example.org", text.replace("\n", " ").replace("\x01", "")) == 303, text
            if number < 12:
                self.put_policy("comments", "hostile", json.dumps({**ASKING, "description": text}), text)
        return self

    def decide(self):
        """Answers half of what waits, by turns with a note and with a reason for a denial that are payloads; and adds a server."""
        for number, request in enumerate(self.desk.open()[:len(self.payloads) // 2]):
            verb = "deny" if number % 2 else "approve"
            shown = self.local.get(f"/api/v1/approvals/{request['id']}").json["approval"]["shown"]
            done = self.local.post(f"/api/v1/approvals/{request['id']}/{verb}", {"reason": self.payloads[number], "shown": shown})
            assert done.status == 200, done.body
        self.local.post("/api/v1/servers", {"name": "words", "settings": {"command": ["true", *self.payloads[:20]]}})


class Hostile(ConsoleCase):
    @classmethod
    def make_world(cls):
        return PeopledWorld(SCRIPTS)

    def paths(self):
        """Every page; those of this world's own server, policy and agents beside the fixed ones."""
        others = ("payments", "support", "files")
        fixed = {path.format(**self.world.ids) for _, path, _ in PAGES if not any(name in path for name in others)}
        return sorted(fixed | {"/servers/hostile", "/policies/asking?server=hostile", "/agents/agent-0", "/tools?server=hostile",
                               "/tools/hostile?apply=strict", "/policies/hostile/comments?tab=versions",
                               "/audit?of=records&event=login*"})

    def test_T279_names_that_are_payloads_are_refused(self):
        for text in SCRIPTS:
            for path, body in (("/api/v1/servers", {"name": text, "settings": {"url": "http://127.0.0.1:1/mcp"}}),
                               ("/api/v1/grants", {"label": text, "server": "hostile"}),
                               ("/api/v1/users", {"name": text, "roles": ["viewer"]})):
                self.assertEqual(self.world.local.post(path, body).status, 400, (path, text))

    def test_T279_people_and_what_they_write_are_shown_as_text(self):
        self.world.decide()
        self.browse("hostile.mjs people", payloads=SCRIPTS)

    def test_T279_no_page_runs_or_loads_what_others_wrote(self):
        self.browse("hostile.mjs everywhere", paths=self.paths(),
                    narrow=["/approvals", "/audit", "/live", f"/audit/{self.world.ids['denied']}", "/tools", "/servers/hostile"])

    def test_T279_approvals_show_every_payload_as_text(self):
        self.browse("hostile.mjs approvals", payloads=SCRIPTS)

    def test_T279_the_log_shows_every_payload_as_text(self):
        self.browse("hostile.mjs log", payloads=SCRIPTS, opened=self.world.ids["opened"])

    def test_T279_payloads_in_addresses(self):
        self.browse("hostile.mjs addresses", payloads=SCRIPTS)

    def test_T277_no_other_page_holds_the_console_in_a_frame(self):
        self.browse("hostile.mjs framed")


class Deceitful(ConsoleCase):
    @classmethod
    def make_world(cls):
        return HostileWorld(list(DECEITS.values()))

    def test_T279_what_is_invisible_is_named_and_what_is_long_stays_usable(self):
        details = [f"/audit/{one}" for one in self.world.ids["opened"]]
        self.browse("hostile.mjs deceits", paths=["/", "/live", "/approvals", "/audit", "/tools", "/servers/hostile", *details])


if __name__ == "__main__":
    unittest.main()
