"""Section J: identities, tokens, sessions. Grants by token have their cases in protocol.test_grants; here the agents come
with tokens of an authorization server."""
import hashlib
import hmac
import json
import pathlib
import resource
import shutil
import ssl
import tempfile
import threading
import time

from harness.case import ALLOWED, NOTHING, REJECTED, GatewayCase, log_denial
from harness.certificates import Authority
from harness.client import MODERN, Client
from harness.gateway import Gateway
from harness.issuer import Issuer, Key, b64
from harness.wire import request_bytes

OPEN = {"version": "1", "default": "allow"}
GROUPS = {"version": "1", "default": "allow", "tools": {
    "echo": {"require": [{"conditions": [{"path": "identity.groups[*]", "op": "in", "value": ["payments", "pair", "audit"]}],
                          "on_deny": "Only people of known groups."}],
             "deny_if": [{"conditions": [{"path": "identity.level", "op": "gt", "value": 3}], "on_deny": "Too high."}]},
    "create_charge": {"limits": [{"counter": "charges", "window": "hour", "max": 2, "scope": "identity"}]}}}


def identity_of(issuer, **claims):
    return {"issuer": issuer.url, "claims": claims}


class IdentityCase(GatewayCase):
    version = MODERN
    grants = {"keyed": ("up", "open")}
    policies = {"open": ("up", OPEN), "groups": ("up", GROUPS), "there": ("other", OPEN)}

    @classmethod
    def make_gateway(cls):
        cls.issuer, cls.second = Issuer("k1"), Issuer("k1")
        cls.addClassCleanup(cls.issuer.stop)
        cls.addClassCleanup(cls.second.stop)
        gateway = Gateway({"up": cls.upstream.url, "other": cls.upstream.url}, cls.policies, cls.grants,
                          identity={"issuers": cls.issuers()}, **cls.config)
        gateway.config["grants"] = cls.ruled()
        return gateway

    @classmethod
    def issuers(cls):
        return [{"issuer": cls.issuer.url}, {"issuer": cls.second.url, "jwks": {"url": cls.second.url + "/keys"}}]

    @classmethod
    def ruled(cls):
        grants = [{"label": "payments", "server": "up", "policy": "groups",
                   "identity": identity_of(cls.issuer, groups="payments")},
                  {"label": "auditors", "server": "up", "identity": identity_of(cls.issuer, groups="audit")},
                  {"label": "second", "server": "up", "policy": "groups", "identity": identity_of(cls.second, groups="payments")},
                  {"label": "there", "server": "other", "policy": "there", "identity": identity_of(cls.issuer, groups="payments")}]
        return grants

    def resource(self, server="up"):
        return f"http://127.0.0.1:{self.gateway.port}/mcp/{server}"

    def token(self, issuer=None, **claims):
        claims.setdefault("groups", ["payments"])
        return (issuer or self.issuer).token(claims.pop("audience", self.resource()), **claims)

    def agent(self, token, server="up", version=MODERN, ready=True):
        client = Client(self.gateway.port, f"/mcp/{server}/", token, version=version)
        self.addCleanup(client.close)
        if ready:
            client.initialize()
        return client

    def ask(self, token, path="/mcp/up/", method="POST", tool="echo"):
        """One request with a token, or another value of the whole header in a tuple, or nothing."""
        client = self.agent(None, ready=False)
        client.path = path
        message = client.build("tools/call", {"name": tool, "arguments": {}})
        headers = client.headers(message)
        if token is not None:
            headers.append(("Authorization", token[0] if isinstance(token, tuple) else f"Bearer {token}"))
        if method == "POST":
            return client.post(message, headers)
        with client.open() as wire:
            wire.send(request_bytes(path, headers=headers, method=method, host=f"127.0.0.1:{self.gateway.port}"))
            return wire.answer()

    def assert_refused(self, label, token, code=None, **where):
        def check(answer):
            self.assertEqual(answer.status, 401, label)
            self.assertIn('error="invalid_token"', answer.header("www-authenticate"))
        self.assert_case(label, lambda: self.ask(token, **where), client=check, upstream=NOTHING,
                         log={**REJECTED, **({"code": code} if code else {})})


