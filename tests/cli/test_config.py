"""The configuration: `config check`, what a start refuses, secrets, conflicts."""
import unittest

from cli.tool import INVALID, CommandCase
from harness.gateway import BINARY, Gateway

OPEN = {"version": "1", "default": "allow"}


class Check(CommandCase):
    def check(self, text, *parts):
        path = self.write("g.yaml", text)
        out, _ = self.run_command("config", "check", path, code=INVALID if parts else 0)
        for part in parts:
            self.assertIn(part, out)
        return out

    def test_good(self):
        self.assertIn("g.yaml: ok", self.check("listen: 127.0.0.1:0\n"))

    def test_findings_have_place_and_next_step(self):
        self.check("listne: x\n", "g.yaml:1:1: ", 'did you mean "listen"?')

    def test_policies_are_loaded(self):
        self.write("bad.json", '{"version": "1",\n "default": "dney"}')
        self.check("servers: [{name: a, url: \"http://x/\"}]\npolicies:\n  - {name: p, server: a, file: bad.json}\n",
                   "bad.json:2:13: ")
        self.write("failing.json", {**OPEN, "tests": [{"name": "t", "tool": "x", "args": {}, "expect": "deny"}]})
        self.check("policies:\n  - {name: p, server: a, file: failing.json}\n", "failing.json:")
        self.check("policies:\n  - {name: p, server: a, file: none.json}\n", "g.yaml:2:5: ", "none.json")

    def test_json(self):
        document = self.json("config", "check", self.write("g.yaml", "a: 1\nb: 2\n"), code=INVALID)
        self.assertFalse(document["valid"])
        self.assertEqual([finding["line"] for finding in document["findings"]], [1, 2])

    def test_t287_bombs(self):
        self.check("servers: &a [*a]\n", "g.yaml:1:10: ")
        self.check("x" * (5 << 20), "longer than")


class Start(CommandCase):
    """What `serve` refuses, each with exit code 3 and before it listens."""

    def refuse(self, document, *parts, env=None):
        out, err = self.run_command("serve", "--config", self.write("g.yaml", {"listen": "127.0.0.1:0", **document}),
                                    code=INVALID, env=env)
        self.assertEqual(out, "")
        for part in parts:
            self.assertIn(part, err)
        return err

    def server(self, **settings):
        return {"servers": [{"name": "a", "url": "http://127.0.0.1:1/", **settings}]}

    def test_t322_secrets_by_reference(self):
        key = self.write("key", "hunter2222\n", 0o644)
        for env in (None, {"EMPTY": ""}):
            for name, reference, part in (("file", {"file": "key"}, "chmod 600"), ("none", {"file": "no"}, "No such file"),
                                          ("unset", {"env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
                                          ("folder", {"file": "."}, "no regular file"),
                                          *([("empty", {"env": "EMPTY"}, "is empty")] if env else [])):
                with self.subTest(name):
                    err = self.refuse(self.server(headers={"x-api-key": reference}), "g.yaml:", part, env=env)
                    self.assertNotIn("hunter2222", err)
        key.chmod(0o600)
        (self.folder / "link").symlink_to(key)
        self.refuse(self.server(headers={"x-api-key": {"file": "link"}}), "symbolic link")

    def test_t241_bytes_of_secrets(self):
        for name, text in (("newline", "hunter\n2222\n"), ("space", "hunter2222 \n"), ("letters", "hunt\u00e9r2222\n")):
            with self.subTest(name):
                self.write("key", text, 0o600)
                err = self.refuse(self.server(headers={"x-api-key": {"file": "key"}}), "x-api-key")
                self.assertNotIn("hunt", err)

    def test_names_that_nobody_defines(self):
        self.write("open.json", OPEN)
        policies = [{"name": "open", "server": "b", "file": "open.json"}]
        self.refuse({**self.server(), "policies": policies}, 'server "b", which nobody defines', 'did you mean "a"?')

    def test_bundles_of_what_nobody_defines(self):
        self.write("open.json", OPEN)
        policies = [{"name": "open", "server": "a", "file": "open.json"}]
        base = {**self.server(), "policies": policies}
        for members, part in (([{"server": "b"}], 'has the member "b", which nobody defines; did you mean "a"?'),
                              ([{"server": "a", "policy": "opne"}], 'the policy "opne", which that server does not have')):
            self.refuse({**base, "bundles": [{"name": "desk", "members": members}]}, "g.yaml:", part)
        token = self.run_command("grant", "token")[0].strip()
        desk = {**base, "bundles": [{"name": "desk", "members": [{"server": "a", "policy": "open"}]}]}
        self.refuse({**desk, "grants": [{"label": "g", "server": "desk", "policy": "open", "token": {"env": "TOKEN"}}]},
                    "members carry policies of their own", env={"TOKEN": token})

    def test_a_policy_with_a_failing_test(self):
        self.write("p.json", {**OPEN, "tests": [{"name": "t", "tool": "x", "args": {}, "expect": "deny"}]})
        self.refuse({**self.server(), "policies": [{"name": "p", "server": "a", "file": "p.json"}]}, "p.json:")

    def test_a_token_that_is_none(self):
        grants = [{"label": "g", "server": "a", "token": {"env": "TOKEN"}}]
        err = self.refuse({**self.server(), "grants": grants}, "doorward grant token", env={"TOKEN": "hunter2222"})
        self.assertNotIn("hunter2222", err)

    def test_t176_two_grants_with_one_token(self):
        token = self.run_command("grant", "token")[0].strip()
        grants = [{"label": label, "server": "a", "token": {"env": "TOKEN"}} for label in ("g", "h")]
        _, err = self.run_command("serve", "--config", self.write("g.yaml", {**self.server(), "grants": grants}),
                                  code=1, env={"TOKEN": token})
        self.assertNotIn(token, err)

    def test_the_state_directory_is_held_by_one(self):
        with Gateway({"demo": {"command": [str(BINARY), "demo-server"]}}) as gateway:
            self.state = gateway.state
            _, err = self.run_command("serve", "--listen", "127.0.0.1:0", code=1)
            self.assertIn(str(gateway.pid), err)


class Same(CommandCase):
    def test_t176_order_of_entries_changes_nothing(self):
        self.write("open.json", OPEN)
        text = "servers:\n{servers}policies:\n{policies}"
        servers = ['  - {name: a, url: "http://x/"}\n', '  - {name: b, url: "http://y/"}\n']
        policies = ["  - {name: p, server: a, file: open.json}\n", "  - {name: p, server: b, file: open.json}\n"]
        for turn in (1, -1):
            self.run_command("config", "check", self.write("g.yaml", text.format(
                servers="".join(servers[::turn]), policies="".join(policies[::turn]))))


if __name__ == "__main__":
    unittest.main()
