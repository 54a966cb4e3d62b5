"""Markers of tests: `@shows("progress", LEGACY, server="stdio")` says what a test shows when it passes.

Each passing test leaves a record in the build folder, a failing or skipped one takes its record away; protocol/table.py
makes the table of docs/protocol.md from the records.
"""
import functools
import itertools
import json

from harness.gateway import BUILD

FOLDER = BUILD / "shown"
LEGACY_REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
REVISIONS = (*LEGACY_REVISIONS, "2026-07-28")
TRANSPORTS = ("http", "sse", "stdio")  # Streamable HTTP, HTTP+SSE, stdio


def many(value):
    return [value] if isinstance(value, str) else list(value)


def shows(feature, era, client="http", server="http", server_era=None):
    """The test shows `feature` (a row of protocol/table.py) to a client of revision `era` over the transport `client`,
    before a server over the transport `server`, of revision `server_era` (the client's own where absent). Each but the
    last may be a list: then every combination is shown. A test may have several markers."""
    cells = [{"feature": feature, "client_era": one, "server_era": server_era or one, "client": front, "server": back}
             for feature, one, front, back in itertools.product(*map(many, (feature, era, client, server)))]
    for cell in cells:
        if {cell["client_era"], cell["server_era"]} - set(REVISIONS) or {cell["client"], cell["server"]} - set(TRANSPORTS):
            raise ValueError(f"not a revision or transport: {cell}")

    def decorate(test):
        if hasattr(test, "shown"):
            test.shown.extend(cells)
            return test

        @functools.wraps(test)
        def run(self, *arguments):
            record = FOLDER / f"{self.id()}.json"
            record.unlink(missing_ok=True)
            test(self, *arguments)
            # A failed subtest does not raise here.
            if self._outcome.success:
                FOLDER.mkdir(parents=True, exist_ok=True)
                record.write_text(json.dumps(run.shown))
        run.shown = cells
        return run
    return decorate
