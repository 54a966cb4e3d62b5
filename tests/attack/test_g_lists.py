"""Section G of the attack cases: what is cached of a list, and for whom."""
import unittest

from attack.era import ERAS
from harness.case import GatewayCase
from harness.client import MODERN

HIDING = {"version": "1", "default": "allow", "hide": ["delete_*"],
          "resources": {"default": "allow", "hide": ["memo://two"]}, "prompts": {"default": "allow", "hide": ["secret"]}}
LISTS = {"tools/list": "tools", "resources/list": "resources", "resources/templates/list": "resourceTemplates",
         "prompts/list": "prompts"}
MOST_MS = 60_000


class Lists(GatewayCase):
    policies = {"open": ("up", {"version": "1", "default": "allow"}), "hiding": ("up", HIDING)}
    grants = {"agent": ("up", "open"), "other": ("up", "hiding")}

    def setUp(self):
        super().setUp()
        self.upstream.server.result_members = {}

    def listed(self, client):
        return {method: [one.get("name") for one in client.list(method, member)] for method, member in LISTS.items()}

    def test_T156_a_list_is_each_grants_own(self):
        """A list that one grant has asked for tells another nothing, whoever asks first and however often."""
        for era in ERAS:
            clients = {grant: self.client(grant, version=era) for grant in self.grants}
            for first, second in (("agent", "other"), ("other", "agent"), ("agent", "other")):
                seen = {grant: self.listed(clients[grant]) for grant in (first, second)}
                self.assertIn("delete_file", seen["agent"]["tools/list"])
                self.assertNotIn("delete_file", seen["other"]["tools/list"])
                self.assertEqual(seen["agent"]["resources/list"], ["one", "two"])
                self.assertEqual(seen["other"]["resources/list"], ["one"])
                self.assertEqual(seen["agent"]["prompts/list"], ["greet", "secret"])
                self.assertEqual(seen["other"]["prompts/list"], ["greet"])

    def test_T156_what_a_server_says_of_caching(self):
        """`public` becomes private, and a time to live is a number between nothing and a minute."""
        client = self.client(version=MODERN)
        for said, told in ((2 ** 53, MOST_MS), (-1, 0), (0, 0), (1000, 1000), (10 ** 300, MOST_MS), ("1000", 0),
                           (None, 0), (MOST_MS, MOST_MS), ([], 0)):
            for scope in ("public", "private", "shared", 7):
                def stamp(exchange, said=said, scope=scope):
                    if exchange.seen.rpc not in (*LISTS, "resources/read", "server/discover"):
                        return False
                    answer = exchange.default()
                    answer["result"].update(ttlMs=said, cacheScope=scope)
                    exchange.json(answer)
                    return True
                self.upstream.hook = stamp
                for method in (*LISTS, "resources/read", "server/discover"):
                    params = {"uri": "memo://one"} if method == "resources/read" else {}
                    result = client.request(method, params).result
                    with self.subTest(f"T156 {method} ttlMs {said!r} cacheScope {scope!r}"):
                        self.assertEqual((result["cacheScope"], result["ttlMs"]), ("private", told))


if __name__ == "__main__":
    unittest.main()
