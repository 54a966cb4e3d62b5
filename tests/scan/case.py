"""What the tests of scans share: a home with clients' files, servers that start and answer."""
import json
import os
import subprocess
import sys

from cli.tool import CommandCase
from harness.gateway import BINARY, ROOT

SERVER = ROOT / "tests" / "harness" / "listed_server.py"


def tool(name, description="", schema=None, **members):
    return {"name": name, "description": description, "inputSchema": schema or {"type": "object"}, **members}


NOTES = [tool("list_notes", "Lists all notes.", annotations={"readOnlyHint": True}),
         tool("delete_note", "Deletes a note permanently. This cannot be undone.",
              {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}),
         tool("create_note", "Creates a note.", {"type": "object", "properties": {"text": {"type": "string"}}})]
READER = [tool("get_time", "Returns the current time.", annotations={"readOnlyHint": True})]
MAIL = [tool("read_inbox", "Reads the e-mails in the user's private inbox, as strangers sent them."),
        tool("send_email", "Sends an e-mail to any address.",
             {"type": "object", "properties": {"to": {"type": "string"}, "body": {"type": "string"}}})]


class ScanCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        self.home.mkdir()
        self.project = self.folder / "project"
        self.project.mkdir()

    def server(self, tools, mode="", name="tools"):
        """The command of a server with these tools, as a list of words."""
        path = self.write(f"{name}.json", tools)
        return [sys.executable, str(SERVER), str(path)] + ([mode] if mode else [])

    def entry(self, tools, mode="", name="tools", **members):
        command, *args = self.server(tools, mode, name)
        return {"command": command, "args": args, **members}

    def config(self, servers, path="home/.cursor/mcp.json", key="mcpServers"):
        return self.write(path, {key: servers})

    def doorward(self, *words, code=0, env=None, cwd=None, input=None, timeout=120):
        """Runs `doorward WORDS` with the test's home; the finished process."""
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "DOORWARD_STATE")}
        environment.update(HOME=str(self.home), **(env or {}))
        words = [str(word) for word in words]
        done = subprocess.run([str(BINARY), *words, "--state", str(self.state)], capture_output=True, text=True, timeout=timeout,
                              env=environment, cwd=cwd or self.project, stdin=subprocess.DEVNULL if input is None else None, input=input)
        if code is not None:
            self.assertEqual(done.returncode, code, f"doorward {' '.join(words)}\n{done.stdout}\n{done.stderr}")
        return done

    def scan(self, *words, **options):
        """The JSON report of a scan."""
        return json.loads(self.doorward("scan", "--json", *words, **options).stdout)

    def of(self, report, name):
        return next(server for server in report["servers"] if server["name"] == name)

    def rules(self, report):
        return {finding["rule"] for finding in report["findings"]}
