"""Who gets in: 401 and 404 that tell nothing, hosts and origins, secrets toward the upstream, the record of it all."""
import datetime
import json
import pathlib
import time
import unittest

from harness.case import NOTHING, REJECTED, GatewayCase
from harness.client import MODERN
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from harness.wire import request_bytes
from rig.invariants import find_canaries

OPEN = {"version": "1", "default": "allow"}


def in_seconds(count):
    """A time of the near future as `--expires` takes it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=count)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class GrantCase(GatewayCase):
    version = MODERN
    policies = {"open": ("up", OPEN), "there": ("other", OPEN)}
    grants = {"agent": ("up", "open"), "elsewhere": ("other", "there"), "gone": ("up", "open")}

    @classmethod
    def make_gateway(cls):
        cls.folder_secret = "canary-file-secret-2231"
        gateway = Gateway({"up": {"url": cls.upstream.url}, "other": cls.upstream.url}, cls.policies, cls.grants,
                          env={"DOORWARD_TEST_TOKEN": "canary-env-secret-8814"})
        secret = pathlib.Path(gateway.folder, "key")
        secret.write_text(cls.folder_secret + "\n")
        secret.chmod(0o600)
        gateway.servers["up"]["headers"] = {"authorization": {"env": "DOORWARD_TEST_TOKEN", "prefix": "Bearer "},
                                            "x-api-key": {"file": str(secret)}}
        return gateway

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway.revoke("gone")
        cls.gateway.create_grant("old", "--server", "up", "--policy", "open", "--expires", in_seconds(4))
        time.sleep(5)

    def ask(self, token=None, path="/mcp/up/", raw=None, method="POST"):
        client = self.gateway.client("agent", version=MODERN)
        self.addCleanup(client.close)
        client.path, client.token = path, token
        message = client.build("tools/call", {"name": "echo", "arguments": {}}, id=1)
        headers = client.headers(message)
        if raw is not None:
            headers = [("Authorization", raw), *[pair for pair in headers if pair[0] != "Authorization"]]
        if method == "POST":
            return client.post(message, headers)
        with client.open() as wire:
            wire.send(request_bytes(path, headers=headers, method=method, host=f"127.0.0.1:{self.gateway.port}"))
            return wire.answer()


class Tokens(GrantCase):
    def test_T201_every_refusal_is_one_401(self):
        good = self.gateway.tokens["agent"]
        unknown = "dwt_" + "A" * (len(good) - 4)
        cases = {
            "empty": "", "scheme alone": "Bearer", "empty token": "Bearer ", "garbage": "Bearer x", "other scheme": f"Basic {good}",
            "unknown": f"Bearer {unknown}", "revoked": f"Bearer {self.gateway.tokens['gone']}",
            "expired": f"Bearer {self.gateway.tokens['old']}", "prefix": f"Bearer {good[:-1]}", "suffix": f"Bearer {good}x",
            "two": f"Bearer {good} {good}", "twice": f"Bearer {good}, Bearer {good}", "1 KB": "Bearer " + "A" * 1000,
            "look-alike": "Bearer " + good[:-1] + "\u00e9", "lower case": f"Bearer {good.lower()}", "bare": good,
        }
        for method in ("POST", "GET", "DELETE"):
            for label, raw in cases.items():
                def check(answer, label=label):
                    self.assertEqual(answer.status, 401, label)
                    challenge = answer.header("www-authenticate")
                    self.assertTrue(challenge.startswith("Bearer"), challenge)
                self.assert_case(f"T201 {method} {label}", lambda raw=raw, method=method: self.ask(raw=raw, method=method),
                                 client=check, upstream=NOTHING, log={**REJECTED, "http_status": 401})

        def plain(answer):
            self.assertEqual(answer.status, 401)
            self.assertTrue(answer.header("www-authenticate").startswith("Bearer"))
            self.assertNotIn("error", answer.header("www-authenticate"))
        self.assert_case("T201 missing", self.ask, client=plain, upstream=NOTHING, log=REJECTED)

    def test_unknown_and_revoked_look_the_same(self):
        good = self.gateway.tokens["agent"]
        answers = [self.ask(token) for token in (self.gateway.tokens["gone"], self.flipped(good), self.gateway.tokens["old"])]
        shapes = {(answer.status, answer.body, tuple((name, value) for name, value in answer.headers if name.lower() != "date"))
                  for answer in answers}
        self.assertEqual(len(shapes), 1, shapes)
        self.assertIn('error="invalid_token"', answers[0].header("www-authenticate"))
        self.gateway.new_records()
        self.assertEqual(self.ask(good).status, 200)

    @staticmethod
    def flipped(token):
        return token[:10] + ("A" if token[10] != "A" else "B") + token[11:]

    def test_T143_another_path_is_like_no_path(self):
        """404, the same whether that server exists or not, also for the server's own path spelled otherwise."""
        token = self.gateway.tokens["agent"]
        shapes = set()
        for path in ("/mcp/other/", "/mcp/nothing/", "/mcp/00000000-0000-4000-8000-000000000000/", "/mcp/UP/"):
            def check(answer):
                self.assertEqual(answer.status, 404)
                shapes.add((answer.body, tuple((name, value) for name, value in answer.headers if name.lower() != "date")))
            self.assert_case(f"T143 {path}", lambda path=path: self.ask(token, path), client=check, upstream=NOTHING,
                             log={**REJECTED, "http_status": 404})
        self.assertEqual(len(shapes), 1, shapes)
        self.assert_case("T143 without a token", lambda: self.ask(None, "/mcp/nothing/"), client={"status": 401},
                         upstream=NOTHING, log=REJECTED)

    def test_a_server_has_its_uuid_too(self):
        shown = json.loads(self.gateway.run("server", "show", "up", "--json", check=True).stdout)
        answer = self.ask(self.gateway.tokens["agent"], f"/mcp/{shown['server']['id']}/")
        self.assertEqual(answer.status, 200)

    def test_expiry(self):
        self.gateway.create_grant("brief", "--server", "up", "--policy", "open", "--expires", in_seconds(3))
        self.assertEqual(self.ask(self.gateway.tokens["brief"]).status, 200)
        deadline = time.monotonic() + 20
        while self.ask(self.gateway.tokens["brief"]).status != 401:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)

    def test_tokens_are_shown_once(self):
        for arguments in (("grant", "list", "--json"), ("grant", "show", "agent", "--json"), ("log", "query", "--json")):
            done = self.gateway.run(*arguments, check=True)
            for token in self.gateway.tokens.values():
                self.assertNotIn(token, done.stdout)
        self.assertEqual(find_canaries(self.gateway.state, self.gateway.tokens.values()), [])


