"""What the tests of this folder share: the direct run of a set, made once, and what a run through the gateway must be."""
import functools
import unittest

from conformance import suite

# What the scenarios of a set show, as rows of the table of docs/protocol.md (harness/shows.py).
SHOWN = {
    "2025-11-25": ("tools: list and call", "audio, resource links, icons", "resources: list, templates, read",
                   "resources: subscribe", "prompts: list and get", "completion", "logging", "progress", "ping", "sampling",
                   "elicitation: form"),
    "2026-07-28": ("tools: list and call", "audio, resource links, icons", "resources: list, templates, read",
                   "prompts: list and get", "completion", "progress", "sampling", "roots", "elicitation: form",
                   "server/discover", "input-required rounds"),
}
# Scenarios, none of them scored, in which the gateway answers otherwise than the server.
NOT_COMPARED = ("tasks-capability-negotiation", "tasks-dispatch-and-envelope")
# It asks the server to end the stream of its own answer: only a legacy server over HTTP has one.
OF_ITS_STREAMS = "server-sse-polling"


@functools.cache
def direct(name):
    with suite.direct() as url:
        return suite.run(name, url)


@unittest.skipUnless(suite.installed(), "the conformance suites are not there: scripts/install-peers")
class SuiteCase(unittest.TestCase):
    maxDiff = None

    def assert_conforms(self, name, transport="http", era="dual", scenarios=None, **settings):
        """Every scored scenario passes, and every check has the status of the direct run; `scenarios`: only these."""
        left = NOT_COMPARED if (transport, era) == ("http", "dual") else (*NOT_COMPARED, OF_ITS_STREAMS)
        wanted = {scenario: checks for scenario, checks in direct(name).items()
                  if scenario not in left and (scenarios is None or scenario in scenarios)}
        with suite.through_gateway(transport, era, **settings) as url:
            got = suite.run(name, url)
        self.assertEqual(suite.differences(wanted, got), {})
        failed = [scenario for scenario in suite.scored(name) or wanted
                  if scenario in wanted and not suite.passed(got.get(scenario))]
        self.assertEqual(failed, [])

    def assert_clients_conform(self, name, sdk):
        """Every scored client scenario that is not about authorization passes."""
        for scenario in suite.client_scenarios(name):
            with self.subTest(scenario, set=name, sdk=sdk):
                checks = suite.run_client(name, scenario, sdk)
                if not suite.passed(checks):  # once more: the suite's own deadlines are short for a busy machine
                    checks = suite.run_client(name, scenario, sdk)
                self.assertEqual([check for check in checks if check["status"] in ("FAILURE", "WARNING")], [])
                self.assertTrue(checks)
