"""Several servers behind one URL: names, lists, routes, failing members, streams, in both eras."""
import json
import os
import signal
import threading
import time
import unittest

from harness.client import META, MODERN
from harness.shows import shows
from harness.stdio_record import StdioRecord
from harness.wire import request_bytes
from protocol.bundle_case import BundleCase

ERAS = ("2025-11-25", MODERN)


class Bundle(BundleCase):
    members = {"alpha": ("echo", "read_file"), "beta": ("echo", "delete_file"), "gamma": ("secret", "count")}
    documents = {"beta": {"version": "1", "default": "allow", "tools": {
        "delete_file": {"deny_if": [{"conditions": [], "on_deny": "Files stay."}]}}},
                 "gamma": {"version": "1", "default": "allow", "hide": ["secret"]}}
    bundles = {"desk": ("always", None), "mixed": ("conflict", None)}

    def test_lists_are_merged_in_order(self):
        for era in ERAS:
            with self.subTest(era):
                client = self.client(version=era)
                for _ in range(2):
                    self.assertEqual(client.tools(), ["alpha_echo", "alpha_read_file", "beta_echo", "beta_delete_file", "gamma_count"])
                self.assertEqual([item["name"] for item in client.list("prompts/list", "prompts")],
                                 ["alpha_greet", "alpha_alpha-only", "beta_greet", "beta_beta-only", "gamma_greet",
                                  "gamma_gamma-only"])
                self.assertEqual([item["uri"] for item in client.list("resources/list", "resources")],
                                 [f"memo://{name}/one" for name in self.members])
                self.assertEqual(len(client.list("resources/templates/list", "resourceTemplates")), 3)
                result = client.request("tools/list").result
                if era == MODERN:
                    self.assertEqual((result["resultType"], result["cacheScope"]), ("complete", "private"))
                    self.assertLessEqual(result["ttlMs"], 60000)
                else:
                    self.assertEqual(set(result), {"tools"})

    def test_names_on_conflict(self):
        for era in ERAS:
            client = self.client("mixed", version=era)
            self.assertEqual(client.tools(), ["alpha_echo", "read_file", "beta_echo", "delete_file", "count"])
            self.assertEqual([item["name"] for item in client.list("prompts/list", "prompts")],
                             ["alpha_greet", "alpha-only", "beta_greet", "beta-only", "gamma_greet", "gamma-only"])
            marks = self.marks()
            self.assertEqual(client.call("read_file", {"n": 1}).text, '{"n": 1}')
            self.assertEqual(client.call("beta_echo", {"n": 2}).text, '{"n": 2}')
            self.assertEqual(self.calls_since(marks), {"alpha": ["read_file"], "beta": ["echo"], "gamma": []})
            got = client.request("prompts/get", {"name": "beta-only"}).result
            self.assertEqual(got["messages"][0]["content"]["text"], "beta-only")
            for name in ("echo", "alpha_read_file", "greet"):
                self.assertEqual(client.call(name).error["message"], f"Unknown tool: {name}")

    def test_pages_of_members_become_one(self):
        for up in self.ups.values():
            up.server.page = 1
        for era in ERAS:
            client = self.client(version=era, capabilities={"sampling": {}})
            result = client.request("tools/list").result
            self.assertEqual([tool["name"] for tool in result["tools"]],
                             ["alpha_echo", "alpha_read_file", "beta_echo", "beta_delete_file", "gamma_count"])
            self.assertNotIn("nextCursor", result)
            self.assertEqual(client.request("tools/list", {"cursor": "at-1"}).error["code"], -32602)

    @shows("bundles", ERAS)
    def test_calls_go_to_their_member(self):
        for era in ERAS:
            for stream in (False, True):
                for up in self.ups.values():
                    up.stream_answers = stream
                client = self.client(version=era)
                marks = self.marks()
                for id, name in ((7, "alpha_echo"), ("x", "beta_echo")):
                    answer = client.call(name, {"n": 1, "name": name}, id=id)
                    self.assertEqual(answer.message()["id"], id)
                    self.assertEqual(json.loads(answer.text), {"n": 1, "name": name})
                self.assertEqual(self.calls_since(marks), {"alpha": ["echo"], "beta": ["echo"], "gamma": []})
                if era == MODERN:
                    self.assertEqual(self.ups["beta"].calls()[-1].header("mcp-name"), "echo")
        record = self.records(event="call.intent", method="tools/call")[-1]
        self.assertEqual((record["server"], record["tool"], record["grant"]["label"]), ("beta", "echo", "desk"))

    def test_each_member_has_its_own_policy(self):
        for era in ERAS:
            client = self.client(version=era)
            marks = self.marks()
            answer = client.call("beta_delete_file")
            self.assertTrue(answer.is_denied)
            self.assertIn("Files stay.", answer.text)
            self.assertIn("beta_delete_file", answer.text)
            self.assertNotIn("beta.delete_file", answer.text)
            self.assertEqual(self.calls_since(marks), {"alpha": [], "beta": [], "gamma": []})
        record = self.records(event="call.denied", tool="delete_file")[-1]
        self.assertEqual((record["server"], record["policy"]["name"]), ("beta", "p-beta"))

    def test_hidden_is_like_unknown(self):
        for grant in self.bundles:
            for era in ERAS:
                client = self.client(grant, version=era)
                hidden, unknown = ("gamma_secret", "gamma_nosuch") if grant == "desk" else ("secret", "nosuch")
                first, second = client.call(hidden, id=1), client.call(unknown, id=1)
                self.assertEqual(first.error["message"], f"Unknown tool: {hidden}")
                self.assertEqual(first.error["code"], -32602)
                self.assertEqual((first.status, first.body.replace(hidden.encode(), b"@")),
                                 (second.status, second.body.replace(unknown.encode(), b"@")))
        record = self.records(event="call.denied", tool="secret")[-1]
        self.assertEqual((record["server"], record["rule"]), ("gamma", "(hidden)"))

    def test_resources_and_completion_go_to_their_member(self):
        for era in ERAS:
            client = self.client(version=era)
            marks = self.marks()
            for uri, member in (("memo://beta/one", "beta"), ("gamma://5", "gamma")):
                self.assertEqual(client.request("resources/read", {"uri": uri}).result["contents"][0]["uri"], uri)
                seen = [seen.rpc for seen in self.ups[member].since(marks[member])]
                self.assertIn("resources/read", seen)
            self.assertNotIn("resources/read", [seen.rpc for seen in self.ups["alpha"].since(marks["alpha"])])
            error = client.request("resources/read", {"uri": "memo://nobody/one"}).error
            self.assertEqual(error["code"], -32602 if era == MODERN else -32002)
            for reference in ({"type": "ref/prompt", "name": "beta_greet"}, {"type": "ref/resource", "uri": "beta://{id}"}):
                marks = self.marks()
                answer = client.request("completion/complete", {"ref": reference, "argument": {"name": "a", "value": ""}})
                self.assertEqual(answer.result["completion"]["values"], ["alpha", "beta"])
                seen = [seen for seen in self.ups["beta"].since(marks["beta"]) if seen.rpc == "completion/complete"]
                self.assertEqual(seen[0].params["ref"].get("name", "greet"), "greet")
            if era != MODERN:
                self.assertEqual(client.request("resources/subscribe", {"uri": "memo://beta/one"}).result, {})

    def test_discovery_is_merged(self):
        result = self.client(version=MODERN).request("server/discover").result
        self.assertEqual(result["capabilities"], {"completions": {}, "prompts": {"listChanged": True}, "resources": {
            "listChanged": True, "subscribe": True}, "tools": {"listChanged": True}})
        self.assertEqual(result["supportedVersions"], [MODERN])
        self.assertEqual(result["_meta"][META + "serverInfo"]["name"], "desk")
        self.assertEqual((result["ttlMs"], result["cacheScope"], result["resultType"]), (0, "private", "complete"))

    def test_the_handshake_is_merged(self):
        for asked, agreed in (("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"), ("2099-01-01", "2025-11-25")):
            client = self.client(ready=False, version="2025-11-25")
            result = client.initialize(asked).result
            self.assertEqual(result["protocolVersion"], agreed)
            self.assertEqual(result["serverInfo"]["name"], "desk")
            self.assertEqual(result["instructions"], "alpha: Be kind.\n\nbeta: Be kind.\n\ngamma: Be kind.")
            self.assertIn("logging", result["capabilities"])
        self.assertEqual(client.request("ping").result, {})

    def test_notifications_and_levels_go_to_all(self):
        client = self.client(ready=False)
        marks = self.marks()
        client.initialize()
        self.assertEqual(client.request("logging/setLevel", {"level": "info"}).result, {})
        for name, up in self.ups.items():
            self.assertEqual([seen.rpc for seen in up.since(marks[name])],
                             ["initialize", "notifications/initialized", "logging/setLevel"])

    def test_sessions_end_everywhere(self):
        client = self.client()
        before = {name: len(up.deleted) for name, up in self.ups.items()}
        self.assertEqual(client.delete().status, 204)
        self.assertEqual(client.request("ping").status, 404)
        del before

    def test_server_requests_reach_the_client_and_their_server(self):
        up = self.ups["alpha"]
        answers = []

        def ask(exchange):
            message = exchange.seen.message
            if "method" not in message:
                answers.append(message)
                exchange.http(202)
                return True
            if exchange.seen.rpc != "tools/call":
                return False
            exchange.open_stream()
            exchange.event({"jsonrpc": "2.0", "id": "q", "method": "roots/list"})
            deadline = time.monotonic() + 20
            while not answers and time.monotonic() < deadline:
                time.sleep(0.01)
            exchange.event({**exchange.default()})
            exchange.end_stream()
            return True
        up.hook = ask
        self.gateway.servers["alpha"]["client_requests"] = ["roots"]
        self.gateway.reload()
        try:
            client = self.client(capabilities={"roots": {}})
            with client.open() as wire:
                answer = client.call("alpha_echo", {"n": 1}, stream=True, wire=wire)
                found = []
                for event in wire.events(5):
                    if not event.get("data"):
                        continue
                    found.append(json.loads(event["data"]))
                    if found[-1].get("method") == "roots/list":
                        client.post({"jsonrpc": "2.0", "id": found[-1]["id"], "result": {"roots": []}})
                    else:
                        break
            del answer
            self.assertEqual(found[-1]["result"]["content"][0]["text"], '{"n": 1}')
            self.assertEqual(answers, [{"jsonrpc": "2.0", "id": "q", "result": {"roots": []}}])
        finally:
            del self.gateway.servers["alpha"]["client_requests"]
            self.gateway.reload()


