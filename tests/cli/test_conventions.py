"""What holds for every command: help, refusals, JSON, colour, exit codes, and a place in docs/commands.md."""
import json
import os
import re
import subprocess

from cli.tool import CommandCase, FAILED, INVALID, OK, UNAUTHORISED, UNREACHABLE, USAGE
from harness.client import MODERN
from harness.gateway import BINARY, ROOT, Gateway
from harness.fake_server import FakeServer, tool
from harness.upstream import RecordingUpstream

PENDING = 7
POLICY = {"version": "1", "default": "deny", "tools": {"read_file": {}, "pay": {"action": "approve", "expires": "1s"}}}


def run(*words, env=None, input=None):
    return subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=30, input=input,
                          env={**os.environ, **(env or {})})


def commands_of(help_text):
    """Names under `Subcommands:`; of those with an alias the first."""
    if "Subcommands:" not in help_text:
        return []
    lines = help_text.split("Subcommands:\n", 1)[1].splitlines()
    return [re.match(r"  ([a-z][a-z0-9-]*)", line)[1] for line in lines if re.match(r"  [a-z]", line)]


def tree():
    """Every command as its words, groups included, with its help."""
    found, waiting = {}, [()]
    while waiting:
        words = waiting.pop()
        done = run(*words, "--help")
        assert done.returncode == 0, (words, done.stderr)
        found[words] = done.stdout
        waiting += [(*words, name) for name in commands_of(done.stdout)]
    return found


