"""Credentials of servers: references and sealed secrets, arguments that the gateway fills in, and what never shows."""
import base64
import glob
import json
import os
import pathlib
import re
import sqlite3
import sys
import time
import unittest
import urllib.parse

from harness.case import GatewayCase
from harness.client import MODERN
from harness.fake_server import Failure, FakeServer, tool
from harness.gateway import BINARY, ROOT, SHARED, Gateway
from harness.upstream import RecordingUpstream

ERAS = ("2025-11-25", MODERN)
STDIO = str(pathlib.Path(__file__).resolve().parent.parent / "harness" / "stdio_upstream.py")
OPEN = {"version": "1", "default": "allow"}


class CredentialCase(unittest.TestCase):
    """Each test has a state folder of its own; `self.start(settings)` starts the gateway before one upstream."""
    maxDiff = None

    def setUp(self):
        self.upstream = RecordingUpstream()
        self.addCleanup(self.upstream.stop)
        self.gateway = None

    def prepare(self, settings=None, env=None, **config):
        servers = {"up": {"url": self.upstream.url, "include_new": True, **(settings or {})}}
        self.gateway = Gateway(servers, {"open": ("up", OPEN)}, {"agent": ("up", "open")}, env=env, **config)
        self.addCleanup(self.gateway.close)
        return self.gateway

    def client(self, version="2025-11-25", grant="agent", **options):
        client = self.gateway.client(grant, version=version, **options)
        self.addCleanup(client.close)
        client.initialize()
        return client

    def secret(self, *arguments, value=None, check=True):
        return self.gateway.run("secret", *arguments, input=value, check=check)

    def last(self, header):
        return self.upstream.calls()[-1].header(header)

    def file(self, name, text, mode=0o600):
        path = self.gateway.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def failed(self, answer):
        message = answer.message()
        return "error" in message or bool(message["result"].get("isError"))

    def refused_start(self, text):
        with self.assertRaises(RuntimeError):
            self.gateway.start()
        stderr = self.gateway.stderr()
        self.assertIn(text, stderr)
        return stderr


