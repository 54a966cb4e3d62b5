"""Seeded random policies and calls that stress policy.md sections 2-5, 7, 8 and 10.

`batch(seed, index, size)` gives `size` cases, always the same for the same arguments. A policy serves several
calls. Most calls aim at one condition or limit: the rest of the policy is kept from denying before it, and it
is made true, false, missing, null, of a wrong type, ... so that every cell of coverage.py fills.
"""

import json
import random
from decimal import Decimal

import paths
import samples
from aiming import anything, failing, merge, passing, place, target
from document import CATEGORIES
from evaluator import Block, naming_blocks
from json_text import Raw, dump
from paths import MISSING
from policies import KINDS, Decks, Policy
from samples import chance
from strict_json import Number

CALLS_PER_POLICY = 12
# Instants beside changes of local date or offset, in seconds.
EDGES = [0, 1711846800, 1711846799, 1730592000, 1730596500, 1741503600, 1741503599, 951782400, 951868799,
         1325239200,
         1709251199, 1767225600]


class Call:
    def __init__(self, policy):
        self.policy, self.rng = policy, policy.rng
        self.args, self.labels, self.identity, self.counts = {}, {}, None, {}
        rng, document = self.rng, policy.document
        self.name = rng.choice(policy.names[:1] * 14 + policy.names[1:] + ["unheard_of"])
        risks = list(document.get("risk", ())) if not policy.spoiled else []
        self.category = rng.choice(risks * 4 + [rng.choice(CATEGORIES)])
        if not policy.spoiled:
            self.fill()

    def applicable(self):
        document = self.policy.document
        blocks = naming_blocks(document, self.name, self.category)
        if "all_tools" in document:
            blocks.append(Block(document["all_tools"], "/all_tools", "/all_tools", "all_tools"))
        return blocks

    def fill(self):
        rng = self.rng
        blocks = self.applicable()
        entries = [(kind, entry["conditions"],
                    b.place) for b in blocks for kind in KINDS for entry in b.rules.get(kind, ())
                   if entry["conditions"]]
        limits = [(b, i, limit) for b in blocks for i, limit in enumerate(b.rules.get("limits", ()))]
        aim = rng.random()
        if aim < 0.04:
            for kind, conditions, _ in entries:
                for condition in conditions:
                    place(self, condition, anything(rng, condition))
        else:
            for kind, conditions, _ in rng.sample(entries, len(entries)):
                self.keep_from_denying(kind, conditions)
            if aim < 0.9 and entries:
                weights = [{"deny_if": 1, "require": 3,
                            "approve_if": 2}[kind] + (place in ("risk", "all_tools"))
                           for kind, _, place in entries]
                kind, conditions, _ = rng.choices(entries, weights)[0]
                aimed = rng.choice(conditions)
                for condition in conditions:
                    place(self, condition,
                          target(self.policy.decks, condition,
                                 kind) if condition is aimed else passing(rng, condition, kind))
        self.choose_counts(blocks, limits, near_max=aim > 0.9 or chance(rng, 0.1))

    def keep_from_denying(self, kind, conditions):
        rng = self.rng
        if kind == "approve_if" and chance(rng, 0.05):
            kind = "require"  # let it ask
        spared = -1 if kind == "require" else rng.randrange(len(conditions))
        for index, condition in enumerate(conditions):
            place(self, condition, failing(rng, condition,
                                           kind) if index == spared else passing(rng, condition, kind))

    def choose_counts(self, blocks, limits, near_max):
        rng = self.rng
        for block in blocks:
            if "rate_limit" in block.rules and chance(rng, 0.5):
                self.counts[f"{block.pointer}/rate_limit"] = rng.choice(["0", "0", "1", "9", "10", "11"])
        chosen = {}
        for block, index, limit in limits:
            key = (limit["counter"], str(limit["window"]), limit["scope"])
            most = limit["max"].value
            if key not in chosen:
                count = rng.choice([0, 0, most, most - 1, most + 1, most / 2]) if near_max else 0
                count = max(count, 0) if "amount" in limit else max(int(count), 0)
                chosen[key] = count
                if "amount" in limit:
                    self.place_amount(limit, self.amount(most - count, near_max))
            count = chosen[key]
            count = format(count.normalize() if hasattr(count, "normalize") else count, "f")
            if count != "0" or chance(rng, 0.3):
                self.counts[f"{block.pointer}/limits/{index}"] = count

    def amount(self, room, near_max):
        rng = self.rng
        if not near_max:
            return Number(rng.choice(["0", "0", "-0", "0.0000005", "1", "0.5"]))
        exact = samples.number(max(Decimal(room), Decimal(0)), rng)
        return rng.choice([
            exact, samples.respell(rng, exact), samples.near(rng, exact, 1), samples.near(rng, exact, -1),
            Number("0"), Number("-0"), Number("1e-7"), Number("1e-400"), Number("-1e-400"),
            Number("1000000000000"),
            Number("1000000000000.0000001"), Number("1e13"), Number("1e399"), None, MISSING, "1", True, ["1"],
            {}])

    def place_amount(self, limit, amount):
        for key, value in build_amount(paths.parse(limit["amount"])[1], amount).items():
            merge(self.args, key, value)

    # The case as JSON text.

    def outer(self):
        """(tool, args) as sent: behind an action tool or as they stand."""
        rng, actions = self.rng, self.policy.actions
        args = self.args
        if not actions or chance(rng, 0.3):
            if chance(rng, 0.02) and not args:
                return self.name, None
            return self.name, args
        setting = actions[0]
        outer = {"category": "x"}
        name = rng.choice([self.name] * 20 + [None, Number("1"), [self.name], {}, "nowhere", MISSING,
                                              MISSING])
        params = rng.choice([args] * 12 + [MISSING, None, "text", [args], True])
        steps = paths.parse(setting["name"])[1]
        inner = {} if len(steps) == 2 else outer
        if name is not MISSING:
            inner[steps[-1]] = name
        if params is not MISSING:
            inner["params"] = params
        if len(steps) == 2:
            if name is not MISSING or chance(rng, 0.5):
                outer[steps[0]] = inner
        if name is MISSING:
            outer.update(args)
        return setting["tool"], outer

    def args_text(self, args):
        rng = self.rng
        if args is None:
            return None
        if chance(rng, 0.01):
            args = dict(args, zz=Raw(rng.choice([
                "1e400", "-1e400", "1e-401", "9" * 401, "0." + "0" * 400 + "1", "1e99999999999",
                "[1, {\"a\": 1e+400}]"])))
        if chance(rng, 0.02):
            args = dict(args, zz=Raw(rng.choice([
                "1e399", "9" * 400, "0." + "0" * 399 + "1", "1e-400", "0e500", "10e-401", "1." + "0" * 401,
                "0.0e-999"])))
        text = dump(args, rng)
        if chance(rng, 0.006):
            text = rng.choice([text[:-1], text + "x", text[:-1] + ",}", "{\"zz\":01}", "{\"zz\":.5}",
                               "{\"zz\":NaN}",
                               "{'zz':1}", "{\"zz\":1,\"zz\":1}", "{\"zz\":{\"a\":1,\"\\u0061\":2}}", ""])
        return text

    def line(self):
        rng, policy = self.rng, self.policy
        tool, args = self.outer()
        if self.identity is None and chance(rng, 0.3):
            self.identity = {"sub": "u1"}
        seconds = rng.choice(EDGES) if chance(rng, 0.2) else rng.randrange(0, 2_100_000_000)
        known = not chance(rng, 0.015) or tool == "truenas"  # an action tool that is gone has no actions
        fields = [
            f'"policy":{policy.quoted}', f'"tool":{dump(tool)}',
            f'"args":{dump(self.args_text(args))}', f'"category":"{self.category}"',
            f'"server":"{rng.choice(["stripe", "nas"])}"',
            f'"grant":{dump({"label": rng.choice(["ci bot", "agent", ""]), "labels": self.labels})}',
            f'"identity":{dump(self.identity)}',
            f'"time_us":{seconds * 1_000_000 + rng.choice([0, 999_999])}',
            f'"known":{dump(known)}']
        if self.counts:
            fields.append(f'"counts":{dump(self.counts)}')
        if policy.actions:
            fields.append(f'"actions":{dump(policy.actions)}')
        return "{" + ",".join(fields) + "}"


def build_amount(steps, amount):
    made = amount
    for step in reversed(steps):
        if isinstance(step, str):
            made = {} if made is MISSING else {step: made}
        else:
            made = [] if made is MISSING else [None] * step + [made]
    return made


class Case:
    """One line for the engine, with what the laws need: the policy it came from."""

    __slots__ = ("line", "policy")

    def __init__(self, line, policy):
        self.line, self.policy = line, policy


def batch(seed, index, size):
    rng = random.Random(f"{seed}/{index}")
    cases, decks = [], Decks(rng)
    while len(cases) < size:
        policy = Policy(rng, decks)
        policy.quoted = json.dumps(policy.text, ensure_ascii=False)
        for _ in range(1 if policy.spoiled else CALLS_PER_POLICY):
            cases.append(Case(Call(policy).line(), policy))
    return cases[:size]
