"""Random damage to good requests: the gateway lives, and nothing that the policy denies, or that two parsers could read
differently, reaches the upstream. DOORWARD_SEED repeats a run; DOORWARD_LONG sets the number of requests."""
import json
import os
import random
import threading
import unittest

from attack.era import ERAS, AttackCase, spell
from harness.client import MODERN
from harness.wire import Closed, Wire, request_bytes

PIECES = (b"delete_file", b"echo", b'"name"', b'"method"', b"tools/call", b'"', b"\\", b"{", b"}", b",", b":", b"\r\n", b"\n", b"\r",
          b"\0", b" ", b"\t", b"\\u0065", b"\\u0000", b"\xff", b"\xc1\xa1", b"\xef\xbb\xbf", b"1e400", b"null", b"[", b"]",
          b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Mcp-Name: echo\r\n", b"Host: evil\r\n", b"0\r\n\r\n",
          b"POST /mcp/up/ HTTP/1.1\r\n", b"HTTP/1.0", b"2025-11-25", b"2026-07-28", b"delete\\u005ffile", b",\"name\":\"echo\"")


class Mutations(AttackCase):
    def test_random_damage(self):
        seed = int(os.environ.get("DOORWARD_SEED", random.randrange(10**9)))
        print(f"seed {seed}", flush=True)
        good = []
        for era in ERAS:
            client = self.ready(era)
            for name in ("delete_file", "secret_tool", "echo"):
                body = spell(era, f'"name":"{name}","arguments":{{"text":"x","n":1}}', id="7")
                headers = client.headers({"method": "tools/call", "params": {"name": name}})
                host = f"127.0.0.1:{self.gateway.port}"
                data = request_bytes("/mcp/up/", body, headers, host=host)
                good.append(data)
                head, _, _ = data.partition(b"\r\n\r\n")
                lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
                chunked = b"\r\n".join([*lines, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                good.append(chunked)
        mark = self.upstream.mark()
        count = int(os.environ.get("DOORWARD_LONG", "0")) or 20_000

        def work(index):
            own = random.Random(seed + index)
            for _ in range(count // 8):
                self.send(b"".join(self.damage(own, own.choice(good)) for _ in range(own.choice((1, 1, 1, 2)))))
        threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIsNone(self.gateway.process.poll(), "the gateway died")
        for seen in self.upstream.since(mark):
            if seen.method != "POST":
                continue
            message = json.loads(seen.body.decode("utf-8"), object_pairs_hook=self.no_duplicates)
            if message["method"] == "tools/call":
                self.assertNotIn(message["params"]["name"], ("delete_file", "delete", "secret_tool"), seen)
                if seen.header("mcp-protocol-version") == MODERN:
                    self.assertEqual(seen.header("mcp-name"), message["params"]["name"])
            self.assertEqual(len(seen.all("content-length")) + len(seen.all("transfer-encoding")), 1)
        self.assertGreater(len(self.upstream.calls(mark)), count // 200, "harmless calls came through")
        status, report = self.gateway.verify()
        self.assertEqual(status, 0, report)

    def no_duplicates(self, pairs):
        self.assertEqual(len({key for key, _ in pairs}), len(pairs), pairs)
        return dict(pairs)

    @staticmethod
    def damage(random_, data):
        for _ in range(random_.choice((1, 1, 2, 4))):
            at = random_.randrange(len(data) + 1)
            kind = random_.randrange(5)
            if kind == 0:
                data = data[:at] + random_.choice(PIECES) + data[at:]
            elif kind == 1:
                data = data[:at] + data[at + random_.randrange(1, 12):]
            elif kind == 2 and at < len(data):
                data = data[:at] + bytes([random_.randrange(256)]) + data[at + 1:]
            elif kind == 3:
                piece = random_.choice(PIECES)
                data = data.replace(piece, random_.choice(PIECES), 1)
            else:
                end = min(len(data), at + random_.randrange(1, 40))
                data = data[:end] + data[at:end] + data[end:]
        return data

    def send(self, data):
        """Waits for the first bytes of an answer, but not long: much that is sent is never a whole request."""
        with Wire.to(self.gateway.port, 5) as wire:
            try:
                wire.send(data)
                wire.timeout = 0.03
                wire.more()
            except (Closed, OSError):
                pass


if __name__ == "__main__":
    unittest.main()
