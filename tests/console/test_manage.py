"""Journeys through the first run, servers, tools, agents, coverage and settings."""
import unittest

from console.case import ConsoleCase
from console.world import FILES, World
from harness.gateway import Gateway


class EmptyWorld(World):
    """A gateway as it starts for the first time."""

    def __init__(self):
        self.gateway = Gateway({}, workers=1)
        self.ids, self.held = {}, []

    def live(self):
        return self

    def close(self):
        self.gateway.close()


class FirstRun(ConsoleCase):
    @classmethod
    def make_world(cls):
        return EmptyWorld()

    def test_five_steps_end_with_a_refused_call_explained(self):
        id = self.browse("manage.mjs firstRun")
        [record] = [one for one in self.world.gateway.log() if one.get("id") == id]
        self.assertEqual((record["event"], record["grant"]["label"], record["server"]), ("call.denied", "doorward-test", "demo"))
        self.assertIn(record["verdict"], ("deny", "hide"))


class RefusedCall(ConsoleCase):
    """The operation behind the last step."""

    def ask(self, **members):
        return self.world.local.post("/api/v1/demo/refused", members)

    def test_it_is_a_denial_of_the_log_and_reaches_no_server(self):
        before = len(self.world.payments.calls())
        answer = self.ask(server="payments", policy="support", tool="create_refund", args={"amount": 2000, "reason": "x"})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIn("Refunds stop at 1000.", answer.json["told_agent"])
        [record] = [one for one in self.world.gateway.log() if one.get("id") == answer.json["id"]]
        self.assertEqual((record["event"], record["verdict"], record["policy"]["name"]), ("call.denied", "deny", "support"))
        self.assertEqual(record["reason"], answer.json["told_agent"])
        self.assertEqual(len(self.world.payments.calls()), before)
        self.assertEqual(self.world.gateway.verify()[0], 0)

    def test_what_the_policy_lets_pass_is_no_call(self):
        before = len(self.world.payments.calls()), len(self.world.gateway.log())
        for members in ({"server": "payments", "policy": "support", "tool": "list_charges"},
                        {"server": "payments", "policy": "support", "tool": "delete_customer"},  # waits for a person
                        {"server": "files", "policy": "trial", "tool": "run_command"}):  # only observed
            answer = self.ask(**members)
            self.assertEqual((answer.status, answer.kind), (409, "conflict"), members)
        self.assertEqual((len(self.world.payments.calls()), len(self.world.gateway.log())), before)

    def test_nobody_holds_its_grant(self):
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(self.world.local.get("/api/v1/grants/doorward-test").status, 404)


class Manage(ConsoleCase):
    @classmethod
    def fill(cls, world):
        world.live()
        world.gateway.run("server", "add", "solo", "--url", world.files.url, check=True)
        world.gateway.run("policy", "add", "alone", "--server", "solo", "--file", "-", input='{"version": "1", "default": "allow"}',
                          check=True)
        world.local.post("/api/v1/servers/solo/scan", {})
        at = next(i for i, one in enumerate(world.files.server.tools) if one["name"] == "search_files")
        world.files.server.tools[at] = {**FILES[1], "description": "Finds files by a pattern or a word."}
        world.client("trial-agent", "vs-code").tools()

    def test_a_grant_is_created(self):
        self.browse("manage.mjs createGrant")

    def test_agents_are_moved_to_another_policy(self):
        self.browse("manage.mjs movePolicy")
        self.assertEqual([one["name"] for one in self.world.local.get("/api/v1/policies?server=files").json["policies"]], ["coding", "trial"])
        changes = [one for one in self.world.gateway.log() if one["event"] == "grant.policy_changed"]
        self.assertEqual([(one["label"], one["policy_before"], one["policy"]) for one in changes],
                         [("trial-agent", "trial", "trial-enforced"), ("trial-agent", "trial-enforced", "trial"),
                          ("unused-agent", "coding", "trial"), ("unused-agent", "trial", "coding")])

    def test_a_recommended_policy_is_applied_and_undone(self):
        self.browse("manage.mjs applyRecommended")
        versions = self.world.local.get("/api/v1/policies/alone?server=solo").json["versions"]
        self.assertEqual(len(versions), 3)

    def test_servers_that_a_mode_cannot_judge_are_left_alone(self):
        self.world.gateway.run("server", "add", "unmet", "--url", self.world.files.url, check=True)
        self.addCleanup(self.world.gateway.run, "server", "remove", "unmet", "--yes")
        self.browse("manage.mjs modeLeavesServers")

    def test_a_tool_is_classified_by_a_person(self):
        self.browse("manage.mjs classify")

    def test_a_changed_tool_is_reviewed(self):
        self.browse("manage.mjs reviewServer")

    def test_servers_come_from_a_clients_file(self):
        self.browse("manage.mjs importServers")

    def test_people(self):
        self.browse("manage.mjs people")

    def test_a_backup_is_downloaded(self):
        size = self.browse("manage.mjs downloadBackup")
        self.assertEqual([one["bytes"] for one in self.world.gateway.log() if one["event"] == "backup.downloaded"], [size])

    def test_nothing_moves_under_a_pointer(self):
        self.browse("manage.mjs nothingMoves")

    def test_what_is_open(self):
        self.browse("manage.mjs openAttacks")

    def test_z_a_grant_is_revoked(self):
        self.browse("manage.mjs revokeGrant")


if __name__ == "__main__":
    unittest.main()
