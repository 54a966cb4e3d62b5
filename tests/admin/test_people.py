"""People at the control plane: users, logins, sessions, access tokens, and what stops those who are none."""
import json
import re
import subprocess
import threading
import unittest

from admin.person import COOKIE, PASSWORD, Person, add_user, admin_port, age_sessions, make_gateway, make_token


class PeopleCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.gateway = make_gateway()
        cls.port = admin_port(cls.gateway)
        add_user(cls.gateway, "ruth", "admin", more=["--email", "ruth@example.org"])
        add_user(cls.gateway, "vera", "viewer")

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()

    def person(self, user=None, **options):
        person = Person(self.port, **options)
        if user:
            answer = person.log_in(user)
            self.assertEqual(answer.status, 200, answer)
        return person

    def user(self, name, *roles, **options):
        """A user for this test alone."""
        add_user(self.gateway, name, *roles, **options)
        self.addCleanup(self.gateway.run, "user", "remove", name)
        return name

    def events(self, *names):
        return [record for record in self.gateway.log() if record["event"] in names]


class Sessions(PeopleCase):
    def test_a_login_opens_a_session_and_a_logout_ends_it(self):
        person = self.person()
        answer = person.log_in("vera")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["name"], "user:vera")
        self.assertEqual(answer.json["roles"], ["viewer"])
        cookie = answer.headers["Set-Cookie"]
        self.assertRegex(cookie, rf"^{COOKIE}=[A-Za-z0-9_-]{{43}}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$")
        shown = person.ask("GET", "/api/v1/session")
        self.assertEqual((shown.status, shown.json), (200, answer.json))
        self.assertEqual(person.ask("GET", "/api/v1/servers").status, 200)
        closed = person.ask("DELETE", "/api/v1/session")
        self.assertEqual(closed.status, 200, closed)
        self.assertIn("Max-Age=0", closed.headers["Set-Cookie"])
        self.assertEqual(person.ask("GET", "/api/v1/session").status, 401)

    def test_anybody_learns_how_to_log_in_and_no_more(self):
        nobody = self.person()
        ways = {"schema": "doorward.login.ways/1", "password": True, "oidc": False, "bootstrap": False}
        self.assertEqual(nobody.ask("GET", "/api/v1/login").json, ways)
        nobody.cookie = "A" * 43
        self.assertEqual(nobody.ask("GET", "/api/v1/login").json, ways)
        vera = self.person("vera")
        self.assertEqual(vera.ask("GET", "/api/v1/login").json, {**ways, "session": vera.ask("GET", "/api/v1/session").json})

    def test_a_login_replaces_the_session_before(self):
        person = self.person("vera")
        before = person.cookie
        self.assertEqual(person.log_in("vera").status, 200)
        self.assertNotEqual(person.cookie, before)
        person.cookie = before
        self.assertEqual(person.ask("GET", "/api/v1/session").status, 401)

    def test_sessions_end_after_half_an_hour_of_silence_and_after_twelve_hours(self):
        for column, good, bad in (("seen_us", 29 * 60, 2 * 60), ("created_us", 11 * 3600 + 3500, 200)):
            with self.subTest(column):
                person = self.person("vera")
                session = person.ask("GET", "/api/v1/session").json["session"]
                age_sessions(self.gateway, column, good, session)
                self.assertEqual(person.ask("GET", "/api/v1/session").status, 200)
                age_sessions(self.gateway, column, bad + (good if column == "seen_us" else 0), session)
                self.assertEqual(person.ask("GET", "/api/v1/session").status, 401)

    def test_only_hashes_of_secrets_are_stored(self):
        person = self.person("vera")
        token = make_token(self.gateway, "vera")
        stored = b"".join(path.read_bytes() for path in self.gateway.state.rglob("*") if path.is_file())
        for secret in (person.cookie, person.csrf, token, PASSWORD):
            self.assertNotIn(secret.encode(), stored)

    def test_people_see_and_end_their_own_sessions_and_admins_all(self):
        vera, other, ruth = self.person("vera"), self.person("vera"), self.person("ruth")
        mine = vera.ask("GET", "/api/v1/sessions").json["sessions"]
        self.assertEqual({one["person"] for one in mine}, {"user:vera"})
        self.assertEqual(sum(one["current"] for one in mine), 1)
        self.assertEqual(vera.ask("GET", "/api/v1/sessions?person=user%3Aroot").status, 403)
        ruth_id = ruth.ask("GET", "/api/v1/session").json["session"]
        self.assertEqual(vera.ask("DELETE", f"/api/v1/sessions/{ruth_id}").status, 404)
        other_id = other.ask("GET", "/api/v1/session").json["session"]
        self.assertEqual(vera.ask("DELETE", f"/api/v1/sessions/{other_id}").status, 200)
        self.assertEqual(other.ask("GET", "/api/v1/session").status, 401)
        vera_id = vera.ask("GET", "/api/v1/session").json["session"]
        self.assertEqual(ruth.ask("DELETE", f"/api/v1/sessions/{vera_id}").status, 200)
        self.assertEqual(vera.ask("GET", "/api/v1/session").status, 401)

    def test_T217_sessions_and_tokens_end_with_what_their_user_may_do(self):
        changes = {"roles": ["set-roles", "--role", "auditor"], "disable": ["disable"], "password": ["set-password"],
                   "remove": ["remove"]}
        for name, (verb, *words) in changes.items():
            with self.subTest(name):
                user = self.user(f"joe-{name}", "viewer")
                person, token = self.person(user), self.person(token=make_token(self.gateway, user))
                self.assertEqual(token.ask("GET", "/api/v1/servers").status, 200)
                self.gateway.run("user", verb, user, *words, input=PASSWORD + "\n", check=True)
                self.assertEqual(person.ask("GET", "/api/v1/session").status, 401)
                # A token acts by the roles that its user has now: the viewer's token of an auditor has none.
                self.assertEqual(token.ask("GET", "/api/v1/servers").status, 200 if name == "password" else 401)

    def test_a_changed_password_is_the_only_one(self):
        user = self.user("pia", "viewer")
        person = self.person(user)
        wrong = person.ask("PUT", "/api/v1/account/password", {"old": "not the old one", "password": "a brand new sentence"})
        self.assertEqual(wrong.status, 403, wrong)
        right = person.ask("PUT", "/api/v1/account/password", {"old": PASSWORD, "password": "a brand new sentence"})
        self.assertEqual(right.status, 200, right)
        self.assertEqual(person.ask("GET", "/api/v1/session").status, 401)
        self.assertEqual(self.person().log_in(user).status, 401)
        self.assertEqual(self.person().log_in(user, "a brand new sentence").status, 200)

    def test_a_one_time_code_of_the_machine_logs_its_user_in_once(self):
        ask = 'curl -s --unix-socket "$0/control.sock" -H "Content-Type: application/json" -X POST -d {} http://localhost/api/v1/login/code'
        done = subprocess.run(["sh", "-c", ask, str(self.gateway.state)], capture_output=True, text=True, timeout=20)
        code = json.loads(done.stdout)["code"]
        person = self.person()
        answer = person.take(person.ask("POST", "/api/v1/session", {"code": code}))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["roles"], ["admin"])
        self.assertEqual(person.ask("GET", "/api/v1/users").status, 200)
        self.assertEqual(self.person().ask("POST", "/api/v1/session", {"code": code}).status, 401)
        self.assertEqual(self.person("ruth").ask("POST", "/api/v1/login/code").status, 409)


