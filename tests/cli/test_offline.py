"""Commands that need files alone."""
import json
import unittest

from cli.tool import FAILED, INVALID, UNREACHABLE, USAGE, CommandCase

PAY = {"version": "1", "default": "deny",
       "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}],
                                      "on_deny": "Stop."}]}, "look": {}}}
OLD = """version: "1"
default: deny
tools:
  create_issue:
    rules:
      - name: hourly
        rate_limit: 5/hour
"""


class Words(CommandCase):
    def test_no_words_is_a_usage_error_with_help(self):
        out, err = self.run_command(code=USAGE, state=False)
        self.assertEqual(out, "")
        self.assertIn("policy", err)

    def test_a_mistyped_word_gets_a_suggestion(self):
        for words, expected in ((("polcy",), 'did you mean "policy"?'),
                                (("policy", "validat", "x"), 'did you mean "validate"?'),
                                (("policy", "validate", "--jsn", "x"), "did you mean --json?"),
                                (("grant", "lst"), 'did you mean "list"?')):
            with self.subTest(words):
                self.assertIn(expected, self.run_command(*words, code=USAGE, state=False)[1])

    def test_a_missing_option_is_named(self):
        self.assertIn("--tool", self.run_command("policy", "explain", "x", code=USAGE)[1])

    def test_help_goes_to_standard_output(self):
        out, err = self.run_command("grant", "create", "--help", state=False)
        self.assertIn("--expires", out)
        self.assertEqual(err, "")

    def test_version(self):
        document = self.json("version")
        self.assertEqual(document["schema"], "doorward.version/1")
        self.assertLessEqual({"openssl", "sqlite", "fmt", "cli11"}, document["dependencies"].keys())
        self.assertIn(document["version"], self.run_command("version")[0])


class Validate(CommandCase):
    def test_valid(self):
        path = self.write("p.json", PAY)
        self.assertIn(f"{path}: ok", self.run_command("policy", "validate", path)[0])
        document = self.json("policy", "validate", path)
        self.assertEqual([file["valid"] for file in document["files"]], [True])

    def test_every_finding_of_every_file(self):
        good = self.write("good.json", PAY)
        bad = self.write("bad.json", '{"version": "1",\n "defalt": "deny",\n "tools": {"a": {"deny_fi": []}}}')
        out, _ = self.run_command("policy", "validate", bad, good, code=INVALID)
        self.assertIn("bad.json:2:2", out)
        self.assertIn("deny_if", out)
        self.assertIn("good.json: ok", out)
        document = self.json("policy", "validate", bad, good, code=INVALID)
        self.assertEqual([file["valid"] for file in document["files"]], [False, True])
        self.assertGreaterEqual(len(document["files"][0]["findings"]), 2)

    def test_t141_absence_is_refused(self):
        for name, text in (("empty", ""), ("object", "{}"), ("no_default", '{"version": "1"}')):
            with self.subTest(name):
                self.run_command("policy", "validate", self.write(f"{name}.json", text), code=INVALID)

    def test_t007_duplicate_keys(self):
        path = self.write("p.json", '{"version": "1", "default": "deny",\n "default": "allow"}')
        self.assertIn("p.json:2:2", self.run_command("policy", "validate", path, code=INVALID)[0])

    def test_a_failing_test_refuses_the_document(self):
        path = self.write("p.json", {**PAY, "tests": [{"name": "t", "tool": "pay", "args": {"amount": 101},
                                                       "expect": "allow"}]})
        self.run_command("policy", "validate", path, code=INVALID)

    def test_a_missing_file(self):
        self.run_command("policy", "validate", self.folder / "none.json", code=FAILED)

    def test_standard_input(self):
        self.run_command("policy", "validate", "-", input=json.dumps(PAY))

    def test_the_older_dialect_is_recognised(self):
        for name in ("old.yaml", "old.json"):
            with self.subTest(name):
                out, _ = self.run_command("policy", "validate", self.write(name, OLD), code=INVALID)
                self.assertIn("doorward policy import", out)

    def test_t287_a_hostile_import(self):
        for name, text in (("bomb", "a: &a [x]\nb: [*a, *a]\n"), ("twice", "version: 1\nversion: 2\n"),
                           ("tag", "version: !!python/object 1\n")):
            with self.subTest(name):
                out, err = self.run_command("policy", "import", self.write(f"{name}.yaml", text), code=INVALID)
                self.assertEqual(out, "")
                self.assertIn(f"{name}.yaml:", err)

    def test_import(self):
        out, _ = self.run_command("policy", "import", self.write("old.yaml", OLD))
        self.run_command("policy", "validate", "-", input=out)
        self.run_command("policy", "import", self.write("new.json", PAY), code=INVALID)

    def test_schema(self):
        schema = json.loads(self.run_command("policy", "schema")[0])
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")


