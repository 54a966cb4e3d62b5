"""The files that docs/quickstarts shows before and after `doorward init` are those that it makes, and `uninit` takes them back."""
import unittest

from docs.pages import block
from docs.quickstarts import CLIENTS, PAGES, Home, blocks, recording


class Quickstarts(unittest.TestCase):
    maxDiff = None

    def test_the_index_shows_what_a_dry_run_says(self):
        self.assertEqual(block((PAGES / "README.md").read_text(), "recording"), recording(), "python3 -m docs.quickstarts writes it")

    def test_each_page_shows_what_init_makes_and_uninit_takes_it_back(self):
        for name, client in CLIENTS.items():
            with self.subTest(name), Home(client) as home:
                home.init()
                page = (PAGES / f"{name}.md").read_text()
                for marker, content in blocks(client, home).items():
                    self.assertEqual(block(page, marker), content, "python3 -m docs.quickstarts writes it")
                undone = home.run("uninit", "--client", client.id, "--yes")
                self.assertEqual(undone.returncode, 0, undone.stderr)
                self.assertEqual(home.file.read_text(), client.before, "byte for byte")

    def test_the_prompt_to_try(self):
        """The first message starts the gateway; the note's list comes, and there is no tool to delete one."""
        with Home(CLIENTS["claude-desktop"]) as home:
            home.init()
            answers = home.talk("notes")
            tools = [tool["name"] for tool in answers[2]["result"]["tools"]]
            self.assertIn("list_notes", tools)
            self.assertNotIn("delete_note", tools)
            self.assertFalse(answers[3]["result"].get("isError"))
            self.assertEqual(answers[4]["error"]["message"], "Unknown tool: delete_note")
            log = home.run("log", "tail").stdout
            self.assertIn("notes.list_notes", log)
            self.assertIn("(hidden)", log)


if __name__ == "__main__":
    unittest.main()