class Forgery(PeopleCase):
    def test_a_change_needs_the_token_the_origin_and_json(self):
        person = self.person("ruth")
        path, body = "/api/v1/users/vera", {"email": "vera@example.org"}
        self.assertEqual(person.ask("PATCH", path, body).status, 200)
        refused = {"no token": {"X_Doorward_CSRF": None}, "another's token": {"X_Doorward_CSRF": self.person("vera").csrf},
                   "no origin": {"Origin": None}, "a foreign origin": {"Origin": "https://evil.example"},
                   "a near origin": {"Origin": f"http://127.0.0.1.evil.example:{self.port}"}, "null": {"Origin": "null"},
                   "a foreign page": {"Sec_Fetch_Site": "cross-site"}, "a neighbour": {"Sec_Fetch_Site": "same-site"},
                   "a form": {"Content_Type": "application/x-www-form-urlencoded"}, "plain text": {"Content_Type": "text/plain"}}
        for name, headers in refused.items():
            with self.subTest(name):
                answer = person.ask("PATCH", path, {"email": "evil@example.org"}, **headers)
                self.assertIn(answer.status, (403, 415), answer)
        self.assertEqual(person.ask("GET", path).json["user"]["email"], "vera@example.org")

    def test_a_login_of_a_foreign_page_is_refused(self):
        answer = self.person().log_in("vera", Origin="https://evil.example")
        self.assertEqual(answer.status, 403, answer)
        self.assertIsNone(answer.headers["Set-Cookie"])

    def test_T210_a_bad_token_is_not_made_good_by_a_cookie(self):
        person = self.person("vera")
        for bad in ("Bearer nonsense", "Bearer ", "Basic dmVyYTp4", "Bearer dwp_" + "a" * 49):
            self.assertEqual(person.ask("GET", "/api/v1/servers", Authorization=bad).status, 401, bad)

    def test_two_cookies_are_none(self):
        person = self.person("vera")
        answer = person.ask("GET", "/api/v1/session", Cookie=f"{COOKIE}={person.cookie}; {COOKIE}={person.cookie}")
        self.assertEqual(answer.status, 401)

    def test_T285_unknown_members_are_refused(self):
        ruth = self.person("ruth")
        for extra in ({"revision": 7}, {"created": "2020-01-01T00:00:00Z"}, {"disabled": False}, {"id": "x"}):
            answer = ruth.ask("POST", "/api/v1/users", {"name": "mass", "roles": ["viewer"], **extra})
            self.assertEqual(answer.status, 400, answer)
        vera = self.person("vera")
        self.assertEqual(vera.ask("PATCH", "/api/v1/users/vera", {"roles": ["admin"]}).status, 403)
        self.assertEqual(self.person().ask("POST", "/api/v1/session", {"user": "vera", "password": PASSWORD, "roles": ["admin"]}).status, 400)


