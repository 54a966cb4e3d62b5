"""Makes a disagreement smaller: takes away members and elements as long as the two sides still disagree."""

import copy

import strict_json
from json_text import dump

MOST_TRIES = 400
NEEDED = {"policy", "tool", "args", "category", "server", "grant", "identity", "time_us", "known"}
HELD = {"parsed", "text", "label", "labels"}


def _places(value, path=()):
    """Every (path, key) that could be removed, outer ones first."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield path, key
    for key in keys:
        yield from _places(value[key], path + (key,))


def _without(value, path, key):
    smaller = copy.deepcopy(value)
    at = smaller
    for step in path:
        at = at[step]
    del at[key]
    return smaller


def _opened(line):
    """The case with its two texts parsed, where they parse."""
    case = strict_json.read(line)
    for name in ("policy", "args"):
        try:
            case[name] = {"parsed": strict_json.read(case[name])}
        except (TypeError, ValueError):
            case[name] = {"text": case[name]}
    return case


def _closed(case):
    closed = dict(case)
    for name in ("policy", "args"):
        held = case[name]
        closed[name] = dump(held["parsed"]) if "parsed" in held else held["text"]
    return dump(closed)


def minimise(line, ask):
    """The smallest line found on which the two answers of `ask(line)` still differ in the same manner."""

    def disagree(candidate):
        ours, theirs = ask(candidate)
        return ours != theirs and ("invalid" in (ours["decision"], theirs["decision"])) == refused

    first = ask(line)
    refused = "invalid" in (first[0]["decision"], first[1]["decision"])
    case, tries = _opened(line), 0
    if not disagree(_closed(case)):
        return line
    shrunk = True
    while shrunk and tries < MOST_TRIES:
        shrunk = False
        for path, key in list(_places(case)):
            if not path and key in NEEDED or len(path) == 1 and key in HELD \
                    or path[:1] == ("actions",) and len(path) == 2:
                continue
            try:
                smaller = _without(case, path, key)
            except (KeyError, IndexError, TypeError):
                continue  # went with something taken away before
            tries += 1
            if disagree(_closed(smaller)):
                case, shrunk = smaller, True
            if tries >= MOST_TRIES:
                break
    return _closed(case)
