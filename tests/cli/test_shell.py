"""Completion in the shells that are here, and the manual pages."""
import json
import pathlib
import re
import shutil
import subprocess
import unittest
import urllib.error
import urllib.request

from cli.tool import USAGE, CommandCase
from harness.gateway import BINARY, Gateway

ASK = """
eval "$("$1" completion bash)"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_doorward doorward "${COMP_WORDS[COMP_CWORD]}" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(CommandCase):
    def bash(self, *words):
        """What bash would offer for the line, the last word being the one under the cursor."""
        done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", str(BINARY), str(BINARY), *map(str, words)],
                              capture_output=True, text=True, timeout=20, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands_options_and_files_without_a_gateway(self):
        self.assertIn("grant", self.bash("gr"))
        self.assertNotIn("complete", self.bash(""))
        self.assertEqual(self.bash("grant", "cr"), ["create"])
        self.assertEqual(self.bash("grant", "create", "--serv"), ["--server"])
        self.assertEqual(self.bash("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.bash("server", "add", "x", "--era", "=", "m"), ["modern"])
        self.assertIn("claude-code", self.bash("scan", "--client", "claude"))
        self.assertEqual(self.bash("--state", self.state, "connect", ""), [])
        self.write("policy one.json", "{}")
        done = subprocess.run([str(BINARY), "complete", "bash", "policy", "validate", ""], capture_output=True, text=True)
        self.assertEqual(done.stdout, ":file\n")
        self.assertEqual(" ".join(self.bash("policy", "validate", "pol")), "policy one.json")

    def test_live_names(self):
        gateway = Gateway({"notes": {"command": [str(BINARY), "demo-server"]}, "mail": {"command": [str(BINARY), "demo-server"]}},
                          {"strict": ("notes", {"version": "1", "default": "allow"})}, {"alice": ("notes", "strict")})
        self.addCleanup(gateway.close)
        gateway.start()
        client = gateway.client("alice")
        client.initialize()
        client.call("list_notes")
        live = ("--state", gateway.state)
        self.assertEqual(sorted(self.bash(*live, "connect", "")), ["mail", "notes"])
        self.assertEqual(self.bash(*live, "grant", "show", "a"), ["alice"])
        self.assertEqual(self.bash(*live, "policy", "show", ""), ["strict"])
        self.assertEqual(self.bash(*live, "grant", "create", "x", "--policy", "st"), ["strict"])
        record, = [each for each in gateway.log() if each["event"] == "call.intent" and each.get("tool") == "list_notes"]
        self.assertIn(record["id"], self.bash(*live, "log", "show", "dec_"))
        self.assertIn("list_notes", self.bash(*live, "server", "review", "notes", "list"))

    def test_scripts_are_valid_where_their_shell_is_here(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            script = self.run_command("completion", shell, state=False)[0]
            self.assertIn("doorward", script)
            if shutil.which(shell):
                path = self.write(f"doorward.{shell}", script)
                done = subprocess.run([*check, str(path)], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
        self.run_command("completion", "tcsh", state=False, code=USAGE)


class Install(CommandCase):
    def test_the_binary_installs_with_its_pages_and_completions(self):
        done = subprocess.run(["cmake", "--install", str(BINARY.parent), "--prefix", str(self.folder)], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in ("bin/doorward", "share/man/man1/doorward-connect.1", "share/bash-completion/completions/doorward",
                     "share/zsh/site-functions/_doorward", "share/fish/vendor_completions.d/doorward.fish"):
            self.assertGreater((self.folder / path).stat().st_size, 100, path)


class ManualPages(CommandCase):
    def test_every_command_has_a_page_that_groff_reads(self):
        self.run_command("man", "--dir", self.folder / "man", state=False)
        pages = {path.name: path.read_text() for path in (self.folder / "man").iterdir()}
        help_text = self.run_command("--help", state=False)[0]
        commands = re.findall(r"^  ([a-z][a-z-]+)  ", help_text[help_text.lower().index("subcommands:"):], re.M)
        self.assertGreater(len(commands), 30)
        self.assertEqual(sorted(pages), sorted(["doorward.1", *[f"doorward-{name}.1" for name in commands]]))
        self.assertIn("doorward grant create", pages["doorward-grant.1"].replace("\\-", "-"))
        self.assertEqual(self.run_command("man", "grant", state=False)[0], pages["doorward-grant.1"])
        self.assertEqual(self.run_command("man", state=False)[0], pages["doorward.1"])
        self.run_command("man", "nothing", state=False, code=USAGE)
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for name in pages:
            done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", str(self.folder / "man" / name)],
                                  capture_output=True, text=True)
            self.assertEqual(done.stderr, "", name)


class Demo(CommandCase):
    def test_an_allowed_and_a_refused_call_and_nothing_left(self):
        folder = self.folder / "tmp"
        folder.mkdir()
        env = {"TMPDIR": str(folder), "HOME": str(folder)}
        out, _ = self.run_command("demo", state=False, env=env)
        self.assertIn("[POLICY DENIED] Refunds stop at 100.", out)
        self.assertIn("args.amount", out)
        self.assertIn("doorward init", out)
        self.assertEqual(list(folder.iterdir()), [])
        kept = json.loads(self.run_command("demo", "--keep", "--json", state=False, env=env)[0])
        self.assertEqual([call["explanation"]["decision"] for call in kept["calls"]], ["allow", "deny"])
        self.state = pathlib.Path(kept["state"])
        events = [json.loads(line)["event"] for line in self.run_command("log", "query", "--json")[0].splitlines()]
        self.assertCountEqual([event for event in events if event.startswith("call.")],
                              ["call.intent", "call.outcome", "call.denied"])

    def test_a_refused_call_of_a_running_gateway(self):
        gateway = Gateway({"notes": {"command": [str(BINARY), "demo-server"]}},
                          {"strict": ("notes", {"version": "1", "default": "deny"})}, {"alice": ("notes", "strict")})
        self.addCleanup(gateway.close)
        gateway.start()
        done = gateway.run("demo", "--server", "notes", check=True)
        self.assertIn("[POLICY DENIED]", done.stdout)
        self.assertIn(re.search(r"dec_\w+", done.stdout)[0], [record.get("id") for record in gateway.log()])


class Console(CommandCase):
    def test_the_address_with_a_code_that_signs_in_once(self):
        self.addCleanup(self.run_command, "stop")
        url, said = self.run_command("ui", env={"DISPLAY": ":0", "BROWSER": "false"})
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/login#code=\S+\n$")
        self.assertIn("within a minute", said)
        answer = self.json("ui", "--print")
        self.assertTrue(answer["url"].startswith(answer["console"] + "/login#code="))
        request = urllib.request.Request(answer["console"] + "/api/v1/session", method="POST",
                                         data=json.dumps({"code": answer["url"].split("=")[1]}).encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as opened:
            self.assertIn("HttpOnly", opened.headers["Set-Cookie"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()


if __name__ == "__main__":
    unittest.main()
