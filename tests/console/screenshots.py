"""The pictures of the documents, taken from a console at work: scripts/screenshots, or

    DOORWARD_BUILD=../build python3 -m console.screenshots
"""
import json
import sys
import unittest

from console.case import ConsoleCase
from console.world import World
from harness.gateway import ROOT

FOLDER = ROOT / "docs" / "images"
MOST_BYTES = 150_000  # of a picture: they are part of every clone
# name, path (`{denied}` and the like are ids of World), width, height, theme
SHOTS = [
    ("console-overview", "/", 1280, 800, "light"),
    ("console-live", "/live", 1280, 720, "dark"),
    ("console-approvals", "/approvals", 1280, 800, "light"),
    ("console-approvals-phone", "/approvals", 390, 760, "light"),
    ("console-denied", "/audit/{denied}?agent=support-agent", 1280, 860, "light"),
    ("console-policy", "/policies/payments/support", 1280, 860, "light"),
    ("console-agents", "/agents", 1280, 640, "light"),
    ("console-coverage", "/coverage", 1280, 860, "light"),
]


class OwnWorld(World):
    """The policies are made by command, as people do who have no file; so they can be edited in the console."""

    def start(self):
        policies, self.gateway.policies = self.gateway.policies, {}
        grants, self.gateway.grants = self.gateway.grants, {}
        super().start()
        for name, (server, document) in policies.items():
            self.gateway.run("policy", "add", name, "--server", server, "--file", "-", input=json.dumps(document, indent=2), check=True)
        self.gateway.grants = grants
        for label in grants:
            self.gateway.create_grant(label)
        return self


class Screenshots(ConsoleCase):
    @classmethod
    def make_world(cls):
        return OwnWorld()

    def test_take(self):
        FOLDER.mkdir(exist_ok=True)
        shots = [{"name": name, "path": path.format(**self.world.ids), "width": width, "height": height, "theme": theme}
                 for name, path, width, height, theme in SHOTS]
        self.browse("screenshots.mjs take", shots=shots, folder=str(FOLDER))
        for name, *_ in SHOTS:
            self.assertLess((FOLDER / f"{name}.png").stat().st_size, MOST_BYTES, name)


if __name__ == "__main__":
    sys.exit(unittest.main())
