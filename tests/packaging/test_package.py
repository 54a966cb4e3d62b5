"""The Debian package: what is in it, that it is the same each time, and the first refused call from it.

Takes the package that DOORWARD_PACKAGE names, else makes one of the build.
"""
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
import unittest

from cli import test_two_minutes
from harness.gateway import BUILD, ROOT

TOOLS = ["cpack", "dpkg-deb", "dpkg-shlibdeps", "file"]
EXPOSURE = 2.0
# Paths of the building machine. Those of headers of its packages may stand in assertions.
OURS = {f"{ROOT}/src/", f"{ROOT}/console/", f"{BUILD.resolve()}/"}


def run(*words, **options):
    """Standard output of a program that must end well."""
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=100, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
    return done.stdout


def make(folder, **options):
    """The package of this build, made in a folder. It stays uncompressed, for compressing takes longest."""
    run(ROOT / "scripts/package", BUILD.resolve(), "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none", **options)
    found, = pathlib.Path(folder).glob("*.deb")
    return found


def setUpModule():
    global folder, package, root
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise unittest.SkipTest(f"{', '.join(missing)} is absent: scripts/install-package-deps")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-package-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, True)
    given = os.environ.get("DOORWARD_PACKAGE")
    package = pathlib.Path(given) if given else make(folder / "made")
    root = folder / "root"
    run("dpkg-deb", "-R", package, root)


class FirstBlock(test_two_minutes.TwoMinutes):
    """The test of the built binary, of the one in the package."""

    def setUp(self):
        super().setUp()
        self.program = root / "usr/bin/doorward"


