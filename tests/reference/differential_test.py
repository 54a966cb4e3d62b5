"""The differential run finds what it is for: a wrong engine, a dead engine, a hole in the coverage."""

import collections
import contextlib
import io
import os
import stat
import sys
import tempfile
import unittest

import coverage
import differential
import re2_client

HERE = os.path.dirname(os.path.abspath(__file__))

ENGINE = """\
#!{python}
import json, sys
sys.path.insert(0, {here!r})
import re2_client
re2_client.helper = {helper!r}
from evaluator import evaluate
from strict_json import read
for line in sys.stdin.buffer:
    case = read(line.decode())
    answer = evaluate(case)
    {fault}
    sys.stdout.write(json.dumps(answer) + "\\n")
    sys.stdout.flush()
"""


@unittest.skipUnless(re2_client.available(), "DOORWARD_RE2_MATCH names no re2_match")
class Differential(unittest.TestCase):
    def run_against(self, fault, *more):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "engine")
            with open(path, "w", encoding="utf-8") as file:
                file.write(ENGINE.format(python=sys.executable, here=HERE, helper=re2_client.helper,
                                         fault=fault))
            os.chmod(path, stat.S_IRWXU)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = differential.main(["--engine", path, "--count", "1024", "--quiet", *more])
        return status, out.getvalue()

    def test_the_reference_agrees_with_itself(self):
        status, out = self.run_against("pass")
        self.assertEqual(status, 0, out)
        self.assertIn(" 0 disagreements", out)

    def test_a_wrong_pointer_is_found_and_made_small(self):
        status, out = self.run_against('answer["pointer"] = answer["pointer"].replace("~1", "/")')
        self.assertEqual(status, 1)
        self.assertIn("disagreement", out)
        small = next(line for line in out.splitlines() if line.startswith("  minimised: "))
        self.assertLess(len(small), 600, small)

    def test_a_broken_law_is_found(self):
        status, out = self.run_against('if "observe" in case["policy"]: answer["decision"] = "allow"')
        self.assertEqual(status, 1)
        self.assertTrue("law (engine): observe is explained as enforce" in out)

    def test_a_dead_engine_is_told_from_a_wrong_one(self):
        status, out = self.run_against("sys.exit(9)")
        self.assertEqual(status, 3)
        self.assertIn("status 9", out)

    def test_holes_are_reported(self):
        counter = collections.Counter()
        self.assertIn((("list", "eq", "require", "[*] one"), 0), coverage.holes(counter))


if __name__ == "__main__":
    unittest.main()