class Tree(CommandCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = tree()
        cls.leaves = [words for words, text in cls.commands.items() if not commands_of(text)]

    def test_every_command_has_help(self):
        self.assertGreater(len(self.leaves), 80)
        for words, text in self.commands.items():
            self.assertRegex(text, r"(?m)^Usage: ", words)
            self.assertNotIn("!", text.splitlines()[0], words)

    def test_help_names_the_whole_command_and_can_be_asked_for_by_a_word(self):
        for words in self.leaves:
            self.assertRegex(self.commands[words], rf"(?m)^Usage: doorward {' '.join(words)}( |$)", words)
        for words in ((), ("grant",), ("grant", "create")):
            self.assertEqual(run("help", *words).stdout, self.commands[words])
        self.assertEqual(run("--version").stdout, run("version").stdout)

    def test_what_is_missing_is_named(self):
        for words, missing in ((("grant",), "one of these must follow: create, list, show"), (("explain",), "missing: DECISION;"),
                               (("grant", "create", "x"), "missing: --server;"), (("completion",), "missing: SHELL;")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (USAGE, ""), words)
            self.assertIn(missing, done.stderr)

    def test_quiet_leaves_errors(self):
        words = ("explain", "dec_x", "--state", str(self.folder / "none"))
        self.assertEqual(run(*words, "--quiet").stderr, run(*words).stderr)
        self.assertEqual(run("client", "list", "--quiet", "--state", str(self.state), env={"HOME": str(self.folder), "XDG_CONFIG_HOME": ""}).stderr, "")

    def test_unknown_options_are_refused(self):
        for words in self.leaves:
            done = run(*words, "--no-such-option")
            self.assertEqual((done.returncode, done.stdout), (USAGE, ""), words)
            self.assertIn("--help", done.stderr, words)

    def test_mistyped_words_get_a_suggestion(self):
        for words, text in self.commands.items():
            name = next((name for name in commands_of(text) if len(name) > 3 and name[-1] != name[-2]), None)
            if name is None:
                continue
            done = run(*words, name[:-2] + name[-1] + name[-2])
            self.assertEqual(done.returncode, USAGE, words)
            self.assertIn("did you mean", done.stderr, (words, name))
        self.assertIn("did you mean --server?", run("policy", "list", "--servr", "x").stderr)

    def test_the_reference_names_every_command(self):
        documented = set()
        for heading in re.findall(r"^### `doorward ([^`]+)`", (ROOT / "docs/commands.md").read_text(), re.M):
            words = [word for word in heading.split() if not re.search(r"[A-Z<\[]", word)]
            documented.update((*words[:-1], last) for last in words[-1].split("|"))
        self.assertEqual(sorted(documented - set(self.leaves)), [])
        self.assertEqual(sorted(set(self.leaves) - documented), [])


class Codes(CommandCase):
    """Each exit code of docs/commands.md once; 6 is for commands that call tools."""

    def document(self, name="policy.json", **members):
        return self.write(name, {"version": "1", "default": "deny", **members})

    def test_done(self):
        self.run_command("version", code=OK, state=False)

    def test_a_check_failed(self):
        self.run_command("policy", "diff", self.document(), self.document("other.json", hide=["x"]), "--exit-code", code=FAILED)
        self.run_command("policy", "fmt", "--check", self.document(), code=FAILED)
        tests = [{"name": "wrong", "tool": "x", "args": {}, "expect": "allow"}]
        out, _ = self.run_command("policy", "test", self.document(tests=tests), code=FAILED)
        self.assertIn("failed: ", out)

    def test_usage(self):
        self.run_command("policy", code=USAGE)

    def test_invalid(self):
        _, errors = self.run_command("policy", "diff", self.document(default="maybe"), self.document("b.json"), code=INVALID)
        self.assertIn("policy.json:", errors)

    def test_unreachable(self):
        _, errors = self.run_command("status", code=UNREACHABLE)
        self.assertIn("doorward serve", errors)

    def test_unauthorised(self):
        self.state.mkdir(mode=0o755)
        self.state.chmod(0o755)
        self.run_command("grant", "list", code=UNAUTHORISED)

    def test_no_colour_but_on_a_terminal(self):
        for env in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
            done = run("policy", "explain", str(self.document()), "--tool", "x", env=env)
            self.assertNotIn("\x1b", done.stdout + done.stderr)
        plain = run("policy", "explain", str(self.document()), "--tool", "x", env={"LC_ALL": "C"}).stdout
        self.assertTrue(plain.isascii(), plain)
        self.assertIn("\u2715 Denied", run("policy", "explain", str(self.document()), "--tool", "x", env={"LC_ALL": "C.UTF-8"}).stdout)


class Running(CommandCase):
    """With a gateway: JSON of what asks it, and the codes that need one."""

    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream(FakeServer([tool("read_file"), tool("delete_file"), tool("pay")]))
        cls.gateway = Gateway({"up": cls.upstream.url}, {"live": ("up", POLICY)}, {"agent": ("up", "live")}, workers=1)
        cls.addClassCleanup(cls.upstream.stop)
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()
        client = cls.gateway.client("agent", version=MODERN)
        client.tools()
        client.call("read_file", {})
        client.call("delete_file", {})
        client.close()

    def command(self, *words, code=OK):
        done = self.gateway.run(*[str(word) for word in words])
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def test_json_names_its_schema(self):
        draft = self.write("draft.json", POLICY)
        decision = next(json.loads(line)["id"] for line in self.command("log", "query", "--json").stdout.splitlines()
                        if '"call.denied"' in line)
        for words in (("status",), ("doctor",), ("bug-report",), ("top",), ("version",), ("server", "list"), ("server", "show", "up"),
                      ("policy", "list"), ("policy", "show", "live"), ("policy", "validate", draft), ("policy", "test", draft),
                      ("policy", "explain", draft, "--tool", "x"), ("policy", "simulate", draft, "--server", "up"),
                      ("policy", "suggest", "--server", "up"), ("policy", "diff", draft, draft), ("policy", "diff", draft, "--live", "live"),
                      ("grant", "list"), ("grant", "show", "agent"), ("grant", "can", "agent"), ("explain", decision),
                      ("allow", decision, "--dry-run"), ("approvals", "list"), ("notify", "list"), ("agent", "list"), ("user", "list"),
                      ("token", "list"), ("session", "list"), ("secret", "list"), ("accounts", "list"), ("coverage",),
                      ("catalogue", "counts"), ("audit", "verify")):
            answer = json.loads(self.command(*words, "--json").stdout)
            self.assertRegex(answer.get("schema", ""), r"^doorward\.[a-z_.]+/1$", words)

    def test_thresholds(self):
        draft = self.write("draft.json", {"version": "1", "default": "deny"})
        done = self.command("policy", "simulate", draft, "--server", "up", "--fail-if", "newly_denied>0", code=FAILED)
        self.assertIn("newly_denied is 1", done.stderr)
        self.command("policy", "simulate", draft, "--server", "up", "--fail-if", "newly_allowed > 0")
        self.command("policy", "simulate", draft, "--server", "up", "--fail-if", "nonsense", code=USAGE)

    def test_missing_objects_name_the_next_step(self):
        for words in (("grant", "can", "nobody"), ("explain", "dec_none"), ("allow", "dec_none"), ("policy", "diff", "/nowhere", "/nowhere"),
                      ("log", "tail", "agnt:ci")):
            done = self.gateway.run(*words)
            self.assertIn(done.returncode, (FAILED, USAGE, UNREACHABLE), words)
            self.assertRegex(done.stderr, r"^doorward: error: ", words)
            self.assertEqual(done.stdout, "", words)
