"""What documents show can be done: every `sh` block runs, or says why it is not run; every policy in a block is valid."""
import json
import os
import re
import subprocess
import unittest

from cli.tool import CommandCase
from docs import markdown
from docs.pages import block
from harness.gateway import BINARY, ROOT, Gateway
from peers.peer import CACHE, NODE

NOT_RUN = re.compile(r"<!-- not run: .{10,} -->")
WITH_GATEWAY = "<!-- run: with a gateway -->"
WITH_PEERS = "<!-- run: with a gateway and the SDK -->"
DEMO = {"version": "1", "default": "deny", "hide": ["delete_note"], "tools": {
    "list_notes": {}, "create_refund": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}],
                                                     "on_deny": "Refunds stop at 100."}]}}}


class Blocks(CommandCase):
    """Blocks of one document run in their order, in one folder with the examples, with one state directory."""

    def test_shell_blocks(self):
        ran = 0
        for path in markdown.files():
            shown = [code for code in markdown.blocks(path.read_text()) if code.kind == "sh"
                     and not NOT_RUN.fullmatch(code.note)]
            if shown:
                with self.subTest(path.name):
                    self.run_page(str(path.relative_to(ROOT)).replace("/", "-"), shown)
                    ran += len(shown)
        self.assertGreater(ran, 5)

    def run_page(self, name, shown):
        folder = self.folder / name
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "doorward").symlink_to(BINARY.resolve())
        (folder / "examples").symlink_to(ROOT / "examples")
        env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8",
               "DOORWARD_STATE": str(folder / "state")}
        if any(code.note in (WITH_GATEWAY, WITH_PEERS) for code in shown):
            gateway = Gateway({"demo": {"command": [str(BINARY), "demo-server"]}}, {"demo": ("demo", DEMO)}, {"me": ("demo", "demo")})
            self.addCleanup(gateway.close)
            gateway.start()
            with gateway.client("me") as agent:  # so that the gateway has met the tools
                agent.initialize()
                agent.tools()
            env |= {"DOORWARD_STATE": str(gateway.state), "DOORWARD_URL": f"http://127.0.0.1:{gateway.port}/mcp/demo/",
                    "DOORWARD_TOKEN": gateway.tokens["me"]}
            if (modules := CACHE / "node_modules").exists():
                (folder / "node_modules").symlink_to(modules)
                (folder / "bin" / "node").symlink_to(NODE)
        for code in shown:
            if code.note == WITH_PEERS and not (folder / "node_modules").exists():
                continue  # scripts/install-peers brings the SDK
            done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", code.text], cwd=folder, env=env, text=True,
                                  capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0, f"{name}, line {code.line}:\n{code.text}\n{done.stdout}\n{done.stderr}")

    def test_policies(self):
        shown = {}
        for path in markdown.files():
            for code in markdown.blocks(path.read_text()):
                if code.kind == "json" and is_policy(code.text):
                    shown[f"{path.stem}-{code.line}.json"] = code.text
        self.assertGreater(len(shown), 30)
        self.run_command("policy", "validate", *[self.write(name, text) for name, text in shown.items()])

    def test_configurations(self):
        """Blocks of configuration.md are loaded by cli.test_examples; these stand in the other documents."""
        loaded = 0
        for path in markdown.files():
            for code in markdown.blocks(path.read_text()):
                # A policy of the older dialect begins with its version, a workflow with what it may do.
                if code.kind != "yaml" or path.stem == "configuration" or re.match(r"version:|permissions:", code.text):
                    continue
                with self.subTest(f"{path.name}, line {code.line}"):
                    self.run_command("config", "check", self.write("g.yaml", code.text))
                    loaded += 1
        self.assertGreater(loaded, 3)

    def test_translation_of_the_older_dialect(self):
        page = (ROOT / "docs" / "migration.md").read_text()
        older = next(markdown.blocks(block(page, "yaml"))).text
        self.assertEqual(next(markdown.blocks(block(page, "json"))).text,
                         self.run_command("policy", "import", self.write("older.yaml", older), state=False)[0])


def is_policy(text):
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("version") == "1" and "default" in document


if __name__ == "__main__":
    unittest.main()
