"""The gateway in a process of its own, with a state folder of its own."""
import http.client
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time

from harness.api import UnixConnection
from harness.client import Client

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("DOORWARD_BUILD", ROOT / "build"))
BINARY = BUILD / "doorward"
SHARED = pathlib.Path(os.environ.get("DOORWARD_SHARED", ROOT.parent / "shared"))

ALLOW_ALL = {"version": "1", "default": "allow"}


class Gateway:
    """servers: name -> settings as in the configuration (a URL string is short for {"url": ...});
    policies: name -> (server, document); grants: label -> (server, policy or None)[, more `grant create` arguments].

    The configuration is written as YAML's JSON form. Everything lies in one temporary folder, removed by `close`.
    """

    def __init__(self, servers, policies=None, grants=None, wrap=(), env=None, workers=2, **config):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="doorward-test-"))
        self.state = self.folder / "state"  # a test may set another before it starts
        self.servers = {name: {"url": value} if isinstance(value, str) else value for name, value in servers.items()}
        self.policies, self.grants = dict(policies or {}), dict(grants or {})
        self.wrap, self.env = list(wrap), {**os.environ, **(env or {})}
        self.config = {"listen": "127.0.0.1:0", "admin": {"listen": "127.0.0.1:0"}, "workers": workers, **config}
        self.tokens, self.process, self.port, self.tail = {}, None, None, None
        self.options = []  # more of `serve`
        self.errors = open(self.folder / "stderr", "ab")

    # ---- files ----

    @property
    def file(self):
        return self.folder / "doorward.yaml"

    def write(self):
        document = {**self.config, "state": str(self.state),
                    "servers": [{"name": name, **settings} for name, settings in self.servers.items()], "policies": []}
        for name, (server, policy) in self.policies.items():
            path = self.folder / f"{name}.json"
            path.write_text(policy if isinstance(policy, str) else json.dumps(policy))
            document["policies"].append({"name": name, "server": server, "file": str(path)})
        self.file.write_text(json.dumps(document, indent=1))

    # ---- life ----

    def start(self, seconds=60.0):
        """Starts and waits for the ready line; makes the grants on the first start."""
        if not BINARY.exists():
            raise RuntimeError(f"{BINARY} is not built: make build")
        self.write()
        self.tail = self.tail or LogTail(self.state)
        self.process = subprocess.Popen([*self.wrap, str(BINARY), "serve", "--config", str(self.file), *self.options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
                                        env=self.env, cwd=self.folder)
        line = self.ready_line(seconds)
        found = re.search(r"listening on https?://[^ ]*:(\d+)", line)
        if not found:
            self.kill()
            raise RuntimeError(f"no ready line but {line!r}; stderr: {self.stderr()[-2000:]}")
        self.port = int(found[1])
        for label in self.grants:
            if label not in self.tokens:
                self.create_grant(label)
        return self

    def ready_line(self, seconds):
        data, deadline = b"", time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in data:
                if not selector.select(max(0, deadline - time.monotonic())):
                    break
                piece = os.read(self.process.stdout.fileno(), 4096)
                if not piece:
                    break
                data += piece
        return data.decode("utf-8", "replace")

    @property
    def pid(self):
        """The gateway's own process, also under a wrapper such as strace."""
        if not self.wrap:
            return self.process.pid
        return next(pid for pid in children(self.process.pid) if f"{BINARY}" in command_of(pid))

    def kill(self):
        """kill -9, and nothing is tidied."""
        if self.process and self.process.poll() is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except (ProcessLookupError, StopIteration):
                self.process.kill()
        self.ended()

    def stop(self, seconds=30.0):
        """SIGTERM; the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        return self.ended(seconds)

    def ended(self, seconds=30.0):
        if not self.process:
            return None
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        self.process.stdout.close()
        self.process = None
        return status

    def reload(self, seconds=20):
        """Writes the files anew and sends SIGHUP; returns the record that the log has of it."""
        tail = LogTail(self.state, from_end=True)
        self.write()
        os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for record in tail.read():
                if record["event"].startswith("config.") and record["cause"] == "SIGHUP":
                    return record
            time.sleep(0.01)
        raise AssertionError(f"no record of the reload; stderr: {self.stderr()[-2000:]}")

    def close(self):
        self.kill()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")

    # ---- commands ----

    def run(self, *arguments, input=None, timeout=60, check=False):
        """Runs `doorward ARGUMENTS --state STATE`."""
        write_out_before(arguments, self.state)
        done = subprocess.run([str(BINARY), *arguments, "--state", str(self.state)], capture_output=True, text=True,
                              input=input, timeout=timeout, env=self.env)
        if check and done.returncode != 0:
            raise AssertionError(f"doorward {' '.join(arguments)}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def create_grant(self, label, *more):
        server, policy, *rest = self.grants.get(label, (None, None)) if not more else (None, None)
        arguments = list(more) or ["--server", server, *(["--policy", policy] if policy else []), *rest]
        done = self.run("grant", "create", label, *arguments, "--json", check=True)
        self.tokens[label] = json.loads(done.stdout)["token"]
        return self.tokens[label]

    def revoke(self, label):
        return self.run("grant", "revoke", label, check=True)

    def accounts(self):
        """What `doorward accounts list` shows."""
        return json.loads(self.run("accounts", "list", "--json", check=True).stdout)["accounts"]

    def wait_account(self, server, grant=None, seconds=15.0):
        """The account, once nothing is under way for it."""
        deadline = time.monotonic() + seconds
        while True:
            found = next(one for one in self.accounts() if (one["server"], one.get("grant")) == (server, grant))
            if found["state"] != "connecting" or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def verify(self):
        """`doorward audit verify --json`: (exit status, document)."""
        done = self.run("audit", "verify", "--json")
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {"stdout": done.stdout, "stderr": done.stderr}

    # ---- clients and log ----

    def client(self, grant, server=None, **options):
        path = f"/mcp/{server or self.grants[grant][0]}/"
        return Client(self.port, path, self.tokens.get(grant), **options)

    def log(self, *filters):
        """Every record, oldest first, as `doorward log query --json` gives them, those of the last moment too."""
        done = self.run("log", "query", *filters, "--json", check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def new_records(self):
        """The records that no earlier call of this returned."""
        return self.tail.read()


def write_out_before(words, state):
    """Before a command that reads the log, has the gateway of a state directory write what it holds of it, if one
    answers there: so the command finds what was recorded before."""
    if not {"log", "explain", "backup"} & set(words[:1]):
        return
    connection = UnixConnection(pathlib.Path(state, "control.sock"))
    try:
        connection.request("GET", "/api/v1/records?limit=1")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


class LogTail:
    """Reads the segments themselves as they grow, since a table of cases asks twice a row. What `log query` gives is
    the same lines: protocol/test_grants.py compares them."""

    def __init__(self, state, from_end=False):
        self.state, self.read_up_to = state, {}
        if from_end:
            self.read()

    def read(self):
        """The whole records that came since the last time, writer by writer."""
        fresh = []
        for segment in sorted(self.state.glob("log/*/*.jsonl")):
            with open(segment, "rb") as file:
                file.seek(self.read_up_to.get(segment, 0))
                data = file.read()
            whole = data[:data.rfind(b"\n") + 1]
            self.read_up_to[segment] = self.read_up_to.get(segment, 0) + len(whole)
            fresh += [json.loads(line) for line in whole.splitlines()]
        return fresh


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def alive(pid):
    """Whether the process runs; a zombie does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
