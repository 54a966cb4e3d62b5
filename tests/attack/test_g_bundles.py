"""Section G of the attack cases, as far as bundles are concerned: whose tool a name means, and that it stays so."""
import base64
import time
import unittest

from harness.client import META, MODERN
from harness.fake_server import tool
from protocol.bundle_case import OPEN, BundleCase

ERAS = ("2025-11-25", MODERN)
def encoded(name):
    """As the Mcp-Name header has it: what is not plain goes as Base64."""
    plain = name == name.strip() and all(" " <= char <= "~" for char in name)
    return name if plain else f"=?base64?{base64.b64encode(name.encode()).decode()}?="


HIDDEN = {"version": "1", "default": "allow", "hide": ["*"]}


class Names(BundleCase):
    """One upstream is called `acme`, another one `acme-eu`, and their tools try to be each other's."""
    members = {"acme": ("status", "_status", "get_x", "get_", "xget_y", "GET_x"),
               "acme-eu": ("status", "acme_status", "refund"), "quiet": ("secret",)}
    documents = {"acme": {"version": "1", "default": "deny", "tools": {"status": {}, "_status": {}, "get_*": {}}},
                 "quiet": HIDDEN}
    bundles = {"desk": ("always", None), "mixed": ("conflict", None), "bare": ("never", None)}
    prefixes = {"acme-eu": "eu"}

    @classmethod
    def make_server(cls, name, tools):
        server = super().make_server(name, tools)
        if name == "acme":
            server.tools[0]["title"] = "Status of acme"
            server.tools.append(tool("get_[x]"))
            server.tools.append(tool("get_*"))
        return server

    def assert_unknown(self, client, names, case):
        for name in names:
            with self.subTest(f"{case} {client.version} {name!r}"):
                marks = self.marks()
                message = client.build("tools/call", {"name": name, "arguments": {}}, id=1)
                headers = client.headers({"method": "tools/call", "params": {"name": encoded(name)}})
                answer = client.post(message, headers)
                self.assertEqual(answer.error, {"code": -32602, "message": f"Unknown tool: {name}"})
                self.assertEqual(answer.status, 200)
                self.assertEqual(self.calls_since(marks), {name: [] for name in self.members})

    def test_T128_other_names_of_a_tool(self):
        for era in ERAS:
            client = self.client("desk", version=era)
            # The server's own name, another server's prefix, the server's name where the prefix is another, a title.
            self.assert_unknown(client, ("status", "refund", "acme_refund", "acme-eu_refund", "acme-eu_status", "quiet_status",
                                         "Status of acme", "desk_status", "eu.refund", "eu-refund", "eu/refund"), "T128")
        records = [record for record in self.gateway.log("--grant", "desk") if record.get("tool") == "status"]
        self.assertEqual({record["server"] for record in records if record["event"] == "call.denied"}, {"desk", "quiet"},
                         "the log says which member, where the prefix names one")

    def test_T129_spellings_of_a_name(self):
        for grant, good in (("desk", "eu_refund"), ("mixed", "refund")):
            for era in ERAS:
                client = self.client(grant, version=era)
                self.assertEqual(client.call(good, {"n": 1}).text, '{"n": 1}')
                spellings = (good.upper(), good.capitalize(), good + " ", good + ".", " " + good, "./" + good, "%72efund",
                             good.replace("r", "%72", 1), good + "/", good + "?", good.replace("e", "\u00e9", 1))
                self.assert_unknown(client, spellings, "T129")

    def test_T132_names_that_could_be_two_servers(self):
        for era in ERAS:
            with self.subTest(f"T132 {era}"):
                client = self.client("desk", version=era)
                names = client.tools()
                self.assertEqual(len(names), len(set(names)))
                marks = self.marks()
                for name, member, own in (("acme_status", "acme", "status"), ("acme__status", "acme", "_status"),
                                          ("eu_acme_status", "acme-eu", "acme_status")):
                    self.assertIn(name, names)
                    client.call(name)
                    self.assertEqual(self.ups[member].calls(marks[member])[-1].params["name"], own)
                # On conflict the tool that looks like acme's prefixed one does not get that name.
                mixed = self.client("mixed", version=era)
                self.assertEqual(sorted(name for name in mixed.tools() if "status" in name),
                                 ["_status", "acme_status", "eu_acme_status", "eu_status"])
                marks = self.marks()
                mixed.call("acme_status")
                self.assertEqual(self.calls_since(marks), {"acme": ["status"], "acme-eu": [], "quiet": []})

    def test_T132_equal_names_are_withheld_from_both(self):
        for era in ERAS:
            client = self.client("bare", version=era)
            names = client.tools()
            self.assertNotIn("status", names)
            self.assertIn("acme_status", names)
            self.assert_unknown(client, ("status",), "T132")
        withheld = {(record["server"], record["name"]) for record in self.records(event="bundle.name_withheld")
                    if record["bundle"] == "bare" and record["kind"] == "tool"}
        self.assertEqual(withheld, {("acme", "status"), ("acme-eu", "status")})

    def test_T136_globs_mean_the_servers_own_names(self):
        for era in ERAS:
            client = self.client("desk", version=era)
            self.assertEqual([name for name in client.tools() if name.lower().startswith("acme_") and "get" in name.lower()],
                             ["acme_get_x", "acme_get_", "acme_xget_y", "acme_GET_x"])
            for name, passes in (("acme_get_x", True), ("acme_get_", True), ("acme_xget_y", False), ("acme_GET_x", False)):
                with self.subTest(f"T136 {era} {name}"):
                    self.assertEqual(client.call(name).is_denied, not passes)
            # Metacharacters cannot stand in a name.
            self.assert_unknown(client, ("acme_get_*", "acme_get_[x]", "acme_get_?", "acme_*", "*", "*_status"), "T136")

    def test_T143_other_peoples_bundles(self):
        token = self.gateway.tokens["desk"]
        for path in ("/mcp/nosuch/", "/mcp/mixed/", "/mcp/acme/", "/mcp/acme-eu", "/mcp/desk/acme/", "/mcp/desk/acme", "/mcp//",
                     "/mcp/00000000-0000-4000-8000-000000000000/"):
            for era in ERAS:
                with self.subTest(f"T143 {era} {path}"):
                    client = self.gateway.client("desk", version=era)
                    client.token, client.path = token, path
                    with client:
                        answer = client.request("initialize" if era != MODERN else "server/discover", {
                            "protocolVersion": era, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
                                                if era != MODERN else {})
                        self.assertEqual(answer.status, 404)
                        self.assertNotIn("acme", answer.body.decode().replace(path, ""))

    def test_T144_spellings_of_the_path(self):
        for path in ("/mcp/Desk/", "/mcp/DESK/", "/mcp/%64esk/", "/mcp/desk%2f", "/mcp/desk//", "/mcp/./desk/", "/MCP/desk/",
                     "/mcp/desk;x/", "/mcp/desk/?a=1", "/mcp/x/../desk/", "/mcp/desk.", "/mcp/desk%20"):
            with self.subTest(f"T144 {path}"):
                client = self.gateway.client("desk", version=MODERN)
                client.path = path
                with client:
                    self.assertIn(client.request("tools/list").status, (400, 404))
        with self.gateway.client("desk", version=MODERN) as client:
            client.path = "/mcp/desk"
            self.assertEqual(client.request("tools/list").status, 200)

    def test_T067_discovery_tells_of_the_grants_own_servers_only(self):
        self.ups["quiet"].server.resources = []
        for era in ERAS:
            client = self.client("desk", version=era, ready=False)
            answer = (client.request("server/discover") if era == MODERN else
                      client.request("initialize", {"protocolVersion": era, "capabilities": {},
                                                    "clientInfo": {"name": "t", "version": "1"}}))
            body = answer.body.decode()
            self.assertNotIn("fake", body, "the servers' own names and versions stay behind the gateway")
            self.assertNotIn('"7"', body)
            self.assertNotIn("quiet_secret", body)

    def test_T068_claims_of_the_client_widen_nothing(self):
        for era in ERAS:
            claims = {"tasks": {"requests": {"tools": {"call": {}}}}, "elicitation": {}, "sampling": {}, "roots": {},
                      "extensions": {"io.modelcontextprotocol/tasks": {}}}
            marks = self.marks()
            client = self.client("desk", version=era, capabilities=claims)
            client.call("acme_status")
            answer = client.call("acme_xget_y")
            self.assertTrue(answer.is_denied)
            for name, up in self.ups.items():
                for seen in up.since(marks[name]):
                    told = seen.params.get("capabilities") or seen.params.get("_meta", {}).get(META + "clientCapabilities") or {}
                    self.assertFalse(set(told) & {"elicitation", "sampling", "roots"}, seen)
            self.assertIn("error", client.request("tasks/get", {"taskId": "x"}).message())


class Later(BundleCase):
    members = {"alpha": ("echo",), "beta": ("status",)}
    bundles = {"bare": ("never", None), "mixed": ("conflict", None)}

    def test_T134_a_name_that_another_server_adds_later(self):
        for era in ERAS:
            for grant in self.bundles:
                with self.subTest(f"T134 {era} {grant}"):
                    client = self.client(grant, version=era)
                    self.assertEqual(client.tools(), ["echo", "status"])
                    # The first member of the list adds the name of the second one's tool.
                    self.ups["alpha"].server.tools.append(tool("status"))
                    try:
                        time.sleep(1.1)  # until the gateway asks for tools again
                        fresh = self.client(grant, version=era)
                        marks = self.marks()
                        self.assertEqual(client.call("nosuch").error["message"], "Unknown tool: nosuch")
                        for agent in (client, fresh):
                            self.assertEqual(agent.call("status", {"n": 1}).text, '{"n": 1}')
                        self.assertEqual(self.calls_since(marks), {"alpha": [], "beta": ["status"] * 2})
                        later = self.client(grant, version=era, capabilities={"roots": {}})
                        self.assertEqual(later.tools(), ["echo", "status"] if grant == "bare" else ["echo", "alpha_status", "status"])
                    finally:
                        self.ups["alpha"].server.tools.pop()
        alarms = [record for record in self.records(event="bundle.name_withheld") if record["bundle"] == "bare"]
        self.assertTrue(alarms)
        self.assertEqual({(record["server"], record["name"]) for record in alarms if record["kind"] == "tool"},
                         {("alpha", "status")})


class Twins(BundleCase):
    members = {"alpha": ("status", "echo"), "beta": ("status",)}
    bundles = {"bare": ("never", None), "turned": ("never", ["beta", "alpha"])}

    def test_T133_one_name_of_two_servers_without_prefixes(self):
        """Neither the first nor the last one wins: the name is offered by nobody."""
        for era in ERAS:
            for grant in self.bundles:
                with self.subTest(f"T133 {era} {grant}"):
                    client = self.client(grant, version=era)
                    self.assertEqual(client.tools(), ["echo"])
                    marks = self.marks()
                    self.assertEqual(client.call("status").error["message"], "Unknown tool: status")
                    self.assertEqual(self.calls_since(marks), {"alpha": [], "beta": []})
        withheld = {(record["server"], record["name"]) for record in self.records(event="bundle.name_withheld")
                    if record["kind"] == "tool"}
        self.assertEqual(withheld, {("alpha", "status"), ("beta", "status")})
        # From now on both tools are known, and a load with them is refused.
        deadline = time.monotonic() + 10
        while (record := self.gateway.reload())["event"] != "config.reload_failed" and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(record["event"], "config.reload_failed")
        self.assertIn("both have a tool", self.gateway.stderr())
        self.assertEqual(self.client("bare", version=MODERN).tools(), ["echo"], "the old state stays in force")


class Endless(BundleCase):
    members = {"alpha": ("echo",), "beta": ("status",)}

    def test_T145_lists_without_end(self):
        def repeating(exchange):
            return {"tools": [tool("t")], "nextCursor": "again"}

        def growing(exchange):
            growing.page += 1
            return {"tools": [tool(f"t{growing.page}")], "nextCursor": f"c{growing.page}"}
        growing.page = 0
        for era in ERAS:
            for make in (repeating, growing):
                with self.subTest(f"T145 {era} {make.__name__}"):
                    def hook(exchange, make=make):
                        if exchange.seen.rpc != "tools/list":
                            return False
                        result = make(exchange)
                        if exchange.seen.header("mcp-method"):
                            result.update(resultType="complete", ttlMs=0, cacheScope="private")
                        exchange.result(result)
                        return True
                    self.ups["alpha"].hook = hook
                    client = self.client(version=era, timeout=30)
                    self.assertEqual(client.tools(), ["beta_status"], "a part of a list is not shown as the whole")
                    self.assertEqual(client.call("beta_status", {"n": 1}).text, '{"n": 1}')

    def test_T146_large_lists(self):
        alpha = self.ups["alpha"].server
        kept = alpha.tools
        for era in ERAS:
            with self.subTest(f"T146 {era}"):
                alpha.tools = [tool(f"t{i}") for i in range(10_000)]
                try:
                    client = self.client(version=era, timeout=30)
                    names = client.tools()
                    self.assertIn("beta_status", names)
                    self.assertEqual(client.call("beta_status", {"n": 1}).text, '{"n": 1}')
                    # Past what the gateway takes of one server, that server is left out, and no other one.
                    alpha.tools = [tool("big", description="x" * (11 << 20))]
                    fresh = self.client(version=era, timeout=30, capabilities={"roots": {}})
                    self.assertEqual(fresh.tools(), ["beta_status"])
                finally:
                    alpha.tools = kept


class Cached(BundleCase):
    members = {"alpha": ("echo", "read_file"), "beta": ("status",)}
    documents = {}
    bundles = {"desk": ("always", None), "other": ("always", ["alpha"])}

    def test_T156_a_cached_list_is_shown_to_nobody_else(self):
        for era in ERAS:
            first, second = self.client("desk", version=era), self.client("other", version=era)
            for _ in range(3):
                self.assertEqual(first.tools(), ["alpha_echo", "alpha_read_file", "beta_status"])
                self.assertEqual(second.tools(), ["alpha_echo", "alpha_read_file"])
        result = self.client("desk", version=MODERN).request("tools/list").result
        self.assertEqual(result["cacheScope"], "private")

    def test_T156_a_list_is_asked_for_anew_when_it_is_old(self):
        self.ups["alpha"].server.result_members = {}
        client = self.client("desk", version=MODERN)
        client.tools()
        marks = self.marks()
        client.tools()
        asked = [seen.rpc for seen in self.ups["alpha"].since(marks["alpha"])]
        self.assertEqual(asked, [], "within its ttlMs a list is not asked for again")

        def stale(exchange):
            if exchange.seen.rpc != "tools/list":
                return False
            answer = exchange.default()
            answer["result"]["ttlMs"] = 0
            exchange.json(answer)
            return True
        self.ups["alpha"].hook = stale
        other = self.client("desk", version=MODERN, capabilities={"sampling": {}})
        other.tools()
        marks = self.marks()
        self.assertEqual(other.request("tools/list").result["ttlMs"], 0)
        self.assertEqual([seen.rpc for seen in self.ups["alpha"].since(marks["alpha"])], ["tools/list"])


if __name__ == "__main__":
    unittest.main()
