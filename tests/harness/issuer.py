"""An authorization server that does as a test asks: a key set over HTTP, its metadata, and tokens of any content."""
import base64
import hashlib
import http.server
import json
import re
import subprocess
import threading
import time

SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, section 9.2


def b64(data):
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An RSA key that signs RS256."""

    def __init__(self, kid):
        self.kid = kid
        pem = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
        text = subprocess.run(["openssl", "pkey", "-text", "-noout"], input=pem, capture_output=True, check=True).stdout
        number = lambda name: int(re.sub(r"[\s:]", "", re.search(name + r":\s+((?:[0-9a-f]{2}:?\s*)+)", text.decode())[1]), 16)
        self.n, self.d = number("modulus"), number("privateExponent")

    def jwk(self):
        return {"kty": "RSA", "kid": self.kid, "alg": "RS256", "use": "sig",
                "n": b64(self.n.to_bytes(256, "big")), "e": "AQAB"}

    def sign(self, text):
        block = SHA256_PREFIX + hashlib.sha256(text.encode()).digest()
        block = b"\0\1" + b"\xff" * (253 - len(block)) + b"\0" + block
        return pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(256, "big")


class Issuer:
    """Serves on a port of 127.0.0.1. `answer`, when set, is called with the path and gives (status, bytes) or None."""

    def __init__(self, kid="k1"):
        self.keys = [Key(kid)]
        self.asked = []
        self.answer = None
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                issuer.asked.append(self.path)
                found = issuer.answer(self.path) if issuer.answer else None
                status, body = found or issuer.serve(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self, path):
        if path == "/.well-known/oauth-authorization-server":
            return 200, json.dumps({"issuer": self.url, "jwks_uri": self.url + "/keys"}).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [key.jwk() for key in self.keys]}).encode()
        return 404, b"{}"

    def asked_for_keys(self):
        return self.asked.count("/keys")

    def claims(self, audience, subject="alice", lifetime=600, **more):
        now = int(time.time())
        return {"iss": self.url, "sub": subject, "aud": audience, "iat": now, "exp": now + lifetime, **more}

    def token(self, audience, key=None, header=None, **claims):
        """A token; a claim of None is left out."""
        made = {name: value for name, value in self.claims(audience, **claims).items() if value is not None}
        return self.sign(made, key, header)

    def sign(self, claims, key=None, header=None):
        key = key or self.keys[0]
        text = b64({"alg": "RS256", "typ": "at+jwt", "kid": key.kid, **(header or {})}) + "." + b64(claims)
        return text + "." + b64(key.sign(text))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
