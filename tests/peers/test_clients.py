"""Real clients through the gateway: the v1 SDK, the v2 SDK in both eras, the Inspector's command line, and clients
that speak stdio through `doorward run` and `doorward connect`."""
import json
import os
import subprocess
import tempfile
import unittest

from harness.gateway import BINARY
from harness.shows import shows
from peers.peer import CACHE, HERE, NODE, PeerCase, drive, first_missing, free_port, node, text_of

EVERYTHING = "@modelcontextprotocol/server-everything"
INSPECTOR = node("@modelcontextprotocol/inspector", "--cli", bin="mcp-inspector")
DUAL = [NODE, str(HERE / "dual_server.mjs")]
PEERS = {"DOORWARD_PEERS": str(CACHE)}
MODERN = "2026-07-28"

DUAL_POLICY = {"version": "1", "default": "deny", "hide": ["delete_*"],
               "tools": {"echo": {"deny_if": [{"conditions": [{"path": "args.text", "op": "contains", "value": "key"}],
                                               "on_deny": "Echo no keys."}]},
                         "add": {"limits": [{"counter": "sums", "window": "hour", "max": 1000, "scope": "grant"}]},
                         "count": {}, "deploy": {"require": [{"conditions": [
                             {"path": "args.target", "op": "in", "value": ["staging"]}]}]}}}
DUAL_STEPS = [{"list": "tools"},
              {"call": "echo", "arguments": {"text": "h\u00e9llo"}},
              {"call": "add", "arguments": {"a": 40, "b": 2}},
              {"call": "count", "arguments": {"to": 3}, "progress": True},
              {"call": "echo", "arguments": {"text": "my key"}},
              {"call": "deploy", "arguments": {"target": "production"}},
              {"call": "delete_note", "arguments": {"id": 1}},
              {"call": "never_was", "arguments": {"id": 1}},
              {"list": "resources"},
              {"together": [{"call": "add", "arguments": {"a": number, "b": 1}} for number in range(20)]}]
DENY_ECHO = "/tools/echo/deny_if/args.text-contains"
DENY_DEPLOY = "/tools/deploy/require/args.target-in"


def check_dual(case, done):
    """What every client must have seen of `DUAL_STEPS` behind `DUAL_POLICY`; the ids by tool and step."""
    tools, echo, add, count, denied, required, hidden, unknown, resources, sums = steps = done["steps"]
    case.assertEqual([tool["name"] for tool in tools["result"]["tools"]], ["echo", "add", "count", "deploy"])
    case.assertEqual(tools["result"]["tools"][1]["outputSchema"]["required"], ["sum"])
    case.assertEqual(done["server"], {"name": "dual-server", "version": "2"})
    case.assertEqual(text_of(echo["result"]), "echo: h\u00e9llo")
    case.assertEqual(add["result"]["structuredContent"], {"sum": 42})
    case.assertEqual(text_of(count["result"]), "counted to 3")
    for step, rule, text in ((denied, DENY_ECHO, "Echo no keys."), (required, DENY_DEPLOY, "production")):
        case.assertTrue(step["result"]["isError"])
        case.assertTrue(text_of(step["result"]).startswith("[POLICY DENIED] "), step)
        case.assertIn(text, text_of(step["result"]))
        case.assertEqual(step["result"]["_meta"]["io.doorward/decision"]["rule"], rule)
    for step, tool in ((hidden, "delete_note"), (unknown, "never_was")):
        case.assertEqual(step["error"]["code"], -32602)
        case.assertTrue(step["error"]["message"].endswith(f"Unknown tool: {tool}"), step)
    case.assertEqual(resources["result"]["resources"], [])
    case.assertEqual([one["structuredContent"]["sum"] for one in sums["result"]], list(range(1, 21)))
    case.assertEqual(len({step["id"] for step in steps}), len(steps))
    return steps


def dual_records(steps, era):
    """The records that the log must have of `DUAL_STEPS`."""
    tools, echo, add, count, denied, required, hidden, unknown, *_ = (step["id"] for step in steps)

    def allowed(method, id, **more):
        return {"event": "call.intent", "verdict": "allow", "rule": "", "era": era, "method": method,
                "request.id": id, **more}

    def refused(rule, tool, id, code):
        return {"event": "call.denied", "rule": rule, "tool": tool, "era": era, "request.id": id, "code": code}

    return [allowed("tools/list", tools), allowed("tools/call", echo, tool="echo"),
            {"event": "call.outcome", "tool": "echo", "result": "ok", "is_error": False},
            allowed("tools/call", add, tool="add"), allowed("tools/call", count, tool="count"),
            refused(DENY_ECHO, "echo", denied, "argument_denied"),
            refused(DENY_DEPLOY, "deploy", required, "require_missing"),
            refused("(hidden)", "delete_note", hidden, "tool_hidden"),
            refused("(unknown tool)", "never_was", unknown, "unknown_tool")]


