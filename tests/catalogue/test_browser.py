"""The static site in a browser: narrow and wide, light and dark, under its content security policy, judged by axe."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from catalogue import named_tools
from cli.tool import CommandCase
from harness.gateway import ROOT

PEERS = pathlib.Path(os.environ.get("DOORWARD_PEERS", ROOT / ".cache/peers"))
MODULES = PEERS / "browser"
CHROMIUM = shutil.which("chromium")
NODE = PEERS / "node-bin"

PAGES = ["index.html", "servers/truenas/api_key_delete.html", "servers/truenas/api_key_create.html",
         "servers/portkey-admin/delete_api_key.html", "servers/governance-platform/delete_api_key.html",
         "servers/portkey-admin.html", "stacks/truenas+portkey-admin+governance-platform.html", "attacks/index.html",
         "attacks/destructive-action-autonomy.html"]


@unittest.skipUnless(named_tools.THERE, "../shared/data is absent")
@unittest.skipUnless(CHROMIUM, "Chromium is absent; scripts/install-test-deps brings it")
@unittest.skipUnless(NODE.exists() and (MODULES / "node_modules/playwright-core").exists(),
                     "Playwright is absent; scripts/install-peers brings it")
class Browser(CommandCase):
    def test_pages(self):
        named_tools.fill(self.folder, self.state)
        site = self.folder / "site"
        servers = [word for slug in ("truenas", "portkey-admin", "governance-platform") for word in ("--server", slug)]
        self.run_command("catalogue", "site", site, *servers)
        # Kept where a person asks for them, to be looked at.
        screenshots = os.environ.get("DOORWARD_SCREENSHOTS", "")
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([str(NODE), str(ROOT / "tests/browser/pages.mjs"), str(site), screenshots, CHROMIUM, str(MODULES),
                                   *PAGES], capture_output=True, text=True, timeout=300, env={**os.environ, "HOME": home})
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen["problems"], [])
        search = seen["search"]
        self.assertIn("found", search["text"])
        self.assertIn(search["first"].rpartition("/")[2], ("delete_api_key.html", "api_key_delete.html"))
        self.assertEqual(search["focused"], search["first"])
        self.assertTrue(search["copies"])
        self.assertFalse(search["form_without_scripts"])


if __name__ == "__main__":
    unittest.main()
