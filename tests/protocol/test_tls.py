"""TLS on the gateway's listener: who gets in, both eras, streams, connections that move, certificates that change."""
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import tempfile
import time
import unittest
import warnings

from harness.case import GatewayCase
from harness.certificates import Authority
from harness.client import MODERN
from harness.gateway import Gateway
from harness.wire import Closed, Wire, request_bytes


class TlsCase(GatewayCase):
    settings = {}

    @classmethod
    def make_gateway(cls):
        folder = tempfile.mkdtemp(prefix="doorward-tls-")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.authority = Authority(folder)
        cls.certificate, cls.key = cls.authority.issue("gateway")
        tls = {"certificate": cls.certificate, "key": cls.key, **cls.make_settings()}
        return Gateway({"up": cls.upstream.url}, cls.policies, cls.grants, workers=4, tls=tls, **cls.config)

    @classmethod
    def make_settings(cls):
        return {}

    def client(self, grant="agent", version=None, ready=True, tls=None, **options):
        return super().client(grant, version, ready, tls=tls or self.authority.context(), **options)

    def shown(self, tls=None):
        """The SHA-256 of the certificate that a new connection is shown."""
        with Wire.to(self.gateway.port, tls=tls or self.authority.context()) as wire:
            return hashlib.sha256(wire.sock.getpeercert(True)).hexdigest()

    def until(self, condition, seconds=10.0):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "not seen in time")
            time.sleep(0.05)

    def refusal(self, context):
        """How the handshake, or the first read after it, fails."""
        with self.assertRaises((ssl.SSLError, ConnectionError, Closed)) as caught:
            with Wire.to(self.gateway.port, tls=context) as wire:
                wire.send(request_bytes("/mcp/up/", b"{}"))
                wire.answer(3)
        return str(caught.exception)


def fingerprint(file):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(open(file).read())).hexdigest()


