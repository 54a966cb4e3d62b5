"""The pictures of the documents, taken from a console at work: scripts/screenshots, or

    DOORWARD_BUILD=../build python3 -m console.screenshots
"""
import sys
import unittest

from console.case import ConsoleCase
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
    ("console-servers", "/servers", 1280, 640, "light"),
]


class Screenshots(ConsoleCase):
    def test_take(self):
        FOLDER.mkdir(exist_ok=True)
        shots = [{"name": name, "path": path.format(**self.world.ids), "width": width, "height": height, "theme": theme}
                 for name, path, width, height, theme in SHOTS]
        self.browse("screenshots.mjs take", shots=shots, folder=str(FOLDER))
        for name, *_ in SHOTS:
            self.assertLess((FOLDER / f"{name}.png").stat().st_size, MOST_BYTES, name)


if __name__ == "__main__":
    sys.exit(unittest.main())
