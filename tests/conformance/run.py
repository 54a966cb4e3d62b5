"""python3 -m conformance.run [--set SET] [--upstream http|stdio] [--era dual|modern|legacy] [--scenario NAME]

Runs the conformance suites directly and through the gateway and tells where the checks differ; exit status 1 where
they do. Without options: every set, both transports, and the eras that the clients of the set have to cross.
With CONFORMANCE_TRACE=1 the forwarder prints every request and answer.
"""
import argparse
import sys

from conformance import suite


def report(name, wanted, got):
    """Prints one comparison; whether all is the same."""
    scored = suite.scored(name) or sorted(wanted)
    good = sum(suite.passed(got.get(scenario)) for scenario in scored if scenario in wanted)
    found = suite.differences(wanted, got)
    print(f"  passed {good} of {sum(scenario in wanted for scenario in scored)}, {len(found)} scenarios differ")
    for scenario, lines in found.items():
        print(f"    {scenario}" + ("" if scenario in scored else " (not scored)"))
        for line in lines:
            print(f"      {line}")
    return not found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", choices=suite.SETS)
    parser.add_argument("--upstream", action="append", choices=["http", "stdio", "sse"])
    parser.add_argument("--era", action="append", choices=["dual", "modern", "legacy"])
    parser.add_argument("--scenario")
    given = parser.parse_args()
    same = True
    for name in given.set or suite.SETS:
        with suite.direct() as url:
            wanted = suite.run(name, url, given.scenario)
        print(f"{name} direct")
        same = report(name, wanted, wanted) and same
        for transport in given.upstream or ["http", "stdio"]:
            for era in given.era or ["dual", "legacy" if name == "2026-07-28" else "modern"]:
                print(f"{name} through the gateway, {era} upstream over {transport}", flush=True)
                with suite.through_gateway(transport, era) as url:
                    got = suite.run(name, url, given.scenario)
                same = report(name, wanted, got) and same
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