class Listener(TlsCase):
    config = {"timeouts": {"header": "1s"}}

    def test_both_eras(self):
        for version in ("2025-03-26", "2025-06-18", "2025-11-25", MODERN):
            with self.subTest(version):
                client = self.client(version=version)
                self.assertIn("echo", client.tools())
                long = {"text": "x" * 300_000}
                self.assertEqual(json.loads(client.call("echo", long).text), long)
        self.assertRegex(self.gateway.run("status").stdout, r"https://127\.0\.0\.1:\d+")

    def test_streams(self):
        clients = [self.client(version=version) for version in ("2025-06-18", "2025-11-25") for _ in range(10)]
        streams = [client.listen() for client in clients]
        self.upstream.wait_for(lambda upstream: sum(map(len, upstream.listeners.values())) == len(clients))
        self.upstream.push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "memo://one"}})
        for answer, wire in streams:
            self.assertTrue(answer.is_stream)
            found = next(event for event in wire.events(5) if event.get("data"))
            self.assertEqual(json.loads(found["data"])["params"]["uri"], "memo://one")
            wire.close()

    def test_a_connection_moves_to_the_worker_of_its_session(self):
        """With four workers most fresh connections begin at another one; what was sent along is not lost."""
        client = self.client(version="2025-11-25")
        wires = [client.open() for _ in range(24)]
        for number, wire in enumerate(wires):
            pair = [client.build("tools/call", {"name": "echo", "arguments": {"n": f"{number}.{half}"}}) for half in (0, 1)]
            host = f"127.0.0.1:{self.gateway.port}"
            # Both requests in one TLS record: the second is plaintext that no edge will tell of.
            wire.send(b"".join(request_bytes(client.path, json.dumps(message).encode(), client.headers(message), host=host)
                               for message in pair))
        for number, wire in enumerate(wires):
            for half in (0, 1):
                self.assertEqual(json.loads(wire.answer().text), {"n": f"{number}.{half}"})
            # And a large one, whose body comes in many records.
            big = {"text": str(number) * 200_000}
            self.assertEqual(json.loads(client.call("echo", big, wire=wire).text), big)
            wire.close()

    def test_T240_old_versions_and_other_protocols_are_refused(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.load_verify_locations(self.authority.ca)
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = context.maximum_version = version
            self.refusal(context)
        context = self.authority.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-GCM-SHA256")  # no forward secrecy
        self.refusal(context)
        context = self.authority.context()
        context.set_alpn_protocols(["h2"])
        self.refusal(context)
        records = [record for record in self.gateway.log() if record.get("code") == "tls_failed"]
        self.assertGreaterEqual(len(records), 3)

    def test_alpn(self):
        context = self.authority.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with Wire.to(self.gateway.port, tls=context) as wire:
            self.assertEqual(wire.sock.selected_alpn_protocol(), "http/1.1")

    def test_plain_http_gets_no_answer(self):
        with Wire.to(self.gateway.port) as wire:
            wire.send(request_bytes("/mcp/up/", b"{}"))
            self.assertTrue(wire.ends(5))
            self.assertNotIn(b"HTTP/", wire.buffer)

    def test_T103_handshakes_that_stall(self):
        """Silent, and stopped half-way through the first message: all are cut; others are served meanwhile."""
        hello = ssl.MemoryBIO()
        with self.assertRaises(ssl.SSLWantReadError):
            self.authority.context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
        half = hello.read()
        wires = [Wire.to(self.gateway.port) for _ in range(300)]
        for number, wire in enumerate(wires):
            if number % 2:
                wire.send(half[:len(half) // 2])
        self.assertEqual(self.client().call("echo").status, 200)
        self.assertEqual([wire for wire in wires if not wire.ends(5)], [])
        for wire in wires:
            wire.close()
        self.assertEqual(self.client().call("echo").status, 200)

    def test_a_session_resumes(self):
        context = self.authority.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with Wire.to(self.gateway.port, tls=context) as wire:
            session = wire.sock.session
        with context.wrap_socket(socket.create_connection(("127.0.0.1", self.gateway.port)), server_hostname="127.0.0.1",
                                 session=session) as sock:
            self.assertTrue(sock.session_reused)

    def test_cut_short(self):
        """Connections that end in every state of the handshake and after it leave nothing behind."""
        for tls in (None, self.authority.context()):
            for end in (Wire.close, Wire.reset):
                end(Wire.to(self.gateway.port, tls=tls))
        self.assertEqual(self.client().call("echo").status, 200)


class Change(TlsCase):
    def swap(self, pair):
        """Puts another pair in place of the configured one, as renewal tools do."""
        for new, old in zip(pair, (self.certificate, self.key)):
            os.replace(new, old)

    def test_renewal_keeps_every_stream(self):
        clients = [self.client(version="2025-11-25") for _ in range(100)]
        streams = [client.listen()[1] for client in clients]
        self.upstream.wait_for(lambda upstream: sum(map(len, upstream.listeners.values())) == 100)
        for how in ("file change", "SIGHUP"):
            pair = self.authority.issue("renewed")
            wanted = fingerprint(pair[0])
            self.assertNotEqual(self.shown(), wanted)
            self.swap(pair)
            if how == "SIGHUP":
                os.kill(self.gateway.pid, signal.SIGHUP)
            self.until(lambda wanted=wanted: self.shown() == wanted)
        self.upstream.push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "memo://one"}})
        for client, wire in zip(clients, streams):
            found = next(event for event in wire.events(5) if event.get("data"))
            self.assertEqual(json.loads(found["data"])["params"]["uri"], "memo://one")
            self.assertEqual(client.call("echo", {"n": 1}).status, 200, "kept connections go on")
            wire.close()

    def test_T240_a_bad_pair_leaves_the_old_one_in_force(self):
        before, pair = self.shown(), (self.certificate, self.key)
        good = [open(file, "rb").read() for file in pair]
        self.addCleanup(lambda: [open(file, "wb").write(text) for file, text in zip(pair, good)])
        other = self.authority.issue("other")
        cases = {
            "expired": self.authority.issue("old", start="20200101000000Z", end="20210101000000Z"),
            "not valid yet": self.authority.issue("new", start="20990101000000Z", end="20990201000000Z"),
            "is not the key": (other[0], self.key),
            "no PEM certificate": (self.key, self.key),
            "no PEM private key": (other[0], other[0]),
        }
        for why, (certificate, key) in cases.items():
            with self.subTest(why):
                text = open(certificate, "rb").read(), open(key, "rb").read()
                for file, content in zip(pair, text):
                    open(file, "wb").write(content)
                record = self.gateway.reload()
                self.assertEqual(record["event"], "config.reload_failed")
                self.assertIn(why, record["first"])
                self.assertEqual(self.shown(), before)
                for file, content in zip(pair, good):
                    open(file, "wb").write(content)
        os.chmod(self.key, 0o644)
        self.assertIn("every user", self.gateway.reload()["first"])
        os.chmod(self.key, 0o600)
        self.assertEqual(self.gateway.reload()["event"], "config.reloaded")

    def test_it_does_not_start_without_a_good_pair(self):
        old = self.authority.issue("old", start="20200101000000Z", end="20210101000000Z")
        gateway = Gateway({"up": self.upstream.url}, tls={"certificate": old[0], "key": old[1]})
        self.addCleanup(gateway.close)
        with self.assertRaises(RuntimeError):
            gateway.start()
        self.assertIn("expired", gateway.stderr())


class Mutual(TlsCase):
    wanted = "required"

    @classmethod
    def make_settings(cls):
        return {"client_ca": str(cls.authority.ca), "client_certificates": cls.wanted}

    def test_a_verified_certificate_gets_in(self):
        context = self.authority.context(self.authority.issue("agent-7", "URI:spiffe://example/agent-7"))
        for version in ("2025-11-25", MODERN):
            self.assertEqual(self.client(version=version, tls=context).call("echo").status, 200)

    def test_others_do_not(self):
        stranger = Authority(self.authority.folder / "stranger", "stranger")
        for name, pair in {"another authority": stranger.issue("agent-7"),
                           "expired": self.authority.issue("agent-7", start="20200101000000Z", end="20210101000000Z"),
                           "self-signed": (stranger.ca, stranger.ca_key)}.items():
            with self.subTest(name):
                self.refusal(self.authority.context(pair))

    def test_none_at_all(self):
        self.refusal(self.authority.context())


class Optional(Mutual):
    wanted = "optional"

    def test_none_at_all(self):
        self.assertEqual(self.client().call("echo").status, 200)


if __name__ == "__main__":
    unittest.main()
