"""Section A of the attack cases: JSON text. Each test is named after its row."""
import ast
import json
import pathlib
import tempfile
import unittest

from attack.era import CALL, ERAS, META, AttackCase, spell
from harness.case import ALLOWED, NOTHING, REJECTED, answered, denied, log_denial, refused
from harness.client import MODERN
from harness.gateway import SHARED

BAD_JSON = [refused(400, -32700), refused(400, -32600)]


def value(raw):
    """A call whose argument `text` is spelled `raw`."""
    return lambda era: spell(era, f'"name":"echo","arguments":{{"text":{raw}}}')


def joined(*pieces):
    return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)


def with_bytes(octets):
    """A call in whose argument these raw bytes stand inside a string."""
    return lambda era: spell(era, '"name":"echo","arguments":{"text":"a@b"}').replace(b"@", octets)


class JsonText(AttackCase):
    def test_T001_duplicate_name(self):
        self.table("T001", [
            ("safe first", lambda era: spell(era, '"name":"echo","name":"delete_file","arguments":{}')),
            ("delete first", lambda era: spell(era, '"name":"delete_file","name":"echo","arguments":{}')),
            ("equal", lambda era: spell(era, '"name":"echo","name":"echo","arguments":{}')),
            ("in arguments", lambda era: spell(era, '"name":"echo","arguments":{"a":1,"a":1}')),
            ("arguments twice", lambda era: spell(era, '"name":"echo","arguments":{},"arguments":{"a":1}')),
        ], {**refused(400, -32600), "message": "duplicate"}, REJECTED)

    def test_T002_duplicate_hidden_by_an_escape(self):
        self.table("T002", [
            ("in params", lambda era: spell(era, '"name":"echo","n\\u0061me":"delete_file","arguments":{}')),
            ("deep", lambda era: spell(era, '"name":"echo","arguments":{"x":[{"a/b":1,"a\\/b":2}]}')),
            ("at the top", lambda era: spell(era, after=',"meth\\u006fd":"tools/call"')),
        ], {**refused(400, -32600), "message": "duplicate"}, REJECTED)

    def test_T003_duplicate_method(self):
        self.table("T003", [
            ("list, call", lambda era: spell(era, method='"tools/list","method":"tools/call"')),
            ("call, list", lambda era: spell(era, method='"tools/call","method":"tools/list"')),
        ], {**refused(400, -32600), "message": "duplicate"}, REJECTED)

    def test_T006_duplicate_in_meta(self):
        twice = META.replace('"_meta":{', '"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25",')
        self.table("T006", [
            ("two versions", joined('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{', twice, ",", CALL, "}}")),
        ], {**refused(400, -32600), "message": "duplicate"}, REJECTED)

    def test_T007_duplicates_at_the_other_borders(self):
        with tempfile.TemporaryDirectory() as folder:
            policy = pathlib.Path(folder, "policy.json")
            policy.write_text('{"version":"1","default":"deny","d\\u0065fault":"allow"}')
            done = self.gateway.run("policy", "validate", str(policy))
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("duplicate", done.stdout + done.stderr)
            config = pathlib.Path(folder, "doorward.yaml")
            config.write_text("listen: 127.0.0.1:0\nworkers: 1\nworkers: 2\n")
            done = self.gateway.run("config", "check", str(config))
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertRegex(done.stdout + done.stderr, r"3:1|line 3")

        def lie(exchange):
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.http(200, b'{"jsonrpc":"2.0","id":%s,"result":{"content":[],"content":[]}}'
                          % json.dumps(exchange.seen.message["id"]).encode())
            return True
        for era in ERAS:
            self.ready(era)
            self.upstream.hook = lie
            self.assert_case(f"T007 upstream result {era}", lambda era=era: self.post(era, spell(era)),
                             client={"status": 200, "text": "[UPSTREAM ERROR]"}, upstream=["tools/call"],
                             log=[ALLOWED[0], {"event": "call.outcome", "result": "upstream_error"}])

    def test_T008_members_in_another_case(self):
        self.table("T008", [
            ("Name beside", lambda era: spell(era, '"name":"echo","Name":"delete_file","arguments":{}')),
            ("NAME instead", lambda era: spell(era, '"NAME":"delete_file","arguments":{}')),
            ("Arguments beside", lambda era: spell(era, '"name":"echo","arguments":{},"Arguments":{"a":1}')),
            ("Method beside", lambda era: spell(era, after=',"Method":"tools/call"')),
            ("Params beside", lambda era: spell(era, after=',"Params":{}')),
            ("Method instead", lambda era: spell(era).replace(b'"method"', b'"Method"')),
            ("ID instead", lambda era: spell(era).replace(b'"id"', b'"ID"')),
        ], [refused(400, -32600), refused(400, -32602)], REJECTED)

    def test_T009_members_that_fold_to_ours(self):
        self.table("T009", [
            ("long s", lambda era: spell(era, after=',"param\u017f":{}')),
            ("long s instead", lambda era: spell(era).replace(b'"params"', '"param\u017f"'.encode())),
            ("Kelvin sign", lambda era: spell(era, '"name":"echo","arguments":{},"tas\u212a":{}')),
            ("full width", lambda era: spell(era, '"\uff4eame":"delete_file","name":"echo","arguments":{}')),
        ], [refused(400, -32600), refused(400, -32602)], REJECTED)

    def test_T011_nul_in_a_tool_name(self):
        self.table("T011", [
            ("cut to a denied one", lambda era: spell(era, '"name":"delete_file\\u0000echo","arguments":{}')),
            ("cut to an allowed one", lambda era: spell(era, '"name":"echo\\u0000delete_file","arguments":{}')),
        ], {"status": 400, "code": (-32600, -32602, -32020)}, REJECTED)
        for label, name in (("tool", "echo\0x"), ("server", "up\0x")):
            found = [record for record in self.gateway.log() if name in str(record.get(label))]
            self.assertEqual(found, [], "no record holds the name")

    def test_T012_raw_nul(self):
        self.table("T012", [
            ("inside a string", with_bytes(b"\0")),
            ("after the end", lambda era: spell(era) + b"\0"),
            ("between tokens", lambda era: spell(era).replace(b',"method"', b',\0"method"')),
        ], BAD_JSON, REJECTED)

    def test_T013_bytes_that_are_not_utf8(self):
        octets = {"ff": b"\xff", "overlong": b"\xc1\xa1", "surrogate": b"\xed\xa0\x80", "cut": b"\xe2\x82",
                  "past the last": b"\xf4\x90\x80\x80", "overlong slash": b"\xc0\xaf"}
        rows = [(f"{name} in a string", with_bytes(piece)) for name, piece in octets.items()]
        rows += [(f"{name} in a key", lambda era, piece=piece:
                  spell(era, '"name":"echo","arguments":{"a@":1}').replace(b"@", piece))
                 for name, piece in octets.items()]
        self.table("T013", rows, BAD_JSON, REJECTED)

    def test_T014_lone_surrogates(self):
        self.table("T014", [(raw, value(f'"{raw}"')) for raw in
                            ("\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800x", "\\ud800\\u0041", "\\ud83d\\ud83d")],
                   BAD_JSON, REJECTED)

    def test_T015_other_encodings(self):
        rows = [("UTF-8 mark", lambda era: b"\xef\xbb\xbf" + spell(era))]
        for coding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
            rows.append((coding, lambda era, coding=coding: spell(era).decode().encode(coding)))
        self.table("T015", rows, BAD_JSON, REJECTED)

    def test_T016_after_the_value(self):
        self.table("T016", [
            ("second object", lambda era: spell(era) + spell(era, '"name":"delete_file","arguments":{}')),
            ("garbage", lambda era: spell(era) + b"x"),
            ("after a newline", lambda era: spell(era) + b"\n" + spell(era)),
            ("null", lambda era: spell(era) + b" null"),
        ], BAD_JSON, REJECTED)
        for era in ERAS:
            self.assert_case(f"T016 {era} 1 MB of spaces", lambda era=era: self.post(era, spell(era) + b" " * 1_000_000),
                             client=answered(), upstream=["tools/call"], log=ALLOWED)
            self.assert_case(f"T016 {era} spaces past the limit",
                             lambda era=era: self.post(era, spell(era) + b" " * (4 << 20)),
                             client={"status": 413}, upstream=NOTHING, log=REJECTED)

    def test_T017_what_is_not_json(self):
        rows = [(raw, value(raw)) for raw in
                ("NaN", "Infinity", "-Infinity", "010", "+1", ".5", "1.", "0x10", "-", "1e", "1e+", "'x'", "x", "True",
                 "1_000", "[1,]", '{"a":1,}', "[,1]", "[1 2]", '{"a" 1}', "{a:1}", "/* */1", "1//\n", "1#\n", "undefined",
                 '"\\x41"', '"\\u12g4"', '"\\', '"a', "")]
        rows += [("comment at the end", lambda era: spell(era) + b"// end"), ("nothing", b""), ("only spaces", b"   ")]
        self.table("T017", rows, BAD_JSON, REJECTED)

    def test_T018_numbers_out_of_range(self):
        self.table("T018", [(raw, value(raw)) for raw in
                            ("1e400", "-1e400", "1e99999999", "1e-99999999", "1e-401", "1e999999999999999999999",
                             "9" * 401)], {"status": 400, "code": (-32700, -32600), "message": "number"}, REJECTED)

    def test_T019_numbers_beyond_doubles(self):
        for era in ERAS:
            for raw in ("9007199254740993", "18446744073709551616", "-9223372036854775809", "0.10", "1E+4"):
                def arrived(seen, raw=raw):
                    self.assertEqual(len(seen), 1)
                    self.assertIn(f'"text":{raw}}}'.encode(), seen[0].body)
                self.assert_case(f"T019 {era} {raw} arrives as spelled",
                                 lambda era=era, raw=raw: self.post(era, value(raw)(era)),
                                 client=answered(), upstream=arrived, log=ALLOWED)
            for raw, passes in (("10000", True), ("10001", False), ("18446744073709551616", False),
                                ("-9223372036854775809", True), ("9007199254740993", False)):
                self.charge(f"T019 {era} amount {raw}", era, raw, passes)

    def charge(self, case, era, raw, passes):
        body = spell(era, f'"name":"create_charge","arguments":{{"amount":{raw}}}')
        send = lambda: self.post(era, body, name="create_charge")  # noqa: E731
        if passes:
            self.assert_case(case, send, client=answered(), upstream=["tools/call"], log=ALLOWED)
        else:
            rule = "/tools/create_charge/deny_if/args.amount-gt"
            self.assert_case(case, send, client=denied(rule=rule), upstream=NOTHING, log=log_denial(rule))

    def test_T020_exact_fractions(self):
        for era in ERAS:
            for raw, passes in (("10000.0000000000000001", False), ("10000.0000000000000000", True),
                                ("9999.9999999999999999", True), ("1000000000000000000001e-17", False)):
                self.charge(f"T020 {era} {raw}", era, raw, passes)

    def test_T023_depth(self):
        # The message itself, params and arguments are three levels.
        for era in ERAS:
            self.assert_case(f"T023 {era} depth 64", lambda era=era: self.post(era, value("[" * 61 + "]" * 61)(era)),
                             client=answered(), upstream=["tools/call"], log=ALLOWED)
        self.table("T023", [
            ("depth 65", value("[" * 62 + "]" * 62)),
            ("100,000 arrays", value("[" * 100_000 + "]" * 100_000)),
            ("open arrays", b"[" * 250_000),
            ("open objects", b'{"a":' * 50_000),
            ("open arrays in an argument", lambda era: value("[" * 250_000)(era)),
        ], BAD_JSON, REJECTED)

    def test_T025_escapes_are_judged_unescaped(self):
        rule = "/tools/delete_file/deny_if/0"
        for era in ERAS:
            self.assert_case(f"T025 {era} tool", lambda era=era: self.post(
                era, spell(era, '"name":"d\\u0065lete_f\\u0069le","arguments":{}'), name="delete_file"),
                client=denied("Files stay.", rule=rule), upstream=NOTHING, log=log_denial(rule, tool="delete_file"))
            self.assert_case(f"T025 {era} method", lambda era=era: self.post(
                era, spell(era, '"name":"delete_file","arguments":{}', method='"tools\\/c\\u0061ll"'),
                name="delete_file"),
                client=denied("Files stay.", rule=rule), upstream=NOTHING, log=log_denial(rule, method="tools/call"))

    def test_T026_control_characters(self):
        rows = [(f"{octet!r} in a string", with_bytes(octet)) for octet in (b"\n", b"\t", b"\r", b"\x1f", b"\b")]
        rows += [(f"{octet!r} between tokens", lambda era, octet=octet: spell(era).replace(b',"method"', octet + b',"method"'))
                 for octet in (b"\x0c", b"\x0b", "\u00a0".encode(), "\u2028".encode(), b"\x00", b"\x1e")]
        self.table("T026", rows, BAD_JSON, REJECTED)

    def test_T027_proto(self):
        self.table("T027", [("in arguments", lambda era: spell(era, '"name":"echo","arguments":{"__proto__":{"a":1}}')),
                            ("escaped", lambda era: spell(era, '"name":"echo","arguments":{"__pr\\u006fto__":1}'))],
                   BAD_JSON, REJECTED)
        for era in ERAS:
            for key in ("constructor", ""):
                self.assert_case(f"T027 {era} {key!r}", lambda era=era, key=key: self.post(
                    era, spell(era, f'"name":"echo","arguments":{{"{key}":1}}')),
                    client=answered(text=f'"{key}": 1'), upstream=["tools/call"], log=ALLOWED)


