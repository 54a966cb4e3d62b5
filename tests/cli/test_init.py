"""`doorward init`, `uninit` and `client`: on a home directory of its own, with the demo server behind the clients."""
import json
import os
import stat
import unittest

from cli import client_files
from cli.client_files import entry, place, servers
from cli.test_connect import Shim
from cli.tool import FAILED, OK, USAGE, CommandCase
from harness.gateway import BINARY

SECRET = "nk-0123456789abcdef0123456789"


class Home(CommandCase):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        self.home.mkdir()

    def doorward(self, *words, code=OK, **options):
        return self.run_command(*words, env=self.environment(), code=code, **options)

    def environment(self):
        return {"HOME": str(self.home), "XDG_CONFIG_HOME": "", "CLAUDE_CONFIG_DIR": "", "DOORWARD_STATE": ""}

    def init(self, *words, mode="recommended"):
        return self.json("init", "--yes", "--mode", mode, *words, env=self.environment())

    def entries(self, path):
        return json.loads(path.read_text())["mcpServers"]


class Init(Home):
    def test_from_nothing_to_protected_and_back(self):
        before = client_files.sample("claude-desktop")
        path = place(self.home, "claude-desktop", before, 0o600)
        out, err = self.doorward("init", "--yes", "--mode", "recommended")
        for words in ("Claude Desktop", "notes: goes behind the gateway as notes", "off: left alone: it is switched off",
                      "CATEGORY", "Destructive", "hidden", "+ ", "doorward-backup-"):
            self.assertIn(words, out)
        for words in ("starts notes", "reload Claude Desktop", "undo: doorward uninit", "next: "):
            self.assertIn(words, err)
        self.assertNotIn(SECRET, out + err)

        ours = self.entries(path)["notes"]
        self.assertEqual(ours["command"], str(BINARY.resolve()))
        self.assertEqual(ours["args"], ["connect", "notes", "--client", "claude-desktop", "--env", "NOTES_API_KEY",
                                        "--state", str(self.state)])
        self.assertEqual(ours["env"], {"NOTES_API_KEY": SECRET, "DOORWARD_MANAGED": "1"})
        self.assertEqual(self.entries(path)["off"]["command"], "npx")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        backup, = path.parent.glob("*.doorward-backup-*")
        self.assertEqual(backup.read_text(), before)
        self.assertEqual(stat.S_IMODE(backup.stat().st_mode), 0o600)

        settings = self.json("server", "show", "notes")["server"]["settings"]
        self.assertEqual(settings["command"], [str(BINARY), "demo-server"])
        self.assertEqual(settings["env"], {"NOTES_API_KEY": {"lent": "notes.NOTES_API_KEY"}})
        policy = self.json("policy", "show", "notes")
        self.assertIn("delete_note", json.loads(policy["text"])["hide"])
        grant = self.json("grant", "show", "claude-desktop-notes")["grant"]
        self.assertEqual((grant["server"], grant["policy"], grant["labels"]), ("notes", "notes", {"client": "claude-desktop"}))
        token = self.state / "clients" / "claude-desktop-notes.token"
        self.assertEqual(stat.S_IMODE(token.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE((self.state / "clients" / "manifest.json").stat().st_mode), 0o600)

        self.assertIn("nothing to change", self.doorward("init", "--yes")[1])
        self.doorward("client", "status")
        listed = self.json("client", "list", env=self.environment())["files"][0]["servers"]
        self.assertEqual([(each["name"], each["state"]) for each in listed], [("notes", "behind"), ("off", "disabled")])

        self.doorward("uninit", "--yes")
        self.assertEqual(path.read_text(), before)
        self.assertEqual(list(path.parent.glob("*.doorward-backup-*")), [])
        self.assertEqual(list((self.state / "clients").iterdir()), [])
        self.assertEqual(self.json("server", "list")["servers"], [])
        self.assertEqual([each for each in self.json("grant", "list")["grants"] if each["state"] == "active"], [])
        self.assertIn("nothing to undo", self.doorward("uninit", "--yes")[1])
        # Again from the start.
        self.assertTrue(self.init()["applied"])
        self.assertEqual(len([each for each in self.json("grant", "list")["grants"] if each["state"] == "active"]), 1)

    def test_a_grant_that_was_revoked_keeps_its_label(self):
        place(self.home, "cursor", servers(notes=entry()))
        place(self.home, "kiro", servers(notes=entry()))
        self.init()
        self.doorward("client", "disconnect", "cursor", "--yes")
        connected = self.json("client", "connect", "cursor", "--yes", env=self.environment())
        self.assertEqual(connected["entries"][0]["grant"], "cursor-notes-2")
        self.assertIn("--grant", self.entries(self.home / client_files.PLACES["cursor"])["notes"]["args"])
        self.doorward("client", "status", "cursor")

    def test_nobody_can_be_asked(self):
        path = place(self.home, "cursor", servers(notes=entry()))
        before = path.read_text()
        for command in ("init", "uninit"):
            err = self.doorward(command, code=USAGE)[1]
            self.assertIn("--yes", err)
            self.assertIn("nobody can be asked", err)
        self.assertEqual(path.read_text(), before)
        self.assertFalse(self.state.exists())

    def test_a_dry_run_changes_nothing(self):
        path = place(self.home, "cursor", servers(notes=entry()))
        before = path.read_text()
        for words in (("--dry-run",), ("--dry-run", "--yes", "--mode", "lockdown")):
            out, err = self.doorward("init", *words)
            self.assertIn('+ ', out)
            self.assertIn("connect", out)
            self.assertIn("nothing was changed", err)
        self.assertEqual(path.read_text(), before)
        self.assertEqual(list(self.folder.glob("**/*doorward-backup*")), [])
        self.assertFalse((self.state / "doorward.db").exists())

    def test_without_yes_a_dry_run_starts_nothing(self):
        mark = self.folder / "started"
        place(self.home, "cursor", servers(trap=entry("/bin/sh", ("-c", f"touch '{mark}'"))))
        out, err = self.doorward("init", "--dry-run")
        self.assertIn("starts trap: /bin/sh -c", err)
        self.assertFalse(mark.exists())

    def test_modes(self):
        for mode, check in (("observe", lambda policy: policy.get("mode") == "observe"),
                            ("lockdown", lambda policy: policy["tools"]["create_note"] == {"action": "approve"})):
            with self.subTest(mode):
                place(self.home, "cursor", servers(notes=entry()))
                self.init(mode=mode)
                policy = json.loads(self.json("policy", "show", "notes")["text"])
                self.assertTrue(check(policy), policy)
                self.doorward("uninit", "--yes")
        self.assertIn("lockdown", self.doorward("init", "--yes", "--mode", "closed", code=USAGE)[1])

    def test_one_definition_is_one_server_and_two_are_two(self):
        place(self.home, "cursor", servers(notes=entry(), mine=entry(env={"NOTES_MODE": "a"})))
        place(self.home, "windsurf", servers(same=entry(), mine=entry(env={"NOTES_MODE": "b"})))
        place(self.home, "kiro", servers(Mine_2=entry(env={"NOTES_MODE": "c"})))
        done = self.init()
        names = {(each["client"], each["name"]): each["server"] for each in done["entries"]}
        self.assertEqual(names[("cursor", "notes")], names[("windsurf", "same")])
        self.assertEqual(len(set(names.values())), 4)
        self.assertEqual(len(self.json("grant", "list")["grants"]), 5)
        settings = {each["name"]: each["settings"] for each in self.json("server", "list")["servers"]}
        self.assertEqual(settings[names[("windsurf", "mine")]]["env"], {"NOTES_MODE": {"value": "b"}})
        # A client that comes later finds its server there.
        place(self.home, "amp", json.dumps({"amp.mcpServers": {"x": entry()}}))
        later = self.init()
        self.assertEqual([each["server"] for each in later["entries"] if each["action"] == "connect"], [names[("cursor", "notes")]])
        self.assertEqual(len(self.json("server", "list")["servers"]), 4)
        # One client goes; the others stay.
        self.doorward("uninit", "--yes", "--client", "windsurf")
        self.assertEqual(len(self.json("server", "list")["servers"]), 3)
        self.doorward("client", "disconnect", "cursor", "--yes")
        self.doorward("client", "disconnect", "amp", "--yes")
        self.assertEqual(len(self.json("server", "list")["servers"]), 1)

    def test_what_a_gateway_has_keeps_its_name(self):
        self.run_command("server", "add", "notes", "--url", "http://127.0.0.1:9/mcp")
        place(self.home, "cursor", servers(notes=entry()))
        self.assertEqual(self.init()["entries"][0]["server"], "notes-2")
        self.doorward("uninit", "--yes")
        self.assertEqual([each["name"] for each in self.json("server", "list")["servers"]], ["notes"])

    def test_references_stay_in_the_file(self):
        path = place(self.home, "cursor", servers(
            notes=entry(env={"NOTES_API_KEY": "${env:KEY}", "NOTES_MODE": "x"}),
            web={"url": "http://127.0.0.1:9/mcp", "headers": {"Authorization": "Bearer ${KEY}", "X-Team": "a"}},
            here=entry(args=("demo-server", "${workspaceFolder}"))))
        done = self.init()
        ours = self.entries(path)
        self.assertEqual(ours["notes"]["env"], {"NOTES_API_KEY": "${env:KEY}", "NOTES_MODE": "x", "DOORWARD_MANAGED": "1"})
        self.assertEqual(ours["web"], {"command": str(BINARY.resolve()), "args": [
            "connect", "web", "--client", "cursor", "--env", "DOORWARD_HEADER_AUTHORIZATION", "--state", str(self.state)],
            "env": {"DOORWARD_HEADER_AUTHORIZATION": "Bearer ${KEY}", "DOORWARD_MANAGED": "1"}})
        headers = self.json("server", "show", "web")["server"]["settings"]["headers"]
        self.assertEqual(headers, {"authorization": {"lent": "web.DOORWARD_HEADER_AUTHORIZATION"}, "x-team": {"value": "a"}})
        left, = [each for each in done["entries"] if each["action"] == "leave"]
        self.assertEqual(left["name"], "here")
        self.assertIn("workspaceFolder", left["why"])

    def test_the_variables_of_an_env_file_are_handed_over(self):
        secrets = self.write("my.env", f"# remarks=no\nexport NOTES_API_KEY={SECRET}\nNOTES_MODE = x\nTEXT=\"two\nLINES=no\"\nodd name=1\n")
        path = place(self.home, "vscode", json.dumps({"servers": {
            "notes": {"type": "stdio", **entry(envFile=str(secrets), env={"NOTES_MODE": "y"})},
            "open": {"type": "stdio", **entry(envFile="${workspaceFolder}/.env")},
            "gone": {"type": "stdio", **entry(envFile="/nowhere/.env")}}}))
        shared = self.write(".vscode/mcp.json", {"servers": {"here": {"type": "stdio", **entry(envFile="${workspaceFolder}/my.env")}}})
        done = {each["name"]: each for each in self.init("--project")["entries"]}
        self.assertIn("only the client can find", done["open"]["why"])
        self.assertIn("cannot be read", done["gone"]["why"])
        ours = json.loads(path.read_text())["servers"]
        self.assertEqual(ours["notes"]["envFile"], str(secrets))
        self.assertEqual([ours["notes"]["args"][at + 1] for at, word in enumerate(ours["notes"]["args"]) if word == "--env"],
                         ["NOTES_API_KEY", "TEXT"])
        settings = self.json("server", "show", "notes")["server"]["settings"]
        self.assertEqual(settings["env"], {"NOTES_MODE": {"value": "y"}, "NOTES_API_KEY": {"lent": "notes.NOTES_API_KEY"}, "TEXT": {"lent": "notes.TEXT"}})
        self.assertIn("NOTES_API_KEY", json.loads(shared.read_text())["servers"]["here"]["args"])
        for kept in self.state.rglob("*"):
            if kept.is_file():
                self.assertNotIn(SECRET.encode(), kept.read_bytes(), kept)
        # What the client does: it reads the file and starts the entry with its variables.
        client = Shim(*ours["notes"]["args"][1:], program=ours["notes"]["command"],
                      env={**os.environ, **self.environment(), "NOTES_API_KEY": SECRET, "TEXT": "two", **ours["notes"]["env"]})
        self.addCleanup(self.run_command, "stop")
        self.addCleanup(client.end)
        client.initialize()
        self.assertNotIn("isError", client.call(2, "list_notes")["result"])

    def test_secrets_move_only_when_asked(self):
        path = place(self.home, "claude-desktop", client_files.sample("claude-desktop"))
        before = path.read_text()
        self.init("--move-secrets")
        self.assertNotIn(SECRET, path.read_text())
        self.assertEqual(self.json("server", "show", "notes")["server"]["settings"]["env"], {"NOTES_API_KEY": {"sealed": "notes.NOTES_API_KEY"}})
        self.assertNotIn(SECRET.encode(), (self.state / "doorward.db").read_bytes())
        self.doorward("uninit", "--yes")
        self.assertEqual(path.read_text(), before)
        self.assertEqual(self.json("secret", "list")["secrets"], [])

    def test_project_files_are_left_to_those_who_share_them(self):
        shared = self.write(".mcp.json", servers(notes=entry()))
        before = shared.read_text()
        done = self.init()
        self.assertFalse(done["applied"])
        self.assertIn("--project", done["entries"][0]["why"])
        self.assertEqual(shared.read_text(), before)
        self.assertTrue(self.init("--project")["applied"])
        self.assertIn("DOORWARD_MANAGED", shared.read_text())
        self.doorward("uninit", "--yes")
        self.assertEqual(shared.read_text(), before)

    def test_other_gateways_are_named(self):
        place(self.home, "cursor", servers(hive=entry("/nowhere/thv", ("run", "x")), own=entry("doorward", ("run", "--policy", "p"))))
        done = {each["name"]: each for each in self.init()["entries"]}
        self.assertIn("toolhive", done["hive"]["note"])
        self.assertEqual(done["own"]["action"], "leave")
        self.assertIn("Doorward already", done["own"]["why"])

    def test_a_server_that_cannot_be_started_is_judged_by_category(self):
        place(self.home, "cursor", servers(broken=entry("/nowhere/at-all")))
        out, err = self.doorward("init", "--yes", "--mode", "recommended")
        self.assertIn("Judged by category when their tools are first listed: broken", out)
        policy = json.loads(self.json("policy", "show", "broken")["text"])
        self.assertEqual(policy["risk"]["Financial"], {"action": "approve"})

    def test_a_file_that_cannot_be_read_is_left_alone(self):
        place(self.home, "cursor", "{ broken")
        good = place(self.home, "windsurf", servers(notes=entry()))
        done = self.init()
        self.assertEqual(len(done["unreadable"]), 1)
        self.assertIn("DOORWARD_MANAGED", good.read_text())

    def test_no_client_at_all(self):
        self.assertIn("no configuration of an MCP client was found", self.doorward("init", "--yes")[1])
        self.assertIn('did you mean cursor?', self.doorward("init", "--yes", "--client", "curser", code=USAGE)[1])


class Connected(Home):
    """What a client does after init: start the entry's command and call tools."""

    def start(self, path, name):
        ours = json.loads(path.read_text())["mcpServers"][name]
        shim = Shim(*ours["args"][1:], program=ours["command"], env={**os.environ, **self.environment(), **ours["env"]})
        self.addCleanup(self.run_command, "stop")
        self.addCleanup(shim.end)
        shim.initialize()
        return shim

    def delete(self, shim, id):
        return shim.ask(id, "tools/call", {"name": "delete_note", "arguments": {"id": "1"}})

    def test_the_first_refused_call(self):
        path = place(self.home, "claude-desktop", client_files.sample("claude-desktop"))
        self.init()
        shim = self.start(path, "notes")
        tools = [tool["name"] for tool in shim.ask(1, "tools/list")["result"]["tools"]]
        self.assertIn("list_notes", tools)
        self.assertNotIn("delete_note", tools)
        self.assertNotIn("isError", shim.call(2, "list_notes")["result"])
        self.assertEqual(self.delete(shim, 3)["error"]["code"], -32602)
        # The secret went from the client's file to the server by way of its process, and is stored nowhere else.
        self.assertEqual([server["name"] for server in self.json("server", "list")["servers"]], ["notes"])
        for kept in self.state.rglob("*"):
            if kept.is_file() and kept.name != "manifest.json":
                self.assertNotIn(SECRET.encode(), kept.read_bytes(), kept)

    def test_uninit_while_the_gateway_runs(self):
        path = place(self.home, "cursor", servers(notes=entry()))
        before = path.read_text()
        self.init(mode="observe")
        shim = self.start(path, "notes")
        self.assertNotIn("error", self.delete(shim, 1))
        self.doorward("uninit", "--yes")
        self.assertEqual(path.read_text(), before)
        self.assertIn("error", shim.call(2, "list_notes"))
        self.assertEqual(self.json("server", "list")["servers"], [])


class Uninit(Home):
    def setUp(self):
        super().setUp()
        self.before = servers(notes=entry(), more=entry(env={"A": "b"}))
        self.path = place(self.home, "cursor", self.before)
        self.init()

    def test_a_file_that_was_changed_since_loses_only_what_is_ours(self):
        changed = self.path.read_text().replace("{\n", '{\n  "mine": "kept",\n', 1)
        self.path.write_text(changed)
        out, _ = self.doorward("uninit", "--yes")
        self.assertIn("was changed since", out)
        self.assertEqual(self.path.read_text(), self.before.replace("{\n", '{\n  "mine": "kept",\n', 1))
        self.assertEqual(self.json("server", "list")["servers"], [])

    def test_a_file_that_its_client_has_laid_out_anew(self):
        self.path.write_text(json.dumps(json.loads(self.path.read_text()), indent=4))
        self.doorward("client", "status")
        self.doorward("uninit", "--yes")
        self.assertEqual(json.loads(self.path.read_text()), json.loads(self.before))

    def test_an_entry_that_was_edited_stays_and_three_versions_are_shown(self):
        document = json.loads(self.path.read_text())
        document["mcpServers"]["notes"]["args"].append("--verbose")
        self.path.write_text(json.dumps(document))
        states = {each["name"]: each["state"] for each in self.json("client", "ls", env=self.environment())["files"][0]["servers"]}
        self.assertEqual(states, {"notes": "edited", "more": "behind"})
        self.doorward("client", "status", code=FAILED)
        out, err = self.doorward("uninit", "--yes", code=FAILED)
        for words in ("before init:", "as init wrote it:", "now:", "--verbose", "demo-server"):
            self.assertIn(words, out)
        now = json.loads(self.path.read_text())["mcpServers"]
        self.assertIn("--verbose", now["notes"]["args"])
        self.assertEqual(now["more"], json.loads(self.before)["mcpServers"]["more"])
        # Its server and grant stay, for they are in use.
        self.assertEqual([each["name"] for each in self.json("server", "list")["servers"]], ["notes"])
        # Put right by hand, the rest goes.
        document = json.loads(self.path.read_text())
        document["mcpServers"]["notes"] = entry()
        self.path.write_text(json.dumps(document))
        self.doorward("uninit", "--yes")
        self.assertEqual(self.json("server", "list")["servers"], [])

    def test_an_entry_or_a_file_that_is_gone(self):
        document = json.loads(self.path.read_text())
        del document["mcpServers"]["notes"]
        self.path.write_text(json.dumps(document))
        self.doorward("uninit", "--yes")
        self.assertNotIn("notes", json.loads(self.path.read_text())["mcpServers"])
        self.assertEqual(self.json("server", "list")["servers"], [])
        self.init()
        self.path.unlink()
        self.doorward("uninit", "--yes")
        self.assertFalse(self.path.exists())

    def test_what_people_have_made_of_it_stays(self):
        self.run_command("policy", "add", "notes", "--server", "notes", "--file", self.write("p.json", {"version": "1", "default": "deny"}))
        self.run_command("grant", "create", "mine", "--server", "more", "--policy", "more")
        _, err = self.doorward("uninit", "--yes")
        self.assertIn("which was changed since", err)
        self.assertEqual({each["name"] for each in self.json("server", "list")["servers"]}, {"notes", "more"})
        self.assertEqual(self.path.read_text(), self.before)

    def test_a_dry_run(self):
        now = self.path.read_text()
        out, err = self.doorward("uninit", "--dry-run")
        self.assertIn("byte for byte", out)
        self.assertEqual(self.path.read_text(), now)
        self.assertEqual(self.json("uninit", "--dry-run", env=self.environment())["files"][0]["state"], "restored")

    def test_an_init_that_was_cut_off(self):
        """What the manifest names is there or not; either way uninit leaves nothing."""
        self.path.write_text(self.before)
        os.unlink(self.state / "clients" / "cursor-notes.token")
        self.run_command("grant", "revoke", "cursor-more")
        self.doorward("uninit", "--yes")
        self.assertEqual(self.path.read_text(), self.before)
        self.assertEqual(self.json("server", "list")["servers"], [])


if __name__ == "__main__":
    unittest.main()
