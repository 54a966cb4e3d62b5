"""Section K of the attack cases: where the gateway dials, and whose token it sends."""
import json
import pathlib
import socket
import ssl
import tempfile
import threading
import time
import unittest

from harness.certificates import Authority
from harness.client import MODERN
from harness.gateway import ALLOW_ALL, BUILD, Gateway
from harness.oauth_server import AuthorizationServer, get, open_in_browser
from harness.upstream import RecordingUpstream, Recorder

NAMES = BUILD / "libfake_names.so"


def text_of(answer):
    message = answer.message()
    return json.dumps(message.get("result", message.get("error")))


class UpstreamCase(unittest.TestCase):
    def upstream(self, **options):
        made = RecordingUpstream(**options)
        self.addCleanup(made.stop)
        return made

    def gateway(self, servers, grants=None, start=True, **options):
        policies = {f"p-{name}": (name, ALLOW_ALL) for name in servers}
        grants = grants or {"agent": (next(iter(servers)), f"p-{next(iter(servers))}")}
        made = Gateway(servers, policies, grants, **options)
        self.addCleanup(made.close)
        if start:
            made.start()
        return made

    def client(self, gateway, grant="agent", **options):
        client = gateway.client(grant, version=MODERN, **options)
        self.addCleanup(client.close)
        return client

    def refused(self, gateway):
        """A call fails for want of a connection."""
        text = text_of(self.client(gateway).call("echo"))
        self.assertIn("it could not be reached", text)
        self.assertIn("did not run", text)


class TlsUpstream(RecordingUpstream):
    """Speaks TLS; a handshake that fails is the client's affair."""

    def __init__(self, context):
        self.context = context
        super().__init__()

    def accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.secure, args=(sock,), daemon=True).start()

    def secure(self, sock):
        try:
            self.serve(Recorder(self, self.context.wrap_socket(sock, server_side=True)))
        except OSError:
            sock.close()