class Tokens(IdentityCase):
    config = {"workers": 4}  # each counts bad tokens for itself

    def test_a_good_token_is_an_agent_with_claims_and_a_record(self):
        token = self.token()
        self.assert_case("good", lambda: self.ask(token), client={"status": 200, "ok": True}, upstream=["tools/call"], log=[
            {**ALLOWED[0], "grant.label": "payments", "grant.owner": f"oidc:{self.issuer.url}#alice",
             "identity.issuer": self.issuer.url, "identity.subject": "alice", "identity.credential": "jwt",
             "identity.digest": lambda digest: len(digest) == 64}, ALLOWED[1]])
        self.assert_case("a claim denies", lambda: self.ask(self.token(level=4)),
                         client={"status": 200, "denied": "Too high."}, upstream=NOTHING,
                         log=log_denial("/tools/echo/deny_if/identity.level-gt", **{"identity.subject": "alice"}))
        self.assert_case("no policy", lambda: self.ask(self.token(groups=["audit"])),
                         client={"status": 200, "denied": ""}, upstream=NOTHING,
                         log=log_denial("(no policy)", **{"grant.label": "auditors"}))

    def test_T201_every_bad_token_on_every_route(self):
        stranger = Key("k1")
        cases = {"garbage": "x.y.z", "expired": self.token(lifetime=-120), "not yet": self.token(nbf=int(time.time()) + 120),
                 "wrong key": self.token(key=stranger), "cut": self.token()[:-4], "three dots": self.token() + ".x",
                 "no signature": self.token().rsplit(".", 1)[0] + ".", "another audience": self.token(audience="https://x")}
        for method, path in [("POST", "/mcp/up/"), ("POST", "/mcp/up"), ("GET", "/mcp/up/"), ("DELETE", "/mcp/up/"),
                             ("GET", "/mcp/up/sse"), ("POST", "/mcp/up/messages/x"), ("POST", "/mcp/none/"), ("GET", "/"),
                             ("PUT", "/mcp/up/")]:
            for label, token in cases.items():
                self.assert_refused(f"T201 {label} {method} {path}", token, method=method, path=path)

    def test_T203_the_issuer_is_exact(self):
        for wrong in (self.issuer.url + "/", self.issuer.url.upper(), self.issuer.url.replace("http", "https"), ""):
            self.assert_refused(f"iss {wrong!r}", self.issuer.sign({**self.issuer.claims(self.resource()), "iss": wrong,
                                                                    "groups": ["payments"]}), "unknown_issuer")
        self.assert_refused("iss of another's key", self.issuer.sign({**self.second.claims(self.resource()),
                                                                      "groups": ["payments"]}), "bad_signature")

    def test_T203_T231_two_issuers_two_spellings_are_different_agents(self):
        agents = [self.token(), self.token(self.second), self.token(subject="Alice"), self.token(subject="alice "),
                  self.token(subject="al\u0131ce"), self.token(subject="1:alice")]
        for token in agents:  # each has a count of its own
            client = self.agent(token)
            for _ in range(2):
                self.assertFalse(client.call("create_charge", {"amount": 1}).is_denied)
            self.assertTrue(client.call("create_charge", {"amount": 1}).is_denied)
        again = self.agent(self.token(extra="another token of the same agent"))
        self.assertTrue(again.call("create_charge", {"amount": 1}).is_denied)

    def test_T204_the_algorithm_is_the_keys(self):
        claims = {**self.issuer.claims(self.resource()), "groups": ["payments"]}
        for header in ({"alg": "none"}, {"alg": "None"}, {"alg": "rs256"}, {"alg": "HS256"}, {"alg": "RS384"}, {"alg": "PS256"},
                       {"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"alg": None}, {"alg": ["RS256"]}):
            self.assert_refused(f"header {header}", self.issuer.sign(claims, header=header))
        unsigned = b64({"alg": "none", "kid": "k1"}) + "." + b64(claims)
        for tail in (".", ".AA", ""):
            self.assert_refused(f"unsigned {tail!r}", unsigned + tail)
        public = json.dumps(self.issuer.keys[0].jwk()).encode()
        text = b64({"alg": "HS256", "kid": "k1"}) + "." + b64(claims)
        self.assert_refused("HS256 under the public key", text + "." + b64(hmac.digest(public, text.encode(), hashlib.sha256)))

    def test_T205_keys_that_a_token_brings_or_names(self):
        mallory, evil = Key("k1"), Issuer("k1")
        self.addCleanup(evil.stop)
        claims = {**self.issuer.claims(self.resource()), "groups": ["payments"]}
        for header in ({"jwk": mallory.jwk()}, {"jku": evil.url + "/keys"}, {"x5u": evil.url + "/keys"},
                       {"kid": "../../../etc/passwd"}, {"kid": "k1' OR '1'='1"}, {"kid": evil.url}, {"kid": "k1\0"}, {"kid": 1}):
            self.assert_refused(f"header {header}", self.issuer.sign(claims, key=mallory, header=header))
        self.assertEqual(evil.asked, [], "the gateway fetched what a token named")

    def test_T207_claims_that_readers_take_differently(self):
        good = json.dumps({**self.issuer.claims(self.resource()), "groups": ["payments"]})
        now = int(time.time())
        for label, text in {
            "sub twice": good[:-1] + ', "sub": "root"}', "escaped twin": good[:-1] + ', "s\\u0075b": "root"}',
            "exp a text": good.replace(f'"exp": {now + 600}', f'"exp": "{now + 600}"'),
            "exp 1e400": good.replace(f'"exp": {now + 600}', '"exp": 1e400'),
            "exp 2e9": good.replace(f'"exp": {now + 600}', '"exp": 2e9'),
            "exp negative": good.replace(f'"exp": {now + 600}', '"exp": -1'),
            "no exp": good.replace(f'"exp": {now + 600}', '"x": 1'), "an array": f"[{good}]", "trailing": good + "x",
            "byte-order mark": "\ufeff" + good, "sub null": good.replace('"alice"', "null"), "sub empty": good.replace('"alice"', '""'),
        }.items():
            self.assertNotEqual(text, good, label)
            self.assert_refused(label, self.issuer.sign(text))

        def check(answer):
            self.assertIn(answer.status, (401, 431))
        for size in (14000, 49000):
            self.assert_case(f"{size} bytes of claims", lambda size=size: self.ask(self.token(x="x" * size)), client=check,
                             upstream=NOTHING, log=REJECTED)

    def test_T210_no_token_is_never_better_than_a_bad_one(self):
        for method, path in [("POST", "/mcp/up/"), ("GET", "/mcp/up/"), ("DELETE", "/mcp/up/"), ("GET", "/mcp/up/sse"),
                             ("POST", "/mcp/none/"), ("GET", "/"), ("GET", "/mcp/up/?x=1")]:
            none, bad = self.ask(None, path, method), self.ask("x.y.z", path, method)
            self.assertEqual((none.status, bad.status), (401, 401), path)
            self.assertEqual(none.body, bad.body, path)
            self.assertEqual(bad.header("www-authenticate"),
                             none.header("www-authenticate") + ', error="invalid_token"', path)

    def test_T212_look_alikes_of_a_grants_token(self):
        good = self.gateway.tokens["keyed"]
        for label, token in {"prefix": good[:-1], "suffix": good + "x", "padded": good + "\\0", "dotted": good + "..",
                             "upper": good.upper(), "8 KB": good + "A" * 8000}.items():
            self.assert_refused(label, token)

    def test_T215_no_token_of_a_client_reaches_a_server(self):
        token = self.token()
        mark = self.upstream.mark()
        self.assertEqual(self.ask(token).status, 200)
        legacy = self.agent(token, version="2025-11-25")
        self.assertFalse(legacy.call("echo", {"text": "x"}).is_denied)
        seen = self.upstream.bytes_since(mark)
        self.assertIn(b"tools/call", seen)
        for part in token.split("."):
            self.assertNotIn(part.encode(), seen)
        self.assertNotIn(b"alice", seen)
        text = "".join(path.read_text() for path in self.gateway.state.glob("log/*/*.jsonl"))
        self.assertNotIn(token.rsplit(".", 1)[1], text)

    def test_a_token_for_one_server_does_not_open_another(self):
        token = self.token()
        self.assertEqual(self.ask(token).status, 200)
        self.assert_refused("the other server", token, "wrong_audience", path="/mcp/other/")
        self.assertEqual(self.ask(self.token(audience=self.resource("other")), path="/mcp/other/").status, 200)

    def test_a_good_token_without_a_grant_finds_nothing(self):
        self.assert_case("no grant", lambda: self.ask(self.token(groups=["visitors"])), client={"status": 404},
                         upstream=NOTHING, log={**REJECTED, "code": "not_found"})

    def test_T222_T224_sessions_belong_to_one_agent(self):
        alice, bob = self.agent(self.token(), version="2025-11-25"), self.token(subject="bob")
        for label, token, status in (("B", bob, 404), ("none", None, 401), ("grant", self.gateway.tokens["keyed"], 404),
                                     ("issuer 2", self.token(self.second), 404)):
            other = self.agent(token, version="2025-11-25", ready=False)
            other.session = alice.session
            for method in ("tools/list", "tools/call"):
                answer = other.request(method, {"name": "echo", "arguments": {}} if method == "tools/call" else None)
                self.assertEqual(answer.status, status, label)
        # A fresh token of the same agent goes on in the session.
        alice.token = self.token(extra="1")
        self.assertFalse(alice.call("echo", {"text": "x"}).is_denied)

    def test_T223_a_session_id_of_the_clients_own(self):
        client = self.agent(self.token(), version="2025-11-25", ready=False)
        client.session = "chosen-by-me-0123456789abcdef"
        answer = client.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                               "clientInfo": {"name": "x", "version": "1"}})
        self.assertEqual(answer.status, 400)
        client.session = None
        self.assertNotIn("chosen-by-me", client.initialize().header("mcp-session-id"))

    def test_T230_two_tokens_of_one_identity(self):
        """The claims of each token decide, not those of the identity's first one."""
        low, high = self.token(), self.token(level=9)
        for token, denied in ((low, False), (high, True), (low, False), (high, True)):
            self.assertEqual(self.ask(token).is_denied, denied)

    def test_metadata_names_the_issuers(self):
        base = f"http://127.0.0.1:{self.gateway.port}"
        for path, named in (("", base), ("/mcp/up", base + "/mcp/up"), ("/mcp/up/", base + "/mcp/up"),
                            ("/mcp/unknown", base + "/mcp/unknown")):
            answer = self.ask(None, "/.well-known/oauth-protected-resource" + path, "GET")
            self.assertEqual(answer.status, 200, path)
            document = json.loads(answer.body)
            self.assertEqual(document["resource"], named)
            self.assertEqual(document["authorization_servers"], [self.issuer.url, self.second.url])
        for path in ("x", "/mcp", "/mcp/Up<script>", "/mcp/up/sse", "/mcp/up?x=1"):
            self.assertIn(self.ask(None, "/.well-known/oauth-protected-resource" + path, "GET").status, (400, 401, 404), path)
        challenge = self.ask(None).header("www-authenticate")
        self.assertIn(f'resource_metadata="{base}/.well-known/oauth-protected-resource/mcp/up"', challenge)
        # The connection goes on behind it.
        client = self.agent(self.gateway.tokens["keyed"])
        with client.open() as wire:
            wire.send(request_bytes("/.well-known/oauth-protected-resource/mcp/up", method="GET",
                                    host=f"127.0.0.1:{self.gateway.port}") * 2)
            self.assertEqual([wire.answer().status for _ in range(2)], [200, 200])
            self.assertTrue(client.call("echo", {}, wire=wire).status == 200)


