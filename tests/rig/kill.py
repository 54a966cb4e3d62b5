"""The kill rig: clients call at random, the gateway is killed with -9 at a random moment and started again, and after
every cycle the invariants of rig/invariants.py are checked.

    python3 -m rig.kill [--cycles 100] [--clients 64] [--seed N] [--durability process|power]
"""
import argparse
import http.client
import json
import random
import socket
import sys
import threading
import time

from harness.client import MODERN
from harness.gateway import Gateway
from harness.upstream import RecordingUpstream
from harness.wire import Closed
from rig.invariants import Books, Reference, Violations, check, check_approvals, find_canaries

CAP = 1_000_000
POLICY = {
    "version": "1", "default": "deny", "hide": ["secret_tool"],
    "tools": {
        "echo": {},
        "create_charge": {"require": [{"conditions": [{"path": "args.reason", "op": "exists", "value": True}]}],
                          "deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 10000}]}]},
        "read_*": {"deny_if": [{"conditions": [{"path": "args.path", "op": "starts_with", "value": "/etc"}]}]},
        "transfer": {"approve_if": [{"conditions": [], "approvers": ["people"]}]},
        "spend": {"limits": [{"counter": "spend", "window": "month", "max": CAP, "scope": "server", "amount": "args.amount"}]},
    },
}
TOOLS = ("echo", "create_charge", "read_file", "delete_file", "spend", "transfer")
CANARY = "canary-upstream-secret-51d2"
CYCLES_A_STATE = 10


def choose(random_, marker):
    tool = random_.choices(TOOLS, (5, 2, 2, 2, 3, 3))[0]
    arguments = {"marker": marker}
    if tool == "create_charge":
        arguments["amount"] = random_.choice((5, 9999, 10000, 10001, "5", None))
        if random_.random() < 0.7:
            arguments["reason"] = "because"
    elif tool == "read_file":
        arguments["path"] = random_.choice(("/etc/passwd", "/tmp/x", 7))
    elif tool == "spend":
        arguments["amount"] = 1
    elif tool == "transfer":  # several agents make the same call, which one approval lets run once
        arguments["marker"] = f"shared-{marker.split('-')[0]}-{random_.randrange(4)}"
    return tool, arguments


class ControlSocket(http.client.HTTPConnection):
    """The admin API over the Unix socket of a state directory."""

    def __init__(self, state):
        super().__init__("localhost", timeout=20)
        self.path = str(state / "control.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask_gateway(gateway, path, body=None):
    """The answer of a route about approvals, or nothing where it was refused."""
    wire = ControlSocket(gateway.state)
    try:
        wire.request("GET" if body is None else "POST", "/api/v1/approvals" + path,
                     None if body is None else json.dumps(body), {"content-type": "application/json"})
        answer = wire.getresponse()
        document = json.loads(answer.read())
        return document if answer.status == 200 else None
    finally:
        wire.close()


class Person(threading.Thread):
    """Decides what waits, until the gateway dies: most is approved, some denied, some left alone."""

    def __init__(self, rig, prefix):
        super().__init__(daemon=True)
        self.rig, self.random, self.decided = rig, random.Random(f"{rig.seed}-{prefix}-person"), {}

    def run(self):
        left = set()
        try:
            while not self.rig.stopping.is_set():
                for row in ask_gateway(self.rig.gateway, "?state=pending")["approvals"]:
                    if row["id"] in left:
                        continue
                    what = self.random.choices(("approve", "deny", None), (8, 1, 1))[0]
                    if what is None:
                        left.add(row["id"])
                    elif ask_gateway(self.rig.gateway, f"/{row['id']}/{what}", {"reason": "said the rig"}):
                        self.decided[row["id"]] = what
                time.sleep(0.005)
        except (http.client.HTTPException, OSError, ValueError, TypeError):
            pass


class Agent(threading.Thread):
    """Calls until it is stopped or the gateway dies."""

    def __init__(self, rig, number, prefix):
        super().__init__(daemon=True)
        self.rig, self.number, self.prefix = rig, number, prefix
        self.random = random.Random(f"{rig.seed}-{prefix}-{number}")
        self.answered, self.crossed = [], []

    def run(self):
        label = f"agent{self.number % 4}"
        version = MODERN if self.number % 2 else "2025-11-25"
        try:
            with self.rig.gateway.client(label, version=version, timeout=20) as client:
                client.initialize()
                count = 0
                while not self.rig.stopping.is_set():
                    marker = f"{self.prefix}-{self.number}-{count}"
                    count += 1
                    tool, arguments = choose(self.random, marker)
                    answer = self.once(client, tool, arguments, marker)
                    self.note(answer, marker, tool, arguments, label)
        except (Closed, OSError, ValueError, AssertionError):
            pass

    def once(self, client, tool, arguments, marker):
        """One call on the kept connection, never sent a second time when that breaks."""
        if client.wire is None:
            client.wire = client.open()
        return client.call(tool, arguments, id=marker, wire=client.wire)

    def note(self, answer, marker, tool, arguments, label):
        message = answer.message()
        if message.get("id") != marker:
            self.crossed.append(f"I7: {marker} got the answer of {message.get('id')}")
            return
        if answer.status != 200 or "result" not in message:
            self.crossed.append(f"answer: {marker} {tool}: HTTP {answer.status} {message}")
            return
        if answer.is_denied:
            rule = message["result"]["_meta"]["io.doorward/decision"]["rule"]
            self.answered.append((marker, tool, arguments, label, True, rule))
        elif message["result"].get("isError"):
            self.crossed.append(f"answer: {marker} {tool}: {answer.text}")
        else:
            if f'"{arguments["marker"]}"' not in answer.text:
                self.crossed.append(f"I7: {marker} got {answer.text}")
            self.answered.append((marker, tool, arguments, label, False, ""))


class Rig:
    def __init__(self, seed, clients, durability):
        self.seed, self.clients, self.durability = seed, clients, durability
        self.random = random.Random(seed)
        self.reference = Reference(POLICY)
        self.violations = Violations()
        self.totals = {"cycles": 0, "answered": 0, "forwarded": 0, "records": 0, "unknown": 0,
                       "decided": 0, "transfers": 0, "late": 0, "given back": 0}
        self.slowest_start = 0.0
        self.stopping = threading.Event()

    def fresh(self):
        self.upstream = RecordingUpstream()
        self.upstream.server.tools = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
        self.gateway = Gateway(
            {"up": {"url": self.upstream.url, "headers": {"authorization": {"env": "RIG_CANARY", "prefix": "Bearer "}}}},
            {"rig": ("up", POLICY)}, {f"agent{number}": ("up", "rig") for number in range(4)},
            env={"RIG_CANARY": CANARY}, durability=self.durability).start()
        self.answered, self.forwarded, self.decided, self.transfers = [], set(), {}, {}

    def cycle(self, number):
        self.stopping.clear()
        mark = self.upstream.mark()
        agents = [Agent(self, index, f"c{number}") for index in range(self.clients)]
        person = Person(self, f"c{number}")
        for thread in (*agents, person):
            thread.start()
        time.sleep(self.random.random() * 0.5)
        self.gateway.kill()
        self.stopping.set()
        for agent in agents:
            agent.join(30)
            self.violations.claim(not agent.is_alive(), f"cycle {number}: a client still waits for a dead gateway")
        person.join(30)
        self.decided |= person.decided
        started = time.monotonic()
        self.gateway.start()
        self.slowest_start = max(self.slowest_start, time.monotonic() - started)
        for agent in agents:
            self.answered += agent.answered
            for sentence in agent.crossed:
                self.violations.append(f"cycle {number}: {sentence}")
        # A call whose bytes were on their way at the kill may still be arriving: the upstream's end has settled when
        # two looks agree.
        while True:
            calls = self.upstream.calls(mark)
            time.sleep(0.02)
            if len(self.upstream.calls(mark)) == len(calls):
                break
        markers = [seen.params["arguments"]["marker"] for seen in calls]
        for marker in [marker for marker in markers if marker.startswith("shared-")]:
            self.transfers[marker] = self.transfers.get(marker, 0) + 1
            markers.remove(marker)
        self.violations.claim(len(set(markers)) == len(markers), f"cycle {number}: a call was forwarded twice")
        self.forwarded |= set(markers)
        self.check(number)

    def check(self, number):
        found = Violations()
        records = self.gateway.log()
        books = Books(records)
        check(found, books, self.answered, self.forwarded, self.reference)
        status, report = self.gateway.verify()
        found.claim(status == 0, f"I5: audit verify: exit {status}: {report}")
        check_approvals(found, records, self.requests(), self.decided, self.transfers)
        spent = sum(1 for marker in self.forwarded if books.intents.get(marker, {}).get("tool") == "spend")
        with self.gateway.client("agent0", version=MODERN) as client:
            answer = client.call("spend", {"marker": "probe", "amount": CAP - spent + 0.5}, id=f"probe-{number}")
            found.claim(answer.is_denied, f"I3: {spent} were forwarded and the count is lower")
        self.violations += [f"cycle {number}: {sentence}" for sentence in found]
        self.books, self.records = books, records

    def requests(self):
        """Every request for approval, with its uses."""
        rows, more = [], ""
        while True:
            page = ask_gateway(self.gateway, "?state=all&limit=200" + more)
            rows += [ask_gateway(self.gateway, "/" + row["id"])["approval"] for row in page["approvals"]]
            if "before" not in page:
                return rows
            more = "&before=" + page["before"]

    def use_what_is_approved(self):
        """No approval is lost: every one that was given and not spent lets its call run, once."""
        for row in self.requests():
            if row["state"] != "approved":
                continue
            mark = self.upstream.mark()
            with self.gateway.client(row["grant"], version=MODERN, timeout=20) as client:
                answer = client.call("transfer", row["arguments"], id=f"late-{row['id']}")
            self.violations.claim("result" in answer.message() and not answer.is_denied,
                                  f"I4: {row['id']} is approved, and its call does not run: {answer.text}")
            self.violations.claim(len(self.upstream.calls(mark)) == 1, f"I4: {row['id']} let no call run, or several")
            self.totals["late"] += 1

    def finish(self):
        """The end of one state folder: the upper bound of the count, the canaries, a clean stop."""
        self.use_what_is_approved()
        intents = sum(1 for record in self.books.intents.values() if record["tool"] == "spend")
        with self.gateway.client("agent0", version=MODERN) as client:
            answer = client.call("spend", {"marker": "probe", "amount": CAP - intents}, id="probe-upper")
            self.violations.claim(not answer.is_denied, f"I3: the count is more than the {intents} intents")
        self.violations.claim(self.gateway.stop() == 0, "SIGTERM: the exit status is not 0")
        status, report = self.gateway.verify()
        self.violations.claim(status == 0, f"I5: audit verify after the stop: {report}")
        secrets = [CANARY, *self.gateway.tokens.values()]
        self.violations += find_canaries(self.gateway.folder, secrets)
        self.totals["answered"] += len(self.answered)
        self.totals["forwarded"] += len(self.forwarded)
        self.totals["records"] += len(self.records)
        self.totals["decided"] += len(self.decided)
        self.totals["transfers"] += sum(self.transfers.values())
        self.totals["given back"] += sum(record["event"] == "approval.given_back" for record in self.records)
        self.totals["unknown"] += sum(record["event"] == "call.outcome_unknown" for record in self.books.outcomes.values())
        self.gateway.close()
        self.upstream.stop()

    def run(self, cycles):
        for number in range(cycles):
            if number % CYCLES_A_STATE == 0:
                if number:
                    self.finish()
                self.fresh()
            self.cycle(number)
            self.totals["cycles"] += 1
            if len(self.violations) > 20:
                break
        self.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--durability", choices=("process", "power"), default="process")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    rig = Rig(arguments.seed, arguments.clients, arguments.durability)
    started = time.monotonic()
    rig.run(arguments.cycles)
    for sentence in rig.violations[:40]:
        print(sentence)
    print(f"{rig.totals}, slowest start {rig.slowest_start:.2f} s, {time.monotonic() - started:.0f} s in all; "
          f"{len(rig.violations)} violations")
    return 1 if rig.violations or not rig.totals["answered"] or not rig.totals["transfers"] else 0


if __name__ == "__main__":
    sys.exit(main())