class Sealed(CredentialCase):
    SETTINGS = {"headers": {"authorization": {"sealed": "pay", "prefix": "Bearer "}}}

    def started(self):
        self.prepare(self.SETTINGS)
        self.gateway.write()
        self.secret("set", "pay", value="first-value-1234\n")
        self.gateway.start()
        return self.gateway

    def test_a_server_is_given_it(self):
        self.started()
        for version in ERAS:
            self.assertEqual(self.client(version).call("echo").status, 200)
            self.assertEqual(self.last("authorization"), "Bearer first-value-1234")

    def test_T245_a_new_value_counts_from_the_next_call_on(self):
        self.started()
        self.client(MODERN).call("echo")
        self.secret("rotate", "pay", value="second-value-5678")
        self.assertEqual(self.client(MODERN).call("echo").status, 200)
        self.assertEqual(self.last("authorization"), "Bearer second-value-5678")
        self.assertEqual(self.secret("rotate", "nosuch", value="x", check=False).returncode, 1)
        events = [record["event"] for record in self.gateway.log()]
        self.assertIn("secret.rotated", events)
        self.assertIn("server.credentials_renewed", events)

    def test_T245_a_removed_secret_is_used_no_more(self):
        self.started()
        client = self.client(MODERN)
        client.call("echo")
        mark = self.upstream.mark()
        done = self.secret("remove", "pay")
        self.assertIn("server up refers to it", done.stderr)
        answer = client.call("echo")
        self.assertTrue(self.failed(answer), answer)
        self.assertEqual(self.upstream.bytes_since(mark), b"", "the server is sent nothing at all")
        self.assertEqual([record["server"] for record in self.gateway.log() if record["event"] == "server.withheld"],
                         ["up"])
        self.secret("set", "pay", value="third-value-9012")
        self.assertEqual(self.client(MODERN).call("echo").status, 200)
        self.assertEqual(self.last("authorization"), "Bearer third-value-9012")

    def test_values_never_come_back(self):
        self.started()
        listed = json.loads(self.secret("list", "--json").stdout)["secrets"]
        self.assertEqual([(one["name"], one["version"], one["servers"]) for one in listed], [("pay", 1, ["up"])])
        shown = self.gateway.run("server", "show", "up", "--json", check=True).stdout
        for text in (json.dumps(listed), shown, self.secret("list").stdout):
            self.assertNotIn("first-value", text)
        self.gateway.stop()
        for path in self.gateway.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"first-value", path.read_bytes(), path)

    def test_the_master_key_is_rotated_without_a_pause(self):
        self.started()
        client = self.client(MODERN)
        keys = lambda: sorted(path.name for path in self.gateway.state.glob("keys/secrets-*.key"))
        self.assertEqual(keys(), ["secrets-000001.key"])
        self.assertEqual(os.stat(self.gateway.state / "keys/secrets-000001.key").st_mode & 0o777, 0o600)
        database = sqlite3.connect(f"file:{self.gateway.state}/doorward.db?mode=ro", uri=True)
        row = lambda: database.execute("SELECT version, sealed, key_id, wrapped_key FROM secrets").fetchone()
        before = row()
        for _ in range(2):
            self.secret("rotate-key")
            self.assertEqual(client.call("echo").status, 200)
        after = row()
        database.close()
        self.assertEqual(after[:2], before[:2], "value and data key stay as they are")
        self.assertNotEqual(after[2:], before[2:])
        self.assertEqual(keys(), ["secrets-000003.key"])
        self.gateway.stop()
        self.gateway.start()
        self.assertEqual(self.client().call("echo").status, 200)
        self.assertEqual(self.last("authorization"), "Bearer first-value-1234")

    def test_rows_cannot_be_swapped(self):
        self.started()
        self.secret("set", "other", value="other-value-1234")
        self.gateway.stop()
        with sqlite3.connect(self.gateway.state / "doorward.db") as database:
            database.execute("UPDATE secrets SET wrapped_key = (SELECT wrapped_key FROM secrets WHERE name = 'other'), "
                             "sealed = (SELECT sealed FROM secrets WHERE name = 'other') WHERE name = 'pay'")
        stderr = self.refused_start("does not open")
        self.assertNotIn("other-value", stderr)

    def test_T241_values_that_do_not_belong(self):
        self.prepare()
        self.gateway.write()
        for value in ("", "\n", "two\nlines", "trailing space ", "n\u00f6n-ascii", "tab\there", "x" * 70_000):
            done = self.secret("set", "pay", value=value, check=False)
            self.assertNotEqual(done.returncode, 0, repr(value))
            self.assertIn("pay", done.stderr + "pay" * (len(value) > 60_000))
            for piece in ("two", "trailing", "n-asc", "there", "xxxx"):
                self.assertNotIn(piece, done.stderr, "the value is not repeated")
        self.assertEqual(json.loads(self.secret("list", "--json").stdout)["secrets"], [])

    def test_it_is_never_a_word_of_the_command_line(self):
        self.prepare()
        self.gateway.write()
        self.assertEqual(self.secret("set", "pay", "my-secret-value", value="x", check=False).returncode, 2)

    def test_a_master_key_by_reference(self):
        def key():
            return base64.b64encode(os.urandom(32)).decode()
        self.prepare(self.SETTINGS)
        first, second = self.file("first", key()), self.file("second", key())
        self.gateway.config["secrets"] = {"master_key": {"file": str(first)}}
        self.gateway.servers["up"] = {"url": self.upstream.url}
        self.gateway.start()
        self.secret("set", "pay", value="first-value-1234")
        self.assertEqual(list(self.gateway.state.glob("keys/secrets-*")), [])
        self.gateway.servers["up"] = {"url": self.upstream.url, **self.SETTINGS}
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")
        self.client().call("echo")
        self.assertEqual(self.last("authorization"), "Bearer first-value-1234")
        self.gateway.config["secrets"] = {"master_key": {"file": str(second)}}
        self.assertEqual(self.gateway.reload()["event"], "config.reload_failed", "its key is not at hand")
        self.gateway.config["secrets"]["previous_master_key"] = {"file": str(first)}
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")
        self.assertIn("1 data keys", self.secret("rotate-key").stdout)
        del self.gateway.config["secrets"]["previous_master_key"]
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")
        self.assertEqual(self.client().call("echo").status, 200)


