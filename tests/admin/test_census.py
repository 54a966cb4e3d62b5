"""The census of the admin API (T274, T275): every route and verb, without credentials and with each role, compared with
the matrix of docs/roles.md, which is what the gateway itself says."""
import unittest

from admin.person import Person, add_user, admin_port, age_sessions, make_gateway, make_token
from admin.roles import ROLES, matrix, routes_of, written

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]


class Census(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.gateway = make_gateway()
        cls.port = admin_port(cls.gateway)
        add_user(cls.gateway, "keeper", "admin")
        for role in ROLES:
            add_user(cls.gateway, role.replace("_", "-"), role)
        cls.tokens = {role: make_token(cls.gateway, role.replace("_", "-")) for role in ROLES}
        cls.document = Person(cls.port, cls.tokens["admin"]).ask("GET", "/api/v1/openapi.json").json
        cls.routes = list(routes_of(cls.document))

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()

    def paths(self):
        return sorted({path for _, path, _ in self.routes})

    @staticmethod
    def target(path):
        return "/".join("nothing-here" if part.startswith("{") else part for part in path.split("/"))

    def status(self, person, verb, path):
        return person.ask(verb, self.target(path), head_only=True)

    def open_to_all(self):
        return {(verb, path) for verb, path, operation in self.routes if operation.get("security") == []}

    def log_in(self, role):
        person = Person(self.port)
        self.assertEqual(person.log_in(role.replace("_", "-")).status, 200)
        return person

    def refused_everywhere(self, person, statuses=(401,)):
        for path in self.paths():
            for verb in VERBS:
                if (verb, path) in self.open_to_all():
                    continue
                status = self.status(person, verb, path)
                # A verb that HTTP has and this API has not is refused before anything else.
                self.assertIn(status, (*statuses, 405, 501) if verb in ("HEAD", "OPTIONS", "TRACE") else statuses, (verb, path))

    def test_T274_nobody_without_credentials_gets_past_the_door(self):
        self.refused_everywhere(Person(self.port))
        self.refused_everywhere(Person(self.port, "dwp_" + "0" * 49))

    def test_T274_what_is_open_to_all_is_a_short_list(self):
        self.assertEqual(self.open_to_all() - {("GET", "/healthz"), ("POST", "/api/v1/session"), ("GET", "/api/v1/login"),
                                               ("GET", "/api/v1/login/oidc"), ("GET", "/api/v1/login/oidc/callback")}, set())

    def test_T274_an_expired_or_revoked_session_is_none(self):
        for name, end in {"silent": ("seen_us", 31 * 60), "old": ("created_us", 12 * 3600 + 1), "revoked": None}.items():
            with self.subTest(name):
                person = self.log_in("admin")
                session = person.ask("GET", "/api/v1/session").json["session"]
                if end:
                    age_sessions(self.gateway, *end, session)
                else:
                    self.gateway.run("session", "end", session, check=True)
                self.refused_everywhere(person)

    def test_T278_another_host_is_none_of_ours(self):
        person = Person(self.port, self.tokens["admin"])
        for host in ("evil.example", f"evil.example:{self.port}", "127.0.0.1:1", f"127.0.0.1.evil.example:{self.port}",
                     f"[::1]:{self.port}.evil", ""):
            for path in ("/healthz", "/api/v1/servers"):
                self.assertIn(person.ask("GET", path, head_only=True, Host=host), (400, 421), host)

    def test_T280_every_answer_carries_every_protection(self):
        policy = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
                  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
        wanted = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
                  "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
                  "Permissions-Policy": "", "Cache-Control": "no-store"}
        for person in (Person(self.port), Person(self.port, self.tokens["viewer"])):
            for path in ("/healthz", "/api/v1/servers", "/api/v1/openapi.json", "/api/v1/users", "/nothing", "/api/v1/login/code"):
                for verb in ("GET", "POST"):
                    headers = person.ask(verb, path).headers
                    self.assertEqual({name: headers[name] for name in wanted}, wanted, (verb, path))
                    self.assertIsNone(headers["Access-Control-Allow-Origin"])

    def test_T289_queries_are_bound_and_capped(self):
        person = Person(self.port, self.tokens["admin"])
        all_users = person.ask("GET", "/api/v1/users").json["users"]
        for query in ("limit=1000000000", "limit=-1", "limit=1%20OR%201", "cursor=%27%20OR%201=1--", "sort=name%27;DROP%20TABLE%20users--",
                      "person=%25"):
            self.assertEqual(person.ask("GET", f"/api/v1/users?{query}").status, 400, query)
        for name in ("%25", "a%27%20OR%20%271%27=%271", "_dmin"):
            self.assertIn(person.ask("GET", f"/api/v1/users/{name}").status, (400, 404), name)
            self.assertEqual(person.ask("GET", f"/api/v1/sessions?person={name}").json["sessions"], [])
        self.assertEqual(person.ask("GET", "/api/v1/users").json["users"], all_users)

    def test_T275_each_role_may_do_exactly_what_the_matrix_says(self):
        for role in ROLES:
            for person, kind in ((Person(self.port, self.tokens[role]), "token"), (self.log_in(role), "session")):
                for verb, path, operation in self.routes:
                    if (verb, path) in {("DELETE", "/api/v1/session"), ("POST", "/api/v1/session")}:
                        continue  # the test's own session
                    status = self.status(person, verb, path)
                    with self.subTest(role=role, by=kind, verb=verb, path=path):
                        if operation.get("security") == [] or role in operation["x-roles"]:
                            self.assertNotIn(status, (401, 403))
                        else:
                            self.assertEqual(status, 403)

    def test_T275_a_verb_that_a_path_does_not_take_is_no_way_in(self):
        known = {(verb, path) for verb, path, _ in self.routes}
        person = Person(self.port, self.tokens["admin"])
        for path in self.paths():
            for verb in VERBS:
                if (verb, path) not in known and (verb, path.replace("{", "").split("}")[0]) not in known:
                    self.assertIn(self.status(person, verb, path), (400, 404, 405, 501), (verb, path))

    def test_T275_the_documented_matrix_is_the_gateways_own(self):
        self.assertEqual(written(), matrix(self.document), "cd tests && python3 -m admin.roles")


if __name__ == "__main__":
    unittest.main()