class WhereTheGatewayDials(UpstreamCase):
    def named(self, lines):
        file = pathlib.Path(tempfile.mkdtemp(prefix="doorward-names-")) / "names"
        file.write_text("".join(line + "\n" for line in lines))
        return {"LD_PRELOAD": str(NAMES), "FAKE_NAMES": str(file)}

    @unittest.skipUnless(NAMES.exists(), "the library of fake names is not built, or this build cannot preload it")
    def test_T234_every_address_of_a_name_is_checked_and_the_checked_one_dialled(self):
        upstream = self.upstream()
        url = f"http://up.test:{upstream.port}/mcp"
        for bad in ("169.254.169.254", "127.0.0.1,169.254.169.254", "0.0.0.0", "fe80::1", "224.0.0.1"):
            with self.subTest(bad):
                self.refused(self.gateway({"up": url}, env=self.named([f"up.test {bad}"])))
        self.assertEqual(upstream.since(), [])
        # The second answer of the name is never asked for: what was checked is what is dialled.
        gateway = self.gateway({"up": url}, workers=1, env=self.named(["up.test 127.0.0.1", "up.test 169.254.169.254"]))
        for _ in range(3):
            self.assertEqual(self.client(gateway).call("echo").status, 200)
        self.assertEqual(len(upstream.calls()), 3)

    def test_T235_redirects_are_not_followed(self):
        other = self.upstream()
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status):
                upstream = self.upstream()
                upstream.hook_probes = True
                upstream.hook = lambda exchange, status=status: exchange.http(
                    status, headers=[("Location", other.url)]) or True
                gateway = self.gateway({"up": {"url": upstream.url, "era": "modern", "headers": {
                    "authorization": {"env": "SECRET_K"}}}}, env={"SECRET_K": "canary-k"})
                self.assertIn("[UPSTREAM ERROR]", text_of(self.client(gateway).call("echo")))
        self.assertEqual(other.bytes_since(), b"")

    def test_T240_a_certificate_that_does_not_fit_is_refused(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-tls-"))
        good, other = Authority(folder / "good"), Authority(folder / "other", "other")
        pairs = {"right": good.issue("right"), "signed by nobody": other.issue("right"),
                 "another host's": good.issue("wrong", names="DNS:example.com"),
                 "expired": good.issue("old", start="20200101000000Z", end="20210101000000Z")}
        for name, pair in pairs.items():
            with self.subTest(name):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*pair)
                self.check_tls(context, good, name == "right")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.load_cert_chain(*pairs["right"])
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        self.check_tls(old, good, False)

    def check_tls(self, context, authority, passes):
        upstream = TlsUpstream(context)
        self.addCleanup(upstream.stop)
        url = f"https://localhost:{upstream.port}/mcp"
        gateway = self.gateway({"up": {"url": url, "era": "modern"}}, env={"SSL_CERT_FILE": str(authority.ca)})
        if passes:
            self.assertEqual(self.client(gateway).call("echo").status, 200)
            self.assertEqual(len(upstream.calls()), 1)
        else:
            self.refused(gateway)
            self.assertEqual(upstream.since(), [])

    def test_T250_a_circle_of_gateways_is_noticed(self):
        upstream = self.upstream()
        outer = self.gateway({"up": upstream.url})
        self.client(outer).call("echo")
        hops = upstream.calls()[-1].header("doorward-hops")
        self.assertRegex(hops, "^[a-z0-9]{26}$")
        client = self.client(outer)
        message = client.build("tools/call", {"name": "echo", "arguments": {}})
        mark = upstream.mark()
        for again in (hops, f"{'a' * 26}, {hops}", ", ".join(["b" * 26] * 9), "no name of a gateway: canary"):
            self.assertEqual(client.post(message, client.headers(message) + [("Doorward-Hops", again)]).status, 508)
        self.assertEqual(upstream.calls(mark), [])
        self.assertEqual(client.post(message, client.headers(message) + [("Doorward-Hops", "b" * 26)]).status, 200)
        self.assertEqual(upstream.calls(mark)[0].header("doorward-hops"), f"{'b' * 26}, {hops}")

    def test_T250_a_gateway_before_itself(self):
        """Its own URL as the URL of its server: the call ends with an error, not with the last descriptor."""
        gateway = self.gateway({"up": {"url": "http://127.0.0.1:1/mcp", "headers": {"authorization": {"env": "OWN"}}}},
                               start=False, env={"OWN": "Bearer none"})
        gateway.start()
        gateway.servers["up"]["url"] = f"http://127.0.0.1:{gateway.port}/mcp/up/"
        gateway.config["listen"] = f"127.0.0.1:{gateway.port}"
        token = gateway.tokens["agent"]
        gateway.stop()
        gateway.env["OWN"] = f"Bearer {token}"
        gateway.start()
        answer = self.client(gateway).call("echo")
        self.assertIn("UPSTREAM ERROR", text_of(answer))
        rejected, deadline = [], time.monotonic() + 20
        while not rejected and time.monotonic() < deadline:  # the log follows a moment later
            rejected = [record for record in gateway.log() if record.get("code") == "loop"]
        self.assertTrue(rejected)
        self.assertLess(len(rejected), 10)

    def test_T252_nothing_is_sent_twice(self):
        """The connection breaks before, during and after the request: a call arrives at most once."""
        for name, act in {"before any answer": lambda exchange: exchange.reset(),
                          "within the head": lambda exchange: (exchange.raw(b"HTTP/1.1 20"), exchange.reset()),
                          "within the body": lambda exchange: (exchange.raw(
                              b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"),
                              exchange.reset())}.items():
            with self.subTest(name):
                upstream = self.upstream()
                gateway = self.gateway({"up": upstream.url})
                client = self.client(gateway)
                client.call("echo", {"text": "warm"})  # the connection is kept
                upstream.hook = lambda exchange: exchange.seen.rpc == "tools/call" and (act(exchange) or True)
                answer = client.call("echo", {"text": "once"})
                self.assertIn("may or may not have run", text_of(answer))
                self.assertEqual(sum(seen.params["arguments"] == {"text": "once"} for seen in upstream.calls()), 1)
        gateway = self.gateway({"up": f"http://127.0.0.1:{free_port()}/mcp"})
        self.assertIn("did not run", text_of(self.client(gateway).call("echo")))


class TokenCase(UpstreamCase):
    """A server that wants tokens, and its authorization server."""

    def setUp(self):
        self.auth = AuthorizationServer()
        self.addCleanup(self.auth.stop)
        self.up = self.upstream()
        self.up.hook_probes = True
        self.up.hook = self.protect
        self.scope, self.challenge, self.prm = None, None, {}
        self.tokens_seen = []

    def protect(self, exchange):
        """The resource server: its metadata, and 401 for what has no good token."""
        seen = exchange.seen
        if seen.target.startswith("/.well-known/oauth-protected-resource"):
            document = {"resource": self.up.url, "authorization_servers": [self.auth.url], **self.prm}
            exchange.json(document)
            return True
        token = (seen.header("authorization") or "").removeprefix("Bearer ")
        if seen.rpc:
            self.tokens_seen.append((seen.rpc, token))
        if token in self.auth.tokens and not self.wants_more(seen, token):
            return False
        metadata = f"http://127.0.0.1:{self.up.port}/.well-known/oauth-protected-resource/mcp"
        status, words = (403, f'error="insufficient_scope", scope="{self.scope}", ') if token in self.auth.tokens else (401, "")
        challenge = self.challenge or f'Bearer {words}resource_metadata="{metadata}"'
        exchange.http(status, b'{"error":"invalid_token"}', [("WWW-Authenticate", challenge)])
        return True

    def wants_more(self, seen, token):
        return self.scope and seen.rpc == "tools/call" and self.scope not in self.auth.tokens[token].split()

    def start(self, oauth=None, grants=None, env=None, **options):
        server = {"url": self.up.url, "era": "modern", "oauth": oauth or {}, **options}
        return self.gateway({"up": server}, grants or {"agent": ("up", "p-up")}, env=env)

    def connect(self, gateway, grant=None):
        begun = self.begin(gateway, grant)
        status, text = open_in_browser(begun["url"])
        self.assertEqual(status, 200, text)
        account = gateway.wait_account("up", grant)
        self.assertEqual(account["state"], "connected", account)
        return account

    def begin(self, gateway, grant=None):
        done = gateway.run("connect-account", "up", *(["--grant", grant] if grant else []), "--json", check=True)
        return json.loads(done.stdout)

    def calls_seen(self):
        return [token for rpc, token in self.tokens_seen if rpc == "tools/call"]


class WhoseToken(TokenCase):
    def test_T243_a_grant_that_is_not_connected_gets_no_account_of_another(self):
        gateway = self.start({"per": "grant"}, {"alice": ("up", "p-up"), "bob": ("up", "p-up")})
        alice, bob = self.client(gateway, "alice"), self.client(gateway, "bob")
        for client, label in ((alice, "alice"), (bob, "bob")):
            answer = client.call("echo")
            self.assertTrue(answer.message()["result"]["isError"])
            self.assertIn("[AUTHORIZATION NEEDED]", text_of(answer))
            self.assertIn(f"connect-account up --grant {label}", text_of(answer))
        self.assertEqual(self.calls_seen(), [])
        self.connect(gateway, "alice")
        self.assertEqual(alice.call("echo").status, 200)
        mark = self.up.mark()
        before = len(self.tokens_seen)
        self.assertIn("[AUTHORIZATION NEEDED]", text_of(bob.call("echo")))
        self.assertEqual(self.up.since(mark), [])
        self.assertEqual(len(self.tokens_seen), before)
        self.connect(gateway, "bob")
        self.assertNotIn("AUTHORIZATION", text_of(bob.call("echo")))
        first, second = self.calls_seen()
        self.assertNotEqual(first, second)

    def test_T244_no_connection_or_session_is_shared_by_two_accounts(self):
        gateway = self.start({"per": "grant"}, {"alice": ("up", "p-up"), "bob": ("up", "p-up")})
        for label in ("alice", "bob"):
            self.connect(gateway, label)
        tokens_of = {}
        for _ in range(5):
            for label in ("alice", "bob"):
                self.client(gateway, label).call("echo")
        for seen in self.up.since():
            if seen.rpc:
                tokens_of.setdefault(seen.connection, set()).add(seen.header("authorization"))
        self.assertGreaterEqual(len(tokens_of), 2)
        self.assertTrue(all(len(tokens) == 1 for tokens in tokens_of.values()), tokens_of)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "doorward.yaml"
            file.write_text(json.dumps({"servers": [{"name": "up", "url": "https://h/mcp", "sessions": "shared",
                                                     "oauth": {"per": "grant"}}]}))
            done = gateway.run("config", "check", str(file))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("share one grant's account", done.stderr + done.stdout)

    def test_T246_a_storm_of_refusals_is_one_renewal(self):
        gateway = self.start()
        self.connect(gateway)
        self.assertEqual(self.client(gateway).call("echo").status, 200)
        self.tokens_seen.clear()
        self.auth.delay = 0.3
        self.auth.revoke_all()
        answers = []

        def call():
            with_own = gateway.client("agent", version=MODERN, timeout=30)
            answers.append(text_of(with_own.call("echo")))
            with_own.close()

        threads = [threading.Thread(target=call) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 100)
        self.assertEqual([answer for answer in answers if "isError\": true" in answer], [])
        self.assertEqual(self.auth.count("/token", grant_type="refresh_token"), 1)
        self.assertLessEqual(len(self.calls_seen()), 200)

        # And where the server takes no token at all: one more try each, then the error.
        self.tokens_seen.clear()
        time.sleep(5.1)  # a pause after a renewal that a refusal caused
        self.up.hook = lambda exchange: bool(exchange.seen.rpc and (
            self.tokens_seen.append((exchange.seen.rpc, "")) or exchange.http(401, b"{}") or True))
        self.assertIn("[AUTHORIZATION NEEDED]", text_of(self.client(gateway).call("echo")))
        self.assertEqual(len(self.calls_seen()), 2)
        self.assertEqual(self.auth.count("/token", grant_type="refresh_token"), 2)

    def test_T245_a_disconnected_account_is_out_of_use_at_once(self):
        gateway = self.start()
        self.connect(gateway)
        client = self.client(gateway)
        self.assertEqual(client.call("echo").status, 200)
        gateway.run("accounts", "disconnect", "up", check=True)
        self.tokens_seen.clear()
        self.assertIn("[AUTHORIZATION NEEDED]", text_of(client.call("echo")))
        self.assertEqual(self.tokens_seen, [])

    def test_a_revoked_grant_leaves_no_account(self):
        gateway = self.start({"per": "grant"}, {"alice": ("up", "p-up")})
        self.connect(gateway, "alice")
        gateway.revoke("alice")
        self.assertEqual(gateway.accounts(), [])
        self.assertTrue([record for record in gateway.log() if record["event"] == "account.disconnected"])

    def test_T215_the_token_is_ours_and_stays_inside(self):
        gateway = self.start()
        self.connect(gateway)
        client = self.client(gateway)
        client.call("echo")
        token = self.calls_seen()[0]
        self.assertTrue(token.startswith("at-"))
        self.assertNotIn(client.token.encode(), self.up.bytes_since())
        refresh = next(iter(self.auth.refresh_tokens))
        gateway.stop()
        for file in [path for path in gateway.folder.rglob("*") if path.is_file()]:
            for secret in (token, refresh):
                self.assertNotIn(secret.encode(), file.read_bytes(), f"{file} holds a token")

    def test_an_account_outlives_a_restart_and_renews_itself(self):
        self.auth.lifetime = 5
        gateway = self.start()
        self.connect(gateway)
        gateway.stop()
        gateway.start()
        client = self.client(gateway)
        deadline = time.monotonic() + 20
        while self.auth.count("/token", grant_type="refresh_token") < 2:
            self.assertLess(time.monotonic(), deadline)
            self.assertNotIn("AUTHORIZATION", text_of(client.call("echo")))
            time.sleep(0.2)
        self.assertGreaterEqual(len(set(self.calls_seen())), 2)

    def test_more_rights_are_asked_for_once(self):
        gateway = self.start()
        self.connect(gateway)
        self.scope = "write"
        client = self.client(gateway)
        self.assertIn("[AUTHORIZATION NEEDED]", text_of(client.call("echo")))
        account = gateway.wait_account("up")
        self.assertEqual(account["state"], "more rights wanted")
        self.assertIn("scope=write", self.begin(gateway)["url"])
        self.connect(gateway)
        self.assertNotIn("AUTHORIZATION", text_of(client.call("echo")))

    def test_client_credentials_need_no_person(self):
        gateway = self.start({"grant": "client_credentials", "client_id": "me", "client_secret": {"env": "OAUTH_K"},
                              "scopes": ["a", "b"]}, env={"OAUTH_K": "canary-oauth-secret"})
        self.assertNotIn("AUTHORIZATION", text_of(self.client(gateway).call("echo")))
        self.assertEqual(self.auth.count("/token"), 1)
        self.assertEqual(self.auth.count("/token", scope="a b"), 1)
        self.assertNotIn("canary-oauth-secret", gateway.stderr() + json.dumps(gateway.log()))


class WhereTokensComeFrom(TokenCase):
    def failed_to_connect(self, gateway, words):
        done = gateway.run("connect-account", "up", "--json")
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, done.stderr)

    def test_T236_what_a_server_names_is_fetched_under_guard(self):
        gateway = self.start()
        other = self.upstream()
        secret = f"http://169.254.169.254:{other.port}/latest"
        for url in (secret, "http://10.0.0.1/prm", "http://example.com/prm", f"ftp://127.0.0.1:{other.port}/",
                    f"http://u:p@127.0.0.1:{other.port}/"):
            with self.subTest(resource_metadata=url):
                self.challenge = f'Bearer resource_metadata="{url}"'
                self.failed_to_connect(gateway, "resource metadata")
        self.challenge = None
        for url in (secret, "http://10.0.0.1", "file:///etc/passwd"):
            with self.subTest(authorization_servers=url):
                self.prm = {"authorization_servers": [url]}
                self.failed_to_connect(gateway, "authorization server")
        self.prm = {}
        for name in ("token_endpoint", "registration_endpoint", "authorization_endpoint"):
            for url in (secret, "http://10.0.0.1/x", "javascript:alert(1)"):
                with self.subTest(**{name: url}):
                    self.auth.metadata = {name: url}
                    self.failed_to_connect(gateway, "endpoint")
        self.auth.metadata = {"padding": "x" * (2 << 20)}
        self.failed_to_connect(gateway, "bytes")
        self.assertEqual(other.bytes_since(), b"")
        self.assertEqual(self.auth.count("/register") + self.auth.count("/token") + self.auth.count("/authorize"), 0)

    def test_T236_a_redirect_of_metadata_is_not_followed(self):
        gateway = self.start()
        other = self.upstream()

        def redirecting(exchange):
            if exchange.seen.target.startswith("/.well-known/"):
                exchange.http(302, headers=[("Location", other.url)])
                return True
            return self.protect(exchange)
        self.up.hook = redirecting
        self.failed_to_connect(gateway, "resource metadata cannot be fetched")
        self.assertEqual(other.bytes_since(), b"")

    def test_T237_another_issuer_or_no_proof_key(self):
        gateway = self.start()
        for metadata, words in (({"issuer": "https://evil.example"}, "another issuer"),
                                ({"issuer": self.auth.url + "/"}, "another issuer"),
                                ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
                                ({"code_challenge_methods_supported": None}, "PKCE")):
            with self.subTest(metadata):
                self.auth.metadata = metadata
                self.failed_to_connect(gateway, words)
        self.assertEqual(self.auth.count("/register"), 0)
        self.prm = {"resource": "https://evil.example/mcp"}
        self.failed_to_connect(gateway, "another resource")

    def test_T247_the_address_to_open_is_text(self):
        gateway = self.start()
        for url in ("javascript:alert(1)", "file:///etc/passwd", "http://example.com/authorize", "https://h/$(id)`id`",
                    "https://h/a b", "https://h/\u001b[31m", "-oProxyCommand=x"):
            with self.subTest(url):
                self.auth.metadata = {"authorization_endpoint": url}
                done = gateway.run("connect-account", "up", "--json")
                if done.returncode == 0:  # it is https, and nothing of it was run
                    self.assertTrue(json.loads(done.stdout)["url"].startswith("https://h/"))
                    self.assertNotIn("`", url)
                self.assertNotIn("uid=", done.stdout + done.stderr)
        self.auth.metadata = {}
        text = gateway.run("connect-account", "up", "--no-wait", check=True).stdout
        self.assertIn(f"\n{self.auth.url}/authorize?response_type=code", text)

    def test_the_browser_comes_back_with_what_is_not_ours(self):
        gateway = self.start()
        redirect = self.begin(gateway)["redirect"]
        for query in ("", "?code=x", "?code=x&state=wrong", "?error=access_denied&state=wrong"):
            self.assertEqual(get(redirect + query)[0], 400, query)
        self.assertEqual(get(redirect + "/other?code=x")[0], 404)
        self.assertEqual(self.auth.count("/token"), 0)
        self.connect(gateway)

    def test_an_answer_serves_once(self):
        gateway = self.start()
        url = self.begin(gateway)["url"]
        back = get(url)[1]["Location"]
        self.assertEqual(get(back)[0], 200)
        gateway.wait_account("up")
        try:
            self.assertNotEqual(get(back)[0], 200)
        except (ConnectionError, OSError):
            pass  # nobody listens any more
        self.assertEqual(self.auth.count("/token"), 1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    unittest.main()
