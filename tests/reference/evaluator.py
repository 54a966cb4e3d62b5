"""The reference evaluator of the policy language: slow, small, written from policy.md alone.

`evaluate(case)` gives {"decision", "rule", "pointer"}; README.md describes a case. Every step carries the
section of policy.md that it follows.
"""

import datetime
import re
import zoneinfo
from fractions import Fraction

import paths
import strict_json
from document import read_document
from operators import ConditionError, holds
from paths import MISSING, STAR
from strict_json import Number

MOST = 10**12
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def answer(decision, rule="", pointer="", asks=()):
    return {"decision": decision, "rule": rule, "pointer": pointer, "asks": list(asks)}


def whom(owner):
    """Whom an entry of `approve_if`, or an `action: approve`, asks, with the defaults of section 6 written out."""
    expires = owner.get("expires", "10m")
    approvals = int(owner["approvals"].value) if "approvals" in owner else 1
    return {"approvers": list(owner.get("approvers", ())), "approvals": approvals,
            "self_confirm": owner.get("self_confirm", False),
            "expires_s": int(expires[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[expires[-1]]}


def escape(key):
    """A reference token of RFC 6901."""
    return key.replace("~", "~0").replace("/", "~1")


def glob_matches(pattern, name):
    """Section 2: `*` and `?`, whole-name."""
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(c) or re.escape(c) for c in pattern), name, re.DOTALL) is not None


def is_glob(key):
    return "*" in key or "?" in key


class Block:
    """A rule block that applies: its JSON, its place as rules and as pointers spell it, its kind of key."""

    def __init__(self, rules, rule, pointer, place):
        self.rules, self.rule, self.pointer, self.place = rules, rule, pointer, place


def naming_blocks(document, name, category):
    """Section 3 step 5: exact name, globs in byte order of their keys, risk."""
    tools = document.get("tools", {})
    keys = [name] if name in tools and not is_glob(name) else []
    keys += sorted((k for k in tools if is_glob(k) and glob_matches(k, name)), key=lambda k: k.encode())
    blocks = [Block(tools[k], f"/tools/{k}", f"/tools/{escape(k)}", "glob" if is_glob(k) else "exact")
              for k in keys]
    if category in document.get("risk", {}):
        blocks.append(Block(document["risk"][category], f"/risk/{category}", f"/risk/{category}", "risk"))
    return blocks


def hidden_at(document, name, category):
    """Section 3 step 3: the pointer of what hides the name, or None."""
    for index, pattern in enumerate(document.get("hide", ())):
        if glob_matches(pattern, name):
            return f"/hide/{index}"
    for block in naming_blocks(document, name, category):
        if block.rules.get("action") == "hide":
            return f"{block.pointer}/action"
    return None


# ---- conditions, section 4 ------------------------------------------------------------------------------


class Judgement:
    """`outcome` is True, False or a ConditionError; the rest says how it came about (for coverage only)."""

    def __init__(self, outcome, starred, empty, values, outcomes):
        self.outcome, self.starred, self.empty = outcome, starred, empty
        self.values, self.outcomes = values, outcomes


def judge_value(op, value, actual, kind):
    """One yielded value: True, False or a ConditionError."""
    if isinstance(actual, ConditionError):
        return actual
    if actual is MISSING or actual is None:
        if op == "exists":
            return value is False
        return op in ("neq", "not_in") and kind != "require"
    try:
        return holds(op, value, actual)
    except ConditionError as error:
        return error


def judge(condition, kind, roots):
    root, steps = paths.parse(condition["path"])
    values, empty = paths.walk(roots(root), steps)
    outcomes = [judge_value(condition["op"], condition["value"], actual, kind) for actual in values]
    errors = [outcome for outcome in outcomes if isinstance(outcome, ConditionError)]
    if errors:
        outcome = errors[0]
    elif kind == "require":
        outcome = all(outcomes) and not empty
    else:
        outcome = any(outcomes)
    return Judgement(outcome, STAR in steps, empty, values, outcomes)


class Verdict:
    """What an entry says: `outcome` True, False or "error", and the rule and pointer that would name it."""

    def __init__(self, outcome, rule, pointer):
        self.outcome, self.rule, self.pointer = outcome, rule, pointer


def judge_entry(block, kind, index, roots, trace):
    conditions = block.rules[kind][index]["conditions"]
    here = f"{block.pointer}/{kind}/{index}"
    judgements = [judge(condition, kind, roots) for condition in conditions]
    if trace is not None:
        trace.append((block.place, kind, here, conditions, judgements))

    def named(outcome, which, suffix=""):
        condition = conditions[which]
        return Verdict(outcome, f"{block.rule}/{kind}/{condition['path']}-{condition['op']}{suffix}",
                       f"{here}/conditions/{which}")

    for which, judgement in enumerate(judgements):
        if isinstance(judgement.outcome, ConditionError):
            return named("error", which, "-type")
    if not conditions:
        return Verdict(True, f"{block.rule}/{kind}/{index}", here)
    for which, judgement in enumerate(judgements):
        if not judgement.outcome:
            return named(False, which)
    return named(True, 0)