class References(CredentialCase):
    def test_a_systemd_credential(self):
        self.prepare({"headers": {"x-api-key": {"credential": "pay.key"}}})
        self.gateway.env["CREDENTIALS_DIRECTORY"] = str(self.gateway.folder)
        self.file("pay.key", "credential-value-1\n", 0o400)
        self.gateway.start()
        self.assertEqual(self.client().call("echo").status, 200)
        self.assertEqual(self.last("x-api-key"), "credential-value-1")

    def test_T322_credentials_and_sealed_secrets_that_cannot_be_had(self):
        cases = {
            "CREDENTIALS_DIRECTORY is not set": ({"credential": "pay"}, None, None),
            "No such file": ({"credential": "gone"}, None, True),
            "can be read by other users": ({"credential": "pay"}, 0o644, True),
            "is empty": ({"credential": "empty"}, 0o600, True),
            "there is no secret": ({"sealed": "gone"}, None, None),
            "is a symbolic link": ({"credential": "link"}, 0o600, True),
            "is no regular file": ({"credential": "pipe"}, 0o600, True),
            "is no name for a secret": ({"credential": "../pay"}, None, True),
        }
        for why, (reference, mode, folder) in cases.items():
            with self.subTest(why):
                self.prepare({"headers": {"x-api-key": reference}})
                self.gateway.env.pop("CREDENTIALS_DIRECTORY", None)
                if folder:
                    self.gateway.env["CREDENTIALS_DIRECTORY"] = str(self.gateway.folder)
                self.file("pay", "hunter2-hunter2", mode or 0o600)
                self.file("empty", "")
                os.symlink("pay", self.gateway.folder / "link")
                os.mkfifo(self.gateway.folder / "pipe", 0o600)
                stderr = self.refused_start(why)
                self.assertNotIn("hunter2", stderr)

    def test_T245_a_file_that_changes_or_goes(self):
        self.prepare()
        path = self.file("token", "file-value-one")
        self.gateway.servers["up"]["headers"] = {"x-api-key": {"file": str(path)}}
        self.gateway.start()
        client = self.client(MODERN)
        client.call("echo")
        self.assertEqual(self.last("x-api-key"), "file-value-one")
        # The rest of the configuration does not hold it up.
        (self.gateway.folder / "open.json").write_text("{ broken")
        self.file("token", "file-value-two")
        deadline = time.monotonic() + 20
        while self.last("x-api-key") != "file-value-two":
            self.assertLess(time.monotonic(), deadline, "the old value is used for longer than 5 s")
            time.sleep(0.1)
            client.call("echo")
        path.unlink()
        deadline = time.monotonic() + 20
        while not self.failed(client.call("echo")):
            self.assertLess(time.monotonic(), deadline, "a credential that was taken away is still used")
            time.sleep(0.1)

    def test_memory_is_guarded(self):
        self.prepare()
        self.gateway.start()
        limits = pathlib.Path(f"/proc/{self.gateway.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size\s+0\s+0\s")
        if "asan" not in str(BINARY) and os.geteuid() != 0:
            self.assertFalse(os.access(f"/proc/{self.gateway.pid}/environ", os.R_OK))


PLATFORM_KEY = 'gai_Zx81/kQ"w+9=secret'


def platform():
    """A stand-in for the Governance Platform: every tool takes the account's key as an argument."""
    named = {}
    source = SHARED / "data" / "named-tools.json"
    if source.exists():
        named = {one["name"]: one["description"] for one in json.loads(source.read_text())
                 if one["server"] == "Governance Platform"}
    key = {"type": "string", "description": "GeodesicAI account-level API key (starts with gai_)."}
    return FakeServer([
        tool("delete_api_key", description=named.get("delete_api_key", "Deletes a key."), inputSchema={
            "type": "object", "properties": {"key_to_delete": {"type": "string"}, "api_key": key,
                                             "confirm": {"type": "boolean", "default": False}},
            "required": ["api_key", "key_to_delete"], "additionalProperties": False}),
        tool("create_api_key", description=named.get("create_api_key", "Makes a key."), inputSchema={
            "type": "object", "properties": {"api_key": key}, "required": ["api_key"]}),
        tool("list_api_keys", inputSchema={"properties": {"api_key": key}, "type": "object"}),
        tool("status", inputSchema={"type": "object", "properties": {"verbose": {"type": "boolean"}}}),
        tool("public", inputSchema={"type": "object", "properties": {"api_key": {"type": "integer"}}}),
    ])


