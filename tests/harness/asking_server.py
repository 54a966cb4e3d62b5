#!/usr/bin/env python3
"""A stdio MCP server whose tool `ask` sends its arguments, a request, to the client and answers with the response."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.fake_server import FakeServer  # noqa: E402


def say(message):
    print(json.dumps(message), flush=True)


def hear():
    return json.loads(sys.stdin.readline())


def ask(arguments):
    say(arguments)
    while "method" in (answer := hear()):
        pass
    return {"content": [{"type": "text", "text": json.dumps(answer)}]}


server = FakeServer(["ask", "echo"])
server.handlers["ask"] = ask
for line in sys.stdin:
    if (reply := server.answer(json.loads(line))) is not None:
        say(reply)
