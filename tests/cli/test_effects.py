"""What policies do, told by commands: simulate, suggest, diff, fmt; why a call was decided, what a grant can do, what happens now."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import time

from cli.tool import CommandCase, FAILED, INVALID, OK, USAGE
from harness.client import MODERN
from harness.fake_server import FakeServer, tool
from harness.gateway import BINARY, Gateway, write_out_before
from harness.upstream import RecordingUpstream

AMOUNT = {"type": "object", "properties": {"amount": {"type": "number"}}}
LIVE = {"version": "1", "default": "deny", "tools": {
    "list_orders": {},
    "charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "on_deny": "100 at most."}]}}}


class EffectsCase(CommandCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream(FakeServer([tool("list_orders"), tool("charge", inputSchema=AMOUNT), tool("delete_order")]))
        cls.gateway = Gateway({"shop": cls.upstream.url}, {}, {}, workers=1)
        cls.addClassCleanup(cls.upstream.stop)
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()
        live = cls.gateway.folder / "live.json"
        live.write_text(json.dumps(LIVE, indent=2) + "\n")
        cls.gateway.run("policy", "add", "shop", "--server", "shop", "--file", str(live), check=True)
        cls.gateway.grants["agent"] = ("shop", "shop")
        cls.gateway.create_grant("agent")
        client = cls.gateway.client("agent", version=MODERN)
        client.tools()
        for name, arguments in (("list_orders", {}), ("list_orders", {}), ("charge", {"amount": 50}), ("charge", {"amount": 500}),
                                ("delete_order", {})):
            client.call(name, arguments)
        client.close()

    def command(self, *words, code=OK, env=None):
        write_out_before(words, self.gateway.state)
        done = subprocess.run([str(BINARY), *map(str, words), "--state", str(self.gateway.state)], capture_output=True, text=True,
                              timeout=60, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def decision(self, name):
        lines = self.command("log", "query", f"tool:{name}", "event:call.denied", "--json").stdout.splitlines()
        return json.loads(lines[-1])["id"]


class Drafts(EffectsCase):
    def test_simulate(self):
        draft = self.write("draft.json", {**LIVE, "hide": ["list_orders"]})
        text = self.command("policy", "simulate", draft, "--server", "shop").stdout
        self.assertIn("5 calls to shop", text)
        self.assertRegex(text, r"newly denied +2  2 had succeeded")
        self.assertRegex(text, r"newly_denied  agent  list_orders  allowed  hidden  \(hidden\) \(line \d+\)  2 +dec_")

    def test_simulate_an_export_without_a_gateway(self):
        export = self.folder / "export.jsonl"
        self.command("audit", "export", "--format", "jsonl", "-o", export)
        draft = self.write("draft.json", {"version": "1", "default": "allow"})
        done, _ = self.run_command("policy", "simulate", draft, "--from", export, "--since", "1h", "--json")
        self.assertEqual(json.loads(done)["counts"]["newly_allowed"], 2)
        self.run_command("policy", "simulate", draft, "--from", draft, code=INVALID)

    def test_suggest_keeps_what_was_allowed(self):
        done = self.command("policy", "suggest", "--server", "shop")
        document = json.loads(done.stdout)
        self.assertEqual(document["tools"], {"list_orders": {}, "charge": LIVE["tools"]["charge"]})
        self.assertEqual(document["default"], "deny")
        self.assertIn("list_orders 2", document["description"])
        self.assertIn("0 would be refused or ask anew", done.stderr)

    def test_diff(self):
        draft = self.write("draft.json", {**LIVE, "default": "allow", "hide": ["list_orders"]})
        text = self.command("policy", "diff", draft, "--live", "shop").stdout
        self.assertEqual(text.splitlines()[0], "1 tool newly hidden, 1 tool newly allowed, default deny -> allow.")
        self.assertIn("delete_order  denied -> allowed", text)
        self.assertIn('+ ', text)
        other = self.write("live.json", LIVE)
        self.run_command("policy", "diff", other, draft, "--exit-code", code=FAILED)
        self.run_command("policy", "diff", other, other, "--exit-code")
        self.run_command("policy", "diff", other, code=USAGE)

    def test_fmt_keeps_order_and_spelling(self):
        text = '{"version":"1", "default":"deny","tools":{"z":{},"a":{"limits":[{"counter":"c","window":"day","max":1.50,"scope":"grant","amount":"args.n"}]}}}'
        file = self.write("policy.json", text)
        out, _ = self.run_command("policy", "fmt", "--check", file, code=FAILED)
        self.assertEqual(out, f"{file}\n")
        self.assertEqual(file.read_text(), text)
        self.run_command("policy", "fmt", file)
        self.assertEqual(json.loads(file.read_text()), json.loads(text))
        self.assertLess(file.read_text().index('"z"'), file.read_text().index('"a"'))
        self.assertIn("1.50", file.read_text())
        self.run_command("policy", "fmt", "--check", file)
        self.run_command("policy", "fmt", self.write("broken.json", "{"), code=INVALID)


class Calls(EffectsCase):
    def test_explain(self):
        text = self.command("explain", self.decision("charge"), env={"LC_ALL": "C.UTF-8"}).stdout
        self.assertTrue(text.startswith("\u2715 Denied \u00b7 shop.charge \u00b7 agent"), text)
        self.assertIn("The call did not reach shop.", text)
        self.assertIn("/tools/charge/deny_if/args.amount-gt", text)
        self.assertIn("Told the agent: \"[POLICY DENIED] 100 at most.", text)

    def test_grant_can(self):
        text = self.command("grant", "can", "agent").stdout
        self.assertRegex(text, r"(?m)^Allowed +list_orders ")
        self.assertRegex(text, r"(?m)^Denied +delete_order +Destructive +critical +\(default deny\)")
        self.assertRegex(text, r"(?m)^Depends on arguments +charge .*args\.amount-gt \(line \d+\)")
        one = self.command("grant", "can", "agent", "charge").stdout
        self.assertIn("The rule's author says: 100 at most.", one)
        self.assertIn("A call that passes: ", one)

    def test_log_in_one_line_a_call(self):
        text = self.command("log", "query", "agent:agent", "decision:denied").stdout
        self.assertEqual(len(text.splitlines()), 3)
        self.assertIn("  Denied  ", text)
        calls = self.command("log", "tail", "charge", "event:call.*", "-n", "50").stdout.splitlines()[1:]
        self.assertEqual([re.split(r"  +", line)[3] for line in calls], ["Allowed", "Denied"])
        of_policy = self.command("log", "query", "policy:shop", "--json").stdout.splitlines()
        self.assertEqual({json.loads(line)["event"] for line in of_policy},
                         {"policy.added", "policy.loaded", "grant.created", "call.intent", "call.denied"})
        sha256 = json.loads(of_policy[0])["sha256"]
        self.assertEqual(len(self.command("log", "query", "--policy", sha256[:8], "event:call.*").stdout.splitlines()),
                         1 + len([line for line in of_policy if '"call.' in line]))
        self.assertEqual(self.command("log", "query", "policy:shp", "--json").stdout, "")
        self.command("log", "tail", "decision:maybe", code=USAGE)
        self.assertIn("did you mean agent:?", self.command("log", "tail", "agnt:x", code=USAGE).stderr)


class Allow(EffectsCase):
    def test_a_rule_is_drafted_put_in_force_and_taken_back(self):
        denied = self.decision("delete_order")
        looked = self.command("allow", denied, "--limit", "5/hour", "--dry-run").stdout
        self.assertIn('+     "delete_order": {"limits": [{"counter": "delete_order", "window": "hour", "max": 5, "scope": "grant"}]}', looked)
        self.assertIn("1 tool newly limited", looked)
        self.command("allow", denied, code=USAGE)
        done = self.command("allow", denied, "--yes").stdout
        undo = re.search(r"undo: doorward (.*)", done)[1]
        client = self.gateway.client("agent", version=MODERN)
        self.addCleanup(client.close)
        self.assertFalse(client.call("delete_order", {}).messages()[0]["result"].get("isError", False))
        self.command(*undo.split())
        self.assertEqual(json.loads(self.command("policy", "show", "shop").stdout), LIVE)

    def test_what_a_program_should_not_change_is_left_to_a_person(self):
        done = self.command("allow", self.decision("charge"), "--yes", code=FAILED)
        self.assertIn("/tools/charge/deny_if/0", done.stderr)


class Now(EffectsCase):
    def test_top_for_scripts(self):
        answer = json.loads(self.command("top", "--json").stdout)
        self.assertEqual((answer["schema"], answer["running"]), ("doorward.top/1", True))
        agent = next(row for row in answer["agents"] if row["name"] == "agent")
        self.assertEqual(agent["calls"], sum(agent["decisions"].values()))
        self.assertIn("shop.charge", self.command("top", "--once").stdout)

    def test_top_shows_the_grants_closest_to_a_limit(self):
        self.assertIn("(no grant has a limit)", self.command("top", "--once").stdout)
        limit = {"counter": "charged", "window": "day", "max": 100, "scope": "grant", "amount": "args.amount"}
        policy = self.write("limited.json", {"version": "1", "default": "deny", "tools": {"charge": {"limits": [limit]}, "list_orders": {
            "limits": [{"counter": "lists", "window": "hour", "max": 1000, "scope": "grant"}]}}})
        self.gateway.run("policy", "add", "limited", "--server", "shop", "--file", str(policy), check=True)
        for grant in ("idle", "spender"):
            self.gateway.grants[grant] = ("shop", "limited")
            self.gateway.create_grant(grant)
        client = self.gateway.client("spender", version=MODERN)
        self.addCleanup(client.close)
        client.call("charge", {"amount": 96.5})
        idle, spender = sorted(json.loads(self.command("top", "--json").stdout)["quotas"], key=lambda each: each["grant"])
        self.assertEqual((idle["grant"], idle["fullest"]["used"]), ("idle", 0))
        fullest = spender["fullest"]
        self.assertEqual((fullest["counter"], fullest["used"], fullest["max"], fullest["counts"]), ("charged", 96.5, 100, "args.amount"))
        self.assertGreater(fullest["resets_in_s"], 0)
        shown = self.command("top", "--once").stdout
        self.assertRegex(shown, r"spender +charged +96\.5 +100 +96%  args\.amount / .* +(\d+:)?\d+:\d\d\n")
        self.assertLess(shown.index("\nspender"), shown.index("\nidle"), shown)

    def test_top_leaves_the_terminal_as_it_was(self):
        for leave in (b"q", signal.SIGTERM):
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(str(BINARY), [str(BINARY), "top", "--state", str(self.gateway.state)])
            seen, sent, deadline = b"", False, time.monotonic() + 20
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.2)[0]:
                    try:
                        piece = os.read(terminal, 65536)
                    except OSError:
                        break
                    if not piece:
                        break
                    seen += piece
                if not sent and b"AGENT" in seen:
                    os.write(terminal, leave) if leave == b"q" else os.kill(pid, leave)
                    sent = True
            _, status = os.waitpid(pid, 0)
            os.close(terminal)
            self.assertEqual(os.waitstatus_to_exitcode(status), 0, seen)
            self.assertTrue(seen.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"), seen[-200:])

    def test_doctor_mends_what_is_harmless(self):
        checks = {check["name"]: check for check in json.loads(self.command("doctor", "--json").stdout)["checks"]}
        for name in ("disk", "key", "clock", "console"):
            self.assertEqual(checks[name]["state"], "ok", checks[name])
        key = self.gateway.state / "keys" / "audit.key"
        key.chmod(0o644)
        broken = json.loads(self.command("doctor", "--json", code=FAILED).stdout)["checks"]
        self.assertIn("chmod go-rwx", next(check["next"] for check in broken if check["state"] == "fail"))
        self.assertIn("fixed: took the access of others away", self.command("doctor", "--fix").stdout)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)

    def test_bug_report_tells_nothing_of_whom_it_is_about(self):
        text = self.command("bug-report").stdout
        report = json.loads(text)
        self.assertGreater(len(report["records"]), 5)
        for name in ("shop", "charge", "list_orders", "100 at most", self.upstream.url, str(self.gateway.state)):
            self.assertNotIn(name, text)
