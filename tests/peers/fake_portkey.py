"""A small stand-in for Portkey's Admin REST API: the routes that the tests call, and every request remembered."""
import http.server
import json
import re
import threading

USERS = [{"id": "u-1", "object": "user", "first_name": "Ada", "last_name": "L", "email": "ada@example.com",
          "role": "owner", "created_at": "2026-01-01T00:00:00.000Z", "last_updated_at": "2026-01-02T00:00:00.000Z"}]
WORKSPACES = [{"id": "ws-1", "object": "workspace", "name": "Core", "slug": "core", "description": "",
               "created_at": "2026-01-01T00:00:00.000Z", "last_updated_at": "2026-01-02T00:00:00.000Z", "defaults": {}}]


class FakePortkey:
    """Listens on a free port of 127.0.0.1 from the start; `url` is the base with /v1."""

    def __init__(self, key):
        self.key, self.seen, self.keys_made = key, [], 0
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, document = fake.route(self.command, self.path.partition("?")[0], self.headers, body)
                data = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def route(self, method, path, headers, body):
        self.seen.append({"method": method, "path": path, "headers": dict(headers.items()),
                          "body": json.loads(body) if body else None})
        if headers.get("x-portkey-api-key") != self.key:
            return 401, {"success": False, "data": {"message": "Unauthorized"}}
        if (method, path) == ("GET", "/v1/admin/users"):
            return 200, {"object": "list", "total": len(USERS), "data": USERS}
        if (method, path) == ("GET", "/v1/admin/workspaces"):
            return 200, {"object": "list", "total": len(WORKSPACES), "data": WORKSPACES}
        if method == "DELETE" and re.fullmatch(r"/v1/(admin/users|api-keys)/[^/]+", path):
            return 200, {}
        if method == "POST" and re.fullmatch(r"/v1/api-keys/(organisation|workspace)/(user|service)", path):
            self.keys_made += 1
            return 200, {"id": f"key-{self.keys_made}", "key": f"pk-{self.keys_made}", "object": "api-key"}
        return 404, {"success": False, "data": {"message": f"no route {method} {path}"}}

    def asked(self, method, path):
        """The requests to paths that begin so."""
        return [one for one in self.seen if one["method"] == method and one["path"].startswith(path)]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
