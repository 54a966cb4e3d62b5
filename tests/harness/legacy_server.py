#!/usr/bin/env python3
"""A stdio MCP server of the legacy era only, whose tools do during the call what a test asks for.

legacy_server.py RECORD: each message read is appended to RECORD. As most real servers it answers without a handshake
too, which no gateway may take for the modern era. The tools: ask sends the messages in `requests` to the client, in
groups, and answers with its responses; log sends `levels`; progress sends three notices; urls fails with -32042 until it was called
`times`; hello gives what initialize said of the client; change sends the notification `method`; sleep, crash.
"""
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.fake_server import FakeServer, tool  # noqa: E402

called = 0
introduced = {}
current = {}


def say(message):
    print(json.dumps(message), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    record(line)
    return json.loads(line)


def record(line):
    with open(sys.argv[1], "a", encoding="utf-8") as file:
        file.write(json.dumps({"pid": os.getpid(), "message": json.loads(line)}) + "\n")


def text(value):
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


def ask(arguments):
    """Sends groups of messages, each when the questions of the one before are answered or withdrawn."""
    responses = []
    for group in arguments["requests"]:
        group = group if isinstance(group, list) else [group]
        open_ids = []
        for message in group:
            if "pause" in message:
                time.sleep(message["pause"])
                continue
            if "progress" in message:
                tell_progress(message["progress"])
                continue
            say(message)
            if "id" in message:
                open_ids.append(message["id"])
            elif message["method"] == "notifications/cancelled":
                open_ids.remove(message["params"]["requestId"])
        while open_ids:
            answer = hear()
            if answer.get("method") == "notifications/cancelled":
                return text("cancelled")
            if "method" not in answer:
                responses.append(answer)
                open_ids.remove(answer["id"])
    return text(responses)


def tell_progress(step):
    token = current["params"].get("_meta", {}).get("progressToken")
    if token is not None:
        say({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": step}})


def log(arguments):
    for level in arguments["levels"]:
        say({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": level, "data": level}})
    return text("logged")


def progress(_):
    for step in range(3):
        tell_progress(step)
    return text("done")


def urls(arguments):
    global called
    called += 1
    if called > arguments["times"]:
        return text(f"called {called}")
    say({"jsonrpc": "2.0", "id": current["id"], "error": {"code": -32042, "message": "URL elicitation required", "data": {
        "elicitations": [{"mode": "url", "elicitationId": "e1", "url": "https://example.com/x", "message": "Sign in"}]}}})
    return None


def change(arguments):
    say({"jsonrpc": "2.0", "method": arguments["method"], **({"params": arguments["params"]} if "params" in arguments else {})})
    return text("changed")


def sleep(arguments):
    time.sleep(arguments["seconds"])
    return text("slept")


def crash(_):
    os._exit(3)


HANDLERS = {"ask": ask, "log": log, "progress": progress, "urls": urls, "hello": lambda _: text(introduced),
            "change": change, "sleep": sleep, "crash": crash, "pid": lambda _: text(str(os.getpid()))}

if __name__ == "__main__":
    server = FakeServer([tool("echo", execution={"taskSupport": "optional"}), *HANDLERS])
    server.modern = False
    server.handlers = HANDLERS
    while True:
        current = hear()
        if current.get("method") == "initialize":
            introduced = current["params"]
        reply = server.answer(current)
        if reply is not None and reply.get("result", ...) is not None:
            say(reply)
