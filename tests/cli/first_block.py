"""A home with one client and one server in its file, and the steps of a person from there to the first refused call."""
import json
import os
import pathlib
import subprocess

from cli.test_connect import Shim


class FirstBlock:
    """`server`: the words that start it. `root`: the steps are taken in this tree, a system of its own (chroot)."""

    def __init__(self, program, home, server=None, root=None):
        self.program, self.home, self.root = str(program), pathlib.Path(home), root
        self.wrap = ["chroot", str(root)] if root else []
        self.state = self.home / ".local/state/doorward"
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        command, *arguments = server or [self.program, "demo-server"]
        self.config = self.outside(self.home / ".cursor/mcp.json")
        self.config.parent.mkdir(parents=True)
        self.config.write_text(json.dumps({"mcpServers": {"shop": {"command": command, "args": arguments}}}, indent=2) + "\n")

    def outside(self, path):
        return pathlib.Path(self.root, path.relative_to("/")) if self.root else path

    def doorward(self, *words, code=0):
        """Both outputs of `doorward WORDS`."""
        done = subprocess.run([*self.wrap, self.program, *words], capture_output=True, text=True, timeout=100, env=self.env,
                              cwd=self.outside(self.home), stdin=subprocess.DEVNULL)
        if done.returncode != code:
            raise AssertionError(f"doorward {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def protect(self):
        """The one command that is needed."""
        return self.doorward("init", "--yes", "--mode", "recommended")

    def client(self):
        """What the client does when it starts: it runs the entry of its file."""
        entry = json.loads(self.config.read_text())["mcpServers"]["shop"]
        client = Shim(*entry["args"][1:], program=entry["command"], env={**self.env, **entry.get("env", {})}, wrap=self.wrap)
        client.initialize()
        return client


def refused(answer):
    """Whether the answer to a call of a tool is a refusal by the gateway."""
    told = json.dumps(answer)
    return "[POLICY DENIED]" in told or "Unknown tool" in told or "[APPROVAL REQUIRED]" in told
