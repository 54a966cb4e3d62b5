"""What the first page asks: statistics, attention, explanations, the use of grants, settings; against a running gateway."""
import json
import os
import subprocess
import time
import unittest

from admin.api_case import ApiCase
from harness.api import bootstrap
from harness.fake_server import FakeServer
from harness.gateway import BINARY, Gateway
from harness.upstream import RecordingUpstream

DOCUMENT = {
    "version": "1", "default": "deny", "hide": ["secret_tool"],
    "tools": {
        "echo": {},
        "charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "on_deny": "100 at most."}],
                   "require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}]}]},
        "ping": {"limits": [{"counter": "pings", "window": "hour", "max": 2, "scope": "grant"}]},
        "refund": {"action": "approve", "approvers": ["finance"]},
    }}
WATCH = {**DOCUMENT, "mode": "observe"}


class Overview(ApiCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream(FakeServer(["echo", "charge", "ping", "refund", "secret_tool", "other"]))
        cls.gateway = Gateway({"up": cls.upstream.url}, {"strict": ("up", DOCUMENT), "watch": ("up", WATCH)},
                              {"agent": ("up", "strict"), "watched": ("up", "watch"), "idle": ("up", "strict")},
                              log={"arguments": {"store": "redacted", "keep": "1d"}})
        cls.gateway.start()
        cls.api = bootstrap(cls.gateway)
        cls.apis = [cls.api]
        cls.told = {}
        client = cls.gateway.client("agent")
        client.initialize()
        for name, args in (("echo", {"text": "hi"}), ("charge", {"amount": 500, "reason": "x"}), ("charge", {"amount": 5}),
                           ("other", {}), ("secret_tool", {}), ("ping", {}), ("ping", {}), ("ping", {"n": 3})):
            client.call(name, args)
        for _ in range(3):
            client.call("charge", {"amount": 700, "reason": "again"})
        watched = cls.gateway.client("watched")
        watched.initialize()
        watched.call("charge", {"amount": 900, "reason": "y"})
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and len(cls.calls()) < 12:
            time.sleep(0.05)

    @classmethod
    def calls(cls, **query):
        answer = cls.api.get("/api/v1/records", query={"of": "calls", "limit": 1000, **query})
        assert answer.status == 200, answer.body
        return answer.json["records"]

    def explained(self, api=None, **query):
        record = self.calls(**query)[0]
        return record, self.ok((api or self.api).get(f"/api/v1/records/{record['id']}/explanation"))

    def test_calls_are_counted_by_what_was_decided(self):
        stats = self.ok(self.api.get("/api/v1/stats", query={"since": "1h", "by": "tool"}))
        totals = stats["totals"]
        self.assertEqual({word: totals[word] for word in ("allowed", "denied", "hidden", "rate_limited", "would_deny")},
                         {"allowed": 3, "denied": 6, "hidden": 1, "rate_limited": 1, "would_deny": 1})
        self.assertEqual((totals["calls"], totals["refused"]), (12, 8))
        self.assertEqual(totals["refused_percent"], 66.7)
        self.assertEqual(sum(step["calls"] for step in stats["series"]), 12)
        groups = {group["tool"]: group for group in stats["groups"]}
        self.assertEqual((groups["charge"]["calls"], groups["ping"]["rate_limited"]), (6, 1))
        worst = stats["refused_tools"][0]
        self.assertEqual((worst["server"], worst["tool"], worst["refused"]), ("up", "charge", 5))
        self.assertEqual((worst["main_rule"], worst["main_rule_count"]), ("/tools/charge/deny_if/args.amount-gt", 5))
        self.assertEqual([group["agent"] for group in stats["refused_agents"]], ["agent"])
        self.assertEqual(stats["latency"]["calls"], 4)
        self.assertGreater(stats["latency"]["added_p95_us"], 0)
        # Every number is a list that can be looked at.
        for word in ("allowed", "denied", "hidden", "rate_limited", "would_deny"):
            page = self.ok(self.api.get("/api/v1/records", query={"decision": word, "of": "calls", "since": "1h"}))
            self.assertEqual((page["found"], page["found_is"]), (totals[word], "exact"), word)
            self.assertEqual({about["word"] for about in page["about"]}, {word})
        for by in ("server", "agent", "rule", "policy"):
            self.assertTrue(self.ok(self.api.get("/api/v1/stats", query={"by": by}))["groups"], by)
        one = self.ok(self.api.get("/api/v1/stats", query={"agent": "watched"}))
        self.assertEqual((one["totals"]["calls"], one["latency"]["calls"]), (1, 1))
        for wrong in ({"since": "1h", "until": "2h"}, {"step": "1s", "since": "30d"}, {"by": "colour"}, {"since": "x"}):
            self.assert_refused(self.api.get("/api/v1/stats", query=wrong), 400, "invalid")

    def test_records_are_searched_by_text_and_the_chain_is_told(self):
        page = self.ok(self.api.get("/api/v1/records", query={"q": "CHAR", "of": "calls", "limit": 2}))
        self.assertEqual((len(page["records"]), page["found"]), (2, 6))
        self.assertEqual(page["chain"]["state"], "verified")
        self.assertIn("next", page)
        one = page["records"][0]["id"]
        self.assertEqual(self.ok(self.api.get("/api/v1/records", query={"q": one, "of": "calls"}))["records"], page["records"][:1])

    def test_what_needs_attention(self):
        items = {item["kind"]: item for item in self.ok(self.api.get("/api/v1/attention"))["items"]}
        loop = items["retry_loop"]
        self.assertEqual(loop["count"], 3)
        self.assertIn("agent made the same refused call of up.charge 3 times", loop["sentence"])
        self.assertEqual((loop["page"], loop["filters"]["tool"]), ("log", "charge"))
        self.assertNotIn("grant_unused", items)
        self.assertEqual(len(self.ok(self.api.get("/api/v1/attention", query={"limit": 1}))["items"]), 1)

    def test_an_allowed_call_is_explained(self):
        record, why = self.explained(tool="echo")
        self.assertEqual((why["schema"], why["id"], why["word"], why["decision"], why["rule"]),
                         ("doorward.explanation/1", record["id"], "allowed", "allow", ""))
        self.assertEqual(why["subject"]["grant"], "agent")
        self.assertEqual(why["policy"]["sha256"], record["policy"]["sha256"])
        self.assertTrue(why["effects"]["forwarded"])
        self.assertEqual(why["remedy"]["retry"], "")
        self.assertEqual(why["told_agent"], "")
        self.assertTrue(all(step["result"] in ("ok", "not evaluated") for step in why["trace"]))
        self.assertIn("grant agent active", why["trace"][0]["step"])

    def test_a_refused_argument_is_explained_with_its_value(self):
        record, why = self.explained(tool="charge", q="args.amount-gt", agent="agent")
        self.assertEqual((why["word"], why["code"]), ("denied", "argument_denied"))
        self.assertEqual(why["call"]["args_state"], "shown")
        self.assertEqual(why["call"]["args_redacted"]["amount"], 700)
        self.assertEqual(why["evidence"], [{"path": "args.amount", "op": "gt", "expected": 100, "actual": "700", "result": "true"}])
        self.assertIn("args.amount is 700", why["summary"])
        self.assertEqual(why["note"], "100 at most.")
        self.assertGreater(why["line"], 0)
        self.assertEqual([step["result"] for step in why["trace"]].count("decided"), 1)
        self.assertEqual(why["told_agent"], record["reason"])
        self.assertEqual(why["remedy"]["retry"], "changed_arguments")
        self.assertEqual(len(why["related"]["same_refused_before"]), 2)
        self.assertGreaterEqual(len(why["related"]["within_a_minute"]), 8)
        self.assertEqual(why["links"]["record"], "/api/v1/records/" + record["id"])
        reads = self.gateway.log("--event", "audit.read")
        self.assertIn(record["id"], {read["call"] for read in reads})

    def test_who_may_not_see_arguments_is_told_so(self):
        self.ok(self.api.post("/api/v1/users", {"name": "vera", "roles": ["viewer"]}))
        token = self.ok(self.api.post("/api/v1/tokens", {"label": "t", "user": "vera"}))["token"]
        viewer = self.other(token)
        record, why = self.explained(viewer, tool="charge", q="args.amount-gt", agent="agent")
        self.assertEqual(why["call"]["args_state"], "not_shown")
        self.assertNotIn("args_redacted", why["call"])
        self.assertEqual([(one["actual"], one["result"]) for one in why["evidence"]], [("not stored", "true")])
        self.assertEqual(why["summary"], "args.amount must be at most 100; its value is not stored.")

    def test_each_other_decision_is_explained(self):
        for query, word, code in (({"tool": "other"}, "denied", "default_deny"),
                                  ({"tool": "secret_tool"}, "hidden", "tool_hidden"),
                                  ({"tool": "ping", "decision": "rate_limited"}, "rate_limited", "rate_limited"),
                                  ({"decision": "denied", "code": "require_missing"}, "denied", "require_missing"),
                                  ({"agent": "watched"}, "would_deny", "argument_denied")):
            with self.subTest(word=word, code=code):
                record, why = self.explained(**query)
                self.assertEqual((why["word"], why["code"]), (word, code))
                self.assertEqual(why["enforced"], word != "would_deny")
                self.assertEqual(why["effects"]["forwarded"], word == "would_deny")
                self.assertEqual([step["result"] for step in why["trace"]].count("decided"), 1)
                self.assertEqual(why["rule"], record["rule"])
                self.assertTrue(why["summary"])
        _, why = self.explained(tool="ping", decision="rate_limited")
        self.assertGreater(why["remedy"]["after_s"], 0)

    def test_a_draft_gives_the_same_object(self):
        why = self.ok(self.api.post("/api/v1/policies/explain",
                                    {"text": json.dumps(DOCUMENT), "tool": "charge", "args": {"amount": 500, "reason": "x"}}))
        _, recorded = self.explained(tool="charge", q="args.amount-gt", agent="agent")
        self.assertEqual(set(recorded) - set(why), {"related", "links"})
        self.assertEqual((why["call"]["args_state"], why["call"]["args_redacted"]["amount"]), ("given", 500))

    def test_how_full_the_limits_of_a_grant_are(self):
        quotas = self.ok(self.api.get("/api/v1/grants/agent/quotas"))
        gauge = quotas["limits"][0]
        self.assertEqual((gauge["counter"], gauge["used"], gauge["max"], gauge["used_percent"], gauge["counts"], gauge["scope"]),
                         ("pings", 2, 2, 100, "calls", "grant"))
        self.assertTrue(3000 < gauge["resets_in_s"] <= 3700, gauge)
        self.assertEqual(gauge["rule"], "/tools/ping/limits/pings")
        self.assertEqual(self.ok(self.api.get("/api/v1/grants/idle/quotas"))["limits"][0]["used"], 0)
        self.assert_refused(self.api.get("/api/v1/grants/nobody/quotas"), 404, "not_found")

    def test_what_grants_did(self):
        grants = {grant["label"]: grant for grant in self.ok(self.api.get("/api/v1/usage/grants"))["grants"]}
        agent = grants["agent"]
        self.assertEqual((agent["week"]["calls"], agent["week"]["refused"], agent["client"]), (11, 8, "tester"))
        self.assertEqual(agent["fullest"]["used_percent"], 100)
        self.assertIn("last_call", agent)
        self.assertNotIn("last_call", grants["idle"])
        self.assertTrue(agent["url"].endswith("/mcp/up/"))

    def test_how_clients_connect(self):
        connect = self.ok(self.api.get("/api/v1/grants/agent/connect"))
        clients = {client["client"]: client for client in connect["clients"]}
        for name in ("claude-code", "cursor", "vscode", "codex"):
            self.assertIn(connect["url"], clients[name]["text"])
            self.assertIn(connect["token_place"], clients[name]["text"])
        for client in clients.values():
            if client["format"] == "json":
                json.loads(client["text"])
        self.assertNotIn(self.gateway.tokens["agent"], json.dumps(connect))

    def test_settings_tell_where_they_come_from(self):
        settings = self.ok(self.api.get("/api/v1/settings"))
        every = {one["name"]: one for group in settings["groups"] for one in group["settings"]}
        self.assertEqual(every["log.arguments.store"]["value"], "redacted")
        source = every["log.arguments.store"]["source"]
        self.assertEqual((source["kind"], source["file"]), ("file", str(self.gateway.file)))
        line = self.gateway.file.read_text().splitlines()[source["line"] - 1]
        self.assertIn("store", line)
        self.assertTrue(every["log.arguments.store"]["locked"])
        self.assertEqual((every["log.retention"]["value"], every["log.retention"]["source"]["kind"], every["log.retention"]["locked"]),
                         ("400d", "default", False))
        self.assertEqual(settings["observing"], 1)

    def test_an_admin_has_a_backup_made(self):
        file = str(self.gateway.folder / "made.backup")
        self.assertEqual(self.ok(self.api.post("/api/v1/backups", {"file": file}))["file"], file)
        self.assert_refused(self.api.post("/api/v1/backups", {"file": file}), 409, "conflict")
        self.assert_refused(self.api.post("/api/v1/backups", {"file": "here.backup"}), 400, "invalid")
        self.assertEqual([record["file"] for record in self.gateway.log("--event", "backup.made") if "file" in record], [file])

    def test_an_admin_downloads_a_backup_once(self):
        path = "/api/v1/backups/downloads"
        # More than is read at once.
        (self.gateway.state / "large.snapshot").write_bytes(os.urandom(3_000_000))
        self.addCleanup((self.gateway.state / "large.snapshot").unlink)
        stale = self.ok(self.api.post(path))
        offered = self.ok(self.api.post(path))
        self.assertEqual(self.api.get(f"{path}/{stale['id']}").status, 404)
        local = self.other(local=True)
        self.assertEqual(local.get(f"{path}/{offered['id']}").status, 404, "another admin has it")
        taken = self.api.get(f"{path}/{offered['id']}")
        self.assertEqual((taken.status, len(taken.body), taken.headers["cache-control"]), (200, offered["bytes"], "no-store"))
        self.assertEqual(taken.headers["content-disposition"], f'attachment; filename="{offered["name"]}"')
        self.assertEqual(self.api.get(f"{path}/{offered['id']}").status, 404)
        self.assertEqual(list((self.gateway.state / "downloads").iterdir()), [])
        [record] = self.gateway.log("--event", "backup.downloaded")
        self.assertEqual((record["actor"], record["bytes"]), ("token:bootstrap", offered["bytes"]))
        file = self.gateway.folder / "taken.backup"
        file.write_bytes(taken.body)
        restored = subprocess.run([str(BINARY), "restore", str(file), "--state", str(self.gateway.folder / "restored")],
                                  capture_output=True, text=True, timeout=60)
        self.assertEqual(restored.returncode, 0, restored.stderr)


if __name__ == "__main__":
    unittest.main()
