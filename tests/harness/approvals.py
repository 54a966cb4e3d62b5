"""Calls that wait for people: making them from a thread, and deciding about them from the command line."""
import concurrent.futures
import json
import time

EXECUTOR = concurrent.futures.ThreadPoolExecutor(max_workers=128)
SECONDS = 10.0


def held(work, *arguments, **options):
    """Runs `work` in a thread; a future."""
    return EXECUTOR.submit(work, *arguments, **options)


class Desk:
    """The approvals of one gateway, as the command line shows and decides them."""

    def __init__(self, gateway):
        self.gateway = gateway

    def open(self, tool=None):
        """The requests that wait, newest first."""
        done = self.gateway.run("approvals", "list", "--json", check=True)
        return [row for row in json.loads(done.stdout)["approvals"]
                if row["state"] == "pending" and (tool is None or row["tool"] == tool)]

    def wait(self, count=1, tool=None):
        """Waits until so many requests wait, and gives them."""
        deadline = time.monotonic() + SECONDS
        while len(found := self.open(tool)) != count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} requests wait for people, not {count}")
            time.sleep(0.02)
        return found

    def wait_for_asked(self, count, tool):
        """Waits until so many calls have asked for the one request that waits."""
        deadline = time.monotonic() + SECONDS
        while not (found := self.open(tool)) or found[0]["asked"] < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{count} calls did not ask: {found}")
            time.sleep(0.02)

    def approve(self, request, *more):
        return self.gateway.run("approvals", "approve", request, "--yes", *more, check=True)

    def deny(self, request, reason):
        return self.gateway.run("approvals", "deny", request, "--reason", reason, check=True)

    def approve_next(self, tool=None, *more):
        """Waits for one request and approves it; its id."""
        request = self.wait(1, tool)[0]["id"]
        self.approve(request, *more)
        return request

    def wait_for_log(self, event, **members):
        """Waits for records of the log with these members, and gives them."""
        deadline = time.monotonic() + SECONDS
        while not (found := [record for record in self.gateway.log() if record["event"] == event
                             and all(record.get(key) == value for key, value in members.items())]):
            if time.monotonic() > deadline:
                raise AssertionError(f"the log has no {event} with {members}")
            time.sleep(0.05)
        return found
