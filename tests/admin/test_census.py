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
        self.assertEqual(self.open_to_all() - {("GET", "/healthz"), ("POST", "/api/v1/session"), ("GET", "/api/v1/login/oidc"),
                                               ("GET", "/api/v1/login/oidc/callback")}, set())

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