def listeners(up):
    with up.lock:
        return sum(len(group) for group in up.listeners.values())


class Streams(BundleCase):
    def test_list_changed_is_merged_and_coalesced(self):
        client = self.client()
        wire = self.listen(client)
        for _ in range(3):
            for up in self.ups.values():
                up.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        self.ups["beta"].push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "memo://beta/one"}})
        found = self.read(wire, 0.6)
        self.assertEqual(sorted(message["method"] for message in found),
                         ["notifications/resources/updated", "notifications/tools/list_changed"])
        wire.close()

    def test_a_change_shows_at_once(self):
        for era in ERAS:
            client = self.client(version=era)
            before = client.tools()
            alpha = self.ups["alpha"]
            if era == MODERN:
                wire, _ = self.subscribe(client, {"toolsListChanged": True})
            else:
                wire = self.listen(client)
            alpha.server.tools.append({"name": "added", "inputSchema": {"type": "object"}})
            try:
                if era == MODERN:
                    self.modern_streams["alpha"].event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {
                        "_meta": {META + "subscriptionId": self.modern_streams["alpha"].seen.message["id"]}}})
                else:
                    alpha.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
                self.assertEqual(len(self.read(wire, 0.5)), 1)
                self.assertEqual(client.tools(), before[:2] + ["alpha_added"] + before[2:])
            finally:
                alpha.server.tools.pop()
                wire.close()
                for stream in self.modern_streams.values():
                    stream.close_soon.set()
            time.sleep(0.1)
            self.gateway.reload()

    def listen(self, client):
        """The GET stream, once every member has one."""
        before = {name: listeners(up) for name, up in self.ups.items()}
        answer, wire = client.listen()
        self.assertEqual(answer.status, 200)
        for name, up in self.ups.items():
            up.wait_for(lambda up, name=name: listeners(up) > before[name])
        return wire

    modern_streams = {}

    def subscribe(self, client, notifications):
        """(wire, first messages) of a modern subscription; the members' streams are in modern_streams."""
        self.modern_streams.clear()
        for name, up in self.ups.items():
            def serve(exchange, name=name):
                if exchange.seen.rpc != "subscriptions/listen":
                    return False
                exchange.close_soon = threading.Event()
                exchange.open_stream()
                self.modern_streams[name] = exchange
                exchange.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": {
                    "_meta": {META + "subscriptionId": exchange.seen.message["id"]},
                    "notifications": exchange.seen.params["notifications"]}})
                exchange.close_soon.wait(10)
                exchange.end_stream()
                return True
            up.hook = serve
        wire = client.open()
        message = client.build("subscriptions/listen", {"notifications": notifications}, id="listen-1")
        wire.send(request_bytes(client.path, json.dumps(message).encode(), client.headers(message),
                                host=f"127.0.0.1:{self.gateway.port}"))
        answer = wire.answer(stream=True)
        self.assertEqual(answer.status, 200)
        first = self.read(wire, 3, most=1)
        return wire, first

    def test_subscriptions_are_acknowledged_once_with_the_union(self):
        client = self.client(version=MODERN)
        client.list("resources/list", "resources")
        wire, first = self.subscribe(client, {"toolsListChanged": True, "promptsListChanged": True,
                                              "resourceSubscriptions": ["memo://alpha/one", "memo://beta/one"]})
        self.assertEqual([message["method"] for message in first], ["notifications/subscriptions/acknowledged"])
        self.assertEqual(first[0]["params"]["_meta"][META + "subscriptionId"], "listen-1")
        granted = first[0]["params"]["notifications"]
        self.assertEqual(sorted(granted.pop("resourceSubscriptions")), ["memo://alpha/one", "memo://beta/one"])
        self.assertEqual(granted, {"toolsListChanged": True, "promptsListChanged": True})
        for name, stream in self.modern_streams.items():
            self.assertEqual(stream.seen.params["notifications"]["resourceSubscriptions"], [f"memo://{name}/one"])
            for _ in range(2):
                stream.event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {
                    "_meta": {META + "subscriptionId": stream.seen.message["id"]}}})
            stream.event({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {
                "uri": f"memo://{name}/one", "_meta": {META + "subscriptionId": stream.seen.message["id"]}}})
        found = self.read(wire, 0.6)
        for stream in self.modern_streams.values():
            stream.close_soon.set()
        wire.close()
        self.assertEqual(sorted(message["method"] for message in found),
                         ["notifications/resources/updated", "notifications/resources/updated", "notifications/tools/list_changed"])
        for message in found:
            self.assertEqual(message["params"]["_meta"][META + "subscriptionId"], "listen-1")

    def read(self, wire, seconds, most=100):
        found = []
        try:
            for event in wire.events(seconds):
                if event.get("data"):
                    found.append(json.loads(event["data"]))
                    if len(found) >= most:
                        break
        except (TimeoutError, OSError):
            pass
        return found


