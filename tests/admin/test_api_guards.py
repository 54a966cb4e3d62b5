"""What the admin API refuses: attack cases of section M."""
import gzip
import hashlib
import http.client
import json
import os
import re
import socket
import stat
import sys
import tempfile
import time

from admin.api_case import OPEN, ApiCase
from harness.api import Api, document_of, operations_of
from harness.certificates import Authority
from harness.gateway import ROOT, Gateway

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                               "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
                               "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guards(ApiCase):
    def every_route(self):
        """(verb, a path that fits, operation)."""
        for verb, template, operation in operations_of(document_of(self.api)):
            yield verb, re.sub(r"\{[^}]+\}", "some", template), operation

    def test_T272_a_fresh_install_has_no_password_and_one_token(self):
        with Gateway({}) as fresh:
            file = fresh.state / "admin.token"
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            token = file.read_text().strip()
            self.assertTrue(token.startswith("dwt_"))
            api = Api(fresh, token)
            self.assertEqual(api.get("/api/v1/grants").status, 200)
            status = json.loads(fresh.run("status", "--json", check=True).stdout)
            self.assertTrue(status["admin"].startswith("http://127.0.0.1:"))
            # Not made again, and worth nothing once it is removed.
            file.unlink()
            self.assertEqual(api.get("/api/v1/grants").status, 401)
            fresh.stop()
            fresh.start()
            self.assertFalse(file.exists())
            self.assertEqual(Api(fresh, token).get("/api/v1/grants").status, 401)
            for path in ("/debug", "/debug/pprof/", "/api/v1/debug", "/admin", "/login", "/.env"):
                self.assertIn(Api(fresh).get(path).status, (401, 404))

    def test_T274_no_route_answers_without_a_credential(self):
        agent = self.gateway.tokens["agent"]
        credentials = [None, "", "dwt_wrong", agent, self.api.token[:-1], self.api.token + "x", self.api.token.upper()]
        for verb, path, operation in self.every_route():
            for token in credentials:
                with self.subTest(f"{verb} {path} {token and token[:6]}"):
                    if operation.get("security") == []:
                        continue
                    answer = self.other(token).call(verb, path)
                    self.assert_refused(answer, 401, "denied")
        for verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            for path in ("/api/v1/grants", "/api/v1/nothing", "/nothing", "/metrics"):
                with self.subTest(f"{verb} {path}"):
                    self.assertEqual(self.other().call(verb, path).status, 401)

    def test_the_console_is_served_to_browsers_and_holds_no_data(self):
        stranger = Api(self.gateway, port=self.api.port)  # pages are no part of the document
        page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        first = stranger.get("/")
        self.assertEqual((first.status, first.headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual(first.headers["cache-control"], "no-cache")
        for path in ("/log?agent=x", "/servers/up", "/approvals/apr_1"):
            self.assertEqual(stranger.get(path, headers=page).body, first.body)
            self.assertEqual(stranger.get(path).status, 401)
        self.assertEqual(stranger.get("/", headers={"If-None-Match": first.headers["etag"]}).status, 304)
        self.assertEqual(stranger.get("/api/v1/nothing", headers=page).status, 401)
        self.assertEqual(stranger.get("/v0/nothing", headers=page).status, 401)
        self.assertEqual(stranger.get("/assets/nothing.js", headers=page).status, 404)
        self.assertEqual(stranger.get("/", headers={"Host": "evil.example"}).status, 421)
        linked = {**page, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        self.assertEqual(stranger.get("/approvals/apr_1", headers=linked).status, 200)
        self.assertEqual(stranger.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status, 403)
        script = re.search(r'src="(/assets/[^"]+\.js)"', first.body.decode()).group(1)
        plain, packed = stranger.get(script), stranger.get(script, headers={"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        for header in HEADERS.items():
            if header[0] != "cache-control":
                self.assertIn(header, plain.headers.items())

    def test_T278_only_names_of_ours_reach_the_port(self):
        for host in ("evil.example", f"evil.example:{self.api.port}", "127.0.0.1", "localhost:1", f"127.0.0.1.:{self.api.port}"):
            with self.subTest(host):
                self.assert_refused(self.api.get("/api/v1/grants", headers={"Host": host}), 421, "denied")
        for host in (f"localhost:{self.api.port}", f"127.0.0.1:{self.api.port}", f"[::1]:{self.api.port}"):
            with self.subTest(host):
                self.ok(self.api.get("/api/v1/grants", headers={"Host": host}))

    def test_pages_of_other_sites_are_refused(self):
        own = f"http://127.0.0.1:{self.api.port}"
        for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": own}, 200),
                                ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
                                ({"Sec-Fetch-Site": "same-origin"}, 200), ({"Sec-Fetch-Site": "none"}, 200)):
            with self.subTest(headers):
                self.assertEqual(self.api.post("/api/v1/reload", headers=headers).status, status)
        for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"):
            with self.subTest(kind):
                self.assert_refused(self.api.post("/api/v1/reload", headers={"Content-Type": kind}), 415, "invalid")

    def test_T280_every_answer_has_the_headers(self):
        answers = [self.api.get("/api/v1/grants"), self.api.get("/nowhere"), self.other().get("/api/v1/grants"),
                   self.api.get("/healthz"), self.api.get("/metrics"), self.api.call("PATCH", "/api/v1/grants"),
                   self.api.get("/api/v1/grants", headers={"Host": "evil.example"}),
                   self.api.post("/api/v1/grants", raw=b"{"), self.api.put("/api/v1/policies/x", raw=b"x", headers={"Content-Length": "30000000"})]
        self.assertEqual([answer.status for answer in answers], [200, 404, 401, 200, 200, 405, 421, 400, 413])
        for answer in answers:
            self.assertEqual({name: answer.headers.get(name) for name in HEADERS}, HEADERS)
            self.assertNotIn("access-control-allow-origin", answer.headers)
            self.assertNotIn("server", answer.headers)

    def test_T285_members_that_nobody_asked_for_are_refused(self):
        for verb, path, body in (
                ("POST", "/api/v1/grants", {"label": "m", "server": "up", "id": "7", "created": "2020-01-01T00:00:00Z"}),
                ("POST", "/api/v1/grants", {"label": "m", "server": "up", "role": "admin"}),
                ("POST", "/api/v1/grants", {"label": "m", "server": "up", "op": "grant.revoke"}),
                ("PUT", "/api/v1/policies/m", {"server": "up", "text": "{}", "author": "somebody"}),
                ("PUT", "/api/v1/policies/m", {"name": "other", "server": "up", "text": "{}"}),
                ("POST", "/api/v1/servers", {"name": "m", "settings": {"url": "http://127.0.0.1:1/"}, "owner": "x"}),
                ("POST", "/api/v1/reload", {"force": True})):
            with self.subTest(f"{path} {body}"):
                self.assert_refused(self.api.call(verb, path, body), 400, "invalid")
        for raw in (b'{"label":"m","label":"n","server":"up"}', b'{"label":"m","la\\u0062el":"n","server":"up"}', b"[]", b"null",
                    b"{}{}", b'{"label":"m","server":"up"', b"\xef\xbb\xbf{}", b'{"label":"\xff","server":"up"}', b"{" * 5000):
            with self.subTest(raw[:40]):
                self.assert_refused(self.api.post("/api/v1/grants", raw=raw), 400, "invalid")
        self.assertEqual(self.api.get("/api/v1/grants/m").status, 404)

    def test_T287_imports_that_would_reach_elsewhere(self):
        outside = self.gateway.folder / "secret"
        outside.write_text("hidden")
        os.chmod(outside, 0o600)
        link = self.gateway.folder / "link"
        link.symlink_to(outside)
        for settings in ({"url": self.upstream.url, "headers": {"authorization": {"file": "../secret"}}},
                         {"url": self.upstream.url, "headers": {"authorization": {"file": str(link)}}},
                         {"command": ["./x"], "cwd": "../../"}, {"url": "file:///etc/passwd"}):
            with self.subTest(settings):
                answer = self.api.post("/api/v1/servers", {"name": "import", "settings": settings})
                self.assertEqual(answer.status // 100, 4, answer.body)
                self.assertNotIn(b"hidden", answer.body)
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n"
                                                      for i in range(8))
        for text in (bomb, '{"version": "1", "version": "1"}', "[" * 100_000):
            with self.subTest(text[:20]):
                begun = time.monotonic()
                self.assert_refused(self.api.put("/api/v1/policies/import", {"server": "up", "text": text}), 400, "invalid")
                self.assertLess(time.monotonic() - begun, 20)
        # 100 MB: refused by its length, before it is read.
        with socket.create_connection(("127.0.0.1", self.api.port), 10) as wire:
            wire.sendall((f"PUT /api/v1/policies/import HTTP/1.1\r\nHost: 127.0.0.1:{self.api.port}\r\n"
                          f"Authorization: Bearer {self.api.token}\r\nContent-Type: application/json\r\n"
                          "Content-Length: 104857600\r\nExpect: 100-continue\r\n\r\n").encode())
            self.assertTrue(wire.recv(4096).startswith(b"HTTP/1.1 413 "))
        self.assertEqual(self.api.get("/api/v1/policies/import").status, 404)

    def test_T263_a_connection_is_tested_as_it_is_saved(self):
        def steps(body):
            told = self.ok(self.api.post("/api/v1/servers/test", body))
            return told["ok"], told["steps"][-1]["step"], told
        ok, last, told = steps({"name": "up"})
        self.assertEqual((ok, last), (True, "list_tools"), told)
        ok, last, told = steps({"name": "trial", "settings": {"url": self.upstream.url}})
        self.assertEqual((ok, last), (True, "list_tools"), told)
        command = [sys.executable, str(ROOT / "tests/harness/stdio_upstream.py"), str(self.gateway.folder / "lines")]
        ok, last, told = steps({"name": "trial", "settings": {"command": command}})
        self.assertEqual((ok, last), (True, "list_tools"), told)
        self.assertEqual([step["step"] for step in told["steps"]], ["start", "handshake", "list_tools"])
        ok, last, told = steps({"name": "trial", "settings": {"url": "http://127.0.0.1:1/mcp"}})
        self.assertEqual((ok, last), (False, "connect"), told)
        ok, last, told = steps({"name": "trial", "settings": {"command": ["/nonexistent/program"]}})
        self.assertEqual((ok, last), (False, "start"), told)
        self.assert_refused(self.api.post("/api/v1/servers/test", {"name": "nobody"}), 404, "not_found")
        # The same role as saving, nothing kept, and the log says who tried what.
        roles = {operation["operationId"]: operation["x-roles"] for _, _, operation in operations_of(document_of(self.api))}
        self.assertEqual(roles["server.test"], roles["server.add"])
        self.assertEqual(self.api.get("/api/v1/servers/trial").status, 404)
        tried = self.gateway.log("--event", "server.tested")
        self.assertEqual({(record["actor"], record["server"]) for record in tried},
                         {("token:bootstrap", "up"), ("token:bootstrap", "trial")})
        self.assertEqual([record["ok"] for record in tried], [True] * 3 + [False] * 2)

    def test_T289_hostile_pages_of_lists(self):
        for query in ({"limit": 10**9}, {"limit": 0}, {"limit": "ten"}, {"cursor": "'; DROP TABLE grants"}, {"sort": "label"},
                      {"cursor": ""}, {"cursor": "A" * 2000}):
            with self.subTest(query):
                self.assert_refused(self.api.get("/api/v1/grants", query=query), 400, "invalid")
        # A cursor that is none of ours names a place all the same: behind everything, or before it.
        self.assertEqual(self.ok(self.api.get("/api/v1/grants", query={"cursor": "_____w"}))["grants"], [])
        self.assertEqual(self.ok(self.outlaw().get("/api/v1/policies", query={"server": "%"}))["policies"], [])

    def test_T291_strangers_learn_nothing_but_health(self):
        stranger = self.other()
        health = stranger.get("/healthz")
        self.assertEqual((health.status, health.json), (200, {"status": "ok"}))
        for path in ("/metrics", "/api/v1/status", "/api/v1/openapi.json", "/version"):
            self.assertEqual(stranger.get(path).status, 401)
        metrics = self.api.get("/metrics").body.decode()
        for name in ("agent", "open", "up", self.gateway.tokens["agent"], str(self.gateway.state)):
            self.assertNotRegex(metrics, rf'="{re.escape(name)}"')

    def test_metrics_count_what_was_decided(self):
        def read():
            return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                    for line in self.api.get("/metrics").body.decode().splitlines() if not line.startswith("#")}
        before = read()
        client = self.gateway.client("agent")
        self.addCleanup(client.close)
        client.initialize()
        for _ in range(3):
            client.request("tools/list")
        after = read()
        grown = {name: after[name] - before[name] for name in after}
        self.assertGreaterEqual(grown['doorward_decisions_total{decision="allow"}'], 4)
        self.assertGreaterEqual(grown['doorward_outcomes_total{result="ok"}'], 4)
        self.assertEqual(after['doorward_request_duration_seconds_bucket{le="+Inf"}'],
                         after["doorward_request_duration_seconds_count"])
        self.assertEqual(after["doorward_log_accepting"], 1)

    def test_requests_that_are_none(self):
        for raw, status in ((b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
                            (b"GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n", 404), (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501)):
            with self.subTest(raw):
                with socket.create_connection(("127.0.0.1", self.api.port), 10) as wire:
                    wire.sendall(raw)
                    self.assertIn(int(wire.recv(4096).split(b" ")[1]), (status, 404, 405, 421, 501))

    def test_a_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.api.port, timeout=10)
        self.addCleanup(connection.close)
        for _ in range(20):
            connection.request("GET", "/api/v1/grants", headers={"Authorization": f"Bearer {self.api.token}"})
            response = connection.getresponse()
            self.assertEqual((response.status, json.loads(response.read())["schema"]), (200, "doorward.grant.list/1"))
        with socket.create_connection(("127.0.0.1", self.api.port), 10) as wire:  # two at once
            one = (f"GET /healthz HTTP/1.1\r\nHost: localhost:{self.api.port}\r\n\r\n").encode()
            wire.sendall(one + one)
            data = b""
            while data.count(b'{"status":"ok"}') < 2:
                piece = wire.recv(4096)
                self.assertTrue(piece)
                data += piece

    def test_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder)
            certificate, key = authority.issue("admin")
            with Gateway({}, admin={"listen": "127.0.0.1:0", "tls": {"certificate": certificate, "key": key}}) as gateway:
                url = json.loads(gateway.run("status", "--json", check=True).stdout)["admin"]
                self.assertTrue(url.startswith("https://127.0.0.1:"))
                token = (gateway.state / "admin.token").read_text().strip()

                def ask(**headers):
                    connection = http.client.HTTPSConnection(url.removeprefix("https://"), context=authority.context(), timeout=10)
                    connection.request("GET", "/api/v1/grants", headers={"Authorization": f"Bearer {token}", **headers})
                    response = connection.getresponse()
                    response.read()
                    self.addCleanup(connection.close)
                    return response, hashlib.sha256(connection.sock.getpeercert(True)).hexdigest() if connection.sock else None
                answer, shown = ask(Origin=url)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.getheader("strict-transport-security"), "max-age=31536000")
                # Other certificates are shown after a reload.
                authority.issue("admin", certificate=certificate, key=key)
                self.assertEqual(gateway.reload()["event"], "config.reloaded")
                self.assertNotEqual(ask()[1], shown)

    def test_a_chosen_address_that_is_taken_ends_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            gateway = Gateway({}, admin={"listen": "127.0.0.1:%d" % taken.getsockname()[1]})
            try:
                with self.assertRaises(RuntimeError):
                    gateway.start()
            finally:
                gateway.close()
        with Gateway({}, admin={"listen": "none"}) as quiet:
            self.assertEqual(json.loads(quiet.run("status", "--json", check=True).stdout)["admin"], "")
            self.assertFalse((quiet.state / "admin.token").exists())
