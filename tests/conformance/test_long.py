"""What test_short.py leaves out: the older suite."""
import unittest

from conformance.case import SuiteCase


class Long(SuiteCase):
    def test_the_older_suite(self):
        self.assert_conforms("0.1.16")


if __name__ == "__main__":
    unittest.main()
