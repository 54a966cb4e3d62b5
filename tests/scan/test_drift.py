"""`doorward catalogue drift`: what changed since a review, and in servers that only the catalogue knows."""
import json
import unittest

from harness.fake_server import tool as fake_tool
from protocol.test_pinning import PinningCase, wait_for
from scan.case import NOTES, ScanCase, tool


class PinnedDrift(PinningCase):
    def drift(self, *words, code=0):
        done = self.gateway.run("catalogue", "drift", *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_since_the_review(self):
        client = self.client()
        self.change("read_file", annotations={"readOnlyHint": False},
                    inputSchema={"type": "object", "properties": {"path": {"type": "string"}}, "additionalProperties": False})
        self.first_list(client)
        self.assertIn("up: nothing has changed since the review", self.drift())
        self.change("read_file", annotations={"readOnlyHint": True},
                    inputSchema={"type": "object", "properties": {"path": {"type": "string"}, "follow": {"type": "boolean"}}})
        self.upstream.server.tools.append(fake_tool("delete_everything", description="Deletes everything for good."))
        self.names(client)
        wait_for(lambda: self.events("tool.new"))
        text = self.drift(code=1)
        for part in ("critical  added       delete_everything", "high      annotation  read_file /annotations/readOnlyHint",
                     "widened     read_file /inputSchema/additionalProperties", "parameter follow is new"):
            self.assertIn(part, text)
        result = json.loads(self.drift("up", "--json", code=1))
        self.assertEqual((result["schema"], result["worst"]), ("doorward.drift/1", "critical"))
        self.drift("up", "--fail-on", "critical", code=1)
        self.assertIn("| critical | added |", self.drift("--md", code=1))
        self.gateway.run("server", "review", "up", "delete_everything", "--reject", check=True)
        self.drift("up", "--fail-on", "critical")
        self.gateway.run("server", "review", "up", "read_file", "--accept", check=True)
        self.drift("up")
        self.drift("nobody", code=1)
        self.drift("--fail-on", "all", code=2)


class CatalogueDrift(ScanCase):
    def test_of_a_server_that_was_scanned_twice(self):
        self.config({"notes": self.entry(NOTES)}, "project/.mcp.json")
        slug = self.scan("--yes")["servers"][0]["slug"]
        done = self.doorward("catalogue", "drift", slug)
        self.assertIn("nothing has changed since the last change", done.stdout)
        self.write("tools.json", [NOTES[0], tool("create_note", "Creates a note.", {"type": "object", "properties": {
            "text": {"type": "string"}, "url": {"type": "string"}}}), tool("wipe", "Deletes all notes permanently.")])
        self.scan("--yes")
        result = json.loads(self.doorward("catalogue", "drift", slug, "--json", code=1).stdout)
        found = {(drift["kind"], drift["tool"]) for drift in result["servers"][0]["drifts"]}
        self.assertLessEqual({("added", "wipe"), ("removed", "delete_note"), ("widened", "create_note")}, found)
        self.assertEqual(result["worst"], "critical")


if __name__ == "__main__":
    unittest.main()