class Contents(unittest.TestCase):
    maxDiff = None

    def files(self):
        return [path for path in sorted(root.rglob("*")) if path.is_file()]

    def field(self, name):
        return run("dpkg-deb", "-f", package, name).decode().strip()

    def test_what_it_says_of_itself(self):
        version = re.search(r"project\(doorward VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual([self.field(name) for name in ("Package", "Version")], ["doorward", f"{version}-1"])
        self.assertEqual(package.name, f"doorward_{version}-1_{self.field('Architecture')}.deb")
        needs = self.field("Depends")
        for name in ("adduser", "tzdata", "libc6 ", "libssl3", "libsqlite3-0", "libsodium23"):
            self.assertIn(name, needs)
        self.assertEqual((root / "DEBIAN/conffiles").read_text().split(), ["/etc/doorward/doorward.yaml"])
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual(stat.S_IMODE((root / "DEBIAN" / script).stat().st_mode), 0o755)
            run("sh", "-n", root / "DEBIAN" / script)

    def test_files_belong_to_root_and_nobody_else_writes_them(self):
        run("sh", "-c", 'dpkg-deb --fsys-tarfile "$1" > "$2"', "sh", package, folder / "files.tar")
        with tarfile.open(folder / "files.tar") as files:
            members = files.getmembers()
        self.assertGreater(len(members), 100)
        for one in members:
            self.assertRegex(one.name, r"^\./(usr|etc)(/|$)")
            self.assertEqual((one.uid, one.gid, one.uname, one.gname), (0, 0, "root", "root"), one.name)
            self.assertTrue(one.isdir() or one.isreg(), one.name)
            program = one.isdir() or one.name.startswith("./usr/bin/")
            self.assertEqual(oct(one.mode), oct(0o755 if program else 0o644), one.name)

    def test_everything_is_where_debian_looks_for_it(self):
        for name in ("bin/doorward", "lib/systemd/system/doorward.service", "share/bash-completion/completions/doorward",
                     "share/zsh/vendor-completions/_doorward", "share/fish/vendor_completions.d/doorward.fish",
                     "share/man/man1/doorward.1.gz", "share/man/man1/doorward-init.1.gz", "share/doc/doorward/copyright",
                     "share/doc/doorward/README.md", "share/doc/doorward/changelog.gz",
                     "share/doc/doorward/docs/install.md", "share/doc/doorward/examples/team.yaml",
                     "share/doc/doorward/examples/recipes/no-shell.json"):
            self.assertGreater((root / "usr" / name).stat().st_size, 50, name)
        copyright = (root / "usr/share/doc/doorward/copyright").read_text()
        self.assertTrue(copyright.startswith("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"))
        self.assertIn("/usr/share/common-licenses/Apache-2.0", copyright)
        newest = gzip.decompress((root / "usr/share/doc/doorward/changelog.Debian.gz").read_bytes()).decode()
        self.assertTrue(newest.startswith(f"doorward ({self.field('Version')}) "), newest)

    def test_nothing_of_the_machine_that_built_it(self):
        for path in self.files():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            for name in OURS:
                self.assertNotIn(name.encode(), data, path)
        sections = run("readelf", "-SdlW", root / "usr/bin/doorward").decode()
        self.assertIn("GNU_RELRO", sections)  # no tool has taken the hardening away
        for unwanted in ("RPATH", "RUNPATH", ".debug_info", ".symtab", ".note.gnu.build-id"):
            self.assertNotIn(unwanted, sections)

    def test_manual_pages(self):
        pages = sorted((root / "usr/share/man/man1").iterdir())
        self.assertEqual(len(pages), len(re.findall(r"^  [a-z][a-z-]+  ", run(root / "usr/bin/doorward", "--help").decode().split(
            "ubcommands:", 1)[1], re.M)) + 1)
        for page in pages:
            self.assertEqual(page.read_bytes()[4:8], bytes(4), f"{page.name} holds the time at which it was packed")
        if not shutil.which("man") or not shutil.which("groff"):
            self.skipTest("man or groff is absent")
        done = subprocess.run(["man", "--warnings", "-l", *map(str, pages)], capture_output=True, text=True, timeout=100,
                              env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for page in pages:
            self.assertIn(page.name.partition(".")[0].upper() + "(1)", done.stdout.upper())

    def test_completions(self):
        for shell, name in (("bash", "bash-completion/completions/doorward"), ("zsh", "zsh/vendor-completions/_doorward"),
                            ("fish", "fish/vendor_completions.d/doorward.fish")):
            path = root / "usr/share" / name
            self.assertEqual(path.read_bytes(), run(root / "usr/bin/doorward", "completion", shell))
            if shutil.which(shell):
                run(shell, "--no-execute" if shell == "fish" else "-n", path)

    def test_another_run_gives_the_same_bytes(self):
        if os.environ.get("DOORWARD_PACKAGE"):
            self.skipTest("it was not made here")
        again = make(folder / "again", env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}, umask=0o077)
        self.assertEqual(hashlib.sha256(again.read_bytes()).digest(), hashlib.sha256(package.read_bytes()).digest())


class Service(unittest.TestCase):
    def setUp(self):
        self.unit = root / "usr/lib/systemd/system/doorward.service"
        self.program = root / "usr/bin/doorward"

    def test_it_starts_what_is_installed_and_its_configuration_is_valid(self):
        start, = re.findall(r"^ExecStart=(.*)$", self.unit.read_text(), re.M)
        program, command, *options = start.split()
        self.assertEqual((root / program[1:], command), (self.program, "serve"))
        settings = dict(zip(options[::2], options[1::2]))
        self.assertEqual(settings["--state"], "/var/lib/doorward")
        run(self.program, "config", "check", root / settings["--config"][1:])

    def test_it_is_not_enabled_by_the_package(self):
        links = [path for path in root.rglob("*.wants") if path.is_dir()]
        self.assertEqual(links, [])

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is absent (Debian package systemd)")
    def test_exposure_also_with_the_drop_ins_of_the_examples(self):
        drop_ins = sorted((root / "usr/share/doc/doorward/examples/systemd").iterdir())
        self.assertEqual(len(drop_ins), 2)
        for more in ("", *(path.read_text() for path in drop_ins)):
            unit = folder / "doorward.service"
            unit.write_text(self.unit.read_text().replace("/usr/bin/doorward", str(self.program)) + more)
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                                   f"--threshold={round(EXPOSURE * 10)}", str(unit)], capture_output=True, text=True, timeout=60)
            self.assertRegex(done.stdout, r"Overall exposure level for doorward.service: \d\.\d")
            self.assertEqual(done.returncode, 0, done.stdout)
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60)
            self.assertNotIn("doorward.service:", done.stderr)  # unknown keys, values that cannot be


if __name__ == "__main__":
    unittest.main()