# ---- limits, section 5 ----------------------------------------------------------------------------------


def millionths_rounded_up(value):
    scaled = Fraction(value) * 10**6
    return -(-scaled.numerator // scaled.denominator)


def first_limit_without_room(block, args, counts):
    """(rule, pointer) or None: `limits` from its start, then `rate_limit`."""
    for index, limit in enumerate(block.rules.get("limits", ())):
        rule, pointer = f"{block.rule}/limits/{limit['counter']}", f"{block.pointer}/limits/{index}"
        amount = 10**6
        if "amount" in limit:
            actual = paths.walk_one(args, paths.parse(limit["amount"])[1])
            if not isinstance(actual, Number) or actual.value < 0:
                return rule + "-type", pointer
            amount = millionths_rounded_up(actual.value)
        count = Fraction(counts.get(pointer, "0")) * 10**6
        if amount > MOST * 10**6 or count + amount > Fraction(limit["max"].value) * 10**6:
            return rule, pointer
    if "rate_limit" in block.rules:
        pointer = f"{block.pointer}/rate_limit"
        if Fraction(counts.get(pointer, "0")) + 1 > Fraction(block.rules["rate_limit"]["max"].value):
            return f"{block.rule}/rate_limit", pointer
    return None


# ---- the order of section 3 -----------------------------------------------------------------------------


def local_time(document, time_us):
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    moment += datetime.timedelta(microseconds=time_us)
    return moment.astimezone(zoneinfo.ZoneInfo(document.get("timezone", "UTC")))


def make_roots(document, case, name, args):
    def roots(root):
        if root == "args":
            return args
        if root == "tool":
            return {"name": name, "category": case["category"], "server": case["server"]}
        if root == "grant":
            return case["grant"]
        if root == "identity":
            return case["identity"]
        local = local_time(document, int(str(case["time_us"])))
        return {"hour": Number(str(local.hour)), "weekday": WEEKDAYS[local.weekday()]}

    return roots


def decide(document, case, name, args, trace):
    """Section 3 from step 5 on, for a tool that is known and not hidden."""
    roots = make_roots(document, case, name, args)
    naming = naming_blocks(document, name, case["category"])
    if not naming and document["default"] == "deny":
        return answer("deny", "(default deny)", "/default")
    blocks = naming
    if "all_tools" in document:
        blocks = naming + [Block(document["all_tools"], "/all_tools", "/all_tools", "all_tools")]

    approvals = []  # (rule, pointer) of step 7, in order
    asks = []
    for block in blocks:
        rules = block.rules
        if rules.get("action") == "deny":
            return answer("deny", f"{block.rule}/action", f"{block.pointer}/action")
        for index in range(len(rules.get("deny_if", ()))):
            verdict = judge_entry(block, "deny_if", index, roots, trace)
            if verdict.outcome is not False:
                return answer("deny", verdict.rule, verdict.pointer)
        for index in range(len(rules.get("require", ()))):
            verdict = judge_entry(block, "require", index, roots, trace)
            if verdict.outcome is not True:
                return answer("deny", verdict.rule, verdict.pointer)
        if rules.get("action") == "approve":
            approvals.append((f"{block.rule}/action", f"{block.pointer}/action"))
            asks.append(whom(rules))
        for index in range(len(rules.get("approve_if", ()))):
            verdict = judge_entry(block, "approve_if", index, roots, trace)
            if verdict.outcome == "error":
                return answer("deny", verdict.rule, verdict.pointer)
            if verdict.outcome is True:
                approvals.append((verdict.rule, verdict.pointer))
                asks.append(whom(rules["approve_if"][index]))

    if approvals:
        return answer("approve", *approvals[0], asks)
    for block in blocks:
        without_room = first_limit_without_room(block, args, case.get("counts") or {})
        if without_room:
            return answer("deny", *without_room)
    return answer("allow")


def evaluate(case, trace=None):
    """The answer of enforce mode. `trace`, a list, receives every entry that was judged."""
    args = MISSING
    document = read_document(case["policy"])
    if document is None:
        return answer("invalid")
    if case.get("args") is not None:
        try:
            args = strict_json.read(case["args"])
        except ValueError:
            return answer("malformed")  # step 1

    name, category = case["tool"], case["category"]
    hidden = hidden_at(document, name, category)
    if hidden is not None:
        return answer("hide", "(hidden)", hidden)
    if not case["known"]:
        return answer("hide", "(unknown tool)")

    for setting in case.get("actions") or ():  # section 10
        if setting["tool"] != name:
            continue
        action = paths.walk_one(args, paths.parse(setting["name"])[1])
        if action is MISSING:
            continue  # judged as the outer tool
        if not isinstance(action, str):
            return answer("hide", "(unknown tool)")
        hidden = hidden_at(document, action, category)
        if hidden is not None:
            return answer("hide", "(hidden)", hidden)
        if action not in setting["list"]:
            return answer("hide", "(unknown tool)")
        own_args = paths.walk_one(args, paths.parse(setting["args"])[1])
        return decide(document, case, action, own_args, trace)

    return decide(document, case, name, args, trace)
