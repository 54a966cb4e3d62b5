"""The composite action of packaging/github-action, its steps run in order as a runner runs them."""
import hashlib
import json
import unittest

from harness.gateway import BINARY, ROOT
from scan.action import Runner, environment
from scan.case import NOTES, READER, ScanCase

ACTION = ROOT / "packaging" / "github-action" / "action.yml"


class Action(ScanCase):
    def run_action(self, code, **inputs):
        inputs = {"binary": str(BINARY), **{key.replace("_", "-"): value for key, value in inputs.items()}}
        runner = Runner(ACTION, inputs, self.folder, environment(self.home))
        done = runner.run(self.project)
        self.assertEqual(done, code, runner.log)
        return runner

    def test_without_exec_nothing_is_started(self):
        self.config({"touch": {"command": "touch", "args": [str(self.folder / "canary")]}}, "project/.mcp.json")
        runner = self.run_action(0)
        self.assertFalse((self.folder / "canary").exists())
        self.assertEqual(runner.outputs["scan"]["exit-code"], "0")
        self.assertIn("not-examined", runner.summary.read_text())
        self.assertEqual(runner.uses[0][0].split("@")[0], "github/codeql-action/upload-sarif")
        sarif = json.loads(open(runner.uses[0][1]["sarif_file"]).read())
        locations = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in sarif["runs"][0]["results"]]
        self.assertIn({"uri": ".mcp.json", "uriBaseId": "%SRCROOT%"}, locations)

    def test_with_exec_the_threshold_fails_the_job_after_the_upload(self):
        self.config({"notes": self.entry(NOTES)}, "project/.mcp.json")
        runner = self.run_action(1, exec="true", fail_on="high")
        self.assertEqual(len(runner.uses), 1)
        self.assertIn("1 of 3 tools deletes or overwrites for good", runner.summary.read_text())
        self.assertIn("::error::", runner.log)
        self.assertEqual(json.loads(open(runner.outputs["scan"]["json-file"]).read())["worst"], "critical")

    def test_a_harmless_server_passes(self):
        self.config({"time": self.entry(READER)}, "project/.mcp.json")
        self.run_action(0, exec="true", fail_on="high", upload_sarif="false")

    def test_named_files_and_names_with_blanks(self):
        self.config({"notes": self.entry(NOTES)}, "project/a b.json")
        self.config({"time": self.entry(READER, name="reader")}, "project/c.json")
        runner = self.run_action(0, exec="true", config="a b.json\n\nc.json\n")
        self.assertEqual(len(json.loads(open(runner.outputs["scan"]["json-file"]).read())["servers"]), 2)

    def test_a_file_that_cannot_be_read_fails_and_a_silent_server_warns(self):
        self.write("project/.mcp.json", "{")
        self.assertIn("cannot be read", self.run_action(3).log)

    def test_a_server_that_does_not_answer_warns(self):
        self.config({"gone": {"command": "/nonexistent/server"}}, "project/.mcp.json")
        self.assertIn("::warning::", self.run_action(0, exec="true").log)

    def test_the_binary_is_fetched_and_its_digest_is_checked(self):
        url = BINARY.resolve().as_uri()
        digest = hashlib.sha256(BINARY.read_bytes()).hexdigest()
        self.run_action(0, binary="", release_url=url, release_sha256=digest)

    def test_a_wrong_digest_or_none_ends_the_job(self):
        runner = self.run_action(1, binary="", release_url=BINARY.resolve().as_uri(), release_sha256="0" * 64)
        self.assertNotIn("scan", runner.outputs)

    def test_no_digest(self):
        self.run_action(2, binary="", release_url=BINARY.resolve().as_uri())

    def test_inputs_are_no_code(self):
        canary = self.folder / "canary"
        self.run_action(3, config=f"$(touch {canary})\n`touch {canary}`; touch {canary}", fail_on="")
        self.assertFalse(canary.exists())


if __name__ == "__main__":
    unittest.main()
