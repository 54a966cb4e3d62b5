"""People whom an issuer names as a test wants: logins by OpenID Connect at the admin listener."""
import http.client
import json
import time
import urllib.parse

from harness.issuer import Issuer

CLIENT, GROUP = "doorward", "everybody"
CALLBACK = "/api/v1/login/oidc/callback"


class NamingIssuer(Issuer):
    """Gives for a code the person who was noted for it, and asks nobody for a password."""

    def __init__(self):
        super().__init__()
        self.people = {}  # by code: subject, e-mail address, nonce
        issuer = self

        def do_post(handler):
            form = urllib.parse.parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
            body = json.dumps({"access_token": "none", "token_type": "Bearer", "id_token": issuer.id_token(form["code"][0])}).encode()
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.server.RequestHandlerClass.do_POST = do_post

    @property
    def config(self):
        return {"issuer": self.url, "client_id": CLIENT, "redirect_url": "http://127.0.0.1" + CALLBACK, "roles": {"viewer": [GROUP]}}

    def serve(self, path):
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url, "authorization_endpoint": self.url + "/authorize",
                                    "token_endpoint": self.url + "/token", "jwks_uri": self.url + "/keys"}).encode()
        return super().serve(path)

    def id_token(self, code):
        subject, email, nonce = self.people[code]
        now = int(time.time())
        return self.sign({"iss": self.url, "sub": subject, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": nonce,
                          "email": email, "email_verified": True, "groups": [GROUP]}, header={"typ": "JWT"})

    def log_in(self, port, subject, email, browser):
        """The status of a login of this person by a browser that calls itself so."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/api/v1/login/oidc", headers={"User-Agent": browser})
        begun = connection.getresponse()
        begun.read()
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun.headers["Location"]).query))
        code = f"code{len(self.people)}"
        self.people[code] = (subject, email, asked["nonce"])
        connection.request("GET", CALLBACK + "?" + urllib.parse.urlencode({"code": code, "state": asked["state"]}),
                           headers={"Cookie": begun.headers["Set-Cookie"].split(";")[0], "User-Agent": browser})
        ended = connection.getresponse()
        ended.read()
        return ended.status
