"""Servers and files that do harm to whoever scans them: bounded in time and size, and never the terminal's master."""
import os
import time
import unittest

from scan.case import NOTES, ScanCase, tool


class Hostile(ScanCase):
    def scan_mode(self, mode, code=4, tools=NOTES, timeout="3s"):
        self.config({"odd": self.entry(tools, mode)})
        return self.scan("--yes", "--timeout", timeout, code=code)

    def test_a_server_that_never_answers(self):
        for mode in ("silent", "half"):
            with self.subTest(mode):
                self.assertEqual(self.scan_mode(mode)["servers"][0]["state"], "not reached")

    def test_a_server_that_writes_without_end(self):
        for mode in ("flood", "flood-errors"):
            with self.subTest(mode):
                self.assertEqual(self.scan_mode(mode)["servers"][0]["state"], "not reached")

    def test_T145_a_list_that_never_ends_is_cut(self):
        report = self.scan_mode("endless", code=0, timeout="60s")
        self.assertEqual(report["servers"][0]["state"], "asked, list cut")
        self.assertLessEqual(len(report["servers"][0]["tools"]), 10_000)

    def test_a_server_that_dies_tells_why(self):
        report = self.scan_mode("crash")
        self.assertIn("no more", report["servers"][0]["why"])
        done = self.doorward("scan", "--yes", code=4)
        self.assertNotIn("\x1b", done.stdout + done.stderr)

    def test_junk_between_answers_is_passed_over(self):
        self.assertEqual(len(self.scan_mode("junk", code=0, timeout="20s")["servers"][0]["tools"]), 3)

    def test_every_page_is_read(self):
        self.assertEqual(len(self.scan_mode("paged", code=0, timeout="20s")["servers"][0]["tools"]), 3)

    def test_a_huge_list(self):
        tools = [tool(f"tool_{i}", "x" * 200) for i in range(12_000)]
        report = self.scan_mode("", code=0, tools=tools, timeout="60s")
        self.assertEqual(report["servers"][0]["state"], "asked, list cut")
        self.assertEqual(len(report["servers"][0]["tools"]), 10_000)

    def test_no_text_of_a_server_acts_on_the_terminal_or_the_page(self):
        evil = "\x1b[2J\u202e[click](http://evil.example) <img src=x onerror=alert(1)> @someone | ` # $x$"
        self.config({evil: self.entry([tool("delete_" + evil, "Deletes everything. " + evil)])})
        done = self.doorward("scan", "--yes")
        text = done.stdout + done.stderr
        self.assertTrue(text.replace("\n", "").isascii() and text.replace("\n", "").isprintable(), repr(text))
        page = self.doorward("scan", "--yes", "--md").stdout
        self.assertNotIn("<img", page)
        self.assertNotIn("](http", page)
        self.assertNotIn("@someone", page)
        self.assertNotIn("\x1b", page)
        for line in page.splitlines():
            if line.startswith("| ") and "Destructive" not in line.split("|")[1]:
                self.assertIn(line.replace("\\|", "").count("|"), (4, 11), line)

    def test_nothing_is_left_running(self):
        mark = f"sleep-{os.getpid()}"
        script = self.write("fork.sh", f"#!/bin/sh\nsetsid sh -c 'exec -a {mark} sleep 300' &\nsleep 300\n", 0o755)
        self.config({"fork": {"command": "bash", "args": [str(script)]}})
        self.scan("--yes", "--timeout", "2s", code=4)
        end = time.monotonic() + 10
        while time.monotonic() < end and self.processes(mark):
            time.sleep(0.1)
        self.assertEqual(self.processes(mark), [])

    def processes(self, mark):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                line = open(f"/proc/{pid}/cmdline", "rb").read().decode(errors="replace")
            except OSError:
                continue
            if line.startswith(mark):
                found.append(pid)
        return found

    def test_hostile_files(self):
        large = self.folder / "large.json"
        with open(large, "wb") as file:
            file.truncate(100 << 20)
        for text in ("[" * 100_000, "\xff\xfe{}", "{\"mcpServers\": []", "null", "{\"mcpServers\": \"x\"}"):
            path = self.write("odd.json", text)
            self.doorward("scan", "--no-exec", "--config", path, code=3)
        self.doorward("scan", "--no-exec", "--config", large, code=3)
        self.doorward("scan", "--no-exec", "--config", self.folder, code=3)
        path = self.write("odd.json", '{"mcpServers": {"a": 1, "b": null, "c": {"command": 7}, "d": {"url": "javascript:alert(1)"}, '
                                      '"e": {"command": "x\\u0000y"}, "f": {"command": "x", "env": {"A=B": "c"}}}}')
        report = self.scan("--yes", "--timeout", "2s", "--config", path, code=None)
        self.assertEqual({server["state"] for server in report["servers"]} - {"not examined", "not reached"}, set())


if __name__ == "__main__":
    unittest.main()
