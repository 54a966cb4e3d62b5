"""The texts of docs/denials.md are those that a gateway gives; every code of the engine stands there."""
import re
import unittest

from docs.denials import CODES, PAGE, Scenes
from docs.pages import block, masked
from harness.gateway import ROOT


class Denials(unittest.TestCase):
    maxDiff = None

    def test_each_text_is_what_a_gateway_says(self):
        page = PAGE.read_text()
        with Scenes() as scenes:
            for name, content in scenes.blocks().items():
                with self.subTest(name):
                    self.assertEqual(masked(block(page, name)), masked(content), "python3 -m docs.denials writes it")

    def test_each_code_of_the_engine_is_explained(self):
        source = (ROOT / "src/policy/decide.cpp").read_text()
        names = re.search(r"to_string\(Code code\).*?\{(?:.*?)\{(.*?)\}", source, re.S)[1]
        codes = set(re.findall(r'"([a-z_]+)"', names)) - {"none"}
        self.assertGreater(len(codes), 12)
        page = PAGE.read_text()
        self.assertEqual({code for code in codes if f"`{code}`" not in page}, set())
        self.assertLessEqual(set(CODES.values()), codes)

    def test_the_sentence_of_a_policy_error(self):
        """No test can make the gateway meet one, so the words are compared with the source."""
        sentence = "The gateway could not judge the call and refuses what it cannot judge. This is not your fault."
        self.assertIn(sentence, (ROOT / "src/policy/told.cpp").read_text())
        self.assertIn(sentence, " ".join(PAGE.read_text().split()))


if __name__ == "__main__":
    unittest.main()
