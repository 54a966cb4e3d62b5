"""Ways to make a valid document invalid, each by one sentence of policy.md."""

import samples
from strict_json import Number

CONDITION = {"path": "args.a", "op": "eq", "value": "x"}


def _with_condition(document, **changes):
    condition = {k: v for k, v in dict(CONDITION, **changes).items() if v is not ...}
    _entry(document, {"conditions": [condition]})


def _entry(document, entry, kind="deny_if"):
    document.setdefault("all_tools", {}).setdefault(kind, []).append(entry)


def _limit(document, **changes):
    limit = dict({"counter": "spoiled", "window": "day", "max": Number("1"), "scope": "grant"}, **changes)
    document.setdefault("all_tools", {}).setdefault("limits", []).append({k: v for k,
                                                                          v in limit.items() if v is not ...})


def _tool(document, block):
    document.setdefault("tools", {})["spoiled_tool"] = block


def _two_amounts(document):
    _limit(document)
    _limit(document, amount="args.a")


_VALUES = {
    "empty list": [("in", []), ("not_in", []), ("starts_with", []), ("cidr", []), ("path_under", []),
                   ("url_host", [])],
    "null in value": [("eq", None), ("in", [None]), ("in", ["a", None]), ("contains", None), ("neq", None),
                      ("lt", None)],
    "type of value": [("exists", "true"), ("exists", Number("1")), ("lt", "1"), ("gte", True),
                      ("gt", [Number("1")]),
                      ("regex", Number("1")), ("regex", ["a"]), ("in", "a"), ("not_in", Number("1")),
                      ("starts_with", Number("1")), ("ends_with", ["a", Number("1")]), ("path_under", "/a"),
                      ("url_host", "h"), ("email_domain", "h"), ("cidr", "10.0.0.0/8"), ("cidr", [True]),
                      ("length", Number("1")), ("length", {}), ("length", {"neq": Number("1")}),
                      ("length", {"eq": "1"})],
    "host bits": [("cidr", ["10.0.0.1/8"]), ("cidr", ["2001:db8::1/32"]),
                  ("cidr", ["10.0.0.0/8", "0.0.0.1/0"]),
                  ("cidr", ["::ffff:10.0.0.1/104"])],
    "no network": [("cidr", ["10.0.0.0/33"]), ("cidr", ["10.0.0/8"]), ("cidr", ["010.0.0.0/8"]),
                   ("cidr", ["::/129"]),
                   ("cidr", ["fe80::%1/64"]), ("cidr", ["example.com"])],
    "no directory": [("path_under", ["data"]), ("path_under", ["/data/../x"]), ("path_under", ["/ok", ""])],
    "unknown operator": [("equals", "x"), ("EQ", "x"), ("", "x"), ("not_regex", "x")],
}

_PATHS = ["args", "args.", "args..a", "args.a[", "args.a[-1]", "args[-1]", "args.a[1.0]", "args.a[x]",
          "args.a b", "foo.bar",
          "tool.color", "time.minute", "", ".a", "args.a.", 'args["a]', "args['a']", "args[\"a\\x\"]",
          "Args.a", "args.a[*",
          "args.a[]", "args a", "grant.owner", "grant.labels", "identity", "tool", "argsx.a", "$.a"]

_TOP = {
    "unknown field": [("tool", {}), ("Hide", []), ("rules", [])],
    "wrong type": [("hide", "x"), ("hide", [Number("1")]), ("hide", None), ("tools", []), ("all_tools", []),
                   ("risk", "Read"),
                   ("version", Number("1")), ("version", "2"), ("default", True), ("default", "Allow"),
                   ("mode", "audit"),
                   ("description", Number("1")), ("detail", "none"), ("timezone", "Mars/Olympus"),
                   ("timezone", Number("1"))],
    "unknown category": [("risk", {"Reading": {}}), ("risk", {"read": {}})],
}

