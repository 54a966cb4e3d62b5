"""The four tools of ../shared/data/named-tools.json in the lists of their servers, in a catalogue of their own."""
import json
import re
import subprocess

from harness.gateway import BINARY, SHARED

DATA = SHARED / "data"
NAMED = DATA / "named-tools.json"
THERE = NAMED.exists()


def lists():
    """File name -> the answer to tools/list of a server, as `doorward catalogue import` reads it."""
    named = json.loads(NAMED.read_text())
    of = {}
    for tool in named:
        of.setdefault(tool["server"], []).append(
            {key: tool[key] for key in ("name", "description", "inputSchema", "outputSchema") if key in tool})

    captured = json.loads((DATA / "tool-lists/truenas-mcp.json").read_text())
    actions = [{"name": name, "description": text} for part in captured["actionsTextByCategory"].values()
               for name, text in re.findall(r"(?m)^  (\w+) — (.*)$", part)]
    nas = with_named(captured["tools"][:1] + actions, of["Truenas"])
    portkey = json.loads((DATA / "tool-lists/portkey-admin-mcp.json").read_text())
    platform = json.loads((DATA / "tool-lists/governance-platform.json").read_text())
    governed = [{key: tool[key] for key in ("name", "annotations", "inputSchema") if key in tool} |
                ({"description": tool["summary"]} if "summary" in tool else {}) for tool in platform["tools"]]
    return {
        "truenas": {"server": "Truenas", "package": {"registry": "npm", "identifier": "spranab/truenas-mcp"}, "tools": nas},
        "portkey-admin": {"server": "Portkey Admin", "serverInfo": {"name": "portkey-admin-mcp", "version": "0.12.0"},
                          "package": {"registry": "npm", "identifier": "portkey-admin-mcp", "version": "0.12.0"},
                          "tools": with_named(portkey["tools"], of["Portkey Admin"])},
        "governance-platform": {"server": "Governance Platform", "url": "https://app.geodesiclabs.ai/mcp",
                                "tools": with_named(governed, of["Governance Platform"])[:31]},
    }


def with_named(tools, named):
    """The tools of a list with the named ones in it: what is published of one goes before what was captured."""
    by_name = {tool["name"]: tool for tool in tools}
    ours = [by_name.pop(tool["name"], {}) | tool for tool in named]
    return ours + list(by_name.values())


def fill(folder, state):
    """Imports the lists into the catalogue of a state directory."""
    for name, document in lists().items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(document))
        done = subprocess.run([str(BINARY), "catalogue", "import", str(path), "--state", str(state)],
                              capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
