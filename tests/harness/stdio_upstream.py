#!/usr/bin/env python3
"""A stdio MCP server that writes every line it reads to a file, and misbehaves on request.

stdio_upstream.py RECORD: each line read is appended to RECORD as one JSON object {"pid", "line"}. The tools:
echo gives the arguments back; env the environment; fds the open descriptors; sleep waits `seconds`; crash exits;
write puts `text` on stdout as it is; fork leaves `count` double-forked sleepers and gives their pids;
ignore makes it deaf to SIGTERM and to the end of stdin.
"""
import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.fake_server import FakeServer, is_probe, tool  # noqa: E402

deaf = False


def text(value):
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


def crash(_):
    os._exit(3)


def sleep(arguments):
    time.sleep(arguments["seconds"])
    return text("slept")


def write(arguments):
    piece = arguments["text"].encode("latin-1") * arguments.get("times", 1)
    os.write(1, b"")
    sys.stdout.flush()
    while piece:
        piece = piece[os.write(1, piece):]
    return text("wrote")


def fork(arguments):
    pids = []
    for _ in range(arguments.get("count", 1)):
        read, wrote = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if (grandchild := os.fork()) == 0:
                for fd in (0, 1, 2, read, wrote):
                    os.close(fd)
                time.sleep(60)
                os._exit(0)
            os.write(wrote, str(grandchild).encode())
            os._exit(0)
        os.wait()
        os.close(wrote)
        pids.append(int(os.read(read, 20)))
        os.close(read)
    return text(pids)


def ignore(_):
    global deaf
    deaf = True
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return text("deaf")


def descriptors(_):
    # The one that lists the folder is gone by the time it is looked at.
    held = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            held[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass
    return text(held)


HANDLERS = {"env": lambda _: text(dict(os.environ)), "fds": descriptors, "sleep": sleep, "crash": crash,
            "write": write, "fork": fork, "ignore": ignore, "pid": lambda _: text(os.getpid()),
            "cwd": lambda _: text(os.getcwd())}


def main():
    server = FakeServer([tool(name) for name in ("echo", *HANDLERS)])
    server.handlers = HANDLERS
    with open(sys.argv[1], "a", encoding="utf-8") as record:
        while True:
            line = sys.stdin.buffer.readline()
            if not line:
                if not deaf:
                    return
                time.sleep(1)
                continue
            message = json.loads(line)
            if not is_probe(message):
                record.write(json.dumps({"pid": os.getpid(), "line": line.decode("latin-1")}) + "\n")
                record.flush()
            answer = server.answer(message)
            if answer is not None:
                sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
                sys.stdout.buffer.flush()


main()
