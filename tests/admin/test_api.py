"""The admin API: every route, by the document that describes it."""
import json
import threading
import time

from admin.api_case import CAREFUL, OPEN, ApiCase
from admin.api_table import written
from harness.api import document_of, operations_of
from harness.gateway import ROOT


class Resources(ApiCase):
    def test_grants_from_making_to_revoking(self):
        made = self.ok(self.api.post("/api/v1/grants", {"label": "robot", "server": "up", "policy": "open",
                                                        "owner": "alice", "labels": {"team": "core"}, "expires": "30d"}))
        self.assertTrue(made["token"].startswith("dwt_"))
        shown = self.ok(self.api.get("/api/v1/grants/robot"))
        self.assertEqual(shown["grant"], made["grant"])
        self.assertEqual(self.ok(self.api.get("/api/v1/grants/" + made["grant"]["id"])), shown)
        self.assertNotIn(made["token"], json.dumps(shown))
        path = "/api/v1/grants/robot"
        tag = self.api.get(path).headers["etag"]
        self.ok(self.api.put("/api/v1/policies/none", {"server": "up", "text": '{"version": "1", "default": "deny"}'}))
        moved = self.ok(self.api.call("PATCH", path, {"policy": "none"}, headers={"If-Match": tag}))
        self.assertEqual((moved["policy_before"], moved["grant"]["policy"]), ("open", "none"))
        self.assertEqual(self.ok(self.api.get(path))["grant"], moved["grant"])
        self.assert_refused(self.api.call("PATCH", path, {"policy": "open"}, headers={"If-Match": tag}), 412, "conflict")
        self.assert_refused(self.api.call("PATCH", path, {"policy": "nowhere"}), 404, "not_found")
        self.assert_refused(self.api.call("PATCH", path, {}), 400, "invalid")
        self.assertEqual(self.ok(self.api.get(path + "/permissions", query={"policy": "open"}))["servers"][0]["policy"]["name"], "open")
        self.assert_refused(self.api.get(path + "/permissions", query={"policy": "nowhere"}), 404, "not_found")
        self.assert_refused(self.api.get(path + "/permissions", query={"mode": "observe"}), 400, "invalid")
        turned = self.ok(self.api.post("/api/v1/grants/robot/rotate"))
        self.assertNotEqual(turned["token"], made["token"])
        self.assertEqual(self.ok(self.api.delete("/api/v1/grants/robot"))["grant"]["state"], "revoked")
        self.assert_refused(self.api.delete("/api/v1/grants/" + made["grant"]["id"]), 409, "conflict")
        self.assert_refused(self.api.post("/api/v1/grants", {"label": "x", "server": "nowhere"}), 404, "not_found")
        actors = {record["actor"] for record in self.gateway.log("--event", "grant.*") if record["label"] == "robot"}
        self.assertEqual(actors, {"token:bootstrap"})

    def test_policies_from_draft_to_removal(self):
        draft = json.dumps(CAREFUL)
        judged = self.ok(self.api.post("/api/v1/policies/validate", {"text": draft}))
        self.assertEqual([one["valid"] for one in judged["files"]], [True])
        judged = self.ok(self.api.post("/api/v1/policies/validate", {"text": '{"version": "1", "defualt": "deny"}'}))
        self.assertEqual([one["valid"] for one in judged["files"]], [False])
        self.assertTrue(judged["files"][0]["findings"])
        tested = self.ok(self.api.post("/api/v1/policies/test", {"text": draft}))
        self.assertEqual((tested["passed"], tested["failed"]), (1, 0))
        path = "/api/v1/policies/careful"
        refused = self.api.put(path, {"server": "up", "text": "{"})
        self.assert_refused(refused, 400, "invalid")
        self.assertTrue(refused.json["findings"])
        self.ok(self.api.put(path, {"server": "up", "text": draft, "comment": "first"}))
        self.ok(self.api.put(path, {"server": "up", "text": json.dumps({**CAREFUL, "default": "allow"})}))
        shown = self.ok(self.api.get(path, query={"server": "up"}))
        self.assertEqual([version["version"] for version in shown["versions"]], [2, 1])
        self.assertEqual(self.ok(self.api.get(path, query={"version": 1}))["text"], draft)
        self.assertEqual(self.ok(self.api.post(path + "/revert", {"version": 1}))["policy"]["version"], 3)
        self.assertEqual(self.ok(self.api.get(path))["text"], draft)
        self.ok(self.api.delete(path))
        self.assert_refused(self.api.get(path), 404, "not_found")

    def test_a_call_that_nobody_made_is_explained(self):
        draft = json.dumps(CAREFUL)
        told = self.ok(self.api.post("/api/v1/policies/explain", {"text": draft, "tool": "charge", "args": {"amount": 500}}))
        self.assertEqual((told["decision"], told["code"]), ("deny", "argument_denied"))
        self.assertIn("/tools/charge/deny_if", told["rule"])
        self.assertEqual(self.ok(self.api.post("/api/v1/policies/explain", {"grant": "agent", "tool": "anything"}))["decision"],
                         "allow")
        self.assertEqual(self.ok(self.api.post("/api/v1/policies/explain", {"policy": "open", "tool": "x"}))["decision"], "allow")
        for body in ({"tool": "x"}, {"grant": "nobody", "tool": "x"}, {"text": draft, "policy": "open", "tool": "x"},
                     {"text": "{", "tool": "x"}, {"policy": "open", "tool": "x", "args": [1]},
                     {"policy": "open", "tool": "x", "at": "tomorrow"}, {"policy": "open", "tool": "x", "category": "Nice"}):
            with self.subTest(body):
                self.assertIn(self.api.post("/api/v1/policies/explain", body).status, (400, 404))

    def test_servers_come_and_go(self):
        settings = {"url": self.upstream.url}
        self.ok(self.api.post("/api/v1/servers", {"name": "more", "settings": settings}))
        self.assertEqual(self.ok(self.api.get("/api/v1/servers/more"))["server"]["settings"]["url"], self.upstream.url)
        self.ok(self.api.post("/api/v1/servers/more/review", {}))
        self.assert_refused(self.api.post("/api/v1/servers", {"name": "more", "settings": settings}), 409, "conflict")
        refused = self.api.post("/api/v1/servers", {"name": "bad", "settings": {"urll": "http://x"}})
        self.assert_refused(refused, 400, "invalid")
        self.assertTrue(refused.json["findings"])
        self.ok(self.api.delete("/api/v1/servers/more"))
        # What the configuration file owns stays.
        self.assert_refused(self.api.delete("/api/v1/servers/up"), 409, "conflict")

    def test_status_reload_catalogue(self):
        status = self.ok(self.api.get("/api/v1/status"))
        self.assertEqual(status["admin"], f"http://127.0.0.1:{self.api.port}")
        self.ok(self.api.post("/api/v1/reload"))
        self.ok(self.api.get("/api/v1/catalogue", query={"query": "x", "limit": 5}))

    def test_pages_of_the_catalogue(self):
        page = self.ok(self.api.get("/api/v1/catalogue/pages/index"))
        self.assertEqual(page["page"]["schema"], "doorward.page.index/1")
        written = self.ok(self.api.get("/api/v1/catalogue/pages/attack",
                                       query={"id": "tool-poisoning", "format": "html", "base": "/see/"}))["text"]
        self.assertIn('<a href="/see/attack">', written)
        self.assertNotIn("<html", written)
        self.assertIn("# Tool poisoning", self.ok(self.api.get(
            "/api/v1/catalogue/pages/attack", query={"id": "tool-poisoning", "format": "markdown"}))["text"])
        for kind, query in (("index", {"base": "//elsewhere.example/"}), ("index", {"format": "terminal"}), ("tool", {"id": "x"})):
            with self.subTest(kind=kind, query=query):
                self.assertEqual(self.api.get(f"/api/v1/catalogue/pages/{kind}", query=query).status, 400)
        self.assert_refused(self.api.get("/api/v1/catalogue/pages/server", query={"id": "nobody"}), 404, "not_found")

    def test_lists_come_in_pages(self):
        for number in range(7):
            self.ok(self.api.post("/api/v1/grants", {"label": f"page-{number}", "server": "up"}))
        whole = self.ok(self.api.get("/api/v1/grants", query={"limit": 1000}))["grants"]
        seen, cursor = [], None
        while True:
            page = self.ok(self.api.get("/api/v1/grants", query={"limit": 3, **({"cursor": cursor} if cursor else {})}))
            self.assertLessEqual(len(page["grants"]), 3)
            seen += page["grants"]
            cursor = page.get("next")
            if cursor is None:
                break
        self.assertEqual(sorted(seen, key=str), sorted(whole, key=str))
        listed = json.loads(self.gateway.run("grant", "list", "--json", check=True).stdout)["grants"]
        self.assertEqual(sorted(listed, key=str), sorted(whole, key=str))