class Passwords(PeopleCase):
    def test_T282_a_refused_login_tells_nothing_of_the_user(self):
        self.user("gone", "viewer")
        self.gateway.run("user", "disable", "gone", check=True)
        self.user("robot", "viewer", password=None)
        answers = [self.person().log_in(user, "not the password at all")
                   for user in ("vera", "nobody-here", "gone", "robot", "Vera", "x" * 64, "a b")]
        for answer in answers:
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.body, answers[0].body)
            self.assertEqual(sorted(answer.headers.keys()), sorted(answers[0].headers.keys()))
            self.assertIsNone(answer.headers["Set-Cookie"])

    def test_T282_a_huge_password_is_never_hashed(self):
        self.assertEqual(self.person().log_in("vera", "x" * (1 << 20)).status, 413)
        self.assertEqual(self.person().log_in("vera", "x" * 2_000).status, 401)
        ruth = self.person("ruth")
        for password in ("short", "x" * 1_025):
            answer = ruth.ask("POST", "/api/v1/users", {"name": "weak", "roles": ["viewer"], "password": password})
            self.assertEqual(answer.status, 400, answer)

    def test_a_password_never_stands_on_the_command_line(self):
        usage = self.gateway.run("user", "add", "--help").stdout + self.gateway.run("user", "set-password", "--help").stdout
        self.assertNotRegex(usage, r"--password\b")
        self.assertEqual(self.gateway.run("user", "add", "empty", "--role", "viewer", input="").returncode, 2)


