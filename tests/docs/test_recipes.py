"""Each recipe through the gateway: its calls end as its page shows, word for word; its policy is the file."""
import re
import unittest

from docs.pages import block, masked
from docs.recipe_book import RECIPES
from docs.recipes import PAGES, POLICIES, Kitchen, page, policy_block


class Recipes(unittest.TestCase):
    maxDiff = None

    def test_each_policy_has_a_page_and_calls(self):
        names = {path.stem for path in POLICIES.glob("*.json")}
        self.assertGreaterEqual(len(names), 25)
        self.assertEqual(names, set(RECIPES))
        self.assertEqual(names, {path.stem for path in PAGES.glob("*.md")} - {"README"})
        listed = re.findall(r"\]\(([a-z-]+)\.md\) \|", (PAGES / "README.md").read_text())
        self.assertEqual(sorted(listed), sorted(names))

    def test_each_page_shows_the_policy(self):
        for name in RECIPES:
            with self.subTest(name):
                self.assertEqual(block(page(name).read_text(), "policy"), policy_block(name), "python3 -m docs.recipes writes it")

    def test_each_call_ends_as_the_page_shows(self):
        with Kitchen() as kitchen:
            for name in RECIPES:
                with self.subTest(name):
                    shown = block(page(name).read_text(), "agent")
                    self.assertEqual(masked(kitchen.run(name)), masked(shown), "python3 -m docs.recipes writes it")


if __name__ == "__main__":
    unittest.main()
