"""People log in by a real issuer: authorization code with PKCE, groups to roles, and what a forger tries (T228)."""
import http.client
import json
import unittest
import urllib.parse

from admin.person import COOKIE, Person, admin_port, make_gateway
from peers.peer import CACHE, HERE, NODE, HttpServer, free_port

ACCOUNTS = {"ada": {"email": "ada@example.org", "email_verified": True, "groups": ["gw-admins", "cfo"]},
            "vic": {"email": "vic@example.org", "email_verified": True, "groups": ["staff"]},
            "out": {"email": "out@example.org", "email_verified": True, "groups": ["GW-ADMINS", "gw-admins "]}}
CALLBACK = "/api/v1/login/oidc/callback"


class Browser:
    """Cookies by origin, and one hop at a time."""

    def __init__(self):
        self.cookies = {}

    def get(self, url, **headers):
        parts = urllib.parse.urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()), **headers}
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=sent)
            response = connection.getresponse()
            response.text = response.read().decode()
        finally:
            connection.close()
        for value in response.headers.get_all("Set-Cookie") or []:
            name, _, content = value.split(";")[0].partition("=")
            jar[name] = content
        location = response.headers["Location"]
        response.next = urllib.parse.urljoin(url, location) if location else None
        return response


class OidcLogin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port, issuer_port = free_port(), free_port()
        cls.base, cls.issuer = f"http://127.0.0.1:{cls.port}", f"http://127.0.0.1:{issuer_port}"
        cls.provider = HttpServer([NODE, str(HERE / "oidc_people.mjs"), str(issuer_port), cls.base + CALLBACK, json.dumps(ACCOUNTS)],
                                  issuer_port, {"DOORWARD_PEERS": str(CACHE)}).wait()
        oidc = {"issuer": cls.issuer, "client_id": "doorward", "client_secret": {"env": "OIDC_SECRET"},
                "redirect_url": cls.base + CALLBACK, "scopes": ["openid", "email", "groups"],
                "roles": {"admin": ["gw-admins"], "viewer": ["staff"]}, "approver_groups": {"finance": ["cfo"]}}
        cls.oidc = oidc
        cls.gateway = make_gateway(env={"OIDC_SECRET": "a secret of the client"}, people={"oidc": oidc},
                                   admin={"listen": f"127.0.0.1:{cls.port}"})

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()
        cls.provider.stop()

    def as_account(self, name):
        Browser().get(f"{self.issuer}/as/{name}")

    def to_callback(self, browser):
        """Walks through the issuer; the URL by which it sends the browser back."""
        response = browser.get(self.base + "/api/v1/login/oidc")
        self.assertEqual(response.status, 303, response.text)
        for _ in range(10):
            if response.next.startswith(self.base):
                return response.next
            response = browser.get(response.next)
            self.assertIsNotNone(response.next, response.text)
        raise AssertionError("the issuer never sends the browser back")

    def person(self, browser):
        person = Person(self.port)
        person.cookie = browser.cookies[f"127.0.0.1:{self.port}"][COOKIE]
        person.csrf = person.ask("GET", "/api/v1/session").json["csrf"]
        return person

    def refused(self, response, why):
        self.assertIn(response.status, (400, 403, 503), response.text)
        self.assertIn(why, response.text)
        self.assertNotIn(COOKIE + "=", str(response.headers))

    def test_groups_give_roles_and_the_session_is_like_any_other(self):
        self.as_account("ada")
        browser = Browser()
        done = browser.get(self.to_callback(browser), **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
        self.assertEqual((done.status, done.headers["Location"]), (303, "/"), done.text)
        person = self.person(browser)
        account = person.ask("GET", "/api/v1/account").json
        self.assertEqual((account["name"], account["roles"], account["groups"], account["also"]),
                         (f"oidc:{self.issuer}#ada", ["admin"], ["finance"], ["ada@example.org"]))
        self.assertEqual(person.ask("POST", "/api/v1/reload").status, 200)
        records = [one for one in self.gateway.log() if one["event"] == "login" and one["method"] == "oidc"]
        self.assertTrue(records)

    def test_only_exact_groups_let_anybody_in(self):
        self.as_account("out")
        browser = Browser()
        response = browser.get(self.to_callback(browser))
        self.assertEqual(response.status, 403, response.text)
        self.assertIn("none of your groups", response.text)

    def test_what_the_groups_mean_is_looked_up_on_every_request(self):
        self.as_account("vic")
        browser = Browser()
        browser.get(self.to_callback(browser))
        person = self.person(browser)
        self.assertEqual(person.ask("GET", "/api/v1/account").json["roles"], ["viewer"])
        self.addCleanup(self.configure, self.oidc)
        self.configure({**self.oidc, "roles": {"auditor": ["staff"]}})
        self.assertEqual(person.ask("GET", "/api/v1/account").json["roles"], ["auditor"])
        self.configure({**self.oidc, "roles": {"admin": ["gw-admins"]}})
        self.assertEqual(person.ask("GET", "/api/v1/account").status, 401)

    def configure(self, oidc):
        self.gateway.config["people"] = {"oidc": oidc}
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")

    def test_T228_the_request_has_state_nonce_and_a_challenge_and_the_exact_redirect(self):
        first, second = (Browser().get(self.base + "/api/v1/login/oidc") for _ in range(2))
        asked, other = (dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(one.next).query)) for one in (first, second))
        self.assertEqual((asked["response_type"], asked["redirect_uri"], asked["code_challenge_method"]),
                         ("code", self.base + CALLBACK, "S256"))
        for name in ("state", "nonce", "code_challenge"):
            self.assertRegex(asked[name], "^[A-Za-z0-9_-]{43}$")
            self.assertNotEqual(asked[name], other[name])
        self.assertRegex(first.headers["Set-Cookie"],
                         "^__Host-doorward-login=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$")

    def test_T228_state_is_good_once_and_in_its_own_browser(self):
        self.as_account("ada")
        browser = Browser()
        url = self.to_callback(browser)
        self.refused(Browser().get(url), "another browser")
        self.refused(browser.get(url), "used already")
        url = self.to_callback(browser)
        self.assertEqual(browser.get(url).status, 303)
        self.refused(browser.get(url), "used already")

    def test_T228_what_does_not_belong_together_is_refused(self):
        self.as_account("ada")
        changes = {"no state": ({"state": None}, "state is unknown"), "a guessed state": ({"state": "A" * 43}, "state is unknown"),
                   "two states": ({"state": ["A", "B"]}, "state is unknown"), "mix-up": ({"iss": "https://evil.example"}, "another issuer"),
                   "a near issuer": ({"iss": self.issuer + "/"}, "another issuer"), "no issuer": ({"iss": None}, "names no issuer"),
                   "no code": ({"code": None}, "no code"), "a guessed code": ({"code": "guess"}, "did not take the code"),
                   "a refusal": ({"error": "access_denied"}, "access_denied")}
        for name, (change, why) in changes.items():
            with self.subTest(name):
                browser = Browser()
                parts = urllib.parse.urlsplit(self.to_callback(browser))
                query = {**dict(urllib.parse.parse_qsl(parts.query)), **change}
                query = {key: value for key, value in query.items() if value is not None}
                self.refused(browser.get(f"{self.base}{CALLBACK}?{urllib.parse.urlencode(query, doseq=True)}"), why)

    def test_T228_a_code_of_another_login_is_refused(self):
        self.as_account("ada")
        one, two = Browser(), Browser()
        stolen = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.to_callback(one)).query))
        mine = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.to_callback(two)).query))
        query = urllib.parse.urlencode({**mine, "code": stolen["code"]})
        self.refused(two.get(f"{self.base}{CALLBACK}?{query}"), "did not take the code")

    def test_a_foreign_page_cannot_begin_or_script_a_login(self):
        self.assertEqual(Browser().get(self.base + "/api/v1/login/oidc", **{"Sec-Fetch-Site": "cross-site"}).status, 403)
        self.assertEqual(Browser().get(self.base + CALLBACK, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status, 403)


if __name__ == "__main__":
    unittest.main()
