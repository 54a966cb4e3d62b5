"""Our own registry: `GET /v0/servers` and `/v0/servers/<slug>` in the form of the official one, with our record beside it."""
import json
import time

from admin.api_case import ApiCase
from harness.gateway import ROOT
from peers.peer import CACHE, drive

FIXTURES = ROOT / "src/catalogue/testdata/import"
OFFICIAL = ROOT / "tests/admin/fixtures/official_registry.schema.json"
RANKS = ["critical", "high", "medium", "low"]


class Registry(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("registry.json", "toolhive.json", "mcpm.json", "docker-server", "smithery.json"):
            cls.gateway.run("catalogue", "import", str(FIXTURES / name), check=True)

    def page(self, path="/v0/servers", **query):
        answer = self.api.get(path, query=query)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def judge(self, *checks):
        """By the official form."""
        if not (CACHE / "node_modules/ajv").exists():
            self.skipTest(f"ajv is not in {CACHE}: run scripts/install-peers")
        document = json.loads(OFFICIAL.read_text())
        wrong = drive("openapi_check.mjs", {"document": document, "checks": [
            [what, {"$ref": f"#/components/schemas/{schema}"}, value] for what, schema, value in checks]})
        self.assertEqual(wrong, [])

    def test_the_list_is_of_the_official_form(self):
        for path in ("/v0/servers", "/v0.1/servers"):
            whole = self.page(path)
            self.judge((path, "ServerList", whole))
            names = [item["server"]["name"] for item in whole["servers"]]
            self.assertIn("io.github.harbor-tools/tide-mcp", names)
            # A name without a namespace gets ours, so that every name is one of that form.
            self.assertIn("local.doorward/sextant", names)
            self.assertEqual(whole["metadata"], {"count": len(names)})

    def test_pages_follow_one_another(self):
        whole = self.page(limit=100)["servers"]
        seen, cursor = [], {}
        while True:
            page = self.page(limit=2, **cursor)
            self.assertLessEqual(len(page["servers"]), 2)
            self.assertEqual(page["metadata"]["count"], len(page["servers"]))
            seen += page["servers"]
            if "nextCursor" not in page["metadata"]:
                break
            cursor = {"cursor": page["metadata"]["nextCursor"]}
        self.assertEqual(seen, whole)

    def test_filters(self):
        names = lambda **query: [item["server"]["name"] for item in self.page(**query)["servers"]]
        self.assertEqual(names(search="TIDE"), ["io.github.harbor-tools/tide-mcp"])
        self.assertEqual(names(search="100%"), [])
        self.assertEqual(names(version="1.4.0"), ["io.github.harbor-tools/tide-mcp"])
        self.assertEqual(names(version="latest"), names())
        self.assertEqual(names(include_deleted="true"), names())
        self.assertEqual(names(updated_since="2020-01-01T00:00:00Z"), names())
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        self.assertEqual(names(updated_since=later), [])

    def test_the_record_of_a_server(self):
        slug = next(item["_meta"]["dev.doorward/record"]["slug"] for item in self.page(search="pilot")["servers"])
        for path in ("/v0/servers/", "/v0.1/servers/"):
            record = self.api.get(path + slug).json
            self.judge((path, "ServerResponse", record))
            self.assertEqual(record["slug"], slug)
            self.assertEqual(record["toolCount"], 2)
            self.assertEqual(record["posture"], {"auth": "api-key", "rateLimited": False})
            self.assertEqual(record["identity"]["verification"], "listed")
            self.assertTrue(0 < record["identity"]["confidence"] < 1)
            self.assertIn(record["grade"], "ABCDEF")
            self.assertTrue(all(reason["what"] for reason in record["gradeReasons"]))
            self.assertEqual({tool["name"] for tool in record["tools"]}, {"book_pilot", "cancel_booking"})
            ranks = [RANKS.index(tool["severity"]) for tool in record["tools"]]
            self.assertEqual(ranks, sorted(ranks))
            for tool in record["tools"]:
                self.assertEqual(tool["recommendedPolicy"]["version"], "1")

    def test_a_server_that_is_gone_is_marked(self):
        item = self.page(search="ledger")["servers"][0]
        self.assertEqual(item["_meta"]["io.modelcontextprotocol.registry/official"]["status"], "deprecated")

    def test_what_cannot_be_answered(self):
        self.assert_refused(self.api.get("/v0/servers/nobody"), 404, "not_found")
        for query in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"updated_since": "yesterday"}, {"other": 1}):
            self.assertEqual(self.outlaw().get("/v0/servers", query=query).status, 400, query)
        self.assertEqual(self.api.call("POST", "/v0/servers").status, 405)
        self.assertEqual(self.other().get("/v0/servers").status, 401)
