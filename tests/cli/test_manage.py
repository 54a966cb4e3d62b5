"""Servers, policies and grants by command, on the store and through a running gateway alike."""
import json
import os
import re
import stat
import unittest

from cli.tool import FAILED, INVALID, UNREACHABLE, USAGE, CommandCase
from harness.client import MODERN
from harness.gateway import BINARY, Gateway

OPEN = {"version": "1", "default": "allow"}
SHUT = {"version": "1", "default": "deny"}


class Offline(CommandCase):
    """No gateway runs: the commands change the store under its lock."""

    def add_all(self):
        self.run_command("server", "add", "demo", "--", BINARY, "demo-server")
        self.run_command("policy", "add", "open", "--server", "demo", "--file", self.write("open.json", OPEN))

    def test_a_server(self):
        self.run_command("server", "add", "up", "--url", "http://127.0.0.1:1/mcp", "--header",
                         "authorization=Bearer env:UP_TOKEN", "--header", "x-key=file:secret")
        settings = self.json("server", "show", "up")["server"]["settings"]
        self.assertEqual(settings["headers"]["authorization"], {"env": "UP_TOKEN", "prefix": "Bearer "})
        self.assertEqual(settings["headers"]["x-key"], {"file": str(self.folder / "secret")})
        self.assertEqual([server["name"] for server in self.json("server", "ls")["servers"]], ["up"])
        self.assertIn("already", self.run_command("server", "add", "up", "--url", "http://x/", code=FAILED)[1])
        self.assertIn('did you mean "up"?', self.run_command("server", "show", "upp", code=FAILED)[1])
        self.run_command("server", "remove", "up")
        self.assertEqual(self.json("server", "list")["servers"], [])

    def test_the_words_behind_two_dashes_are_the_servers(self):
        self.run_command("server", "add", "child", "--env", "A=value:1", "--", "node", "server.js", "--json", "-x")
        settings = self.json("server", "show", "child")["server"]["settings"]
        self.assertEqual(settings["command"], ["node", "server.js", "--json", "-x"])
        self.assertEqual(settings["env"], {"A": {"value": "1"}})

    def test_what_is_no_server(self):
        for code, words in ((USAGE, ("x",)), (USAGE, ("x", "--url", "http://x/", "--", "y")),
                            (USAGE, ("x", "--url", "http://x/", "--header", "authorization=abc")),
                            (INVALID, ("X", "--url", "http://x/")), (INVALID, ("x", "--url", "ftp://x/")),
                            (INVALID, ("x", "--url", "http://u:p@x/")),
                            (INVALID, ("x", "--url", "http://x/", "--header", "authorization=value:hunter2222")),
                            (INVALID, ("x", "--url", "http://x/", "--header", "host=value:y"))):
            with self.subTest(words):
                out, err = self.run_command("server", "add", *words, code=code)
                self.assertNotIn("hunter2222", out + err)

    def test_versions_of_a_policy(self):
        self.add_all()
        self.assertEqual(self.json("policy", "list")["policies"][0]["version"], 1)
        self.run_command("policy", "add", "open", "--server", "demo", "--file", self.write("shut.json", SHUT),
                         "--comment", "closing time")
        shown = self.json("policy", "show", "open")
        self.assertEqual([version["version"] for version in shown["versions"]], [2, 1])
        self.assertEqual(shown["versions"][0]["comment"], "closing time")
        self.assertEqual(json.loads(self.run_command("policy", "show", "open")[0]), SHUT)
        self.assertEqual(json.loads(self.run_command("policy", "show", "open", "--version", "1")[0]), OPEN)
        self.run_command("policy", "revert", "open", "--version", "1")
        self.assertEqual(json.loads(self.run_command("policy", "show", "open")[0]), OPEN)
        self.assertEqual(self.json("policy", "list")["policies"][0]["version"], 3)
        self.run_command("policy", "show", "open", "--version", "9", code=FAILED)

    def test_a_policy_that_is_not_valid_changes_nothing(self):
        self.add_all()
        _, err = self.run_command("policy", "add", "open", "--server", "demo", "--file", self.write("bad.json", "{}"),
                                  code=INVALID)
        self.assertIn("bad.json:1:1", err)
        failing = {**SHUT, "tests": [{"name": "t", "tool": "x", "args": {}, "expect": "allow"}]}
        self.run_command("policy", "add", "open", "--server", "demo", "--file", self.write("f.json", failing),
                         code=INVALID)
        self.run_command("policy", "add", "open", "--server", "demo", "--file", self.folder / "bad.json", "--over-failing-tests", "x",
                         code=INVALID)
        self.assertEqual(json.loads(self.run_command("policy", "show", "open")[0]), OPEN)
        self.run_command("policy", "add", "open", "--server", "dmo", "--file", self.write("o.json", OPEN), code=FAILED)

    def test_over_a_failing_test_with_a_reason_alone(self):
        self.add_all()
        failing = {**SHUT, "tests": [{"name": "t", "tool": "x", "args": {}, "expect": "allow"}]}
        words = ("policy", "add", "open", "--server", "demo", "--file", self.write("f.json", failing))
        _, err = self.run_command(*words, code=INVALID)
        self.assertIn("1 test of the document fails", err)
        self.assertRegex(err, r'f\.json:\d+:\d+: the test "t" fails')
        self.run_command(*words, "--over-failing-tests", "  ", code=INVALID)
        _, err = self.run_command(*words, "--comment", "closing time", "--over-failing-tests", "the test is of next week's server")
        self.assertIn("warning: ", err)
        comment = "closing time (published over 1 failing test: the test is of next week's server)"
        self.assertEqual(self.json("policy", "show", "open")["versions"][0]["comment"], comment)
        record = json.loads(self.run_command("log", "query", "event:policy.added", "--json")[0].splitlines()[-1])
        self.assertEqual((record["failing_tests"], record["reason"]), (1, "the test is of next week's server"))
        self.run_command("policy", "revert", "open", "--version", "1")
        self.assertIn("warning: ", self.run_command("policy", "revert", "open", "--version", "2")[1])
        self.assertEqual(json.loads(self.run_command("policy", "show", "open")[0]), failing)

    def test_a_name_on_two_servers_needs_the_server(self):
        self.add_all()
        self.run_command("server", "add", "other", "--url", "http://x/")
        self.run_command("policy", "add", "open", "--server", "other", "--file", self.folder / "open.json")
        self.assertIn("--server", self.run_command("policy", "show", "open", code=FAILED)[1])
        self.run_command("policy", "remove", "open", "--server", "other")
        self.run_command("policy", "show", "open")

    def test_the_life_of_a_grant(self):
        self.add_all()
        out, err = self.run_command("grant", "create", "ci", "--server", "demo", "--policy", "open", "--owner", "alice",
                                    "--label", "team=core", "--expires", "30d")
        self.assertRegex(out, r"^dwt_[0-9A-Za-z]{49}\n$")
        self.assertIn("mcpServers", err)
        self.assertNotIn(out.strip(), err)
        shown = self.json("grant", "show", "ci")["grant"]
        self.assertEqual((shown["state"], shown["grant_owner"], shown["labels"]), ("active", "alice", {"team": "core"}))
        self.assertNotIn("token", shown)
        new = self.json("grant", "rotate", "ci")["token"]
        self.assertNotEqual(new, out.strip())
        self.assertEqual(self.json("grant", "show", "ci")["grant"]["version"], 2)
        self.run_command("grant", "revoke", "ci")
        dead = self.json("grant", "list")["grants"][0]
        self.assertEqual(dead["state"], "revoked")
        for command in ("revoke", "rotate"):
            self.run_command("grant", command, dead["id"], code=FAILED)
        self.run_command("grant", "create", "ci", "--server", "demo")

    def test_another_policy_for_a_grant(self):
        self.add_all()
        self.run_command("policy", "add", "shut", "--server", "demo", "--file", self.write("shut.json", SHUT))
        token = self.json("grant", "create", "ci", "--server", "demo", "--policy", "open")["grant"]["token_hint"]
        out, err = self.run_command("grant", "policy", "ci", "shut")
        self.assertEqual(out, "grant ci carries policy shut from the next call on, in place of policy open\n")
        self.assertIn("to undo: doorward grant policy ci open", err)
        shown = self.json("grant", "show", "ci")["grant"]
        self.assertEqual((shown["policy"], shown["token_hint"], shown["version"]), ("shut", token, 2))
        self.assertIn("already", self.run_command("grant", "policy", "ci", "shut")[0])
        self.assertIn("--none", self.run_command("grant", "policy", "ci", code=USAGE)[1])
        self.run_command("grant", "policy", "ci", "open", "--none", code=USAGE)
        self.run_command("grant", "policy", "ci", "opn", code=FAILED)
        changed = self.json("grant", "policy", "ci", "--none")
        self.assertEqual((changed["policy_before"], changed["grant"]["policy"]), ("shut", ""))
        self.run_command("policy", "remove", "shut")
        records = [json.loads(line) for line in self.run_command("log", "query", "event:grant.policy_changed", "--json")[0].splitlines()]
        self.assertEqual([(one["label"], one["server"], one["policy_before"], one["policy"]) for one in records],
                         [("ci", "demo", "open", "shut"), ("ci", "demo", "shut", "")])
        id = self.json("grant", "show", "ci")["grant"]["id"]
        self.run_command("grant", "revoke", "ci")
        self.assertIn("revoked", self.run_command("grant", "policy", id, "open", code=FAILED)[1])

    def test_no_token_lies_anywhere(self):
        self.add_all()
        token = self.json("grant", "create", "ci", "--server", "demo")["token"].encode()
        for path in self.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(token[4:40], path.read_bytes(), path)

    def test_what_is_no_grant(self):
        self.add_all()
        for code, words in ((FAILED, ("--server", "dem")), (FAILED, ("--server", "demo", "--policy", "opn")),
                            (INVALID, ("--server", "demo", "--expires", "yesterday")),
                            (INVALID, ("--server", "demo", "--expires", "2020-01-01T00:00:00Z")),
                            (USAGE, ("--server", "demo", "--label", "x"))):
            with self.subTest(words):
                self.run_command("grant", "create", "x", *words, code=code)
        self.run_command("grant", "create", "a b", "--server", "demo", code=INVALID)

    def test_what_is_in_use_stays(self):
        self.add_all()
        self.run_command("grant", "create", "ci", "--server", "demo", "--policy", "open")
        self.assertIn("ci", self.run_command("policy", "remove", "open", code=FAILED)[1])
        self.assertIn("open", self.run_command("server", "remove", "demo", code=FAILED)[1])
        self.run_command("grant", "revoke", "ci")
        self.run_command("policy", "remove", "open")
        self.run_command("server", "remove", "demo")

    def test_every_change_is_in_the_log(self):
        self.add_all()
        self.run_command("grant", "create", "ci", "--server", "demo", "--policy", "open")
        self.run_command("grant", "rotate", "ci")
        self.run_command("grant", "revoke", "ci")
        records = [json.loads(line) for line in self.run_command("log", "query", "--json")[0].splitlines()]
        events = [record["event"] for record in records if not record["event"].startswith("writer.")]
        self.assertEqual(events, ["server.added", "policy.added", "grant.created", "grant.rotated", "grant.revoked"])
        self.assertEqual({record["actor"] for record in records if "actor" in record}, {f"uid:{os.geteuid()}"})
        self.run_command("audit", "verify")

    def test_a_checkpoint_that_was_kept_finds_a_log_that_was_cut(self):
        self.run_command("audit", "checkpoint", code=UNREACHABLE)
        self.add_all()
        kept = self.folder / "kept.checkpoints"
        self.run_command("audit", "checkpoint", "-o", kept)
        self.assertEqual(self.run_command("audit", "checkpoint")[0], kept.read_text())
        notes = self.json("audit", "checkpoint")["checkpoints"]
        self.assertEqual("".join(note + "\n" for note in notes), kept.read_text())
        self.run_command("audit", "verify", "--checkpoint", kept)
        writer, = [path for path in (self.state / "log").iterdir() if path.is_dir()]
        for last in sorted(writer.glob("0*"))[-2:]:
            last.unlink()
        self.run_command("audit", "verify")
        self.run_command("audit", "verify", "--checkpoint", kept, code=FAILED)

    def test_a_server_is_shown_with_its_settings(self):
        self.run_command("server", "add", "notes", "--env", "KEY=env:NOTES_KEY", "--client-requests", "sampling", "--", "node", "a \x1b[31mb.js")
        shown = self.run_command("server", "show", "notes")[0]
        self.assertRegex(shown, r"(?m)^command +node a \\u001b\[31mb\.js$")
        self.assertRegex(shown, r"(?m)^env\.KEY\.env +NOTES_KEY$")
        self.assertRegex(shown, r"(?m)^client_requests +sampling$")

    def test_reading_leaves_no_record(self):
        self.run_command("server", "list")
        self.assertEqual(self.run_command("log", "query", "--json")[0], "")

    def test_modes(self):
        self.add_all()
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)
        for path in self.state.rglob("*"):
            if path.is_file() and path.suffix != ".pub":
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)
        self.state.chmod(0o755)
        self.assertIn("chmod 700", self.run_command("server", "list", code=5)[1])

    def test_a_token_for_a_configuration(self):
        self.assertRegex(self.run_command("grant", "token")[0], r"^dwt_[0-9A-Za-z]{49}\n$")


