#!/usr/bin/env python3
"""An MCP server of 2026-07-28 alone: what it answers, as an upstream over HTTP, and (run as a program) over stdio.

Beside the fake server's tools: `ask` requires the input `requests` and keeps `state`, `rounds` times (once), then gives
back what it got; `forever` requires input again and again; `media`, `structured` and `list` give what old revisions
lack; `noisy` reports progress and logs; `region` wants its argument in a header; `change` announces list changes to
its subscribers, and an update of `uri`.
"""
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.fake_server import INFO, META, MODERN, FakeServer, Failure, tool  # noqa: E402
from harness.upstream import RecordingUpstream  # noqa: E402
from harness.wire import Closed  # noqa: E402

STATUS = {-32601: 404, -32602: 200, -32020: 400, -32021: 400, -32022: 400}
MEDIA = [{"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
         {"type": "resource_link", "uri": "memo://one", "name": "one", "title": "One", "icons": [{"src": "data:,x"}]},
         {"type": "text", "text": "plain", "_meta": {"own": 1}}]


def text(value):
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


class ModernServer(FakeServer):
    def __init__(self):
        region = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
        super().__init__(["echo", "ask", "forever", "media", "noisy", "change",
                          tool("structured", title="Structured", icons=[{"src": "data:,x"}], _meta={"own": 1},
                               annotations={"readOnlyHint": True}, outputSchema={"type": "object"}),
                          tool("list", outputSchema={"type": "array", "items": {"type": "integer"}}),
                          {"name": "region", "inputSchema": region}])
        self.rounds = 1
        self.subscriptions = {}  # id -> its filter
        self.granted = lambda uri: True

    def answer(self, message):
        if "id" not in message or "method" not in message:
            return None
        params = message.get("params") or {}
        meta = params.get("_meta", {})
        id = message["id"]
        if meta.get(META + "protocolVersion") != MODERN or META + "clientCapabilities" not in meta:
            error = {"code": -32022, "message": "Unsupported protocol version",
                     "data": {"supported": [MODERN], "requested": params.get("protocolVersion", "")}}
            return {"jsonrpc": "2.0", "id": id, "error": error}
        try:
            result = self.result(message["method"], params, True)
        except Failure as failure:
            return {"jsonrpc": "2.0", "id": id, "error": {"code": failure.code, "message": failure.message}}
        result = {"resultType": "complete", **result}
        result["_meta"] = {META + "serverInfo": INFO, **result.get("_meta", {})}
        return {"jsonrpc": "2.0", "id": id, "result": result}

    def result(self, method, params, modern):
        name = params.get("name")
        if method == "tools/call" and name in ("ask", "forever"):
            return self.ask(params, name == "forever")
        if method == "tools/call" and name == "media":
            return {"content": MEDIA}
        if method == "tools/call" and name == "structured":
            return {"content": [], "structuredContent": {"n": 1}}
        if method == "tools/call" and name == "list":
            return {"content": [], "structuredContent": [1, 2]}
        if method == "resources/read" and params["uri"] == "memo://none":
            raise Failure(-32602, "Resource not found")
        result = super().result(method, params, modern)
        if method == "server/discover":
            result["capabilities"]["logging"] = {}
            result["capabilities"]["extensions"] = {"io.modelcontextprotocol/tasks": {}}
            result["instructions"] = "Be modern."
        return result

    def ask(self, params, forever):
        arguments = params.get("arguments", {})
        round = arguments.get("rounds", 1)
        seen = int(params.get("requestState", "0:").split(":")[0])
        if forever or seen < round:
            result = {"resultType": "input_required", "inputRequests": arguments.get("requests", {})}
            if not arguments.get("stateless"):
                result["requestState"] = f"{seen + 1}:\u00e9\"{arguments.get('state', '')}"
            if not (arguments.get("stateless") and "inputResponses" in params):
                return result
        return text({"responses": params.get("inputResponses"), "state": params.get("requestState")})

    def notices(self, message):
        """What it says before it answers."""
        params = message.get("params") or {}
        meta = params.get("_meta", {})
        if message.get("method") != "tools/call" or params.get("name") != "noisy":
            return
        if "progressToken" in meta:
            yield {"jsonrpc": "2.0", "method": "notifications/progress",
                   "params": {"progressToken": meta["progressToken"], "progress": 1, "message": "half"}}
        if META + "logLevel" in meta:
            yield {"jsonrpc": "2.0", "method": "notifications/message",
                   "params": {"level": meta[META + "logLevel"], "data": "logged"}}

    def subscribe(self, message):
        """The acknowledgement of a subscriptions/listen."""
        wanted = dict(message["params"]["notifications"])
        wanted["resourceSubscriptions"] = [uri for uri in wanted.get("resourceSubscriptions", []) if self.granted(uri)]
        self.subscriptions[message["id"]] = wanted
        return {"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                "params": {"_meta": {META + "subscriptionId": message["id"]}, "notifications": wanted}}

    def changes(self, uri=None):
        """(subscription, message) of a change of the tools, or of a resource."""
        for id, wanted in list(self.subscriptions.items()):
            params = {"_meta": {META + "subscriptionId": id}}
            if uri is None and wanted.get("toolsListChanged"):
                yield id, {"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": params}
            if uri is not None and uri in wanted.get("resourceSubscriptions", []):
                yield id, {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {**params, "uri": uri}}


class ModernUpstream(RecordingUpstream):
    """Over HTTP. Checks the headers that a modern server checks."""

    def __init__(self):
        super().__init__(ModernServer())
        self.legacy = None  # a FakeServer that stands in its place
        self.streams = {}  # subscription id -> exchange

    def answer(self, exchange):
        seen = exchange.seen
        if self.legacy:
            return self.answer_as_legacy(exchange)
        if seen.method != "POST" or not isinstance(seen.message, dict):
            return exchange.http(405)
        message, headers = seen.message, {name.lower(): value for name, value in seen.headers}
        answer = self.server.answer(message) if seen.rpc != "subscriptions/listen" else None
        if "id" not in message:
            return exchange.http(202)
        if answer is None or answer.get("error", {}).get("code") != -32022:
            if problem := self.mismatch(message, headers):
                answer = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32020, "message": problem}}
            elif answer is None:
                return self.listen_to(exchange)
        notices = list(self.server.notices(message))
        if notices or self.stream_answers:
            exchange.open_stream()
            for notice in notices:
                exchange.event(notice)
            exchange.event(answer)
            return exchange.end_stream()
        code = answer.get("error", {}).get("code")
        exchange.http(STATUS.get(code, 200), json.dumps(answer).encode())

    def answer_as_legacy(self, exchange):
        """As the v1 SDK does: every request but initialize needs a session."""
        seen, server = exchange.seen, self.server
        if seen.method == "POST" and seen.rpc != "initialize" and not seen.header("mcp-session-id"):
            error = {"code": -32000, "message": "Bad Request: Server not initialized"}
            return exchange.http(400, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode())
        self.server = self.legacy
        try:
            super().answer(exchange)
        finally:
            self.server = server

    def mismatch(self, message, headers):
        wanted = {"mcp-protocol-version": MODERN, "mcp-method": message["method"]}
        params = message["params"]
        if message["method"] in ("tools/call", "prompts/get"):
            wanted["mcp-name"] = params["name"]
        if message["method"] == "resources/read":
            wanted["mcp-name"] = params["uri"]
        if params.get("name") == "region" and "region" in params.get("arguments", {}):
            wanted["mcp-param-region"] = params["arguments"]["region"]
        return next((f"{name} is {headers.get(name)!r}" for name, value in wanted.items() if headers.get(name) != value), None)

    def listen_to(self, exchange):
        id = exchange.seen.message["id"]
        try:
            exchange.open_stream()
            exchange.event(self.server.subscribe(exchange.seen.message))
            with self.lock:
                self.streams[id] = exchange
            exchange.wait_closed(3600)
        finally:
            with self.lock:
                self.streams.pop(id, None)
                self.server.subscriptions.pop(id, None)
        raise Closed("subscriber gone")

    def change(self, uri=None):
        """Tells the subscribers of a change; how many were told."""
        with self.lock:
            told = [(self.streams[id], message) for id, message in self.server.changes(uri) if id in self.streams]
        for exchange, message in told:
            exchange.event(message)
        return len(told)

    def wait_filter(self, wanted):
        """Waits until there is one subscription, to `wanted`, an empty list of resources aside."""
        def only(_):
            with self.lock:
                filters = [{key: value for key, value in each.items() if value} for each in self.server.subscriptions.values()]
                settled = self.streams.keys() == self.server.subscriptions.keys()
            return settled and filters == wanted
        self.wait_for(only)


def main():
    server, lock = ModernServer(), threading.Lock()

    def say(message):
        with lock:
            print(json.dumps(message), flush=True)
    record = open(sys.argv[1], "a", encoding="utf-8") if len(sys.argv) > 1 else None
    for line in sys.stdin:
        message = json.loads(line)
        if record:
            record.write(line)
            record.flush()
        if message.get("method") == "subscriptions/listen":
            say(server.subscribe(message))
            continue
        if message.get("method") == "notifications/cancelled":
            id = message["params"]["requestId"]
            if server.subscriptions.pop(id, None) is not None:
                say({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete", "_meta": {META + "subscriptionId": id}}})
            continue
        if message.get("params", {}).get("name") == "change":
            for _, notice in server.changes(message["params"]["arguments"].get("uri")):
                say(notice)
        for notice in server.notices(message):
            say(notice)
        answer = server.answer(message)
        if answer is not None:
            say(answer)


if __name__ == "__main__":
    main()
