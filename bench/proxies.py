"""What the benchmarks of whole processes share: a typical call, proxies on a core of their own, load from wrk."""
import http.client
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROXY_CORE, LOAD_CORE = "0", "1"

FILLER = "The quick brown fox jumps over the lazy dog and counts the cost of it. " * 9
ARGUMENTS = {"amount": 9999.99, "currency": "EUR", "reason": "duplicate charge", "customer": {
    "id": "cus_8Zx9", "email": "ada@example.com", "country": "DE"}, "tags": ["refund", "support"], "note": FILLER}


def condition(path, op, value):
    return {"path": path, "op": op, "value": value}


def policy():
    """20 conditions and 3 limits that a call has to pass."""
    denials = [condition("args.amount", "gt", 10000), condition("args.currency", "not_in", ["EUR", "USD"]),
               condition("args.customer.country", "in", ["XX", "YY"]), condition("args.reason", "eq", ""),
               condition("args.customer.email", "ends_with", "@evil.example"), condition("args.note", "contains", "DROP TABLE"),
               condition("args.tags[*]", "eq", "forbidden"), condition("args.tags", "length", {"gt": 10}),
               condition("args.customer.id", "starts_with", "test_"), condition("args.amount", "lt", 0)]
    needs = [condition("args.reason", "exists", True), condition("args.customer.id", "exists", True),
             condition("args.customer.id", "regex", "^cus_[A-Za-z0-9]+$"), condition("args.currency", "in", ["EUR", "USD"]),
             condition("args.customer.email", "email_domain", ["example.com"]), condition("args.amount", "lte", 10000),
             condition("args.amount", "gt", 0), condition("args.tags[*]", "in", ["refund", "support"]),
             condition("args.reason", "length", {"lte": 200}), condition("grant.label", "eq", "bench")]
    limit = {"max": 999999999999, "scope": "grant"}
    return {"version": "1", "default": "deny", "tools": {"get_record": {
        "deny_if": [{"conditions": [c]} for c in denials], "require": [{"conditions": [c]} for c in needs],
        "limits": [{"counter": "per-minute", "window": "minute", **limit}, {"counter": "per-day", "window": "day", **limit},
                   {"counter": "spend", "window": "hour", "amount": "args.amount", **limit}]}}}


def call_body():
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "get_record", "arguments": ARGUMENTS,
        "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                  "io.modelcontextprotocol/clientCapabilities": {}}}}, separators=(",", ":"))


def call_headers(token):
    return {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {token}", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call",
            "Mcp-Name": "get_record"}


class Proxy:
    """A proxy that listens. check(least, most): exits unless its log knows that many good calls."""

    def __init__(self, name, port, path, process, token="none", check=None):
        self.name, self.port, self.path, self.process, self.token = name, port, path, process, token
        self.check = check or (lambda least, most: None)
        self.calls, self.runs, self.answer_size = 0, 0, 0
        self.rates, self.medians, self.costs, self.waits = [], [], [], []

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def processor(self):
        """Of each thread, in nanoseconds: time on a core, and time spent ready to run without one."""
        threads = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            ran, waited, _ = map(int, (task / "schedstat").read_text().split())
            threads[task.name] = (ran, waited)
        return threads

    def prove(self):
        """One call by hand: the answer must be the server's, with our id."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", self.path, call_body(), call_headers(self.token))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        streamed = answer.getheader("Content-Type", "").startswith("text/event-stream")
        message = json.loads(re.search(rb"^data: (.*)$", text, re.M)[1] if streamed else text)
        if answer.status != 200 or message.get("id") != 1 or len(text) < 1024 or message["result"].get("isError"):
            sys.exit(f"bench: {self.name} gave a wrong answer: {answer.status} {text[:300]!r}")
        self.answer_size = len(text)
        self.calls += 1


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    import socket
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"bench: nothing listens on port {port}")


def on_core(core, *command):
    return ["taskset", "-c", core, *command]


def start_nginx(folder, upstream):
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(f"""
worker_processes 1; daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; proxy_max_temp_file_size 0; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000;
  upstream server {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://server; proxy_http_version 1.1;
            proxy_set_header Connection ""; }} }}
}}""")
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen(on_core(PROXY_CORE, nginx, "-p", str(folder), "-c", str(conf)))
    wait_for(port)
    return Proxy("nginx", port, "/mcp", process)


def start_gateway(build, folder, server, document, durability, name=None):
    """The gateway with one worker in front of `server` (the lines of one entry of the configuration)."""
    name = name or f"doorward ({durability})"
    home = folder / name
    home.mkdir()
    (home / "policy.json").write_text(json.dumps(document))
    (home / "doorward.yaml").write_text(f"""
