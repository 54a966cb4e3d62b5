"""A person at the admin API: a browser with a cookie, or a program with a token."""
import http.client
import json
import re
import sqlite3

from harness.gateway import Gateway

PASSWORD = "correct horse battery"
COOKIE = "__Host-doorward"


def admin_port(gateway):
    status = json.loads(gateway.run("status", "--json", check=True).stdout)
    return int(re.search(r":(\d+)$", status["admin"])[1])


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()
        self.json = json.loads(self.body) if self.body else None

    def __repr__(self):
        return f"{self.status} {self.body[:500]}"


class Person:
    """`token`: sent as bearer token; without one the cookie of a login is."""

    def __init__(self, port, token=None, agent="a browser"):
        self.port, self.token, self.agent = port, token, agent
        self.cookie = self.csrf = None

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, verb, path, body=None, raw=None, head_only=False, **headers):
        """Header names with `_` for `-`; None leaves one out. `head_only`: of a stream, that never ends."""
        sent = {"User-Agent": self.agent}
        if body is not None or raw is not None or verb in ("POST", "PUT", "PATCH"):
            sent["Content-Type"] = "application/json"
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if self.cookie:
            sent.update(Cookie=f"{COOKIE}={self.cookie}", Origin=self.origin)
            if self.csrf:
                sent["X-Doorward-CSRF"] = self.csrf
        for name, value in headers.items():
            name = name.replace("_", "-")
            sent = {key: old for key, old in sent.items() if key.lower() != name.lower()}
            if value is not None:
                sent[name] = value
        data = raw if raw is not None else json.dumps(body if body is not None else {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(verb, path, data if verb in ("POST", "PUT", "PATCH") else None, sent)
            response = connection.getresponse()
            return response.status if head_only else Answer(response)
        finally:
            connection.close()

    def log_in(self, user, password=PASSWORD, **headers):
        return self.take(self.ask("POST", "/api/v1/session", {"user": user, "password": password}, **headers))

    def take(self, answer):
        """Keeps the session that an answer opened."""
        for value in answer.headers.get_all("Set-Cookie") or []:
            if value.startswith(COOKIE + "=") and answer.status < 400:
                self.cookie = value.split(";")[0].split("=", 1)[1]
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer


def make_gateway(**config):
    gateway = Gateway({"up": "http://127.0.0.1:9/"}, {"open": ("up", {"version": "1", "default": "allow"})}, **config)
    return gateway.start()


def add_user(gateway, name, *roles, password=PASSWORD, more=()):
    words = [word for role in roles for word in ("--role", role)]
    secret = [] if password else ["--no-password"]
    return gateway.run("user", "add", name, *words, *secret, *more, input=(password or "") + "\n", check=True)


def make_token(gateway, user, *more):
    return gateway.run("token", "create", "test", "--user", user, *more, check=True).stdout.strip()


def age_sessions(gateway, column, seconds, session=None):
    """Makes sessions older than they are, in the store itself."""
    database = sqlite3.connect(gateway.state / "doorward.db", timeout=10)
    with database:
        database.execute(f"UPDATE sessions SET {column} = {column} - ? WHERE ?2 IS NULL OR id = ?2",
                         (seconds * 1_000_000, session))
    database.close()
