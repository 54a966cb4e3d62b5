"""`doorward init` and `uninit` with a person at a terminal: what is asked, in which order, and what each answer does."""
import hashlib
import json
import unittest

from cli.client_files import entry, place, servers
from cli.test_init import SECRET, Home
from cli.tool import FAILED, OK
from harness.gateway import BINARY
from harness.terminal import CTRL_C, CTRL_D, Terminal

INTERRUPTED = 130
START, MODE, SECRETS, APPLY = "uit asking: ", "Which one? [1] ", "sealed store instead? [y/N] ", "mode recommended? [y/N] "
# What is asked, in order, and what a person answers who agrees.
WAY = ((START, "y"), (MODE, "2"), (SECRETS, "n"), (APPLY, "y"))


class Asked(Home):
    def setUp(self):
        super().setUp()
        self.mark = self.folder / "started"
        # The server leaves a mark when it is started.
        script = f"touch '{self.mark}'; exec '{BINARY}' demo-server"
        self.paths = [place(self.home, "cursor", servers(notes=entry("/bin/sh", ("-c", script), env={"NOTES_API_KEY": SECRET}))),
                      place(self.home, "windsurf", servers(notes=entry("/bin/sh", ("-c", script), env={"NOTES_API_KEY": SECRET})).replace("\n", "\r\n"))]
        self.before = self.everything()

    def everything(self):
        """Each file and folder of the test, the state directory too, with what it holds; but for the server's mark and what says
        who looked last."""
        passing = (self.mark, self.state / "lock", self.state / "catalogue.db-shm")
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
                for path in self.folder.rglob("*") if path not in passing}

    def at_terminal(self, *words, width=80, env=None):
        return Terminal([BINARY, *words, "--state", self.state], width=width, cwd=self.folder, env={**self.environment(), "NO_COLOR": "", **(env or {})})

    def answer(self, terminal, until=None):
        """Answers what comes before a question, as a person who agrees."""
        for question, keys in WAY:
            if question == until:
                return
            terminal.answer(question, keys)

    def assert_untouched(self, terminal, code):
        self.assertEqual(terminal.end(), code, terminal.seen)
        self.assertEqual(self.everything(), self.before)
        self.assertIn("nothing was changed", terminal.plain())
        self.assertNotIn(SECRET, terminal.seen)

    def test_a_person_who_agrees(self):
        for width in (40, 200):
            with self.subTest(width):
                self.before = self.everything()
                texts = [path.read_bytes() for path in self.paths]
                terminal = self.at_terminal("init", width=width)
                said = terminal.until(START)
                for words in ("Found 2 servers in the files of 2 clients.", "Cursor  ", "Windsurf  ", "starts notes: ", "Neither happens without your answer"):
                    self.assertIn(words, said)
                self.assertFalse(self.mark.exists())
                terminal.type("y\n")
                terminal.answer(MODE, "2")
                self.assertTrue(self.mark.exists())
                terminal.answer(SECRETS, "no")
                shown = terminal.until(APPLY)
                for path in self.paths:
                    self.assertIn(f"change of {path}", shown)
                self.assertEqual(shown.count('"DOORWARD_MANAGED": "1"'), 2)
                self.assertEqual(self.everything(), self.before)
                terminal.type("YES\n")
                self.assertEqual(terminal.end(), OK, terminal.seen)
                for words in ("done: 2 servers are behind the gateway, mode recommended", "reload Cursor: ", "undo: doorward uninit", "next: doorward demo"):
                    self.assertIn(words, terminal.plain())
                self.assertNotIn(SECRET, terminal.seen)
                for path in self.paths:
                    self.assertEqual(json.loads(path.read_bytes())["mcpServers"]["notes"]["args"][0], "connect")

                undo = self.at_terminal("uninit", width=width)
                undo.answer("grants away? [y/N] ", "y")
                self.assertEqual(undo.end(), OK, undo.seen)
                self.assertEqual([path.read_bytes() for path in self.paths], texts)
                self.mark.unlink()

    def test_no_to_all(self):
        terminal = self.at_terminal("init")
        terminal.answer(START, "n")
        terminal.answer(MODE, "2")
        self.assertIn("Judged by category", terminal.answer(SECRETS, "n") + terminal.answer(APPLY, "n"))
        self.assert_untouched(terminal, FAILED)
        self.assertFalse(self.mark.exists())

    def test_no_at_the_end(self):
        terminal = self.at_terminal("init")
        self.answer(terminal, until=APPLY)
        terminal.answer(APPLY, "")
        self.assert_untouched(terminal, FAILED)

    def test_an_interrupt_at_every_question(self):
        for question, _ in WAY:
            with self.subTest(question):
                terminal = self.at_terminal("init")
                self.answer(terminal, until=question)
                terminal.answer(question, b"half a word" + CTRL_C)
                self.assert_untouched(terminal, INTERRUPTED)

    def test_the_end_of_input_is_no(self):
        for question, _ in WAY:
            with self.subTest(question):
                terminal = self.at_terminal("init")
                self.answer(terminal, until=question)
                terminal.answer(question, CTRL_D)
                if question == START:
                    terminal.answer(MODE, CTRL_D)
                if question == SECRETS:
                    self.assertNotIn("sealed", terminal.answer(APPLY, CTRL_D))
                self.assert_untouched(terminal, FAILED)
        self.assertTrue(self.mark.exists())

    def test_other_answers_are_asked_again(self):
        terminal = self.at_terminal("init")
        for question, keys in WAY:
            for odd in ("perhaps", "\x1b[31m", "yy", "9" * 5000):
                # A terminal keeps no line that is longer than 4096 characters.
                terminal.answer(question if odd == "perhaps" else question[-5:], odd[:4000])
            terminal.answer(question[-5:], keys)
        self.assertEqual(terminal.end(), OK, terminal.seen)
        self.assertIn("Please answer y or n.", terminal.seen)
        self.assertIn("Please answer 1, 2 or 3.", terminal.seen)

    def test_colour_only_where_it_is_wanted(self):
        for env, painted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            with self.subTest(env):
                terminal = self.at_terminal("init", env=env)
                self.answer(terminal, until=APPLY)
                terminal.answer(APPLY, "n")
                self.assert_untouched(terminal, FAILED)
                self.assertEqual("\x1b[32m+ " in terminal.seen, painted)
                self.assertEqual("\x1b[3" in terminal.seen, painted)

    def test_an_interrupted_uninit(self):
        self.init()
        self.before = self.everything()
        for keys, code in ((CTRL_C, INTERRUPTED), (CTRL_D, FAILED), ("n", FAILED)):
            terminal = self.at_terminal("uninit")
            terminal.answer("grants away? [y/N] ", keys)
            self.assert_untouched(terminal, code)


class Hidden(Home):
    def test_an_interrupt_leaves_the_terminal_as_it_was(self):
        terminal = Terminal([BINARY, "secret", "set", "key", "--state", self.state])
        terminal.until("Value of key: ")
        self.assertFalse(terminal.echoes())
        terminal.type(CTRL_C)
        terminal.until("nothing was changed")
        self.assertTrue(terminal.echoes())
        self.assertEqual(terminal.end(), INTERRUPTED)
        self.assertEqual(self.json("secret", "list")["secrets"], [])


if __name__ == "__main__":
    unittest.main()
