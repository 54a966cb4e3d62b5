"""What an agent is told of each operator: the table of docs/policy-reference.md, made by `policy explain`.

    python3 -m docs.operators     writes it anew
"""
import json
import re
import subprocess
import sys
import tempfile

from docs.pages import replaced
from harness.gateway import BINARY, ROOT

PAGE = ROOT / "docs" / "policy-reference.md"
# operator, its value, an argument for which it does not hold, one for which it does
OPERATORS = [
    ("eq", "eur", "usd", "eur"), ("neq", "usd", "usd", "eur"), ("lt", 100, 500, 50), ("lte", 100, 500, 50), ("gt", 100, 50, 500),
    ("gte", 100, 50, 500), ("in", ["dev", "staging"], "production", "dev"), ("not_in", ["production"], "production", "dev"),
    ("exists", True, None, "x"), ("exists", False, "x", None), ("regex", "^[A-Z]{3}$", "euro", "EUR"),
    ("contains", "draft", "final", "a draft"), ("starts_with", "agent/", "main", "agent/x"), ("ends_with", [".md", ".txt"], "a.sh", "a.md"),
    ("path_under", ["/srv/data"], "/etc/passwd", "/srv/data/a"), ("url_host", ["example.com"], "https://evil.test/", "https://example.com/"),
    ("email_domain", ["example.com"], "eve@evil.test", "ann@example.com"), ("cidr", ["10.0.0.0/8"], "192.0.2.1", "10.1.2.3"),
    ("length", {"gte": 3, "lt": 90}, "ab", "abc"),
]
# Arguments that an operator cannot judge.
ERRORS = [("gt", 100, "500"), ("path_under", ["/srv/data"], "/srv/data/../x"), ("url_host", ["example.com"], "https://example.com@evil.test/"),
          ("email_domain", ["example.com"], "ann@example.com,eve@evil.test"), ("eq", "eur", 5)]


def told(place, op, value, argument):
    """The sentence of the denial that says why."""
    policy = {"version": "1", "default": "allow", "tools": {"t": {place: [{"conditions": [{"path": "args.a", "op": op, "value": value}]}]}}}
    args = {} if argument is None else {"a": argument}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(policy, file)
        file.flush()
        done = subprocess.run([str(BINARY), "policy", "explain", file.name, "--tool", "t", "--args", json.dumps(args), "--json"],
                              capture_output=True, text=True, timeout=20, check=True)
    explained = json.loads(done.stdout)
    if explained["decision"] != "deny":
        raise AssertionError(f"{place} {op} {value} {argument}: {explained['decision']}")
    return re.search(r"by the gateway's policy\. (.*) You may call it again", explained["told_agent"])[1]


def cell(text):
    return "`" + text.replace("|", "\\|") + "`"


def table():
    rows = ["| Condition on `args.a` | In `require`, when it does not hold | In `deny_if`, when it holds |", "|---|---|---|"]
    for op, value, fails, holds in OPERATORS:
        rows.append(f"| {cell(f'{op} {json.dumps(value)}')} | {told('require', op, value, fails)} | {told('deny_if', op, value, holds)} |")
    for op, value, argument in ERRORS:
        rows.append(f"| {cell(f'{op} {json.dumps(value)}')}, an error | {told('require', op, value, argument)} | the same |")
        if told("deny_if", op, value, argument) != told("require", op, value, argument):
            raise AssertionError(f"{op}: an error is told in two ways")
    return "\n".join(rows).replace("*", "\\*") + "\n"


def write_page():
    text = PAGE.read_text()
    PAGE.write_text(replaced(text, "told", table()))


if __name__ == "__main__":
    sys.exit(write_page())
