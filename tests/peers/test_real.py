"""Every real server that starts here, through the gateway, by the clients of both SDKs: list, a harmless call, a denied
call, the server killed, the gateway started anew, the end. `Installed` always runs; `Brought` in the long runs."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness.case import SECONDS_FOR_LOG, fits
from harness.gateway import SHARED, Gateway, alive, children, command_of
from harness.shows import shows
from peers.peer import SECONDS_TO_START, drive
from peers.real_servers import BROUGHT, INSTALLED

CLIENTS = {"v1 SDK": ("v1_client.mjs", "legacy"), "v2 SDK": ("v2_client.mjs", "auto"),
           "v2 SDK, legacy": ("v2_client.mjs", "legacy"), "v2 SDK, modern": ("v2_client.mjs", "modern")}
RULE = "[POLICY DENIED] Not this one."


def definitions(answer):
    """The text of each element of `"tools":[...]` as it stands in the answer."""
    at, found, decoder = answer.index('"tools":[') + len('"tools":['), [], json.JSONDecoder()
    while answer[at] != "]":
        _, end = decoder.raw_decode(answer, at)
        found.append(answer[at:end])
        at = end + (answer[end] == ",")
    return found


def listed_directly(command, variables, folder):
    """The definitions that a stdio server gives to a client without capabilities and without a gateway."""
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tester", "version": "1"}}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, **variables}, cwd=folder) as process:
        def ask(id, method, params):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode() + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                message = json.loads(line)
                if message.get("id") == id and "method" not in message:
                    return line.decode()
            raise AssertionError(f"{command} ended without an answer")

        try:
            ask(1, "initialize", hello)
            process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
            return definitions(ask(2, "tools/list", {}))
        finally:
            process.kill()


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


class RealCase(unittest.TestCase):
    maxDiff = None

    def check(self, server):
        if why := server.missing():
            self.skipTest(why)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-peers-"))
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = server
        command, variables = server.command(folder), server.variables(folder)
        self.gateway = Gateway({"real": {"command": command, "env": {name: {"env": name} for name in variables}}},
                               {"real": ("real", server.policy())}, {"agent": ("real", "real")}, env=variables, workers=1)
        self.addCleanup(self.gateway.close)
        direct = listed_directly(command, variables, self.gateway.folder)
        self.gateway.start()
        self.check_list(direct)
        names = [json.loads(tool)["name"] for tool in direct]
        for client, (script, era) in CLIENTS.items():
            with self.subTest(client):
                self.check_client(script, era, names)
        self.check_killed()
        self.assert_ends()
        self.gateway.start()
        self.check_client("v1_client.mjs", "legacy", names)
        self.assert_ends()

    def check_list(self, direct):
        """What is listed through the gateway is what the server says, byte for byte; a captured list may be older."""
        client = self.gateway.client("agent", timeout=SECONDS_TO_START)
        self.addCleanup(client.close)
        client.initialize()
        self.assertEqual(definitions(client.request("tools/list").body.decode()), direct)
        client.delete()
        captured = SHARED / "data/tool-lists" / self.server.captured
        if captured.exists():
            then = {tool["name"]: tool for tool in json.loads(captured.read_text())["tools"]}
            now = {tool["name"]: tool for tool in map(json.loads, direct)}
            changed = [name for name in then.keys() & now.keys() if then[name] != now[name]]
            if then != now:
                print(f"{self.server.package}: beside the captured list {len(changed)} of {len(now)} tools are defined otherwise, "
                      f"new: {sorted(now.keys() - then.keys())}, gone: {sorted(then.keys() - now.keys())}")

    def steps(self):
        (tool, arguments), (denied, denied_arguments, _) = self.server.call, self.server.deny
        return [{"list": "tools"}, {"call": tool, "arguments": arguments}, {"call": denied, "arguments": denied_arguments}]

    def check_client(self, script, era, names):
        self.gateway.new_records()
        transport = {"url": f"http://127.0.0.1:{self.gateway.port}/mcp/real/", "token": self.gateway.tokens["agent"]}
        listed, called, denied = drive(script, {"era": era, "transport": transport, "steps": self.steps()}, 90)["steps"]
        self.assertEqual([tool["name"] for tool in listed["result"]["tools"]], names)
        self.assert_ran(called)
        self.assertTrue(denied["result"]["isError"], denied)
        self.assertIn(RULE, denied["result"]["content"][0]["text"])
        self.assert_recorded(self.server.call[0], self.server.deny[0])

    def assert_ran(self, step):
        """The server's own answer came, be it that it lacks an argument, a browser or a network."""
        text = json.dumps(step.get("result") or step["error"])
        self.assertIn(self.server.proof, text)
        for ours in ("[POLICY DENIED]", "[UPSTREAM ERROR]", "Unknown tool"):
            self.assertNotIn(ours, text)

    def assert_recorded(self, called, denied):
        wanted = [{"event": "call.intent", "tool": called, "verdict": "allow"}, {"event": "call.outcome", "tool": called},
                  {"event": "call.denied", "tool": denied, "verdict": "deny"}]
        records, deadline = [], time.monotonic() + SECONDS_FOR_LOG
        while missing := [want for want in wanted if not any(fits(record, want) for record in records)]:
            self.assertLess(time.monotonic(), deadline, f"log: no record {missing[0]}; {records}")
            records += self.gateway.new_records()
            time.sleep(0.02)

    def check_killed(self):
        """The server's process is killed between two calls: a client that comes then is served by a new one."""
        client = self.gateway.client("agent", timeout=SECONDS_TO_START)
        self.addCleanup(client.close)
        client.initialize()
        tool, arguments = self.server.call
        before = descendants(self.gateway.pid)
        self.assertIn("result", client.request("tools/list").message())
        for pid in before:
            if self.server.package in command_of(pid):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while True:
            with self.gateway.client("agent", timeout=SECONDS_TO_START) as again:
                again.initialize()
                message = again.call(tool, arguments).message()
                again.delete()
            if "[UPSTREAM ERROR]" not in json.dumps(message):
                return self.assert_ran(message)
            self.assertLess(time.monotonic(), deadline, message)

    def assert_ends(self):
        """The gateway ends as asked, its log is whole, and nothing that it started is left."""
        started = descendants(self.gateway.pid)
        self.assertEqual(self.gateway.stop(), 0)
        deadline = time.monotonic() + 20
        while left := [command_of(pid) for pid in started if alive(pid)]:
            self.assertLess(time.monotonic(), deadline, f"left running: {left}")
            time.sleep(0.05)
        status, report = self.gateway.verify()
        self.assertEqual(status, 0, report)


def case(servers):
    """A test for each server."""
    def one(server):
        @shows(("tools: list and call", "restart of the server", "denials"), "2025-11-25", server="stdio")
        @shows(("tools: list and call", "denials"), "2026-07-28", server="stdio", server_era="2025-11-25")
        def test(self):
            self.check(server)
        return test
    return {f"test_{name}": one(server) for name, server in servers.items()}


Installed = type("Installed", (RealCase,), case(INSTALLED))
Brought = type("Brought", (RealCase,), case(BROUGHT))


if __name__ == "__main__":
    unittest.main()
