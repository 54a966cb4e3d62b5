"""What test_short.py leaves out: the older suite, the era matrix over stdio, clients of the v1 SDK."""
import unittest

from conformance.case import SHOWN, SuiteCase
from harness.shows import shows

LEGACY, MODERN = "2025-11-25", "2026-07-28"


class Long(SuiteCase):
    def test_the_older_suite(self):
        for transport in ("http", "stdio"):
            for era in ("dual", "modern"):
                with self.subTest(transport, era=era):
                    self.assert_conforms("0.1.16", transport, era)
        self.assert_clients_conform("0.1.16", "v1")
        self.assert_clients_conform("0.1.16", "v2")

    @shows(SHOWN[LEGACY], LEGACY, server="stdio", server_era=MODERN)
    def test_legacy_to_a_modern_server_over_stdio(self):
        self.assert_conforms(LEGACY, "stdio", era="modern")

    def test_clients_of_the_v1_sdk(self):
        self.assert_clients_conform(LEGACY, "v1")


if __name__ == "__main__":
    unittest.main()
