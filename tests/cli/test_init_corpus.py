"""Every client's file in every form that such files come in: init, init again, uninit."""
import shutil
import unittest

from cli import client_files
from cli.client_files import PLACES
from cli.tool import OK, CommandCase
from harness.gateway import Gateway

MARK = "DOORWARD_MANAGED"


def is_json(client):
    return PLACES[client].endswith(".json")


def remark(client):
    return "// kept\n" if is_json(client) else "# kept\n"


def with_comments(client, text):
    """A remark on a line of its own before each line that opens or says something, and one at the end of each."""
    if not is_json(client):
        lines = [line if line.strip() in ("", "]", "args = [") or line.startswith("  \"") else f"{line}  # said {i}"
                 for i, line in enumerate(text.splitlines())]
        return "# kept\n" + "\n".join(lines) + "\n# the end\n"
    return "// kept\n" + "\n".join(f"{line} // said {i}" for i, line in enumerate(text.splitlines())) + "\n/* the end */\n"


def with_trailing_commas(client, text):
    lines = text.splitlines()
    for i in range(len(lines) - 1):
        if lines[i + 1].strip().rstrip(",") in ("}", "]") and not lines[i].rstrip().endswith((",", "{", "[")):
            lines[i] += ","
    return "\n".join(lines) + "\n"


FORMS = {
    "as it is": lambda client, text: text.encode(),
    "comments": lambda client, text: with_comments(client, text).encode(),
    "trailing commas, no line end": lambda client, text: (with_trailing_commas(client, text) if is_json(client) else text).rstrip("\n").encode(),
    "CRLF, byte-order mark": lambda client, text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
}


class Corpus(CommandCase):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        # Through a running gateway, as on a computer in use; test_init.py goes without one.
        gateway = Gateway({})
        gateway.state = self.state
        self.addCleanup(gateway.close)
        gateway.start()

    def environment(self):
        return {"HOME": str(self.home), "XDG_CONFIG_HOME": "", "CLAUDE_CONFIG_DIR": "", "DOORWARD_STATE": ""}

    def doorward(self, *words, code=OK):
        return self.run_command(*words, env=self.environment(), code=code)

    def init(self):
        return self.json("init", "--yes", "--mode", "recommended", env=self.environment())

    def files(self):
        return {client: self.home / PLACES[client] for client in PLACES}

    def check_all(self, form):
        """Every client at once: one home with all their files."""
        before = {client: FORMS[form](client, client_files.sample(client)) for client in PLACES}
        paths = {client: client_files.place(self.home, client, content) for client, content in before.items()}
        done = self.init()
        self.assertTrue(done["applied"])
        self.assertEqual([each for each in done["entries"] if each["action"] == "leave" and "switched off" not in each["why"]
                          and "client itself" not in each["why"]], [])
        after = {client: path.read_bytes() for client, path in paths.items()}
        for client, content in after.items():
            with self.subTest(client):
                self.assertIn(MARK.encode(), content)
                self.assertIn(b'"connect"', content)
                # No line of the file is lost but those that say how the server starts.
                lost = [line for line in before[client].decode().splitlines() if line not in content.decode().splitlines()]
                self.assertLess(len(lost), 12, lost)
        backups = [path for path in self.home.rglob("*.doorward-backup-*")]
        self.assertEqual(len(backups), len(PLACES))

        again = self.init()
        self.assertFalse(again["applied"])
        self.assertEqual({client: path.read_bytes() for client, path in paths.items()}, after)
        self.assertEqual(self.doorward("client", "status")[0].count("behind the gateway"), len(PLACES) + 2)

        self.doorward("uninit", "--yes")
        for client, path in paths.items():
            with self.subTest(client):
                self.assertEqual(path.read_bytes(), before[client])
        self.assertEqual([path for path in self.home.rglob("*.doorward-backup-*")], [])
        self.assertEqual(self.json("server", "list")["servers"], [])
        self.assertEqual(self.json("policy", "list")["policies"], [])
        self.assertIn("nothing to undo", self.doorward("uninit", "--yes")[1])

    def test_as_it_is(self):
        self.check_all("as it is")

    def test_comments(self):
        self.check_all("comments")

    def test_trailing_commas_under_a_unicode_path(self):
        self.home = self.folder / "zuhause – 家 ü"
        self.check_all("trailing commas, no line end")

    def test_crlf_and_byte_order_mark(self):
        self.check_all("CRLF, byte-order mark")

    def test_symlink(self):
        """Dotfiles: what the clients read are links into another folder."""
        real = self.folder / "dotfiles"
        before = {}
        for client in PLACES:
            path = real / client
            path.parent.mkdir(exist_ok=True)
            before[client] = client_files.sample(client).encode()
            path.write_bytes(before[client])
            link = self.home / PLACES[client]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
        self.assertTrue(self.init()["applied"])
        for client in PLACES:
            self.assertTrue((self.home / PLACES[client]).is_symlink())
            self.assertIn(MARK.encode(), (real / client).read_bytes())
        self.doorward("uninit", "--yes")
        for client in PLACES:
            self.assertTrue((self.home / PLACES[client]).is_symlink())
            self.assertEqual((real / client).read_bytes(), before[client])

    def test_read_only(self):
        """A file that its owner has closed is left as it is, and that is said."""
        paths = {client: client_files.place(self.home, client, client_files.sample(client), 0o444) for client in PLACES}
        done = self.init()
        self.assertFalse(done["applied"])
        for client, path in paths.items():
            self.assertEqual(path.read_text(), client_files.sample(client))
            self.assertTrue(any("read-only" in each.get("why", "") for each in done["entries"] if each["client"] == client), client)

    def test_empty_and_without_servers(self):
        for kind, content in (("empty", {True: b"", False: b""}), ("no key", {True: b'{"theme": "x"}\n', False: b"# nothing\n"})):
            with self.subTest(kind):
                shutil.rmtree(self.home, ignore_errors=True)
                paths = {client: client_files.place(self.home, client, content[is_json(client)]) for client in PLACES}
                self.assertFalse(self.init()["applied"])
                for client, path in paths.items():
                    self.assertEqual(path.read_bytes(), content[is_json(client)], client)

    def test_permissions_stay(self):
        path = client_files.place(self.home, "cursor", client_files.sample("cursor"), 0o600)
        self.init()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.doorward("uninit", "--yes")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
