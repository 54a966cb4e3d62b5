"""python3 -m conformance.client v1|v2 [direct] URL: what a suite starts as the client under test.

Puts a gateway that allows everything before the server at URL and lets a client of that SDK use it; `direct` leaves the
gateway out.
"""
import subprocess
import sys

from conformance.suite import ASKS_ALL, ENVIRONMENT, HERE
from harness.gateway import ALLOW_ALL, Gateway
from peers.peer import NODE


def drive(sdk, url, token):
    return subprocess.run([NODE, str(HERE / "client.mjs"), sdk, url, token], env=ENVIRONMENT).returncode


def main():
    sdk, url = sys.argv[1], sys.argv[-1]
    if "direct" in sys.argv:
        return drive(sdk, url, "none")
    with Gateway({"fake": {"url": url, "client_requests": ASKS_ALL}}, {"all": ("fake", ALLOW_ALL)},
                 {"client": ("fake", "all")}) as gateway:
        status = drive(sdk, f"http://127.0.0.1:{gateway.port}/mcp/fake/", gateway.tokens["client"])
        sys.stdout.write(gateway.stderr())
        return status


if __name__ == "__main__":
    sys.exit(main())
