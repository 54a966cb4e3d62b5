"""What the fake MCP servers of the tests answer, whatever carries their messages; both eras."""
import json

META = "io.modelcontextprotocol/"
MODERN = "2026-07-28"
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")

INFO = {"name": "fake", "version": "7"}
TEXT_SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}


def tool(name, **members):
    return {"name": name, "description": f"The tool {name}", "inputSchema": {"type": "object"}, **members}


def is_modern(message):
    return META + "protocolVersion" in (message.get("params") or {}).get("_meta", {})


def is_probe(message):
    """Whether this is the gateway's own question whether a server is modern."""
    if not isinstance(message, dict) or message.get("method") != "server/discover":
        return False
    return (message.get("params") or {}).get("_meta", {}).get(META + "clientInfo", {}).get("name") == "doorward"


class FakeServer:
    """Lists and answers, to be changed by the test at any time.

    `tools` etc. are lists of protocol objects; `page` splits every list; `handlers[tool]` takes the arguments and
    gives the result object, or raises Failure for a JSON-RPC error; a listed tool without one echoes its arguments.
    """

    def __init__(self, tools=("echo", "read_file", "delete_file", "create_charge")):
        self.tools = [tool(name) if isinstance(name, str) else name for name in tools]
        self.resources = [{"uri": "memo://one", "name": "one"}, {"uri": "memo://two", "name": "two"}]
        self.templates = [{"uriTemplate": "memo://{name}", "name": "memo"}]
        self.prompts = [{"name": "greet"}, {"name": "secret"}]
        self.page = None
        self.modern = True  # False: server/discover does not exist, and no result is of the modern era
        self.handlers = {}
        self.result_members = {}

    def answer(self, message):
        """The response object to a request, or None for what takes none."""
        if "method" not in message or "id" not in message:
            return None
        modern = self.modern and is_modern(message)
        try:
            result = self.result(message["method"], message.get("params") or {}, modern)
        except Failure as failure:
            error = {"code": failure.code, "message": failure.message}
            return {"jsonrpc": "2.0", "id": message["id"], "error": error}
        if modern:
            result = {"resultType": "complete", **result}
            result["_meta"] = {META + "serverInfo": INFO, **result.get("_meta", {})}
        return {"jsonrpc": "2.0", "id": message["id"], "result": result}

    def result(self, method, params, modern):
        lists = {"tools/list": ("tools", self.tools), "resources/list": ("resources", self.resources),
                 "resources/templates/list": ("resourceTemplates", self.templates),
                 "prompts/list": ("prompts", self.prompts)}
        if method in lists:
            return self.paged(*lists[method], params.get("cursor"), modern)
        if method == "tools/call":
            name = params.get("name")
            if not any(known["name"] == name for known in self.tools):
                raise Failure(-32602, f"Unknown tool: {name}")
            return self.handlers.get(name, echo)(params.get("arguments", {}))
        if method == "resources/read":
            cached = {"ttlMs": 0, "cacheScope": "private"} if modern else {}
            return {"contents": [{"uri": params["uri"], "text": "memo " + params["uri"]}], **cached}
        if method == "prompts/get":
            return {"messages": [{"role": "user", "content": {"type": "text", "text": params["name"]}}]}
        if method == "completion/complete":
            return {"completion": {"values": ["alpha", "beta"]}}
        capabilities = {"tools": {"listChanged": True}, "resources": {"subscribe": True, "listChanged": True},
                        "prompts": {"listChanged": True}, "completions": {}}
        if modern and method == "server/discover":
            return {"supportedVersions": [MODERN], "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private"}
        if not modern and method == "initialize":
            asked = params.get("protocolVersion")
            return {"protocolVersion": asked if asked in LEGACY else LEGACY[-1],
                    "capabilities": {**capabilities, "logging": {}}, "serverInfo": INFO, "instructions": "Be kind."}
        if not modern and method in ("ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
            return {}
        raise Failure(-32601, "Method not found")

    def paged(self, member, items, cursor, modern):
        start = 0
        if cursor is not None:
            if not str(cursor).startswith("at-"):
                raise Failure(-32602, "bad cursor")
            start = int(str(cursor)[3:])
        end = len(items) if self.page is None else start + self.page
        result = {member: items[start:end], **self.result_members}
        if end < len(items):
            result["nextCursor"] = f"at-{end}"
        if modern:
            result.update({"ttlMs": 60000, "cacheScope": "public"})
        return result


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def echo(arguments):
    return {"content": [{"type": "text", "text": json.dumps(arguments, ensure_ascii=False)}]}
