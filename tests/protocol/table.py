"""The table of docs/protocol.md: which feature was shown by a passing test, for which revisions and transports.

    cd tests && DOORWARD_BUILD=../build python3 -m protocol.table

writes it anew from the records of the tests that passed in that build (harness/shows.py). test_table.py fails when
the table in the document claims what no passing test shows.
"""
import json

from harness.gateway import ROOT
from harness.shows import FOLDER, LEGACY_REVISIONS, REVISIONS

DOCUMENT = ROOT / "docs/protocol.md"
BEGIN, END = "<!-- table: written by tests/protocol/table.py -->", "<!-- end of the table -->"
MODERN = REVISIONS[-1]
DOWN, UP = "modern to legacy", "legacy to modern"
COLUMNS = (*REVISIONS, DOWN, UP)
NO = "–"

# Row -> the revisions that have the feature. A column across eras exists where either side has it.
FEATURES = {
    "tools: list and call": REVISIONS,
    "lists by pages": REVISIONS,
    "structured content, output schemas": REVISIONS[2:],
    "audio, resource links, icons": REVISIONS[1:],
    "resources: list, templates, read": REVISIONS,
    "resources: subscribe": LEGACY_REVISIONS,
    "prompts: list and get": REVISIONS,
    "completion": REVISIONS,
    "list_changed": REVISIONS,
    "logging": REVISIONS,
    "progress": REVISIONS,
    "cancellation": REVISIONS,
    "ping": LEGACY_REVISIONS,
    "batches": ("2025-03-26",),
    "sampling": REVISIONS,
    "roots": REVISIONS,
    "elicitation: form": REVISIONS[2:],
    "elicitation: url": REVISIONS[3:],
    "resumption of streams": LEGACY_REVISIONS[1:],
    "tasks in the core": ("2025-11-25",),
    "tasks extension": (MODERN,),
    "server/discover": (MODERN,),
    "subscriptions/listen": (MODERN,),
    "input-required rounds": (MODERN,),
    "x-mcp-header": (MODERN,),
    "bundles": REVISIONS,
    "denials": REVISIONS,
    "restart of the server": REVISIONS,
}
LETTERS = {"http": "h", "sse": "e", "stdio": "s"}


def column(cell):
    client, server = cell["client_era"], cell["server_era"]
    if (client == MODERN) == (server == MODERN):
        return client
    return DOWN if client == MODERN else UP


def shown():
    """{(feature, column): {"h-s", ...}} of the tests that passed."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        for cell in json.loads(file.read_text()):
            if cell["feature"] not in FEATURES:
                raise KeyError(f"{file.stem} shows {cell['feature']!r}, which is no row of the table")
            pair = f"{LETTERS[cell['client']]}-{LETTERS[cell['server']]}"
            found.setdefault((cell["feature"], column(cell)), set()).add(pair)
    return found


def text(found):
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for feature, revisions in FEATURES.items():
        cells = []
        for name in COLUMNS:
            pairs = " ".join(sorted(found.get((feature, name), ())))
            cells.append(pairs or ("" if name in revisions or name in (DOWN, UP) else NO))
        lines.append(f"| {feature} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def claimed():
    """{(feature, column): {"h-s", ...}} as the document says."""
    table = DOCUMENT.read_text().split(BEGIN)[1].split(END)[0]
    rows = [[part.strip() for part in line.strip("| ").split(" |")] for line in table.strip().splitlines()]
    return {(row[0], name): set(cell.split()) - {NO} for row in rows[2:]
            for name, cell in zip(COLUMNS, row[1:] + [""] * len(COLUMNS))}


def write():
    before, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text(before + BEGIN + "\n\n" + text(shown()) + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    write()
