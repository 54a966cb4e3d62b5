"""What a stdio upstream saw, in the form that `assert_case` asks of every upstream."""
import json
import pathlib
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parent / "stdio_upstream.py"


class Line:
    """One line that a child read."""

    def __init__(self, pid, text):
        self.pid, self.text = pid, text
        self.message = json.loads(text)

    @property
    def rpc(self):
        return self.message.get("method", "")


class StdioRecord:
    """The server settings of a recording stdio upstream, and what its children have read so far."""

    def __init__(self, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="doorward-stdio-")
        self.file = pathlib.Path(self.folder.name, "record")
        self.file.touch()
        self.settings = {"command": [sys.executable, str(SCRIPT), str(self.file)], **settings}
        self.hook = None

    def lines(self):
        found = []
        for line in self.file.read_text().splitlines():
            entry = json.loads(line)
            found.append(Line(entry["pid"], entry["line"].encode("latin-1")))
        return found

    def mark(self):
        return len(self.lines())

    def since(self, mark=0):
        return self.lines()[mark:]

    def bytes_since(self, mark=0):
        return b"".join(line.text for line in self.since(mark))

    def stop(self):
        self.folder.cleanup()