class Owned(CommandCase):
    """What YAML owns, a command refuses to change, whether the gateway runs or not."""

    def setUp(self):
        super().setUp()
        token = self.run_command("grant", "token")[0]
        secret = self.write("token", token, 0o600)
        self.gateway = Gateway({"demo": {"command": [str(BINARY), "demo-server"]}}, {"open": ("demo", OPEN)})
        self.gateway.config["grants"] = [{"label": "ci", "server": "demo", "policy": "open", "token": {"file": str(secret)}}]
        self.addCleanup(self.gateway.close)
        self.gateway.start()
        self.gateway.tokens["ci"] = token.strip()
        self.state = self.gateway.state

    def check(self):
        shut = self.write("shut.json", SHUT)
        place = re.escape(str(self.gateway.file)) + r":\d+"
        for words in (("server", "remove", "demo"), ("policy", "add", "open", "--server", "demo", "--file", shut),
                      ("policy", "remove", "open"), ("policy", "revert", "open", "--version", "1"),
                      ("grant", "revoke", "ci"), ("grant", "rotate", "ci"), ("grant", "policy", "ci", "--none")):
            with self.subTest(words):
                self.assertRegex(self.run_command(*words, code=FAILED)[1], place)
        self.assertRegex(self.json("grant", "show", "ci")["grant"]["owner"], place)

    def test_with_and_without_the_gateway(self):
        self.check()
        self.assertEqual(self.gateway.stop(), 0)
        self.check()

    def test_a_command_adds_beside_it(self):
        self.run_command("policy", "add", "more", "--server", "demo", "--file", self.write("p.json", SHUT))
        self.run_command("grant", "create", "two", "--server", "demo", "--policy", "more")
        self.assertEqual({policy["name"]: policy["owner"] == "store" for policy in self.json("policy", "list")["policies"]},
                         {"open": False, "more": True})

    def test_a_conflict_with_the_store_is_a_load_error_that_names_both(self):
        self.run_command("policy", "add", "late", "--server", "demo", "--file", self.write("p.json", SHUT))
        self.gateway.policies["late"] = ("demo", OPEN)
        record = self.gateway.reload()
        self.assertEqual(record["event"], "config.reload_failed")
        self.assertIn("doorward policy remove late", record["first"])