class Injected(CredentialCase):
    TOOLS = ["delete_api_key", "create_api_key", "list_api_keys", "status"]

    def setUp(self):
        super().setUp()
        self.upstream.server = platform()
        self.upstream.server.handlers = {name: self.run_tool for name in
                                         [known["name"] for known in self.upstream.server.tools]}
        self.ran = []

    def run_tool(self, arguments):
        self.ran.append(arguments)
        return {"content": [{"type": "text", "text": json.dumps(arguments)}], "structuredContent": arguments}

    def started(self, tools="*", **settings):
        self.prepare({"inject": [{"argument": "api_key", "value": {"sealed": "platform"}, "tools": tools}], **settings})
        self.gateway.write()
        self.secret("set", "platform", value=PLATFORM_KEY)
        self.gateway.start()

    def test_both_eras(self):
        self.started(tools=self.TOOLS)
        for server_modern in (True, False):
            self.upstream.server.modern = server_modern
            for version in ERAS:
                with self.subTest(f"client {version}, server modern {server_modern}"):
                    self.check(self.client(version))
            self.gateway.stop()
            self.gateway.start()

    def check(self, client):
        listed = {one["name"]: one for one in client.list()}
        own = {one["name"]: one for one in self.upstream.server.tools}
        self.assertEqual(set(listed), set(own))
        delete = listed["delete_api_key"]["inputSchema"]
        self.assertEqual(delete, {**own["delete_api_key"]["inputSchema"], "required": ["key_to_delete"],
                                  "properties": {"key_to_delete": {"type": "string"},
                                                 "confirm": {"type": "boolean", "default": False}}})
        self.assertEqual(listed["create_api_key"]["inputSchema"], {"type": "object", "properties": {}, "required": []})
        self.assertEqual(listed["list_api_keys"]["inputSchema"], {"properties": {}, "type": "object"})
        self.assertEqual(listed["status"], own["status"] | {key: listed["status"][key] for key in
                                                            set(listed["status"]) - set(own["status"])})
        self.assertEqual(listed["public"]["inputSchema"], own["public"]["inputSchema"])
        for name, arguments in (("delete_api_key", {"key_to_delete": "k"}), ("create_api_key", {}), ("status", {})):
            answer = client.call(name, arguments)
            self.assertEqual(self.ran.pop(), {"api_key": PLATFORM_KEY, **arguments})
            self.assertNotIn(json.dumps(PLATFORM_KEY)[1:-1].encode(), answer.body)
            self.assertEqual(json.loads(answer.text), {"api_key": "[masked]", **arguments})
        answer = client.request("tools/call", {"name": "status"})
        self.assertEqual(self.ran.pop(), {"api_key": PLATFORM_KEY}, "without any arguments")
        self.assertEqual(client.call("public", {"api_key": 7}).status, 200)
        self.assertEqual(self.ran.pop(), {"api_key": 7})
        for value in (PLATFORM_KEY, "gai_mine", None):
            answer = client.call("status", {"api_key": value})
            self.assertTrue(answer.is_denied, answer)
            self.assertIn("without that argument", answer.text)
        self.assertEqual(self.ran, [])

    def test_the_policy_sees_the_agents_arguments_only(self):
        document = {"version": "1", "default": "deny", "tools": {"status": {
            "require": [{"conditions": [{"path": "args.api_key", "op": "exists", "value": True}]}]}}}
        self.started()
        self.gateway.policies["open"] = ("up", document)
        self.assertEqual(self.gateway.reload().get("first"), None)
        self.assertTrue(self.client().call("status").is_denied)
        self.assertEqual(self.ran, [])

    def test_a_bundle(self):
        self.started()
        self.gateway.config["bundles"] = [{"name": "desk", "members": [{"server": "up", "policy": "open", "prefix": "p"}]}]
        self.gateway.reload()
        self.gateway.create_grant("desk", "--server", "desk")
        for version in ERAS:
            client = self.gateway.client("desk", server="desk", version=version)
            self.addCleanup(client.close)
            client.initialize()
            listed = {one["name"]: one for one in client.list()}
            self.assertEqual(listed["p_create_api_key"]["inputSchema"]["properties"], {})
            self.assertEqual(client.call("p_status", {}).status, 200)
            self.assertEqual(self.ran.pop(), {"api_key": PLATFORM_KEY})

    def test_pinning_is_of_the_servers_own_definition(self):
        self.started(include_new=False)
        client = self.client()
        client.list()
        client.call("status")
        deadline = time.monotonic() + 20
        while "create_api_key" not in (shown := self.gateway.run("server", "review", "up", "--json").stdout):
            self.assertLess(time.monotonic(), deadline, shown)
            time.sleep(0.1)
        text = sqlite3.connect(f"file:{self.gateway.state}/doorward.db?mode=ro", uri=True).execute(
            "SELECT text FROM tool_definitions WHERE name = 'create_api_key'").fetchone()[0]
        self.assertIn('"required":["api_key"]', text)
        # The stripped argument changes: that is a change of the definition.
        self.upstream.server.tools[1]["inputSchema"]["properties"]["api_key"] = {"type": "string", "format": "uuid"}
        deadline = time.monotonic() + 10
        while not (answer := self.client().call("create_api_key")).is_denied:
            self.client().list()
            self.assertLess(time.monotonic(), deadline, answer)

    def test_a_command_makes_it_too(self):
        self.started()
        shown = json.loads(self.gateway.run("server", "show", "up", "--json", check=True).stdout)["server"]["settings"]
        self.assertEqual(shown["inject"], [{"argument": "api_key", "value": {"sealed": "platform"}, "tools": "*"}])


