"""Section C of the attack cases: mirrored headers and the protocol's era."""
import base64
import json
import unittest

from attack.era import AttackCase, spell
from harness.case import ALLOWED, NOTHING, REJECTED, answered, denied, log_denial, refused
from harness.client import MODERN
from harness.fake_server import tool
from harness.shows import shows

MISMATCH = refused(400, -32020)


def mirror(name="echo", version=MODERN, method="tools/call", more=()):
    """The mirrored headers as given; None leaves one out."""
    pairs = [("MCP-Protocol-Version", version), ("Mcp-Method", method), ("Mcp-Name", name), *more]
    return [(key, value) for key, value in pairs if value is not None]


def sentinel(text, marker="=?base64?"):
    octets = text if isinstance(text, bytes) else text.encode()
    return f"{marker}{base64.b64encode(octets).decode()}?="


class Mirror(AttackCase):
    version = MODERN

    @classmethod
    def make_upstream(cls):
        upstream = super().make_upstream()
        header = lambda name, kind="string": {"type": kind, "x-mcp-header": name}  # noqa: E731
        bad = {"authorization": header("Authorization"), "empty": header(""), "blank": header("a b"),
               "crlf": header("a\r\nX: y"), "number": header("Ratio", "number")}
        tools = [tool(f"bad_{label}", inputSchema={"type": "object", "properties": {"p": spec}})
                 for label, spec in bad.items() if label != "authorization"]
        tools.append(tool("bad_twice", inputSchema={"type": "object", "properties": {
            "p": header("Region"), "q": header("region")}}))
        tools.append(tool("bad_items", inputSchema={"type": "object", "properties": {
            "p": {"type": "array", "items": header("Region")}}}))
        tools.append(tool("bad_one_of", inputSchema={"type": "object", "oneOf": [{"properties": {"p": header("R")}}]}))
        tools.append(tool("bad_ref", inputSchema={"type": "object", "$defs": {"r": header("R")},
                                                  "properties": {"p": {"$ref": "#/$defs/r"}}}))
        tools.append(tool("routed", inputSchema={"type": "object", "properties": {"region": header("Region")}}))
        cls.withheld = [entry["name"] for entry in tools if entry["name"].startswith("bad_")]
        upstream.server.tools += tools
        return upstream

    def send(self, body, headers):
        client = self.ready(MODERN)
        return client.post_bytes(body, [("Authorization", f"Bearer {client.token}"), *headers])

    def test_T051_name_differs_from_the_body(self):
        delete = spell(MODERN, '"name":"delete_file","arguments":{}')
        for label, body, headers in (
                ("harmless header", delete, mirror("echo")), ("harmful header", spell(MODERN), mirror("delete_file")),
                ("other method", delete, mirror("delete_file", method="tools/list")),
                ("method in another case", spell(MODERN), mirror(method="Tools/Call")),
                ("name in another case", spell(MODERN), mirror("Echo")),
                ("no name", spell(MODERN), mirror(None)), ("empty name", spell(MODERN), mirror("")),
                ("no method", spell(MODERN), mirror(method=None))):
            self.assert_case(f"T051 {label}", lambda body=body, headers=headers: self.send(body, headers),
                             client=MISMATCH, upstream=NOTHING, log=REJECTED)
        rule = "/tools/delete_file/deny_if/0"
        self.assert_case("T051 both say delete", lambda: self.send(delete, mirror("delete_file")),
                         client=denied(rule=rule), upstream=NOTHING, log=log_denial(rule))

    def test_T054_version_differs(self):
        old = spell(MODERN).replace(b"2026-07-28", b"2025-11-25")
        for label, body, headers, code in (
                ("body older", old, mirror(), (-32020, -32022)),
                ("header older", spell(MODERN), mirror(version="2025-11-25"), -32020),
                ("no capabilities", spell(MODERN).replace(
                    b',"io.modelcontextprotocol/clientCapabilities":{}', b""), mirror(), -32602),
                ("no version in the body", spell(MODERN).replace(
                    b'"io.modelcontextprotocol/protocolVersion":"2026-07-28",', b""), mirror(), (-32602, -32020)),
                ("version a number", spell(MODERN).replace(b'"2026-07-28"', b"20260728"), mirror(), (-32602, -32020)),
                ("capabilities a string", spell(MODERN).replace(
                    b'Capabilities":{}', b'Capabilities":"all"'), mirror(), -32602),
                ("no meta", spell("2025-11-25"), mirror(), (-32602, -32020))):
            self.assert_case(f"T054 {label}", lambda body=body, headers=headers: self.send(body, headers),
                             client={"status": 400, "code": code}, upstream=NOTHING, log=REJECTED)

    def test_T055_hoping_that_header_checks_are_skipped(self):
        delete = spell(MODERN, '"name":"delete_file","arguments":{}')
        for label, headers in (("no version header", mirror("echo", version=None)),
                               ("no headers", []), ("2025-03-26", mirror("echo", version="2025-03-26")),
                               ("2024-11-05", mirror("echo", version="2024-11-05"))):
            self.assert_case(f"T055 {label}", lambda headers=headers: self.send(delete, headers),
                             client={"status": 400, "code": (-32020, -32022, -32600, -32602)}, upstream=NOTHING,
                             log=REJECTED)
        unknown = spell(MODERN).replace(b"2026-07-28", b"2099-01-01")

        def lists_versions(answer):
            self.assertEqual(answer.status, 400)
            self.assertEqual(answer.error["code"], -32022)
            self.assertIn(MODERN, answer.error["data"]["supported"])
            self.assertEqual(answer.error["data"]["requested"], "2099-01-01")
        self.assert_case("T055 unknown version", lambda: self.send(unknown, mirror(version="2099-01-01")),
                         client=lists_versions, upstream=NOTHING, log=REJECTED)

    def test_T056_base64_sentinel(self):
        self.assert_case("T056 right value", lambda: self.send(spell(MODERN), mirror(sentinel("echo"))),
                         client=answered(), upstream=["tools/call"], log=ALLOWED)
        twice = sentinel(sentinel("echo"))
        raw = sentinel("echo")
        for label, name in (("other value", sentinel("delete_file")), ("no padding", raw.replace("=?=", "?=")),
                            ("much padding", raw.replace("==?=", "====?=")), ("URL-safe", sentinel(b"\xfb\xef\xbe").replace("+", "-")),
                            ("upper-case marker", sentinel("echo", "=?BASE64?")), ("coded twice", twice),
                            ("invalid UTF-8", sentinel(b"ech\xff")), ("space inside", raw.replace("ZW", "Z W")),
                            ("no end", raw[:-2]), ("empty", "=?base64??="), ("unused bits", "=?base64?ZWNobx==?=")):
            self.assert_case(f"T056 {label}", lambda name=name: self.send(spell(MODERN), mirror(name)),
                             client={"status": 400}, upstream=NOTHING, log=REJECTED)

    def test_T058_repeated_and_padded(self):
        for label, headers in (
                ("two names", mirror(more=[("Mcp-Name", "delete_file")])), ("two equal names", mirror(more=[("mcp-name", "echo")])),
                ("joined", mirror("echo, delete_file")), ("joined equal", mirror("echo,echo")),
                ("two methods", mirror(more=[("Mcp-Method", "tools/list")])),
                ("two versions", mirror(more=[("MCP-Protocol-Version", "2025-11-25")]))):
            self.assert_case(f"T058 {label}", lambda headers=headers: self.send(spell(MODERN), headers),
                             client={"status": 400}, upstream=NOTHING, log=REJECTED)
        for padded in ("echo ", " echo", "echo\t"):
            self.assert_case(f"T058 {padded!r}", lambda padded=padded: self.send(spell(MODERN), mirror(padded)),
                             client=answered(), upstream=["tools/call"], log=ALLOWED)

    @shows("x-mcp-header", MODERN)
    def test_T060_bad_header_annotations_withhold_the_tool(self):
        client = self.ready(MODERN)
        listed = client.tools()
        self.assertEqual(sorted(set(listed) & set(self.withheld)), [], "withheld tools are not listed")
        self.assertIn("echo", listed)
        self.assertIn("routed", listed)
        self.gateway.new_records()

    @shows("x-mcp-header", MODERN)
    def test_T061_header_values_are_coded(self):
        def check(expected):
            def arrived(seen):
                self.assertEqual(len(seen), 1)
                self.assertEqual(seen[0].all("mcp-param-region"), [expected])
                self.assertEqual(len(seen[0].all("x")), 0)
            return arrived
        client = self.ready(MODERN)
        client.tools()
        for value, expected in (("eu", "eu"), ("eu\r\nX: y", sentinel("eu\r\nX: y")), ("Zürich", sentinel("Zürich")),
                                ("=?base64?ZXU=?=", sentinel("=?base64?ZXU=?="))):
            mirrored = sentinel(value) if expected != value else value
            body = spell(MODERN, f'"name":"routed","arguments":{{"region":{json.dumps(value)}}}')
            self.assert_case(f"T061 {value!r}", lambda body=body, mirrored=mirrored: self.send(
                body, mirror("routed", more=[("Mcp-Param-Region", mirrored)])),
                client=answered(), upstream=check(expected), log=ALLOWED)

    def test_T063_session_headers_are_ignored(self):
        def bare(answer):
            self.assertEqual(answer.status, 200)
            self.assertIsNone(answer.header("mcp-session-id"))

        def arrived(seen):
            self.assertEqual([len(request.all("mcp-session-id") + request.all("last-event-id")) for request in seen], [0])
        self.assert_case("T063", lambda: self.send(spell(MODERN), mirror(
            more=[("Mcp-Session-Id", "0" * 32), ("Last-Event-ID", "7")])), client=bare, upstream=arrived, log=ALLOWED)

    def test_T068_claimed_capabilities_widen_nothing(self):
        rule = "/tools/delete_file/deny_if/0"
        for claim in ('{"extensions":{"io.modelcontextprotocol/tasks":{}}}', '{"elicitation":{"url":{}}}',
                      '{"sampling":{},"roots":{}}', '{"doorward":{"admin":true}}'):
            body = spell(MODERN, '"name":"delete_file","arguments":{}').replace(
                b'Capabilities":{}', b'Capabilities":' + claim.encode())
            self.assert_case(f"T068 {claim}", lambda body=body: self.send(body, mirror("delete_file")),
                             client=denied(rule=rule), upstream=NOTHING, log=log_denial(rule))
        hidden = spell(MODERN, '"name":"secret_tool","arguments":{}').replace(
            b'Capabilities":{}', b'Capabilities":{"tools":{"hidden":true}}')
        self.assert_case("T068 hidden", lambda: self.send(hidden, mirror("secret_tool")),
                         client={"status": 200, "code": -32602}, upstream=NOTHING,
                         log={"event": "call.denied", "verdict": "hide", "rule": "(hidden)"})


class LegacyIgnoresMirrors(AttackCase):
    """A legacy client's Mcp-Name header is nobody's truth: decision and log follow the body."""

    def test_T051_legacy_header_is_not_believed(self):
        client = self.client()
        rule = "/tools/delete_file/deny_if/0"
        body = spell("2025-11-25", '"name":"delete_file","arguments":{}')
        self.assert_case("T051 legacy", lambda: client.post_bytes(
            body, client.headers() + [("Mcp-Name", "echo"), ("Mcp-Method", "tools/call")]),
            client=[denied(rule=rule), {"status": 400}], upstream=NOTHING,
            log={"event": ("call.denied", "request.rejected")})


if __name__ == "__main__":
    unittest.main()
