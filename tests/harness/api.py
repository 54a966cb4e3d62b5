"""A client of the admin API that keeps every exchange, so that a test can judge them all by the OpenAPI document."""
import http.client
import json
import re
import socket
from urllib.parse import quote, urlencode


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def kind(self):
        """Of a refusal: the end of its `type`."""
        return self.json["type"].removeprefix("urn:doorward:problem:")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.socket_path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.socket_path)


class Api:
    """token: of the Authorization header; None: none. `exchanges` has (verb, path, query, body, answer) of each call."""

    def __init__(self, gateway, token=None, local=False, port=None):
        self.gateway, self.token, self.local = gateway, token, local
        self.exchanges = []
        if port is None:
            status = json.loads(gateway.run("status", "--json", check=True).stdout)
            port = int(re.search(r":(\d+)$", status["admin"])[1])
        self.port = port

    def connection(self):
        if self.local:
            return UnixConnection(self.gateway.state / "control.sock")
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def call(self, verb, path, body=None, query=None, headers=(), raw=None):
        """One request on a connection of its own. body: an object, sent as JSON; raw: bytes as they are."""
        given = {"Content-Type": "application/json"} if verb in ("POST", "PUT", "PATCH") else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        given.update(headers)
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        if data is None and verb in ("POST", "PUT", "PATCH"):
            data = b"{}"
        target = path + ("?" + urlencode(query, quote_via=quote) if query else "")
        connection = self.connection()
        try:
            connection.request(verb, target, data, {name: value for name, value in given.items() if value is not None})
            response = connection.getresponse()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()},
                            response.read())
        finally:
            connection.close()
        self.exchanges.append((verb, path, dict(query or {}), json.loads(data) if data and raw is None else None, answer))
        return answer

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.call("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)


def bootstrap(gateway):
    """The API as the first admin of a new gateway."""
    return Api(gateway, (gateway.state / "admin.token").read_text().strip())


def document_of(api):
    return api.get("/api/v1/openapi.json").json


def operations_of(document):
    """(verb, path template, operation) of each."""
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield verb.upper(), path, operation


def find_operation(document, verb, path):
    """The operation of a concrete path, a fixed segment before a variable one; None where there is none."""
    best = None
    for known, template, operation in operations_of(document):
        pattern = re.sub(r"\{[^}]+\}", "([^/]+)", template)
        if known == verb and re.fullmatch(pattern, path) and (best is None or template.count("{") < best[0].count("{")):
            best = (template, operation)
    return best


def schemas_to_check(document, exchanges):
    """(what, schema, value) of every request that was served and of every answer."""
    for verb, path, query, body, answer in exchanges:
        if verb == "HEAD":
            continue
        found = find_operation(document, verb, path)
        if found is None:
            yield f"{verb} {path} -> {answer.status}", {"$ref": "#/components/schemas/Problem"}, answer.json
            continue
        template, operation = found
        what = f"{verb} {template} -> {answer.status}"
        if answer.status == 200 and body is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            yield "request of " + what, schema, body
        if answer.status == 200:
            for parameter in operation["parameters"]:
                if parameter["in"] == "query" and parameter["name"] in query:
                    value = query[parameter["name"]]
                    number = parameter["schema"].get("type") == "integer"
                    yield f"{parameter['name']} of {what}", parameter["schema"], int(value) if number else value
            assert set(query) <= {p["name"] for p in operation["parameters"]}, (what, query)
        if answer.status == 304:
            continue
        response = operation["responses"].get(str(answer.status), operation["responses"]["default"])
        for kind, content in response["content"].items():
            assert answer.headers["content-type"].startswith(kind), (what, answer.headers)
            yield "answer of " + what, content["schema"], answer.json
