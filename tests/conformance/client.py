"""python3 -m conformance.client v1|v2 [direct] URL: what a suite starts as the client under test.

Puts a gateway that allows everything before the server at URL and lets a client of that SDK use it; `direct` leaves the
gateway out. In the scenarios about authorization the gateway is the OAuth client, and this is the person: it opens the
address that `doorward connect-account` prints, and again where the server has asked for more rights meanwhile.
"""
import json
import os
import subprocess
import sys

from conformance.suite import ASKS_ALL, ENVIRONMENT, HERE
from harness.gateway import ALLOW_ALL, Gateway
from harness.oauth_server import open_in_browser
from peers.peer import NODE

# The id that the suite knows a client with a metadata document by; it fetches nothing from there.
METADATA_DOCUMENT = "https://conformance-test.local/client-metadata.json"
MOST_CONNECTIONS = 3


def drive(sdk, url, token):
    return subprocess.run([NODE, str(HERE / "client.mjs"), sdk, url, token], env=ENVIRONMENT).returncode


def oauth_settings():
    """What an operator would configure, from what the suite tells of its server."""
    scenario = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    settings, environment = {}, {}
    if "client-credentials" in scenario:
        settings["grant"] = "client_credentials"
    else:
        settings["client_metadata"] = METADATA_DOCUMENT
    if "client_id" in context:
        settings["client_id"] = context["client_id"]
        settings.pop("client_metadata", None)
    if "client_secret" in context:
        settings["client_secret"] = {"env": "CONFORMANCE_SECRET"}
        environment["CONFORMANCE_SECRET"] = context["client_secret"]
    if "private_key_pem" in context:
        settings["private_key"] = {"env": "CONFORMANCE_KEY"}
        environment["CONFORMANCE_KEY"] = context["private_key_pem"]
    return settings, environment


def connect(gateway):
    """Connects the account as a person does; whether it is connected now."""
    begun = gateway.run("connect-account", "fake", "--json")
    print("connect-account:", begun.returncode, begun.stdout, begun.stderr, flush=True)
    if begun.returncode != 0:
        return False
    begun = json.loads(begun.stdout)
    if not begun["connected"]:
        print("browser:", open_in_browser(begun["url"]), flush=True)
    return gateway.wait_account("fake")["state"] == "connected"


def authorize_and_drive(gateway, sdk, url):
    status = 1
    for _ in range(MOST_CONNECTIONS):
        if not connect(gateway):
            return 1
        status = drive(sdk, url, gateway.tokens["client"])
        if gateway.wait_account("fake")["state"] == "connected":
            break
    return status


def main():
    sdk, url = sys.argv[1], sys.argv[-1]
    if "direct" in sys.argv:
        return drive(sdk, url, "none")
    authorizes = os.environ.get("MCP_CONFORMANCE_SCENARIO", "").startswith("auth/")
    server, environment = {"url": url, "client_requests": ASKS_ALL}, {}
    if authorizes:
        server["oauth"], environment = oauth_settings()
    with Gateway({"fake": server}, {"all": ("fake", ALLOW_ALL)}, {"client": ("fake", "all")}, env=environment) as gateway:
        ours = f"http://127.0.0.1:{gateway.port}/mcp/fake/"
        if authorizes:
            status = authorize_and_drive(gateway, sdk, ours)
        else:
            status = drive(sdk, ours, gateway.tokens["client"])
        sys.stdout.write(gateway.stderr())
        return status


if __name__ == "__main__":
    sys.exit(main())
