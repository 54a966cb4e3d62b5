"""Every page of the console: judged by axe, under its content security policy, in both themes, wide and narrow."""
import unittest

from console.case import ConsoleCase
from console.pages import PAGES


class Pages(ConsoleCase):
    def test_every_page_in_both_themes_and_widths(self):
        pages = [{"name": name, "path": path.format(**self.world.ids), "heading": heading} for name, path, heading in PAGES]
        seen = self.browse("pages.mjs look", pages=pages, seconds=290)
        self.assertEqual(seen, {name: 4 for name, _, _ in PAGES})

    def test_signing_in_in_both_themes_and_widths(self):
        # A page that nobody may see before: no request of it is refused, so nothing stands in the browser's console.
        self.browse("pages.mjs look", anonymous=True, pages=[{"name": "sign-in", "path": "/approvals", "heading": "Sign in"}])


if __name__ == "__main__":
    unittest.main()
