"""Paths of policy.md section 4: grammar, and what a path yields in a context.

A step is a str (member), an int (index) or STAR.
"""

import functools
import json
import re

from operators import Refused, WrongType, need

STAR = object()


class Missing:
    """Absent: a member that is not there, an index past the end, anything below those or below null."""

    def __repr__(self):
        return "MISSING"


MISSING = Missing()

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]"'\s\x00-\x1f\x7f]+)"""
    r"""|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]"""
    r"""|\[(?P<index>0|[1-9][0-9]*)\]"""
    r"""|\[(?P<star>\*)\]"""
)


@functools.lru_cache(maxsize=100_000)
def parse(path):
    """(root, steps). Raises Refused."""
    root = re.match(r"[a-z]*", path)[0]
    need(root in ("args", "tool", "grant", "identity", "time"), "unknown root")
    steps = []
    at = len(root)
    while at < len(path):
        found = _STEP.match(path, at)
        need(found, "malformed path")
        if found["name"] is not None:
            steps.append(found["name"])
        elif found["quoted"] is not None:
            try:
                steps.append(json.loads(found["quoted"]))
            except ValueError:
                raise Refused("malformed JSON string in path") from None
        elif found["index"] is not None:
            steps.append(int(found["index"]))
        else:
            steps.append(STAR)
        at = found.end()
    need(steps, "a root alone is no path")
    if root == "tool":
        need(steps in (["name"], ["category"], ["server"]), "no such member of tool")
    if root == "time":
        need(steps in (["hour"], ["weekday"]), "no such member of time")
    if root == "grant":
        need(steps == ["label"] or len(steps) == 2 and steps[0] == "labels" and isinstance(steps[1], str),
             "no such member of grant")
    if root == "identity":
        need(isinstance(steps[0], str), "identity has members only")
    return root, steps


def walk(value, steps):
    """(yielded, empty): the values a path yields below `value`, and whether an empty array met a [*].

    A yielded value is a JSON value, MISSING, or a WrongType (the error for that element).
    """
    if not steps:
        return [value], False
    if value is MISSING or value is None:
        return [MISSING], False
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if not isinstance(value, dict):
            return [WrongType("a member asked of what is not an object")], False
        return walk(value.get(step, MISSING), rest)
    if not isinstance(value, list):
        return [WrongType("an index or [*] of what is not an array")], False
    if step is STAR:
        below = [walk(element, rest) for element in value]
        return [v for values, _ in below for v in values], not value or any(empty for _, empty in below)
    return walk(value[step] if step < len(value) else MISSING, rest)


def walk_one(value, steps):
    """The value of a path without [*]: a JSON value, MISSING or a WrongType."""
    return walk(value, steps)[0][0]
