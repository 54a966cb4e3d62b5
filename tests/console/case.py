"""What the tests of the console share: a gateway with a morning's work behind it, and a browser that uses its console."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from console.world import World
from harness.gateway import ROOT

PEERS = pathlib.Path(os.environ.get("DOORWARD_PEERS", ROOT / ".cache/peers")).absolute()
MODULES, NODE = PEERS / "browser", PEERS / "node-bin"
CHROMIUM = shutil.which("chromium")
HERE = pathlib.Path(__file__).resolve().parent


@unittest.skipUnless(CHROMIUM, "Chromium is absent; scripts/install-test-deps brings it")
@unittest.skipUnless(NODE.exists() and (MODULES / "node_modules/playwright-core").exists(),
                     "Playwright is absent; scripts/install-peers brings it")
class ConsoleCase(unittest.TestCase):
    """One world for the tests of a class; `browse` runs a function of a module beside this file in a browser."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = cls.make_world()
        cls.addClassCleanup(cls.world.close)
        cls.world.start()
        cls.fill(cls.world)

    @classmethod
    def make_world(cls):
        return World()

    @classmethod
    def fill(cls, world):
        world.live()

    def browse(self, run, anonymous=False, seconds=150, **task):
        """`run`: "MODULE FUNCTION". Fails on whatever a page may not do; what the function returned."""
        gateway = self.world.gateway
        agents = {label: {"url": f"http://127.0.0.1:{gateway.port}/mcp/{gateway.grants[label][0]}/", "token": token}
                  for label, token in gateway.tokens.items()}
        request = {"run": run, "origin": self.world.origin, "code": None if anonymous else self.world.code(),
                   "anonymous": anonymous, "agents": agents, "ids": self.world.ids,
                   "screenshots": os.environ.get("DOORWARD_SCREENSHOTS", ""), **task}
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([str(NODE), str(HERE / "run.mjs"), str(MODULES), CHROMIUM], input=json.dumps(request),
                                  capture_output=True, text=True, timeout=seconds, env={**os.environ, "HOME": home})
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen["problems"], [], "\n".join(seen["problems"]))
        return seen.get("value")
