"""A state directory copied while its gateway serves, and put back."""
import json
import pathlib
import stat
import subprocess
import tarfile
import tempfile
import unittest

from harness.gateway import BINARY, Gateway
from harness.upstream import RecordingUpstream


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = RecordingUpstream()
        cls.gateway = Gateway({"up": cls.upstream.url}, {"open": ("up", {"version": "1", "default": "allow"})},
                              {"agent": ("up", "open")})
        cls.gateway.start()
        client = cls.gateway.client("agent")
        client.initialize()
        for _ in range(5):
            client.call("echo", {"text": "x"})
        cls.scratch = tempfile.TemporaryDirectory(prefix="doorward-test-")
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.file = cls.folder / "one.backup"
        cls.made = cls.gateway.run("backup", str(cls.file), "--json")

    @classmethod
    def tearDownClass(cls):
        cls.gateway.close()
        cls.upstream.stop()
        cls.scratch.cleanup()

    def restore(self, file, state):
        return subprocess.run([BINARY, "restore", str(file), "--state", str(state), "--json"], capture_output=True, text=True,
                              timeout=60, check=False)

    def test_a_copy_is_one_file_that_nobody_else_reads(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        report = json.loads(self.made.stdout)
        self.assertEqual((report["schema"], report["file"]), ("doorward.backup.made/1", str(self.file)))
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        names = [name.split("/", 1)[1] for name in tarfile.open(self.file).getnames()]
        self.assertEqual(len(names), report["files"] + 1)
        for wanted in ("manifest.json", "doorward.db", "keys/audit.key"):
            self.assertIn(wanted, names)
        self.assertFalse([name for name in names if "ring-" in name or name.startswith("index/") or name.endswith(".sock")])
        self.assertEqual(self.gateway.run("backup", str(self.file)).returncode, 1)
        self.assertFalse((self.folder / "one.backup.part").exists())

    def test_what_was_copied_serves_again(self):
        state = self.folder / "again"
        done = self.restore(self.file, state)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout)["ok"])
        self.assertGreaterEqual(json.loads(done.stdout)["records"], 10)
        again = Gateway(self.gateway.servers, self.gateway.policies, {})
        again.state = state
        try:
            again.start()
            again.grants, again.tokens = self.gateway.grants, self.gateway.tokens
            client = again.client("agent")
            client.initialize()
            self.assertFalse(client.call("echo", {"text": "y"}).result.get("isError", False))
            self.assertEqual(again.run("audit", "verify").returncode, 0)
        finally:
            again.close()
        refused = self.restore(self.file, state)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("not empty", refused.stderr)

    def test_a_changed_or_cut_copy_is_refused_and_leaves_nothing(self):
        good = self.file.read_bytes()
        changed = bytearray(good)
        changed[good.index(b'"event":"call.intent"') + 10] ^= 1
        for name, content in (("changed", changed), ("cut", good[:len(good) // 2]), ("other", b"no backup" * 200)):
            with self.subTest(name):
                file, state = self.folder / f"{name}.backup", self.folder / name
                file.write_bytes(content)
                done = self.restore(file, state)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertFalse(state.exists())
                self.assertFalse((self.folder / f"{name}.restore").exists())


if __name__ == "__main__":
    unittest.main()
