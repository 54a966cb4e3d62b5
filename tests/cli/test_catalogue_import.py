"""`doorward catalogue import` and `update`: files, folders, URLs, and a registry that breaks off and is busy."""
import gzip
import http.server
import json
import sqlite3
import threading
import unittest
from urllib.parse import parse_qs, urlsplit

from cli.tool import FAILED, INVALID, OK, UNAUTHORISED, UNREACHABLE, USAGE, CommandCase
from harness.gateway import ROOT

FIXTURES = ROOT / "src/catalogue/testdata/import"
DUMP = ROOT.parent / "shared/data/registry-v0-dump.json.gz"


def server(name, version="1.0.0", **more):
    return {"server": {"name": name, "description": f"The server {name}", "version": version, **more}}


class Registry:
    """A registry of the official API: pages of two servers. `script`: statuses to answer with first, or (status, headers)."""

    def __init__(self, names):
        self.names, self.script, self.asked = names, [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                target = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(target.query).items()}
                outer.asked.append((target.path, query))
                status, headers = outer.script.pop(0) if outer.script else (200, {})
                body = outer.page(query) if status == 200 and target.path == "/v0.1/servers" else b"busy"
                if target.path == "/dump.json.gz":
                    body = gzip.compress(json.dumps({"servers": [server(name) for name in outer.names]}).encode())
                self.send_response(status)
                for key, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def page(self, query):
        at = int(query.get("cursor", "0"))
        names = self.names if "updated_since" not in query else []
        some = names[at:at + 2]
        more = {"nextCursor": str(at + 2)} if at + 2 < len(names) else {}
        return json.dumps({"servers": [server(name) for name in some], "metadata": {"count": len(some), **more}}).encode()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Import(CommandCase):
    def names(self):
        database = sqlite3.connect(f"file:{self.state}/catalogue.db?mode=ro", uri=True)
        try:
            return {json.loads(text)["name"] for (text,) in database.execute("SELECT listing FROM server_texts")}
        finally:
            database.close()

    def test_each_fixture_is_recognised(self):
        for name, source, servers, tools in (
                ("registry.json", "registry", 2, 0), ("registry-oldest.json", "registry", 2, 0),
                ("toolhive.json", "toolhive", 2, 3), ("toolhive-older.json", "toolhive", 2, 3), ("docker.yaml", "docker", 2, 2),
                ("docker-server", "docker", 1, 2), ("smithery.json", "smithery", 1, 2), ("mcpm.json", "mcpm", 1, 2),
                ("mcpm-all.json", "mcpm", 2, 0), ("obot.yaml", "obot", 1, 2), ("obot-remote.yaml", "obot", 1, 0)):
            with self.subTest(name):
                told = self.json("catalogue", "import", FIXTURES / name)
                self.assertEqual((told["source"], told["servers"], told["tools"], told["skipped"]), (source, servers, tools, []))
                again = self.json("catalogue", "import", FIXTURES / name, "--from", source)
                self.assertEqual((again["servers_added"], again["servers_changed"], again["tools_added"], again["tools_changed"]),
                                 (0, 0, 0, 0))

    def test_standard_input_and_gzip(self):
        text = (FIXTURES / "toolhive.json").read_text()
        self.assertEqual(self.json("catalogue", "import", "-", input=text)["servers_added"], 2)
        packed = self.folder / "registry.json.gz"
        packed.write_bytes(gzip.compress((FIXTURES / "registry.json").read_bytes()))
        self.assertEqual(self.json("catalogue", "import", packed)["records"], 3)

    @unittest.skipUnless(DUMP.exists(), f"{DUMP} is not there")
    def test_the_dump_of_the_registry_imports_whole(self):
        told = self.json("catalogue", "import", DUMP)
        self.assertEqual((told["records"], told["servers"] + told["older"], told["skipped"]), (2354, 2354, []))
        # Every server is in the catalogue: of its own or as part of one that it tells of, too.
        database = sqlite3.connect(f"file:{self.state}/catalogue.db?mode=ro", uri=True)
        self.assertEqual(database.execute("SELECT count(*) FROM records").fetchone()[0], told["servers"])
        database.close()

    def test_what_is_left_out_is_named(self):
        records = [server("io.github.a/b"), {"server": {"version": "1"}}, server("io.github.a/\u202ec")]
        file = self.write("some.json", {"servers": records + [7] * 30})
        told = self.json("catalogue", "import", file)
        self.assertEqual((told["records"], told["servers"], len(told["skipped"])), (33, 1, 32))
        self.assertEqual(told["skipped"][0], {"where": "/servers/1", "why": "it has no name"})
        shown = self.run_command("catalogue", "import", file)[0]
        self.assertIn("/servers/2: its name holds U+202E", shown)
        self.assertIn("and 12 more; --json lists them all", shown)
        self.assertNotIn("\u202e", shown)

    def test_a_folder_of_manifests(self):
        for name in ("mcpm.json", "obot.yaml"):
            self.write(f"all/{name}", (FIXTURES / name).read_text())
        self.write("all/package.json", {"name": "x"})
        self.write("all/.git/obot.yaml", (FIXTURES / "obot-remote.yaml").read_text())
        (self.folder / "all/link.json").symlink_to(FIXTURES / "smithery.json")
        told = self.json("catalogue", "import", self.folder / "all")
        self.assertEqual((told["source"], told["files"], told["ignored"], told["servers"]), ("several", 2, 1, 2))
        only = self.json("catalogue", "import", self.folder / "all", "--from", "mcpm")
        self.assertEqual((only["source"], only["files"]), ("mcpm", 1))

    def test_what_is_refused(self):
        self.run_command("catalogue", "import", self.write("x.json", "{}"), code=INVALID)
        self.run_command("catalogue", "import", self.write("x.json", "{}"), "--from", "nobody", code=USAGE)
        self.run_command("catalogue", "import", self.folder / "nothing", code=FAILED)
        (self.folder / "empty").mkdir()
        self.run_command("catalogue", "import", self.folder / "empty", code=INVALID)
        bomb = self.folder / "bomb.gz"  # 600 MiB of spaces
        bomb.write_bytes(gzip.compress(b" " * (1 << 20)) * 600)
        self.assertIn("512 MiB", self.run_command("catalogue", "import", bomb, code=FAILED)[1])
        self.run_command("catalogue", "import", "https://127.0.0.1:9/x", code=UNREACHABLE)

    def test_T287_imports_neither_expand_nor_leave_their_folder(self):
        secret = self.write("secret.json", [{"name": "read_secret", "description": "From outside"}])
        folder = self.folder / "in"
        # A name that climbs out of the folder finds no file; a link in it is not followed.
        self.write("in/catalog.yaml", "registry:\n  ../../secret: {title: x}\n  linked: {title: y}\n")
        (folder / "tools").mkdir()
        (folder / "tools/linked.json").symlink_to(secret)
        (folder / "registry.json").symlink_to(FIXTURES / "registry.json")
        told = self.json("catalogue", "import", folder)
        self.assertEqual((told["files"], told["servers"], told["tools"]), (1, 2, 0))
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi"))
        for what, text in (("anchors", "registry:\n  x: {title: y}\n" + bomb), ("duplicate", "registry:\n  x: {}\n  x: {}\n"),
                           ("longer than 4 MiB", "registry:\n" + "# \n" * (2 << 20))):
            told = self.run_command("catalogue", "import", self.write("bad.yaml", text), code=INVALID)[1]
            self.assertIn(what, told)
        told = self.json("catalogue", "import", self.write("twice.json", '{"servers":[{"server":{"name":"a/b","name":"a/c","version":"1"}}]}'))
        self.assertEqual((told["servers"], len(told["skipped"])), (0, 1))
        large = self.folder / "large.json"
        with large.open("wb") as file:
            file.truncate(600 << 20)
        self.run_command("catalogue", "import", large, code=FAILED)

    def test_an_url(self):
        registry = Registry(["io.github.a/b"])
        self.addCleanup(registry.close)
        self.assertEqual(self.json("catalogue", "import", registry.url + "/dump.json.gz")["servers_added"], 1)
        registry.script = [(302, {"Location": "http://127.0.0.1:1/elsewhere"})]
        told = self.run_command("catalogue", "import", registry.url + "/dump.json.gz", code=UNAUTHORISED)[1]
        self.assertIn("redirects to http://127.0.0.1:1/elsewhere", told)
        self.assertEqual(len(registry.asked), 2)