class BruteForce(unittest.TestCase):
    """On a gateway of its own, since every test here comes from one address."""

    def test_T220_T282_tries_are_throttled_summarised_and_forgotten_by_success(self):
        gateway = make_gateway()
        self.addCleanup(gateway.close)
        port = admin_port(gateway)
        add_user(gateway, "ruth", "admin")
        add_user(gateway, "vera", "viewer")
        self.assertEqual(Person(port).log_in("vera").status, 200)
        statuses, lock = [], threading.Lock()

        def attack():
            for _ in range(50):
                answer = Person(port).log_in("ruth", "guess after guess")
                with lock:
                    statuses.append((answer.status, answer.headers["Retry-After"]))

        threads = [threading.Thread(target=attack) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        tried = [status for status, _ in statuses if status == 401]
        self.assertLessEqual(len(tried), 20)
        self.assertEqual({status for status, _ in statuses}, {401, 429})
        self.assertTrue(all(int(wait) >= 1 for status, wait in statuses if status == 429))
        # The same address, another user who was here before: not held up.
        self.assertEqual(Person(port).log_in("vera").status, 200)
        self.assertEqual(Person(port).log_in("ruth").status, 429)
        records = gateway.log()
        self.assertEqual(len([one for one in records if one["event"] == "login.failed"]), len(tried))
        self.assertEqual(len([one for one in records if one["event"] == "login.throttled"]), 1)


class Users(PeopleCase):
    def test_T272_a_fresh_gateway_has_no_user_and_no_password(self):
        gateway = make_gateway()
        self.addCleanup(gateway.close)
        port = admin_port(gateway)
        self.assertEqual(json.loads(gateway.run("user", "list", "--json").stdout)["users"], [])
        for user, password in (("admin", "admin"), ("root", ""), ("admin", "password"), ("doorward", "doorward")):
            self.assertIn(Person(port).log_in(user, password).status, (400, 401))
        bootstrap = Person(port, (gateway.state / "admin.token").read_text().strip())
        made = bootstrap.ask("POST", "/api/v1/users", {"name": "first", "roles": ["admin"], "password": PASSWORD})
        self.assertEqual(made.status, 200, made)
        self.assertEqual(bootstrap.ask("GET", "/api/v1/users").status, 401, "the first admin ends the bootstrap token")
        self.assertEqual(Person(port).log_in("first").status, 200)

    def test_T290_the_last_admin_stays_one(self):
        ruth = self.person("ruth")
        for verb, path, body in (("PATCH", "", {"roles": ["viewer"]}), ("POST", "/disable", {}), ("DELETE", "", None)):
            answer = ruth.ask(verb, "/api/v1/users/ruth" + path, body)
            self.assertEqual(answer.status, 409, answer)
            self.assertIn("last", answer.json["detail"])
        self.user("robot-admin", "admin", password=None)
        self.assertEqual(ruth.ask("POST", "/api/v1/users/ruth/disable").status, 409, "nobody can log in as robot-admin")
        self.user("second", "admin")
        self.assertEqual(ruth.ask("POST", "/api/v1/users/ruth/disable").status, 200)
        self.gateway.run("user", "enable", "ruth", check=True)

    def test_T290_two_admins_who_edit_one_user_meet_a_conflict(self):
        self.user("edited", "viewer")
        one, two = self.person("ruth"), self.person("ruth")
        seen = one.ask("GET", "/api/v1/users/edited").headers["ETag"]
        path = "/api/v1/users/edited"
        self.assertEqual(one.ask("PATCH", path, {"email": "one@example.org"}, If_Match=seen).status, 200)
        self.assertEqual(two.ask("PATCH", path, {"email": "two@example.org"}, If_Match=seen).status, 412)
        self.assertEqual(two.ask("PATCH", path, {"email": "two@example.org", "revision": 1}).status, 409)

    def test_T318_logins_failed_logins_and_changes_are_in_the_chain_with_actor_and_address(self):
        user = self.user("traced", "viewer")
        self.person().log_in(user, "not the password at all")
        self.person(user)
        ruth = self.person("ruth")
        ruth.ask("PATCH", f"/api/v1/users/{user}", {"roles": ["auditor"]})
        failed = [one for one in self.events("login.failed") if one["user"] == user]
        self.assertEqual([(one["address"], one["why"]) for one in failed], [("127.0.0.1", "wrong password")])
        login = [one for one in self.events("login") if one["actor"] == f"user:{user}"]
        self.assertEqual([(one["address"], one["method"]) for one in login], [("127.0.0.1", "password")])
        changed = [one for one in self.events("user.changed") if one["user"] == user][-1]
        self.assertEqual((changed["actor"], changed["address"], changed["roles_before"], changed["roles"]),
                         ("user:ruth", "127.0.0.1", "viewer", "auditor"))
        self.assertRegex(changed["via"], "^session:")
        added = [one for one in self.events("user.added") if one["user"] == user][0]
        self.assertTrue(added["actor"].startswith("uid:"))
        self.assertEqual(self.gateway.verify()[0], 0)

    def test_a_password_in_the_field_of_the_name_is_not_logged(self):
        self.person().log_in(PASSWORD, "something else entirely")
        self.assertNotIn(PASSWORD, json.dumps(self.gateway.log()))

    def test_commands_work_without_a_gateway_too(self):
        gateway = make_gateway()
        self.addCleanup(gateway.close)
        gateway.stop()
        add_user(gateway, "offline", "admin", "approver", more=["--group", "finance"])
        self.assertEqual(gateway.run("user", "list").returncode, 0)
        wrong = gateway.run("user", "add", "eve", "--role", "vewer", "--no-password")
        self.assertEqual(wrong.returncode, 3)
        self.assertIn('did you mean "viewer"?', wrong.stderr)
        gateway.start()
        answer = Person(admin_port(gateway)).log_in("offline")
        self.assertEqual((answer.status, answer.json["roles"], answer.json["groups"]), (200, ["approver", "admin"], ["finance"]))


class AccessTokens(PeopleCase):
    def test_a_token_acts_as_its_user_with_no_more_than_its_roles(self):
        user = self.user("cody", "viewer", "policy_manager")
        token = make_token(self.gateway, user, "--role", "viewer", "--expires", "30d")
        self.assertRegex(token, r"^dwp_[0-9A-Za-z]{49}$")
        program = self.person(token=token)
        account = program.ask("GET", "/api/v1/account").json
        self.assertEqual((account["name"], account["roles"]), ("user:cody", ["viewer"]))
        self.assertEqual(program.ask("POST", "/api/v1/reload").status, 403)
        wider = program.ask("POST", "/api/v1/tokens", {"label": "more", "roles": ["policy_manager"]})
        self.assertEqual(wider.status, 403, wider)
        self.assertEqual(self.person("ruth").ask("POST", "/api/v1/tokens", {"label": "x", "user": user, "roles": ["admin"]}).status, 400)

    def test_people_make_and_revoke_their_own_tokens(self):
        vera = self.person("vera")
        made = vera.ask("POST", "/api/v1/tokens", {"label": "mine", "expires": "1d"})
        self.assertEqual(made.status, 200, made)
        program, token_id = self.person(token=made.json["token"]), made.json["access_token"]["id"]
        self.assertEqual(program.ask("GET", "/api/v1/servers").status, 200)
        self.assertEqual(vera.ask("POST", "/api/v1/tokens", {"label": "theirs", "user": "ruth"}).status, 403)
        listed = vera.ask("GET", "/api/v1/tokens")
        self.assertIn(token_id, [one["id"] for one in listed.json["access_tokens"]])
        self.assertNotIn(made.json["token"], listed.body.decode())
        other = self.person(token=make_token(self.gateway, self.user("zoe", "viewer")))
        self.assertEqual(other.ask("DELETE", f"/api/v1/tokens/{token_id}").status, 404)
        self.assertEqual(vera.ask("DELETE", f"/api/v1/tokens/{token_id}").status, 200)
        self.assertEqual(program.ask("GET", "/api/v1/servers").status, 401)

    def test_T212_near_tokens_are_refused(self):
        token = make_token(self.gateway, self.user("nina", "viewer"))
        for near in (token[:-1], token + "a", token[:-1] + ("a" if token[-1] != "a" else "b"), "dwt_" + token[4:], token.lower(),
                     "dwp_" + "0" * 49):
            self.assertEqual(self.person(token=near).ask("GET", "/api/v1/servers").status, 401, near)
        self.assertEqual(self.person(token=token).ask("GET", "/api/v1/servers").status, 200)
        refused = self.events("credential.refused")
        self.assertEqual([one["address"] for one in refused], ["127.0.0.1"], "once a minute, however many there are")

    def test_the_life_of_a_token_is_bound(self):
        ruth = self.person("ruth")
        for expires in ("367d", "0d", "2020-01-01", "soon"):
            answer = ruth.ask("POST", "/api/v1/tokens", {"label": "long", "user": "vera", "expires": expires})
            self.assertEqual(answer.status, 400, answer)


if __name__ == "__main__":
    unittest.main()