class Concurrency(ApiCase):
    def test_T290_two_admins_edit_the_same_policy(self):
        path, text = "/api/v1/policies/shared", json.dumps(OPEN)
        self.ok(self.api.put(path, {"server": "up", "text": text}, headers={"If-None-Match": "*"}))
        self.assertEqual(self.api.put(path, {"server": "up", "text": text}, headers={"If-None-Match": "*"}).status, 412)
        seen = self.api.get(path).headers["etag"]
        self.assertEqual(self.api.get(path).headers["etag"], seen)
        mine = self.api.put(path, {"server": "up", "text": json.dumps({**OPEN, "description": "mine"})},
                            headers={"If-Match": seen})
        self.assertEqual(mine.status, 200)
        theirs = self.api.put(path, {"server": "up", "text": text}, headers={"If-Match": seen})
        self.assert_refused(theirs, 412, "conflict")
        self.assertIn("mine", self.ok(self.api.get(path))["text"])
        self.assert_refused(self.api.delete(path, headers={"If-Match": seen}), 412, "conflict")
        self.assertEqual(self.api.delete(path, headers={"If-Match": self.api.get(path).headers["etag"]}).status, 200)
        self.assertEqual(self.api.put(path, {"server": "up", "text": text}, headers={"If-Match": "*"}).status, 412)

    def test_one_of_many_writers_with_the_same_tag_wins(self):
        path = "/api/v1/policies/race"
        self.ok(self.api.put(path, {"server": "up", "text": json.dumps(OPEN)}))
        seen = self.api.get(path).headers["etag"]
        answers = []
        threads = [threading.Thread(target=lambda n=n: answers.append(self.api.put(
            path, {"server": "up", "text": json.dumps({**OPEN, "description": str(n)})}, headers={"If-Match": seen}).status))
            for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers), [200] + [412] * 7)

    def test_what_has_not_changed_is_not_sent_again(self):
        first = self.api.get("/api/v1/servers/up")
        again = self.api.get("/api/v1/servers/up", headers={"If-None-Match": first.headers["etag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(self.api.get("/api/v1/servers/up", headers={"If-None-Match": '"other"'}).status, 200)


class Log(ApiCase):
    def setUp(self):
        client = self.gateway.client("agent")
        self.addCleanup(client.close)
        client.initialize()
        for _ in range(5):
            client.request("tools/list")
        deadline = time.monotonic() + 10
        while len(self.gateway.log("--grant", "agent", "--event", "call.outcome")) % 6 and time.monotonic() < deadline:
            time.sleep(0.05)

    def test_records_are_found_by_filters_and_pages(self):
        page = self.ok(self.api.get("/api/v1/records", query={"agent": "agent", "decision": "allow", "limit": 2}))
        self.assertEqual(len(page["records"]), 2)
        seen = list(page["records"])
        while "next" in page:
            page = self.ok(self.api.get("/api/v1/records", query={"agent": "agent", "decision": "allow", "limit": 2,
                                                                  "cursor": page["next"]}))
            seen += page["records"]
        expected = self.gateway.log("--grant", "agent", "--verdict", "allow")
        self.assertEqual(list(reversed(seen)), expected)
        by_policy = self.ok(self.api.get("/api/v1/records", query={"agent": "agent", "policy": "open", "decision": "allow"}))
        self.assertEqual(by_policy["found"], len(expected))
        sha256 = expected[0]["policy"]["sha256"]
        for policy, found in ((sha256, len(expected)), (sha256[:8], len(expected)), ("opn", 0)):
            self.assertEqual(self.ok(self.api.get("/api/v1/records", query={"agent": "agent", "policy": policy, "decision": "allow"}))["found"], found)
        one = next(record["id"] for record in seen if "id" in record)
        self.assertEqual({record["id"] for record in self.ok(self.api.get("/api/v1/records/" + one))["records"]}, {one})
        why = self.ok(self.api.get(f"/api/v1/records/{one}/explanation"))
        self.assertEqual((why["id"], why["decision"], why["subject"]["grant"]), (one, "allow", "agent"))
        self.assert_refused(self.api.get("/api/v1/records/dec_nothing/explanation"), 404, "not_found")
        self.assert_refused(self.api.get("/api/v1/records/dec_nothing"), 404, "not_found")
        self.assertEqual(self.ok(self.api.get("/api/v1/records", query={"since": "2000-01-01", "tool": "none"}))["records"], [])

    def test_T289_hostile_cursors_limits_and_filters(self):
        for query in ({"limit": 10**9}, {"limit": 0}, {"limit": -1}, {"limit": "1 OR 1=1"}, {"cursor": "x"},
                      {"cursor": "MSAxIDE"}, {"cursor": "A" * 600}, {"sort": "time; DROP TABLE"}, {"since": "'"},
                      {"decision": 7, "order": "x"}):
            with self.subTest(query):
                self.assert_refused(self.api.get("/api/v1/records", query=query), 400, "invalid")
        for text in ("' OR 1=1 --", "%", "_", "*" * 100, "\u202e", "a\nb"):
            with self.subTest(text):
                self.assertEqual(self.ok(self.api.get("/api/v1/records", query={"tool": text}))["records"], [])
                self.assertEqual(self.ok(self.outlaw().get("/api/v1/policies", query={"server": text}))["policies"], [])


class Document(ApiCase):
    def test_every_operation_is_in_the_list_of_docs(self):
        self.assertIn(written(document_of(self.api)), (ROOT / "docs/api.md").read_text(),
                      "docs/api.md: run `python3 -m admin.api_table`")

    def test_every_operation_has_words_a_tag_and_roles(self):
        for verb, path, operation in operations_of(document_of(self.api)):
            with self.subTest(f"{verb} {path}"):
                self.assertTrue(operation["summary"].endswith("."), operation["summary"])
                self.assertTrue(operation["tags"])
                if operation.get("security") != []:
                    self.assertIn("admin", operation["x-roles"])

    def test_commands_and_api_are_one(self):
        local = self.other(local=True)
        self.assertEqual(self.ok(local.get("/api/v1/grants")), self.ok(self.api.get("/api/v1/grants")))
