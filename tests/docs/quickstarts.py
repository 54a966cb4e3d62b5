"""The clients' files in docs/quickstarts: before, and after `doorward init` has been there.

    python3 -m docs.quickstarts     writes the blocks between the markers of the pages anew
"""
import dataclasses
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile

from docs.pages import masked, replaced
from harness.gateway import BINARY, ROOT, write_out_before

PAGES = ROOT / "docs" / "quickstarts"
SERVER = '"command": "npx", "args": ["-y", "notes-mcp", "/home/me/notes"]'


@dataclasses.dataclass
class Client:
    """file: below the home directory, on Linux."""
    id: str
    file: str
    before: str
    kind: str = "json"


CLIENTS = {
    "claude-code": Client("claude-code", ".claude.json", f'''{{
  "numStartups": 12,
  "mcpServers": {{
    "notes": {{"type": "stdio", {SERVER}, "env": {{}}}}
  }}
}}
'''),
    "claude-desktop": Client("claude-desktop", ".config/Claude/claude_desktop_config.json", f'''{{
  "mcpServers": {{
    "notes": {{{SERVER}}}
  }},
  "globalShortcut": "Ctrl+Space"
}}
'''),
    "cursor": Client("cursor", ".cursor/mcp.json", f'''{{
  "mcpServers": {{
    "notes": {{{SERVER}}}
  }}
}}
'''),
    "vs-code": Client("vscode", ".config/Code/User/mcp.json", f'''{{
  // Shared by all my windows
  "servers": {{
    "notes": {{"type": "stdio", {SERVER}}},
  }},
  "inputs": []
}}
'''),
    "codex": Client("codex", ".codex/config.toml", '''model = "gpt-5-codex"

# My notes
[mcp_servers.notes]
command = "npx"
args = ["-y", "notes-mcp", "/home/me/notes"]
tool_timeout_sec = 300
''', "toml"),
    "windsurf": Client("windsurf", ".codeium/windsurf/mcp_config.json", f'''{{
  "mcpServers": {{
    "notes": {{{SERVER}}}
  }}
}}
'''),
    "gemini-cli": Client("gemini-cli", ".gemini/settings.json", f'''{{
  "theme": "GitHub",
  "mcpServers": {{
    "notes": {{{SERVER}, "timeout": 300000}}
  }}
}}
'''),
}


class Home:
    """A home directory with one client's file; `npx` there starts the demo server, whatever it is asked for."""

    def __init__(self, client):
        self.client = client
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-home-"))
        self.file = self.folder / client.file
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(client.before)
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "doorward").symlink_to(BINARY.resolve())
        (programs / "npx").write_text(f"#!/bin/sh\nexec {BINARY.resolve()} demo-server\n")
        (programs / "npx").chmod(0o755)
        self.env = {"HOME": str(self.folder), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words):
        write_out_before(words, pathlib.Path(self.env["HOME"], ".local/state/doorward"))
        return subprocess.run(["doorward", *words], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, executable=str(BINARY))

    def watch(self, *words):
        """What the command shows on a terminal, and its exit status."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(["doorward", *words], cwd=self.folder, env={**self.env, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"},
                              stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, executable=str(BINARY)) as process:
            os.close(theirs)
            shown = b""
            try:
                while piece := os.read(ours, 65536):
                    shown += piece
            except OSError:  # the other end is closed
                pass
            os.close(ours)
        stayed = re.sub(r"(^|(?<=\n))[^\n]*\r|\x1b\[K", "", shown.decode().replace("\r\n", "\n"))  # without the lines of progress
        return stayed, process.returncode

    def talk(self, server):
        """What the client's entry answers: id -> message. Lists the tools, lists the notes, deletes one."""
        started = json.loads(self.file.read_text())["mcpServers"][server]
        with subprocess.Popen([started["command"], *started["args"]], cwd=self.folder, env={**self.env, **started.get("env", {})},
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            def ask(number, method, params):
                process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
                process.stdin.flush()
                while (message := json.loads(process.stdout.readline())).get("id") != number:
                    pass
                return message
            answers = {1: ask(1, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                                "clientInfo": {"name": "claude-ai", "version": "1"}})}
            process.stdin.write('{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
            answers[2] = ask(2, "tools/list", {})
            answers[3] = ask(3, "tools/call", {"name": "list_notes", "arguments": {}})
            answers[4] = ask(4, "tools/call", {"name": "delete_note", "arguments": {"id": "1"}})
            process.stdin.close()
        return answers

    def init(self):
        done = self.run("init", "--client", self.client.id, "--mode", "recommended", "--yes")
        if done.returncode != 0:
            raise AssertionError(f"init: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done


def blocks(client, home):
    """What stands between the markers of the client's page, once `home.init()` has run."""
    # As for a program that is installed, with the state directory that it takes by itself.
    after = home.file.read_text().replace(str(BINARY.resolve()), "/usr/bin/doorward")
    return {"before": f"```{client.kind}\n{client.before}```\n", "after": f"```{client.kind}\n{after}```\n"}


def recording():
    """What a dry run for Cursor says on a terminal."""
    with Home(CLIENTS["cursor"]) as home:
        shown, status = home.watch("init", "--client", "cursor", "--mode", "recommended", "--dry-run", "--yes")
        if status != 0:
            raise AssertionError(shown)
        text = shown.replace(str(BINARY.resolve()), "/usr/bin/doorward").replace(str(home.folder), "/home/me")
    return f"```\n$ doorward init --client cursor --mode recommended --dry-run --yes\n{text}```\n"


def write_pages():
    index = PAGES / "README.md"
    index.write_text(replaced(index.read_text(), "recording", recording()))
    for name, client in CLIENTS.items():
        page = PAGES / f"{name}.md"
        text = old = page.read_text()
        with Home(client) as home:
            home.init()
            for marker, content in blocks(client, home).items():
                text = replaced(text, marker, content)
        if masked(text) != masked(old):
            page.write_text(text)
            print(page.name, "is written anew")


if __name__ == "__main__":
    sys.exit(write_pages())