@unittest.skipUnless(SHARED.is_dir(), "the shared data folder is absent")
class PublicSuites(AttackCase):
    def test_T028_public_suite_as_an_argument(self):
        """Every file of the suite stands as the value of an argument; what reading it pins is a unit test's business."""
        files = sorted((SHARED / "data/json-test-suite").rglob("*.json"))
        self.assertGreater(len(files), 300)
        era = MODERN
        repeats_keys = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
        for file in files:
            raw = file.read_bytes()
            body = spell(era, '"name":"echo","arguments":{"text":@}').replace(b"@", raw)
            if file.name.startswith("y_") and file.name not in repeats_keys:
                self.assert_case(f"T028 {file.name}", lambda body=body: self.post(era, body),
                                 client=answered(), upstream=["tools/call"], log=ALLOWED)
            elif file.name.startswith("n_") or file.name in repeats_keys:
                self.assert_case(f"T028 {file.name}", lambda body=body: self.post(era, body),
                                 client=BAD_JSON, upstream=NOTHING, log=REJECTED)

    def test_T028_the_50_bodies_as_params(self):
        table = ast.parse((SHARED / "tools/json_cases.py").read_text())
        namespace = {}
        for node in table.body:
            if isinstance(node, ast.Assign):
                exec(compile(ast.Module([node], []), "json_cases", "exec"), namespace)
        self.assertEqual(len(namespace["C"]), 50)
        era = ERAS[0]
        for name, raw in namespace["C"].items():
            body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + raw + b"}"
            if name == "05_escaped_val":
                rule = "/tools/delete/action"
                self.assert_case(f"T028 {name}", lambda body=body: self.post(era, body),
                                 client=denied("Nothing is deleted.", rule=rule), upstream=NOTHING, log=log_denial(rule))
            elif name in ("09_nfd", "44_u2028", "48_escaped_slash"):
                self.assert_case(f"T028 {name}", lambda body=body: self.post(era, body),
                                 client=[refused(400, -32600), refused(400, -32602), {"status": 200, "code": -32602}],
                                 upstream=NOTHING, log={"event": ("request.rejected", "call.denied")})
            else:
                self.assert_case(f"T028 {name}", lambda body=body: self.post(era, body),
                                 client=[refused(400, -32700), refused(400, -32600), refused(400, -32602)],
                                 upstream=NOTHING, log=REJECTED)


if __name__ == "__main__":
    unittest.main()