class Update(CommandCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry([f"io.github.a/s{number}" for number in range(5)])
        self.addCleanup(self.registry.close)

    def update(self, *words, code=OK):
        return self.run_command("catalogue", "update", "--source", self.registry.url, *words, "--json", code=code)

    def test_the_first_run_fetches_all_and_the_next_what_has_changed(self):
        told = json.loads(self.update()[0])
        self.assertEqual((told["finished"], told["pages"], told["records"], told["servers_added"]), (True, 3, 5, 5))
        self.assertEqual(self.registry.asked[0], ("/v0.1/servers", {"limit": "100", "version": "latest"}))
        self.registry.asked.clear()
        told = json.loads(self.update()[0])
        self.assertEqual((told["pages"], told["records"]), (1, 0))
        self.assertEqual(self.registry.asked[0][1]["updated_since"], told["updated_since"])
        self.registry.asked.clear()
        self.assertEqual(json.loads(self.update("--anew")[0])["records"], 5)

    def test_a_run_that_breaks_is_gone_on_with(self):
        self.registry.script = [(200, {}), (403, {})]
        out, errors = self.update(code=UNREACHABLE)
        told = json.loads(out)
        self.assertEqual((told["finished"], told["records"]), (False, 2))
        self.assertIn("the next run goes on from there", errors)
        self.registry.asked.clear()
        told = json.loads(self.update()[0])
        self.assertEqual((told["resumed"], told["finished"], told["records"], told["servers_added"]), (True, True, 3, 3))
        self.assertEqual(self.registry.asked[0][1]["cursor"], "2")

    def test_a_busy_registry_is_waited_for(self):
        self.registry.script = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
        self.assertEqual(json.loads(self.update()[0])["records"], 5)
        self.assertEqual(len(self.registry.asked), 5)

    def test_no_redirect_is_followed_and_nothing_plain_leaves_the_machine(self):
        self.registry.script = [(307, {"Location": "http://127.0.0.1:1/"})]
        self.update(code=UNAUTHORISED)
        self.assertEqual(len(self.registry.asked), 1)
        self.run_command("catalogue", "update", "--source", "http://registry.example", code=INVALID)
        self.run_command("catalogue", "update", "--source", "ftp://registry.example", code=INVALID)
