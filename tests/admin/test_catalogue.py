"""The catalogue: what the gateway meets, found by operations and by commands, with and without a gateway."""
import json
import sqlite3
import time

from admin.api_case import ApiCase
from harness.api import bootstrap
from harness.client import MODERN
from harness.fake_server import FakeServer, tool
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

SECONDS = 15
OPEN = {"version": "1", "default": "allow", "risk": {"Destructive": {"action": "hide"}}}


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come in time")
        time.sleep(0.05)
    return value


class CatalogueCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream(FakeServer([tool("list_orders", description="Lists the orders of the shop."),
                                                     tool("delete_order", description="Deletes an order for good."),
                                                     tool("charge_card", description="Charges a credit card.")]))
        cls.gateway = Gateway({"shop": cls.upstream.url}, {"open": ("shop", OPEN)}, {"agent": ("shop", "open")}, workers=1)
        cls.gateway.start()
        cls.api = bootstrap(cls.gateway)
        cls.apis = [cls.api]

    def command(self, *words):
        done = self.gateway.run("catalogue", *words, "--json", check=True)
        return json.loads(done.stdout)

    def names(self, *words):
        return [each["tool"] for each in self.command("search", *words)["tools"]]

    def agent(self):
        client = self.gateway.client("agent", version=MODERN)
        self.addCleanup(client.close)
        return client

    def meet(self):
        """Has an agent list the tools, and waits until the catalogue knows them."""
        client = self.agent()
        client.tools()
        wait_for(lambda: {"list_orders", "delete_order", "charge_card"} <= set(self.names()))
        return client

    def change(self, name, **members):
        tools = self.upstream.server.tools
        tools[:] = [{**each, **members} if each["name"] == name else each for each in tools]


class Live(CatalogueCase):
    def test_what_an_agent_lists_is_found(self):
        self.meet()
        found = self.command("search", "order")
        self.assertEqual([each["tool"] for each in found["tools"]], ["delete_order", "list_orders"])
        worst = found["tools"][0]
        self.assertEqual((worst["server"], worst["category"], worst["severity"]), ("shop", "Destructive", "critical"))
        self.assertEqual((worst["behind_gateway"], worst["reviewed"]), ("shop", True))
        self.assertEqual(self.names("CREDIT card"), ["charge_card"])
        self.assertEqual(self.names("--category", "Read"), ["list_orders"])
        self.assertEqual(set(self.names("--severity", "high")), {"charge_card", "delete_order"})
        text = self.gateway.run("catalogue", "search", "order", check=True).stdout
        lines = text.splitlines()
        self.assertEqual(lines[0].split(), ["RISK", "CATEGORY", "TOOL", "SERVER", "WHAT", "IT", "DOES"])
        self.assertIn("critical  Destructive  delete_order", lines[1])

    def test_a_tool_that_is_no_longer_listed_is_marked_until_it_is_again(self):
        client = self.meet()
        whole = list(self.upstream.server.tools)
        self.upstream.server.tools[:] = [each for each in whole if each["name"] != "delete_order"]
        client.tools()
        wait_for(lambda: "delete_order" not in self.names())
        gone = self.command("show", "shop", "delete_order")
        self.assertEqual(gone["gone"], True)
        self.assertRegex(gone["gone_since"], r"^\d{4}-\d\d-\d\dT")
        self.assertIn("No longer listed since", self.gateway.run("catalogue", "show", "shop", "delete_order", check=True).stdout)
        self.assertEqual([each["name"] for each in self.command("server", "shop")["gone_tools"]], ["delete_order"])
        drift = json.loads(self.gateway.run("catalogue", "drift", "shop", "--json").stdout)
        self.assertIn(("removed", "delete_order"), [(each["kind"], each["tool"]) for each in drift["servers"][0]["drifts"]])
        self.upstream.server.tools[:] = whole
        client.tools()
        wait_for(lambda: "delete_order" in self.names())
        self.assertEqual(self.command("show", "shop", "delete_order")["gone"], False)
        self.assertEqual(self.command("server", "shop")["gone_tools"], [])

    def test_a_change_becomes_a_version(self):
        client = self.meet()
        self.change("list_orders", description="Lists the orders, and those of others.")
        client.close()
        # A new session lists anew; that the definition waits for a review is no reason not to know it.
        def seen():
            again = self.agent()
            again.tools()
            self.gateway.run("server", "review", "shop", "--json")
            shown = self.api.get("/api/v1/catalogue/servers/shop/tools/list_orders")
            return len(self.ok(shown)["versions"]) == 2
        try:
            wait_for(seen)
            self.assertEqual(self.names("others"), ["list_orders"])
        finally:
            self.change("list_orders", description="Lists the orders of the shop.")

    def test_credentials_of_a_server_stay_out(self):
        with Gateway({"shop": {"url": self.upstream.url, "headers": {"x-key": {"env": "SHOP_KEY"}}}}, {"open": ("shop", OPEN)},
                     {"agent": ("shop", "open")}, env={"SHOP_KEY": "canary-7731"}, workers=1) as gateway:
            client = gateway.client("agent", version=MODERN)
            self.addCleanup(client.close)
            client.tools()
            wait_for(lambda: json.loads(gateway.run("catalogue", "search", "order", "--json", check=True).stdout)["tools"])
            files = list((gateway.folder / "state").glob("catalogue.db*"))
            self.assertTrue(files)
            for file in files:
                self.assertNotIn(b"canary-7731", file.read_bytes(), file)


