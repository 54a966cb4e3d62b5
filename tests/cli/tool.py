"""What the tests of the command line share: a state directory, the binary, and JSON out of it."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness.gateway import BINARY, ROOT, write_out_before

EXAMPLES = ROOT / "examples"
OK, FAILED, USAGE, INVALID, UNREACHABLE, UNAUTHORISED = range(6)


class CommandCase(unittest.TestCase):
    """Each test has a folder of its own with a state directory in it."""
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-cli-"))
        self.state = self.folder / "state"
        self.addCleanup(shutil.rmtree, self.folder, True)

    def run_command(self, *words, code=OK, input=None, env=None, state=True):
        """Runs `doorward WORDS --state STATE`; (standard output, standard error)."""
        words = [str(word) for word in words]
        if state:
            write_out_before(words, self.state)
            at = words.index("--") if "--" in words else len(words)
            words[at:at] = ["--state", str(self.state)]
        done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, input=input, timeout=60,
                              env={**os.environ, **(env or {})}, cwd=self.folder)
        self.assertEqual(done.returncode, code, f"doorward {' '.join(words)}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def json(self, *words, **options):
        return json.loads(self.run_command(*words, "--json", **options)[0])

    def write(self, name, content, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        path.chmod(mode)
        return path
