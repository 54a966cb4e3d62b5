"""A gateway whose log was made by calls: what bench/records and bench/page look at."""
import contextlib
import http.client
import json
import multiprocessing
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
TOOLS = [f"tool_{number}" for number in range(12)]
AGENTS = ["alpha", "beta", "gamma"]
VERSION = "2026-07-28"
POLICY = {"version": "1", "default": "deny", "hide": ["tool_11"], "tools": {
    **{tool: {"deny_if": [{"conditions": [{"path": "args.n", "op": "gt", "value": 24}]}]} for tool in TOOLS[:9]},
    "tool_9": {"require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}]}]}}}


def call(connection, path, token, tool, arguments):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": tool, "arguments": arguments, "_meta": {"io.modelcontextprotocol/protocolVersion": VERSION,
                                                        "io.modelcontextprotocol/clientCapabilities": {}}}})
    connection.request("POST", path, body, {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}",
        "MCP-Protocol-Version": VERSION, "Mcp-Method": "tools/call", "Mcp-Name": tool})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def work(port, tokens, first, count):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(first, first + count):
        # Of a hundred calls, a fourth is let through and leaves two records.
        arguments = {"n": number % 100, "note": "The quick brown fox jumps over the lazy dog."}
        call(connection, "/mcp/up/", tokens[AGENTS[number % 7 % 3]], TOOLS[number % 12], arguments)


def found(api, **query):
    """How many records fit; ends the run where the gateway does not answer."""
    answer = api.get("/api/v1/records", query={"limit": 1, **query})
    if answer.status != 200:
        sys.exit(f"records {query}: {answer.status} {answer.body}")
    return answer.json["found"]


@contextlib.contextmanager
def gateway(build, **config):
    """One in front of twelve tools, with three agents, and its admin API."""
    os.environ["DOORWARD_BUILD"] = str(build.resolve())
    from harness.api import bootstrap
    from harness.fake_server import FakeServer
    from harness.gateway import Gateway
    from harness.upstream import RecordingUpstream

    upstream = RecordingUpstream(FakeServer(TOOLS))
    own = Gateway({"up": upstream.url}, {"all": ("up", POLICY)}, {agent: ("up", "all") for agent in AGENTS}, **config)
    folder = os.environ.get("DOORWARD_CONSOLE_DIR")  # where somebody works on the console
    own.options = ["--console-dir", folder] if folder else []
    with own:
        yield own, bootstrap(own)
        upstream.stop()


def fill(own, api, wanted, **query):
    """Calls until `wanted` records (of `query`) are held; how many there are then. Prints what it took."""
    begin, made, held = time.monotonic(), 0, 0
    while held < wanted:
        count = max(200, min(20_000, (wanted - held) // 2))
        halves = [multiprocessing.Process(target=work, args=(own.port, own.tokens, made + half * count // 2, count // 2)) for half in range(2)]
        for half in halves:
            half.start()
        for half in halves:
            half.join()
        made += count
        held = found(api, **query)
    print(f"{held} records of {made} calls in {time.monotonic() - begin:.0f} s")
    time.sleep(1)
    return held


def quantiles(times):
    """The median and the 95th percentile."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[max(0, int(len(ordered) * 0.95) - 1)]


def load():
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