class Operations(CatalogueCase):
    def test_every_operation_answers_as_documented(self):
        self.meet()
        page = self.ok(self.api.get("/api/v1/catalogue", query={"limit": 2}))
        self.assertEqual((len(page["tools"]), page["found"]), (2, 3))
        rest = self.ok(self.api.get("/api/v1/catalogue", query={"limit": 2, "cursor": page["next"]}))
        self.assertEqual(len(rest["tools"]), 1)
        servers = self.ok(self.api.get("/api/v1/catalogue", query={"of": "servers", "query": "sho"}))["servers"]
        self.assertEqual([(each["slug"], each["sources"]) for each in servers], [("shop", ["live"])])
        self.assertEqual(servers[0]["by_severity"]["critical"], 2)
        counts = self.ok(self.api.get("/api/v1/catalogue/counts"))
        self.assertEqual((counts["servers"], counts["tools"], counts["outdated"]), (1, 3, 0))
        server = self.ok(self.api.get("/api/v1/catalogue/servers/shop"))
        self.assertEqual(server["behind_gateway"], ["shop"])
        self.assertEqual(len(server["tools"]), 3)
        shown = self.ok(self.api.get("/api/v1/catalogue/servers/shop/tools/delete_order"))["tool"]
        self.assertEqual(shown["category"], "Destructive")
        self.assertEqual(shown["definition"]["name"], "delete_order")

    def test_what_is_wrong_is_refused(self):
        self.meet()
        outlaw = self.outlaw()
        for query in ({"category": "Nice"}, {"severity": "mild"}, {"signal": "none"}, {"of": "people"}, {"cursor": "x"}):
            self.assert_refused(outlaw.get("/api/v1/catalogue", query=query), 400, "invalid")
        for path in ("shop/tools/nothing", "nobody", "nobody/tools/x"):
            self.assert_refused(self.api.get("/api/v1/catalogue/servers/" + path), 404, "not_found")
        self.assert_refused(self.api.get("/api/v1/catalogue", query={"server": "nobody"}), 404, "not_found")
        override = "/api/v1/catalogue/servers/shop/tools/list_orders/override"
        self.assert_refused(self.api.put(override, {"reason": "because"}), 400, "invalid")
        self.assert_refused(self.api.delete(override), 404, "not_found")
        self.assert_refused(outlaw.put(override, {"category": "Read"}), 400, "invalid")

    def test_T289_what_users_type_is_data(self):
        self.meet()
        outlaw = self.outlaw()
        for words in ('"', "order NOT delete", "name:order", "(", "NEAR(a b)", "a' OR '1'='1", "x\"; DROP TABLE tools; --", "zz%", "zz_"):
            with self.subTest(words):
                found = self.ok(outlaw.get("/api/v1/catalogue", query={"query": words}))
                self.assertEqual(found["found"], 0 if any(c.isalnum() for c in words) else 3)
        for words in ("order*", "^order", "order)", "-order", "'order'"):
            self.assertEqual(self.ok(outlaw.get("/api/v1/catalogue", query={"query": words}))["found"], 2, words)
        for cursor in ("' OR 1", "0.0.0; DROP TABLE tools", "-1.0.0", "1.1", "9" * 400):
            self.assert_refused(outlaw.get("/api/v1/catalogue", query={"cursor": cursor}), 400, "invalid")
        for server in ("shop' OR '1'='1", "%", "_hop"):
            self.assert_refused(outlaw.get("/api/v1/catalogue", query={"server": server}), 404, "not_found")
        many = self.ok(outlaw.get("/api/v1/catalogue", query={"limit": 10**9}))
        self.assertEqual(len(many["tools"]), 3)
        self.assertEqual(self.ok(self.api.get("/api/v1/catalogue/counts"))["tools"], 3)

    def test_what_a_person_says_is_in_force_at_once(self):
        client = self.meet()
        self.assertNotIn("delete_order", client.tools(), "the policy hides what is Destructive")
        override = "/api/v1/catalogue/servers/shop/tools/delete_order/override"
        said = self.ok(self.api.put(override, {"category": "Write", "reason": "moves it to the archive"}))["tool"]
        self.assertEqual((said["category"], said["severity"], said["confidence"]), ("Write", "medium", 1))
        self.assertEqual(said["override"]["reason"], "moves it to the archive")
        self.assertEqual(said["evidence"][0]["source"], "person")
        wait_for(lambda: "delete_order" in self.agent().tools())
        taken_back = self.ok(self.api.delete(override))["tool"]
        self.assertEqual(taken_back["category"], "Destructive")
        wait_for(lambda: "delete_order" not in self.agent().tools())
        records = self.gateway.log("--event", "catalogue.*")
        self.assertEqual([(each["event"], each["tool"], each["category_before"], each["category"]) for each in records][-2:],
                         [("catalogue.overridden", "delete_order", "Destructive", "Write"),
                          ("catalogue.override_removed", "delete_order", "Write", "Destructive")])
        self.assertEqual({each["actor"] for each in records}, {"token:bootstrap"})


