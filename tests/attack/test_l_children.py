"""Section L of the attack cases: stdio children."""
import json
import os
import pathlib
import time
import unittest

from attack.era import ERAS, AttackCase, spell
from harness.case import ALLOWED, answered
from harness.client import MODERN
from harness.gateway import Gateway, alive, children
from harness.shows import shows
from harness.stdio_record import StdioRecord

LEGACY = ERAS[0]
UPSTREAM_ERROR = {"status": 200, "text": "[UPSTREAM ERROR]"}
FAILED = [ALLOWED[0], {"event": "call.outcome", "result": "upstream_error"}]


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


class ChildCase(AttackCase):
    config = {"timeouts": {"first_byte": "2s"}}
    policies = {"open": ("up", {"version": "1", "default": "allow"})}

    @classmethod
    def make_upstream(cls):
        return StdioRecord(env={"DECLARED": {"value": "yes"}, "FROM_OURS": {"env": "DOORWARD_TEST_SECRET"}})

    @classmethod
    def make_gateway(cls):
        return Gateway({"up": cls.upstream.settings}, cls.policies, cls.grants,
                       env={"DOORWARD_TEST_SECRET": "canary-7261", "DOORWARD_TEST_OTHER": "canary-9973"}, **cls.config)

    def ready_client(self, version=None):
        """A client that the server answers again: after a crash it is started anew, with a growing pause."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            client = self.client(version=version)
            answer = client.call("echo")
            if answer.status == 200 and "[UPSTREAM ERROR]" not in answer.text:
                return client
            time.sleep(0.1)
        self.fail("the server did not come back")


class Children(ChildCase):
    def test_T253_environment(self):
        for era in ERAS:
            client = self.client(version=era)
            environment = json.loads(client.call("env").text)
            self.assertEqual(environment["DECLARED"], "yes")
            self.assertEqual(environment["FROM_OURS"], "[masked]")  # the child has it, and the agent does not see it
            self.assertNotIn("DOORWARD_TEST_SECRET", environment)
            self.assertNotIn("canary-9973", json.dumps(environment))
            self.assertLessEqual(set(environment), {"PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "USER",
                                                    "LOGNAME", "SHELL", "TMPDIR", "PWD", "SHLVL", "_", "DECLARED", "FROM_OURS"},
                                 environment)

    def test_T254_descriptors(self):
        for era in ERAS:
            held = json.loads(self.client(version=era).call("fds").text)
            # 3 is the record file that the test's own server keeps open.
            extra = {fd: link for fd, link in held.items() if fd not in "012" and str(self.upstream.file) != link}
            self.assertEqual(extra, {}, held)

    def test_T261_one_line_on_the_wire(self):
        for era in ERAS:
            self.ready(era)
            text = "a\nb\r\n\u2028c\u0085d"
            body = spell(era, f'"name":"echo","arguments":{{"text":{json.dumps(text, ensure_ascii=False)}}}')

            def one_line(seen, text=text):
                self.assertEqual([line.rpc for line in seen], ["tools/call"])
                self.assertEqual(seen[0].text.count(b"\n"), 1)
                self.assertEqual(seen[0].message["params"]["arguments"]["text"], text)
            self.assert_case(f"T261 {era}", lambda era=era, body=body: self.post(era, body), client=answered(),
                             upstream=one_line, log=ALLOWED)
            spaced = spell(era).replace(b',"params"', b'\n,\r\n\t"params"')
            self.assert_case(f"T261 {era} newlines between tokens", lambda era=era, body=spaced: self.post(era, body),
                             client=answered(), upstream=lambda seen: self.assertEqual(
                                 [line.text.count(b"\n") for line in seen], [1]), log=ALLOWED)

    def test_T258_stdout_noise(self):
        client = self.client()
        for label, text in (("banner", "Server ready!\n"), ("two on a line", '{"jsonrpc":"2.0","method":"a/b"}{"jsonrpc":"2.0","method":"a"}\n'),
                            ("binary", "\xff\xfe\0\1\n"), ("empty lines", "\n\n\n"), ("an array", "[]\n"),
                            ("foreign answer", '{"jsonrpc":"2.0","id":"foreign","result":{}}\n')):
            with self.subTest(f"T258 {label}"):
                answer = client.call("write", {"text": text})
                self.assertEqual(answer.status, 200)
                self.assertNotIn(b"foreign", answer.body)
                self.assertTrue(answer.text == "wrote" or "[UPSTREAM ERROR]" in answer.text, answer)
                client = self.ready_client()
        self.gateway.new_records()

    def test_T258_a_line_without_end(self):
        client = self.client()
        for label, times in (("partial", 10), ("16 MB", 16 << 20)):
            with self.subTest(f"T258 {label}"):
                mark = self.upstream.mark()
                answer = client.call("write", {"text": "x", "times": times} if times < 100 else {"text": "x" * 1024, "times": times // 1024})
                self.assertIn("[UPSTREAM ERROR]", answer.text)
                self.assertEqual([line.rpc for line in self.upstream.since(mark)].count("tools/call"), 1, "no silent retry")
                client = self.ready_client()
        self.gateway.new_records()

    @shows("restart of the server", ERAS, server="stdio")
    def test_T264_crash_in_a_call(self):
        for era in ERAS:
            client = self.client(version=era)
            client.call("echo")
            self.assert_case(f"T264 {era}", lambda client=client: client.call("crash"), client=UPSTREAM_ERROR,
                             upstream=lambda seen: self.assertEqual([line.rpc for line in seen].count("tools/call"), 1),
                             log=FAILED)
            self.ready_client(era)
        self.gateway.new_records()

    def test_T264_crash_loop_backs_off(self):
        client = self.client(version=MODERN)
        starts = set()
        mark = self.upstream.mark()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            client.call("crash")
        starts = {line.pid for line in self.upstream.since(mark)}
        self.assertLess(len(starts), 30, "a crash loop is slowed down")
        self.ready_client(MODERN)
        self.gateway.new_records()

    def test_T265_starts_and_stops(self):
        """Sessions come and go: no zombies, no descriptors left. DOORWARD_LONG=10000 makes it the full count."""
        def descriptors():
            return len(os.listdir(f"/proc/{self.gateway.pid}/fd"))
        rounds = int(os.environ.get("DOORWARD_LONG", "0")) or 40
        client = self.client()
        client.call("echo")
        client.delete()
        wait_until(lambda: len(descendants(self.gateway.pid)) <= 4, 5)
        before = descriptors()
        for _ in range(rounds):
            agent = self.client()
            self.assertEqual(agent.call("echo").status, 200)
            self.assertIn(agent.delete().status, (200, 202, 204))
            agent.close()
        self.assertTrue(wait_until(lambda: descriptors() <= before + 4, 10), f"{descriptors()} descriptors, {before} before")
        self.assertTrue(wait_until(lambda: all(map(alive, descendants(self.gateway.pid))), 5), "zombies stay")
        self.gateway.new_records()

    def test_T267_a_deaf_child(self):
        client = self.client()
        self.assertEqual(client.call("ignore").text, "deaf")
        pid = json.loads(client.call("pid").text)
        client.delete()
        self.assertTrue(wait_until(lambda: not alive(pid), 15), "the child survived its session")
        self.gateway.new_records()


class Death(ChildCase):
    def test_T266_nothing_survives_a_kill(self):
        clients = [self.client() for _ in range(10)]
        pids = []
        for client in clients:
            pids.append(json.loads(client.call("pid").text))
            pids += json.loads(client.call("fork", {"count": 2}).text)
        self.assertTrue(all(map(alive, pids)))
        self.gateway.kill()
        try:
            left = [pid for pid in pids if not wait_until(lambda pid=pid: not alive(pid), 2)]
            self.assertEqual(left, [], "processes outlive the gateway")
        finally:
            for pid in pids:
                if alive(pid):
                    os.kill(pid, 9)
            self.gateway.start()

    def test_children_end_with_the_gateway(self):
        client = self.client()
        pids = [json.loads(client.call("pid").text), *json.loads(client.call("fork", {"count": 2}).text)]
        self.assertEqual(self.gateway.stop(), 0)
        try:
            self.assertTrue(wait_until(lambda: not any(map(alive, pids)), 5), "processes outlive the gateway")
        finally:
            self.gateway.start()


class Commands(unittest.TestCase):
    def test_T269_relative_commands(self):
        """A program with a slash must be an absolute path; one without is looked up; the path of the test is none."""
        for command in ("./server", "bin/server", "../server"):
            gateway = Gateway({"up": {"command": [command]}}, {"open": ("up", {"version": "1", "default": "allow"})},
                              {"agent": ("up", "open")})
            self.addCleanup(gateway.close)
            gateway.write()
            pathlib.Path(gateway.folder, "server").write_text("#!/bin/sh\n")
            done = gateway.run("config", "check", str(gateway.file))
            if done.returncode == 0:
                with gateway:
                    client = gateway.client("agent")
                    self.assertIn("error", client.initialize().message())


if __name__ == "__main__":
    unittest.main()
