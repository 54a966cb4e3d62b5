"""`doorward quickstart`: the first two minutes, as the text that it prints has them."""
import json
import os
import re
import selectors
import signal
import subprocess
import time
import unittest

from cli.tool import CommandCase
from harness.gateway import BINARY


class Quickstart(CommandCase):
    def start(self):
        self.process = subprocess.Popen([str(BINARY), "quickstart", "--state", str(self.state), "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end)
        text, deadline = b"", time.monotonic() + 10
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"Ctrl-C" not in text and selector.select(max(0, deadline - time.monotonic())):
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                text += piece
        return text.decode()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.returncode

    def test_the_printed_commands_work_and_one_is_refused(self):
        text = self.start()
        token = re.search(r"dwt_[0-9A-Za-z]{49}", text)[0]
        snippet = json.loads(text[text.index("{\n"):text.index("\n\nThree calls")])
        self.assertEqual(snippet["mcpServers"]["demo"]["headers"], {"Authorization": f"Bearer {token}"})
        commands = text[text.index("TOKEN="):text.index("Then: ")]
        done = subprocess.run(["bash", "-ec", commands.replace("\n\n#", "\necho\n#")], capture_output=True, text=True,
                              timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        results = [json.loads(line)["result"] for line in done.stdout.splitlines() if line]
        self.assertEqual([result.get("isError", False) for result in results], [False, False, True])
        self.assertIn("[POLICY DENIED] Refunds stop at 100.", results[2]["content"][0]["text"])
        out, _ = self.run_command("log", "tail")
        self.assertIn("/tools/create_refund/deny_if/args.amount-gt", out)
        self.assertEqual(self.end(), 0)

    def test_the_token_is_shown_once(self):
        first = self.start()
        self.end()
        second = self.start()
        self.assertRegex(first, r"dwt_[0-9A-Za-z]{49}")
        self.assertNotIn("dwt_", second)
        self.assertIn("doorward grant rotate demo", second)
        self.assertEqual(len(self.json("grant", "list")["grants"]), 1)


if __name__ == "__main__":
    unittest.main()
