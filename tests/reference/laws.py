"""Laws that answers obey whatever the policy, checked on the engine's answers and on the reference's.

`variants(rng, case)` gives altered cases, each with the law that ties its answer to the first one's.
`broken(law, first, second)` says what is wrong, or None.
"""

import json

import strict_json
from json_text import dump
from policies import KINDS, NAMES, Policy
from strict_json import Number

RANK = {"hide": 0, "deny": 0, "approve": 1, "allow": 2}


def as_line(case):
    return dump(case)


def with_document(case, document, rng=None):
    return dict(case, policy=dump(document, rng))


def with_another_entry(rng, case, policy):
    """An entry more in a block that exists, or a name more in `hide`."""
    document = strict_json.read(case["policy"])
    blocks = [b for b in [*document.get("tools", {}).values(), *document.get("risk", {}).values(),
                          *([document["all_tools"]] if "all_tools" in document else [])]
              if b.get("action") not in ("deny", "hide")]
    if not blocks or rng.random() < 0.2:
        hide = document.setdefault("hide", [])
        hide.insert(rng.randint(0, len(hide)), rng.choice([case["tool"], "read_*", "zzz", *NAMES]))
        return with_document(case, document)
    block = rng.choice(blocks)
    if rng.random() < 0.15:
        limit = {"counter": "one more", "window": "day", "max": Number(rng.choice(["0", "1"])),
                 "scope": "grant"}
        block.setdefault("limits", []).append(limit)
    else:
        kind = rng.choice(KINDS)
        entries = block.setdefault(kind, [])
        entries.insert(rng.randint(0, len(entries)), policy.entry(kind))
    return with_document(case, document)


def shuffled(rng, case):
    """The same document and arguments in another order of members, white space and escapes."""
    other = with_document(case, strict_json.read(case["policy"]), rng)
    try:
        other["args"] = case["args"] and dump(strict_json.read(case["args"]), rng)
    except ValueError:
        pass  # malformed stays malformed as it stands
    return other


def in_other_mode(rng, case):
    document = strict_json.read(case["policy"])
    document["mode"] = "enforce" if document.get("mode") == "observe" else "observe"
    return with_document(case, document)


def with_other_circumstances(rng, case):
    """The same tool called otherwise: whether it is hidden does not depend on it."""
    return dict(case, args=rng.choice([None, "{}", '{"amount":1}']), counts={}, identity={"sub": "other"},
                time_us=Number("1700000000000000"), grant={"label": "other", "labels": {}})


def variants(rng, case, policy):
    """[(law, line)] for one case of a valid document."""
    made = [("one more rule allows no more", with_another_entry(rng, case, policy)),
            ("order of members means nothing", shuffled(rng, case)),
            ("observe is explained as enforce", in_other_mode(rng, case))]
    if not case.get("actions"):
        made.append(("hidden is hidden for every call", with_other_circumstances(rng, case)))
    return [(law, as_line(other)) for law, other in made]


def denied_by_a_limit(answer):
    return answer["decision"] == "deny" and ("/limits/" in answer["pointer"]
                                             or answer["pointer"].endswith("/rate_limit"))


def broken(law, first, second):
    if "malformed" in (first["decision"], second["decision"]):
        if law == "hidden is hidden for every call":
            return None  # other arguments
        return None if first == second else "malformed in one of the two"
    if "invalid" in (first["decision"], second["decision"]):
        return "a valid document was refused"
    if law == "one more rule allows no more":
        if second["decision"] == "approve" and denied_by_a_limit(first):
            return None  # asking comes before the limits: the call, once approved, meets them still
        more = RANK[second["decision"]] > RANK[first["decision"]]
        return "the longer document allows more" if more else None
    if law == "hidden is hidden for every call":
        if (first["decision"] == "hide") != (second["decision"] == "hide"):
            return "hidden for one call and not for another"
        return "hidden by two rules" if first["decision"] == "hide" and first != second else None
    return None if first == second else "the answers differ"


# ---- callable = listed minus visible denials ------------------------------------------------------------


def matches(pattern, name):
    """A second, recursive matcher, apart from the evaluator's."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return matches(pattern[1:], name) or bool(name) and matches(pattern, name[1:])
    return bool(name) and pattern[0] in ("?", name[0]) and matches(pattern[1:], name[1:])


def listed(document, names, category):
    """The names that a tools/list shows, read off the document by section 2 alone."""
    patterns = list(document.get("hide", ()))
    patterns += [key for key, block in document.get("tools", {}).items() if block.get("action") == "hide"]
    if document.get("risk", {}).get(category, {}).get("action") == "hide":
        patterns.append("*")
    return {name for name in names if not any(matches(pattern, name) for pattern in patterns)}


def every_name(case):
    """The same call to every name, as if each existed upstream."""
    plain = {key: value for key, value in case.items() if key != "actions"}
    return [(name, as_line(dict(plain, tool=name, known=True))) for name in NAMES]


def broken_listing(case, answers):
    """`answers`: name -> answer."""
    if any(answer["decision"] in ("malformed", "invalid") for answer in answers.values()):
        return None
    document = json.loads(case["policy"])
    callable_names = {n for n, a in answers.items() if a["decision"] in ("allow", "approve")}
    denied = {n for n, a in answers.items() if a["decision"] == "deny"}
    shown = listed(document, answers.keys(), case["category"])
    if callable_names != shown - denied:
        return f"callable {sorted(callable_names)}, listed {sorted(shown)}, visibly denied {sorted(denied)}"
    return None if denied <= shown else f"denied in sight but not listed: {sorted(denied - shown)}"
