"""The public conformance suites against the conformance server, directly and through the gateway, and how two runs
compare. Both ways lead through the same forwarder, since a suite cannot send a token."""
import collections
import contextlib
import json
import os
import pathlib
import re
import selectors
import shlex
import subprocess
import sys
import tempfile

from harness.gateway import ALLOW_ALL, Gateway
from peers.peer import CACHE, NODE

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = CACHE / "conformance" / "node_modules"
ENVIRONMENT = {**os.environ, "DOORWARD_PEERS": str(CACHE), "PYTHONPATH": str(HERE.parent)}
SECONDS_TO_START = 30.0
SECONDS_TO_RUN = 600.0

# What is run: the package and its arguments.
SETS = {"2025-11-25": ("suite-0.2", ["--requirements", "2025-11-25"]),
        "2026-07-28": ("suite-0.2", ["--requirements", "2026-07-28"]),
        "0.1.16": ("suite-0.1", ["--suite", "active"])}
CLIENT_SCENARIOS = ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"]  # of 0.1.16
# Of no revision, and scored by none: the extension oauth-client-credentials.
AUTHORIZATION_EXTENSIONS = ["auth/client-credentials-basic", "auth/client-credentials-jwt"]
ASKS_ALL = ["sampling", "elicitation", "roots"]


def installed():
    return all((PACKAGES / package).exists() for package, _ in SETS.values())


def scored(name, role="server"):
    """The scenarios that a set scores for that role; None: all that it runs."""
    package, (flag, revision) = SETS[name]
    if flag != "--requirements":
        return CLIENT_SCENARIOS if role == "client" else None
    text = (PACKAGES / package / "requirements" / f"{revision}.yaml").read_text()
    section = re.search(rf"^{role}:\n((?:  - .*\n)+)", text, re.MULTILINE)
    return re.findall(r"^  - (\S+)", section[1], re.MULTILINE)


def client_scenarios(name):
    """The scored client scenarios that are not about authorization."""
    return [scenario for scenario in scored(name, "client") if not scenario.startswith("auth/")]


def authorization_scenarios(name):
    """The scored client scenarios about authorization; the gateway is the OAuth client in them."""
    return [scenario for scenario in scored(name, "client") if scenario.startswith("auth/")]


def other_era(name):
    """The era that the clients of a set do not speak."""
    return "legacy" if name == "2026-07-28" else "modern"


def sdks(name):
    """The SDKs with a client of the set's era."""
    return ["v2"] if name == "2026-07-28" else ["v1", "v2"]


@contextlib.contextmanager
def listening(script, *arguments):
    """A script of this folder in a process of its own; the URL that it prints."""
    command = [NODE, str(HERE / script), *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                line = process.stdout.readline() if selector.select(SECONDS_TO_START) else b""
            if not line.startswith(b"http://"):
                raise RuntimeError(f"{command} printed {line!r} in place of its URL")
            yield line.decode().strip()
        finally:
            process.kill()


@contextlib.contextmanager
def direct(era="dual"):
    """The URL of the conformance server behind the forwarder alone."""
    with listening("server.mjs", "--era", era) as url, listening("forwarder.mjs", url) as forwarded:
        yield forwarded


@contextlib.contextmanager
def through_gateway(transport="http", era="dual", **settings):
    """The URL of the forwarder before a gateway that allows everything, before the conformance server."""
    with contextlib.ExitStack() as stack:
        if transport == "stdio":
            command = [NODE, str(HERE / "server.mjs"), "--transport", "stdio", "--era", era]
            target = {"command": command, "env": {"DOORWARD_PEERS": {"value": str(CACHE)}}}
        else:
            target = {"url": stack.enter_context(listening("server.mjs", "--era", era, "--transport", transport))}
        gateway = stack.enter_context(Gateway(
            {"conformance": {**target, "client_requests": ASKS_ALL, **settings}},
            {"all": ("conformance", ALLOW_ALL)}, {"suite": ("conformance", "all")}))
        url = f"http://127.0.0.1:{gateway.port}/mcp/conformance/"
        yield stack.enter_context(listening("forwarder.mjs", url, gateway.tokens["suite"]))


def checks_in(folder):
    """scenario -> the checks of its checks.json."""
    found = {}
    for file in pathlib.Path(folder).rglob("checks.json"):
        scenario = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", str(file.parent.relative_to(folder)))
        found[scenario] = json.loads(file.read_text())
    return found


def run(name, url, scenario=None):
    """Runs a set's server side, or one scenario of it, against a URL: scenario -> its checks."""
    _, arguments = SETS[name]
    if scenario:
        arguments = ["--scenario", scenario, *revision_of(name)]
    return suite(name, "server", "--url", url, *arguments)


def run_client(name, scenario, sdk, *options):
    """The checks of a client scenario; see client.py for what is the client."""
    command = shlex.join([sys.executable, "-m", "conformance.client", sdk, *options])
    wanted = ["--force"] if scenario in AUTHORIZATION_EXTENSIONS else revision_of(name)
    return suite(name, "client", "--command", command, "--scenario", scenario, *wanted)[scenario]


def revision_of(name):
    return [] if name == "0.1.16" else ["--spec-version", name]


def suite(name, *arguments):
    """Runs the package of a set: scenario -> its checks."""
    command = [NODE, str(PACKAGES / SETS[name][0] / "dist" / "index.js"), *arguments]
    with tempfile.TemporaryDirectory(prefix="doorward-conformance-") as folder:
        done = subprocess.run([*command, "-o", folder], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS_TO_RUN, env=ENVIRONMENT, cwd=folder)
        found = checks_in(folder)
    if not found:
        raise RuntimeError(f"{command} checked nothing: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return found


def passed(checks):
    """Whether a scenario passes, as the suites count: it checked something and nothing failed or warned."""
    return bool(checks) and not any(check["status"] in ("FAILURE", "WARNING") for check in checks)


def differences(wanted, got):
    """scenario -> lines that tell how the multisets of (check id, status) differ: `-` is missing, `+` is surplus."""
    def multiset(checks):
        return collections.Counter((check["id"], check["status"]) for check in checks)

    found = {}
    for scenario, checks in sorted(wanted.items()):
        before, after = multiset(checks), multiset(got.get(scenario, []))
        reasons = {(check["id"], check["status"]): check.get("errorMessage") for check in got.get(scenario, [])}
        lines = [f"{sign} {key[1]} {key[0]}" + (f" x{count}" if count > 1 else "")
                 + (f": {reasons[key]}" if sign == "+" and reasons[key] else "")
                 for sign, left in (("-", before - after), ("+", after - before))
                 for key, count in sorted(left.items())]
        if lines:
            found[scenario] = lines
    return found