class Explain(CommandCase):
    def explain(self, document, tool, args, *more):
        return self.json("policy", "explain", self.write("p.json", document), "--tool", tool, "--args",
                         args if isinstance(args, str) else json.dumps(args), *more)

    def test_decisions_exit_zero(self):
        for tool, args, decision, rule in (
                ("pay", {"amount": 100}, "allow", ""),
                ("pay", {"amount": 101}, "deny", "/tools/pay/deny_if/args.amount-gt"),
                ("pay", '{"amount": 100.0000000000000001}', "deny", "/tools/pay/deny_if/args.amount-gt"),
                ("other", {}, "deny", "(default deny)")):
            with self.subTest(tool=tool, args=args):
                found = self.explain(PAY, tool, args)
                self.assertEqual((found["decision"], found["rule"]), (decision, rule))

    def test_the_text_names_the_decider(self):
        out, _ = self.run_command("policy", "explain", self.write("p.json", PAY), "--tool", "pay", "--args",
                                  '{"amount": 101}')
        self.assertIn("args.amount", out)
        self.assertIn("101", out)

    def test_arguments_from_a_file(self):
        args = self.write("args.json", {"amount": 5})
        self.assertEqual(self.explain(PAY, "pay", f"@{args}")["decision"], "allow")

    def test_category_grant_labels_and_time(self):
        risk = {"version": "1", "default": "deny", "risk": {"Read": {}}}
        self.assertEqual(self.explain(risk, "get_x", {})["decision"], "allow")
        self.assertEqual(self.explain(risk, "frobnicate", {})["decision"], "deny")
        self.assertEqual(self.explain(risk, "frobnicate", {}, "--category", "Read")["decision"], "allow")
        who = {"version": "1", "default": "deny", "tools": {"x": {"require": [{"conditions": [
            {"path": "grant.label", "op": "eq", "value": "ci"},
            {"path": "grant.labels.team", "op": "eq", "value": "core"}]}]}}}
        self.assertEqual(self.explain(who, "x", {}, "--grant", "ci", "--label", "team=core")["decision"], "allow")
        self.assertEqual(self.explain(who, "x", {}, "--grant", "ci")["decision"], "deny")
        night = {"version": "1", "default": "allow", "all_tools": {"deny_if": [{"conditions": [
            {"path": "time.hour", "op": "gte", "value": 22}]}]}}
        self.assertEqual(self.explain(night, "x", {}, "--at", "2026-10-01T22:00:00Z")["decision"], "deny")
        self.assertEqual(self.explain(night, "x", {}, "--at", "2026-10-01T21:59:59Z")["decision"], "allow")

    def test_actions_of_a_configuration(self):
        config = self.write("g.yaml", {"servers": [{"name": "nas", "url": "http://127.0.0.1:1/", "actions": [
            {"tool": "truenas", "name": "args.action", "args": "args.params", "list": ["api_key_delete", "pool_list"]}]}]})
        hide = {"version": "1", "default": "allow", "hide": ["api_key_delete"]}
        more = ("--config", config, "--server", "nas")
        self.assertEqual(self.explain(hide, "truenas", {"action": "api_key_delete"}, *more)["decision"], "hide")
        self.assertEqual(self.explain(hide, "truenas", {"action": "pool_list"}, *more)["decision"], "allow")
        _, err = self.run_command("policy", "explain", self.folder / "p.json", "--tool", "truenas", "--config", config,
                                  "--server", "nsa", code=USAGE)
        self.assertIn('did you mean "nas"?', err)

    def test_what_is_no_call(self):
        path = self.write("p.json", PAY)
        for args in ("{", "[]", '{"a":1,"a":2}', "1e400"):
            with self.subTest(args):
                self.run_command("policy", "explain", path, "--tool", "pay", "--args", args, code=USAGE)
        self.run_command("policy", "explain", path, "--tool", "pay", "--at", "now", code=USAGE)
        self.run_command("policy", "explain", path, "--tool", "pay", "--category", "read", code=USAGE)
        self.run_command("policy", "explain", self.write("bad.json", "{}"), "--tool", "pay", code=INVALID)


class Nothing(CommandCase):
    def test_no_gateway(self):
        for words in (("status",), ("reload",)):
            self.assertIn("no gateway runs", self.run_command(*words, code=UNREACHABLE)[1])


if __name__ == "__main__":
    unittest.main()