class Masked(CredentialCase):
    SECRET = 's3cr/t+"k\\y= 42'

    def forms(self, secret):
        """Ways in which a server repeats a secret by accident, each as a text."""
        raw = secret.encode()
        return {
            "plain": secret, "inside": f"a{secret}b{secret}", "json": json.dumps({"k": secret}),
            "json of json": json.dumps(json.dumps({"k": secret})), "url": urllib.parse.quote(secret, safe=""),
            "form": urllib.parse.quote_plus(secret), "lower": urllib.parse.quote(secret, safe="").lower() if secret.islower() else "",
            **{f"base64 {n}": base64.b64encode(b"x" * n + raw + b"tail").decode() for n in range(4)},
            "base64url": base64.urlsafe_b64encode(b"user:" + raw).decode(),
            "escaped": "".join(f"\\u{ord(c):04x}" for c in secret),
        }

    def started(self):
        self.prepare({"headers": {"x-api-key": {"env": "UP_KEY"}, "x-plain": {"value": "harmless-word"}}},
                     env={"UP_KEY": self.SECRET})
        self.gateway.start()

    def hidden(self, text):
        """What of the secret still stands in the text."""
        found = [name for name, form in self.forms(self.SECRET).items() if form and not name.startswith("base64")
                 and form in text]
        core = base64.b64encode(self.SECRET.encode()).decode()[4:12]
        return found + (["base64"] if core in text else [])

    def test_results_errors_and_streams(self):
        self.started()
        forms = {name: form for name, form in self.forms(self.SECRET).items() if form}

        def repeat(_):
            return {"content": [{"type": "text", "text": form} for form in forms.values()] +
                               [{"type": "text", "text": "harmless-word"}],
                    "structuredContent": {self.SECRET: self.SECRET}, "isError": True}

        def fail(_):
            raise Failure(-32000, f"cannot log in with {self.SECRET}")
        self.upstream.server.handlers = {"echo": repeat, "read_file": fail}
        for stream in (False, True):
            self.upstream.stream_answers = stream
            for version in ERAS:
                with self.subTest(f"{version} stream {stream}"):
                    client = self.client(version)
                    answer = client.call("echo")
                    texts = [block["text"] for block in answer.result["content"]]
                    for name, text in zip(forms, texts):
                        if name == "escaped":
                            continue
                        self.assertIn("[masked]", text, name)
                        self.assertEqual(self.hidden(text), [], name)
                    self.assertEqual(texts[-1], "harmless-word", "literals are no secrets")
                    self.assertEqual(answer.result["structuredContent"], {"[masked]": "[masked]"})
                    self.assertEqual(client.call("read_file").error["message"], "cannot log in with [masked]")

    def test_escapes_of_the_servers_choice(self):
        self.started()
        spelled = "".join(f"\\u{ord(c):04X}" for c in self.SECRET)

        def hook(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            body = ('{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"<%s>"}]}}'
                    % (json.dumps(exchange.seen.message["id"]), spelled))
            exchange.http(200, body.encode())
            return True
        self.upstream.hook = hook
        self.assertEqual(self.client().call("echo").text, "<[masked]>")

    def test_what_has_no_secret_stays_byte_for_byte(self):
        self.started()
        text = 'a "quoted" \\ line\n\u00e9\u2028 ' + "x" * 100_000
        self.assertEqual(json.loads(self.client().call("echo", {"t": text}).text), {"t": text})

    def test_the_standard_error_of_a_process(self):
        folder = pathlib.Path(self.enterContext_folder())
        script = folder / "server.py"
        script.write_text(f"import os, sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\n"
                          "print('starting with', os.environ['UP_KEY'], file=sys.stderr, flush=True)\n"
                          f"sys.argv = ['x', {str(folder / 'record')!r}]\n"
                          f"exec(open({STDIO!r}).read().replace('__file__', repr({STDIO!r})))\n")
        self.gateway = Gateway({"up": {"command": [sys.executable, str(script)], "env": {"UP_KEY": {"env": "UP_KEY"}}}},
                               {"open": ("up", OPEN)}, {"agent": ("up", "open")}, env={"UP_KEY": self.SECRET})
        self.addCleanup(self.gateway.close)
        self.gateway.start()
        shown = self.client().call("env").text
        self.assertEqual(self.hidden(shown), [])
        self.assertIn("[masked]", shown)
        deadline = time.monotonic() + 20
        while "starting with" not in self.gateway.stderr():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertIn("starting with [masked]", self.gateway.stderr())
        self.assertNotIn(self.SECRET, self.gateway.stderr())

    def enterContext_folder(self):
        import shutil
        import tempfile
        folder = tempfile.mkdtemp(prefix="doorward-cred-")
        self.addCleanup(shutil.rmtree, folder, True)
        return folder


class Canaries(CredentialCase):
    def test_T309_forty_canaries_show_nowhere(self):
        """Secrets of every kind of reference and every place; then every byte that the gateway wrote or answered."""
        number = iter(range(1000))
        canaries = {}

        def canary(place):
            canaries[place] = f"CANARY{next(number):02d}{os.urandom(9).hex()}"
            return canaries[place]

        env, sealed, files = {}, {}, {}

        def reference(place, kind):
            name = re.sub(r"[^A-Za-z0-9]", "_", place).upper()
            value = canary(place)
            if kind == "env":
                env[name] = value
                return {"env": name}
            if kind == "sealed":
                sealed[name] = value
                return {"sealed": name}
            files[name] = value
            return {"file": name} if kind == "file" else {"credential": name}
        kinds = ("env", "file", "credential", "sealed")
        headers = {f"x-key-{n}": reference(f"header {n}", kinds[n % 4]) for n in range(16)}
        inject = [{"argument": f"key_{n}", "value": reference(f"argument {n}", kinds[n % 4]), "tools": "*"} for n in range(12)]
        child = {f"CHILD_{n}": reference(f"child {n}", kinds[n % 4]) for n in range(12)}
        self.assertEqual(len(canaries), 40)

        server = FakeServer([tool("echo", inputSchema={"type": "object", "properties":
                                                       {f"key_{n}": {"type": "string"} for n in range(12)}}), "fails"])
        heard = []

        def all_of_it():
            """What the server was given, in every spelling."""
            seen = self.upstream.calls()[-1]
            return [value for _, value in seen.headers] + list((seen.params.get("arguments") or {}).values())

        def repeat(_):
            values = all_of_it()
            heard.append(values)
            spelled = [values, "".join(values), [json.dumps(json.dumps(values))], {"deep": [{"x": value} for value in values]},
                       [base64.b64encode(("u:" + value).encode()).decode() for value in values],
                       [urllib.parse.quote(f"https://u:{value}@host/?k={value}", safe="") for value in values]]
            return {"content": [{"type": "text", "text": json.dumps(spelled)}], "structuredContent": {"all": spelled}}

        def fails(_):
            raise Failure(-32000, " ".join(all_of_it()))
        server.handlers = {"echo": repeat, "fails": fails}
        self.upstream.server = server

        folder = pathlib.Path(Masked.enterContext_folder(self))
        script = folder / "server.py"
        script.write_text(f"import os, sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\n"
                          "print('\\n'.join(str(v) for k, v in os.environ.items() if k.startswith('CHILD')), "
                          "file=sys.stderr, flush=True)\n"
                          f"sys.argv = ['x', {str(folder / 'record')!r}]\n"
                          f"exec(open({STDIO!r}).read().replace('__file__', repr({STDIO!r})))\n")
        temporary = folder / "tmp"
        temporary.mkdir()
        self.gateway = Gateway(
            {"up": {"url": self.upstream.url, "headers": headers, "inject": inject},
             "child": {"command": [sys.executable, str(script)], "env": child}},
            {"open": ("up", OPEN), "child-open": ("child", OPEN)},
            {"agent": ("up", "open"), "child-agent": ("child", "child-open")},
            env={**env, "TMPDIR": str(temporary)}, log={"values": [{"server": "up", "tool": "echo", "paths": ["args.note"]}]})
        self.addCleanup(self.gateway.close)
        self.gateway.env["CREDENTIALS_DIRECTORY"] = str(self.gateway.folder)
        for name, value in files.items():
            self.file(name, value)
        self.gateway.write()
        for name, value in sealed.items():
            self.secret("set", name, value=value)
        self.gateway.start()

        got = []
        for version in ERAS:
            for streams in (False, True):
                self.upstream.stream_answers = streams
                client = self.client(version)
                for answer in (client.call("echo", {"note": "${UP} {{env.X}} $(id)"}), client.call("fails"),
                               client.call("echo", {"key_1": "mine"}), client.request("tools/list"),
                               client.call("nosuch")):
                    got.append(answer.body)
            got.append(self.client(version, grant="child-agent").call("env").body)
        self.assertTrue(heard)
        for value in list(canaries.values())[:28]:
            self.assertTrue(any(value in values for values in heard), "the server was given it")
        for place, value in sealed.items():
            self.secret("rotate", place, value=value)
        self.gateway.reload()
        got += [self.gateway.run(*words).stdout.encode() for words in
                (("server", "show", "up", "--json"), ("server", "show", "child", "--json"), ("secret", "list", "--json"),
                 ("log", "query", "--json"), ("status", "--json"), ("doctor",))]
        searched = {"what clients and commands got": b"\n".join(got)}
        for live in (True, False):
            if not live:
                self.gateway.stop()
            for path in [*self.gateway.state.rglob("*"), *temporary.rglob("*"), self.gateway.folder / "stderr",
                         self.gateway.file]:
                if path.is_file():
                    searched[f"{path.name} live {live}"] = path.read_bytes()
        self.assertIn("doorward.db-wal live True", searched)
        for place, value in canaries.items():
            for where, data in searched.items():
                self.assertNotIn(value.encode(), data, f"{place} in {where}")
                for n in range(3):
                    core = base64.b64encode(b"x" * n + value.encode()).decode()[4:20]
                    self.assertNotIn(core.encode(), data, f"{place} as Base64 in {where}")
        code, document = self.gateway.verify()
        self.assertEqual(code, 0, document)

    def test_T242_templates_in_arguments_are_text(self):
        self.prepare({"headers": {"x-api-key": {"env": "UP_KEY"}}}, env={"UP_KEY": "expand-me-not"})
        self.gateway.start()
        arguments = {"a": "${UP_KEY}", "b": "$UP_KEY", "c": "{{secrets.UP_KEY}}", "d": "{sealed: UP_KEY}", "e": "%UP_KEY%"}
        for version in ERAS:
            client = self.client(version)
            self.assertEqual(json.loads(client.call("echo", arguments).text), arguments)
            self.assertEqual(self.upstream.calls()[-1].params["arguments"], arguments)

    def test_T251_only_configured_headers_leave(self):
        self.prepare({"headers": {"x-api-key": {"env": "UP_KEY"}}}, env={"UP_KEY": "configured-key"})
        self.gateway.start()
        for version in ERAS:
            client = self.client(version)
            message = client.build("tools/call", {"name": "echo", "arguments": {}})
            extra = [("Cookie", "session=stolen"), ("X-Forwarded-For", "203.0.113.9"), ("X-Api-Key", "of-the-client"),
                     ("Forwarded", "for=203.0.113.9"), ("User-Agent", "agent/1")]
            answer = client.post(message, headers=client.headers(message) + extra)
            self.assertEqual(answer.status, 200)
            sent = self.upstream.calls()[-1]
            self.assertEqual(sent.all("x-api-key"), ["configured-key"])
            allowed = {"host", "accept", "content-type", "content-length", "x-api-key", "connection", "doorward-hops"}
            names = {name.lower() for name, _ in sent.headers}
            self.assertEqual({name for name in names if name not in allowed and not name.startswith("mcp-")}, set())
            everything = bytes(self.upstream.octets)
            for text in (b"stolen", b"203.0.113.9", b"of-the-client", client.token.encode()):
                self.assertNotIn(text, everything)


if __name__ == "__main__":
    unittest.main()