class Stopped(BundleCase):
    """One member is a process that stops (SIGSTOP) while the others are under load."""
    members = {"alpha": (), "beta": ("echo",), "gamma": ("count",)}

    @classmethod
    def server_settings(cls, name, up):
        if name != "alpha":
            return super().server_settings(name, up)
        cls.record = StdioRecord()
        cls.addClassCleanup(cls.record.stop)
        return cls.record.settings

    def test_calls_to_the_others_lose_nothing(self):
        for era in ERAS:
            with self.subTest(era):
                client = self.client(version=era, timeout=30)
                self.assertEqual(client.call("alpha_echo", {"n": 1}).text, '{"n": 1}')
                stop, lost, done = threading.Event(), [], []

                def load(name):
                    with self.gateway.client("desk", version=era, timeout=30) as agent:
                        agent.initialize()
                        number = 0
                        while not stop.is_set():
                            number += 1
                            answer = agent.call(name, {"n": number})
                            (done if answer.status == 200 and answer.text == f'{{"n": {number}}}' else lost).append(answer)
                threads = [threading.Thread(target=load, args=(name,)) for name in ("beta_echo", "gamma_count") * 2]
                for thread in threads:
                    thread.start()
                process = int(client.call("alpha_pid").text)
                os.kill(process, signal.SIGSTOP)
                try:
                    before = len(done)
                    # What was listed before the process stopped is known; nothing was.
                    self.assertEqual(client.tools(), ["beta_echo", "gamma_count"])
                    self.assertEqual(client.call("beta_echo", {"n": 2}).text, '{"n": 2}')
                    self.assertGreater(len(done), before)
                finally:
                    os.kill(process, signal.SIGCONT)
                    stop.set()
                    for thread in threads:
                        thread.join(30)
                self.assertEqual(lost, [])
                self.assertEqual(client.call("alpha_echo", {"n": 3}).text, '{"n": 3}')


