"""What the checks of documents read: the Markdown files of the repository, their blocks, links, anchors and commands."""
import dataclasses
import re
import shlex
import subprocess

from harness.gateway import ROOT

FENCE = re.compile(r"^(?P<before>(?:<!--[^\n]*-->\n)?)^```(?P<kind>[a-z]*)\n(?P<text>.*?)^```", re.M | re.S)
STOPS = {"|", ">", "<", ";", "&&", "||", "&", "2>", "\\", "--"}


@dataclasses.dataclass
class Block:
    kind: str
    text: str
    note: str  # the comment on the line before it
    line: int


def files():
    """Every Markdown file that is under version control, or about to be."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", "llms.txt"], cwd=ROOT,
                            capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.splitlines()
    else:  # a copy without its history
        names = ["README.md", *(str(path.relative_to(ROOT)) for folder in ("docs", "tests", "console", "packaging")
                                for path in (ROOT / folder).rglob("*.md") if "node_modules" not in path.parts)]
    return sorted(ROOT / name for name in set(names) if (ROOT / name).exists())


def blocks(text):
    for found in FENCE.finditer(text):
        yield Block(found["kind"], found["text"], found["before"].strip(), text.count("\n", 0, found.start("text")) + 1)


def prose(text):
    """The text without its code blocks."""
    return FENCE.sub("", text)


def anchors(text):
    """The anchors of its headings, as GitHub makes them."""
    seen, made = {}, set()
    for title in re.findall(r"^#{1,6} +(.*?) *#*$", prose(text), re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        made.add(f"{slug}-{count}" if count else slug)
    return made


def links(text):
    """The targets of its links and pictures, but for those to other hosts."""
    text = re.sub(r"`[^`\n]*`", "", prose(text))
    return [target for target in re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", text)
            if not re.match(r"[a-z]+:", target)]


def commands(text):
    """The words behind `doorward` of each command that the text shows."""
    lines = [span for span in re.findall(r"`([^`\n]+)`", prose(text))]
    for block in blocks(text):
        if block.kind in ("", "sh"):
            lines += re.sub(r"\\\n\s*", " ", block.text).splitlines()
    for line in lines:
        for rest in re.findall(r"(?:^|\$\(|^sudo |&& )(?:build/)?doorward (.*)", line.strip()):
            rest = re.sub(r"\s#.*", "", rest)
            try:
                words = shlex.split(rest.rstrip(")"))
            except ValueError:
                words = rest.split()
            yield until_stop(words)


def until_stop(words):
    kept = []
    for word in words:
        if word in STOPS:
            break
        kept.append(word)
    return kept
