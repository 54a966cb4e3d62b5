"""The configuration files of the clients: where each lies under a home directory, and realistic ones to put there."""
import json
import pathlib

from harness.gateway import BINARY

FOLDER = pathlib.Path(__file__).parent / "clients"

# Under the home directory; on Linux.
PLACES = {
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "claude-code": ".claude.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".config/Code/User/mcp.json",
    "vscode-insiders": ".config/Code - Insiders/User/mcp.json",
    "codex": ".codex/config.toml",
    "windsurf": ".codeium/windsurf/mcp_config.json",
    "gemini-cli": ".gemini/settings.json",
    "zed": ".config/zed/settings.json",
    "opencode": ".config/opencode/opencode.json",
    "goose": ".config/goose/config.yaml",
    "continue": ".continue/config.yaml",
    "cline": ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    "kiro": ".kiro/settings/mcp.json",
    "lm-studio": ".lmstudio/mcp.json",
    "crush": ".config/crush/crush.json",
    "amp": ".config/amp/settings.json",
    "copilot-cli": ".copilot/mcp-config.json",
}


def sample(client):
    """The text of a client's file, its servers being the demo server of the binary."""
    path = next(path for path in FOLDER.iterdir() if path.stem == client)
    return path.read_text().replace("@BINARY@", str(BINARY))


def place(home, client, content, mode=0o644):
    """Writes a client's file under a home directory, as bytes."""
    path = pathlib.Path(home) / PLACES[client]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def entry(command=str(BINARY), args=("demo-server",), **members):
    return {"command": command, "args": list(args), **members}


def servers(**entries):
    return json.dumps({"mcpServers": {name.replace("_", "-"): value for name, value in entries.items()}}, indent=2) + "\n"
