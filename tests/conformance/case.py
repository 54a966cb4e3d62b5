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
# It asks the server to end the stream of its own answer: only a legacy server over HTTP has one.
OF_ITS_STREAMS = ("server-sse-polling",)
# What a legacy server cannot say behind any bridge: tasks are not bridged; its questions have no keys of its own that a
# client could know before; and that it lacks a capability is an error of the tool.
OF_MODERN_SERVERS = ("tasks-", "input-required-result-basic-elicitation", "input-required-result-ignore-extra-params")
CHECKS_OF_MODERN_SERVERS = ("sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400")


@functools.cache
def direct(name):
    with suite.direct() as url:
        return suite.run(name, url)


@unittest.skipUnless(suite.installed(), "the conformance suites are not there: scripts/install-peers")
class SuiteCase(unittest.TestCase):
    maxDiff = None

    def assert_conforms(self, name, transport="http", era="dual", same=True, **settings):
        """Every scored scenario passes and, where `same`, every check has the status of the direct run; but for what a
        server of that era over that transport cannot do."""
        left = () if (transport, era) == ("http", "dual") else OF_ITS_STREAMS
        left_checks = ()
        if (name, era) == ("2026-07-28", "legacy"):
            left, left_checks = left + OF_MODERN_SERVERS, CHECKS_OF_MODERN_SERVERS

        def compared(results):
            return {scenario: [check for check in checks if check["id"] not in left_checks]
                    for scenario, checks in results.items() if not scenario.startswith(left)}

        def failed(got):
            return [scenario for scenario in suite.scored(name) or wanted
                    if scenario in wanted and not suite.passed(got.get(scenario))]

        wanted = compared(direct(name))
        with suite.through_gateway(transport, era, **settings) as url:
            got = compared(suite.run(name, url))
            if failed(got):
                got = compared(suite.run(name, url))  # see assert_clients_conform
        if same:
            self.assertEqual(suite.differences(wanted, got), {})
        self.assertEqual(failed(got), [])

    def assert_clients_conform(self, name, sdk):
        """Every scored client scenario that is not about authorization passes."""
        self.assert_scenarios(name, sdk, suite.client_scenarios(name))

    def assert_scenarios(self, name, sdk, scenarios):
        for scenario in scenarios:
            with self.subTest(scenario, set=name, sdk=sdk):
                checks = suite.run_client(name, scenario, sdk)
                if not suite.passed(checks):  # once more: the suite's own deadlines are short for a busy machine
                    checks = suite.run_client(name, scenario, sdk)
                self.assertEqual([check for check in checks if check["status"] in ("FAILURE", "WARNING")], [])
                self.assertTrue(checks)
