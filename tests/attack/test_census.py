"""The table of coverage.md is complete and current."""
import re
import unittest

from attack import census
from harness.gateway import SHARED


class Census(unittest.TestCase):
    def test_every_row_has_a_test_or_a_reason(self):
        covered = census.tests()
        missing = [row for rows in census.P0.values() for row in rows.split()
                   if row not in covered and row not in census.WAITS]
        self.assertEqual(missing, [])
        self.assertEqual([row for row in census.WAITS if row in covered], [], "a row that waits has a test")

    def test_the_table_is_current(self):
        self.assertEqual((census.HERE / "coverage.md").read_text(), census.text(),
                         "write it anew: cd tests && python3 -m attack.census")

    @unittest.skipUnless((SHARED / "design/attack-cases.md").exists(), "the list of attack cases is absent")
    def test_the_rows_are_those_of_the_list(self):
        section, rows = None, {}
        for line in (SHARED / "design/attack-cases.md").read_text().splitlines():
            if match := re.match(r"#### ([A-Q])\.", line):
                section = match[1]
            if (match := re.match(r"\| (T\d+) \|.*\| (\d) \|\s*$", line)) and match[2] == "0" and section in census.P0:
                rows.setdefault(section, []).append(match[1])
        self.assertEqual({key: " ".join(value) for key, value in rows.items()}, census.P0)


if __name__ == "__main__":
    unittest.main()
