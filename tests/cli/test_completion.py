"""Completion typed into the real shells, before a running gateway with a server whose tools have hostile names."""
import json
import os
import shutil
import subprocess
import unittest

from cli.tool import CommandCase
from harness.client import MODERN
from harness.fake_server import FakeServer, tool
from harness.gateway import BINARY, Gateway
from harness.terminal import Terminal
from harness.upstream import RecordingUpstream

HOSTILE = ("$(touch pwned)", "`touch pwned`", "x'; touch pwned; '", "x\"; touch pwned; \"", "a b", "line\nbreak; touch pwned", "a\ttab", "!!", "!touch",
           "{a,b}", "~root", "-x", "--yes", "*", "[a]", "\\", "#x", ":file", "=ls", "%1", "\u202etxt", "")
HARMLESS = ("list_orders", "get.order-v2", "ns/tool")

# How each shell starts without anybody's settings, and takes the completion.
SHELLS = {
    "bash": (("--norc", "--noprofile", "-i"), 'eval "$(doorward completion bash)"'),
    "zsh": (("-f", "-i"), "unsetopt prompt_sp; autoload -U compinit; compinit -D -u; source <(doorward completion zsh)"),
    "fish": (("--no-config", "-i"), "doorward completion fish | source"),
}


class Typed(CommandCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream(FakeServer([tool(name) for name in (*HARMLESS, *HOSTILE) if name]))
        cls.addClassCleanup(cls.upstream.stop)
        cls.gateway = Gateway({"shop": cls.upstream.url, "mail": {"command": [str(BINARY), "demo-server"]}},
                              {"strict": ("shop", {"version": "1", "default": "allow"})}, {"alice": ("shop", "strict")})
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()
        client = cls.gateway.client("alice", version=MODERN)
        client.tools()
        for name in HOSTILE:
            if name.isascii() and name.isprintable():
                client.call(name, {})
        client.close()

    def setUp(self):
        super().setUp()
        self.env = {"DOORWARD_STATE": str(self.gateway.state), "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "HOME": str(self.folder),
                    "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "", "HISTFILE": "", "PS1": "$ ", "PROMPT": "$ ", "LC_ALL": "C.UTF-8"}
        self.write("my policy.json", "{}")

    def shell(self, name):
        program = shutil.which(name)
        if program is None:
            self.skipTest(f"{name} is not installed: scripts/install-test-deps")
        words, setup = SHELLS[name]
        terminal = Terminal([program, *words], width=200, env=self.env, cwd=self.folder)
        terminal.type(setup + "\necho rea''dy\n")
        terminal.until("ready")
        return terminal

    def completed(self, terminal, line):
        """The words that stand on the line when Tab was pressed behind it."""
        # Ctrl-A goes to the beginning; what is printed there comes back between marks that were not typed.
        terminal.type(line + "\t\x01printf '%s|' \"<\"\"<\" \x05\">\"\">\"\n")
        terminal.until("<<|")
        return terminal.until(">>").removesuffix(">>").replace("\r\n", "").rstrip("|").split("|")

    def listed(self, name, line, last):
        """What is shown for a line that several words would end, up to a word that is among them."""
        terminal = self.shell(name)
        terminal.type(line + "\t\t")
        shown = terminal.until(last)
        terminal.hang_up()
        return shown

    def check(self, name):
        terminal = self.shell(name)
        for line, words in (("doorward comple", ["completion"]), ("doorward grant cr", ["grant", "create"]), ("doorward connect ma", ["connect", "mail"]),
                            ("doorward grant show al", ["grant", "show", "alice"]), ("doorward policy show st", ["policy", "show", "strict"]),
                            ("doorward grant create x --ser", ["grant", "create", "x", "--server"]),
                            ("doorward grant create x --server=sh", ["grant", "create", "x", "--server=shop"]),
                            ("doorward server review shop lis", ["server", "review", "shop", "list_orders"]),
                            (f"{BINARY} connect ma", ["connect", "mail"]),
                            ("doorward --state '/nowhere at all' connect ma", ["--state", "/nowhere at all", "connect", "ma"]),
                            ("doorward policy validate my", ["policy", "validate", "my policy.json"])):
            with self.subTest(shell=name, line=line):
                self.assertEqual(self.completed(terminal, line)[1:], words)
        terminal.hang_up()
        # The last one in the order of each shell.
        shown = self.listed(name, "doorward server review shop ", "ns/tool")
        for hostile in ("touch", "~root", "{a", "--yes", "!!", "policy.json"):
            self.assertNotIn(hostile, shown)
        for harmless in HARMLESS:
            self.assertIn(harmless, shown)
        # What the calls were named stands beside their ids.
        decisions = self.gateway.run("log", "query", "event:call.*", "--json", check=True).stdout.splitlines()
        self.listed(name, "doorward log show dec_", json.loads(decisions[0])["id"])
        self.assertEqual([path.name for path in self.folder.rglob("pwned")], [])

    def test_bash(self):
        self.check("bash")

    def test_zsh(self):
        self.check("zsh")

    def test_fish(self):
        self.check("fish")

    def test_nothing_hostile_is_ever_offered(self):
        for shell in SHELLS:
            done = subprocess.run([str(BINARY), "complete", shell, "server", "review", "shop", ""], capture_output=True, text=True, timeout=20,
                                  env={**os.environ, **self.env})
            self.assertEqual(sorted(line.split("\t")[0] for line in done.stdout.splitlines()), sorted(HARMLESS), shell)


if __name__ == "__main__":
    unittest.main()