class Scopes(IdentityCase):
    @classmethod
    def issuers(cls):
        return [{"issuer": cls.issuer.url, "scopes": ["mcp:call", "mcp:list"]}, {"issuer": cls.second.url}]

    def test_T216_a_missing_scope_is_asked_for(self):
        for scope in (None, "", "mcp:call", "mcp:list x", "mcp:*", "*", "MCP:CALL MCP:LIST"):
            answer = self.ask(self.token(scope=scope))
            self.assertEqual(answer.status, 403, scope)
            self.assertIn('error="insufficient_scope", scope="mcp:call mcp:list"', answer.header("www-authenticate"))
            self.assertIn("resource_metadata=", answer.header("www-authenticate"))
        self.assertEqual(self.ask(self.token(scope="mcp:list openid mcp:call")).status, 200)


class Throttle(IdentityCase):
    config = {"workers": 1}

    def test_T220_guessing_is_slowed_down_and_a_good_agent_is_not(self):
        good = self.token()
        self.assertEqual(self.ask(good).status, 200)
        statuses = {401: 0, 429: 0}
        for index in range(700):
            statuses[self.ask(f"eyJ.{index}.x").status] += 1
        self.assertGreater(statuses[429], 200)
        self.assertGreater(statuses[401], 50)
        self.assertEqual(self.ask(good).status, 200)
        self.assertEqual(self.ask(self.gateway.tokens["keyed"]).status, 200)