class Borders(GrantCase):
    def test_T251_T215_what_leaves_us(self):
        """The upstream gets our credentials and nothing of the client's: no token, cookie, address or name."""
        client = self.client()
        mark = self.upstream.mark()
        message = client.build("tools/call", {"name": "echo", "arguments": {}})
        self.assertEqual(client.post(message, client.headers(message) + [("Cookie", "a=canary-cookie"), ("User-Agent", "canary-agent"),
                                                                         ("X-Forwarded-For", "10.9.8.7")]).status, 200)
        seen = self.upstream.calls(mark)[0]
        self.assertEqual(seen.header("authorization"), "Bearer canary-env-secret-8814")
        self.assertEqual(seen.header("x-api-key"), self.folder_secret)
        text = self.upstream.bytes_since(mark)
        for canary in (client.token, "canary-cookie", "canary-agent", "10.9.8.7"):
            self.assertNotIn(canary.encode(), text)
        self.assertEqual(seen.header("host"), f"127.0.0.1:{self.upstream.port}")

    def test_T309_secrets_stay_inside(self):
        """An upstream that throws our own credentials back at us: nothing of them in the log or the state."""
        def echo_headers(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.http(500, str(exchange.seen.headers).encode())
            return True
        self.upstream.hook = echo_headers
        answer = self.client().call("echo")
        self.assertNotIn(b"canary-env-secret", answer.body)
        self.upstream.hook = None
        self.gateway.log()
        hits = find_canaries(self.gateway.state, ("canary-env-secret-8814", self.folder_secret))
        hits += find_canaries(self.gateway.folder, ("canary-env-secret-8814",))
        self.assertEqual(hits, [])

    def test_T226_origins_and_hosts(self):
        token = self.gateway.tokens["agent"]
        for origin in ("http://evil.example", "null", "http://localhost.evil.example", "https://127.0.0.1:1", "file://",
                       f"http://127.0.0.1:{self.gateway.port}.evil.example", "http://localhost@evil.example"):
            client = self.client()
            message = client.build("tools/call", {"name": "echo", "arguments": {}})

            def check(answer):
                self.assertEqual(answer.status, 403)
                self.assertIsNone(answer.header("access-control-allow-origin"))
            self.assert_case(f"T226 {origin}", lambda client=client, message=message, origin=origin: client.post(
                message, client.headers(message) + [("Origin", origin)]), client=check, upstream=NOTHING, log=REJECTED)
        client = self.client()
        message = client.build("tools/call", {"name": "echo", "arguments": {}})
        own = f"http://127.0.0.1:{self.gateway.port}"
        self.assertEqual(client.post(message, client.headers(message) + [("Origin", own)]).status, 200)
        self.gateway.new_records()
        with client.open() as wire:
            wire.send(request_bytes("/mcp/up/", headers=[("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST"),
                                                         ("Authorization", f"Bearer {token}")], method="OPTIONS",
                                    host=f"127.0.0.1:{self.gateway.port}"))
            answer = wire.answer()
        self.assertIn(answer.status, (400, 403, 404, 405))
        self.assertIsNone(answer.header("access-control-allow-origin"))

    def test_T242_templates_are_text(self):
        answer = self.client().call("echo", {"text": "${DOORWARD_TEST_TOKEN} {{env.PATH}} $HOME"})
        self.assertIn("${DOORWARD_TEST_TOKEN}", answer.text)

    def test_log_query_gives_the_segments_lines(self):
        self.client().call("echo")
        time.sleep(0.3)
        lines = b"".join(segment.read_bytes() for segment in sorted(self.gateway.state.glob("log/*/*.jsonl")))
        self.assertEqual(self.gateway.run("log", "query", "--json", check=True).stdout.encode(), lines)

    def test_requests_are_recorded_with_what_was_asked(self):
        client = self.client()
        self.gateway.new_records()
        client.call("echo", {"b": 1, "a": {"deep": "canary-argument"}}, id="mine-77")
        deadline, records = time.monotonic() + 5, []
        while len([record for record in records if record["event"].startswith("call.")]) < 2:
            self.assertLess(time.monotonic(), deadline)
            records += self.gateway.new_records()
        intent = next(record for record in records if record["event"] == "call.intent")
        outcome = next(record for record in records if record["event"] == "call.outcome")
        self.assertEqual(intent["request"]["id"], "mine-77")
        self.assertEqual(intent["args"]["keys"], ["a", "b"])
        self.assertRegex(intent["args"]["digest"], r"^[0-9a-f]{64}$")
        self.assertNotIn("canary-argument", json.dumps(records))
        self.assertEqual((intent["server"], intent["tool"], intent["grant"]["label"], intent["revision"]),
                         ("up", "echo", "agent", MODERN))
        self.assertEqual(intent["id"], outcome["id"])
        self.assertEqual(outcome["result"], "ok")
        # Key order and white space do not change the digest; a value does.
        digests = []
        for arguments in ({"a": {"deep": "canary-argument"}, "b": 1}, {"b": 2, "a": {"deep": "canary-argument"}}):
            client.call("echo", arguments)
            found = []
            while not found:
                found = [record for record in self.gateway.new_records() if record["event"] == "call.intent"]
            digests.append(found[0]["args"]["digest"])
        self.assertEqual(digests[0], intent["args"]["digest"])
        self.assertNotEqual(digests[1], intent["args"]["digest"])


class Secrets(unittest.TestCase):
    def test_T241_T322_secret_files_and_variables(self):
        """A secret that others can read, or that is no clean text, refuses the start with its name alone."""
        upstream = RecordingUpstream()
        self.addCleanup(upstream.stop)
        for label, make in {
                "0644": lambda path: (path.write_text("canary-secret"), path.chmod(0o644)),
                "symlink": lambda path: (path.with_name("real").write_text("canary-secret"), path.symlink_to(path.with_name("real"))),
                "empty": lambda path: (path.write_text(""), path.chmod(0o600)),
                "newline": lambda path: (path.write_text("canary\nsecret"), path.chmod(0o600)),
                "NUL": lambda path: (path.write_bytes(b"canary\0secret"), path.chmod(0o600)),
                "space": lambda path: (path.write_text("canary-secret "), path.chmod(0o600)),
                "non-ASCII": lambda path: (path.write_text("canary-sécret"), path.chmod(0o600)),
                "missing": lambda path: None}.items():
            with self.subTest(label):
                gateway = Gateway({"up": {"url": upstream.url}}, {"p": ("up", OPEN)}, {})
                self.addCleanup(gateway.close)
                path = pathlib.Path(gateway.folder, "upstream-key")
                make(path)
                gateway.servers["up"]["headers"] = {"x-api-key": {"file": str(path)}}
                with self.assertRaises(RuntimeError) as raised:
                    gateway.start(5)
                self.assertIn("upstream-key", str(raised.exception))
                self.assertNotIn("canary", str(raised.exception))
        gateway = Gateway({"up": {"url": upstream.url, "headers": {"authorization": {"env": "DOORWARD_TEST_ABSENT"}}}}, {}, {})
        self.addCleanup(gateway.close)
        with self.assertRaises(RuntimeError) as raised:
            gateway.start(5)
        self.assertIn("DOORWARD_TEST_ABSENT", str(raised.exception))
        for headers in ({"authorization": {"value": "canary-literal"}}, {"x-secret": "canary-literal"}):
            gateway = Gateway({"up": {"url": upstream.url, "headers": headers}}, {}, {})
            self.addCleanup(gateway.close)
            gateway.write()
            self.assertEqual(gateway.run("config", "check", str(gateway.file)).returncode, 3, headers)

    def test_T238_urls(self):
        for url in ("http://user:pw@127.0.0.1/mcp", "http://127.0.0.1/mcp#x", "ftp://127.0.0.1/mcp", "http://127.0.0.1/a b",
                    "http://127.0.0.1/\r\nX: y", "file:///etc/passwd", "http:///mcp", "http://127.0.0.1:99999/mcp", "127.0.0.1/mcp"):
            gateway = Gateway({"up": url}, {}, {})
            self.addCleanup(gateway.close)
            gateway.write()
            self.assertEqual(gateway.run("config", "check", str(gateway.file)).returncode, 3, url)


if __name__ == "__main__":
    unittest.main()