_BLOCKS = {
    "unknown field of a block": [{"denyif": []}, {"hide": []}],
    "action beside others": [{"action": "deny", "limits": []}, {"action": "deny", "deny_if": []},
                             {"action": "hide", "require": []}, {"action": "hide", "reason": "x"}],
    "unknown action": [{"action": "block"}, {"action": True}, {"action": "Deny"}],
    "wrong type in a block": [{"deny_if": {}}, {"deny_if": [[]]}, {"require": [{"conditions": {}}]},
                              {"limits": {}}, [], None,
                              {"rate_limit": "5/hour"}, {"action": "deny", "reason": Number("1")},
                              {"deny_if": [{"conditions": ["x"]}]}],
    "unknown field of an entry": [{"deny_if": [{"conditions": [], "reason": "x"}]},
                                  {"require": [{"conditions": [], "approvers": ["x"]}]},
                                  {"approve_if": [{"conditions": [], "on_deny": "x"}]}],
    "no conditions": [{"deny_if": [{}]}, {"require": [{"on_deny": "x"}]},
                      {"approve_if": [{"approvers": ["x"]}]}],
    "rate_limit": [{"rate_limit": {"max": Number("1")}}, {"rate_limit": {"window": Number("60")}},
                   {"rate_limit": {"max": Number("1"), "window": Number("60"), "scope": "grant"}},
                   {"rate_limit": {"max": Number("1.5"), "window": Number("60")}},
                   {"rate_limit": {"max": Number("-1"), "window": Number("60")}},
                   {"rate_limit": {"max": Number("1"), "window": Number("0")}}],
    "long on_deny": [{"deny_if": [{"conditions": [], "on_deny": "\u00e9" * 501}]}],
}

_LIMITS = {
    "max": [{"max": Number("-1")}, {"max": Number("1.5")}, {"max": Number("1000000000001")}, {"max": "1"},
            {"max": ...},
            {"max": Number("1e13"), "amount": "args.a"}],
    "amount": [{"amount": "args.a[*]"}, {"amount": "tool.name"}, {"amount": "args"}, {"amount": Number("1")},
               {"amount": "identity.sub"}],
    "window": [{"window": "year"}, {"window": Number("0")}, {"window": Number("-60")},
               {"window": Number("1.5")}, {"window": ...}],
    "scope": [{"scope": "user"}, {"scope": None}],
    "field": [{"per": "day"}, {"counter": ...}, {"counter": Number("1")}, {"on_store_error": "retry"}],
}


def _duplicates(rng, document, raw):
    at = rng.randrange(4)
    if at == 0:
        _tool(document, raw('{"action":"allow","action":"allow"}'))
    elif at == 1:
        _tool(document, raw('{"deny_if":[],"deny_\\u0069f":[]}'))
    elif at == 2:
        _with_condition(document, value=raw('{"a":1,"a":1}'))
    else:
        document["description"] = raw('"x","description":"x"')


def spoil(rng, document, raw):
    """Changes the document so that it is to be refused; gives the name of the way."""
    how = rng.choice(["value", "path", "top", "block", "limit", "pattern", "condition", "missing",
                      "duplicate",
                      "all_tools action", "two amounts", "number", "syntax"])
    if how == "value":
        kind = rng.choice(list(_VALUES))
        op, value = rng.choice(_VALUES[kind])
        _with_condition(document, op=op, value=value)
        return kind
    if how == "path":
        _with_condition(document, path=rng.choice(_PATHS))
    elif how == "top":
        how = rng.choice(list(_TOP))
        field, value = rng.choice(_TOP[how])
        document[field] = value
    elif how == "block":
        how = rng.choice(list(_BLOCKS))
        _tool(document, rng.choice(_BLOCKS[how]))
    elif how == "limit":
        how = rng.choice(list(_LIMITS))
        _limit(document, **rng.choice(_LIMITS[how]))
        return "limit: " + how
    elif how == "pattern":
        _with_condition(document, op="regex", value=rng.choice(samples.BAD_PATTERNS))
    elif how == "condition":
        _with_condition(document, **rng.choice([{"path": ...}, {"op": ...}, {"value": ...}, {"not": True},
                                                {"path": Number("1")}, {"op": None}]))
    elif how == "missing":
        del document[rng.choice(["version", "default"])]
    elif how == "duplicate":
        _duplicates(rng, document, raw)
    elif how == "all_tools action":
        document["all_tools"] = {"action": rng.choice(["deny", "allow", "approve", "hide"])}
    elif how == "two amounts":
        _two_amounts(document)
    elif how == "number":
        number = raw(rng.choice(["1e400", "-1e400", "1e-401", "9" * 401]))
        rng.choice([lambda: _with_condition(document, op="gt", value=number),
                    lambda: _with_condition(document, value=[number]),
                    lambda: _limit(document, max=number, amount="args.a")])()
    else:
        document["description"] = raw(rng.choice(['"x",', "", "'x'", '"x\n"', "NaN", "01", '"\\x"', "tru"]))
    return how