class Running(CommandCase):
    """Through the control socket of a running gateway."""

    def setUp(self):
        super().setUp()
        self.gateway = Gateway({"demo": {"command": [str(BINARY), "demo-server"]}}, {"open": ("demo", OPEN)},
                               {"agent": ("demo", "open")})
        self.addCleanup(self.gateway.close)
        self.gateway.start()
        self.state = self.gateway.state

    def test_a_policy_takes_effect_on_the_next_call(self):
        self.run_command("policy", "add", "p", "--server", "demo", "--file", self.write("p.json", OPEN))
        self.gateway.grants["x"] = ("demo", "p")
        self.gateway.create_grant("x")
        client = self.gateway.client("x", version=MODERN)
        self.addCleanup(client.close)
        self.assertNotIn("isError", client.call("list_notes").result)
        self.run_command("policy", "add", "p", "--server", "demo", "--file", self.write("q.json", SHUT))
        self.assertTrue(client.call("list_notes").result["isError"])
        self.run_command("policy", "revert", "p", "--version", "1")
        self.assertNotIn("isError", client.call("list_notes").result)

    def test_what_was_published_over_a_failing_test_is_in_force_after_a_start(self):
        failing = {**SHUT, "tests": [{"name": "t", "tool": "x", "args": {}, "expect": "allow"}]}
        self.run_command("policy", "add", "p", "--server", "demo", "--file", self.write("p.json", failing), "--over-failing-tests", "for now")
        self.run_command("grant", "policy", "agent", "p")
        self.assertEqual(self.gateway.stop(), 0)
        self.gateway.start()
        client = self.gateway.client("agent", version=MODERN)
        self.addCleanup(client.close)
        refused = client.call("list_notes").result
        self.assertTrue(refused["isError"])
        told = self.run_command("explain", refused["_meta"]["io.doorward/decision"]["id"])[0]
        self.assertIn("p v1", told)

    def test_another_policy_decides_the_next_call_of_an_open_session(self):
        self.run_command("policy", "add", "shut", "--server", "demo", "--file", self.write("p.json", SHUT))
        for version in ("2025-11-25", MODERN):
            client = self.gateway.client("agent", version=version)
            self.addCleanup(client.close)
            if version != MODERN:
                client.initialize()
            for policy, refused in (("open", None), ("shut", True), ("open", None)):
                self.run_command("grant", "policy", "agent", policy)
                self.assertEqual(client.call("list_notes").result.get("isError"), refused, (version, policy))
        told = self.run_command("grant", "can", "agent", "--policy", "shut")[0]
        self.assertRegex(told, r"(?m)^Denied +list_notes ")
        self.assertRegex(self.run_command("grant", "can", "agent")[0], r"(?m)^Allowed +list_notes ")
        observing = {**SHUT, "mode": "observe", "tools": {"create_note": {"deny_if": [{"conditions": [
            {"path": "args.title", "op": "starts_with", "value": "x"}]}]}}}
        self.run_command("policy", "add", "look", "--server", "demo", "--file", self.write("p.json", observing))
        self.assertRegex(self.run_command("grant", "can", "agent", "--policy", "look")[0], r"(?m)^Allowed \(if it enforced: Depends on arguments\) +create_note ")
        told = self.run_command("grant", "can", "agent", "--policy", "look", "--enforce")[0]
        self.assertRegex(told, r"(?m)^Denied +list_notes ")
        self.assertRegex(told, r"(?m)^Depends on arguments +create_note ")
        self.assertIn("there is no policy", self.run_command("grant", "can", "agent", "--policy", "no", code=FAILED)[1])

    def test_the_socket_is_ours_alone(self):
        mode = stat.S_IMODE((self.state / "control.sock").stat().st_mode)
        self.assertEqual(mode, 0o600)

    def test_status(self):
        document = self.json("status")
        self.assertEqual((document["running"], document["servers"], document["grants"]), (True, 1, 1))
        self.assertTrue(document["url"].endswith(f":{self.gateway.port}"))

    def test_a_server_whose_secret_is_missing_is_refused(self):
        _, err = self.run_command("server", "add", "up", "--url", "http://127.0.0.1:1/", "--header",
                                  "x-key=env:NOT_SET_ANYWHERE", code=FAILED)
        self.assertIn("NOT_SET_ANYWHERE", err)
        self.assertEqual(len(self.json("server", "list")["servers"]), 1)


if __name__ == "__main__":
    unittest.main()