class Clients(PeerCase):
    policies = {"dual": ("dual", DUAL_POLICY), "child": ("child", DUAL_POLICY),
                "legacy": ("legacy", {"version": "1", "default": "allow", "hide": ["get-env"]})}
    grants = {"dual": ("dual", "dual"), "child": ("child", "child"), "legacy": ("legacy", "legacy")}

    @classmethod
    def make_servers(cls):
        dual, legacy = free_port(), free_port()
        cls.serve([*DUAL, "http", str(dual)], dual, PEERS)
        cls.serve(node(EVERYTHING, "streamableHttp"), legacy, {"PORT": str(legacy)})
        return {"dual": {"url": f"http://127.0.0.1:{dual}/mcp", "client_requests": ["elicitation"]},
                "child": {"command": [*DUAL, "stdio"], "env": {"DOORWARD_PEERS": {"value": str(CACHE)}}},
                "legacy": f"http://127.0.0.1:{legacy}/mcp"}

    def drive(self, script, era, grant, steps, answers=None):
        transport = {"url": self.url(grant), "token": self.gateway.tokens[grant]}
        return drive(script, {"era": era, "transport": transport, "steps": steps, "answers": answers or {}})

    def check(self, script, era, version, grant="dual"):
        done = self.drive(script, era, grant, DUAL_STEPS)
        self.assertEqual(done["version"], version)
        steps = check_dual(self, done)
        self.assertEqual(steps[3]["progress"], [1, 2, 3])
        self.assert_logged(*dual_records(steps, "modern" if version == MODERN else "legacy"))
        return done

    @shows("tools: list and call", "2025-11-25", "http", "http")
    @shows("structured content, output schemas", "2025-11-25", "http", "http")
    @shows("progress", "2025-11-25", "http", "http")
    @shows("denials", "2025-11-25", "http", "http")
    def test_v1_client(self):
        self.assertTrue(self.check("v1_client.mjs", "legacy", "2025-11-25")["session"])

    @shows("tools: list and call", "2025-11-25", "sse", "http")
    @shows("denials", "2025-11-25", "sse", "http")
    def test_v1_client_over_http_sse(self):
        transport = {"url": self.url("dual").rstrip("/") + "/sse", "sse": True, "token": self.gateway.tokens["dual"]}
        done = drive("v1_client.mjs", {"era": "legacy", "transport": transport, "steps": DUAL_STEPS})
        self.assertEqual(done["version"], "2025-11-25")
        steps = check_dual(self, done)
        # The SDK loses a progress that it reads together with the answer.
        progress = steps[3]["progress"]
        self.assertEqual(progress, [1, 2, 3][:len(progress)])
        self.assert_logged(*dual_records(steps, "legacy"))

    def test_v2_client_in_the_legacy_era(self):
        self.assertTrue(self.check("v2_client.mjs", "legacy", "2025-11-25")["session"])

    @shows("tools: list and call", MODERN, "http", "http")
    @shows("structured content, output schemas", MODERN, "http", "http")
    @shows("progress", MODERN, "http", "http")
    @shows("denials", MODERN, "http", "http")
    @shows("server/discover", MODERN)
    def test_v2_client_in_the_modern_era(self):
        done = self.check("v2_client.mjs", "modern", MODERN)
        self.assertFalse(done["session"])
        listed = done["steps"][0]["result"]
        self.assertEqual(listed["cacheScope"], "private")
        self.assertIn("ttlMs", listed)
        self.assert_logged({"event": "call.intent", "method": "server/discover", "era": "modern"})

    @shows("tools: list and call", ("2025-11-25", MODERN), "http", "stdio")
    @shows("structured content, output schemas", ("2025-11-25", MODERN), "http", "stdio")
    @shows("progress", ("2025-11-25", MODERN), "http", "stdio")
    @shows("denials", ("2025-11-25", MODERN), "http", "stdio")
    def test_v2_client_before_a_child_process(self):
        self.check("v2_client.mjs", "legacy", "2025-11-25", "child")
        self.check("v2_client.mjs", "modern", MODERN, "child")

    def test_v2_client_that_finds_the_era_out(self):
        self.assertEqual(self.check("v2_client.mjs", "auto", MODERN)["era"], "modern")
        steps = [{"list": "tools"}, {"call": "echo", "arguments": {"message": "hi"}}, {"call": "get-env"}]
        done = self.drive("v2_client.mjs", "auto", "legacy", steps)
        # Before a legacy server the gateway is a modern one all the same.
        self.assertEqual((done["era"], done["version"]), ("modern", MODERN))
        listed, echo, hidden = done["steps"]
        self.assertNotIn("get-env", [tool["name"] for tool in listed["result"]["tools"]])
        self.assertEqual(text_of(echo["result"]), "Echo: hi")
        self.assertEqual(hidden["error"], {"code": -32602, "message": "Unknown tool: get-env"})
        self.assert_forwarded("echo", echo["id"])
        self.assert_logged({"event": "call.denied", "rule": "(hidden)", "tool": "get-env", "request.id": hidden["id"]})

    @shows("input-required rounds", MODERN)
    @shows("elicitation: form", MODERN)
    def test_input_that_the_server_asks_for(self):
        yes = {"elicitation/create": {"action": "accept", "content": {"sure": True}}}
        steps = [{"call": "deploy", "arguments": {"target": "staging"}}]
        done = self.drive("v2_client.mjs", "modern", "dual", steps, yes)
        deployed, = done["steps"]
        self.assertEqual(done["asked"], ["elicitation/create"])
        self.assertEqual(text_of(deployed["result"]), "deployed to staging, asked for staging")
        first = self.assert_forwarded("deploy", deployed["id"])
        self.assert_forwarded("deploy", first["request"]["id"] + 1)

    def test_legacy_servers_ask_the_client_nothing(self):
        answers = {"elicitation/create": {"action": "accept", "content": {}},
                   "sampling/createMessage": {"role": "assistant", "model": "m",
                                              "content": {"type": "text", "text": "x"}},
                   "roots/list": {"roots": []}}
        tool = "trigger-sampling-request"
        steps = [{"list": "tools"}, {"call": tool, "arguments": {"prompt": "x"}}]
        done = self.drive("v1_client.mjs", "legacy", "legacy", steps, answers)
        self.assertEqual(done["asked"], [])
        self.assertNotIn(tool, [one["name"] for one in done["steps"][0]["result"]["tools"]])
        self.assertIn(f"Unknown tool: {tool}", done["steps"][1]["error"]["message"])

    def inspect(self, *words, code=0, grant="dual", token=None, transport="http"):
        env = {**os.environ, "HOME": str(self.folder)}
        bearer = token or self.gateway.tokens[grant]
        url = self.url(grant) if transport == "http" else self.url(grant).rstrip("/") + "/sse"
        done = subprocess.run([*INSPECTOR, "--server-url", url, "--transport", transport, "--header",
                               f"Authorization: Bearer {bearer}", "--format", "json", *words],
                              capture_output=True, text=True, timeout=60, env=env, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_inspector(self):
        for era in ("legacy", "modern"):
            with self.subTest(era):
                self.check_inspector(era)

    def test_inspector_over_http_sse(self):
        self.check_inspector("legacy", "sse")

    def check_inspector(self, era, transport="http"):
        def inspect(*words, **more):
            return self.inspect("--protocol-era", era, *words, transport=transport, **more)

        listed = json.loads(inspect("--method", "tools/list").stdout)["result"]["tools"]
        self.assertEqual([tool["name"] for tool in listed], ["echo", "add", "count", "deploy"])
        call = ("--method", "tools/call", "--tool-name")
        summed = json.loads(inspect(*call, "add", "--tool-arg", "a=1", "--tool-arg", "b=2").stdout)
        self.assertEqual(summed["result"]["structuredContent"], {"sum": 3})
        self.assert_logged({"event": "call.intent", "tool": "add", "era": era, "client.name": "inspector-cli"},
                           {"event": "call.outcome", "tool": "add", "result": "ok"})
        denied = inspect(*call, "echo", "--tool-arg", "text=key", code=5)
        self.assertIn("[POLICY DENIED] Echo no keys.", denied.stdout + denied.stderr)
        self.assert_logged({"event": "call.denied", "rule": DENY_ECHO, "tool": "echo", "era": era})
        hidden = inspect(*call, "delete_note", "--tool-arg", "id=1", code=5)
        self.assertIn("delete_note", hidden.stderr)
        self.assertNotIn("POLICY", hidden.stdout + hidden.stderr)

    def test_inspector_without_a_grant(self):
        refused = self.inspect("--method", "tools/list", code=3, token="dw_nothing")
        self.assertEqual(json.loads(refused.stderr)["error"]["code"], "auth_required")
        self.assert_logged({"event": "request.rejected", "http_status": 401})


class Run(unittest.TestCase):
    """`doorward run` as the command that a client starts."""

    def client_command(self, state, policy, command):
        """What the client starts: a gateway of its own before the server."""
        return [str(BINARY), "run", "--policy", policy, "--server", "wrapped", "--state", state,
                "--env", "DOORWARD_PEERS", "--", *command]

    def after(self, state):
        pass

    def check(self, script, era, command, policy, steps):
        """The client's answer and the records that are left in a state folder of its own."""
        with tempfile.TemporaryDirectory(prefix="doorward-peers-") as folder:
            file = os.path.join(folder, "policy.json")
            with open(file, "w") as out:
                json.dump(policy, out)
            state = os.path.join(folder, "state")
            started = self.client_command(state, file, command)
            done = drive(script, {"era": era, "transport": {"command": started}, "steps": steps})
            self.after(state)
            log = subprocess.run([str(BINARY), "log", "query", "--state", state, "--json"], capture_output=True,
                                 text=True, check=True)
            verified = subprocess.run([str(BINARY), "audit", "verify", "--state", state], capture_output=True,
                                      text=True)
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            return done, [json.loads(line) for line in log.stdout.splitlines()]

    def test_v1_client(self):
        no_key = [{"conditions": [{"path": "args.message", "op": "eq", "value": "key"}]}]
        policy = {"version": "1", "default": "deny", "hide": ["get-env"], "tools": {"echo": {"deny_if": no_key}}}
        steps = [{"list": "tools"}, {"call": "echo", "arguments": {"message": "hi"}},
                 {"call": "echo", "arguments": {"message": "key"}}, {"call": "get-env"}, {"call": "get-tiny-image"}]
        done, records = self.check("v1_client.mjs", "legacy", node(EVERYTHING, "stdio"), policy, steps)
        listed, echo, denied, hidden, default = done["steps"]
        names = [tool["name"] for tool in listed["result"]["tools"]]
        self.assertIn("get-tiny-image", names)
        self.assertNotIn("get-env", names)
        self.assertEqual(text_of(echo["result"]), "Echo: hi")
        self.assertTrue(text_of(denied["result"]).startswith("[POLICY DENIED] "))
        self.assertIn("Unknown tool: get-env", hidden["error"]["message"])
        self.assertTrue(default["result"]["isError"])
        rule = "/tools/echo/deny_if/args.message-eq"
        self.assertIsNone(first_missing(records, [
            {"event": "call.intent", "tool": "echo", "server": "wrapped", "era": "legacy", "request.id": echo["id"]},
            {"event": "call.outcome", "tool": "echo", "result": "ok"},
            {"event": "call.denied", "tool": "echo", "rule": rule, "request.id": denied["id"]},
            {"event": "call.denied", "tool": "get-env", "rule": "(hidden)", "request.id": hidden["id"]},
            {"event": "call.denied", "tool": "get-tiny-image", "rule": "(default deny)", "request.id": default["id"]}]))

    @shows("tools: list and call", ("2025-11-25", MODERN), "stdio", "stdio")
    @shows("structured content, output schemas", ("2025-11-25", MODERN), "stdio", "stdio")
    @shows("denials", ("2025-11-25", MODERN), "stdio", "stdio")
    def test_v2_client_in_both_eras(self):
        for era in ("legacy", "modern"):
            with self.subTest(era):
                done, records = self.check("v2_client.mjs", era, [*DUAL, "stdio"], DUAL_POLICY, DUAL_STEPS)
                self.assertEqual(done["era"], era)
                self.assertIsNone(first_missing(records, dual_records(check_dual(self, done), era)))


class Connect(Run):
    """`doorward connect` as the command that a client starts: the same through the gateway that it starts."""

    def client_command(self, state, policy, command):
        def doorward(*words):
            return subprocess.run([str(BINARY), *words, "--state", state], capture_output=True, text=True,
                                  check=True).stdout
        settings = ["--env", f"DOORWARD_PEERS=value:{CACHE}", "--state", state, "--", *command]
        subprocess.run([str(BINARY), "server", "add", "wrapped", *settings], capture_output=True, check=True)
        doorward("policy", "add", "p", "--server", "wrapped", "--file", policy)
        token = doorward("grant", "create", "client", "--server", "wrapped", "--policy", "p")
        os.mkdir(os.path.join(state, "clients"), 0o700)
        with open(os.open(os.path.join(state, "clients", "client.token"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
            out.write(token)
        return [str(BINARY), "connect", "wrapped", "--grant", "client", "--state", state]

    def after(self, state):
        """The gateway outlives its client."""
        done = subprocess.run([str(BINARY), "stop", "--state", state], capture_output=True, text=True, check=True)
        self.assertIn("has ended", done.stdout)


if __name__ == "__main__":
    unittest.main()
