"""A gateway with a bundle of several recording upstreams, for the tests of bundles."""
import json
import unittest

from harness.fake_server import FakeServer
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream

OPEN = {"version": "1", "default": "allow"}


class BundleCase(unittest.TestCase):
    """`members`: server -> its FakeServer's tools; `policies`: server -> document (OPEN unless named here);
    `bundles`: name -> (names, members or None for all). Each bundle has a grant of its name."""
    maxDiff = None
    members = {"alpha": ("echo", "read_file"), "beta": ("echo", "delete_file")}
    bundles = {"desk": ("always", None)}
    documents = {}
    prefixes = {}
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.ups = {}
        for name, tools in cls.members.items():
            cls.ups[name] = RecordingUpstream(cls.make_server(name, tools))
            cls.addClassCleanup(cls.ups[name].stop)
        cls.gateway = Gateway({name: cls.server_settings(name, up) for name, up in cls.ups.items()},
                              {f"p-{name}": (name, cls.documents.get(name, OPEN)) for name in cls.members},
                              cls.all_grants(), bundles=cls.bundle_list(), **cls.config)
        cls.addClassCleanup(cls.gateway.close)
        cls.gateway.start()

    @classmethod
    def server_settings(cls, _name, up):
        return {"url": up.url, "include_new": True}

    @classmethod
    def all_grants(cls):
        return {bundle: (bundle, None) for bundle in cls.bundles}

    @classmethod
    def make_server(cls, name, tools):
        server = FakeServer(tools)
        server.resources = [{"uri": f"memo://{name}/one", "name": "one"}]
        server.templates = [{"uriTemplate": f"{name}://" + "{id}", "name": "by id"}]
        server.prompts = [{"name": "greet"}, {"name": f"{name}-only"}]
        return server

    @classmethod
    def bundle_list(cls):
        listed = []
        for bundle, (names, members) in cls.bundles.items():
            listed.append({"name": bundle, "names": names, "members": [
                {"server": name, "policy": f"p-{name}",
                 **({"prefix": cls.prefixes[name]} if name in cls.prefixes else {})}
                for name in members or cls.members]})
        return listed

    def setUp(self):
        for up in self.ups.values():
            up.hook = None
            up.stream_answers = False
            up.server.page = None

    def client(self, grant=None, version="2025-11-25", ready=True, **options):
        client = self.gateway.client(grant or next(iter(self.bundles)), version=version, **options)
        self.addCleanup(client.close)
        if ready:
            client.initialize()
        return client

    def marks(self):
        return {name: up.mark() for name, up in self.ups.items()}

    def calls_since(self, marks):
        """server -> names of the tools called there."""
        return {name: [seen.params["name"] for seen in up.calls(marks[name])] for name, up in self.ups.items()}

    def records(self, **members):
        """Every record of the log that has these members."""
        return [record for record in self.gateway.log() if all(record.get(key) == value for key, value in members.items())]


def texts(answer):
    return json.dumps(answer.message())