listen: 127.0.0.1:0
state: state
workers: 1
durability: {durability}
servers:
  - name: bench
    {server}
policies:
  - {{name: bench, server: bench, file: policy.json}}
""")
    doorward = str(build / "doorward")
    state = ["--state", str(home / "state")]
    process = subprocess.Popen(on_core(PROXY_CORE, doorward, "serve", "--config", str(home / "doorward.yaml")),
                               stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)\s*$", process.stdout.readline()).group(1))
    made = subprocess.run([doorward, "grant", "create", "bench", "--server", "bench", "--policy", "bench", "--json", *state],
                          capture_output=True, text=True, check=True)
    token = json.loads(made.stdout)["token"]

    def check(least, most):
        told = subprocess.run([doorward, "log", "query", "--event", "call.outcome", "--json", *state],
                              capture_output=True, text=True, check=True)
        good = sum('"result":"ok"' in line for line in told.stdout.splitlines())
        if not least <= good <= most:
            sys.exit(f"bench: the log knows {good} good calls, and {least} to {most} were made")
        verified = subprocess.run([doorward, "audit", "verify", *state], capture_output=True, text=True)
        if verified.returncode != 0:
            sys.exit(f"bench: the log does not verify: {verified.stdout}{verified.stderr}")

    return Proxy(name, port, "/mcp/bench/", process, token, check)


def lua_headers(headers):
    return "".join(f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}\n" for k, v in headers.items())


def call_script(proxy):
    return f"wrk.method = 'POST'\nwrk.body = [=[{call_body()}]=]\n{lua_headers(call_headers(proxy.token))}wrong = 0\n"


def load(folder, proxy, connections, seconds, script):
    """wrk against one proxy: calls per second, median latency and processor time a call (µs), share waited."""
    file = folder / "call.lua"
    file.write_text(script + "function setup(t) thread = t end\n"
                    "function done(s, l, r) print('MEDIAN', l:percentile(50), 'CALLS', s.requests, 'BYTES', s.bytes, 'BAD', "
                    "s.errors.status + s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout "
                    "+ thread:get('wrong')) end\n")
    began, before = time.monotonic_ns(), proxy.processor()
    out = subprocess.run(on_core(LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(file),
                                 f"http://127.0.0.1:{proxy.port}{proxy.path}"), capture_output=True, text=True, check=True).stdout
    took, after = time.monotonic_ns() - began, proxy.processor()
    found = re.search(r"MEDIAN\s+(\d+).*CALLS\s+(\d+)\s+BYTES\s+(\d+)\s+BAD\s+(\d+)", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if not found or int(found.group(4)) != 0 or int(found.group(2)) == 0:
        sys.exit(f"bench: {proxy.name} answered wrongly:\n{out}")
    median, count, size = int(found.group(1)), int(found.group(2)), int(found.group(3))
    if size < count * proxy.answer_size:
        sys.exit(f"bench: {proxy.name}: {count} answers are {size} bytes, one alone is {proxy.answer_size}")
    proxy.calls += count
    proxy.runs += connections
    used = {thread: [a - b for a, b in zip(after[thread], before.get(thread, (0, 0)))] for thread in after}
    busiest = max(used.values())
    return float(rate.group(1)), median, sum(ran for ran, _ in used.values()) / count / 1000, busiest[1] / took


def ratio(ours, theirs):
    return statistics.median(a / b for a, b in zip(ours, theirs))


def disturbed(proxies):
    """Says so where the rates of this run cannot be compared."""
    waits = {proxy.name: statistics.median(proxy.waits) for proxy in proxies}
    if max(waits.values()) > 0.15:
        print("Something else ran on the proxies' core (waited): compare processor time a call, not calls/s.")
