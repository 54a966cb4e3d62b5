"""What test_short.py leaves out: the older suite, clients of the v1 SDK."""
import unittest

from conformance.case import SuiteCase


class Long(SuiteCase):
    def test_the_older_suite(self):
        self.assert_conforms("0.1.16")
        self.assert_clients_conform("0.1.16", "v1")
        self.assert_clients_conform("0.1.16", "v2")

    def test_clients_of_the_v1_sdk(self):
        self.assert_clients_conform("2025-11-25", "v1")


if __name__ == "__main__":
    unittest.main()