class Restarted(CatalogueCase):
    """Each gateway listens at another port than the one before, so the API is not asked."""

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()
        cls.upstream.stop()


class Commands(Restarted):
    def test_overrides_by_command_with_and_without_a_gateway(self):
        self.meet()
        run = self.gateway.run
        done = run("catalogue", "override", "shop", "charge_card", "--category", "Write", "--severity", "high", "--reason", "a test card", check=True)
        self.assertIn("charge_card of shop is Write, high, because: a test card", done.stdout)
        self.assertEqual(run("catalogue", "override", "shop", "charge_card", "--remove", "--category", "Read").returncode, 2)
        self.assertEqual(run("catalogue", "override", "shop", "charge_card", "--category", "Read").returncode, 2)
        self.assertEqual(run("catalogue", "override", "shop", "nothing", "--category", "Read", "--reason", "x").returncode, 1)
        self.gateway.stop()
        try:
            self.assertEqual(self.names("card"), ["charge_card"])
            self.assertEqual(self.command("counts")["overrides"], 1)
            self.assertEqual(self.command("reclassify")["tools"], 0)
            done = run("catalogue", "override", "shop", "charge_card", "--remove", check=True)
            self.assertIn("charge_card of shop is Financial", done.stdout)
            self.assertIn("servers", run("catalogue", "status", check=True).stdout)
        finally:
            self.gateway.start()
        self.assertEqual(self.command("counts")["overrides"], 0)


class OutOfReach(Restarted):
    def test_a_broken_catalogue_stops_nothing(self):
        self.meet()
        self.gateway.stop()
        state = self.gateway.folder / "state"
        file = state / "catalogue.db"
        for each in state.glob("catalogue.db*"):
            each.unlink()
        file.write_bytes(b"no database at all, but long enough to look like one" * 100)
        file.chmod(0o600)
        self.gateway.start()
        client = self.agent()
        self.assertIn("list_orders", client.tools())
        self.assertEqual(client.call("list_orders", {}).result.get("isError", False), False)
        wait_for(lambda: "the catalogue does not learn" in self.gateway.stderr())
        refused = self.gateway.run("catalogue", "search", "order")
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("catalogue.db", refused.stderr)
        # Once it is out of the way, the gateway fills a new one from what it knows.
        file.unlink()
        wait_for(lambda: set(self.names("order")) == {"list_orders", "delete_order"})

    def test_a_writer_that_takes_long_stops_nothing(self):
        self.meet()
        other = sqlite3.connect(self.gateway.folder / "state" / "catalogue.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            client = self.agent()
            self.assertEqual(client.call("list_orders", {}).result.get("isError", False), False)
            self.assertEqual(self.names("credit"), ["charge_card"], "readers do not wait")
            refused = self.gateway.run("catalogue", "override", "shop", "list_orders", "--severity", "high", "--reason", "x")
            self.assertEqual(refused.returncode, 4, refused.stderr)
        finally:
            other.execute("ROLLBACK")
            other.close()
