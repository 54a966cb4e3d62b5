"""The table of what an agent is told of each operator, and that none is missing in it."""
import re
import unittest

from docs.operators import OPERATORS, PAGE, table
from docs.pages import block
from harness.gateway import ROOT


class Operators(unittest.TestCase):
    maxDiff = None

    def test_the_table_is_what_the_engine_says(self):
        self.assertEqual(block(PAGE.read_text(), "told"), table(), "python3 -m docs.operators writes it")

    def test_every_operator_is_in_it(self):
        names = re.search(r"kOpNames = \{(.*?)\}", (ROOT / "src/policy/condition.h").read_text(), re.S)[1]
        named = set(re.findall(r'"([a-z_]+)"', names))
        self.assertEqual(named, {op for op, *_ in OPERATORS})


if __name__ == "__main__":
    unittest.main()