class Failing(BundleCase):
    config = {"timeouts": {"first_byte": "20s"}}

    def break_member(self, name, how):
        def hook(exchange):
            if how == "silent":
                exchange.wait_closed(30)
                exchange.close()
            if how == "500":
                exchange.http(500)
            if how == "cut":
                exchange.close()
            return True
        self.ups[name].hook = hook

    def test_one_failing_member_does_not_empty_the_list(self):
        for era in ERAS:
            for how in ("500", "cut"):
                with self.subTest(f"{era} {how}"):
                    self.gateway.new_records()
                    self.break_member("alpha", how)
                    client = self.client(version=era)
                    self.assertEqual(client.tools(), ["beta_echo", "beta_delete_file"])
                    if era == MODERN:
                        self.assertEqual(client.request("tools/list").result["ttlMs"], 0)
                    self.assertEqual(client.call("beta_echo", {"n": 1}).text, '{"n": 1}')
                    answer = client.call("alpha_echo")
                    self.assertTrue(answer.text.startswith("[UPSTREAM ERROR] The server alpha failed"), answer.text)
                    self.assertIn("not a policy decision", answer.text)
                    self.ups["alpha"].hook = None
                    time.sleep(1.1)  # until a failed handshake is tried again
                    self.assertEqual(client.call("alpha_echo", {"n": 2}).text, '{"n": 2}')
                    self.assertEqual(client.tools(), ["alpha_echo", "alpha_read_file", "beta_echo", "beta_delete_file"])
        self.assertTrue(self.records(event="bundle.member_left_out", server="alpha", bundle="desk"))

    def test_all_failing_is_an_error(self):
        for name in self.members:
            self.break_member(name, "500")
        client = self.client(version=MODERN)
        error = client.request("tools/list").error
        self.assertEqual(error["code"], -32603)
        self.assertIn("not a policy decision", error["message"])
        legacy = self.client(ready=False)
        answer = legacy.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {
            "name": "t", "version": "1"}})
        self.assertEqual(answer.error["code"], -32603)
        self.assertIsNone(answer.header("mcp-session-id"))

    def test_a_member_that_lost_its_session_gets_another(self):
        client = self.client()
        lost = {"done": False}

        def forget(exchange):
            if exchange.seen.rpc == "tools/call" and not lost["done"]:
                lost["done"] = True
                exchange.http(404)
                return True
            return False
        self.ups["alpha"].hook = forget
        first = client.call("alpha_echo", {"n": 1})
        self.assertEqual(first.status, 200)
        self.assertEqual(client.call("alpha_echo", {"n": 2}).text, '{"n": 2}')
        self.assertEqual(client.call("beta_echo", {"n": 3}).text, '{"n": 3}')


class Replaced(BundleCase):
    """A reload gives a member other settings while clients listen."""
    def test_streams_end_with_the_server_that_they_had(self):
        # A member that is away is tried again on open streams: after the reload there is nothing old to try.
        self.ups["alpha"].hook = lambda exchange: exchange.http(500) or True
        client = self.client()
        _, wire = client.listen()
        self.gateway.servers["alpha"]["timeouts"] = {"first_byte": "7s"}
        self.gateway.reload()
        for _ in wire.events(10):
            pass  # it ends
        self.assertEqual(client.call("beta_echo").status, 404, "the session has ended with the server that it had")
        self.ups["alpha"].hook = None
        for era in ERAS:
            client = self.client(version=era)
            self.assertEqual(client.call("alpha_echo", {"n": 2}).text, '{"n": 2}')
        self.assertIsNone(self.gateway.process.poll())


if __name__ == "__main__":
    unittest.main()