class Keys(IdentityCase):
    def test_T206_a_new_key_is_fetched_once_and_the_old_one_stays(self):
        old = self.token()
        self.assertEqual(self.ask(old).status, 200)
        asked = self.issuer.asked_for_keys()
        first = self.issuer.keys[0]
        self.issuer.keys = [Key("k2")]
        self.addCleanup(setattr, self.issuer, "keys", [first])
        slow = threading.Event()
        def wait(path):
            slow.wait(2)
        self.issuer.answer = wait
        token, statuses = self.token(), []
        threads = [threading.Thread(target=lambda: statuses.append(self.ask(token).status)) for _ in range(30)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        self.assertEqual(self.ask(old).status, 200)  # nobody who is known waits
        slow.set()
        for thread in threads:
            thread.join()
        self.issuer.answer = None
        self.assertEqual(statuses, [200] * 30)
        self.assertEqual(self.issuer.asked_for_keys(), asked + 1)
        # Until the next regular fetch the key that is gone from the set is good.
        self.assertEqual(self.ask(self.token(key=first)).status, 200)
        # A flood of unknown keys fetches nothing more.
        for index in range(50):
            self.assertIn(self.ask(self.token(header={"kid": f"none{index}"})).status, (401, 429))
        self.assertEqual(self.issuer.asked_for_keys(), asked + 1)

    def test_T206_T211_an_issuer_that_is_down_slow_or_huge_admits_nobody(self):
        broken = {"down": lambda path: (500, b""), "garbage": lambda path: (200, b"<html>"), "empty": lambda path: (200, b'{"keys":[]}'),
                  "null": lambda path: (200, b"null"), "huge": lambda path: (200, b'{"keys":["' + b"x" * (50 << 20) + b'"]}'),
                  "another issuer": None, "no jwks_uri": None}
        for label, answer in broken.items():
            with self.subTest(label):
                issuer = Issuer("k1")
                self.addCleanup(issuer.stop)
                if label in ("another issuer", "no jwks_uri"):
                    def answer(path, issuer=issuer, other=self.second.url if label == "another issuer" else None):
                        if "well-known" in path:
                            document = {"issuer": other or issuer.url}
                            return 200, json.dumps({**document, **({"jwks_uri": issuer.url + "/keys"} if other else {})}).encode()
                issuer.answer = answer
                with self.alone(issuer) as gateway:
                    token = issuer.token(f"http://127.0.0.1:{gateway.port}/mcp/up", groups=["payments"])
                    client = Client(gateway.port, "/mcp/up/", token, version=MODERN)
                    self.addCleanup(client.close)
                    self.assertIn(client.call("echo", {}).status, (401, 503))
                    keyed = gateway.client("keyed", version=MODERN)
                    self.addCleanup(keyed.close)
                    self.assertEqual(keyed.call("echo", {}).status, 200)

    def alone(self, issuer, **settings):
        gateway = Gateway({"up": self.upstream.url}, {"open": ("up", OPEN)}, {"keyed": ("up", "open")},
                          identity={"issuers": [{"issuer": issuer.url, **settings}]})
        gateway.config["grants"] = [{"label": "payments", "server": "up", "policy": "open",
                                     "identity": identity_of(issuer, groups="payments")}]
        return gateway


class Ends(IdentityCase):
    config = {"workers": 2}

    @classmethod
    def issuers(cls):
        return [{"issuer": cls.issuer.url, "clock_skew": "0s"}, {"issuer": cls.second.url}]

    def test_T218_a_stream_ends_with_its_token(self):
        client = self.agent(self.token(lifetime=3), version="2025-11-25")
        answer, wire = client.listen()
        self.assertEqual(answer.status, 200)
        began = time.monotonic()
        self.assertTrue(wire.ends(15))
        self.assertGreater(time.monotonic() - began, 1)
        self.assertEqual(client.call("echo", {}).status, 401)

    def test_T217_a_thousand_streams_end_with_their_grant(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        token, other = self.token(), self.agent(self.token(self.second), version="2025-11-25")
        kept = other.listen()[1]
        wires = []
        for index in range(1000):
            client = self.agent(token, version="2025-11-25")
            answer, wire = client.listen()
            self.assertEqual(answer.status, 200)
            client.close()
            wires.append(wire)
            self.addCleanup(wire.close)
        saved = self.gateway.config["grants"]
        self.addCleanup(self.gateway.reload)
        self.addCleanup(self.gateway.config.__setitem__, "grants", saved)
        self.gateway.config["grants"] = [grant for grant in saved if grant["label"] != "payments"]
        self.gateway.reload()
        taken = time.monotonic()
        self.assertEqual(self.ask(token).status, 404)
        late = [wire for wire in wires if not wire.ends(max(0.001, taken + 1 - time.monotonic()))]
        self.assertEqual(late, [])
        self.assertFalse(kept.ends(0.2))

    def test_T217_a_revoked_agent_is_out_whatever_its_token(self):
        first, second = self.token(subject="mallory"), self.token(subject="mallory", extra=1)
        other = self.agent(self.token(self.second, subject="mallory"), version="2025-11-25")
        client = self.agent(first, version="2025-11-25")
        stream, kept = client.listen()[1], other.listen()[1]
        self.gateway.run("agent", "revoke", self.issuer.url, "mallory", check=True)
        self.addCleanup(lambda: self.gateway.run("agent", "restore", self.issuer.url, "mallory"))
        for token in (first, second):
            self.assert_refused("revoked", token, "revoked")
        self.assertEqual(client.call("echo", {}).status, 401)
        self.assertTrue(stream.ends(1))
        self.assertFalse(kept.ends(0.2))
        self.assertEqual(self.ask(self.token(subject="mallor")).status, 200)
        self.assertIn("mallory", self.gateway.run("agent", "list", check=True).stdout)
        self.gateway.stop()
        self.gateway.start()  # it lasts
        self.assert_refused("after a restart", self.token(subject="mallory"), "revoked")
        self.gateway.run("agent", "restore", self.issuer.url, "mallory", check=True)
        self.assertEqual(self.ask(self.token(subject="mallory")).status, 200)

    def test_T217_T224_a_changed_rule_holds_for_the_next_call_of_an_open_session(self):
        client = self.agent(self.token(), version="2025-11-25")
        self.assertEqual(client.call("echo", {}).status, 200)
        saved = self.gateway.config["grants"]
        self.addCleanup(self.gateway.reload)
        self.addCleanup(self.gateway.config.__setitem__, "grants", saved)
        self.gateway.config["grants"] = [{**grant, "identity": identity_of(self.issuer, groups="nobody")}
                                         if grant["label"] == "payments" else grant for grant in saved]
        self.gateway.reload()
        self.assertEqual(client.call("echo", {}).status, 404)


class Certificates(IdentityCase):
    """Mutual TLS: the certificate is the credential, or a token's proof."""
    version = MODERN

    @classmethod
    def make_gateway(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-certificates-"))
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.authority = Authority(folder)
        cls.batch = cls.authority.issue("batch", "URI:spiffe://example/batch,DNS:batch.example")
        cls.again = cls.authority.issue("batch", "URI:spiffe://example/batch,DNS:batch.example")
        cls.pinned = cls.authority.issue("pinned", "URI:spiffe://example/pinned")
        cls.nobody = cls.authority.issue("nobody", "URI:spiffe://example/batch2,DNS:Batch.example")
        server = cls.authority.issue("server")
        cls.config = {"tls": {"certificate": server[0], "key": server[1], "client_ca": str(cls.authority.ca),
                              "client_certificates": "optional"}}
        return super().make_gateway()

    @classmethod
    def ruled(cls):
        return [*super().ruled(), {"label": "batch", "server": "up", "policy": "batches", "certificate": {"san": "URI:spiffe://example/batch"}},
                {"label": "pinned", "server": "up", "policy": "open", "certificate": {"sha256": cls.digest(cls.pinned).hex()}}]

    policies = {**IdentityCase.policies, "batches": ("up", {"version": "1", "default": "allow", "tools": {"echo": {
        "require": [{"conditions": [{"path": "identity.san[*]", "op": "starts_with", "value": ["URI:", "DNS:batch."]}]}]}}})}

    @staticmethod
    def digest(pair):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(open(pair[0]).read())).digest()

    def with_certificate(self, pair, token=None):
        context = self.authority.context(pair)
        client = Client(self.gateway.port, "/mcp/up/", token, version=MODERN, tls=context)
        self.addCleanup(client.close)
        return client

    def test_a_certificate_is_an_agent(self):
        for pair in (self.batch, self.again):
            client = self.with_certificate(pair)
            for _ in range(2):
                answer = client.call("echo", {})
                self.assertEqual(answer.status, 200)
                self.assertFalse(answer.is_denied)
        self.assert_log([{"event": "call.intent", "grant.label": "batch", "identity.credential": "certificate",
                          "identity.subject": "URI:spiffe://example/batch", "identity.digest": self.digest(pair).hex()}
                         for pair in (self.batch, self.again) for _ in range(2)] + [{"event": "call.outcome"}] * 4)
        self.assertEqual(self.with_certificate(self.pinned).call("echo", {}).status, 200)

    def test_other_certificates_and_none_are_nobody(self):
        for pair in (self.nobody, None):
            answer = self.with_certificate(pair).call("echo", {})
            self.assertEqual(answer.status, 401)
            self.assertNotIn("error=", answer.header("www-authenticate"))

    def test_a_bad_token_is_not_made_good_by_a_certificate(self):
        client = self.with_certificate(self.batch, "x.y.z")
        self.assertEqual(client.call("echo", {}).status, 401)

    def test_a_bound_token_needs_its_certificate(self):
        resource = f"https://127.0.0.1:{self.gateway.port}/mcp/up"
        token = self.issuer.token(resource, groups=["payments"], cnf={"x5t#S256": b64(self.digest(self.batch))})
        for pair, status in ((self.batch, 200), (self.again, 401), (None, 401), (self.batch, 200)):
            self.assertEqual(self.with_certificate(pair, token).call("echo", {}).status, status)
        free = self.issuer.token(resource, groups=["payments"])
        self.assertEqual(self.with_certificate(None, free).call("echo", {}).status, 200)

    def test_metadata_says_https(self):
        client = self.with_certificate(None)
        with client.open() as wire:
            wire.send(request_bytes("/.well-known/oauth-protected-resource/mcp/up", method="GET",
                                    host=f"127.0.0.1:{self.gateway.port}"))
            self.assertTrue(json.loads(wire.answer().body)["resource"].startswith("https://"))
