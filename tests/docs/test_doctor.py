"""Every check of the doctor stands in the table of docs/troubleshooting.md."""
import re
import unittest

from harness.gateway import ROOT


class Doctor(unittest.TestCase):
    def test_every_check_is_explained(self):
        page = (ROOT / "docs" / "troubleshooting.md").read_text()
        table = page[page.index("## The doctor's output"):]
        explained = {name.split()[0] for row in re.findall(r"^\| (`[^|]*) \|", table, re.M) for name in re.findall(r"`([^`]+)`", row)}
        source = "".join(path.read_text() for path in sorted((ROOT / "src" / "cli").glob("doctor_*.cpp")))
        named = re.findall(r'(?:put\(|push_back\(\{|Check check\{|check_private\([^"{]*)"([a-z]+)', source)
        self.assertGreater(len(set(named)), 10)
        self.assertEqual(set(named) - explained, set())


if __name__ == "__main__":
    unittest.main()
