"""Arguments under which a condition is true, false, missing, null, of a wrong type, ..."""

import paths
import samples
from paths import MISSING, STAR
from policies import MEMBERS
from samples import TYPED, chance, of_type, sample

SCALARS = ["string", "number", "boolean"]


def holds_when_missing(condition, kind):
    if condition["op"] == "exists":
        return condition["value"] is False
    return condition["op"] in ("neq", "not_in") and kind != "require"


def leaf(rng, condition, want):
    """A value, None or MISSING for the end of the path, meant to be `want`."""
    op, value = condition["op"], condition["value"]
    if want == "missing":
        return MISSING
    if want == "null":
        return None
    if op == "exists":
        if want in ("true", "false") and (want == "true") == value:
            return of_type(rng, rng.choice(samples.TYPES))
        return rng.choice([None, MISSING])
    made = sample(rng, op, value, want)
    return of_type(rng, rng.choice(SCALARS)) if made is None else made


def not_a_container(rng, step):
    wrong = ["array", "string", "number", "boolean"] if isinstance(step, str) else ["object", "string",
                                                                                    "number"]
    return of_type(rng, rng.choice(wrong))


def build(rng, steps, condition, want):
    """A value under which `steps` yield `want`, with [*] one of none, one, all, empty, missing, error."""
    if not steps:
        return leaf(rng, condition, want)
    step, rest = steps[0], steps[1:]
    if want == "wrong" and (condition["op"] == "exists" and not rest or chance(rng, 0.15)):
        return not_a_container(rng, step)
    if want == "missing" and chance(rng, 0.3):
        return rng.choice([MISSING, None])
    if step is STAR:
        return build_elements(rng, rest, condition, want)
    inner = build(rng, rest, condition, want)
    if isinstance(step, str):
        made = {} if inner is MISSING else {step: inner}
        if chance(rng, 0.2):
            made.setdefault(rng.choice(MEMBERS), of_type(rng, rng.choice(SCALARS)))
        return made
    if inner is MISSING:
        return [None] * rng.randint(0, step)
    fillers = [of_type(rng, rng.choice(SCALARS)) for _ in range(step)]
    return fillers + [inner] + [None] * rng.choice([0, 0, 1])


def build_elements(rng, rest, condition, want):
    count = rng.choice([2, 2, 3])
    last = STAR not in rest
    if want == "missing":
        return rng.choice([MISSING, None])
    if want == "empty":
        if last or chance(rng, 0.5):
            return []
        wants = ["all"] * (count - 1) + ["empty"]
    elif want == "error":
        wants = [rng.choice(["all", "none"]) for _ in range(count - 1)] + ["error"]
    elif want == "one":
        wants = ["none"] * (count - 1) + ["one"]
    else:
        wants = [want] * (count if want in ("all", "none") else 1)
    rng.shuffle(wants)
    if last:
        names = {"all": "true", "one": "true", "none": "false", "empty": "false",
                 "error": "ambiguous" if condition["op"] in TYPED and chance(rng, 0.5) else "wrong"}
        wants = [names.get(w, w) for w in wants]
        wants = [rng.choice(["null", "missing"]) if w == "false" and chance(rng, 0.08) else w for w in wants]
    elements = [build(rng, rest, condition, w) for w in wants]
    return [None if element is MISSING else element for element in elements]


def merge(into, key, value):
    if isinstance(value, dict) and isinstance(into.get(key), dict):
        for inner_key, inner in value.items():
            merge(into[key], inner_key, inner)
    else:
        into[key] = value


def place(call, condition, want):
    """Changes the call so that the condition is `want`, where the call can."""
    root, steps = paths.parse(condition["path"])
    if root in ("tool", "time") or steps == ["label"]:
        return
    made = build(call.rng, steps[1:] if root == "grant" else steps, condition, want)
    if root == "args":
        target = call.args
    elif root == "grant":
        target = call.labels
        made = made if isinstance(made, dict) and all(isinstance(v, str) for v in made.values()) else {}
    else:
        call.identity = target = call.identity or {}
    if isinstance(made, dict):
        if isinstance(steps[0], str):
            target.pop(steps[1] if root == "grant" else steps[0], None)
        for key, value in made.items():
            merge(target, key, value)


# What to aim at, by list and whether the path has [*]. Left out is what `passing` and `failing` bring about
# while they keep the rest of a policy from denying.
TARGETS = {
    ("require", True): ["none", "none", "none", "one", "one", "one", "empty", "empty", "empty", "missing",
                        "missing", "missing", "error"],
    ("require", False): ["false", "false", "missing", "missing", "null", "null", "wrong"],
    ("deny_if", True): ["one", "one", "all", "error"],
    ("deny_if", False): ["true", "true", "wrong"],
    ("approve_if", True): ["one", "one", "all", "empty", "empty", "missing", "missing", "error"],
    ("approve_if", False): ["true", "true", "missing", "null", "null", "wrong"],
}


def target(decks, condition, kind):
    """An outcome to aim at."""
    starred = "[*]" in condition["path"]
    wants = TARGETS[kind, starred]
    if kind != "require" and holds_when_missing(condition, kind):
        wants = wants + (["missing", "missing"] if starred else ["missing", "null", "null"])
    if condition["op"] == "exists":
        wants = wants + ["wrong", "wrong"] * (not starred)
    if condition["op"] in TYPED and not starred:
        wants = wants + ["ambiguous"]
    return decks.draw((kind, starred, condition["op"]), wants)


def anything(rng, condition):
    if "[*]" in condition["path"]:
        return rng.choice(["none", "one", "all", "empty", "missing", "error"])
    return rng.choice(["true", "true", "false", "false", "missing", "null", "wrong", "ambiguous"
                       if condition["op"] in TYPED else "true"])


def passing(rng, condition, kind):
    """An outcome that makes the condition true."""
    if "[*]" in condition["path"]:
        return "all" if kind == "require" or chance(rng, 0.5) else "one"
    if holds_when_missing(condition, kind) and chance(rng, 0.1):
        return rng.choice(["missing", "null"])
    return "true"


def failing(rng, condition, kind):
    """An outcome that makes the condition false."""
    if "[*]" in condition["path"]:
        wants = ["none", "none", "empty"]
        return rng.choice(wants if holds_when_missing(condition, kind) else wants + ["missing"])
    wants = ["false", "false"]
    return rng.choice(wants if holds_when_missing(condition, kind) else wants + ["missing", "null"])
