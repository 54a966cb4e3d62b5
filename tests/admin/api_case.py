"""What the tests of the admin API share: a gateway, its first admin, and the judgement of every exchange at the end."""
import unittest

from harness.api import Api, bootstrap, document_of, schemas_to_check
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from peers.peer import CACHE, drive

OPEN = {"version": "1", "default": "allow"}
CAREFUL = {"version": "1", "default": "deny", "tools": {
    "charge": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "on_deny": "100 at most."}]}},
    "tests": [{"name": "small", "tool": "charge", "args": {"amount": 5}, "expect": "allow"}]}


class ApiCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream()
        cls.gateway = Gateway({"up": cls.upstream.url}, {"open": ("up", OPEN)}, {"agent": ("up", "open")})
        cls.gateway.start()
        cls.api = bootstrap(cls.gateway)
        cls.apis = [cls.api]

    @classmethod
    def tearDownClass(cls):
        document = document_of(cls.api)
        exchanges = [exchange for api in cls.apis for exchange in api.exchanges]
        cls.gateway.close()
        cls.upstream.stop()
        if not (CACHE / "node_modules/ajv").exists():
            print(f"not judged by the OpenAPI document: ajv is not in {CACHE}: run scripts/install-peers")
            return
        checks = list(schemas_to_check(document, exchanges))
        wrong = drive("openapi_check.mjs", {"document": document, "checks": checks})
        if wrong:
            raise AssertionError("\n".join(wrong))

    def other(self, token=None, local=False):
        """Another client of the API."""
        api = Api(self.gateway, token, local, self.api.port)
        self.apis.append(api)
        return api

    def outlaw(self):
        """The admin with requests that are served, though the document has no such values."""
        return Api(self.gateway, self.api.token, port=self.api.port)

    def assert_refused(self, answer, status, kind):
        self.assertEqual((answer.status, answer.headers["content-type"]), (status, "application/problem+json"),
                         answer.body)
        self.assertEqual((answer.kind, answer.json["status"]), (kind, status))

    def ok(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json
