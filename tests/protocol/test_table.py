"""The table of docs/protocol.md claims nothing that no passing test shows. Runs behind all tests that leave records."""
import unittest
import unittest.mock

from harness.shows import FOLDER
from protocol import table


class Table(unittest.TestCase):
    @unittest.skipUnless(FOLDER.exists(), "no test with a marker has run in this build")
    def test_claims_are_shown(self):
        shown, claimed = table.shown(), table.claimed()
        self.assertEqual({feature for feature, _ in claimed}, set(table.FEATURES))
        bare = {key: sorted(pairs - shown.get(key, set())) for key, pairs in claimed.items()
                if pairs - shown.get(key, set())}
        self.assertEqual(bare, {}, "claimed, but no test that passed shows it")

    def test_what_is_written_is_read(self):
        cells = {("progress", "2025-11-25"): {"h-h", "s-s"}, ("ping", table.DOWN): {"e-s"}}
        kept, table.DOCUMENT = table.DOCUMENT, unittest.mock.Mock()
        self.addCleanup(setattr, table, "DOCUMENT", kept)
        table.DOCUMENT.read_text.return_value = f"x{table.BEGIN}\n\n{table.text(cells)}\n{table.END}y"
        read = {key: pairs for key, pairs in table.claimed().items() if pairs}
        self.assertEqual(read, cells)


if __name__ == "__main__":
    unittest.main()
