"""Links between documents lead somewhere, and the commands that documents name exist with the options that they show."""
import functools
import re
import subprocess
import unittest

from docs import markdown
from harness.gateway import BINARY, ROOT


@functools.cache
def help_of(words):
    """(names of subcommands, names of options) of a command; None where there is none."""
    done = subprocess.run([str(BINARY), *words, "--help"], capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        return None
    _, _, below = done.stdout.partition("Subcommands:\n")
    names = {name for line in below.splitlines() if (found := re.match(r"  ([a-z][a-z-]*(?:, ?[a-z-]+)*)", line))
             for name in re.split(r", ?", found[1])}
    return names, set(re.findall(r"--[a-z][a-z0-9-]*", done.stdout))


def alternatives(words):
    """`secret set|rotate NAME` is two commands."""
    for at, word in enumerate(words):
        if re.fullmatch(r"[a-z-]+(\|[a-z-]+)+", word):
            return [row for one in word.split("|") for row in alternatives([*words[:at], one, *words[at + 1:]])]
    return [words]


class Documents(unittest.TestCase):
    def test_links_lead_somewhere(self):
        texts = {path: path.read_text() for path in markdown.files()}
        self.assertGreater(len(texts), 40)
        wrong = []
        for path, text in texts.items():
            for target in markdown.links(text):
                name, _, anchor = target.partition("#")
                there = (path.parent / name).resolve() if name else path
                if not there.exists():
                    wrong.append(f"{path.relative_to(ROOT)}: {target} is not there")
                elif anchor and there in texts and anchor not in markdown.anchors(texts[there]):
                    wrong.append(f"{path.relative_to(ROOT)}: {target} has no such heading")
        self.assertEqual(wrong, [])

    def test_commands_exist_with_their_options(self):
        wrong, seen = [], 0
        for path in markdown.files():
            for words in markdown.commands(path.read_text()):
                for row in alternatives(words):
                    seen += 1
                    if problem := self.problem(row):
                        wrong.append(f"{path.relative_to(ROOT)}: doorward {' '.join(row)}: {problem}")
        self.assertGreater(seen, 200)
        self.assertEqual(wrong, [])

    @staticmethod
    def problem(row):
        command = ()
        options = [word.partition("=")[0] for word in row if re.match(r"--[a-z]", word)]
        words = [word for word in row if not word.startswith("-")]
        for word in words:
            names, _ = help_of(command)
            if word not in names:
                if names and re.fullmatch(r"[a-z][a-z-]+", word):
                    return f"no command {word}"
                break
            command += (word,)
        known = help_of(command)[1] | help_of(())[1]
        missing = [option for option in options if option not in known]
        return f"no option {missing[0]}" if missing else ""

    def test_every_document_is_found_from_the_map(self):
        listed = set(markdown.links((ROOT / "docs" / "README.md").read_text()))
        pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
        self.assertEqual(pages - listed, set(), "docs/README.md names every page of docs/")


if __name__ == "__main__":
    unittest.main()
