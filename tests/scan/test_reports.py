"""The forms of a scan's report: SARIF by the rules of its schema, Markdown, the terminal."""
import json
import re
import unittest

from scan.case import MAIL, NOTES, ScanCase, tool

# The part of sarif-schema-2.1.0.json that our reports use: every member that we write, and what it demands of it.
MESSAGE = {"type": "object", "required": ["text"], "members": {"text": {"type": "string"}, "markdown": {"type": "string"}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
ARTIFACT = {"type": "object", "members": {"uri": {"type": "string", "pattern": r"^[!-~]*$"}, "uriBaseId": {"type": "string"},
                                          "description": MESSAGE}}
SARIF = {
    "type": "object", "required": ["version", "runs"], "members": {
        "$schema": {"type": "string"}, "version": {"enum": ["2.1.0"]},
        "runs": {"items": {"type": "object", "required": ["tool"], "members": {
            "tool": {"type": "object", "required": ["driver"], "members": {"driver": {
                "type": "object", "required": ["name"], "members": {
                    "name": {"type": "string"}, "version": {"type": "string"},
                    "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                    "rules": {"items": {"type": "object", "required": ["id"], "members": {
                        "id": {"type": "string"}, "name": {"type": "string"}, "shortDescription": MESSAGE, "fullDescription": MESSAGE,
                        "help": MESSAGE, "defaultConfiguration": {"type": "object", "members": {"level": LEVEL}},
                        "properties": {"type": "object", "members": {
                            "security-severity": {"type": "string", "pattern": r"^\d+\.\d$"},
                            "tags": {"items": {"type": "string"}}}}}}}}}}},
            "originalUriBaseIds": {"type": "object", "members": {"%SRCROOT%": ARTIFACT}},
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "results": {"items": {"type": "object", "required": ["message"], "members": {
                "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": LEVEL, "message": MESSAGE,
                "locations": {"items": {"type": "object", "members": {
                    "physicalLocation": {"type": "object", "members": {
                        "artifactLocation": ARTIFACT,
                        "region": {"type": "object", "members": {"startLine": {"type": "integer", "minimum": 1}}}}},
                    "logicalLocations": {"items": {"type": "object", "members": {"fullyQualifiedName": {"type": "string"}}}}}}},
                "partialFingerprints": {"type": "object", "members": {"doorward/v1": {"type": "string"}}},
                "properties": {"type": "object", "members": {"severity": {"type": "string"}}}}}}}}}}}


def judge(value, schema, where=""):
    """What breaks the schema; a member that it does not name is a fault, too."""
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{where}: {value!r}"]
    if "items" in schema:
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [fault for i, item in enumerate(value) for fault in judge(item, schema["items"], f"{where}/{i}")]
    kind = {"object": dict, "string": str, "integer": int}[schema["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        return [f"{where}: no {schema['type']}"]
    if kind is str:
        return [] if re.search(schema.get("pattern", ""), value) else [f"{where}: {value!r}"]
    if kind is int:
        return [] if value >= schema.get("minimum", value) else [f"{where}: {value}"]
    faults = [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, member in value.items():
        if name not in schema["members"]:
            faults.append(f"{where}/{name}: unknown")
        else:
            faults += judge(member, schema["members"][name], f"{where}/{name}")
    return faults


class Reports(ScanCase):
    def sarif(self, *words, **options):
        return json.loads(self.doorward("scan", "--sarif", *words, **options).stdout)

    def setUp(self):
        super().setUp()
        self.config({"notes": self.entry(NOTES), "npx": {"command": "npx", "args": ["some-package"], "disabled": True},
                     "docs": {"command": "npx", "args": ["docs-mcp"], "env": {"API_TOKEN": "${NOT_SET_HERE}"}}}, "project/.mcp.json")
        self.config({"mail": self.entry(MAIL, name="mail")}, "home/.cursor/mcp.json")

    def test_sarif_is_valid(self):
        for words in (("--yes",), ("--no-exec",), ("--command", " ".join(self.server(NOTES, name="other")), "--yes")):
            with self.subTest(words):
                self.assertEqual(judge(self.sarif(*words), SARIF), [])

    def test_the_judge_finds_faults(self):
        report = self.sarif("--no-exec")
        report["runs"][0]["results"][0]["level"] = "bad"
        report["runs"][0]["extra"] = 1
        del report["version"]
        self.assertEqual(len(judge(report, SARIF)), 3)

    def test_results_name_their_rule_and_the_line_of_the_entry(self):
        run = self.sarif("--yes")["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        lines = (self.project / ".mcp.json").read_text().splitlines()
        seen = set()
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            place = result["locations"][0]["physicalLocation"]
            if place["artifactLocation"]["uri"] == ".mcp.json":
                seen.add(lines[place["region"]["startLine"] - 1].strip().split('"')[1])
            else:
                self.assertTrue(place["artifactLocation"]["uri"].startswith("file:///"))
        self.assertEqual(seen, {"notes", "docs"})
        for rule in rules:
            self.assertTrue(rule["help"]["text"])
            self.assertIn("security-severity", rule["properties"])

    def test_fingerprints_stay_and_differ(self):
        def prints(report):
            return [(result["ruleId"], result["partialFingerprints"]["doorward/v1"]) for result in report["runs"][0]["results"]]
        before = prints(self.sarif("--yes"))
        self.assertEqual(len(before), len(set(before)))
        text = (self.project / ".mcp.json").read_text()
        (self.project / ".mcp.json").write_text("\n\n" + text)
        self.assertEqual(prints(self.sarif("--yes")), before)

    def test_the_terminal_report(self):
        text = self.doorward("scan", "--yes").stdout
        lines = text.splitlines()
        self.assertTrue(lines[0].startswith("1 of 5 tools deletes or overwrites for good; 1 agent can call it today."), lines[0])
        for word in ("SERVER", "notes", "Claude Code", "Cursor", "Worst tools", "notes.delete_note", "Destructive", "Found", "Next",
                     "doorward precheck"):
            self.assertIn(word, text)
        self.assertLessEqual(max(map(len, lines)), 140)

    def test_markdown(self):
        text = self.doorward("scan", "--yes", "--md").stdout
        self.assertIn("**1 of 5 tools deletes", text)
        self.assertIn("| notes | Claude Code | asked | 3 |", text)
        self.assertIn("critical-tool", text)

    def test_no_word_is_a_verdict_of_safety(self):
        for words in (("--yes",), ("--yes", "--md"), ("--yes", "--json"), ("--no-exec",)):
            self.assertIsNone(re.search(r"\bsafe", self.doorward("scan", *words).stdout.lower()))


if __name__ == "__main__":
    unittest.main()
