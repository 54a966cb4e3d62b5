"""A fake authorization server with a protected MCP server before it, in one process: it counts what is asked of it, can
end its tokens, and can lie in its metadata."""
import base64
import hashlib
import http.client
import http.server
import json
import secrets
import threading
import urllib.parse


class AuthorizationServer:
    """`metadata` and `resource` change what the documents say; `tokens` are those that are good now; `asked` has the
    path and the form of every request to it."""

    def __init__(self, refresh=True, lifetime=3600):
        self.asked, self.tokens, self.codes, self.clients, self.refresh_tokens = [], {}, {}, {}, {}
        self.refresh, self.lifetime = refresh, lifetime
        self.metadata, self.refuse_token, self.delay = {}, None, 0.0
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.serve(self, {})

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if self.headers.get("Content-Type", "").startswith("application/json"):
                    form = json.loads(body)
                else:
                    form = dict(urllib.parse.parse_qsl(body))
                outer.serve(self, form)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that has read enough
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def count(self, path, **form):
        with self.lock:
            return sum(asked == path and form.items() <= fields.items() for asked, fields in self.asked)

    def revoke_all(self):
        """Every access token is refused from now on; refresh tokens stay good."""
        with self.lock:
            self.tokens.clear()

    # ---- its endpoints ----

    def serve(self, request, form):
        path, _, query = request.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        with self.lock:
            self.asked.append((path, {**query, **form}))
        if path.startswith("/.well-known/oauth-authorization-server"):
            return answer(request, 200, self.document())
        if path == "/authorize":
            return self.authorize(request, query)
        if path == "/register":
            client = f"client-{secrets.token_hex(4)}"
            self.clients[client] = form
            return answer(request, 201, {"client_id": client, "token_endpoint_auth_method": "none"})
        if path == "/token":
            return self.token(request, form)
        return answer(request, 404, {})

    def document(self):
        return {"issuer": self.url, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "registration_endpoint": self.url + "/register", "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
                "authorization_response_iss_parameter_supported": True, **self.metadata}

    def authorize(self, request, query):
        code = secrets.token_hex(8)
        with self.lock:
            self.codes[code] = query
        back = urllib.parse.urlencode({"code": code, "state": query["state"], "iss": self.url})
        request.send_response(302)
        request.send_header("Location", f"{query['redirect_uri']}?{back}")
        request.send_header("Content-Length", "0")
        request.end_headers()

    def token(self, request, form):
        if self.delay:
            threading.Event().wait(self.delay)
        if self.refuse_token:
            return answer(request, 400, {"error": self.refuse_token})
        kind, scope = form.get("grant_type"), form.get("scope", "")
        with self.lock:
            if kind == "authorization_code":
                asked = self.codes.pop(form.get("code"), None)
                digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
                proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                if asked is None or proof != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"] \
                        or form.get("resource") != asked.get("resource"):
                    return answer(request, 400, {"error": "invalid_grant"})
                scope = asked.get("scope", "")
            elif kind == "refresh_token":
                scope = self.refresh_tokens.pop(form.get("refresh_token"), None)
                if scope is None:
                    return answer(request, 400, {"error": "invalid_grant"})
            elif kind != "client_credentials":
                return answer(request, 400, {"error": "unsupported_grant_type"})
            made = {"access_token": f"at-{secrets.token_hex(12)}", "token_type": "Bearer", "expires_in": self.lifetime,
                    "scope": scope}
            self.tokens[made["access_token"]] = scope
            if self.refresh and kind != "client_credentials":
                made["refresh_token"] = f"rt-{secrets.token_hex(12)}"
                self.refresh_tokens[made["refresh_token"]] = scope
        answer(request, 200, made)


def answer(request, status, document):
    body = json.dumps(document).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def open_in_browser(url):
    """Follows the authorization server's redirect as a browser would; the status and text of the gateway's page."""
    location = get(url)[1]["Location"]
    status, _, text = get(location)
    return status, text


def get(url):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()
