"""The requirement sets of both eras through the gateway: servers over both transports, clients of the v2 SDK."""
import unittest

from conformance import suite
from conformance.case import SHOWN, SuiteCase, direct
from harness.shows import shows

LEGACY, MODERN = "2025-11-25", "2026-07-28"


class Servers(SuiteCase):
    def test_the_conformance_server_itself(self):
        for name, count in ((LEGACY, 30), (MODERN, 37)):
            good = [scenario for scenario in suite.scored(name) if suite.passed(direct(name).get(scenario))]
            self.assertEqual(len(good), count, name)

    @shows(SHOWN[LEGACY], LEGACY)
    def test_legacy(self):
        self.assert_conforms(LEGACY)

    @shows(SHOWN[MODERN], MODERN)
    def test_modern(self):
        self.assert_conforms(MODERN)

    @shows(SHOWN[MODERN], MODERN, server="stdio")
    def test_modern_over_stdio(self):
        self.assert_conforms(MODERN, "stdio")

    @shows(SHOWN[LEGACY], LEGACY, server="stdio")
    def test_legacy_over_stdio(self):
        self.assert_conforms(LEGACY, "stdio")

    @shows(SHOWN[LEGACY], LEGACY, server_era=MODERN)
    def test_legacy_to_a_modern_server(self):
        self.assert_conforms(LEGACY, era="modern")

    @shows(SHOWN[MODERN], MODERN, server_era=LEGACY)
    def test_modern_to_a_legacy_server(self):
        self.assert_conforms(MODERN, era="legacy")


class Clients(SuiteCase):
    def test_legacy(self):
        self.assert_clients_conform(LEGACY, "v2")

    @shows(("tools: list and call", "x-mcp-header"), MODERN)
    def test_modern(self):
        self.assert_clients_conform(MODERN, "v2")


class Authorization(SuiteCase):
    """The gateway is the OAuth client; every scenario that the set scores."""

    def test_modern(self):
        scenarios = suite.authorization_scenarios(MODERN)
        self.assertEqual(len(scenarios), 25)
        self.assert_scenarios(MODERN, "v2", scenarios)

    def test_client_credentials(self):
        self.assert_scenarios(MODERN, "v2", suite.AUTHORIZATION_EXTENSIONS)


if __name__ == "__main__":
    unittest.main()
