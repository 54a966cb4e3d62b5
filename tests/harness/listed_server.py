#!/usr/bin/env python3
"""A stdio MCP server with the tools of a file, which misbehaves on request.

listed_server.py FILE [MODE]: FILE is a JSON list of tool objects. MODE: `junk` prints lines that are no messages
between its answers; `flood` writes to standard output without end; `flood-errors` to standard error; `silent` never answers; `half` answers
`initialize` alone; `endless` gives a list that has always a next page; `crash` ends at the list; `paged` gives two tools
a page; `env` has one tool more, whose description is the value of DOORWARD_TEST_SECRET.
"""
import json
import os
import sys
import time


def main():
    tools = json.loads(open(sys.argv[1]).read())
    mode = sys.argv[2] if len(sys.argv) > 2 else ""
    if mode == "env":
        tools.append({"name": "env", "description": "It is " + os.environ.get("DOORWARD_TEST_SECRET", "not set"),
                      "inputSchema": {"type": "object"}})
    if mode == "flood":
        while True:
            os.write(1, b"y\n" * 30000)
    if mode == "flood-errors":
        while True:
            os.write(2, b"y\n" * 30000)
    if mode == "silent":
        time.sleep(600)
    page = 0
    for line in sys.stdin:
        message = json.loads(line)
        if mode == "junk":
            print("Server is starting ...\n\x1b[2J{\"half\": \n[]\nnull", flush=True)
        if "id" not in message:
            continue
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] == "initialize":
            answer["result"] = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                                "serverInfo": {"name": "listed", "version": "1.0"}}
        elif message["method"] == "tools/list" and mode != "half":
            if mode == "crash":
                print("Error: \x1b[31mno more", file=sys.stderr, flush=True)
                os._exit(3)
            answer["result"] = {"tools": tools}
            if mode == "endless":
                page += 1
                answer["result"] = {"tools": [{"name": f"tool_{page}", "inputSchema": {"type": "object"}}], "nextCursor": str(page)}
            if mode == "paged":
                start = int(message["params"].get("cursor", "0"))
                answer["result"] = {"tools": tools[start:start + 2]}
                if start + 2 < len(tools):
                    answer["result"]["nextCursor"] = str(start + 2)
        elif mode == "half":
            continue
        else:
            answer["error"] = {"code": -32601, "message": "Method not found"}
        print(json.dumps(answer), flush=True)


main()
