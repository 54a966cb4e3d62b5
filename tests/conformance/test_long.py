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
                    # Its sessions are of 2025-11-25 and its own requests say 2025-03-26: those answers are no streams.
                    self.assert_conforms("0.1.16", transport, era, same=(transport, era) == ("http", "dual"))
        self.assert_clients_conform("0.1.16", "v1")
        self.assert_clients_conform("0.1.16", "v2")

    @shows(SHOWN[LEGACY], LEGACY, server="stdio", server_era=MODERN)
    def test_legacy_to_a_modern_server_over_stdio(self):
        self.assert_conforms(LEGACY, "stdio", era="modern")

    @shows(SHOWN[MODERN], MODERN, server="stdio", server_era=LEGACY)
    def test_modern_to_a_legacy_server_over_stdio(self):
        self.assert_conforms(MODERN, "stdio", era="legacy")

    def test_each_way_to_share_sessions(self):
        for sessions in ("per_call", "per_grant", "shared"):
            with self.subTest(sessions):
                self.assert_conforms(MODERN, era="legacy", sessions=sessions)

    @shows(SHOWN[LEGACY], LEGACY, server="sse")
    def test_legacy_over_http_and_sse(self):
        self.assert_conforms(LEGACY, "sse", era="legacy")

    def test_clients_of_the_v1_sdk(self):
        self.assert_clients_conform(LEGACY, "v1")


if __name__ == "__main__":
    unittest.main()
