"""python3 -m conformance.run [--set SET] [--upstream http|stdio|sse] [--era dual|modern|legacy] [--scenario NAME] [--client]

Runs the conformance suites directly and through the gateway and tells where the checks differ; exit status 1 where
they do. Without options: every set, over HTTP and stdio, to upstreams of both eras and of the other era alone.
With --client the client scenarios, by both SDKs, and those about authorization. With CONFORMANCE_TRACE=1 the forwarder prints every request and answer.
"""
import argparse
import sys

from conformance import suite


def report(what, scored, wanted, got):
    """Prints one comparison; whether all is the same."""
    found = suite.differences(wanted, got)
    ours = [scenario for scenario in scored if scenario in wanted]
    good = sum(suite.passed(got.get(scenario)) for scenario in ours)
    print(f"{what}: passed {good} of {len(ours)}, {len(found)} scenarios differ", flush=True)
    for scenario, lines in found.items():
        print(f"    {scenario}" + ("" if scenario in scored else " (not scored)"))
        for line in lines:
            print(f"      {line}")
    return not found


def run_servers(name, given):
    with suite.direct() as url:
        wanted = suite.run(name, url, given.scenario)
    scored = suite.scored(name) or sorted(wanted)
    same = report(f"{name} direct", scored, wanted, wanted)
    for transport in given.upstream or ["http", "stdio"]:
        for era in given.era or ["dual", suite.other_era(name)]:
            with suite.through_gateway(transport, era) as url:
                got = suite.run(name, url, given.scenario)
            same = report(f"{name} to a server of era {era} over {transport}", scored, wanted, got) and same
    return same


def run_clients(name, given):
    same = True
    for sdk in suite.sdks(name):
        scenarios = [one for one in suite.client_scenarios(name) if given.scenario in (None, one)]
        wanted = {scenario: suite.run_client(name, scenario, sdk, "direct") for scenario in scenarios}
        got = {scenario: suite.run_client(name, scenario, sdk) for scenario in scenarios}
        same = report(f"{name} client {sdk}", scenarios, wanted, got) and same
    return authorizes(name, given) and same


def authorizes(name, given):
    """The scenarios in which the gateway is the OAuth client; there is no direct run to compare them with."""
    scenarios = [one for one in suite.authorization_scenarios(name) if given.scenario in (None, one)]
    failed = [one for one in scenarios if not suite.passed(suite.run_client(name, one, "v2"))]
    print(f"{name} authorization: passed {len(scenarios) - len(failed)} of {len(scenarios)}", *failed, flush=True)
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", choices=suite.SETS)
    parser.add_argument("--upstream", action="append", choices=["http", "stdio", "sse"])
    parser.add_argument("--era", action="append", choices=["dual", "modern", "legacy"])
    parser.add_argument("--scenario")
    parser.add_argument("--client", action="store_true")
    given = parser.parse_args()
    one = run_clients if given.client else run_servers
    return 0 if all([one(name, given) for name in given.set or suite.SETS]) else 1


if __name__ == "__main__":
    sys.exit(main())
