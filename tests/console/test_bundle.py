"""What a browser loads of the console: how much it is, and that the committed files are what the sources give."""
import filecmp
import gzip
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness.gateway import ROOT

DIST = pathlib.Path(os.environ.get("DOORWARD_CONSOLE_DIR") or ROOT / "console/dist")
FIRST, ALL = 60_000, 250_000


def packed(path):
    return len(gzip.compress(path.read_bytes(), 9))


def first_load(folder):
    """The first page, what it names, and what those scripts import at once."""
    page = folder / "index.html"
    wanted, files = [folder / name.lstrip("/") for name in re.findall(r'(?:src|href)="(/[^"]+)"', page.read_text())], {page}
    while wanted:
        file = wanted.pop()
        if file in files:
            continue
        files.add(file)
        if file.suffix == ".js":
            wanted += [file.parent / name for name in re.findall(r'(?:^|[;}])import(?:[\w{}$*,\s]*from)?\s*"(\./[^"]+)"', file.read_text())]
    return files


class Bundle(unittest.TestCase):
    def test_the_first_load_is_at_most_60_kB_and_all_at_most_250_kB_packed(self):
        every = {path: packed(path) for path in DIST.rglob("*") if path.is_file()}
        first = first_load(DIST)
        self.assertGreater(len(first), 3)
        told = "\n".join(f"{size:7} {path.name}{' *' if path in first else ''}" for path, size in sorted(every.items(), key=lambda one: -one[1]))
        self.assertLessEqual(sum(every[path] for path in first), FIRST, told)
        self.assertLessEqual(sum(every.values()), ALL, told)

    def test_nothing_in_it_names_another_host_to_load_from(self):
        for path in DIST.rglob("*"):
            if path.suffix in (".html", ".css"):
                self.assertNotRegex(path.read_text(), r"(?i)(src|href|url\()\s*[=(]?\s*[\"']?(https?:)?//", path)

    @unittest.skipIf(os.environ.get("DOORWARD_CONSOLE_DIR"), "looks at the committed files")
    def test_the_committed_files_are_what_the_sources_give(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([str(ROOT / "scripts/build-console"), folder], capture_output=True, text=True, timeout=240)
            if done.returncode != 0 and re.search(r"npm (ERR|error)|npm: (command )?not found", done.stderr):
                self.skipTest("npm's packages cannot be had here: " + done.stderr[-200:])
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            built = {path.relative_to(folder) for path in pathlib.Path(folder).rglob("*") if path.is_file()}
            kept = {path.relative_to(DIST) for path in DIST.rglob("*") if path.is_file()}
            self.assertEqual(built, kept, "run scripts/build-console")
            differ = [str(one) for one in sorted(built) if not filecmp.cmp(DIST / one, pathlib.Path(folder) / one, shallow=False)]
            self.assertEqual(differ, [], "run scripts/build-console")


if __name__ == "__main__":
    unittest.main()
