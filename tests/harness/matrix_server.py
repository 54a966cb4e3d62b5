"""What the servers of protocol/test_matrix.py answer beside `FakeServer`: one tool for each feature, over any transport.

    matrix_server.py    serves on standard input and output

`noisy` reports progress, a log message and a changed list in its answer; `wait` answers when it was cancelled.
"""
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.fake_server import FakeServer, tool  # noqa: E402

ICON = [{"src": "data:image/png;base64,AA==", "mimeType": "image/png"}]
MEDIA = [{"type": "audio", "data": "AA==", "mimeType": "audio/wav"}, {"type": "resource_link", "uri": "memo://one", "name": "one"}]
STRUCTURED = {"content": [{"type": "text", "text": "{\"n\": 1.50}"}], "structuredContent": {"n": 1}}
SCHEMA = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}


def matrix_server():
    server = FakeServer([tool("echo"), tool("structured", outputSchema=SCHEMA), tool("media", icons=ICON), tool("noisy"),
                         tool("wait")])
    server.handlers = {"structured": lambda _: STRUCTURED, "media": lambda _: {"content": MEDIA},
                       "wait": lambda _: {"content": [{"type": "text", "text": "cancelled"}]}}
    return server


def notices(message):
    """What `noisy` says before its answer."""
    token = message["params"].get("_meta", {}).get("progressToken")
    return [{"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}},
            {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "error", "data": "loud"}}]


def main():
    server = matrix_server()
    cancelled, writing = threading.Event(), threading.Lock()

    def write(message):
        with writing:
            sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
            sys.stdout.buffer.flush()

    def answer(message):
        called = message["params"].get("name") if message["method"] == "tools/call" else None
        if called == "wait":
            cancelled.wait(10)
        for notice in notices(message) if called == "noisy" else ():
            write(notice)
        if called == "noisy":
            write({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        write(server.answer(message))

    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message.get("method") == "notifications/cancelled":
            cancelled.set()
        elif "id" in message and "method" in message:
            threading.Thread(target=answer, args=(message,), daemon=True).start()


if __name__ == "__main__":
    main()
