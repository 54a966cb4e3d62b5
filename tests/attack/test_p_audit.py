"""Section P of the attack cases: the audit log, its proofs, anchors, exports and stored arguments."""
import base64
import csv
import http.server
import io
import json
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from harness.client import MODERN
from harness.gateway import ALLOW_ALL, BINARY, ROOT, Gateway
from harness.upstream import RecordingUpstream

VERIFIER = ROOT / "tools" / "verify_audit.py"
SCHEMA = pathlib.Path(__file__).with_name("ocsf_api_activity.json")
HOSTILE = ["line\nbreak", "return\rhere", "\x1b[2J", "nul\0byte", "right\u202eleft", '","event":"writer.stop', "=cmd|' /C calc'!A1",
           "pipe|and\\back=equal", "\u2028", "\U0001f600", "a" * 5000]


def eventually(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come to pass")
        time.sleep(0.05)
    return found


def independent(*arguments):
    """The verifier in Python: (exit status, what it says)."""
    done = subprocess.run([sys.executable, str(VERIFIER), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def own(*arguments):
    done = subprocess.run([str(BINARY), "audit", "verify", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


class AuditCase(unittest.TestCase):
    config = {}

    def setUp(self):
        self.upstream = RecordingUpstream()
        self.addCleanup(self.upstream.stop)
        self.gateway = self.make(**self.config)

    def make(self, **config):
        gateway = Gateway({"up": self.upstream.url}, {"p": ("up", ALLOW_ALL)}, {"agent": ("up", "p")}, **config)
        self.addCleanup(gateway.close)
        return gateway

    def start(self):
        self.gateway.start()
        client = self.gateway.client("agent")
        self.addCleanup(client.close)
        client.initialize()
        return client

    def events(self, *names):
        return [record for record in self.gateway.log() if record["event"] in names]

    def id_of(self, tool="echo"):
        return [record for record in self.events("call.intent") if record.get("tool") == tool][-1]["id"]

    def audit(self, *arguments, check=True):
        return self.gateway.run("audit", *map(str, arguments), check=check)


class Records(AuditCase):
    def test_T308_hostile_texts_stay_on_their_line(self):
        self.start()
        for text in HOSTILE:
            client = self.gateway.client("agent", name=text)
            self.addCleanup(client.close)
            client.initialize()
            client.call("echo", {text: text})
            client.call(text, {})
        self.gateway.stop()
        lines = [line for path in self.gateway.state.glob("log/*/*-*.jsonl") for line in path.read_bytes().splitlines(keepends=True)]
        for line in lines:
            self.assertRegex(line, rb"\A[\x20-\x7e]+\n\Z")
            self.assertIn("event", json.loads(line))
        names = {json.loads(line).get("client", {}).get("name") for line in lines}
        for text in HOSTILE[:-1]:
            self.assertIn(text, names)
        self.assertEqual(sum(b'"event":"writer.stop"' in line for line in lines),
                         sum(json.loads(line)["event"] == "writer.stop" for line in lines))
        self.assertEqual(self.gateway.verify()[0], 0)
        self.assertEqual(independent("--key", self.gateway.state / "keys/audit.pub", self.gateway.state / "log")[0], 0)

    def test_T308_T288_exports_neutralise_what_they_carry(self):
        self.start()
        for text in HOSTILE[:-1]:
            client = self.gateway.client("agent", name=text)
            self.addCleanup(client.close)
            client.initialize()
            client.call("echo", {text: 1})
            client.call(text, {})
        records = len(self.gateway.log())
        jsonl = self.audit("export").stdout
        self.assertGreaterEqual(len(jsonl.splitlines()), records)
        held = b"".join(path.read_bytes() for path in self.gateway.state.glob("log/*/*-*.jsonl"))
        for line in jsonl.splitlines():
            self.assertIn(line.encode() + b"\n", held)
        table = list(csv.DictReader(io.StringIO(self.audit("export", "--format", "csv").stdout)))
        self.assertGreaterEqual(len(table), records)
        for row in table:
            for cell in row.values():
                self.assertNotRegex(cell, r"\A[\s]*[=+\-@]")
        self.assertTrue(any(cell.startswith("'=cmd") for row in table for cell in row.values()))
        for line in self.audit("export", "--format", "cef").stdout.splitlines():
            header = re.match(r"CEF:0\|Doorward\|Doorward\|[^|]*\|(?:[^|\\]|\\[\\|])*\|(?:[^|\\]|\\[\\|])*\|\d+\|(.*)\Z", line)
            self.assertTrue(header, line)
            for value in re.split(r" (?=\w+=)", header[1]):
                self.assertRegex(value, r"\A\w+=(?:[^=\\]|\\[\\=n])*\Z")
        empty = self.audit("export", "--format", "csv", "--tool", "nobody_calls_this").stdout
        self.assertEqual(len(empty.splitlines()), 1)

    def test_ocsf_records_are_of_the_class(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("jsonschema is not installed")
        client = self.start()
        client.call("echo", {"a": 1})
        client.call("absent", {})
        lines = self.audit("export", "--format", "ocsf").stdout.splitlines()
        validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
        for line in lines:
            event = json.loads(line)
            problems = [error.message for error in validator.iter_errors(event)]
            self.assertEqual(problems, [], line)
            self.assertEqual(event["type_uid"], event["class_uid"] * 100 + event["activity_id"])
            self.assertEqual(json.loads(event["raw_data"])["event"], event["metadata"]["event_code"])
        call = next(json.loads(line) for line in lines if '"call.intent"' in line and '"name":"echo"' in line)
        self.assertEqual((call["api"]["operation"], call["resources"][0]["name"]), ("tools/call", "echo"))
        self.assertFalse(validator.is_valid({**call, "class_uid": 4002}))


class Verifiers(AuditCase):
    """Both verifiers judge logs that were tampered with, and agree."""

    def test_T310_T315_both_verifiers_agree_on_mutated_logs(self):
        self.gateway.config["log"] = {"segment": "1MiB"}
        client = self.start()
        for number in range(30):
            client.call("echo", {"number": number})
        self.gateway.stop()
        early = self.notes()[-1]
        self.start().call("echo", {"later": True})
        self.gateway.stop()
        log, key = self.gateway.state / "log", self.gateway.state / "keys/audit.pub"
        outside = self.gateway.folder / "outside"
        outside.write_text("\n".join(self.notes()))
        whole = sorted(path.relative_to(log) for path in log.rglob("*") if path.is_file())
        self.assertEqual((own("--key", key, log)[0], independent("--key", key, log)[0]), (0, 0))
        self.assertEqual((own("--key", key, "--checkpoint", outside, log)[0],
                          independent("--key", key, "--checkpoint", outside, log)[0]), (0, 0))
        randomly = random.Random(310)
        segments = [path for path in whole if re.search(r"gateway-.*/\d+-\d+\.jsonl$", str(path))]
        cases = [(name, number) for name in ("flip", "delete", "insert", "swap", "repeat") for number in range(8)]
        cases += [(name, number) for name in ("cut", "rollback", "fresh", "signature") for number in range(3)]
        cases += [("first segment", 0), ("key", 0)]
        self.assertGreaterEqual(len(cases), 50)
        seen = set()
        for name, number in cases:
            with self.subTest(name, number=number), tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder, "log")
                shutil.copytree(log, copy)
                target = copy / randomly.choice(segments)
                lines = target.read_bytes().splitlines(keepends=True)
                anchored, judged_with = [], key
                if name == "flip":
                    data = bytearray(target.read_bytes())
                    data[randomly.randrange(len(data))] ^= 1 << randomly.randrange(8)
                    target.write_bytes(data)
                elif name == "delete":
                    del lines[randomly.randrange(len(lines))]
                    target.write_bytes(b"".join(lines))
                elif name == "insert":
                    at = randomly.randrange(1, len(lines))
                    lines.insert(at, lines[at].replace(b'"time":"2', b'"time":"3', 1))
                    target.write_bytes(b"".join(lines))
                elif name == "swap":
                    at = randomly.randrange(len(lines) - 1)
                    lines[at], lines[at + 1] = lines[at + 1], lines[at]
                    target.write_bytes(b"".join(lines))
                elif name == "repeat":
                    at = randomly.randrange(len(lines))
                    lines.insert(at, lines[at])
                    target.write_bytes(b"".join(lines))
                elif name == "cut":
                    last = copy / segments[-1]
                    kept = last.read_bytes().splitlines(keepends=True)
                    last.write_bytes(b"".join(kept[:-1 - number]))
                elif name == "rollback":
                    # An older state of the whole writer, heads included: whole in itself, so that the anchor alone tells.
                    anchored = ["--checkpoint", outside]
                    for path in copy.glob("gateway-*/00000002*"):
                        path.unlink()
                    self.assertEqual((own("--key", key, copy)[0], independent("--key", key, copy)[0]), (0, 0))
                elif name == "fresh":
                    # Another whole log under the same key and names of writers.
                    anchored = ["--checkpoint", outside]
                    self.replace_by_fresh(copy)
                    self.assertEqual((own("--key", key, copy)[0], independent("--key", key, copy)[0]), (0, 0))
                elif name == "signature":
                    notes = randomly.choice(sorted(copy.glob("gateway-*/*.checkpoints")))
                    text = notes.read_text()
                    at = text.index("\u2014") + 60 + number
                    notes.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:])
                elif name == "first segment":
                    (copy / segments[0]).unlink()
                elif name == "key":
                    judged_with = pathlib.Path(folder, "other.pub")
                    judged_with.write_text(base64.b64encode(bytes(range(32))).decode() + "\n")
                mine, theirs = own("--key", judged_with, *anchored, copy), independent("--key", judged_with, *anchored, copy)
                self.assertEqual((mine[0], theirs[0]), (1, 1), f"{mine[1]}\n{theirs[1]}")
                if mine[0] == 1:
                    self.assertRegex(mine[1], r"BROKEN: .*: record \d+ of ")
                seen.add(name)
        self.assertEqual(len(seen), 11)
        self.assertTrue(early)

    def notes(self):
        notes = []
        for path in sorted(self.gateway.state.glob("log/gateway-*/*.checkpoints")):
            parts = path.read_text().split("\n\n")
            notes += [parts[i] + "\n\n" + parts[i + 1].rstrip("\n") + "\n" for i in range(0, len(parts) - 1, 2)]
        return notes

    def replace_by_fresh(self, copy):
        """A second gateway with the same signing key writes a log of its own; it takes the first one's name."""
        if not hasattr(self, "fresh"):
            other = self.make()
            (other.state / "keys").mkdir(parents=True, mode=0o700)
            other.state.chmod(0o700)
            for name in ("audit.key", "audit.pub"):
                shutil.copy2(self.gateway.state / "keys" / name, other.state / "keys" / name)
            writer = next(path.name for path in (self.gateway.state / "log").glob("gateway-*"))
            (other.state / "log").mkdir(mode=0o700)
            (other.state / "log" / writer).mkdir(mode=0o700)
            (other.state / "log" / writer / "lock").touch(mode=0o600)
            other.start()
            other.stop()
            self.assertTrue(list((other.state / "log" / writer).glob("*.checkpoints")))
            self.fresh = other.state / "log"
        shutil.rmtree(copy)
        shutil.copytree(self.fresh, copy)

    def test_T315_proofs_hold_for_their_log_alone(self):
        client = self.start()
        for number in range(5):
            client.call("echo", {"number": number})
        call = self.id_of()
        older = self.gateway.folder / "older"
        self.gateway.stop()
        older.write_text(self.notes()[1])
        proof, extension = self.gateway.folder / "proof.json", self.gateway.folder / "extension.json"
        self.audit("prove", call, "-o", proof)
        self.audit("prove", "--from", older, "-o", extension)
        key = self.gateway.state / "keys/audit.pub"
        other = self.make()
        other.start()
        other.stop()
        document = json.loads(proof.read_text())
        self.assertEqual([json.loads(item["record"])["event"] for item in document["proofs"]], ["call.intent", "call.outcome"])
        forged = [
            lambda item: item.update(index=item["index"] + 1),
            lambda item: item.update(record=item["record"].replace('"echo"', '"evil"')),
            lambda item: item.update(path=item["path"][:-1]),
            lambda item: item.update(path=item["path"] + ["00" * 32]),
            lambda item: item.update(path=["00" * 32] + item["path"][1:]),
            lambda item: item.update(checkpoint=item["checkpoint"].replace("\n", "\nx", 1)),
        ]
        for path in (proof, extension):
            self.assertEqual((own("--key", key, "--proof", path)[0], independent("--key", key, "--proof", path)[0]), (0, 0))
            strange = other.state / "keys/audit.pub"
            self.assertEqual((own("--key", strange, "--proof", path)[0],
                              independent("--key", strange, "--proof", path)[0]), (1, 1))
        for forge in forged:
            tampered = json.loads(proof.read_text())
            forge(tampered["proofs"][0])
            bad = self.gateway.folder / "bad.json"
            bad.write_text(json.dumps(tampered))
            self.assertEqual((own("--key", key, "--proof", bad)[0], independent("--key", key, "--proof", bad)[0]), (1, 1))
        self.assertNotEqual(self.audit("prove", "dec_nothing", check=False).returncode, 0)

    def test_T315_a_window_needs_a_trusted_start(self):
        self.start()
        self.gateway.stop()
        self.start()
        self.gateway.stop()
        log, key = self.gateway.state / "log", self.gateway.state / "keys/audit.pub"
        for path in log.glob("gateway-*/00000001*"):
            path.unlink()
        self.assertEqual((own("--key", key, log)[0], independent("--key", key, log)[0]), (1, 1))
        self.assertEqual((own("--key", key, "--window", log)[0], independent("--key", key, "--window", log)[0]), (0, 0))
        segment = next(log.glob("gateway-*/00000002-*.jsonl"))
        lines = segment.read_bytes().splitlines(keepends=True)
        segment.rename(segment.with_name("00000002-000000000002.jsonl"))
        segment.with_name("00000002-000000000002.jsonl").write_bytes(b"".join(lines[2:]))
        self.assertEqual((own("--key", key, "--window", log)[0], independent("--key", key, "--window", log)[0]), (1, 1))


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.delay)
        if self.server.status == 200:
            self.server.got.append((self.headers["Idempotency-Key"], body, self.headers["Authorization"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


class Anchors(AuditCase):
    def receiver(self, port=0):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
        server.status, server.delay, server.got = 200, 0, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def status(self):
        return {item["name"]: item for item in json.loads(self.gateway.run("status", "--json", check=True).stdout)["anchors"]}

    def test_T317_an_anchor_that_fails_gets_every_epoch_in_the_end(self):
        server = self.receiver()
        secret = self.gateway.folder / "secret"
        secret.write_text("anchor-secret")
        secret.chmod(0o600)
        self.gateway.config["anchors"] = [
            {"name": "notary", "url": f"http://127.0.0.1:{server.server_port}/notes",
             "headers": {"authorization": {"file": str(secret), "prefix": "Bearer "}}},
            {"name": "mount", "file": str(self.gateway.folder / "anchor.checkpoints")}]
        self.start()
        eventually(lambda: server.got)
        self.assertEqual(server.got[0][2], "Bearer anchor-secret")
        self.assertEqual({name: item["ok"] for name, item in self.status().items()}, {"notary": True, "mount": True})
        self.gateway.stop()
        server.status = 500
        got = len(server.got)
        self.start().call("echo", {})
        eventually(lambda: not self.status()["notary"]["ok"])
        eventually(lambda: self.events("anchor.failed"))
        self.assertIn("500", self.events("anchor.failed")[-1]["failure"])
        self.assertEqual(self.gateway.run("doctor").returncode, 1)
        # What is local is complete whatever the anchor does, and so after a restart amid the failure.
        self.gateway.kill()
        server.delay = 0.3
        self.start()
        eventually(lambda: not self.status()["notary"]["ok"])
        self.assertEqual(len(server.got), got)
        server.status = 200
        eventually(lambda: self.events("anchor.resumed"))
        self.gateway.stop()
        key, log = self.gateway.state / "keys/audit.pub", self.gateway.state / "log"
        kept = self.gateway.folder / "kept"
        kept.write_bytes(b"\n".join(note for _, note, _ in server.got))
        for anchor in (kept, self.gateway.folder / "anchor.checkpoints"):
            self.assertEqual((own("--key", key, "--checkpoint", anchor, log)[0],
                              independent("--key", key, "--checkpoint", anchor, log)[0]), (0, 0))
        epochs = {name.strip('"').split("/")[1] for name, _, _ in server.got if "gateway-" in name}
        self.assertEqual(epochs, {"1", "2", "3"})
        self.assertNotIn(b"anchor-secret", b"".join(path.read_bytes() for path in log.rglob("*") if path.is_file()))

    def test_T317_syslog_counts_octets(self):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(20)
        self.addCleanup(listener.close)
        self.gateway.config["anchors"] = [{"name": "siem", "syslog": f"tcp://127.0.0.1:{listener.getsockname()[1]}"}]
        self.start()
        peer, _ = listener.accept()
        self.addCleanup(peer.close)
        peer.settimeout(20)
        data = b""
        while b" " not in data or len(data) < int(data.split(b" ")[0]) + len(data.split(b" ")[0]) + 1:
            data += peer.recv(4096)
        size, rest = data.split(b" ", 1)
        message = rest[:int(size)].decode()
        match = re.fullmatch(r'<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ doorward \d+ checkpoint - (".*")', message)
        self.assertTrue(match, message)
        self.assertTrue(json.loads(match[1]).startswith("doorward.log/gateway-"))

    def test_T318_the_last_anchor_does_not_go_silently(self):
        anchor = self.gateway.folder / "anchor.checkpoints"
        self.gateway.config["anchors"] = [{"name": "mount", "file": str(anchor)}]
        self.start()
        eventually(anchor.exists)
        self.gateway.config["anchors"] = []
        self.gateway.reload()
        removed = self.events("anchor.removed")
        self.assertEqual([(item["anchor"], item["anchors"]) for item in removed], [("mount", 0)])
        self.assertIn("no checkpoint leaves this machine", self.gateway.run("doctor").stdout)
        self.gateway.stop()
        # The anchor itself holds a head that covers the record of its removal.
        sizes = [int(size) for size in re.findall(r"^doorward\.log/gateway-\S+/1\n(\d+)\n", anchor.read_text(), re.M)]
        self.assertGreater(max(sizes), removed[0]["seq"])
        # Between two starts it does not go silently either.
        self.gateway.config["anchors"] = [{"name": "mount", "file": str(anchor)}]
        self.start()
        self.gateway.stop()
        self.gateway.config["anchors"] = []
        self.start()
        self.assertEqual([item["epoch"] for item in self.events("anchor.removed")], [1, 3])


class Arguments(AuditCase):
    config = {"log": {"arguments": {"store": "redacted", "redact": ["ssn"]}}}

    def test_T309_stored_arguments_are_sealed_and_rid_of_secrets(self):
        client = self.start()
        secrets = {"password": "canary-one", "nested": {"Api-Key": "canary-two", "list": [{"SSN": "canary-three"}]},
                   "text": "use Bearer canaryfourcanaryfour now", "url": "https://me:canary-five@example.com/x"}
        client.call("echo", {**secrets, "city": "plain-canary"})
        call = self.id_of()
        answer = self.audit("arguments", call, "--json").stdout
        values = {item["path"]: item["value"] for item in json.loads(answer)["arguments"]}
        self.assertEqual(values["args.city"], '"plain-canary"')
        self.assertEqual(values["args.password"], '"[redacted]"')
        for number in ("one", "two", "three", "four", "five"):
            self.assertNotIn(f"canary-{number}", answer)
            self.assertNotIn(f"canary{number}", answer)
        self.gateway.stop()
        for path in self.gateway.state.rglob("*"):
            # The journal of the running process holds arguments on their way; the next start makes it anew.
            if path.is_file() and not path.name.startswith("ring-"):
                self.assertNotIn(b"canary", path.read_bytes(), path)

    def test_T316_erasing_leaves_the_proof_and_is_recorded(self):
        client = self.start()
        client.call("echo", {"name": "Ada", "city": "London"})
        call = self.id_of()
        openings = self.gateway.folder / "openings"
        self.audit("arguments", call, "-o", openings)
        self.assertEqual(len(openings.read_text().splitlines()), 2)
        log, key = self.gateway.state / "log", self.gateway.state / "keys/audit.pub"
        self.assertEqual(independent("--openings", openings, log)[0], 0)
        openings.write_text(openings.read_text().replace("London", "Londom"))
        self.assertEqual(independent("--openings", openings, log)[0], 1)
        self.assertIn("1 values erased", self.audit("erase", call, "--path", "args.name").stdout)
        left = json.loads(self.audit("arguments", call, "--json").stdout)["arguments"]
        self.assertEqual([item["path"] for item in left], ["args.city"])
        client.call("echo", {"name": "Grace"})
        self.assertEqual(len(json.loads(self.audit("arguments", self.id_of(), "--json").stdout)["arguments"]), 1)
        self.audit("erase", call)
        self.assertEqual([(item["call"], item["count"]) for item in self.events("audit.erased")], [(call, 1), (call, 1)])
        kept = [item for item in self.events("call.arguments") if item["id"] == call]
        self.assertEqual([value["path"] for value in kept[0]["values"]], ["args.city", "args.name"])
        self.gateway.stop()
        self.assertEqual((own("--key", key, log)[0], independent("--key", key, log)[0]), (0, 0))

    def test_T318_what_people_do_with_the_log_is_recorded(self):
        client = self.start()
        client.call("echo", {"a": 1})
        call = self.id_of()
        self.audit("verify")
        self.audit("arguments", call)
        self.audit("export", "-o", self.gateway.folder / "out.jsonl")
        self.audit("prove", "/".join(str(self.events("writer.start")[0][key]) for key in ("writer", "epoch", "seq")))
        found = {record["event"]: record for record in self.gateway.log() if record["event"].startswith("audit.")}
        self.assertEqual(set(found), {"audit.verified", "audit.read", "audit.exported", "audit.proved"})
        self.assertEqual((found["audit.read"]["call"], found["audit.read"]["count"]), (call, 1))
        self.assertTrue(all(record["actor"].startswith("uid:") for record in found.values()))

    def test_T312_arguments_of_a_killed_gateway_are_committed_to_once(self):
        for _ in range(3):
            client = self.start()
            for number in range(5):
                client.call("echo", {"number": number})
            self.gateway.kill()
        self.gateway.start()
        calls = [record["id"] for record in self.events("call.intent") if record["method"] == "tools/call"]
        self.assertEqual(len(calls), 15)
        self.assertEqual(sorted(record["id"] for record in self.events("call.arguments")), sorted(calls))
        self.assertEqual(self.gateway.verify()[0], 0)

    def test_off_is_the_default(self):
        self.gateway.config["log"] = {}
        client = self.start()
        client.call("echo", {"a": "quiet"})
        self.assertEqual(self.events("call.arguments"), [])
        self.assertIn("0 arguments", self.audit("arguments", self.id_of()).stderr)


class Evidence(AuditCase):
    def test_a_bundle_can_be_followed_offline(self):
        client = self.start()
        for number in range(4):
            client.call("echo", {"number": number})
        self.gateway.reload()
        self.gateway.stop()
        calls = len(self.events("call.intent"))
        self.assertGreaterEqual(calls, 4)
        target = self.gateway.folder / "evidence.tar"
        made = json.loads(self.audit("bundle", target, "--json").stdout)
        self.assertTrue(made["verified"], made)
        self.assertEqual((made["calls"], made["approvals"], made["records_lost"]), (calls, 0, 0))
        place = self.gateway.folder / "unpacked"
        place.mkdir()
        subprocess.run(["tar", "xf", str(target), "-C", str(place)], check=True)
        bundle = place / "evidence"
        subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=bundle, check=True)
        verifier = subprocess.run([sys.executable, "verify_audit.py", "--key", "audit.pub", "--window", "log"], cwd=bundle,
                                  capture_output=True, text=True)
        self.assertEqual(verifier.returncode, 0, verifier.stdout)
        self.assertEqual((bundle / "verify_audit.py").read_bytes(), VERIFIER.read_bytes())
        proofs = list((bundle / "proofs").iterdir())
        self.assertEqual(len(proofs), calls)
        for proof in proofs:
            self.assertEqual(independent("--key", bundle / "audit.pub", "--proof", proof)[0], 0)
        policies = json.loads((bundle / "policies.json").read_text())["in_force"]
        self.assertEqual([(item["policy"], item["mode"]) for item in policies], [("p", "enforce")])
        self.assertEqual(json.loads((bundle / f"policies/{policies[0]['sha256']}.json").read_text()), ALLOW_ALL)
        states = [item["state"] for item in json.loads((bundle / "control-state.json").read_text())["states"]]
        self.assertIn("up, enforcing", states)
        self.assertIn("| records about approvals | 0 |", (bundle / "README.md").read_text())
        self.assertTrue(any(json.loads(line)["event"] == "config.reloaded" for line in (bundle / "changes.jsonl").read_text().splitlines()))
        self.assertIn("agent", (bundle / "grants.json").read_text())

    def test_policies_put_in_force_by_commands_are_in_it(self):
        self.start()
        texts = ['{"version": "1", "default": "deny"}', '{"version": "1", "default": "allow", "mode": "observe"}']
        for text in texts:
            file = self.gateway.folder / "later.json"
            file.write_text(text)
            self.gateway.run("policy", "add", "later", "--server", "up", "--file", str(file), check=True)
        folder = self.gateway.folder / "running"
        self.audit("bundle", folder)
        policies = [item for item in json.loads((folder / "policies.json").read_text())["in_force"] if item["policy"] == "later"]
        self.assertEqual([(item["version"], item["mode"]) for item in policies], [(1, "enforce"), (2, "observe")])
        self.assertEqual(policies[0]["to"], policies[1]["from"])
        self.assertEqual([(folder / f"policies/{item['sha256']}.json").read_text() for item in policies], texts)
        states = [item["state"] for item in json.loads((folder / "control-state.json").read_text())["states"]]
        self.assertEqual(states[1], "up, some policies observe only")
        self.assertNotIn("down", states[2:], "the gateway runs")

    def test_a_period_without_records_says_so(self):
        self.start()
        self.gateway.stop()
        folder = self.gateway.folder / "empty"
        made = json.loads(self.audit("bundle", folder, "--from", "2001-01-01T00:00:00Z", "--to", "2001-02-01T00:00:00Z",
                                     "--json").stdout)
        self.assertEqual((made["records"], made["calls"]), (0, 0))
        self.assertEqual(json.loads((folder / "control-state.json").read_text())["states"][0]["state"], "down")
        self.assertNotEqual(self.audit("bundle", folder, check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
