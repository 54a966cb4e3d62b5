"""`doorward catalogue classify`: JSON lines in, JSON lines out."""
import json
import os
import select
import subprocess
import unittest

from cli.tool import INVALID, OK, BINARY, CommandCase


class Classify(CommandCase):
    def classify(self, text, *options, code=OK):
        out, err = self.run_command("catalogue", "classify", *options, input=text, code=code)
        return [json.loads(line) for line in out.splitlines()], err

    def test_each_line_is_answered_in_order(self):
        tools = [{"server": "s", "name": "delete_user", "description": "Deletes a user.",
                  "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}}, "annotations": {}},
                 {"name": "list_users"}, {"name": "zebra", "server": None, "description": None}]
        answers, err = self.classify("".join(json.dumps(tool) + "\n" for tool in tools))
        self.assertEqual(err, "")
        self.assertEqual([(answer.get("server"), answer["name"], answer["category"]) for answer in answers],
                         [("s", "delete_user", "Destructive"), (None, "list_users", "Read"), (None, "zebra", "Other")])
        first = answers[0]
        self.assertEqual(first["severity"], "critical")
        self.assertTrue(0 < first["confidence"] < 1)
        for signal in first["signals"]:
            self.assertEqual(sorted(signal), ["label", "signal", "where", "words"])
        self.assertEqual(first["evidence"][0], {"source": "name", "rule": "verb.delete", "where": "/name",
                                                "words": "delete", "says": "Destructive"})

    def test_brief_gives_category_and_severity_alone(self):
        answers, _ = self.classify('{"name":"pay_invoice"}\n', "--brief")
        self.assertEqual(answers, [{"name": "pay_invoice", "category": "Financial", "severity": "critical"}])

    def test_the_same_input_gives_the_same_bytes(self):
        text = '{"name":"run_sql","description":"Run any SQL","inputSchema":{"properties":{"sql":{"type":"string"}}}}\n'
        command = ("catalogue", "classify")
        self.assertEqual(self.run_command(*command, input=text * 3)[0], self.run_command(*command, input=text)[0] * 3)

    def test_a_bad_line_is_told_with_its_number_and_the_rest_goes_on(self):
        text = '{"name":"get_a"}\n\n  \nnonsense\n[]\n{"name":7}\n{"name":""}\n{"name":"get_b"}'
        answers, err = self.classify(text, code=INVALID)
        self.assertEqual([answer.get("name") or answer["line"] for answer in answers],
                         ["get_a", 4, 5, 6, 7, "get_b"])
        self.assertTrue(all(answer["error"] for answer in answers if "line" in answer))
        self.assertEqual([line.split(":")[2].strip() for line in err.splitlines()],
                         ["line 4", "line 5", "line 6", "line 7"])

    def test_a_line_that_is_too_long_is_refused_and_the_next_is_answered(self):
        text = '{"name":"' + "a" * (17 << 20) + '"}\n{"name":"get_b"}\n'
        answers, _ = self.classify(text, code=INVALID)
        self.assertEqual([answer.get("name") or answer["line"] for answer in answers], [1, "get_b"])

    def test_a_line_is_answered_before_the_next_is_sent(self):
        with subprocess.Popen([str(BINARY), "catalogue", "classify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={**os.environ}, cwd=self.folder) as process:
            for name in ("get_a", "get_b"):
                process.stdin.write(b'{"name":"%s"}\n' % name.encode())
                process.stdin.flush()
                ready, _, _ = select.select([process.stdout], [], [], 30)
                self.assertTrue(ready, "no answer while the input is open")
                self.assertEqual(json.loads(process.stdout.readline())["name"], name)
            process.stdin.close()
            self.assertEqual(process.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
