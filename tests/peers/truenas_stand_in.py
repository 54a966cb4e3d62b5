"""An MCP server over stdio that hides its tools in the arguments of one, as TrueNAS servers do.

    truenas_stand_in.py RECORD [TOOL-LIST]

TOOL-LIST is a captured list with its tool and a member `actionsTextByCategory`, which it answers as the captured server did;
without it there are a few actions of its own. Each action that runs is appended to RECORD, one JSON line each. An action is looked up as JavaScript would look it up:
`["api_key_delete"]` is `api_key_delete`, and a missing one asks for help.
"""
import json
import pathlib
import re
import sys

OWN = {"system": ["system_info", "system_reboot", "service_list", "api_key_list", "api_key_create", "api_key_delete"],
       "storage": ["pool_list", "pool_get", "dataset_list", "dataset_create", "dataset_delete", "snapshot_create"]}
TOOL = {"name": "truenas", "description": "Manage a TrueNAS system: category, then action, then params.",
        "inputSchema": {"type": "object", "properties": {
            "category": {"type": "string"}, "action": {"type": "string"},
            "params": {"type": "object", "additionalProperties": {}}},
            "$schema": "http://json-schema.org/draft-07/schema#"}}


def actions_by_category(path):
    """Category -> its actions, from the help texts of a captured list: two spaces, the name, a dash."""
    texts = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["actionsTextByCategory"]
    return {name: re.findall(r"(?m)^  (\w+) \u2014 ", text) for name, text in texts.items()}


def as_javascript_key(value):
    if isinstance(value, list):
        return ",".join(as_javascript_key(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


class Server:
    def __init__(self, record, path=None):
        self.record = record
        captured = json.loads(pathlib.Path(path).read_text(encoding="utf-8")) if path else None
        self.tool = captured["tools"][0] if captured else TOOL
        self.texts = captured["actionsTextByCategory"] if captured else {name: "\n".join(names) for name, names in OWN.items()}
        actions = actions_by_category(path) if path else OWN
        self.known = {action for names in actions.values() for action in names}

    def call(self, arguments):
        if arguments.get("action") is None:
            text = self.texts.get(arguments.get("category"), "\n".join(self.texts))
            return {"content": [{"type": "text", "text": text}]}
        action = as_javascript_key(arguments["action"])
        if action not in self.known:
            return {"content": [{"type": "text", "text": f"Unknown action: {action}"}], "isError": True}
        done = {"action": action, "params": arguments.get("params", {})}
        with open(self.record, "a", encoding="utf-8") as file:
            file.write(json.dumps(done) + "\n")
        return {"content": [{"type": "text", "text": json.dumps(done)}]}

    def answer(self, method, params):
        if method == "initialize":
            return {"result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                               "serverInfo": {"name": "truenas-stand-in", "version": "1"}}}
        if method == "tools/list":
            return {"result": {"tools": [self.tool]}}
        if method == "tools/call" and params["name"] == "truenas":
            return {"result": self.call(params.get("arguments", {}))}
        return {"error": {"code": -32601, "message": f"no such method: {method}"}}

    def serve(self):
        for line in sys.stdin:
            message = json.loads(line)
            if "id" in message and "method" in message:
                answer = self.answer(message["method"], message.get("params", {}))
                print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)


if __name__ == "__main__":
    Server(*sys.argv[1:3]).serve()
